"""What is known of one point over time, whether kept as single readings or as spans: one shape for both.

From it come the line that is drawn, the gaps with their reasons, and the figures of the cursor table. Times are UTC
seconds. No Qt here but the words.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from energy_console.gui.format import duration, reason_text
from energy_console.gui.plots.gaps import Gap
from energy_console.gui.plots.trace import Line
from energy_console.historian.interface import Buckets, Series
from hardware.points import FIRST_BAD_REASON, GOOD_STATUS, Float64Array, UInt16Array, is_usable

_NS = 1e9
_SAME = 1e-6
_MISSED = 3.0  # steps without a reading, from which on something is missing
_FEW_PLACES = 16
_BESIDE = 4  # steps looked at on either side to know what is usual


@dataclass(frozen=True, slots=True)
class Figures:
    """One point over a window: NaN where nothing usable was kept. `good` is the share of the time, 0..1."""

    minimum: float
    mean: float  # weighted by time
    maximum: float
    good: float


@dataclass(frozen=True, slots=True)
class AtCursor:
    """One point at one time: NaN with the status of a bad reading, or with `kept` False where nothing was kept."""

    value: float
    status: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Cells:
    """Equally long columns, in order of time. A cell is one reading, or a span of `every_s` (0: readings).

    `usable` is the share of a cell's readings that are good or uncertain; low, high, mean, first and last are NaN
    where it is 0. A cell ends where the next one starts, or earlier where something is missing between them.
    `hold_s`: how long a reading counts at least when no other follows.
    """

    start_s: Float64Array
    end_s: Float64Array
    low: Float64Array
    high: Float64Array
    mean: Float64Array
    first: Float64Array
    last: Float64Array
    usable: Float64Array
    status: UInt16Array
    every_s: float
    hold_s: float

    def __len__(self) -> int:
        return len(self.start_s)

    def take(self, rows: slice) -> Cells:
        return Cells(
            self.start_s[rows], self.end_s[rows], self.low[rows], self.high[rows], self.mean[rows], self.first[rows],
            self.last[rows], self.usable[rows], self.status[rows], self.every_s, self.hold_s,
        )  # fmt: skip

    def until(self, time_s: float) -> Cells:
        """The cells that start before a time, the last one cut off there."""
        kept = self.take(slice(0, int(np.searchsorted(self.start_s, time_s))))
        end_s = np.minimum(kept.end_s, time_s)
        return Cells(
            kept.start_s, end_s, kept.low, kept.high, kept.mean, kept.first, kept.last, kept.usable, kept.status,
            kept.every_s, kept.hold_s,
        )  # fmt: skip

    def followed_by(self, other: Cells) -> Cells:
        """Both one after the other; the other's cells are all later. Keeps this one's width of spans."""
        if not len(other):
            return self
        if not len(self):
            return other
        joined = self.until(float(other.start_s[0]))
        start_s, end_s, low, high, mean, first, last, usable = (
            np.concatenate((one, two)) for one, two in zip(joined._numbers(), other._numbers(), strict=True)
        )
        status: UInt16Array = np.concatenate((joined.status, other.status))
        held_s = _held(start_s, end_s, self.hold_s)
        return Cells(start_s, held_s, low, high, mean, first, last, usable, status, self.every_s, self.hold_s)

    def _numbers(self) -> tuple[Float64Array, ...]:
        return self.start_s, self.end_s, self.low, self.high, self.mean, self.first, self.last, self.usable

    def line(self) -> Line:
        """The curve: a reading is one place, a span four (first, low and high, last), so that no spike is lost."""
        usable = self.usable > 0
        if self.every_s:
            time_s, value, uncertain = _span_places(self, usable)
        else:
            time_s, value, uncertain = self.start_s, np.where(usable, self.mean, np.nan), self._uncertain()
        return _broken(self, Line(time_s, value, uncertain), 4 if self.every_s else 1)

    def _uncertain(self) -> np.ndarray:
        reason = self.status >> 8
        return (reason > 0) & (reason < FIRST_BAD_REASON)

    def gaps(self, until_s: float) -> tuple[Gap, ...]:
        """Where nothing usable was kept, up to `until_s`; before the first cell nothing is known and no gap is told."""
        if not len(self):
            return ()
        return tuple(self._between(np.flatnonzero(self.usable > 0), until_s))

    def _between(self, usable: np.ndarray, until_s: float) -> list[Gap]:
        """Gaps before, between and after the usable cells."""
        if not len(usable):
            return [self._told(float(self.start_s[0]), until_s, 0)]
        found = []
        if usable[0] > 0:
            found.append(self._told(float(self.start_s[0]), float(self.start_s[usable[0]]), 0))
        here, following = usable[:-1], usable[1:]
        broken = (following - here > 1) | (self.start_s[following] - self.end_s[here] > _SAME)
        for one, other in zip(here[broken], following[broken], strict=True):
            found.append(self._gap(int(one), int(other), until_s))
        last = int(usable[-1])
        if last < len(self) - 1 or until_s - float(self.end_s[last]) > self._last_hold_s():
            found.append(self._gap(last, len(self), until_s))
        return found

    def _last_hold_s(self) -> float:
        """How long the newest reading may be the last one before that is a gap, by how often others came."""
        step_s = np.diff(self.start_s[-_BESIDE - 1 :])
        return max(self.hold_s, _MISSED * float(np.median(step_s))) if len(step_s) else self.hold_s

    def _gap(self, before: int, after: int, until_s: float) -> Gap:
        """The gap between two usable cells, or after the last one."""
        beside = before + 1
        end_s = float(self.start_s[after]) if after < len(self) else until_s
        silent = beside < len(self) and self.usable[beside] == 0 and beside < after
        start_s = min(float(self.end_s[before]), float(self.start_s[beside])) if silent else float(self.end_s[before])
        return self._told(start_s, end_s, beside if silent else None)

    def _told(self, start_s: float, end_s: float, row: int | None) -> Gap:
        words = reason_text(int(self.status[row])) if row is not None else ""
        words = words or QCoreApplication.translate("cells", "nothing kept")
        return Gap(start_s, end_s, f"{words} {duration(end_s - start_s)}")

    def figures(self, start_s: float, end_s: float) -> Figures:
        """Least, mean, greatest value and the share of good time between two times."""
        weight = np.minimum(self.end_s, end_s) - np.maximum(self.start_s, start_s)
        seen = weight > 0
        if not seen.any():
            return Figures(math.nan, math.nan, math.nan, math.nan)
        good = weight[seen] * self.usable[seen]
        known_s = end_s - max(start_s, float(self.start_s[0]))
        share = min(1.0, float(good.sum()) / known_s) if known_s > 0 else math.nan
        usable = self.usable[seen] > 0
        if not usable.any():
            return Figures(math.nan, math.nan, math.nan, share)
        mean = float((self.mean[seen][usable] * good[usable]).sum() / good[usable].sum())
        low, high = self.low[seen][usable].min(), self.high[seen][usable].max()
        return Figures(float(low), mean, float(high), share)

    def at(self, time_s: float) -> AtCursor:
        """What was kept for a time: a reading holds until the next, but no longer than `hold_s`."""
        row = int(np.searchsorted(self.start_s, time_s + _SAME, side="right")) - 1
        if row < 0 or time_s > float(self.end_s[row]) + self.hold_s:
            return AtCursor(math.nan, 0, kept=False)
        if self.usable[row] == 0:
            return AtCursor(math.nan, int(self.status[row]), kept=True)
        status = int(self.status[row])
        return AtCursor(float(self.mean[row]), status if status >> 8 < FIRST_BAD_REASON else GOOD_STATUS, kept=True)

    def strip(self, start_s: float, end_s: float, count: int) -> list[tuple[float, int]]:
        """Share of usable time and worst status in `count` equal parts of a window; NaN before anything was kept."""
        if not len(self):
            return [(math.nan, 0)] * count
        edges = np.linspace(start_s, end_s, count + 1)
        usable_s = np.diff(self._usable_until(edges))
        share = np.minimum(1.0, usable_s / ((end_s - start_s) / count))
        share[edges[1:] <= self.start_s[0]] = math.nan
        first = np.searchsorted(self.end_s, edges[:-1], side="right")
        last = np.searchsorted(self.start_s, edges[1:], side="left")
        worst = [
            int(self.status[one:other].max()) if other > one else 0 for one, other in zip(first, last, strict=True)
        ]
        return list(zip(share.tolist(), worst, strict=True))

    def _usable_until(self, time_s: Float64Array) -> Float64Array:
        """Seconds of usable time from the first cell up to each time."""
        width_s = self.end_s - self.start_s
        total = np.concatenate(([0.0], np.cumsum(width_s * self.usable)))
        row = np.searchsorted(self.start_s, time_s, side="right") - 1
        inside = np.clip(time_s - self.start_s[row], 0.0, width_s[row]) * self.usable[row]
        found: Float64Array = np.where(row < 0, 0.0, total[np.maximum(row, 0)] + inside)
        return found


def of_readings(series: Series, hold_s: float) -> Cells:
    """Readings as cells: each holds until the next, but no longer than `hold_s`."""
    start_s = series.time_ns / _NS
    end_s = np.empty_like(start_s)
    if len(start_s):
        step_s = np.diff(start_s)
        end_s[:-1] = _held(start_s, start_s + hold_s, hold_s)[:-1]
        end_s[-1] = start_s[-1] + (min(float(np.median(step_s)), hold_s) if len(step_s) else 0.0)
    usable = is_usable(series.status) & ~np.isnan(series.value)
    value = np.where(usable, series.value, np.nan)
    return Cells(start_s, end_s, value, value, value, value, value, usable.astype(float), series.status, 0.0, hold_s)


def of_buckets(buckets: Buckets, hold_s: float, until_s: float) -> Cells:
    """Spans as cells; the one that is not over yet ends at `until_s`."""
    start_s = buckets.time_ns / _NS
    every_s = buckets.every_ns / _NS
    count = np.maximum(buckets.count, 1)
    usable = np.where(np.isnan(buckets.first), 0.0, buckets.good_count / count)
    end_s = np.maximum(start_s, np.minimum(start_s + every_s, until_s))
    return Cells(
        start_s,
        _held(start_s, end_s, hold_s, every_s),
        buckets.minimum,
        buckets.maximum,
        buckets.mean,
        buckets.first,
        buckets.last,
        usable,
        buckets.status,
        every_s,
        hold_s,
    )


def _held(start_s: Float64Array, end_s: Float64Array, hold_s: float, every_s: float = 0.0) -> Float64Array:
    """Ends of cells carried on to the start of the next, but not over a time in which readings are missing.

    Missing is what lasts longer than `hold_s` and three times as long as the steps just before and after: a history
    may have been kept at every five minutes where live readings come every second. Spans are `every_s` apart anyway.
    """
    if len(start_s) < 2:
        return end_s
    step_s = np.diff(start_s)
    missing = start_s[1:] - end_s[:-1] > max(hold_s, _SAME)
    missing |= step_s > _MISSED * max(hold_s, every_s)
    places = np.flatnonzero(missing)
    if len(places):
        missing[places] = step_s[places] > _MISSED * _usual_steps(step_s, places, hold_s)
    held = end_s.copy()
    # over a missing time the last reading counts no longer than it would have live
    held[:-1] = np.where(missing, np.minimum(end_s[:-1], start_s[1:]), start_s[1:])
    return held


def _usual_steps(step_s: Float64Array, places: np.ndarray, otherwise: float) -> Float64Array:
    """The middle of the four steps on either side of each place."""
    if len(places) <= _FEW_PLACES:  # the usual case, and many times a second for live curves
        beside = [
            np.concatenate((step_s[max(0, at - _BESIDE) : at], step_s[at + 1 : at + 1 + _BESIDE])) for at in places
        ]
        return np.array([statistics.median(steps.tolist()) if len(steps) else otherwise for steps in beside])
    shifts = np.concatenate((np.arange(-_BESIDE, 0), np.arange(1, _BESIDE + 1)))
    index = places[:, None] + shifts[None, :]
    inside = (index >= 0) & (index < len(step_s))
    steps = np.where(inside, step_s[np.clip(index, 0, len(step_s) - 1)], np.nan)
    usual: Float64Array = np.nanmedian(steps, axis=1)  # there is one beside: of a single step no place is left
    return usual


def nothing(hold_s: float) -> Cells:
    empty = np.empty(0)
    return Cells(empty, empty, empty, empty, empty, empty, empty, empty, np.empty(0, np.uint16), 0.0, hold_s)


def _span_places(cells: Cells, usable: np.ndarray) -> tuple[Float64Array, Float64Array, np.ndarray]:
    """Four places a span. Low comes before high where the span rises; readings among spans are four times the same."""
    width = cells.end_s - cells.start_s
    rising = cells.last >= cells.first
    time_s = np.empty((len(cells), 4))
    value = np.empty((len(cells), 4))
    for place, share in enumerate((0.125, 0.375, 0.625, 0.875)):
        time_s[:, place] = cells.start_s + width * share
    value[:, 0], value[:, 3] = cells.first, cells.last
    value[:, 1] = np.where(rising, cells.low, cells.high)
    value[:, 2] = np.where(rising, cells.high, cells.low)
    value[~usable] = np.nan
    return time_s.ravel(), value.ravel(), np.repeat(cells._uncertain(), 4)


def _broken(cells: Cells, line: Line, places: int) -> Line:
    """The line with a break wherever cells are further apart than a reading holds."""
    if len(cells) < 2:
        return line
    apart = np.flatnonzero(cells.start_s[1:] - cells.end_s[:-1] > _SAME)
    if not len(apart):
        return line
    before = (apart + 1) * places
    return Line(
        np.insert(line.time_s, before, cells.end_s[apart]),
        np.insert(line.value, before, np.nan),
        np.insert(line.uncertain, before, False),
    )
