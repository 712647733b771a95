"""Readings rolled up into cells and cells into spans: pure array functions, exact under any cut of the data.

A reading holds until the next one of its point, at most `HOLD_MS`. A cell of one file says which readings of that file
stand before and after it (`from_ms`, `to_ms`): with one on a side it answers for the cell up to that border, else only
as far as its own readings reach. What lies between two files is bridged when cells are joined, so where a file ends
leaves no trace; and a reading that came late, between two that one file took for neighbours, is noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from hardware.points import FIRST_BAD_REASON, BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array

HOLD_MS = 20 * 60_000
"""How long a value stands if nothing follows: longer than a quarter-hour series, shorter than an outage to be seen."""

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Cells:
    """Columns of equal length, one row a point and cell, sorted by point then time."""

    rank: Int32Array  # position of the point in a sorted list of ids
    time_ms: Int64Array  # start of the cell
    minimum: Float64Array
    maximum: Float64Array
    first: Float64Array
    last: Float64Array
    held: Float64Array  # value that stands after the cell's last reading, NaN if that reading is bad
    count: Int32Array
    good_count: Int32Array
    integral_h: Float64Array
    covered_h: Float64Array  # usable time in hours
    status: UInt16Array
    last_ms: Int64Array  # time of the last reading
    from_ms: Int64Array  # time of the reading before the cell, of its first one where there is none before
    to_ms: Int64Array  # time of the reading after the cell, of its last one where there is none after

    def __len__(self) -> int:
        return len(self.rank)

    def take(self, rows: npt.NDArray[np.intp] | BoolArray | slice) -> Cells:
        return Cells(*(getattr(self, field.name)[rows] for field in fields(self)))

    @staticmethod
    def nothing() -> Cells:
        none, time = np.empty(0), np.empty(0, np.int64)
        few, status = np.empty(0, np.int32), np.empty(0, np.uint16)
        return Cells(few, time, none, none, none, none, none, few, few, none, none, status, time, time, time)

    @staticmethod
    def join(parts: list[Cells]) -> Cells:
        return Cells(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Cells)))


def usable(value: Float64Array, status: UInt16Array) -> BoolArray:
    """True where a reading counts for sums: quality good or uncertain, and a finite number."""
    return ((status >> 8) < FIRST_BAD_REASON) & np.isfinite(value)


def cells_of(
    rank: Int32Array, time_ms: Int64Array, value: Float64Array, status: UInt16Array, step_ms: int, origin_ms: int = 0
) -> Cells:
    """Cells of `step_ms` from readings sorted by point then time (equal lengths, at least one reading)."""
    good = usable(value, status)
    cell = (time_ms - origin_ms) // step_ms * step_ms + origin_ms
    same_point = rank[1:] == rank[:-1]
    starts = np.flatnonzero(np.concatenate(([True], ~same_point | (cell[1:] != cell[:-1]))))
    ends = np.append(starts[1:], len(rank)) - 1
    masked = np.where(good, value, np.nan)
    first, last = _first_and_last(masked, good, starts)
    integral, covered = _integrals(time_ms, masked, cell, same_point, starts, step_ms)
    leads = np.concatenate(([False], same_point))[starts]
    follows = np.append(same_point, False)[ends]
    return Cells(
        rank=rank[starts],
        time_ms=cell[starts],
        minimum=np.fmin.reduceat(masked, starts),
        maximum=np.fmax.reduceat(masked, starts),
        first=first,
        last=last,
        held=masked[ends],
        count=(ends - starts + 1).astype(np.int32),
        good_count=np.add.reduceat(good.astype(np.int32), starts),
        integral_h=integral,
        covered_h=covered,
        status=np.maximum.reduceat(status, starts),
        last_ms=time_ms[ends],
        from_ms=np.where(leads, time_ms[starts - 1], time_ms[starts]),
        to_ms=np.where(follows, np.append(time_ms[1:], 0)[ends], time_ms[ends]),
    )


def _first_and_last(
    masked: Float64Array, good: BoolArray, starts: npt.NDArray[np.intp]
) -> tuple[Float64Array, Float64Array]:
    """First and last usable value of each group, NaN where it has none."""
    size = len(masked)
    place = np.arange(size)
    padded = np.append(masked, np.nan)
    first = np.minimum.reduceat(np.where(good, place, size), starts)
    last = np.maximum.reduceat(np.where(good, place, -1), starts)
    return padded[first], padded[last]


def _integrals(
    time_ms: Int64Array,
    masked: Float64Array,
    cell: Int64Array,
    same_point: BoolArray,
    starts: npt.NDArray[np.intp],
    step_ms: int,
) -> tuple[Float64Array, Float64Array]:
    """Value x hours and usable hours of each group, every reading holding to the next, split at cell borders."""
    following = np.append(np.where(same_point, time_ms[1:], time_ms[:-1]), time_ms[-1])
    until = np.minimum(following, time_ms + HOLD_MS)
    number = ~np.isnan(masked)
    factor = np.where(number, masked, 0.0)
    own_h = np.where(number, np.minimum(until, cell + step_ms) - time_ms, 0) / HOUR_MS
    integral = np.add.reduceat(factor * own_h, starts)
    covered = np.add.reduceat(own_h, starts)
    before = starts - 1
    carries = (starts > 0) & np.concatenate(([False], same_point))[starts]
    reach = np.where(carries & number[before], np.maximum(until[before] - cell[starts], 0), 0)
    lead_h = reach / HOUR_MS
    return integral + factor[before] * lead_h, covered + lead_h


@dataclass(frozen=True, slots=True)
class Spans:
    """Cells of one point joined into spans of equal width. Columns as in `Buckets` of the interface."""

    time_ms: Int64Array
    minimum: Float64Array
    maximum: Float64Array
    mean: Float64Array
    first: Float64Array
    last: Float64Array
    count: Int64Array
    good_count: Int64Array
    integral_h: Float64Array
    status: UInt16Array


def in_order(cells: Cells) -> Cells:
    """Cells by point and time; those of one cell, from different files, by where their readings begin."""
    return cells.take(np.lexsort((cells.to_ms, np.maximum(cells.from_ms, cells.time_ms), cells.rank)))


def join_cells(cells: Cells, step_ms: int, width_ms: int, origin_ms: int = 0) -> Spans:
    """Spans of `width_ms` from cells of `step_ms` of one point, in order, none of them `overtaken`."""
    wide = coarsened(cells, step_ms, width_ms, origin_ms)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(wide.covered_h > 0, wide.integral_h / wide.covered_h, wide.last)
    return Spans(
        time_ms=wide.time_ms,
        minimum=wide.minimum,
        maximum=wide.maximum,
        mean=mean,
        first=wide.first,
        last=wide.last,
        count=wide.count.astype(np.int64),
        good_count=wide.good_count.astype(np.int64),
        integral_h=wide.integral_h,
        status=wide.status,
    )


def coarsened(cells: Cells, step_ms: int, width_ms: int, origin_ms: int = 0) -> Cells:
    """Cells of `width_ms` from those of `step_ms`, which divides it; point after point, in order, none `overtaken`.

    What comes out is what `cells_of` makes of the readings themselves, but for the rounding of sums.
    """
    if not len(cells):
        return cells
    span = (cells.time_ms - origin_ms) // width_ms * width_ms + origin_ms
    same_point = cells.rank[1:] == cells.rank[:-1]
    starts = np.flatnonzero(np.concatenate(([True], ~same_point | (span[1:] != span[:-1]))))
    ends = np.append(starts[1:], len(cells)) - 1
    good = ~np.isnan(cells.minimum)
    first, _ = _first_and_last(cells.first, good, starts)
    _, last = _first_and_last(cells.last, good, starts)
    bridged, bridged_h = _bridges(cells, span, same_point, step_ms, width_ms)
    return Cells(
        rank=cells.rank[starts],
        time_ms=span[starts],
        minimum=np.fmin.reduceat(cells.minimum, starts),
        maximum=np.fmax.reduceat(cells.maximum, starts),
        first=first,
        last=last,
        held=cells.held[ends],
        count=np.add.reduceat(cells.count, starts, dtype=np.int32),
        good_count=np.add.reduceat(cells.good_count, starts, dtype=np.int32),
        integral_h=np.add.reduceat(cells.integral_h + bridged, starts),
        covered_h=np.add.reduceat(cells.covered_h + bridged_h, starts),
        status=np.maximum.reduceat(cells.status, starts),
        last_ms=cells.last_ms[ends],
        from_ms=cells.from_ms[starts],
        to_ms=cells.to_ms[ends],
    )


def _bridges(
    cells: Cells, span: Int64Array, same_point: BoolArray, step_ms: int, width_ms: int
) -> tuple[Float64Array, Float64Array]:
    """Value x hours and hours that held values add to each cell from the gaps before and after it, within its span."""
    held = cells.held
    from_ms = np.maximum(cells.from_ms, cells.time_ms)
    to_ms = np.minimum(cells.to_ms, cells.time_ms + step_ms)
    stands = ~np.isnan(held[:-1]) & same_point
    end = np.minimum(from_ms[1:], cells.last_ms[:-1] + HOLD_MS)
    value = np.where(stands, held[:-1], 0.0)
    after_h = np.where(stands, np.maximum(np.minimum(end, span[:-1] + width_ms) - to_ms[:-1], 0), 0) / HOUR_MS
    other = span[1:] != span[:-1]
    before_h = np.where(stands & other, np.maximum(end - np.maximum(span[1:], to_ms[:-1]), 0), 0) / HOUR_MS
    hours = np.zeros(len(span))
    integral = np.zeros(len(span))
    hours[:-1] += after_h
    integral[:-1] += value * after_h
    hours[1:] += before_h
    integral[1:] += value * before_h
    return integral, hours


def worth_keeping(cells: Cells, least: int) -> BoolArray:
    """True for cells of points of which a cell stands for at least `least` readings, on the average of all given."""
    if not len(cells):
        return np.empty(0, np.bool_)
    starts = np.flatnonzero(np.concatenate(([True], cells.rank[1:] != cells.rank[:-1])))
    rows = np.diff(np.append(starts, len(cells)))
    readings = np.add.reduceat(cells.count.astype(np.int64), starts)
    return np.repeat(readings >= least * rows, rows)


def overtaken(cells: Cells) -> Int64Array:
    """Starts of cells of one point (in order) that late readings made wrong: to be worked out anew from readings.

    Either two rows of one cell reach into each other, or the reading that a row counts from is not the one before it.
    """
    return np.unique(cells.time_ms[overtaken_rows(cells)])


def overtaken_rows(cells: Cells) -> BoolArray:
    """True for the later one of two rows in order, of whatever points, of which a late reading made the cell wrong."""
    if len(cells) < 2:
        return np.zeros(len(cells), np.bool_)
    same_point = cells.rank[1:] == cells.rank[:-1]
    start = cells.time_ms[1:]
    leads = cells.from_ms[1:] < start
    stranger = leads & (cells.from_ms[1:] != cells.last_ms[:-1])
    last_ms = cells.last_ms[:-1]
    reaches_on = cells.to_ms[:-1] > last_ms
    mixed = (start == cells.time_ms[:-1]) & (leads | reaches_on | (cells.from_ms[1:] <= last_ms))
    wrong = (stranger | mixed) & same_point
    # of readings at one moment the last one holds, so what follows such a cell is asked, too
    wrong[1:] |= wrong[:-1] & same_point[1:]
    return np.concatenate(([False], wrong))


CLOSE = 1e-9
"""Sums added up in another order differ by some 1e-14 of what went into them."""


def different(one: Cells, other: Cells, columns: Sequence[str]) -> BoolArray:
    """True where two equally long tables of the same cells do not say the same in `columns`."""
    wrong = np.zeros(len(one), np.bool_)
    for name in columns:
        ours, theirs = getattr(one, name), getattr(other, name)
        if name in {"integral_h", "covered_h"}:
            size = 1.0 if name == "covered_h" else np.fmax(np.abs(one.minimum), np.abs(one.maximum))
            room = CLOSE * (np.nan_to_num(size) * one.covered_h + np.abs(ours)) + 1e-300
            wrong |= ~(np.abs(ours - theirs) <= room)
        else:
            wrong |= (ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs))
    return wrong
