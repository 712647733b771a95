"""What site.toml says of the store: where readings are kept, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from energy_console.site.section import Section

KEPT_KINDS = ("readings", "tenseconds", "minutes", "quarters", "hours", "days")
"""Readings and the store's tiers, finest first."""

GAPLESS = ("readings", "quarters", "hours", "days")
"""Each holds every point, so each outlives the one before; the other two are kept as long as one likes."""


def store_of(top: Section) -> str:
    """A folder, or the address of a PostgreSQL database; empty for the usual folder."""
    store = top.text("store", "")
    if "://" not in store:
        return store
    parts = urlsplit(store)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        top.fault("store", f"store {store} is no database", "write postgresql://USER@HOST/DATABASE, or a folder")
    elif parts.password:
        top.fault("store", "store holds a password", "keep it in the keyring or in PGPASSWORD, and write USER@HOST")
    return store


def keep_days_of(top: Section) -> Mapping[str, float]:
    """Days that readings and tiers are kept, of the table [keep_days]; what it does not name stays for ever."""
    if "keep_days" not in top.data or (section := top.section("keep_days")) is None:
        return {}
    section.only(*KEPT_KINDS)
    days = {kind: section.number(kind, low=1, high=100_000) for kind in KEPT_KINDS if kind in section.data}
    known = [kind for kind in GAPLESS if kind in days]
    for kind in known:
        later = GAPLESS[GAPLESS.index(kind) + 1 :]
        shorter = next((other for other in later if days.get(other, days[kind]) < days[kind]), None)
        if shorter:
            section.fault(
                shorter, f"{shorter} are kept shorter than {kind}", f"keep them {days[kind]:g} days or longer"
            )
            break
    return days
