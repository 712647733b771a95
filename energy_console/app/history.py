"""`history POINT...`: kept readings, or spans of them, as CSV, JSON or Parquet."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from energy_console.app.history_question import Question
from energy_console.app.spans import BadInput, span_s, utc_time

if TYPE_CHECKING:
    from energy_console.app.history_formats import TableWriter
    from energy_console.historian.interface import Historian
    from energy_console.site.model import Site
    from hardware.points import Point

DAY_NS = 86_400_000_000_000
MOST_NAMES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("points", metavar="POINT", nargs="+", help="point ids such as E01.1/power_kw; * and ? stand in")
    parser.add_argument("--site", metavar="DIR", required=True, help="the site folder")
    parser.add_argument("--from", dest="start", metavar="T", required=True, help="ISO 8601 with its zone, included")
    parser.add_argument("--to", dest="end", metavar="T", required=True, help="ISO 8601 with its zone, not included")
    parser.add_argument("--original", action="store_true", help="as it was read, without any correction")
    parser.add_argument("--every", metavar="SPAN", help="spans such as 15min instead of single readings")
    parser.add_argument("--format", choices=("csv", "json", "parquet"), help="csv unless --out ends otherwise")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    parser.add_argument("--out", metavar="FILE", help="write there instead of to standard output")
    parser.add_argument("--store", metavar="DIR", help="the store: a folder or postgresql://..., if not the site's")


def run(args: argparse.Namespace) -> int:
    from energy_console.historian.errors import StoreError
    from energy_console.site.faults import SiteFaults

    try:
        _answer(args)
    except (BadInput, SiteFaults) as fault:
        return _refuse(str(fault), 2)
    except StoreError as fault:
        return _refuse(str(fault), 1)
    except BrokenPipeError:  # whoever read along, such as `head`, has enough
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return 0
    except OSError as fault:
        return _refuse(f"Cannot write {args.out or 'the answer'}: {fault.strerror}; name another file with --out.", 1)
    return 0


def _refuse(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


def _answer(args: argparse.Namespace) -> None:
    from energy_console.app.history_formats import FORMATS
    from energy_console.historian.errors import StoreAway, StoreAwayStill
    from energy_console.historian.opening import open_store
    from energy_console.historian.renaming import refuse_changed_units
    from energy_console.site.loader import load_site

    kind = args.format or _format_by_name(args.out)
    if kind == "parquet" and args.out is None:
        raise BadInput("Parquet does not go to a terminal: name a file with --out, such as --out history.parquet.")
    site = load_site(args.site)
    window = _window(args, site)
    historian = open_store(site.id, site.store, args.store, writing=False, also_away=True)
    try:
        site = replace(site, points=(*site.points, *_imported(historian)))
        named = find_points(args.points, [point.id for point in site.points])
        asked = [point for point in site.points if point.id in set(named)]
        with contextlib.suppress(StoreAway):  # what waits on this machine is in the units of its engine
            refuse_changed_units(asked, historian.units())
        question = Question(named, *window, original=args.original)
        with _target(args.out) as file:
            writer = FORMATS[kind](file, site, question)
            missing = _fill(writer, historian, question)
            writer.close()
    finally:
        historian.close()
    if missing:
        raise StoreAwayStill(missing)


def _imported(historian: Historian) -> tuple[Point, ...]:
    """Points that only files of foreign meters have; none are known while a server is away."""
    from energy_console.historian.errors import StoreAway
    from energy_console.historian.importing.book import imported_points

    try:
        return tuple(imported_points(historian))
    except StoreAway:
        return ()


def _format_by_name(out: str | None) -> str:
    suffix = Path(out).suffix.lower() if out else ""
    return {".json": "json", ".parquet": "parquet"}.get(suffix, "csv")


def _window(args: argparse.Namespace, site: Site) -> tuple[int, int, int | None]:
    """Start, end and width of spans, ns. Raises BadInput."""
    start, end = utc_time(args.start, site.place.zone), utc_time(args.end, site.place.zone)
    if end <= start:
        raise BadInput(f"--from {args.start} is not before --to {args.end}: swap them or move one.")
    every = None if args.every is None else round(span_s(args.every) * 1e9)
    return in_ns(start), in_ns(end), every


def in_ns(moment: dt.datetime) -> int:
    """Nanoseconds since 1970 of a moment in UTC."""
    since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def find_points(asked: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The points asked for, each once, patterns spelled out. Raises BadInput with the nearest names."""
    from difflib import get_close_matches

    found: dict[str, None] = {}
    for name in asked:
        matches = [name] if name in set(known) else [point for point in known if fnmatchcase(point, name)]
        if not matches:
            near = get_close_matches(name, known, n=MOST_NAMES, cutoff=0.5)
            hint = f"did you mean {', '.join(near)}?" if near else "`check` lists what the site has."
            raise BadInput(f"The site has no point {name}: {hint}")
        found.update(dict.fromkeys(matches))
    return tuple(found)


@contextlib.contextmanager
def _target(out: str | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that gets its name only once it is whole."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    passing = Path(out).with_name(Path(out).name + ".part")
    try:
        with passing.open("wb") as file:
            yield file
        passing.replace(out)
    finally:
        passing.unlink(missing_ok=True)


def _fill(writer: TableWriter, historian: Historian, question: Question) -> str:
    """Asks point by point, readings day by day, so that a year of seconds does not have to fit into memory.

    Returns a sentence where only what waits on this machine could be told, empty where all is there.
    """
    from energy_console.historian.errors import HistoryAway

    progress = sys.stderr.isatty() and writer.file is not sys.stdout.buffer
    missing = ""
    for number, point in enumerate(question.points, 1):
        try:
            _fill_one(writer, historian, question, point)
        except HistoryAway as fault:
            missing = str(fault)
        if progress:
            print(f"\r{number} of {len(question.points)} points", end="", file=sys.stderr, flush=True)
    if progress:
        print(file=sys.stderr)
    return missing


def _where_there_is_any(historian: Historian, question: Question, point: str) -> tuple[int, int]:
    """The part of the window that has readings, at least a moment of it: a window of decades costs no more."""
    from energy_console.historian.errors import StoreAway

    start_ns, end_ns = question.start_ns, question.end_ns
    try:
        span = None if question.original else historian.span(point)
    except StoreAway:  # the question for readings tells it
        return start_ns, end_ns
    if span is None:
        return (start_ns, end_ns) if question.original else (start_ns, min(start_ns + DAY_NS, end_ns))
    first_ns = min(max(start_ns, span[0]), end_ns - 1)
    return first_ns, max(first_ns + 1, min(end_ns, span[1] + 1))


def _fill_one(writer: TableWriter, historian: Historian, question: Question, point: str) -> None:
    """One point; what waits on this machine while the server is away, too. Raises HistoryAway after that."""
    from energy_console.historian.errors import HistoryAway, StoreAway

    start_ns, end_ns = question.start_ns, question.end_ns
    with contextlib.suppress(StoreAway):  # the question for readings tells it
        writer.corrections(point, historian.corrected(point))
    try:
        if question.every_ns is not None:
            writer.spans(historian.spans(point, start_ns, end_ns, question.every_ns, question.original))
            return
        start_ns, end_ns = _where_there_is_any(historian, question, point)
        while start_ns < end_ns:
            writer.readings(historian.read(point, start_ns, min(start_ns + DAY_NS, end_ns), question.original))
            start_ns += DAY_NS
    except HistoryAway as fault:
        if question.every_ns is not None:
            writer.spans(fault.known)
            raise
    else:
        return
    try:
        writer.readings(
            historian.read(point, start_ns, end_ns, question.original)
        )  # the rest at once: nobody waits day by day
    except HistoryAway as fault:
        writer.readings(fault.known)
        raise
