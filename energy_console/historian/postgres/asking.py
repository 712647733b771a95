"""Questions to the tables of readings and tiers, of one point each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from energy_console.historian.columns import Columns, in_time_order
from energy_console.historian.newest import Newest
from energy_console.historian.postgres.copying import fetch_columns
from energy_console.historian.postgres.rollup import FINEST, sealed_cells
from energy_console.historian.postgres.schema import ALWAYS_MS
from energy_console.historian.postgres.server import Connection
from energy_console.historian.rolling import cells_from, reach, settled
from energy_console.historian.tiers import Cells, in_order
from energy_console.historian.zoom import TIERS_MS, Grid

_ORDER = "order by ms, batch, reading.ctid"  # of one batch and moment: as the rows were written


def readings_of(connection: Connection, key: int, start_ms: int, end_ms: int) -> Columns:
    """Readings of one point with start <= time < end, those of one time in the order they came."""
    question = f"select ms, value, status from reading where point = %s and ms >= %s and ms < %s {_ORDER}"
    return _columns(connection, question, (key, start_ms, end_ms))


def last_readings(connection: Connection, keys: list[int], start_ms: int, end_ms: int) -> Newest:
    """The last reading of each key with start <= time < end, in the order asked."""
    rows = connection.execute(
        "select asked.place, last.ms, last.value, last.status "
        "from unnest(%s::integer[]) with ordinality as asked(key, place) cross join lateral "
        "(select ms, value, status from reading where point = asked.key and ms >= %s and ms < %s "
        "order by ms desc, batch desc limit 1) as last",
        (keys, start_ms, end_ms),
    ).fetchall()
    found = Newest.nothing(len(keys))
    for place, ms, value, status in rows:
        row = int(place) - 1
        found.time_ms[row], found.value[row], found.status[row] = ms, value, status
    return found


def cells_in(connection: Connection, key: int, grid: Grid) -> tuple[Grid, Cells]:
    """Cells of one point in order: rolled up ones, and those of readings that are not; and the grid with their tier."""
    start_ms, end_ms = reach(grid)
    grid = _answerable(connection, grid, start_ms)
    if grid.tier is None:
        return grid, cells_from(readings_of(connection, key, start_ms, end_ms), grid)
    sealed = sealed_cells(connection, grid.tier, key, start_ms, end_ms)
    rest = [_unsealed(connection, key, start_ms, end_ms)]
    if grid.tier == FINEST:
        rest.insert(0, _left_out(connection, key, start_ms, end_ms))
    cells = in_order(Cells.join([sealed, cells_from(in_time_order(rest), grid)]))
    return grid, settled(cells, grid, lambda start, end: readings_of(connection, key, start, end))


def _answerable(connection: Connection, grid: Grid, start_ms: int) -> Grid:
    """The same spans, from a finer tier where the one wanted does not reach back so far."""
    late = {str(name) for (name,) in connection.execute("select name from tier where from_ms > %s", (start_ms,))}
    tiers = [*reversed(TIERS_MS), None]
    tier = next(tier for tier in tiers[tiers.index(grid.tier) :] if tier not in late)
    return grid if tier == grid.tier else replace(grid, tier=tier, step_ms=TIERS_MS[tier] if tier else grid.width_ms)


def _left_out(connection: Connection, key: int, start_ms: int, end_ms: int) -> Columns:
    """Rolled up readings of one point that the finest tier leaves out."""
    question = (
        "select ms, value, status from reading join without_tenseconds as without "
        "on without.point = reading.point and batch between without.first and without.last "
        f"where reading.point = %s and ms >= %s and ms < %s {_ORDER}"
    )
    return _columns(connection, question, (key, start_ms, end_ms))


def _unsealed(connection: Connection, key: int, start_ms: int, end_ms: int) -> Columns:
    """Readings of one point that no tier holds yet."""
    waiting = connection.execute(
        "select min(first_ms), max(last_ms) from batch join engine using (area) where sequence > sealed"
    ).fetchone()
    if waiting is None or waiting[0] is None:
        return Columns(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint16))
    first_ms, last_ms = max(start_ms, int(waiting[0])), min(end_ms, int(waiting[1]) + 1)
    question = (
        "select ms, value, reading.status from reading join batch on batch.sequence = reading.batch "
        f"join engine using (area) where sequence > sealed and point = %s and ms >= %s and ms < %s {_ORDER}"
    )
    return _columns(connection, question, (key, first_ms, last_ms))


def span_of(connection: Connection, key: int) -> tuple[int, int] | None:
    """First and last time of a point: cells of the coarsest tier tell in which of them to look."""
    late = {str(name) for (name,) in connection.execute("select name from tier where from_ms > %s", (ALWAYS_MS,))}
    tier = next(name for name in reversed(TIERS_MS) if name not in late)
    width_ms = TIERS_MS[tier]
    cells = connection.execute(
        f"select min(ms), max(ms) from {tier} where point = %s".encode(),
        (key,),  # named by us, not by a caller
    ).fetchone()
    waiting = connection.execute(
        "select min(first_ms), max(last_ms) from batch join engine using (area) where sequence > sealed"
    ).fetchone()
    assert cells is not None
    assert waiting is not None
    windows = [(start, start + width_ms) for start in cells if start is not None]
    if waiting[0] is not None:
        windows.append((waiting[0], waiting[1] + 1))
    ends: list[int] = [int(start) for start in cells if start is not None]  # where the readings themselves are gone
    exact: list[int] = []
    for start_ms, end_ms in windows:
        row = connection.execute(
            "select min(ms), max(ms) from reading where point = %s and ms >= %s and ms < %s", (key, start_ms, end_ms)
        ).fetchone()
        exact += [int(ms) for ms in row or () if ms is not None]
    if not exact and not ends:
        return None
    first = min(exact, default=ends[0] if ends else 0)
    gone = ends and ends[0] + width_ms <= first  # only the tiers reach so far back
    return (ends[0] if gone else first), max(exact, default=max(ends, default=0))


def _columns(connection: Connection, question: str, values: tuple[int, int, int]) -> Columns:
    ms, value, status = fetch_columns(connection, question, values, ("i8", "f8", "i4"))
    return Columns(np.zeros(len(ms), np.int32), ms, value, status.astype(np.uint16))
