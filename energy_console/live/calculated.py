"""Points made from others: sums with factors, worked out for a whole batch at once, their quality from their inputs'.

The rule: the worst input decides. While an input is bad, its last usable value stands in for at most `STAND_IN_S`
and the sum is ESTIMATED; after that, or if there never was one, the sum is bad for the reason of its worst input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True, slots=True)
class Layer:
    """Calculated points that need only measured ones and layers before. Terms lie one after the other, by point."""

    row: Int32Array  # of the calculated point
    starts: npt.NDArray[np.intp]  # where the terms of each begin
    factor: Float64Array
    input: Int32Array  # row of each term's point


def layers_of(calculated: Sequence[CalculatedPoint], index: Mapping[str, int]) -> list[Layer]:
    """Orders calculated points so that each comes after those it is made from.

    Raises KeyError for a term the site does not have, ValueError for points made from each other in a circle.
    """
    depth: dict[str, int] = {}
    waiting = list(calculated)
    made = {point.point.id for point in calculated}
    while waiting:
        ready = [p for p in waiting if all(name not in made or name in depth for _, name in p.terms)]
        if not ready:
            raise ValueError(f"calculated points made from each other: {', '.join(p.point.id for p in waiting)}")
        for point in ready:
            depth[point.point.id] = 1 + max((depth.get(name, -1) for _, name in point.terms), default=-1)
        waiting = [p for p in waiting if p.point.id not in depth]
    grouped = (
        [p for p in calculated if p.terms and depth[p.point.id] == n]
        for n in range(max(depth.values(), default=-1) + 1)
    )
    return [_layer(group, index) for group in grouped if group]


def _layer(points: Sequence[CalculatedPoint], index: Mapping[str, int]) -> Layer:
    lengths = [len(point.terms) for point in points]
    terms = [term for point in points for term in point.terms]
    return Layer(
        row=np.array([index[point.point.id] for point in points], np.int32),
        starts=np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.intp),
        factor=np.array([factor for factor, _ in terms], np.float64),
        input=np.array([index[name] for _, name in terms], np.int32),
    )


class Calculator:
    """Keeps what the sums need to know of their inputs. One thread uses it. Rows are those of the site's points."""

    def __init__(self, calculated: Sequence[CalculatedPoint], index: Mapping[str, int]) -> None:
        self._layers = layers_of(calculated, index)
        size = len(index)
        self._status: UInt16Array = np.full(size, status_of(Reason.NOT_READ_YET), np.uint16)
        self._usable: Float64Array = np.full(size, np.nan)  # last usable value
        self._usable_ns: Int64Array = np.zeros(size, np.int64)
        self._time_ns: Int64Array = np.zeros(size, np.int64)

    def extend(self, batch: ScanBatch) -> ScanBatch:
        """The batch, and after its readings those of every calculated point that one of them goes into."""
        if not self._layers or not len(batch):
            return batch
        changed: BoolArray = np.zeros(len(self._status), np.bool_)
        changed[batch.index] = True
        self._take(batch.index, batch.time_ns, batch.value, batch.status)
        parts = [(batch.index, batch.time_ns, batch.value, batch.status)]
        for layer in self._layers:
            made = self._work_out(layer, changed)
            self._take(*made)
            changed[made[0]] = True
            parts.append(made)
        index, time_ns, value, status = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return ScanBatch(batch.sequence, index, time_ns, value, status)

    def _take(self, index: Int32Array, time_ns: Int64Array, value: Float64Array, status: UInt16Array) -> None:
        self._status[index] = status
        self._time_ns[index] = time_ns
        good = ((status >> 8) < FIRST_BAD_REASON) & ~np.isnan(value)
        self._usable[index[good]] = value[good]
        self._usable_ns[index[good]] = time_ns[good]

    def _work_out(self, layer: Layer, changed: BoolArray) -> tuple[Int32Array, Int64Array, Float64Array, UInt16Array]:
        """New readings of those points of a layer that have a changed input; their time is their newest input's."""
        asked = np.logical_or.reduceat(changed[layer.input], layer.starts)
        time_ns = np.maximum.reduceat(self._time_ns[layer.input], layer.starts)
        value = np.add.reduceat(layer.factor * self._usable[layer.input], layer.starts)
        input_status = self._status[layer.input]
        worst = np.maximum.reduceat(input_status, layer.starts)
        bad = (input_status >> 8) >= FIRST_BAD_REASON
        lengths = np.diff(np.append(layer.starts, len(layer.input)))
        age_ns = np.abs(np.repeat(time_ns, lengths) - self._usable_ns[layer.input])  # a clock set back ages too
        lost = bad & (np.isnan(self._usable[layer.input]) | (age_ns > STAND_IN_S * 1e9))
        any_lost = np.logical_or.reduceat(lost, layer.starts)
        any_bad = np.logical_or.reduceat(bad, layer.starts)
        status = np.where(any_bad & ~any_lost, np.uint16(ESTIMATED), worst).astype(np.uint16)
        value = np.where(any_lost, np.nan, value)
        return layer.row[asked], time_ns[asked], value[asked], status[asked]
