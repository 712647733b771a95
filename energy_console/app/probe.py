"""`probe`: asks one device once, by a profile, by its SunSpec chain, or for raw registers; or finds what is there."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from energy_console.app import probe_save, probe_search
from energy_console.app.spans import BadInput, span_s
from energy_console.site.loader import PROFILES
from hardware.commissioning.search import PATIENCE_S
from hardware.modbus import (
    BadLink,
    Connection,
    Decoder,
    DeviceLine,
    FieldError,
    Placement,
    ReadAnswer,
    Readout,
    models_on,
    parse_link,
    place_on,
)
from hardware.modbus.sunspec import ChainLink, walk_chain
from hardware.modbus.sunspec_names import model_name
from hardware.points import Reason, quality_of, reason_of
from hardware.profiles import (
    Confidence,
    Library,
    Profile,
    ProfileFaults,
    ProfilePoint,
    Span,
    Table,
    UnknownProfile,
    profile,
    profile_at,
    profile_names,
    request_of,
)

_COMMON = (("manufacturer", 2, 16), ("model", 18, 16), ("version", 42, 8), ("serial number", 50, 16))
_MOST_WORDS = 125

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What `--raw holding:0:10` asks for."""

    table: Table
    address: int
    count: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "link", help="tcp://, tls://, udp:// or rtu+tcp://HOST:PORT, or serial:///dev/ttyS0; see docs/links.md"
    )
    parser.add_argument("--unit", type=int, metavar="N", help="Modbus unit, 0 to 255 (always but with --find)")
    what = parser.add_mutually_exclusive_group(required=True)
    named = "read all of a profile, or of a profile file (PATH.toml): " + ", ".join(profile_names())
    what.add_argument("--profile", metavar="NAME", help=named)
    what.add_argument("--sunspec", action="store_true", help="walk the chain of SunSpec models")
    what.add_argument("--raw", metavar="TABLE:ADDRESS:COUNT", help="registers as they are, for example holding:0:10")
    what.add_argument("--find", action="store_true", help="ask which units answer on the link")
    what.add_argument("--identify", action="store_true", help="what the unit says it is, and which profiles fit it")
    probe_search.add_arguments(parser)
    probe_save.add_arguments(parser)
    parser.add_argument(
        "--timeout", default="", metavar="SPAN", help="how long to wait for an answer (2s; --find 400ms)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def run(args: argparse.Namespace) -> int:
    """0 where the device answered anything, 1 where it did not. Raises BadInput, SiteFaults."""
    _check(args)
    who = f"{args.link}" if args.find else f"Unit {args.unit} at {args.link}"
    ask, show = _what(args)
    addition = probe_save.prepared(args, _profile(args.profile, args.save).title) if args.save else None
    try:
        address = parse_link(args.link)
        timeout_s = span_s(args.timeout or (f"{PATIENCE_S}s" if args.find else "2s"))
        document = asyncio.run(_ask(Connection(address, timeout_s), args.unit, ask))
    except BadLink as error:
        raise BadInput(str(error)) from error
    except FieldError as error:
        print(f"{who}: {error.text}.", file=sys.stderr)
        return 1
    document = {"link": args.link, "unit": args.unit, **document}
    answers = document["requests"]
    silent = bool(answers) and all(answer["error"] for answer in answers)
    if addition is not None and not silent:
        document["saved"] = probe_save.save(addition, dry_run=args.dry_run)
    if args.json:
        print(json.dumps(document, indent=2))
    else:
        show(document, sys.stdout)
        if "saved" in document:
            print("\n" + "\n".join(probe_save.sentences(document["saved"], args.save)))
    if silent:
        kept = "; nothing is saved" if addition is not None else ""
        print(f"{who}: {answers[0]['error']}{kept}.", file=sys.stderr)
        return 1
    return 1 if args.find and not document["found"] else 0


def _check(args: argparse.Namespace) -> None:
    """Raises BadInput where options do not go together."""
    if args.unit is None and not args.find:
        raise BadInput("--unit N is missing: give the unit number of the device, or --find to look for units.")
    if args.unit is not None and not 0 <= args.unit <= 255:
        raise BadInput(f"Unit {args.unit} is outside 0 to 255; give the unit number of the device.")
    if args.candidates and not args.raw:
        raise BadInput("--candidates goes with --raw TABLE:ADDRESS:COUNT.")
    if args.save and not args.profile:
        raise BadInput("--save goes with --profile NAME: a device of a site is read by a profile.")


def _what(
    args: argparse.Namespace,
) -> tuple[Callable[[Connection, int], Awaitable[Document]], Callable[[Document, TextIO], None]]:
    """How to ask and how to show the answer. Raises BadInput."""
    if args.find:
        units = probe_search.units_of(args.units)
        return (
            lambda connection, _unit: probe_search.ask_units(connection, units, connection.timeout_s),
            probe_search.show_units,
        )
    if args.identify:
        library = Library(args.save / PROFILES if args.save else None)
        return lambda connection, unit: probe_search.ask_identity(connection, unit, library), probe_search.show_identity
    if args.sunspec:
        return _ask_sunspec, _show_sunspec
    if args.raw:
        wanted = _raw(args.raw)
        if not args.candidates:
            return lambda connection, unit: _ask_raw(connection, unit, wanted), _show_raw
        watch = probe_search.watch_of(args, Span(wanted.table, wanted.address, wanted.count))
        return (
            lambda connection, unit: probe_search.ask_candidates(connection, unit, watch),
            probe_search.show_candidates,
        )
    loaded = _profile(args.profile, args.save)
    return lambda connection, unit: _ask_profile(connection, unit, loaded), _show_profile


def _profile(name: str, site: Path | None) -> Profile:
    """By name (a site's own go before), or by file. Raises BadInput."""
    try:
        if name.endswith(".toml"):
            return profile_at(Path(name))
        return Library(site / PROFILES if site else None).profile(name)
    except (UnknownProfile, ProfileFaults) as error:
        raise BadInput(str(error)) from error
    except OSError as error:
        raise BadInput(f"The profile {name} cannot be read: {error.strerror}; name a file that is there.") from error


def _raw(text: str) -> _Wanted:
    parts = text.split(":")
    tables = [table.value for table in Table]
    right = f"write TABLE:ADDRESS:COUNT, for example holding:0:10, with a table of {', '.join(tables)}"
    if len(parts) != 3 or parts[0] not in tables or not parts[1].isdigit() or not parts[2].isdigit():
        raise BadInput(f"'{text}' is no range of registers; {right}.")
    wanted = _Wanted(Table(parts[0]), int(parts[1]), int(parts[2]))
    if not 1 <= wanted.count <= 65536 - wanted.address:
        raise BadInput(f"'{text}' leaves the 65536 addresses of a table; {right}.")
    return wanted


async def _ask(connection: Connection, unit: int, ask: Callable[[Connection, int], Awaitable[Document]]) -> Document:
    try:
        return await ask(connection, unit)
    finally:
        connection.close()


# -- asking ---------------------------------------------------------------------------------------------------


async def _ask_profile(
    connection: Connection, unit: int, loaded: Profile, placement: Placement | None = None
) -> Document:
    decoder = Decoder(loaded)
    line = DeviceLine(connection, decoder, unit, placement)
    readout = await line.read_all()
    return {
        "profile": loaded.name,
        "title": loaded.title,
        "traps": list(loaded.traps),
        "requests": [_request(answer) for answer in readout.answers],
        "points": [_point(decoder, readout, at) for at in range(len(loaded.points))],
    }


async def _ask_raw(connection: Connection, unit: int, wanted: _Wanted) -> Document:
    words: list[int] = []
    for first in range(wanted.address, wanted.address + wanted.count, _MOST_WORDS):
        count = min(_MOST_WORDS, wanted.address + wanted.count - first)
        payload = await connection.read(unit, wanted.table, first, count)
        words += [int.from_bytes(payload[at : at + 2], "big") for at in range(0, len(payload), 2)]
    return {"requests": [], "table": wanted.table.value, "address": wanted.address, "words": words}


async def _ask_sunspec(connection: Connection, unit: int) -> Document:
    """The chain of models with their names; the points of those that some profile can read."""
    chain = [link async for link in walk_chain(connection, unit)]
    requests: list[Document] = []
    models: list[Document] = [
        {"model": link.model, "name": model_name(link.model), "address": link.start, "length": link.length}
        for link in chain
    ]
    for link, model in zip(chain, models, strict=True):
        if link.model == 1:
            model["identity"] = await _identity(connection, unit, link)
    for placed in _best_for_each(chain):
        read = await _ask_profile(connection, unit, placed.profile, place_on(Decoder(placed.profile), chain))
        requests += read["requests"]
        points = dict(zip((point.quantity for point in placed.profile.points), read["points"], strict=True))
        for at, quantities in placed.quantities.items():
            models[at] |= {"profile": read["profile"], "points": [points[quantity] for quantity in quantities]}
    return {"requests": requests, "models": models}


@dataclass(frozen=True, slots=True)
class _Readable:
    """A profile and what it reads of a chain: by position in the chain, the quantities of that model."""

    profile: Profile
    quantities: dict[int, list[str]]


def _best_for_each(chain: Sequence[ChainLink]) -> list[_Readable]:
    """For each model of a chain the profile that knows most points of it; each profile once."""
    best: dict[int, tuple[Profile, list[str]]] = {}
    for loaded in map(profile, profile_names()):
        for at, quantities in _read_by(loaded, chain).items():
            if at not in best or len(quantities) > len(best[at][1]):
                best[at] = (loaded, quantities)
    chosen: dict[str, _Readable] = {}
    for at, (loaded, quantities) in best.items():
        chosen.setdefault(loaded.name, _Readable(loaded, {})).quantities[at] = quantities
    return list(chosen.values())


def _read_by(loaded: Profile, chain: Sequence[ChainLink]) -> dict[int, list[str]]:
    """By position in the chain, the quantities of a profile that lie in that model."""
    found = {
        chain.index(link): [point.quantity for point in loaded.points if point.address in model]
        for model, link in models_on(loaded, chain)
    }
    return {at: quantities for at, quantities in found.items() if quantities}


async def _identity(connection: Connection, unit: int, link: ChainLink) -> dict[str, str]:
    identity = {}
    for name, offset, count in _COMMON:
        if offset + count <= link.length + 2:
            raw = await connection.read(unit, Table.HOLDING, link.start + offset, count)
            identity[name] = raw.rstrip(b"\0 ").decode("ascii", "replace")
    return identity


def _request(answer: ReadAnswer) -> Document:
    return {
        "table": answer.span.table.value,
        "address": answer.span.address,
        "count": answer.span.count,
        "words": list(answer.words),
        "error": answer.error,
        "round_trip_ms": round(answer.round_trip_ms, 2),
    }


def _point(decoder: Decoder, readout: Readout, at: int) -> Document:
    point = decoder.profile.points[at]
    value, status = float(readout.value[at]), int(readout.status[at])
    return {
        "quantity": point.quantity,
        "name": point.name,
        "value": None if math.isnan(value) else value,
        "unit": point.unit,
        "text": _in_words(point, value),
        "quality": quality_of(status).name.lower(),
        "reason": "" if reason_of(status) is Reason.GOOD else reason_of(status).name.lower().replace("_", " "),
        "words": list(_words(decoder, readout, point)),
        "confidence": point.confidence.value,
    }


def _words(decoder: Decoder, readout: Readout, point: ProfilePoint) -> tuple[int, ...]:
    number = request_of(decoder.requests, point.table, point.address, point.words)
    first = point.address - decoder.requests[number].address
    return readout.answers[number].words[first : first + point.words]


def _in_words(point: ProfilePoint, value: float) -> str:
    """The state or the bits that are set, empty for a number."""
    if math.isnan(value):
        return ""
    if point.bits:
        return ", ".join(name or f"bit {bit}" for bit, name in enumerate(point.bits) if int(value) >> bit & 1)
    return dict(point.states).get(int(value), "")


# -- showing --------------------------------------------------------------------------------------------------


def _show_profile(document: Document, out: TextIO) -> None:
    print(f"{document['title']}, unit {document['unit']} at {document['link']}\n", file=out)
    _show_requests(document["requests"], out)
    print(file=out)
    _show_points(document["points"], out)
    for trap in document["traps"]:
        print(f"\nTraps of this type: {trap}" if trap == document["traps"][0] else f"    {trap}", file=out)


def _show_requests(requests: list[Document], out: TextIO) -> None:
    for request in requests:
        what = f"{request['table']} {request['address']} to {request['address'] + request['count'] - 1}"
        answer = request["error"] or f"{request['count']} registers"
        print(f"{what:<26}{answer}  {request['round_trip_ms']:.1f} ms", file=out)


def _show_points(points: list[Document], out: TextIO) -> None:
    for point in points:
        value = "no value" if point["value"] is None else f"{point['value']:.10g} {point['unit']}".strip()
        words = " ".join(f"{word:04X}" for word in point["words"][:4])
        doubt = "(figures from memory)" if point["confidence"] == Confidence.MEMORY else ""
        more = " ".join(word for word in (point["text"] or point["reason"], doubt) if word)
        print(f"{point['quantity']:<28}{value:>22}  {words:<20}{more}".rstrip(), file=out)


def _show_raw(document: Document, out: TextIO) -> None:
    for offset, word in enumerate(document["words"]):
        signed = word - 0x10000 if word & 0x8000 else word
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in word.to_bytes(2, "big"))
        print(
            f"{document['table']} {document['address'] + offset:>5}  {word:04X}  {word:>5}  {signed:>6}  {text}",
            file=out,
        )


def _show_sunspec(document: Document, out: TextIO) -> None:
    for model in document["models"]:
        what = f"model {model['model']:>5} at {model['address']:>5}, {model['length']:>3} registers"
        print(f"{what}: {model['name']}", file=out)
        for label, text in model.get("identity", {}).items():
            print(f"    {label}: {text}", file=out)
        if "points" in model:
            _show_points(model["points"], out)
