"""The store on a PostgreSQL server, for many desks and several engines. See docs/store.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from energy_console.historian.errors import StoreAway
from energy_console.historian.postgres.engine_side import PostgresEngine
from energy_console.historian.postgres.server import Place
from energy_console.historian.postgres.store import PostgresReader
from energy_console.historian.share import WHOLE, Share

__all__ = ["PostgresEngine", "PostgresReader", "engine_of", "reader_of"]


def engine_of(
    url: str, site_id: str, folder: Path, share: Share = WHOLE, unlock: Callable[[str], str] = str
) -> PostgresEngine:
    """Opens the store of a site at `postgresql://...` as the one engine of `share`, which keeps what waits in `folder`.

    Works while the server is away, too. `unlock` adds the password to the address. Raises StoreError.
    """
    return PostgresEngine(Place(url, site_id, unlock), share, folder)


def reader_of(
    url: str,
    site_id: str,
    outboxes: Path | None = None,
    unlock: Callable[[str], str] = str,
    *,
    also_away: bool = False,
) -> PostgresReader:
    """Opens the store of a site at `postgresql://...` for reading, state and orders. Raises StoreError.

    `also_away`: opens it while the server is away, too; what is asked then ends in StoreAway, or HistoryAway with what
    waits in the `outboxes` of this machine.
    """
    place = Place(url, site_id, unlock)
    try:
        return PostgresReader(place, outboxes)
    except StoreAway:
        if not also_away:
            raise
    return PostgresReader(place, outboxes, looked=True)
