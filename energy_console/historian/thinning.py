"""Readings that need not be kept: within a band of the value before, or of a line between kept readings.

A rule is for one point and off unless the site sets it. What is left out lies within the band of what the store draws;
a change of quality, a pause and a reading that comes late are always kept. Live values do not come through here.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from energy_console.site.keeping import KeepRule
from hardware.points import BoolArray, ScanBatch

Row = tuple[int, float, int]  # time in ns, value, status


@dataclass(slots=True)
class Course:
    """One point as far as it was kept, and the reading after that which is not kept yet."""

    rule: KeepRule
    kept: Row | None = None
    held_back: Row | None = None
    low: float = -np.inf  # slopes of lines from the kept reading that pass all those left out, per ns
    high: float = np.inf

    def take(self, row: Row) -> list[Row]:
        """The readings to keep now that `row` has come, in order of time."""
        last = self.held_back or self.kept
        if last is None:
            return self._keep(row)
        if row[0] <= last[0]:  # late, or a clock set back: it says nothing of where the course goes
            return [row]
        out: list[Row] = []
        if not self._goes_on(row) and self.held_back is not None:
            out += self._keep(self.held_back)
        if not self._goes_on(row):
            return out + self._keep(row)
        self._hold_back(row)
        return out

    def end(self) -> list[Row]:
        """The last reading, which nothing follows."""
        return [] if self.held_back is None else self._keep(self.held_back)

    def _keep(self, row: Row) -> list[Row]:
        self.kept, self.held_back, self.low, self.high = row, None, -np.inf, np.inf
        return [row]

    def _goes_on(self, row: Row) -> bool:
        """Whether `row` may be left out for now, and all since the kept reading with it."""
        assert self.kept is not None
        time_ns, value, status = self.kept
        if row[2] != status or row[0] - time_ns > self.rule.longest_s * 1e9:
            return False
        if np.isnan(value) or np.isnan(row[1]):
            return bool(np.isnan(value) and np.isnan(row[1]))
        if not self.rule.is_corridor:
            return abs(row[1] - value) <= self.rule.band
        return bool(self.low <= (row[1] - value) / (row[0] - time_ns) <= self.high)

    def _hold_back(self, row: Row) -> None:
        assert self.kept is not None
        self.held_back = row
        if self.rule.is_corridor and not np.isnan(row[1]):
            over_ns, rise = row[0] - self.kept[0], row[1] - self.kept[1]
            self.low = max(self.low, (rise - self.rule.band) / over_ns)
            self.high = min(self.high, (rise + self.rule.band) / over_ns)


@dataclass(slots=True)
class Thinning:
    """Safe to use from several threads. Points count as those that the store was told of."""

    rules: Sequence[KeepRule | None]
    _ruled: BoolArray = field(init=False)
    _courses: dict[int, Course] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._ruled = np.array([rule is not None for rule in self.rules], np.bool_)

    def kept(self, batch: ScanBatch) -> ScanBatch:
        """What of a batch is to be kept, and what was held back until now and has to be kept before it."""
        ruled = self._ruled[batch.index]
        if not ruled.any():
            return batch
        out: list[tuple[int, Row]] = []
        with self._guard:
            for place in np.flatnonzero(ruled):
                index = int(batch.index[place])
                row = (int(batch.time_ns[place]), float(batch.value[place]), int(batch.status[place]))
                out += [(index, kept) for kept in self._course(index).take(row)]
        plain = ~ruled
        whole = (batch.index[plain], batch.time_ns[plain], batch.value[plain], batch.status[plain])
        return _batch(batch.sequence, out, whole)

    def end(self, sequence: int = 0) -> ScanBatch:
        """Everything held back: nothing follows it."""
        with self._guard:
            out = [(index, row) for index, course in self._courses.items() for row in course.end()]
        return _batch(sequence, out, ())

    def _course(self, index: int) -> Course:
        rule = self.rules[index]
        assert rule is not None
        return self._courses.setdefault(index, Course(rule))


def _batch(sequence: int, rows: Sequence[tuple[int, Row]], whole: tuple[Any, ...]) -> ScanBatch:
    columns = (
        np.array([index for index, _ in rows], np.int32),
        np.array([row[0] for _, row in rows], np.int64),
        np.array([row[1] for _, row in rows], np.float64),
        np.array([row[2] for _, row in rows], np.uint16),
    )
    if not whole:
        return ScanBatch(sequence, *columns)
    index, time_ns, value, status = (np.concatenate([whole[n], columns[n]]) for n in range(4))
    return ScanBatch(sequence, index, time_ns, value, status)


def thinning_of(points: Sequence[str], rules: Mapping[str, KeepRule]) -> Thinning | None:
    """None where nothing of these points is left out."""
    if not any(point in rules for point in points):
        return None
    return Thinning([rules.get(point) for point in points])
