"""Which store a command means: the site's usual one, or the folder named."""

from __future__ import annotations

import argparse
from pathlib import Path

from energy_console.app.spans import BadInput


def add_store_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", metavar="DIR", help="the site folder whose store is meant")
    parser.add_argument("--store", metavar="DIR", help="the store itself, where it is not the site's usual one")


def chosen_store(args: argparse.Namespace) -> Path:
    """Raises BadInput where neither is named, SiteFaults for a bad site."""
    from energy_console.historian.opening import is_server, store_folder
    from energy_console.site.loader import load_site

    if args.store is None and args.site is None:
        raise BadInput("Name a site with --site DIR, or a store with --store DIR.")
    site = None if args.site is None else load_site(args.site)
    store = args.store or (site.store if site else "")
    if is_server(store):
        raise BadInput(f"{args.command} works on a store's folder; use the database's own tools for {store}.")
    return store_folder(site.id if site else "", store, None).absolute()


def told_size(size_bytes: int) -> str:
    """Bytes as a person reads them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} bytes"
