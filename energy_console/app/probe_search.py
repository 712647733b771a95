"""`probe` of what is not known yet: units on a link, what a unit is, and registers read in every way."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from energy_console.app.spans import BadInput, span_s
from hardware.commissioning.candidates import Candidate, Expectation, Reader
from hardware.commissioning.fit import ProfileFit, profile_fits
from hardware.commissioning.identity import identify
from hardware.commissioning.kinds import MEASURES
from hardware.commissioning.registers import UnitReader, read_window
from hardware.commissioning.search import BadUnits, SearchNews, find_units, takes_no_notice, units_from
from hardware.commissioning.visit import OwnVisit
from hardware.modbus import Connection
from hardware.modbus.sunspec_names import model_name
from hardware.profiles import Library, Span

Document = dict[str, Any]
_SAMPLES = 5
_FEW = 4  # registers: one value, of which every way is told; of more, the best of each
_MOST = 100
_FITS_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--units", metavar="N-M", default="1-247", help="with --find: which units to ask (1-247)")
    parser.add_argument("--candidates", action="store_true", help="with --raw: every way to read it, likeliest first")
    parser.add_argument("--over", default="8s", metavar="SPAN", help="with --candidates: how long to watch it (8s)")
    known = ", ".join(MEASURES)
    parser.add_argument("--expect", default="", metavar="WHAT", help=f"with --candidates: what it should be: {known}")
    parser.add_argument("--near", type=float, metavar="VALUE", help="with --candidates: a value it should be near")


# -- units ----------------------------------------------------------------------------------------------------


def units_of(text: str) -> tuple[int, ...]:
    """Raises BadInput."""
    try:
        return units_from(text)
    except BadUnits as error:
        raise BadInput(str(error)) from error


async def ask_units(connection: Connection, units: Sequence[int], patience_s: float) -> Document:
    visit = OwnVisit(connection)
    found = await find_units(visit, units, _progress, patience_s, rest=0.0)
    _end_progress()
    return {
        "requests": [],
        "asked": len(units),
        "one_for_all": await takes_no_notice(visit, found, units, patience_s),
        "found": [
            {"unit": unit.unit, "says": unit.says, "word": unit.word, "round_trip_ms": round(unit.round_trip_ms, 1)}
            for unit in found
        ],
    }


def show_units(document: Document, out: TextIO) -> None:
    for unit in document["found"]:
        print(f"unit {unit['unit']:>3}  {unit['round_trip_ms']:>6.1f} ms  {unit['says']}", file=out)
    print(f"{len(document['found'])} of {document['asked']} units answer.", file=out)
    if document["one_for_all"]:
        print("All answer alike: this is one device that takes no notice of the unit number. Use unit 1.", file=out)


# -- one unit -------------------------------------------------------------------------------------------------


async def ask_identity(connection: Connection, unit: int, library: Library) -> Document:
    visit = OwnVisit(connection)
    identity = await identify(visit, unit, connection.timeout_s)
    profiles = library.profiles()
    fits = await profile_fits(visit, unit, profiles, identity, connection.timeout_s, _fit_progress)
    _end_progress()
    return {
        "requests": [],
        "identity": dict(identity.texts),
        "identity_missing": identity.why_not,
        "models": [
            {"model": link.model, "name": model_name(link.model), "address": link.start} for link in identity.models
        ],
        "profiles": [_fit(fit) for fit in fits],
    }


def _fit(fit: ProfileFit) -> Document:
    return {"profile": fit.profile, "title": fit.title, "score": fit.score, "reason": fit.reason}


def show_identity(document: Document, out: TextIO) -> None:
    for name, text in document["identity"].items():
        print(f"{name}: {text}", file=out)
    if not document["identity"]:
        print(f"no device identification: {document['identity_missing'] or 'it tells nothing'}", file=out)
    for model in document["models"]:
        print(f"SunSpec model {model['model']} at {model['address']}: {model['name']}", file=out)
    print("\nProfiles that fit, the best first (--profile NAME reads by one):", file=out)
    fitting = [fit for fit in document["profiles"] if fit["score"] > 0][:_FITS_SHOWN]
    for fit in fitting:
        print(f"{fit['score']:.2f}  {fit['profile']:<26}{fit['reason']}", file=out)
    if not fitting:
        print("none; read registers with --raw TABLE:ADDRESS:COUNT --candidates", file=out)


# -- registers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Watch:
    """What `--raw ... --candidates` asks for."""

    span: Span
    over_s: float
    expected: Expectation


def watch_of(args: argparse.Namespace, span: Span) -> Watch:
    """Raises BadInput."""
    if args.expect and args.expect not in MEASURES:
        raise BadInput(f"--expect {args.expect} is not known; write one of {', '.join(MEASURES)}.")
    if args.near is not None and not math.isfinite(args.near):
        raise BadInput("--near takes a number, such as 231.5.")
    if span.count > _MOST:
        raise BadInput(f"--candidates takes up to {_MOST} registers at once; name fewer than {span.count}.")
    if span.table.is_bits:
        raise BadInput(f"--candidates reads registers; a {span.table.value} is one bit and needs none.")
    return Watch(span, span_s(args.over), Expectation(args.expect, args.near))


async def ask_candidates(connection: Connection, unit: int, watch: Watch) -> Document:
    reader = UnitReader(OwnVisit(connection), unit, connection.timeout_s)
    window = await read_window(reader, watch.span, _SAMPLES, watch.over_s / (_SAMPLES - 1), _read_progress)
    _end_progress()
    ways = Reader(window, watch.expected)
    few = watch.span.count <= _FEW
    addresses = [watch.span.address] if few else range(watch.span.address, watch.span.end)
    first = watch.span.address - window.address
    words = window.words[:, first : first + watch.span.count]
    return {
        "requests": [],
        "table": watch.span.table.value,
        "address": watch.span.address,
        "seconds": [round(second, 2) for second in window.seconds],
        "words": words.tolist(),
        "candidates": [
            _way(address, way) for address in addresses for way in ways.candidates(address, 12 if few else 3)
        ],
    }


def _way(asked: int, way: Candidate) -> Document:
    return {
        "for": asked,
        "address": way.address,
        "type": way.type,
        "order": way.order,
        "scale": 10.0**way.exponent,
        "value": way.value,
        "unit": way.unit,
        "score": round(way.score, 4),
        "reason": way.reason,
    }


def show_candidates(document: Document, out: TextIO) -> None:
    for offset, column in enumerate(zip(*document["words"], strict=True)):
        told = " ".join(f"{word:04X}" for word in column)
        print(f"{document['table']} {document['address'] + offset:>5}  {told}", file=out)
    asked = None
    for way in document["candidates"]:
        if way["for"] != asked:
            asked = way["for"]
            print(f"\nat {asked}:", file=out)
        what = f"{way['type']} {way['order']}"
        value = f"{way['value']:.7g} {way['unit']}".strip()
        scale = "" if way["scale"] == 1 else f"x {way['scale']:g}"
        where = f"at {way['address']}"
        print(f"{way['score']:.2f}  {what:<27}{where:<9}{scale:<8}{value:>20}  {way['reason']}", file=out)


# -- progress -------------------------------------------------------------------------------------------------


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _end_progress() -> None:
    _say("")


def _progress(news: SearchNews) -> None:
    _say(f"unit {news.unit}: {news.asked} of {news.total} asked, {len(news.found)} answer")


def _fit_progress(done: int, of: int) -> None:
    _say(f"{done} of {of} profiles tried")


def _read_progress(done: int, of: int) -> None:
    _say(f"read {done} of {of} times")
