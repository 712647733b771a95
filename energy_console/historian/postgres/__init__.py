"""The store on a PostgreSQL server, for many desks and several engines. See docs/store.md."""

from __future__ import annotations

from pathlib import Path

from energy_console.historian.postgres.engine_side import PostgresEngine
from energy_console.historian.postgres.server import Place
from energy_console.historian.postgres.store import PostgresReader
from energy_console.historian.share import WHOLE, Share

__all__ = ["PostgresEngine", "PostgresReader", "engine_of", "reader_of"]


def engine_of(url: str, site_id: str, folder: Path, share: Share = WHOLE) -> PostgresEngine:
    """Opens the store of a site at `postgresql://...` as the one engine of `share`, which keeps what waits in `folder`.

    Works while the server is away, too. Raises StoreError.
    """
    return PostgresEngine(Place(url, site_id), share, folder)


def reader_of(url: str, site_id: str) -> PostgresReader:
    """Opens the store of a site at `postgresql://...` for reading, state and orders. Raises StoreError."""
    return PostgresReader(Place(url, site_id))
