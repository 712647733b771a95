"""The usual course of a series, day by day as it was known then. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_console.planning.forecasting.calendar import KINDS, QUARTERS_A_DAY, SATURDAY, SUNDAY, WORKING, Slots
from hardware.points import Float64Array, Int64Array

# How much a new day counts against the ones before: some five working days, some three weekends are remembered.
_WEIGHT_OF_DAY = {WORKING: 0.2, SATURDAY: 0.35, SUNDAY: 0.35}


@dataclass(frozen=True, slots=True)
class Usual:
    """For each day of the past what was usual before it: an exponential mean by quarter hour and kind of day."""

    tables: npt.NDArray[np.float64]  # shape (days + 1, KINDS, 96); the last one: after the whole past
    first_day: int

    def at(self, seen_from: Int64Array, quarter: Int64Array, kind: Int64Array) -> Float64Array:
        """What was usual for (quarter, kind), as one knew on the days `seen_from`; shapes broadcast."""
        row = np.clip(seen_from - self.first_day, 0, len(self.tables) - 1)
        return np.asarray(self.tables[row, kind, quarter])


def usual_of(value: Float64Array, slots: Slots) -> Usual:
    """From values on a grid of quarter hours, NaN where unknown, shape (n,); n >= 1."""
    first, last = int(slots.day[0]), int(slots.day[-1])
    tables = np.full((last - first + 2, KINDS, QUARTERS_A_DAY), np.nan)
    any_kind = np.full(QUARTERS_A_DAY, np.nan)
    own = np.full((KINDS, QUARTERS_A_DAY), np.nan)
    starts = np.searchsorted(slots.day, np.arange(first, last + 2))
    for row in range(last - first + 1):
        tables[row] = _filled(own, any_kind)
        day = slice(int(starts[row]), int(starts[row + 1]))
        known = np.isfinite(value[day])
        quarter, seen = slots.quarter[day][known], value[day][known]
        if len(seen):
            kind = int(slots.kind[day][0])
            own[kind, quarter] = _led(own[kind, quarter], seen, _WEIGHT_OF_DAY[kind])
            any_kind[quarter] = _led(any_kind[quarter], seen, _WEIGHT_OF_DAY[WORKING])
    tables[-1] = _filled(own, any_kind)
    return Usual(tables, first)


def _led(before: Float64Array, seen: Float64Array, weight: float) -> Float64Array:
    return np.where(np.isfinite(before), before + weight * (seen - before), seen)


def _filled(own: Float64Array, any_kind: Float64Array) -> Float64Array:
    """Where a kind of day is not known yet: the other day off, then any day, then the mean of what is known."""
    filled = own.copy()
    for kind, near in ((SATURDAY, own[SUNDAY]), (SUNDAY, own[SATURDAY])):
        filled[kind] = np.where(np.isfinite(filled[kind]), filled[kind], near)
    filled = np.where(np.isfinite(filled), filled, any_kind)
    if np.isfinite(any_kind).any():
        filled = np.where(np.isfinite(filled), filled, np.nanmean(any_kind))
    return filled
