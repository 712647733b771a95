"""`journal`: alarms, acts, notes, plans, ship calls and news of the engine, with who and when; and adding a note."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import getpass
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from energy_console.app.spans import BadInput, utc_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from energy_console.historian.interface import Historian
    from energy_console.journal.entry import Entry
    from energy_console.journal.reading import JournalQuestion
    from energy_console.site.model import Site

_WIDE_WHO = 14


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", metavar="DIR", required=True, help="the site folder")
    parser.add_argument("--from", dest="start", metavar="T", help="ISO 8601 with its zone, included")
    parser.add_argument("--to", dest="end", metavar="T", help="ISO 8601 with its zone, not included")
    parser.add_argument(
        "--kind", action="append", default=[], metavar="KIND", help="alarm, note, plan ...; again for more"
    )
    parser.add_argument("--who", default="", metavar="NAME", help="acts of this person only, or of the engine")
    parser.add_argument(
        "--asset", default="", metavar="ID", help="of this point, device, station, or all behind a node"
    )
    parser.add_argument("--text", default="", metavar="WORDS", help="entries that have all these words")
    parser.add_argument("--replaced", action="store_true", help="also notes that were written anew since")
    parser.add_argument("--limit", type=int, default=500, metavar="N", help="the newest so many (500)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON document")
    form.add_argument("--csv", action="store_true", help="print comma separated values, times in UTC")
    parser.add_argument("--out", type=Path, metavar="FILE", help="into a file: .json or .csv")
    parser.add_argument("--store", metavar="DIR", help="the store: a folder or postgresql://..., if not the site's")
    note = parser.add_argument_group("writing a note")
    note.add_argument("--add", metavar="TEXT", help="put a note into the journal, on --asset if that is named")
    note.add_argument("--at", metavar="T", help="the moment it is about, if not now")
    note.add_argument("--until", metavar="T", help="the end of the span it is about")
    note.add_argument(
        "--over", type=int, metavar="ID", help="write it over this older note, which stays in the journal"
    )
    note.add_argument("--by", default="", metavar="NAME", help="who writes it, if not the user of this computer")


def run(args: argparse.Namespace) -> int:
    """0: told or written. Raises BadInput, SiteFaults, StoreError."""
    from energy_console.historian.opening import open_store
    from energy_console.journal.notes import NoteRefused
    from energy_console.site.loader import load_site

    if args.add is None and (args.at or args.until or args.over or args.by):
        raise BadInput("--at, --until, --over and --by belong to a note: write it with --add TEXT.")
    site = load_site(args.site)
    question = _question(args, site)
    historian = open_store(site.id, site.store, args.store, writing=False)
    try:
        if args.add is not None:
            return _add(args, site, historian)
        return _show(args, site, historian, question)
    except NoteRefused as refused:
        raise BadInput(str(refused)) from None
    finally:
        historian.close()


def _question(args: argparse.Namespace, site: Site) -> JournalQuestion:
    from energy_console.journal.entry import KINDS, assets_of
    from energy_console.journal.reading import ALWAYS_NS, JournalQuestion

    start_ns, end_ns = ALWAYS_NS
    if args.start:
        start_ns = _ns(args.start, site)
    if args.end:
        end_ns = _ns(args.end, site)
    if end_ns <= start_ns:
        raise BadInput(f"--from {args.start} is not before --to {args.end}: swap them or move one.")
    kinds = tuple(kind for given in args.kind for kind in given.split(","))
    for kind in kinds:
        if kind not in KINDS:
            raise BadInput(f"The journal has no kind {kind!r}: choose of {', '.join(KINDS)}.")
    assets = assets_of(site, args.asset) if args.asset else frozenset()
    if args.asset and not assets:
        raise BadInput(f"The site has no device, point, node or station {args.asset}: `check` lists what it has.")
    if args.limit < 1:
        raise BadInput(f"--limit {args.limit} shows nothing: write 1 or more.")
    words = tuple(args.text.split())
    return JournalQuestion(start_ns, end_ns, kinds, args.who, assets, words, args.replaced, args.limit)


def _ns(text: str, site: Site) -> int:
    return round(utc_time(text, site.place.zone).timestamp() * 1e9)


def _add(args: argparse.Namespace, site: Site, historian: Historian) -> int:
    from energy_console.journal.notes import Note, find_note, rewrite_note, write_note

    now_ns, who = time.time_ns(), args.by or getpass.getuser()
    if args.over:
        if args.at or args.until or args.asset:
            raise BadInput(
                "A note written over another is about the same time and thing: leave --at, --until, --asset."
            )
        number = rewrite_note(historian, find_note(historian, args.over), args.add, who, now_ns)
    else:
        about_ns = _ns(args.at, site) if args.at else now_ns
        note = Note(args.add, who, about_ns, args.asset, _ns(args.until, site) if args.until else 0)
        number = write_note(historian, note, now_ns)
    print(json.dumps({"id": number, "who": who}) if args.json else f"Note {number} by {who} is in the journal.")
    return 0


def _show(args: argparse.Namespace, site: Site, historian: Historian, question: JournalQuestion) -> int:
    from energy_console.journal.reading import read_journal

    found = read_journal(historian, dataclasses.replace(question, limit=question.limit + 1))
    more, found = len(found) > question.limit, found[: question.limit]
    if args.out:
        _write(args.out, site, found)
        print(f"{len(found)} entries are in {args.out}.", file=sys.stderr)
    elif args.json or args.csv:
        print(_document(site, found, as_json=args.json), end="\n" if args.json else "")
    elif found:
        print("\n".join(line for entry in reversed(found) for line in _lines(entry, site)))
    else:
        print("The journal has nothing of that.")
    if more:
        print(f"There is more: these are the newest {question.limit}; --limit asks for more.", file=sys.stderr)
    return 0


def _write(out: Path, site: Site, found: Sequence[Entry]) -> None:
    if out.suffix not in (".json", ".csv"):
        raise BadInput(f"{out} says no format: name a file ending in .json or .csv.")
    try:
        out.write_text(_document(site, found, as_json=out.suffix == ".json"), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{out} cannot be written ({error.strerror}): name a file in a folder that is there.") from None


def _document(site: Site, found: Sequence[Entry], *, as_json: bool) -> str:
    from energy_console.journal.export import as_csv, as_document

    return json.dumps(as_document(site.id, found), ensure_ascii=False) if as_json else as_csv(found)


def _lines(entry: Entry, site: Site) -> Iterator[str]:
    """One entry for a terminal; the words of a long note on lines of their own."""
    when = dt.datetime.fromtimestamp(entry.time_ns / 1e9, site.place.zone).strftime("%Y-%m-%d %H:%M:%S")
    first, *rest = entry.text.splitlines() or [""]
    mended = f"  (note {entry.id}, anew as {entry.replaced_by})" if entry.replaced_by else ""
    number = f"  (note {entry.id})" if entry.kind == "note" and not mended else mended
    about = f"{entry.source}: " if entry.kind == "note" and entry.source else ""
    yield f"{when}  {entry.kind:<10} {entry.who:<{_WIDE_WHO}} {about}{first}{number}"
    yield from (f"{'':47}{line}" for line in rest)
