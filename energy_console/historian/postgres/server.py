"""One PostgreSQL database: connected, its faults turned into the store's own errors, its schema migrated forward."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import PoolTimeout

from energy_console.historian.errors import (
    StoreAddress,
    StoreAway,
    StoreError,
    StoreForeign,
    StoreFull,
    StoreNoRight,
    StoreRefused,
    StoreTooNew,
    StoreTooOld,
)
from energy_console.historian.postgres.refusals import check_version, why_not_connected
from energy_console.historian.postgres.schema import MARK, STEPS

Connection = psycopg.Connection[tuple[Any, ...]]
CONNECT_S = 5
LINE: dict[str, Any] = {
    "application_name": "energy-console",
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""How every connection is made: one whose other end is gone without a word is noticed within some seconds."""
MIGRATION_LOCK = 0x45435047  # "ECPG"


@dataclass(frozen=True, slots=True)
class Place:
    """A database and the schema in it that one site has for itself. `unlock`: the address with its password."""

    url: str
    schema: str
    unlock: Callable[[str], str] = str

    def conninfo(self) -> str:
        """What the driver is given, asked anew for each connection: a password may have been changed meanwhile.

        Of several hosts the one that takes writes is meant, unless the address says otherwise.
        """
        url = self.unlock(self.url)
        if "," in urlsplit(url).netloc and "target_session_attrs" not in url:
            url = f"{url}{'&' if '?' in url else '?'}target_session_attrs=read-write"
        return url

    @property
    def told(self) -> str:
        """Where it is, as a person may read it: no password."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(("postgresql", host, f"{parts.path}/{self.schema}", "", ""))


@contextlib.contextmanager
def server_faults(place: Place) -> Iterator[None]:
    """Turns the driver's errors into StoreError, the cause kept."""
    try:
        yield
    except StoreError:
        raise
    except psycopg.errors.InsufficientPrivilege as fault:
        raise StoreNoRight(place.told, _first_line(fault)) from fault
    except psycopg.errors.DiskFull as fault:
        raise StoreFull(place.told) from fault
    except PoolTimeout as fault:
        raise StoreAway(place.told, "no connection in time") from fault
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction) as fault:
        raise StoreAway(place.told, _first_line(fault) or "connection lost") from fault
    except psycopg.Error as fault:
        raise StoreRefused(place.told, _first_line(fault)) from fault


def _first_line(fault: psycopg.Error) -> str:
    return str(fault).partition("\n")[0]


def connect(place: Place, *, autocommit: bool = True) -> Connection:
    """A connection with the site's schema as its search path. Raises StoreAway, StoreShut, StoreAddress."""
    try:
        conninfo_to_dict(place.conninfo())
    except psycopg.ProgrammingError as fault:
        raise StoreAddress(place.told, str(fault).splitlines()[0]) from fault
    try:
        connection: Connection = psycopg.connect(place.conninfo(), autocommit=autocommit, **LINE)
    except psycopg.OperationalError as fault:
        raise why_not_connected(place.told, place.url, fault) from fault
    try:
        check_version(place.told, connection.info.server_version)
        with server_faults(place):
            prepare(connection, place)
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(connection: Connection, place: Place) -> None:
    """Durable commits, UTC, and the names of this site first."""
    connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(place.schema)))
    connection.execute("set timezone to 'UTC'")
    connection.execute("set synchronous_commit to on")


def migrate(connection: Connection, place: Place) -> None:
    """Makes the site's schema, or leads it forward. Raises StoreForeign, StoreTooNew."""
    with server_faults(place), connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        version = _version(connection, place)
        if version == 0:
            connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(place.schema)))
        for step in STEPS[version:]:
            connection.execute(step)
        if version < len(STEPS):
            connection.execute("delete from store")
            connection.execute("insert into store values (%s, %s)", (MARK, len(STEPS)))


def check(connection: Connection, place: Place) -> bool:
    """Whether the site's schema is there. Raises StoreForeign, StoreTooNew, StoreTooOld."""
    with server_faults(place):
        version = _version(connection, place)
    if 0 < version < len(STEPS):
        raise StoreTooOld(place.told, version, len(STEPS))
    return version > 0


def _version(connection: Connection, place: Place) -> int:
    tables = connection.execute(
        "select table_name from information_schema.tables where table_schema = %s", (place.schema,)
    ).fetchall()
    if not tables:
        return 0
    if ("store",) not in tables:
        raise StoreForeign(place.told)
    row = connection.execute("select mark, version from store").fetchone()
    if row is None or row[0] != MARK:
        raise StoreForeign(place.told)
    version = int(row[1])
    if version > len(STEPS):
        raise StoreTooNew(place.told, version, len(STEPS))
    return version
