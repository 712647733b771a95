"""`restore`: a back-up becomes the store again, after it was checked."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from energy_console.app.check_store import clear_progress, show_progress
from energy_console.app.store_folder import add_store_arguments, chosen_store, told_size

if TYPE_CHECKING:
    from energy_console.historian.postgres.server import Place


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("copy", metavar="COPY", help="the back-up: a folder, or the file of a server's")
    add_store_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Raises StoreError, BadInput, SiteFaults."""
    from energy_console.historian.embedded.backup import restore
    from energy_console.historian.embedded.checking import check_store
    from energy_console.historian.embedded.folder import StoreFolder

    copy, store = Path(args.copy).absolute(), chosen_store(args)
    if not isinstance(store, Path):
        return _restore_server(copy, store)
    report = check_store(StoreFolder(copy), show_progress)
    if report.faults:
        clear_progress()
        print("\n".join(report.faults), file=sys.stderr)
        print(f"{copy} was not restored: take an older back-up, or open it as it is with --store.", file=sys.stderr)
        return 1
    copied = restore(StoreFolder(copy), StoreFolder(store), show_progress)
    clear_progress()
    print(f"{store} is restored from {copy}: {report.readings:,} sealed readings, {told_size(copied)}.")
    return 0


def _restore_server(copy: Path, place: Place) -> int:
    """The copy is one file that `backup` has made; what came of it is checked, since only the server can read it."""
    from energy_console.historian.postgres.checking import check_server
    from energy_console.historian.postgres.dumping import restore_dump

    restore_dump(place, copy)
    report = check_server(place, show_progress)
    clear_progress()
    print("\n".join(report.faults), file=sys.stderr, end="\n" if report.faults else "")
    print(f"{place.told} is restored from {copy}: {report.readings:,} readings of {report.days:,} days.")
    return 1 if report.faults else 0
