"""Formulas of calculated points, worked out from the newest values of their points."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from energy_console.site.formula import Apply, Formula, Number, Rate, Ref
from energy_console.site.units import unit_named
from hardware.points import Float64Array

HOUR_NS = 3_600_000_000_000
Values = Sequence[float]
Worker = Callable[[Values], float]


@dataclass(frozen=True, slots=True)
class Worked:
    """One formula ready to run. `inputs`: rows of points first, then slots of rates, counted on from the points'."""

    row: int  # of the calculated point
    inputs: npt.NDArray[np.intp]
    work: Worker

    def value(self, newest: Float64Array) -> float:
        """In the point's own unit; NaN where the formula has no result, as a division by zero has none."""
        try:
            value = self.work(newest[self.inputs].tolist())
        except (ZeroDivisionError, OverflowError):
            return math.nan
        return value if math.isfinite(value) else math.nan


@dataclass(slots=True)
class CounterRate:
    """How fast one counter grows, over the last `window_s`. After a reset, a swap or a long gap it begins anew."""

    row: int  # of the counter
    slot: int  # where its rate stands among the inputs
    window_s: float
    samples: deque[tuple[int, float]] = field(default_factory=deque)

    def take(self, time_ns: int, value: float) -> None:
        """One usable reading, in the counter's own unit."""
        if self.samples:
            last_ns, last = self.samples[-1]
            if time_ns == last_ns:
                return
            if value < last or time_ns < last_ns or time_ns - last_ns > 2e9 * self.window_s:
                self.samples.clear()
        self.samples.append((time_ns, value))
        while len(self.samples) > 2 and time_ns - self.samples[1][0] >= 1e9 * self.window_s:
            self.samples.popleft()

    def per_hour(self) -> float:
        """NaN until half of the window has been seen: over a shorter time a counter's steps say nothing."""
        if len(self.samples) < 2:
            return math.nan
        (first_ns, first), (last_ns, last) = self.samples[0], self.samples[-1]
        if last_ns - first_ns < 0.5e9 * self.window_s:
            return math.nan
        return (last - first) * HOUR_NS / (last_ns - first_ns)


def make_worked(
    row: int, unit: str, formula: Formula, index: Mapping[str, int], units: Mapping[str, str], rates: list[CounterRate]
) -> Worked:
    """A formula ready to run; the rates it needs are added to `rates`, those that are there already used again."""
    inputs: dict[int, int] = {}  # row or slot -> place among this formula's values
    work = _worker(formula, _Places(index, units, rates, inputs))
    factor = unit_named(unit).factor
    return Worked(row, np.array(list(inputs), np.intp), lambda values: work(values) / factor)


@dataclass(slots=True)
class _Places:
    index: Mapping[str, int]
    units: Mapping[str, str]
    rates: list[CounterRate]
    inputs: dict[int, int]

    def of(self, row: int) -> int:
        return self.inputs.setdefault(row, len(self.inputs))

    def of_rate(self, rate: Rate) -> int:
        row = self.index[rate.point]
        for known in self.rates:
            if (known.row, known.window_s) == (row, rate.window_s):
                return self.of(known.slot)
        slot = len(self.index) + len(self.rates)
        self.rates.append(CounterRate(row, slot, rate.window_s))
        return self.of(slot)


def _worker(formula: Formula, places: _Places) -> Worker:
    """Works in base units, so that V x A and kW go together."""
    match formula:
        case Number(value, unit):
            number = value * unit_named(unit).factor
            return lambda _: number
        case Ref(point):
            return _scaled(places.of(places.index[point]), unit_named(places.units[point]).factor)
        case Rate(point, _):
            return _scaled(places.of_rate(formula), unit_named(places.units[point]).factor)
        case Apply(function, arguments):
            return _applied(function, [_worker(argument, places) for argument in arguments])


def _scaled(place: int, factor: float) -> Worker:
    return lambda values: values[place] * factor


def _applied(function: str, workers: Sequence[Worker]) -> Worker:
    match function:
        case "+" | "sum":
            return lambda values: math.fsum(work(values) for work in workers)
        case "mean":
            return lambda values: math.fsum(work(values) for work in workers) / len(workers)
        case "min":
            return lambda values: min(work(values) for work in workers)
        case "max":
            return lambda values: max(work(values) for work in workers)
        case "abs":
            return lambda values: abs(workers[0](values))
    left, right = workers
    match function:
        case "-":
            return lambda values: left(values) - right(values)
        case "*":
            return lambda values: left(values) * right(values)
        case "/":
            return lambda values: left(values) / right(values)
    raise ValueError(f"no function {function}")
