"""`restore`: a back-up becomes the store again, after it was checked."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from energy_console.app.check_store import clear_progress, show_progress
from energy_console.app.store_folder import add_store_arguments, chosen_store, told_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("copy", metavar="FOLDER", help="the back-up")
    add_store_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Raises StoreError, BadInput, SiteFaults."""
    from energy_console.historian.embedded.backup import restore
    from energy_console.historian.embedded.checking import check_store
    from energy_console.historian.embedded.folder import StoreFolder

    copy, store = Path(args.copy).absolute(), chosen_store(args)
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
