"""`import FILE...`: readings of foreign meters, looked at first, written as one act, taken back as one act."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_console.app.spans import BadInput

if TYPE_CHECKING:
    from energy_console.historian.importing.inquiry import Inquiry, Wishes
    from energy_console.historian.importing.mapping import MappingFile
    from energy_console.historian.interface import Historian
    from energy_console.site.model import Site
    from hardware.points import Point


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="*", help="CSV (also .gz), Parquet or Excel, wide or long")
    parser.add_argument("--site", metavar="DIR", required=True, help="the site folder")
    parser.add_argument("--store", metavar="DIR", help="the store: a folder or postgresql://..., if not the site's")
    parser.add_argument("--write", action="store_true", help="write what the preview shows; without it nothing is")
    parser.add_argument("--undo", metavar="ID", type=int, help="take exactly the readings of that import back")
    parser.add_argument("--list", action="store_true", help="the imports of this store")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")
    goes = parser.add_argument_group("where columns go")
    goes.add_argument("--map", metavar="COLUMN=POINT[:UNIT]", action="append", default=[], dest="pairs")
    goes.add_argument("--mapping", metavar="FILE.toml", help="the same and the layout in a file, see docs/import.md")
    goes.add_argument("--as", metavar="NAME", dest="own", help="everything not mapped becomes import.NAME/...")
    layout = parser.add_argument_group("how the file is laid out, where the guess is wrong")
    layout.add_argument("--zone", metavar="ZONE", help="of times that say none: UTC, Europe/Amsterdam, +01:00")
    layout.add_argument("--time", metavar="COLUMN", action="append", help="twice: a column of dates and one of clocks")
    layout.add_argument("--time-format", metavar="FORM", help="such as '%%d.%%m.%%Y %%H:%%M'")
    layout.add_argument("--meter", metavar="COLUMN", action="append", help="long: the column that says whose a row is")
    layout.add_argument("--wide", action="store_true", help="every column of numbers is a series of its own")
    layout.add_argument("--value", metavar="COLUMN", action="append", help="the columns of values")
    layout.add_argument("--delimiter", metavar="SIGN", help="; , | or tab")
    layout.add_argument("--decimal", choices=(".", ","))
    layout.add_argument("--header", metavar="LINE", type=int, help="the line of the names; 0: there is none")
    layout.add_argument("--sheet", metavar="NAME", help="of a workbook, if not its first")
    doubt = parser.add_argument_group("what to do where lines are in doubt")
    doubt.add_argument("--keep", choices=("later", "first"), help="of unequal readings of one time")
    doubt.add_argument("--fold", choices=("earlier", "later"), help="the hour that autumn repeats, if order tells not")
    doubt.add_argument("--leave-out", action="store_true", help="write without the lines marked with !")


def run(args: argparse.Namespace) -> int:
    """0: told or done; 1: the store refuses; 2: bad input. Raises BadInput, SiteFaults, StoreError."""
    from energy_console.historian.importing.faults import ImportRefused
    from energy_console.site.loader import load_site

    site = load_site(args.site)
    try:
        if args.list:
            return _list(site, args)
        if args.undo is not None:
            return _undo(site, args)
        if not args.files:
            raise BadInput("Name a file to import, an import to take back with --undo ID, or --list.")
        return _import(args, site)
    except ImportRefused as refused:
        raise BadInput(str(refused)) from refused


@contextlib.contextmanager
def _looking(site: Site, args: argparse.Namespace) -> Iterator[Historian | None]:
    """The store for looking, None where there is none yet. Raises StoreError."""
    from energy_console.historian.errors import StoreMissing
    from energy_console.historian.opening import open_store

    try:
        historian = open_store(site.id, site.store, args.store, writing=False)
    except StoreMissing:
        yield None
        return
    try:
        yield historian
    finally:
        historian.close()


def _import(args: argparse.Namespace, site: Site) -> int:
    from energy_console.historian.importing.book import Book
    from energy_console.historian.importing.inquiry import inquire
    from energy_console.historian.opening import open_acts

    paths, wishes = [Path(name) for name in args.files], _wishes(args)
    if not args.write:
        with _looking(site, args) as historian:
            inquiry = inquire(paths, wishes, _points(site, historian), historian)
        _show(inquiry, args, None)
        return 0
    with open_acts(site.id, site.store, args.store) as acts:
        inquiry = inquire(paths, wishes, _points(site, acts.historian), acts.historian)
        if inquiry.blocking and not args.leave_out:
            _show(inquiry, args, None)
            raise BadInput(f"Nothing was written: {inquiry.blocking[0]}; mend the file or add --leave-out.")
        _show(inquiry, args, Book(acts).write(paths, inquiry.points, who_runs_this()))
    return 0


def _points(site: Site, historian: Historian | None) -> dict[str, Point]:
    """The site's points, and those that earlier imports have made: these keep their units, too."""
    from energy_console.historian.importing.book import imported_points

    own = imported_points(historian) if historian is not None else []
    return {point.id: point for point in (*site.points, *own)}


def _show(inquiry: Inquiry, args: argparse.Namespace, written: tuple[int, int] | None) -> None:
    from energy_console.historian.importing.telling import MOST_POINTS, document, told_file, told_point

    if args.json:
        act = {"import": written[0], "written": written[1]} if written else {"import": None, "written": 0}
        print(json.dumps({**document(inquiry), **act}, indent=2, ensure_ascii=False))
        return
    for looked in inquiry.files:
        print("\n".join(told_file(looked)))
    for one in inquiry.points[:MOST_POINTS]:
        print("\n".join(told_point(one)))
    if len(inquiry.points) > MOST_POINTS:
        print(f"and {len(inquiry.points) - MOST_POINTS} more (all with --json)")
    print(_last_word(inquiry, args, written))


def _last_word(inquiry: Inquiry, args: argparse.Namespace, written: tuple[int, int] | None) -> str:
    if written:
        number, count = written
        return f"Import {number}: {count:,} readings written. Take it back with --undo {number}."
    mapped = [one for one in inquiry.points if one.point]
    if not mapped:
        first = inquiry.points[0].source
        return f"Nothing has a point yet: --map '{first}=device/quantity:unit', or --as NAME for points of their own."
    count = sum(len(one.time_ms) for one in mapped)
    if inquiry.blocking and not args.leave_out:
        return f"Nothing was written. Lines marked with ! stand in the way of {count:,} readings; --leave-out goes on."
    return f"Nothing was written. --write would write {count:,} readings to {len(mapped)} points."


def _list(site: Site, args: argparse.Namespace) -> int:
    from energy_console.historian.importing.book import entries

    with _looking(site, args) as historian:
        found = [] if historian is None else entries(historian)
    if args.json:
        print(json.dumps([{"import": number, **entry} for number, entry in found], indent=2))
        return 0
    for number, entry in found:
        names = ", ".join(file["name"] for file in entry["files"])
        print(
            f"{number}: {entry['state']}, {entry['readings']:,} readings of {len(entry['points'])} points from {names}"
        )
    if not found:
        print("No import yet.")
    return 0


def _undo(site: Site, args: argparse.Namespace) -> int:
    from energy_console.historian.importing.book import Book
    from energy_console.historian.opening import open_acts, open_store

    open_store(site.id, site.store, args.store, writing=False).close()  # one that is missing is not made for this
    with open_acts(site.id, site.store, args.store) as acts:
        count = Book(acts).undo(args.undo, who_runs_this())
    told = {"import": args.undo, "taken_back": count}
    print(json.dumps(told) if args.json else f"Import {args.undo}: {count:,} readings gone.")
    return 0


def who_runs_this() -> str:
    """The name of this machine's user, for the journal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name for this user on this machine
        return "unknown"


# -- wishes ---------------------------------------------------------------------------------------------------


def _wishes(args: argparse.Namespace) -> Wishes:
    """What the mapping file says, overruled by the command line."""
    from energy_console.historian.importing.foreign import Reading
    from energy_console.historian.importing.inquiry import Wishes
    from energy_console.historian.importing.layout import Said
    from energy_console.historian.importing.mapping import MappingFile, parse_pair, read_mapping
    from energy_console.historian.importing.times import zone_named

    file = read_mapping(Path(args.mapping)) if args.mapping else MappingFile({}, {})
    read = _overruled(file, args)
    delimiter = {"tab": "\t", "\\t": "\t", "space": " "}.get(read.get("delimiter", ""), read.get("delimiter", ""))
    if len(delimiter) > 1:
        raise BadInput(f"--delimiter {delimiter}: write one sign, or tab.")
    zone = read.get("zone")
    return Wishes(
        reading=Reading(delimiter, read.get("header"), read.get("sheet", "")),
        layout=Said(
            time=_columns(read.get("time")),
            time_format=read.get("time_format", ""),
            decimal=read.get("decimal", ""),
            meter=() if read.get("wide") else (_columns(read.get("meter")) or None),
            value=_columns(read.get("value")),
        ),
        zone=zone_named(zone) if zone else None,
        fold=read.get("fold", ""),
        keep=read.get("keep", ""),
        targets={**file.points, **dict(parse_pair(pair) for pair in args.pairs)},
        own_name=read.get("as", ""),
    )


def _overruled(file: MappingFile, args: argparse.Namespace) -> Mapping[str, Any]:
    said = {name: getattr(args, name) for name in ("delimiter", "decimal", "header", "sheet", "time", "time_format")}
    said |= {name: getattr(args, name) for name in ("zone", "meter", "value", "fold", "keep")}
    said |= {"wide": args.wide or None, "as": args.own}
    return {**file.read, **{name: value for name, value in said.items() if value is not None}}


def _columns(named: str | list[str] | None) -> tuple[str, ...]:
    return (named,) if isinstance(named, str) else tuple(named or ())
