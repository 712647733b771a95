"""Which store a site has, and opening it: a folder on this machine, or a PostgreSQL server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from energy_console.historian.embedded import default_store, open_embedded
from energy_console.historian.embedded.acting import acts_on
from energy_console.historian.errors import StoreError
from energy_console.historian.interface import Acts, Historian
from energy_console.historian.share import WHOLE, Share

if TYPE_CHECKING:
    from energy_console.historian.postgres.server import Place

SERVER_SCHEMES = ("postgresql://", "postgres://")
KEYRING_SERVICE = "energy-console"
Store = str | os.PathLike[str] | None


def is_server(store: str) -> bool:
    return store.startswith(SERVER_SCHEMES)


def open_store(
    site_id: str, named_by_site: str, chosen: Store, *, writing: bool, share: Share = WHOLE, also_away: bool = False
) -> Historian:
    """The store of a site: `chosen` on the command line, else what site.toml names, else the usual folder.

    `share`: what of the site a writing engine serves; on a server several may, each its areas. `also_away`: who
    only reads begins while the server is away, too (engines always do). Raises StoreError.
    """
    store = os.fspath(chosen or named_by_site)
    if not is_server(store):
        if not share.is_whole:
            raise StoreError("A store in a folder has one engine: serve the whole site, or name a server as its store.")
        return open_embedded(store_folder(site_id, named_by_site, chosen), writing)
    from energy_console.historian.postgres import engine_of, reader_of

    if not writing:
        outboxes = outbox_folder(site_id).parent
        return reader_of(store, site_id, outboxes, with_password, also_away=also_away)
    return engine_of(store, site_id, outbox_folder(site_id, share), share, with_password)


@contextlib.contextmanager
def open_acts(site_id: str, named_by_site: str, chosen: Store) -> Iterator[Acts]:
    """The right to import into the store of a site and to correct what is in it, while it lasts. Raises StoreError."""
    store = os.fspath(chosen or named_by_site)
    if not is_server(store):
        with acts_on(store_folder(site_id, named_by_site, chosen).absolute()) as acts:
            yield acts
        return
    from energy_console.historian.postgres.acts import acts_at
    from energy_console.historian.postgres.server import Place

    with acts_at(Place(with_password(store), site_id)) as server_acts:
        yield server_acts


def outbox_folder(site_id: str, share: Share = WHOLE) -> Path:
    """Where an engine keeps what its server has not taken yet: beside the folder that a store of its own would be."""
    usual = default_store(site_id)
    return usual.with_name(f"{usual.name}-outbox") / share.name


def deliver_what_waits(site_id: str, named_by_site: str, chosen: Store) -> list[str]:
    """Brings what engines of the site have left in outboxes of this machine to its server, and says so.

    For a machine whose engine may not run any more, since another has taken its area over. Raises StoreError.
    """
    store = os.fspath(chosen or named_by_site)
    notices: list[str] = []
    if is_server(store):
        from energy_console.historian.postgres.leftovers import deliver_leftovers

        deliver_leftovers(place_on_server(site_id, store), outbox_folder(site_id).parent, notices)
    return notices


def place_on_server(site_id: str, store: str) -> Place:
    """Where a site lies on the server at `postgresql://...`."""
    from energy_console.historian.postgres.server import Place

    return Place(store, site_id, with_password)


def store_folder(site_id: str, named_by_site: str, chosen: Store) -> Path:
    """The store's folder; with a server, where this machine keeps what is its own (counters of virtual devices)."""
    store = os.fspath(chosen or named_by_site)
    return default_store(site_id, None if is_server(store) else store or None)


def with_password(url: str) -> str:
    """`url` with the password kept in the system's keyring under its user, host and database, where it is there.

    One in the url or in PGPASSWORD goes before; a password file of the server's own client is read by the driver.
    """
    parts = urlsplit(url)
    if parts.password or not parts.username or os.environ.get("PGPASSWORD"):
        return url
    import keyring  # only where a server is named: looking for the system's keyring takes a while

    try:
        found = keyring.get_password(KEYRING_SERVICE, f"{parts.username}@{parts.hostname}{parts.path}")
    except keyring.errors.KeyringError:  # there is none on this machine: the server decides
        return url
    if not found:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(parts.username)}:{quote(found, safe='')}@{host}"))
