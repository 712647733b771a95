"""The right to write for areas of a site: held by one connection, gone with it. Who has the whole has it alone.

One of several engines leads: it plans, and speaks for areas whose engine is away. That is a right of the same kind.
"""

from __future__ import annotations

import os
import socket
import time

from energy_console.historian.errors import StoreBusy
from energy_console.historian.postgres.server import Connection, Place, connect, migrate, server_faults
from energy_console.historian.share import EnginePresence, Share


def become_engine(place: Place, share: Share) -> Connection:
    """The writing connection of a share, the schema made or led forward. Raises StoreBusy and what `connect` raises."""
    connection = connect(place)
    try:
        migrate(connection, place)
        with server_faults(place):
            _take_right(connection, place, share)
    except BaseException:
        connection.close()
        raise
    return connection


def _take_right(connection: Connection, place: Place, share: Share) -> None:
    whole = "pg_try_advisory_lock" if share.is_whole else "pg_try_advisory_lock_shared"
    if not _is_granted(connection, whole, 3, place.schema):
        raise StoreBusy(place.told, _holder(connection, share.held[0]))
    for area in sorted(share.held):
        if not _is_granted(connection, "pg_try_advisory_lock", 0, f"{place.schema}/{area}"):
            raise StoreBusy(place.told, _holder(connection, area))
    for area in share.held:
        connection.execute(
            "insert into engine(area, holder, seen) values (%s, %s, clock_timestamp()) on conflict (area) "
            "do update set holder = excluded.holder, seen = excluded.seen",
            (area, _myself()),
        )


def take_lead(connection: Connection, place: Place) -> bool:
    """Whether this connection leads the engines of the site from now on; asked again and again by those that do not."""
    return _is_granted(connection, "pg_try_advisory_lock", 5, place.schema)


def say_here(connection: Connection, share: Share) -> None:
    connection.execute("update engine set seen = clock_timestamp() where area = any(%s)", (list(share.held),))


def say_gone(connection: Connection, share: Share) -> None:
    """Its areas are free at once: nobody has to wait whether it is only slow."""
    connection.execute("update engine set seen = null where area = any(%s)", (list(share.held),))


def presences(connection: Connection) -> list[EnginePresence]:
    """All engines there ever were, each area's last one."""
    rows = connection.execute(
        "select area, holder, coalesce(extract(epoch from clock_timestamp() - seen), 'infinity')::float8 from engine"
    ).fetchall()
    return [EnginePresence(str(area), str(holder), float(silent_s)) for area, holder, silent_s in rows]


def _is_granted(connection: Connection, function: str, kind: int, name: str) -> bool:
    row = connection.execute(f"select {function}(hashtextextended(%s, {kind}))".encode(), (name,)).fetchone()
    return row == (True,)


def _holder(connection: Connection, area: str) -> str:
    """Who writes, as far as it is told: for this area, else for another that was there last."""
    row = connection.execute(
        "select holder from engine order by area = %s desc, seen desc nulls last limit 1", (area,)
    ).fetchone()
    return str(row[0]) if row else "another process"


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}"
