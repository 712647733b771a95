"""Which values an axis shows: fitted to what is in view, or as a person fixed it; straight or logarithmic."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from energy_console.gui.plots.ticks import value_step
from energy_console.gui.plots.view import ValueScale


@dataclass(frozen=True, slots=True)
class AxisRange:
    """None: fitted to what is in view. A logarithmic axis has both ends above zero."""

    low: float | None = None
    high: float | None = None
    log: bool = False

    @property
    def fixed(self) -> ValueScale | None:
        """The scale if both ends are fixed."""
        if self.low is None or self.high is None or not self.low < self.high:
            return None
        return ValueScale(self.low, self.high, self.log)


FITTED = AxisRange()


def fitted(low: float, high: float, wanted: AxisRange, height_px: float) -> ValueScale | None:
    """A scale round the values, with the ends that are fixed; None where a logarithm has nothing to show."""
    if wanted.log:
        if not high > 0 or math.isnan(low):
            return None
        first, last = _decade_steps(low, high)
    else:
        first, last = rounded_range(low, high, height_px)
    first = first if wanted.low is None else wanted.low
    last = last if wanted.high is None else wanted.high
    return ValueScale(first, last, wanted.log) if first < last else None


_PARTS = (1.0, 2.0, 5.0, 10.0)


def _decade_steps(low: float, high: float) -> tuple[float, float]:
    """The next 1, 2 or 5 of a decade below and above two values over zero."""
    under, over = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.floor(math.log10(high))
    first = max(part * under for part in _PARTS if part * under <= low * (1 + 1e-9))
    last = min(part * over for part in _PARTS if part * over >= high * (1 - 1e-9))
    return (first, last) if first < last else (first / 2, last * 2)


def rounded_range(low: float, high: float, height_px: float) -> tuple[float, float]:
    """A range of whole half steps round the values, so that the axis stands still while they wander."""
    span = high - low
    if span <= 0:
        span = abs(high) * 0.1 or 1.0
        low, high = low - span / 2, high + span / 2
    if low > 0 and low < 0.4 * high:
        low = 0.0  # near enough: a power that starts at zero is read right
    room = span * 0.06
    step = value_step(high - low, max(2, int(height_px / 42))) / 2
    first = low if low == 0.0 else np.floor((low - room) / step) * step
    if low > 0 > first:
        first = 0.0
    return float(first - (0.02 * span if first == 0.0 else 0.0)), float(np.ceil((high + room) / step) * step)
