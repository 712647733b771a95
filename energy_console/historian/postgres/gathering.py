"""Tiers of days that are over: one row a cell, worked out anew from all readings of the day.

An engine rolls up every few minutes, and each time leaves rows of its own for the cells it touched: a day's cell comes
in hundreds of them. Once a day is over they become one, and what late readings had left in parts is settled. Tiers that
a schema of an earlier version had not are led back in the same way, a day at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import psycopg
from psycopg import sql

from energy_console.historian.columns import Columns
from energy_console.historian.postgres.copying import DAY_MS, copy_columns, fetch_columns, make_partitions
from energy_console.historian.postgres.rollup import FINEST, TIER_DAYS, cell_columns, cells_of_all, write_cells
from energy_console.historian.postgres.schema import ALWAYS_MS
from energy_console.historian.postgres.server import Connection
from energy_console.historian.rolling import all_tiers, joined_before
from energy_console.historian.tiers import cells_of, coarsened
from energy_console.historian.zoom import READINGS, TIERS_MS
from hardware.points import BoolArray

GATHERED = ("quarters", "hours", "days")
"""Tiers that are gathered as soon as a day is over; in the finer ones few rows are double."""

MOST_READINGS = 1_000_000  # in memory at once, but for one point's day
WAIT_FOR_OTHERS = "3s"


def tiers_from(connection: Connection) -> dict[str, int]:
    """Kinds (readings and tiers) -> ms from which on each answers."""
    return {str(name): int(ms) for name, ms in connection.execute("select name, from_ms from tier").fetchall()}


def gather_days(connection: Connection, before_ms: int) -> int:
    """Gathers the days that end before `before_ms` and were written to since it was done last; returns how many."""
    base_ms = tiers_from(connection).get(READINGS, ALWAYS_MS)
    days = connection.execute(
        "select start_ms from day where gathered <> written and start_ms >= %s and start_ms <= %s "
        "order by start_ms desc",
        (base_ms, before_ms - DAY_MS),
    ).fetchall()
    done = sum(gather(connection, int(start_ms), GATHERED) for (start_ms,) in days)
    _lead_back(connection)
    return done


def gather(connection: Connection, start_ms: int, tiers: Sequence[str]) -> bool:
    """One row a cell of one day, of which all readings must be there; False where the day is being written to."""
    try:
        with connection.transaction():
            written = _settled_at(connection, start_ms)
            if written is None:
                return False
            for tier in tiers:
                names = {"fresh": sql.Identifier(f"fresh_{tier}"), "tier": sql.Identifier(tier)}
                connection.execute(sql.SQL("create temp table {fresh} (like {tier}) on commit drop").format(**names))
            for columns, left_out in _readings(connection, start_ms, FINEST in tiers):
                _write_fresh(connection, columns, left_out, tiers)
            connection.execute(sql.SQL("set local lock_timeout = {}").format(WAIT_FOR_OTHERS))
            connection.execute("select pg_advisory_xact_lock(hashtextextended(current_schema(), 1))")  # no writer now
            if _settled_at(connection, start_ms) != written:
                raise psycopg.Rollback
            for tier in tiers:
                _exchange(connection, tier, start_ms)
            connection.execute("update day set gathered = written where start_ms = %s", (start_ms,))
            return True
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        pass
    return False


def _settled_at(connection: Connection, start_ms: int) -> int | None:
    """The number of the last batch that wrote to a day; None while one of it is not rolled up."""
    row = connection.execute(
        "select written from day where start_ms = %(start)s and not exists ("
        "select 1 from batch join engine using (area) "
        "where sequence > sealed and first_ms < %(start)s + %(day)s and last_ms >= %(start)s)",
        {"start": start_ms, "day": DAY_MS},
    ).fetchone()
    return None if row is None else int(row[0])


def _readings(connection: Connection, start_ms: int, finest: bool) -> Iterator[tuple[Columns, BoolArray]]:
    """Readings of a day, some whole points at a time; and which of them the finest tier leaves out."""
    window = (start_ms, start_ms + DAY_MS)
    counts = connection.execute(
        "select point, count(*) from reading where ms >= %s and ms < %s group by point order by point", window
    ).fetchall()
    portion = np.cumsum([int(count) for _, count in counts]) // MOST_READINGS
    left_out = "exists (select 1 from without_tenseconds as without where without.point = reading.point and batch "
    left_out += "between without.first and without.last)::integer"
    question = (
        f"select point, ms, value, status, {left_out if finest else '0'} from reading "
        "where ms >= %s and ms < %s and point >= %s and point <= %s order by point, ms, batch, reading.ctid"
    )
    for number in np.unique(portion):
        inside = np.flatnonzero(portion == number)
        points = (int(counts[inside[0]][0]), int(counts[inside[-1]][0]))
        kinds = ("i4", "i8", "f8", "i4", "i4")
        key, ms, value, status, left = fetch_columns(connection, question, (*window, *points), kinds)
        yield Columns(key, ms, value, status.astype(np.uint16)), left.astype(np.bool_)


def _write_fresh(connection: Connection, columns: Columns, left_out: BoolArray, tiers: Sequence[str]) -> None:
    for tier, cells in all_tiers(columns):
        if tier not in tiers:
            continue
        if tier == FINEST:
            kept = ~left_out
            if not kept.any():
                continue
            cells = cells_of(
                columns.key[kept], columns.time_ms[kept], columns.value[kept], columns.status[kept], TIERS_MS[tier]
            )
        copy_columns(connection, f"fresh_{tier}", cell_columns(cells))


def _exchange(connection: Connection, tier: str, start_ms: int) -> None:
    names = {"fresh": sql.Identifier(f"fresh_{tier}"), "tier": sql.Identifier(tier)}
    make_partitions(connection, tier, np.array([start_ms], np.int64), TIER_DAYS)
    connection.execute(
        sql.SQL("delete from {tier} where ms >= %s and ms < %s").format(**names), (start_ms, start_ms + DAY_MS)
    )
    connection.execute(sql.SQL("insert into {tier} select * from {fresh}").format(**names))


def _lead_back(connection: Connection) -> None:
    """Moves the beginning of hours and days back over days that are gathered, or of which only quarters are left."""
    first = connection.execute("select min(ms) from quarters").fetchone()
    first_ms = None if first is None else first[0]
    while (from_ms := max(tiers_from(connection)[tier] for tier in ("hours", "days"))) > ALWAYS_MS:
        start_ms = from_ms - DAY_MS
        day = connection.execute("select gathered = written from day where start_ms = %s", (start_ms,)).fetchone()
        if day == (False,):
            return
        with connection.transaction():
            if day is None:
                _from_quarters(connection, start_ms)
            back_ms = ALWAYS_MS if first_ms is None or start_ms <= first_ms else start_ms
            connection.execute(
                "update tier set from_ms = %s where name in ('hours', 'days') and from_ms = %s", (back_ms, from_ms)
            )


def _from_quarters(connection: Connection, start_ms: int) -> None:
    """Hours and days of a day whose readings are gone."""
    quarters = cells_of_all(connection, "quarters", start_ms, start_ms + DAY_MS)
    if not len(quarters):
        return
    quarters = joined_before(quarters, start_ms + DAY_MS, TIERS_MS["quarters"])
    hours = coarsened(quarters, TIERS_MS["quarters"], TIERS_MS["hours"])
    connection.execute("delete from hours where ms >= %s and ms < %s", (start_ms, start_ms + DAY_MS))
    connection.execute("delete from days where ms >= %s and ms < %s", (start_ms, start_ms + DAY_MS))
    write_cells(connection, "hours", hours)
    write_cells(connection, "days", coarsened(hours, TIERS_MS["hours"], TIERS_MS["days"]))
