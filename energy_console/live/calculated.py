"""Points made from others: sums for a whole batch at once, other formulas one by one; their quality from their inputs'.

The rule: the worst input decides. While an input is bad, its last usable value stands in for at most `STAND_IN_S`
and the result is ESTIMATED; after that, or if there never was one, it is bad for the reason of its worst input. A
formula that has no result (a division by zero) is bad for that reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_console.live.formula import CounterRate, Worked, make_worked
from energy_console.site.model import CalculatedPoint
from hardware.points import (
    FIRST_BAD_REASON,
    BoolArray,
    Float64Array,
    Int32Array,
    Int64Array,
    Reason,
    ScanBatch,
    UInt16Array,
    status_of,
)

STAND_IN_S = 60.0
ESTIMATED = status_of(Reason.ESTIMATED)
NO_RESULT = status_of(Reason.NO_RESULT)
NOT_READ_YET = status_of(Reason.NOT_READ_YET)
Columns = tuple[Int32Array, Int64Array, Float64Array, UInt16Array]


@dataclass(frozen=True, slots=True)
class Layer:
    """Sums that need only measured points and layers before. Terms lie one after the other, by point."""

    row: Int32Array  # of the calculated point
    starts: npt.NDArray[np.intp]  # where the terms of each begin
    factor: Float64Array
    input: Int32Array  # row of each term's point


def layers_of(calculated: Sequence[CalculatedPoint]) -> list[list[CalculatedPoint]]:
    """Orders calculated points so that each comes after those it is made from; those made from nothing are left out.

    Raises ValueError for points made from each other in a circle.
    """
    needs = {point.point.id: point.inputs for point in calculated}
    depth: dict[str, int] = {}
    waiting = list(calculated)
    while waiting:
        ready = [p for p in waiting if all(name not in needs or name in depth for name in needs[p.point.id])]
        if not ready:
            raise ValueError(f"calculated points made from each other: {', '.join(p.point.id for p in waiting)}")
        for point in ready:
            depth[point.point.id] = 1 + max((depth.get(name, -1) for name in needs[point.point.id]), default=-1)
        waiting = [p for p in waiting if p.point.id not in depth]
    grouped = (
        [p for p in calculated if needs[p.point.id] and depth[p.point.id] == n]
        for n in range(max(depth.values(), default=-1) + 1)
    )
    return [group for group in grouped if group]


def _sums(points: Sequence[CalculatedPoint], index: Mapping[str, int]) -> Layer | None:
    points = [point for point in points if point.formula is None]
    if not points:
        return None
    lengths = [len(point.terms) for point in points]
    terms = [term for point in points for term in point.terms]
    return Layer(
        row=np.array([index[point.point.id] for point in points], np.int32),
        starts=np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.intp),
        factor=np.array([factor for factor, _ in terms], np.float64),
        input=np.array([index[name] for _, name in terms], np.int32),
    )


class Calculator:
    """Keeps what the formulas need to know of their inputs. One thread uses it. Rows are those of the site's points."""

    def __init__(
        self, calculated: Sequence[CalculatedPoint], index: Mapping[str, int], units: Mapping[str, str]
    ) -> None:
        """`units`: of the points that a formula takes. Raises KeyError for a point the site does not have."""
        self._rates: list[CounterRate] = []
        self._layers: list[tuple[Layer | None, list[Worked]]] = [
            (_sums(group, index), self._formulas(group, index, units)) for group in layers_of(calculated)
        ]
        size = len(index) + len(self._rates)  # behind the points, a slot for each rate
        self._status: UInt16Array = np.full(size, NOT_READ_YET, np.uint16)
        self._usable: Float64Array = np.full(size, np.nan)  # last usable value
        self._usable_ns: Int64Array = np.zeros(size, np.int64)
        self._time_ns: Int64Array = np.zeros(size, np.int64)

    def _formulas(
        self, group: Sequence[CalculatedPoint], index: Mapping[str, int], units: Mapping[str, str]
    ) -> list[Worked]:
        return [
            make_worked(index[made.point.id], made.point.unit, made.formula, index, units, self._rates)
            for made in group
            if made.formula is not None
        ]

    def extend(self, batch: ScanBatch) -> ScanBatch:
        """The batch, and after its readings those of every calculated point that one of them goes into."""
        if not self._layers or not len(batch):
            return batch
        changed: BoolArray = np.zeros(len(self._status), np.bool_)
        self._take(changed, batch.index, batch.time_ns, batch.value, batch.status)
        parts: list[Columns] = [(batch.index, batch.time_ns, batch.value, batch.status)]
        for sums, formulas in self._layers:
            for made in (self._summed(sums, changed), self._worked_out(formulas, changed)):
                if made is not None:
                    self._take(changed, *made)
                    parts.append(made)
        index, time_ns, value, status = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return ScanBatch(batch.sequence, index, time_ns, value, status)

    def _take(
        self, changed: BoolArray, index: Int32Array, time_ns: Int64Array, value: Float64Array, status: UInt16Array
    ) -> None:
        changed[index] = True
        self._status[index] = status
        self._time_ns[index] = time_ns
        good = ((status >> 8) < FIRST_BAD_REASON) & ~np.isnan(value)
        self._usable[index[good]] = value[good]
        self._usable_ns[index[good]] = time_ns[good]
        for rate in self._rates:
            if changed[rate.row]:
                self._take_rate(rate, changed, good & (index == rate.row), time_ns, value)

    def _take_rate(
        self, rate: CounterRate, changed: BoolArray, mine: BoolArray, time_ns: Int64Array, value: Float64Array
    ) -> None:
        for at in np.flatnonzero(mine):
            rate.take(int(time_ns[at]), float(value[at]))
        per_hour = rate.per_hour()
        changed[rate.slot] = True
        self._time_ns[rate.slot] = self._time_ns[rate.row]
        self._usable_ns[rate.slot] = self._usable_ns[rate.row]
        self._usable[rate.slot] = per_hour
        begins = math.isnan(per_hour) and (self._status[rate.row] >> 8) < FIRST_BAD_REASON
        self._status[rate.slot] = NOT_READ_YET if begins else self._status[rate.row]

    def _summed(self, layer: Layer | None, changed: BoolArray) -> Columns | None:
        """New readings of those sums of a layer that have a changed input; their time is their newest input's."""
        if layer is None:
            return None
        asked = np.logical_or.reduceat(changed[layer.input], layer.starts)
        value = np.add.reduceat(layer.factor * self._usable[layer.input], layer.starts)
        time_ns, status, lost = self._judged(layer.input, layer.starts)
        value = np.where(lost, np.nan, value)
        return layer.row[asked], time_ns[asked], value[asked], status[asked]

    def _worked_out(self, formulas: Sequence[Worked], changed: BoolArray) -> Columns | None:
        asked = [formula for formula in formulas if changed[formula.inputs].any()]
        if not asked:
            return None
        starts = np.concatenate(([0], np.cumsum([len(formula.inputs) for formula in asked])[:-1])).astype(np.intp)
        time_ns, status, lost = self._judged(np.concatenate([formula.inputs for formula in asked]), starts)
        value = np.array([formula.value(self._usable) for formula in asked])
        status = np.where(~lost & np.isnan(value), np.uint16(NO_RESULT), status).astype(np.uint16)
        value = np.where(lost, np.nan, value)
        return np.array([formula.row for formula in asked], np.int32), time_ns, value, status

    def _judged(
        self, inputs: npt.NDArray[np.integer], starts: npt.NDArray[np.intp]
    ) -> tuple[Int64Array, UInt16Array, BoolArray]:
        """Time and status of results by their inputs, and which of them have none. `starts`: where each one's begin."""
        time_ns = np.maximum.reduceat(self._time_ns[inputs], starts)
        input_status = self._status[inputs]
        worst = np.maximum.reduceat(input_status, starts)
        bad = (input_status >> 8) >= FIRST_BAD_REASON
        lengths = np.diff(np.append(starts, len(inputs)))
        age_ns = np.abs(np.repeat(time_ns, lengths) - self._usable_ns[inputs])  # a clock set back ages too
        lost = bad & (np.isnan(self._usable[inputs]) | (age_ns > STAND_IN_S * 1e9))
        any_lost = np.logical_or.reduceat(lost, starts)
        any_bad = np.logical_or.reduceat(bad, starts)
        status = np.where(any_bad & ~any_lost, np.uint16(ESTIMATED), worst).astype(np.uint16)
        return time_ns, status, any_lost
