"""Questions about one point over all there is of it in the tables: readings, tiers, imports and corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from energy_console.historian.acts import Mask
from energy_console.historian.columns import Columns, in_time_order
from energy_console.historian.layers import MEASURED, Layers, layers_of, seen, seen_cells
from energy_console.historian.newest import Newest
from energy_console.historian.postgres.copying import fetch_columns
from energy_console.historian.postgres.gathering import tiers_from
from energy_console.historian.postgres.rollup import FINEST, cells_from_columns, sealed_cells
from energy_console.historian.postgres.schema import ALWAYS_MS
from energy_console.historian.postgres.server import Connection
from energy_console.historian.renaming import names_of, scaled, scaled_cells
from energy_console.historian.rolling import cells_from, joined_before, reach, settled
from energy_console.historian.tiers import Cells, in_order
from energy_console.historian.zoom import READINGS, TIERS_MS, Grid, Kept

NEVER_MS = 2**53
_ORDER = "order by ms, batch, reading.ctid"  # of one batch and moment: as the rows were written
_OF_LAYER = {
    True: "act.kind = 'correction' and act.number = %s",
    False: "act.kind = 'import' and 0 = %s",
}
"""Rows of acts in a layer: those of one correction, or of every import."""


@dataclass(frozen=True, slots=True)
class PointView:
    """Where one point is kept, at the moment of its connection."""

    keys: tuple[tuple[int, float], ...]  # of the point itself and of older names, with the factor to its unit
    layers: Layers

    @property
    def original(self) -> PointView:
        """The same without any correction."""
        return replace(self, layers=layers_of(()))


def view_of(connection: Connection, point: str, keys: Mapping[str, int]) -> PointView:
    """`keys`: of every point that may be asked for, older names included."""
    rows = connection.execute("select old, point, factor from renamed").fetchall()
    names = names_of(point, {str(old): (str(new), float(factor)) for old, new, factor in rows})
    known = tuple((keys.get(name.kept_as, -1), name.factor) for name in names)
    return PointView(known, layers_of(masks_of(connection, [key for key, _ in known])))


def masks_of(connection: Connection, keys: Sequence[int]) -> list[Mask]:
    """What corrections replace of these points."""
    rows = connection.execute(
        "select act.number, start_ms, end_ms from act_mask join act on act.id = act where point = any(%s) "
        "order by act.number",
        (list(keys),),
    ).fetchall()
    return [Mask(int(number), "", int(start), int(end)) for number, start, end in rows]


def readings_of(connection: Connection, view: PointView, start_ms: int, end_ms: int) -> Columns:
    """Readings with start <= time < end as they are seen, in time order; those of one time in the order they came."""
    own = [scaled(_rows(connection, key, start_ms, end_ms), factor) for key, factor in view.keys]
    parts = {MEASURED: _joined([*own, *_acted(connection, view, MEASURED, start_ms, end_ms)])}
    for number in view.layers.corrections(start_ms, end_ms):
        parts[number] = _joined(_acted(connection, view, number, start_ms, end_ms))
    return seen(view.layers, parts)


def _rows(connection: Connection, key: int, start_ms: int, end_ms: int) -> Columns:
    question = f"select ms, value, status from reading where point = %s and ms >= %s and ms < %s {_ORDER}"
    return _columns(connection, question, (key, start_ms, end_ms))


def _acted(connection: Connection, view: PointView, layer: int, start_ms: int, end_ms: int) -> list[Columns]:
    question = (
        "select ms, value, status from act_reading join act on act.id = act "
        f"where point = %s and ms >= %s and ms < %s and {_OF_LAYER[layer != MEASURED]} order by ms, act"
    )
    return [scaled(_columns(connection, question, (key, start_ms, end_ms, layer)), factor) for key, factor in view.keys]


def _joined(parts: Sequence[Columns]) -> Columns:
    if len(parts) == 1:
        return parts[0]
    return Columns(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("key", "time_ms", "value", "status"))
    )


def last_readings(connection: Connection, points: Mapping[str, int], start_ms: int, end_ms: int) -> Newest:
    """The last reading of each point with start <= time < end, in the order of `points` (id -> key)."""
    rows = connection.execute(
        "select asked.place, last.ms, last.value, last.status "
        "from unnest(%s::integer[]) with ordinality as asked(key, place) cross join lateral "
        "(select ms, value, status from reading where point = asked.key and ms >= %s and ms < %s "
        "order by ms desc, batch desc limit 1) as last",
        (list(points.values()), start_ms, end_ms),
    ).fetchall()
    found = Newest.nothing(len(points))
    for place, ms, value, status in rows:
        row = int(place) - 1
        found.time_ms[row], found.value[row], found.status[row] = ms, value, status
    special = {str(row[0]) for row in connection.execute(_SPECIAL, (list(points.values()),)).fetchall()}
    for row, point in enumerate(points):
        if point in special:
            view = view_of(connection, point, _keys(connection))
            found = found.replaced(row, readings_of(connection, view, start_ms, end_ms))
    return found


_SPECIAL = (
    "select id from point where key = any(%s) and (exists (select 1 from act_reading where point = point.key) "
    "or exists (select 1 from renamed where renamed.point = point.id))"
)
"""Points with an import, a correction or an older name."""


def _keys(connection: Connection) -> dict[str, int]:
    return {str(name): int(key) for name, key in connection.execute("select id, key from point").fetchall()}


def cells_in(connection: Connection, view: PointView, grid: Grid) -> tuple[Grid, Cells]:
    """Cells of one point in order: rolled up ones, and those of readings that are not; and the grid with their tier."""
    start_ms, end_ms = reach(grid)
    grid = _answerable(connection, grid, start_ms)

    def readings(first_ms: int, last_ms: int) -> Columns:
        return readings_of(connection, view, first_ms, last_ms)

    if grid.tier is None:
        return grid, cells_from(readings(start_ms, end_ms), grid)
    base_ms = tiers_from(connection)[READINGS]
    measured = in_order(_measured_cells(connection, view, grid, (start_ms, end_ms)))
    parts = {MEASURED: joined_before(measured, base_ms, grid.step_ms)}
    if view.layers.is_plain:
        return grid, settled(parts[MEASURED], grid, readings)
    for number in view.layers.corrections(start_ms, end_ms):
        parts[number] = Cells.join(_acted_cells(connection, view, number, grid, (start_ms, end_ms)))
    return grid, seen_cells(view.layers, grid, parts, (start_ms, end_ms), readings)


def _measured_cells(connection: Connection, view: PointView, grid: Grid, window: tuple[int, int]) -> Cells:
    assert grid.tier is not None
    cells = _acted_cells(connection, view, MEASURED, grid, window)
    for key, factor in view.keys:
        cells.append(scaled_cells(sealed_cells(connection, grid.tier, key, *window), factor))
        rest = [_unsealed(connection, key, *window)]
        if grid.tier == FINEST:
            rest.insert(0, _left_out(connection, key, *window))
        cells.append(cells_from(scaled(in_time_order(rest), factor), grid))
    return Cells.join(cells)


def _acted_cells(
    connection: Connection, view: PointView, layer: int, grid: Grid, window: tuple[int, int]
) -> list[Cells]:
    source = "act_cell join act on act.id = act"
    condition = f"step_ms = %s and {_OF_LAYER[layer != MEASURED]}"
    found = []
    for key, factor in view.keys:
        values = (key, *window, grid.step_ms, layer)
        found.append(scaled_cells(cells_from_columns(connection, source, condition, values), factor))
    return found


def _answerable(connection: Connection, grid: Grid, start_ms: int) -> Grid:
    """The same spans, from a finer tier where the one wanted does not reach back so far."""
    late = {str(name) for (name,) in connection.execute("select name from tier where from_ms > %s", (start_ms,))}
    tiers = [*reversed(TIERS_MS), None]
    finer = tiers[tiers.index(grid.tier) :]
    tier = next((tier for tier in finer if (tier or READINGS) not in late), grid.tier)
    return grid if tier == grid.tier else replace(grid, tier=tier, step_ms=TIERS_MS[tier] if tier else grid.width_ms)


def fitting_view(connection: Connection, view: PointView, fitting: Callable[[Kept], Grid]) -> Grid:
    """The grid for a point, given what is still kept: without the finest tier where that leaves the point out."""
    kept = tiers_from(connection)
    grid, base_ms = fitting(kept), kept[READINGS]
    if grid.tier == FINEST and grid.start_ms < base_ms and _leaves_out(connection, view, grid, base_ms):
        return fitting({**kept, FINEST: NEVER_MS})
    return grid


def _leaves_out(connection: Connection, view: PointView, grid: Grid, base_ms: int) -> bool:
    """Whether the finest tier has not all of a point from before `base_ms`, where no readings stand in for it."""
    width_ms = TIERS_MS["quarters"]
    window = grid.start_ms // width_ms * width_ms, min(-(-grid.end_ms // width_ms) * width_ms, base_ms)
    fine, wide = (
        sum(int(sealed_cells(connection, tier, key, *window).count.sum()) for key, _ in view.keys)
        for tier in (FINEST, "quarters")
    )
    return fine < wide


def _left_out(connection: Connection, key: int, start_ms: int, end_ms: int) -> Columns:
    """Rolled up readings of one point that the finest tier leaves out."""
    question = (
        "select ms, value, status from reading join without_tenseconds as without "
        "on without.point = reading.point and batch between without.first and without.last "
        "and not exists (select 1 from apart where apart.batch = reading.batch) "
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


def span_of(connection: Connection, view: PointView) -> tuple[int, int] | None:
    """First and last time of what was read, imported or put there by a correction."""
    keys = [key for key, _ in view.keys]
    found = [_measured_span(connection, key) for key in keys]
    row = connection.execute("select min(ms), max(ms) from act_reading where point = any(%s)", (keys,)).fetchone()
    if row is not None and row[0] is not None:
        found.append((int(row[0]), int(row[1])))
    known = [span for span in found if span is not None]
    return (min(span[0] for span in known), max(span[1] for span in known)) if known else None


def _measured_span(connection: Connection, key: int) -> tuple[int, int] | None:
    """First and last time of what engines wrote: cells of the coarsest tier tell in which of them to look."""
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


def _columns(connection: Connection, question: str, values: Sequence[int]) -> Columns:
    ms, value, status = fetch_columns(connection, question, values, ("i8", "f8", "i4"))
    return Columns(np.zeros(len(ms), np.int32), ms, value, status.astype(np.uint16))


def has_readings(connection: Connection, key: int) -> bool:
    row = connection.execute("select exists (select 1 from reading where point = %s)", (key,)).fetchone()
    return row == (True,)
