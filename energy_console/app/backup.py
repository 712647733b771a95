"""`backup`: a copy of the store, also while an engine writes; only what is new is copied again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from energy_console.app.check_store import clear_progress, show_progress
from energy_console.app.store_folder import add_store_arguments, chosen_store, told_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    parser.add_argument(
        "--to",
        metavar="FOLDER",
        required=True,
        help="an empty folder, or an older back-up of the store",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a sentence")


def run(args: argparse.Namespace) -> int:
    """Raises StoreError, BadInput, SiteFaults."""
    from energy_console.historian.embedded.backup import back_up
    from energy_console.historian.embedded.folder import StoreFolder

    store, target = chosen_store(args), Path(args.to).absolute()
    if not isinstance(store, Path):
        from energy_console.historian.postgres.dumping import dump

        made = dump(store, target)
        size = made.stat().st_size
        if args.json:
            print(json.dumps({"store": store.told, "copy": str(made), "copied_bytes": size}))
        else:
            print(f"{made} is a copy of {store.told} as of now: {told_size(size)}.")
        return 0
    copied = back_up(StoreFolder(store), StoreFolder(target), show_progress)
    clear_progress()
    if args.json:
        print(json.dumps({"store": str(store), "copy": str(target), "copied_bytes": copied}))
    else:
        print(f"{target} is a copy of {store}; {told_size(copied)} of sealed history were new.")
    return 0
