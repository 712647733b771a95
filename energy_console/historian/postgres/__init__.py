"""The store on a PostgreSQL server, for many desks and several engines. See docs/store.md."""

from __future__ import annotations

from energy_console.historian.postgres.server import Place
from energy_console.historian.postgres.store import WHOLE_SITE, PostgresHistorian

__all__ = ["WHOLE_SITE", "PostgresHistorian", "open_postgres"]


def open_postgres(url: str, site_id: str, writing: bool, area: str = WHOLE_SITE) -> PostgresHistorian:
    """Opens the store of a site at `postgresql://...`; with `writing`, becomes the one engine of `area`.

    Raises StoreError.
    """
    return PostgresHistorian(Place(url, site_id), writing, area)
