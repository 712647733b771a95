"""Which store a command means: the site's usual one, or the folder named."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from energy_console.app.spans import BadInput

if TYPE_CHECKING:
    from energy_console.historian.postgres.server import Place


def add_store_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", metavar="DIR", help="the site folder whose store is meant")
    parser.add_argument("--store", metavar="DIR", help="the store itself, where it is not the site's usual one")


def chosen_store(args: argparse.Namespace) -> Path | Place:
    """A folder, or a site's place on a server. Raises BadInput where neither is named, SiteFaults for a bad site."""
    from energy_console.historian.opening import is_server, place_on_server, store_folder
    from energy_console.site.loader import load_site

    if args.store is None and args.site is None:
        raise BadInput("Name a site with --site DIR, or a store with --store DIR.")
    site = None if args.site is None else load_site(args.site)
    store = args.store or (site.store if site else "")
    if not is_server(store):
        return store_folder(site.id if site else "", store, None).absolute()
    if site is None:
        raise BadInput("A server holds the stores of many sites: name the one that is meant with --site DIR, too.")
    return place_on_server(site.id, store)


def told_size(size_bytes: int) -> str:
    """Bytes as a person reads them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} bytes"
