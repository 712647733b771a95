"""Readings of one curve with their minima and maxima over blocks of 4, 16, 64 ..., so that any zoom costs the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hardware.points import Float64Array

_FACTOR = 4
_BLOCKS_PER_COLUMN = 4  # a column's edge is off by at most a quarter of a column
_PIECES = 64  # blocks from which the extremes of a window are put together, at least
_FIRST_CAPACITY = 1024
_ONE_BY_ONE = 4  # readings added singly, which is quicker than a few array operations for each level


@dataclass(frozen=True, slots=True)
class Columns:
    """What a curve covers in each of C columns between C + 1 edges.

    `low`, `high`: lowest and highest value in the column, the line into and out of it included; NaN where there is
    none. `at_edge`: value of the line at each edge (C + 1), NaN where the line is broken.
    """

    low: Float64Array
    high: Float64Array
    at_edge: Float64Array


class Pyramid:
    """Time (UTC seconds, rising) and value (NaN breaks the line), growing at the end."""

    def __init__(self, time_s: Float64Array | None = None, value: Float64Array | None = None) -> None:
        self._size = 0
        self._time = np.empty(_FIRST_CAPACITY)
        self._value = np.empty(_FIRST_CAPACITY)
        self._lows: list[Float64Array] = [np.empty(_FIRST_CAPACITY)]
        self._highs: list[Float64Array] = [np.empty(_FIRST_CAPACITY)]
        self._starts: list[Float64Array] = [self._time]  # time of the first reading of each block
        if time_s is not None and value is not None:
            self.append(time_s, value)

    def __len__(self) -> int:
        return self._size

    @property
    def time_s(self) -> Float64Array:
        return self._time[: self._size]

    @property
    def value(self) -> Float64Array:
        return self._value[: self._size]

    def append(self, time_s: Float64Array, value: Float64Array) -> None:
        """Adds readings at the end; equal lengths, none earlier than the last one kept (ValueError otherwise)."""
        count = len(time_s)
        if len(value) != count:
            raise ValueError("time and value differ in length")
        if not count:
            return
        if self._size and time_s[0] < self._time[self._size - 1]:
            raise ValueError("readings must be appended in time order")
        if count <= _ONE_BY_ONE and self._size + count <= len(self._time):
            for one in zip(time_s.tolist(), value.tolist(), strict=True):
                self._add(*one)
            return
        first = self._size
        self._size += count
        self._time = _fitted(self._time, self._size)
        self._value = _fitted(self._value, self._size)
        self._time[first : self._size] = time_s
        self._value[first : self._size] = value
        self._starts[0] = self._time
        self._raise_levels(first)

    def _add(self, time_s: float, value: float) -> None:
        """One reading: what comes ten times a second on hundreds of curves must not cost array operations."""
        place = self._size
        self._size += 1
        self._time[place], self._value[place] = time_s, value
        low, high = (math.inf, -math.inf) if math.isnan(value) else (value, value)
        size, level = self._size, 0
        while True:
            lows, highs = self._lows[level], self._highs[level]
            if level == 0 or place * _FACTOR**level == self._size - 1:
                lows[place], highs[place] = low, high
                self._starts[level][place] = time_s
            else:
                lows[place], highs[place] = min(low, lows[place]), max(high, highs[place])
            if size <= _FACTOR:
                return
            size, place, level = -(-size // _FACTOR), place // _FACTOR, level + 1
            if level == len(self._lows) or place >= len(self._lows[level]):
                self._raise_levels(self._size - 1)  # a block more, for which there is no room yet
                return

    def _raise_levels(self, first: int) -> None:
        """Fills the blocks of every level that hold readings from index `first` on."""
        broken = np.isnan(self._value[first : self._size])
        for levels, unused in ((self._lows, np.inf), (self._highs, -np.inf)):
            levels[0] = _fitted(levels[0], self._size)
            levels[0][first : self._size] = np.where(broken, unused, self._value[first : self._size])
        size, level = self._size, 0
        while size > _FACTOR:
            first //= _FACTOR
            filled = -(-size // _FACTOR)
            level += 1
            if level == len(self._lows):
                self._lows.append(np.empty(_FIRST_CAPACITY))
                self._highs.append(np.empty(_FIRST_CAPACITY))
                self._starts.append(np.empty(_FIRST_CAPACITY))
            self._starts[level] = _fitted(self._starts[level], filled)
            self._starts[level][first:filled] = self._time[first * _FACTOR**level : self._size : _FACTOR**level]
            starts = np.arange(first, filled) * _FACTOR
            for levels, reduce in ((self._lows, np.minimum), (self._highs, np.maximum)):
                levels[level] = _fitted(levels[level], filled)
                levels[level][first:filled] = reduce.reduceat(levels[level - 1][:size], starts)
            size = filled

    def between(self, start_s: float, end_s: float) -> tuple[int, int]:
        """Index range of the readings with start <= time < end."""
        first, last = np.searchsorted(self.time_s, (start_s, end_s))
        return int(first), int(last)

    def extremes(self, start_s: float, end_s: float, *, steps: bool = False) -> tuple[float, float] | None:
        """Lowest and highest value drawn between two times, exactly; None where nothing is."""
        if not self._size:
            return None
        edges_s = np.array([start_s, end_s])
        index = np.searchsorted(self.time_s, edges_s)
        lows, highs = self._pieces(int(index[0]), int(index[1]))
        ends = self._at_edges(edges_s, index, steps)
        ends = ends[~np.isnan(ends)]
        low = min((float(part.min()) for part in (*lows, ends) if len(part)), default=np.inf)
        high = max((float(part.max()) for part in (*highs, ends) if len(part)), default=-np.inf)
        return (low, high) if low <= high else None

    def least_above_zero(self, start_s: float, end_s: float) -> float | None:
        """Lowest reading above zero between two times, for a logarithmic scale; None where there is none."""
        first, last = self.between(start_s, end_s)
        seen = self.value[first:last]
        positive = seen[seen > 0]
        return float(positive.min()) if len(positive) else None

    def _pieces(self, first: int, last: int) -> tuple[list[Float64Array], list[Float64Array]]:
        """Lowest and highest of the readings from index `first` to before `last`: whole blocks and single ends."""
        level = self._level_for((last - first) / _PIECES)
        block: int = _FACTOR**level
        left, right = -(-first // block), last // block
        if level == 0 or right <= left:
            return [self._lows[0][first:last]], [self._highs[0][first:last]]
        cuts = ((0, first, left * block), (level, left, right), (0, right * block, last))
        return [self._lows[at][one:other] for at, one, other in cuts], [
            self._highs[at][one:other] for at, one, other in cuts
        ]

    def columns(self, edges_s: Float64Array, *, steps: bool = False) -> Columns:
        """The curve over the columns between `edges_s` (rising). `steps`: a value holds until the next reading."""
        if not self._size:
            blank = np.full(len(edges_s), np.nan)
            return Columns(blank[1:], blank[1:], blank)
        first, last = self.between(float(edges_s[0]), float(edges_s[-1]))
        level = self._level_for((last - first) / max(1, len(edges_s) - 1))
        dense = self._dense(edges_s, level) if level else None
        if dense is not None:
            return dense
        index = np.searchsorted(self.time_s, edges_s)
        at_edge = self._at_edges(edges_s, index, steps)
        return _columns(*self._inside(index), at_edge)

    def _dense(self, edges_s: Float64Array, level: int) -> Columns | None:
        """Columns that each hold whole blocks: what the line is at an edge is told by the first reading after it.

        None where a column between readings is empty, so that the line must be worked out.
        """
        count = -(-self._size // _FACTOR**level)
        bounds = np.searchsorted(self._starts[level][:count], edges_s)
        kept = bounds[1:] > bounds[:-1]
        if not kept.all() and (~kept & (bounds[1:] > 0) & (bounds[:-1] < count)).any():
            return None
        low, high = np.full(len(kept), np.inf), np.full(len(kept), -np.inf)
        starts = bounds[:-1][kept]
        if len(starts):
            low[kept] = np.minimum.reduceat(self._lows[level][: bounds[-1]], starts)
            high[kept] = np.maximum.reduceat(self._highs[level][: bounds[-1]], starts)
        at_edge = self._value[np.minimum(bounds * _FACTOR**level, self._size - 1)]
        at_edge[(edges_s < self._time[0]) | (edges_s > self._time[self._size - 1])] = np.nan
        return _columns(low, high, at_edge)

    def _at_edges(self, edges_s: Float64Array, index: np.ndarray, steps: bool) -> Float64Array:
        found = np.full(len(edges_s), np.nan)
        inner = np.flatnonzero((index > 0) & (index < self._size))
        after = index[inner]
        before_value, after_value = self._value[after - 1], self._value[after]
        if steps:
            # Toward a reading that says nothing, the last good one does not hold.
            found[inner] = np.where(np.isnan(after_value), np.nan, before_value)
            return found
        before_s, after_s = self._time[after - 1], self._time[after]
        width_s = np.where(after_s > before_s, after_s - before_s, 1.0)
        found[inner] = before_value + (after_value - before_value) * (edges_s[inner] - before_s) / width_s
        return found

    def _inside(self, index: np.ndarray) -> tuple[Float64Array, Float64Array]:
        """Lowest and highest reading between neighbouring indices, +inf and -inf where there is none."""
        count = len(index) - 1
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        level = self._level_for((index[-1] - index[0]) / max(1, count))
        block: int = _FACTOR**level
        bounds = index // block
        bounds[index == self._size] = -(-self._size // block)  # the last block may be a part of one
        kept = bounds[1:] > bounds[:-1]
        if kept.any():
            starts = bounds[:-1][kept]
            low[kept] = np.minimum.reduceat(self._lows[level][: bounds[-1]], starts)
            high[kept] = np.maximum.reduceat(self._highs[level][: bounds[-1]], starts)
        return low, high

    def _level_for(self, readings_per_column: float) -> int:
        level = 0
        while readings_per_column >= _FACTOR ** (level + 1) * _BLOCKS_PER_COLUMN and level + 1 < len(self._lows):
            level += 1
        return level


def _columns(low: Float64Array, high: Float64Array, at_edge: Float64Array) -> Columns:
    """Columns of what is inside them (+inf and -inf where nothing is) and of the line at their edges."""
    left, right = at_edge[:-1], at_edge[1:]
    low = np.fmin(np.fmin(left, right), low)
    high = np.fmax(np.fmax(left, right), high)
    low[~np.isfinite(low)] = np.nan
    high[~np.isfinite(high)] = np.nan
    return Columns(low, high, at_edge)


def _fitted(array: Float64Array, size: int) -> Float64Array:
    """The array, or a copy of it with room for at least `size` values."""
    if size <= len(array):
        return array
    larger = np.empty(max(size, 2 * len(array)))
    larger[: len(array)] = array
    return larger
