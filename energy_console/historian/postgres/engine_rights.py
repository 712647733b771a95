"""The right to write for one area of a site: held by one connection, gone with it. Who has the whole has it alone."""

from __future__ import annotations

import os
import socket
import time

from energy_console.historian.errors import StoreBusy
from energy_console.historian.postgres.server import Connection, Place, connect, migrate, server_faults

WHOLE_SITE = "site"


def become_engine(place: Place, area: str) -> Connection:
    """The writing connection of an area, the schema made or led forward. Raises StoreBusy and what `connect` raises."""
    connection = connect(place)
    try:
        migrate(connection, place)
        with server_faults(place):
            _take_right(connection, place, area)
    except BaseException:
        connection.close()
        raise
    return connection


def _take_right(connection: Connection, place: Place, area: str) -> None:
    whole = "pg_try_advisory_lock" if area == WHOLE_SITE else "pg_try_advisory_lock_shared"
    row = connection.execute(
        f"select {whole}(hashtextextended(%s, 3)) and pg_try_advisory_lock(hashtextextended(%s, 0))".encode(),
        (place.schema, f"{place.schema}/{area}"),
    ).fetchone()
    if row != (True,):
        raise StoreBusy(place.told, _holder(connection, area))
    connection.execute(
        "insert into engine(area, holder) values (%s, %s) on conflict (area) do update set holder = excluded.holder",
        (area, _myself()),
    )


def _holder(connection: Connection, area: str) -> str:
    """Who writes, as far as it is told: for this area, else for another."""
    row = connection.execute("select holder from engine order by area = %s desc limit 1", (area,)).fetchone()
    return str(row[0]) if row else "another process"


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}"
