"""`correct POINT`: readings of a span replaced or said to be invalid, looked at first; what was read stays beneath."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_console.app.importing import who_runs_this
from energy_console.app.spans import BadInput, utc_time

if TYPE_CHECKING:
    from energy_console.historian.correcting.change import Change
    from energy_console.historian.interface import Historian
    from energy_console.site.model import Site
    from hardware.points import Point


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("point", metavar="POINT", nargs="?", help="a point id such as E01.1/power_kw")
    parser.add_argument("--site", metavar="DIR", required=True, help="the site folder")
    parser.add_argument("--store", metavar="DIR", help="the store: a folder or postgresql://..., if not the site's")
    parser.add_argument("--from", dest="start", metavar="T", help="ISO 8601 with its zone, included")
    parser.add_argument("--to", dest="end", metavar="T", help="ISO 8601 with its zone, not included; not after now")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--value", metavar="V", type=float, help="it stood at this value all the while")
    how.add_argument("--interpolate", action="store_true", help="on a line between the readings before and after")
    how.add_argument("--invalid", action="store_true", help="what was read is not true, and nothing better is known")
    how.add_argument("--shift", metavar="X", type=float, help="every reading was off by so much: X is added")
    how.add_argument("--file", metavar="FILE", help="readings of a CSV, Parquet or Excel file take the place")
    parser.add_argument("--column", metavar="NAME", help="of the file, if it has more than one of values")
    parser.add_argument("--unit", metavar="UNIT", help="of the file's figures, if its column does not say it")
    parser.add_argument("--zone", metavar="ZONE", help="of the file's times, if they say none: UTC, +01:00 ...")
    parser.add_argument("--why", metavar="TEXT", default="", help="what was found; stands in the journal")
    parser.add_argument("--by", metavar="NAME", default="", help="who says so, if not the user of this computer")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--undo", metavar="N", type=int, help="take correction N back: what lay beneath is seen again")
    parser.add_argument("--list", action="store_true", help="the corrections of this store, or of the point")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")


def run(args: argparse.Namespace) -> int:
    """0: told or done; 1: the store refuses; 2: bad input. Raises BadInput, SiteFaults, StoreError."""
    from energy_console.historian.correcting.change import CorrectionRefused
    from energy_console.historian.importing.faults import ImportRefused
    from energy_console.historian.opening import open_store
    from energy_console.site.loader import load_site

    site = load_site(args.site)
    if not args.list and args.undo is None:
        _check_arguments(args)
    historian = open_store(site.id, site.store, args.store, writing=False)
    try:
        if args.list:
            return _list(historian, args)
        if args.undo is not None:
            return _undo(site, args)
        return _correct(historian, site, args)
    except (CorrectionRefused, ImportRefused) as refused:
        raise BadInput(str(refused)) from refused
    finally:
        historian.close()


def _check_arguments(args: argparse.Namespace) -> None:
    if not args.point or not args.start or not args.end:
        raise BadInput("Name a point, --from and --to, a correction to take back with --undo N, or --list.")
    if not (args.interpolate or args.invalid or args.file) and args.value is None and args.shift is None:
        raise BadInput("Say what holds instead: --value V, --shift X, --interpolate, --file FILE or --invalid.")
    for name in ("value", "shift"):
        number = getattr(args, name)
        if number is not None and not abs(number) < float("inf"):
            raise BadInput(f"--{name} {number} is no number that can be kept: write a finite one, or --invalid.")
    if not args.why.strip():
        raise BadInput("A correction says why: add --why 'what was found'.")


def _correct(historian: Historian, site: Site, args: argparse.Namespace) -> int:
    from energy_console.historian.correcting.book import CorrectionBook, propose
    from energy_console.historian.correcting.telling import document, told
    from energy_console.historian.opening import open_acts

    point, window = _point(historian, site, args.point), _window(args, site)
    change = _change(args, point)
    proposal = propose(historian, point, change, *window)
    if not args.json:
        print("\n".join(told(proposal)))
    number = None
    if args.yes or (not args.json and _asked()):
        with open_acts(site.id, site.store, args.store) as acts:
            fresh = propose(acts.historian, point, change, *window)  # somebody else may have corrected meanwhile
            number = CorrectionBook(acts).write(fresh, args.why, args.by or who_runs_this())
    if args.json:
        print(json.dumps({**document(proposal), "why": args.why, "correction": number}, indent=2, ensure_ascii=False))
    elif number is None:
        print("Nothing was changed. --yes does it.")
    else:
        print(f"Correction {number} holds. What was read stays beneath (history --original); --undo {number} ends it.")
    return 0


def _asked() -> bool:
    """A person at a terminal says yes or no; where nobody sits, no."""
    if not sys.stdin.isatty():
        return False
    return input("Do it? [y/N] ").strip().lower() in ("y", "yes")


def _point(historian: Historian, site: Site, name: str) -> Point:
    from energy_console.app.history import find_points
    from energy_console.historian.importing.book import imported_points

    points = {point.id: point for point in (*site.points, *imported_points(historian))}
    found = find_points([name], list(points))
    if len(found) > 1:
        raise BadInput(f"{name} means {len(found)} points: correct one at a time.")
    return points[found[0]]


def _window(args: argparse.Namespace, site: Site) -> tuple[int, int]:
    from energy_console.app.history import in_ns

    start, end = utc_time(args.start, site.place.zone), utc_time(args.end, site.place.zone)
    if end <= start:
        raise BadInput(f"--from {args.start} is not before --to {args.end}: swap them or move one.")
    return in_ns(start), in_ns(end)


def _change(args: argparse.Namespace, point: Point) -> Change:
    from energy_console.historian.correcting.change import Given, Interpolate, Invalidate, SetTo, Shift
    from energy_console.historian.importing.replacement import series_for
    from energy_console.historian.importing.times import zone_named

    if args.value is not None:
        return SetTo(args.value)
    if args.shift is not None:
        return Shift(args.shift)
    if args.interpolate:
        return Interpolate()
    if args.invalid:
        return Invalidate()
    zone = zone_named(args.zone) if args.zone else None
    return Given(*series_for(Path(args.file), point, args.column or "", args.unit or "", zone))


def _undo(site: Site, args: argparse.Namespace) -> int:
    from energy_console.historian.correcting.book import CorrectionBook
    from energy_console.historian.opening import open_acts

    with open_acts(site.id, site.store, args.store) as acts:
        count = CorrectionBook(acts).undo(args.undo, args.by or who_runs_this())
    told = {"correction": args.undo, "taken_back": count}
    print(json.dumps(told) if args.json else f"Correction {args.undo} is taken back: {count:,} readings gone.")
    return 0


def _list(historian: Historian, args: argparse.Namespace) -> int:
    from energy_console.historian.correcting.book import entries
    from energy_console.historian.correcting.telling import iso

    found = [(n, entry) for n, entry in entries(historian) if args.point in (None, entry["point"])]
    if args.json:
        print(json.dumps([{"correction": number, **entry} for number, entry in found], indent=2, ensure_ascii=False))
        return 0
    for number, entry in found:
        print(f"{number}: {entry['state']}, {entry['point']} {_span(entry, iso)}: {entry['how']}")
        print(f"   {entry['readings']:,} readings for {entry['replaced']:,}, by {entry['who']}: {entry['why']}")
    if not found:
        print("No correction yet.")
    return 0


def _span(entry: Any, iso: Any) -> str:
    return f"{iso(entry['from_ms'])} to {iso(entry['to_ms'])}"
