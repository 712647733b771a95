"""Days that are over: rewritten sorted by point and time under a small block index, their tiers gathered.

One engine at a time does it, beside the running day. A day is copied, and put in place of the old one in a moment;
readings that came into it meanwhile send it back to the next round.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

from energy_console.historian.postgres.copying import DAY_MS, attach, partition_name
from energy_console.historian.postgres.gathering import gather_days
from energy_console.historian.postgres.letting_go import let_go
from energy_console.historian.postgres.server import Connection

GRACE_MS = 3 * 3_600_000  # late readings of a day come within this, as a rule
PAGES_PER_RANGE = 8
WAIT_FOR_READERS = "3s"


def tidy(connection: Connection, keep_days: Mapping[str, float], now_ms: int) -> list[str]:
    """Sorts and gathers the days that are over, removes what need not be kept; says what went.

    Raises what the driver raises.
    """
    row = connection.execute("select pg_try_advisory_lock(hashtextextended(current_schema(), 4))").fetchone()
    if row != (True,):  # another engine does
        return []
    try:
        days = connection.execute(
            "select start_ms, written from day where not sorted and start_ms <= %s order by start_ms",
            (now_ms - DAY_MS - GRACE_MS,),
        ).fetchall()
        for start_ms, written in days:
            _sort(connection, int(start_ms), int(written))
        gather_days(connection, now_ms - GRACE_MS)
        return let_go(connection, keep_days, now_ms)
    finally:
        connection.execute("select pg_advisory_unlock(hashtextextended(current_schema(), 4))")


def _sort(connection: Connection, start_ms: int, written: int) -> bool:
    """False where the day was written to meanwhile, or readers held it too long: it is done another time."""
    try:
        with connection.transaction():
            copy = _copied(connection, start_ms)
            connection.execute(sql.SQL("set local lock_timeout = {}").format(WAIT_FOR_READERS))
            connection.execute("select pg_advisory_xact_lock(hashtextextended(current_schema(), 1))")  # no writer now
            row = connection.execute("select written from day where start_ms = %s", (start_ms,)).fetchone()
            if row != (written,):
                raise psycopg.Rollback
            _swap(connection, start_ms, copy)
            connection.execute("update day set sorted = true where start_ms = %s", (start_ms,))
            return True
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        pass
    return False


def _copied(connection: Connection, start_ms: int) -> str:
    day = partition_name("reading", start_ms)
    copy = f"{day}_sorted"
    names = {"day": sql.Identifier(day), "copy": sql.Identifier(copy)}
    span = {"start": sql.Literal(start_ms), "end": sql.Literal(start_ms + DAY_MS)}
    for order in (
        "create table {copy} (like reading, constraint own_day check (ms >= {start} and ms < {end}))",
        "insert into {copy} select * from {day} order by point, ms, batch, ctid",
        f"create index on {{copy}} using brin (point, ms) with (pages_per_range = {PAGES_PER_RANGE})",
        "analyze {copy}",
    ):
        connection.execute(sql.SQL(order).format(**names, **span))
    return copy


def _swap(connection: Connection, start_ms: int, copy: str) -> None:
    day = partition_name("reading", start_ms)
    names = {"day": sql.Identifier(day), "copy": sql.Identifier(copy)}
    connection.execute(sql.SQL("alter table reading detach partition {day}").format(**names))
    connection.execute(sql.SQL("drop table {day}").format(**names))
    connection.execute(sql.SQL("alter table {copy} rename to {day}").format(**names))
    attach(connection, "reading", day, start_ms, start_ms + DAY_MS)  # not read through again: the check tells
