"""The store on a PostgreSQL server, for many desks and several engines. See docs/store.md."""

from __future__ import annotations

from pathlib import Path

from energy_console.historian.postgres.engine_rights import WHOLE_SITE
from energy_console.historian.postgres.engine_side import PostgresEngine
from energy_console.historian.postgres.server import Place
from energy_console.historian.postgres.store import PostgresReader

__all__ = ["WHOLE_SITE", "PostgresEngine", "PostgresReader", "engine_of", "reader_of"]


def engine_of(url: str, site_id: str, folder: Path, area: str = WHOLE_SITE) -> PostgresEngine:
    """Opens the store of a site at `postgresql://...` as the one engine of `area`, which keeps what waits in `folder`.

    Works while the server is away, too. Raises StoreError.
    """
    return PostgresEngine(Place(url, site_id), area, folder)


def reader_of(url: str, site_id: str) -> PostgresReader:
    """Opens the store of a site at `postgresql://...` for reading, state and orders. Raises StoreError."""
    return PostgresReader(Place(url, site_id))
