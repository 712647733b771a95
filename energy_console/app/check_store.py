"""`check-store`: every reading there exactly once, every file whole, every tier as its readings say."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from energy_console.app.store_folder import add_store_arguments, chosen_store

if TYPE_CHECKING:
    from energy_console.historian.embedded.checking import StoreReport
    from energy_console.historian.postgres.server import Place


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")


def run(args: argparse.Namespace) -> int:
    """0: sound; 1: something is wrong. Raises StoreError, BadInput, SiteFaults."""
    from energy_console.historian.embedded.checking import check_store
    from energy_console.historian.embedded.folder import StoreFolder

    store = chosen_store(args)
    if not isinstance(store, Path):
        return _check_server(args, store)
    report = check_store(StoreFolder(store), show_progress)
    clear_progress()
    if args.json:
        print(json.dumps({"store": str(store), **dataclasses.asdict(report)}, indent=2))
    else:
        _tell(str(store), report)
    return 1 if report.faults else 0


def _check_server(args: argparse.Namespace, place: Place) -> int:
    from energy_console.historian.postgres.checking import check_server

    report = check_server(place, show_progress)
    clear_progress()
    if args.json:
        print(json.dumps({"store": place.told, **dataclasses.asdict(report)}, indent=2))
    else:
        for sentence in (*report.faults, *report.notes):
            print(sentence)
        whole = "has faults" if report.faults else "is sound"
        print(
            f"The store {place.told} {whole}: {report.readings:,} readings of {report.days:,} days, "
            f"{report.unsealed:,} not rolled up yet, {report.cells:,} cells of tiers."
        )
    return 1 if report.faults else 0


def _tell(store: str, report: StoreReport) -> None:
    for sentence in (*report.faults, *report.notes):
        print(sentence)
    whole = "has faults" if report.faults else "is sound"
    when = f", from {_day(report.first_ms)} to {_day(report.last_ms)}" if report.readings else ""
    print(
        f"The store {store} {whole}: {report.readings:,} sealed readings in {report.files:,} files{when}, "
        f"{report.unsealed:,} not sealed yet, {report.cells:,} cells of tiers."
    )


def _day(time_ms: int) -> str:
    return dt.datetime.fromtimestamp(time_ms / 1000, dt.UTC).date().isoformat()


def show_progress(text: str) -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def clear_progress() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
