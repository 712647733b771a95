"""What an import would write, point by point, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from energy_console.historian.importing.faults import Fault
from energy_console.historian.importing.mapping import NAMESPACE, Target, factor_to
from energy_console.historian.importing.sources import Source, each_time_once
from energy_console.historian.interface import Series
from hardware.points import BoolArray, Float64Array, Int64Array, Point

GAP = 1.5
"""Steps without a reading that are told as a gap."""

COUNTED = 1e-9


@dataclass(frozen=True, slots=True)
class Gaps:
    """The usual step, and where the times of a series are further apart."""

    step_s: float
    count: int
    missing: int  # readings that would be there
    longest_s: float


@dataclass(frozen=True, slots=True)
class PointPreview:
    """One series on its way to a point. Times in ms UTC, values in `unit`; `time_ms`, `value`: what is written."""

    source: str
    point: str  # empty: mapped nowhere
    file_unit: str
    unit: str
    factor: float
    read: int
    equal: int
    empty: int
    known: int  # readings of these times that the store has already, equal or not: left out
    different: int  # of these, such that say another value
    outside: int  # beyond the point's range
    falls: int  # of a counter
    gaps: Gaps
    faults: tuple[Fault, ...]
    time_ms: Int64Array
    value: Float64Array

    @property
    def blocks(self) -> bool:
        return bool(self.point) and any(fault.blocks for fault in self.faults)


def preview(
    source: Source, target: Target | None, points: Mapping[str, Point], stored: Series | None, keep: str
) -> PointPreview:
    """`stored`: what the store has of the point in that time. Raises ImportRefused where units do not fit."""
    point = points.get(target.point) if target else None
    unit = (target.unit if target else "") or source.unit
    is_as_before = point is not None and is_own(point.id) and unit == point.unit  # also where neither has one
    factor = factor_to(unit, point, source.name) if point and not is_as_before else 1.0
    folded = each_time_once(source, keep)
    time_ms, value = folded.time_ms, folded.value * factor
    known, different = _known(time_ms, value, stored)
    low, high = (point.low, point.high) if point else (None, None)
    return PointPreview(
        source=source.name,
        point=target.point if target else "",
        file_unit=unit,
        unit=point.unit if point else unit,
        factor=factor,
        read=len(source.time_ms),
        equal=folded.equal,
        empty=source.empty,
        known=int(known.sum()),
        different=different,
        outside=int(((value < (-np.inf if low is None else low)) | (value > (np.inf if high is None else high))).sum()),
        falls=int((np.diff(value) < 0).sum()) if point and point.counter else 0,
        gaps=gaps_of(time_ms),
        faults=(*source.faults, *folded.unequal),
        time_ms=time_ms[~known],
        value=value[~known],
    )


def _known(time_ms: Int64Array, value: Float64Array, stored: Series | None) -> tuple[BoolArray, int]:
    """Which times the store has a usable reading of already, and how many of these say something else."""
    if stored is None or not len(stored.time_ns) or not len(time_ms):
        return np.zeros(len(time_ms), np.bool_), 0
    usable = ~np.isnan(stored.value)
    there_ms, there = stored.time_ns[usable] // 1_000_000, stored.value[usable]
    known = np.isin(time_ms, there_ms)
    place = np.searchsorted(there_ms, time_ms[known])
    close = np.isclose(there[place], value[known], rtol=COUNTED, atol=0.0)
    return known, int((~close).sum())


def gaps_of(time_ms: Int64Array) -> Gaps:
    apart = np.diff(time_ms)
    if not len(apart):
        return Gaps(0.0, 0, 0, 0.0)
    step = float(np.median(apart))
    wide = apart[apart > GAP * step]
    missing = int((np.round(wide / step) - 1).sum()) if step else 0
    return Gaps(step / 1000, len(wide), missing, float(wide.max()) / 1000 if len(wide) else 0.0)


def is_own(point: str) -> bool:
    """Whether a point is one that only imports write."""
    return point.startswith(NAMESPACE)
