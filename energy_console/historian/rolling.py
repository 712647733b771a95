"""Cells of one point rolled up into the spans that were asked for, whatever store they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from energy_console.historian.columns import Columns
from energy_console.historian.interface import Buckets
from energy_console.historian.tiers import HOLD_MS, HOUR_MS, Cells, cells_of, coarsened, in_order, join_cells, overtaken
from energy_console.historian.zoom import TIERS_MS, Grid
from hardware.points import Int64Array

MS = 1_000_000
Readings = Callable[[int, int], Columns]
"""Readings of one point with start_ms <= time < end_ms, in time order."""


def reach(grid: Grid) -> tuple[int, int]:
    """Window in ms of the cells a grid is joined from, and some before and after: values hold across its ends."""
    return grid.start_ms - HOLD_MS - grid.step_ms, grid.end_ms + HOLD_MS


def buckets_of(point: str, grid: Grid, cells: Cells) -> Buckets:
    """The spans of `grid`, from cells in order of which none is overtaken."""
    spans = join_cells(cells, grid.step_ms, grid.width_ms, grid.origin_ms)
    inside = (spans.time_ms >= grid.start_ms) & (spans.time_ms < grid.end_ms)
    return Buckets(
        point,
        grid.width_ms * MS,
        spans.time_ms[inside] * MS,
        spans.minimum[inside],
        spans.maximum[inside],
        spans.mean[inside],
        spans.first[inside],
        spans.last[inside],
        spans.count[inside],
        spans.good_count[inside],
        spans.integral_h[inside],
        spans.status[inside],
    )


def cells_from(columns: Columns, grid: Grid) -> Cells:
    """Cells of one point from its readings in time order."""
    if not len(columns):
        return Cells.nothing()
    rank = np.zeros(len(columns), np.int32)
    return cells_of(rank, columns.time_ms, columns.value, columns.status, grid.step_ms, grid.origin_ms)


def all_tiers(columns: Columns) -> Iterator[tuple[str, Cells]]:
    """Cells of every tier, finest first, from readings sorted by point and time: each from the tier before it."""
    cells, step_ms = Cells.nothing(), 0
    for kind, width_ms in TIERS_MS.items():
        if step_ms:
            cells = coarsened(cells, step_ms, width_ms)
        else:
            cells = cells_of(columns.key, columns.time_ms, columns.value, columns.status, width_ms)
        step_ms = width_ms
        yield kind, cells


def joined_before(cells: Cells, base_ms: int, step_ms: int) -> Cells:
    """Cells of one point in order, those before `base_ms` that late readings made wrong joined as they are.

    Where the readings are gone they cannot be worked out anew: all but the integral is exact, and that within what the
    cell can cover.
    """
    starts = overtaken(cells)
    mixed = np.isin(cells.time_ms, starts[starts < base_ms])
    if not mixed.any():
        return cells
    whole = coarsened(cells.take(mixed), step_ms, step_ms)
    most_h = step_ms / HOUR_MS
    share = np.minimum(most_h / np.maximum(whole.covered_h, most_h), 1.0)
    capped = replace(
        whole,
        integral_h=whole.integral_h * share,
        covered_h=whole.covered_h * share,
        from_ms=np.maximum(whole.from_ms, whole.time_ms),  # counts from no reading before it: that one may be another
    )
    return in_order(Cells.join([cells.take(~mixed), capped]))


def settled(cells: Cells, grid: Grid, readings: Readings) -> Cells:
    """Works cells that two parts answer for at once (late readings) out anew, from the readings themselves."""
    return worked_out(cells, overtaken(cells), grid, readings)


def worked_out(cells: Cells, starts: Int64Array, grid: Grid, readings: Readings) -> Cells:
    """Cells of one point in order, those at `starts` (rising) replaced by what the readings themselves say."""
    if not len(starts):
        return cells
    kept = [cells.take(~np.isin(cells.time_ms, starts))]
    for run in np.split(starts, np.flatnonzero(np.diff(starts) > HOLD_MS + grid.step_ms) + 1):
        anew = cells_from(readings(int(run[0]) - HOLD_MS, int(run[-1]) + grid.step_ms + HOLD_MS), grid)
        kept.append(anew.take(np.isin(anew.time_ms, run)))
    return in_order(Cells.join(kept))
