"""The right to write for one area of a site: held by one connection, gone with it."""

from __future__ import annotations

import os
import socket
import time

from energy_console.historian.errors import StoreBusy
from energy_console.historian.postgres.server import Connection, Place, connect, migrate, server_faults


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
    name = f"{place.schema}/{area}"
    row = connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (name,)).fetchone()
    if row != (True,):
        holder = connection.execute("select holder from engine where area = %s", (area,)).fetchone()
        raise StoreBusy(place.told, str(holder[0]) if holder else "another process")
    connection.execute(
        "insert into engine(area, holder) values (%s, %s) on conflict (area) do update set holder = excluded.holder",
        (area, _myself()),
    )


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}"
