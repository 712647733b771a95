"""`ledger`: what was commanded, by whom or by which plan, why, and every step that came of it."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from energy_console.app.spans import BadInput, utc_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from energy_console.historian.ledger import LedgerRecord
    from energy_console.site.model import Site

FORMAT = 1  # of the JSON document
ALWAYS_NS = (0, 2**62)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", metavar="DIR", required=True, help="the site folder")
    parser.add_argument("--device", metavar="DEVICE", default="", help="of this device only")
    parser.add_argument("--point", metavar="POINT", default="", help="of this point only, such as L1/level_command")
    parser.add_argument("--from", dest="start", metavar="T", help="ISO 8601 with its zone, included")
    parser.add_argument("--to", dest="end", metavar="T", help="ISO 8601 with its zone, not included")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="the newest so many (50)")
    parser.add_argument("--open", action="store_true", help="only what is under way or held")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--store", metavar="DIR", help="the store: a folder or postgresql://..., if not the site's")


def run(args: argparse.Namespace) -> int:
    from energy_console.historian.opening import open_store
    from energy_console.site.loader import load_site

    site = load_site(args.site)
    start_ns, end_ns = _window(args, site.place.zone)
    _check_names(args, site)
    if args.limit < 1:
        raise BadInput(f"--limit {args.limit} shows nothing: write 1 or more.")
    historian = open_store(site.id, site.store, args.store, writing=False)
    try:
        found = historian.ledger(start_ns, end_ns, args.device, args.point, args.limit)
    finally:
        historian.close()
    found = [record for record in found if record.is_open or not args.open]
    if args.json:
        print(json.dumps({"format": FORMAT, "site": site.id, "commands": [_document(record) for record in found]}))
    elif found:
        print("\n\n".join("\n".join(_lines(record, site)) for record in reversed(found)))
    else:
        print("Nothing was commanded.")
    return 0


def _window(args: argparse.Namespace, zone: ZoneInfo) -> tuple[int, int]:
    start_ns, end_ns = ALWAYS_NS
    if args.start:
        start_ns = round(utc_time(args.start, zone).timestamp() * 1e9)
    if args.end:
        end_ns = round(utc_time(args.end, zone).timestamp() * 1e9)
    if end_ns <= start_ns:
        raise BadInput(f"--from {args.start} is not before --to {args.end}: swap them or move one.")
    return start_ns, end_ns


def _check_names(args: argparse.Namespace, site: Site) -> None:
    """A name that the site does not have would find nothing, as if nothing had been commanded."""
    from energy_console.site.faults import nearest

    for word, given, known in (
        ("device", args.device, [device.id for device in site.devices]),
        ("point", args.point, [point.id for point in site.points]),
    ):
        if given and given not in known:
            near = nearest(given, known)
            hint = f"did you mean {near}?" if near else "`check` lists what the site has."
            raise BadInput(f"The site has no {word} {given}: {hint}")


def _iso(time_ns: int) -> str:
    return dt.datetime.fromtimestamp(time_ns / 1e9, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _document(record: LedgerRecord) -> dict[str, Any]:
    from energy_console.control.standing import standing_of

    command = record.command
    return {
        "id": command.id,
        "asked": _iso(command.asked_ns),
        "device": command.device,
        "point": command.point,
        "value": command.value,
        "who": command.who,
        "why": command.why,
        "plan": command.plan or None,
        "stands": standing_of(record).value,
        "steps": [
            {"time": _iso(step.time_ns), "kind": step.kind, "text": step.text, "value": step.value}
            for step in record.steps
        ],
    }


def _lines(record: LedgerRecord, site: Site) -> Iterator[str]:
    """One command for a terminal: a head, and a line a step with the seconds since it was asked."""
    from energy_console.control.standing import standing_of
    from hardware.commands import told

    command = record.command
    when = dt.datetime.fromtimestamp(command.asked_ns / 1e9, site.place.zone).strftime("%Y-%m-%d %H:%M:%S")
    value = "no number" if command.value is None else f"{command.value:g}"
    if command.value is not None and site.has_point(command.point):
        value = told(site.point(command.point), command.value)
    stands = standing_of(record).value
    yield f"{when}  {command.id}  {command.point} = {value}  {stands}  {command.who} ({command.why})"
    for step in record.steps:
        yield f"  {(step.time_ns - command.asked_ns) / 1e9:+9.2f} s  {step.kind:<12} {step.text}"
