"""What a correction does to the readings of one span: pure functions, from what is seen there to what is seen then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from energy_console.historian.interface import Series
from energy_console.historian.tiers import HOLD_MS
from hardware.points import (
    FIRST_BAD_REASON,
    BoolArray,
    Float64Array,
    Int64Array,
    Reason,
    Substituted,
    UInt16Array,
    status_of,
)

CORRECTED = status_of(Reason.SUBSTITUTED, Substituted.CORRECTED)
INTERPOLATED = status_of(Reason.SUBSTITUTED, Substituted.INTERPOLATED)
WITHDRAWN = status_of(Reason.WITHDRAWN)
WIDE = 1.5
"""Steps without a reading that are a hole to be filled."""

SHORTEST_STEP_MS = 1_000
USUAL_STEP_MS = 60_000
MOST_READINGS = 5_000_000


class CorrectionRefused(Exception):
    """A correction that cannot be meant; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class SetTo:
    """The point stood at this value all the while, also where nothing was read."""

    value: float


@dataclass(frozen=True, slots=True)
class Interpolate:
    """A line from the last usable reading before the span to the first one after it."""


@dataclass(frozen=True, slots=True)
class Invalidate:
    """Nothing that was read there is true, and nothing better is known."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Every usable reading was off by so much."""

    by: float


@dataclass(frozen=True, slots=True)
class Given:
    """Readings from elsewhere take the place: times in ms UTC, rising; values finite, in the point's unit."""

    time_ms: Int64Array
    value: Float64Array


Change = SetTo | Interpolate | Invalidate | Shift | Given


@dataclass(frozen=True, slots=True)
class Around:
    """What is seen: readings within the span, and the nearest usable one on either side (ms, value), where known."""

    inside: Series
    before: tuple[int, float] | None
    after: tuple[int, float] | None


def corrected(
    change: Change, around: Around, start_ms: int, end_ms: int
) -> tuple[Int64Array, Float64Array, UInt16Array]:
    """Times in ms (rising, each once), values and statuses that the span shows then. Raises CorrectionRefused."""
    time_ms, value, status = _each_time_once(around.inside)
    usable = ((status >> 8) < FIRST_BAD_REASON) & ~np.isnan(value)
    match change:
        case Given():
            kept = (change.time_ms >= start_ms) & (change.time_ms < end_ms)
            return _told(change.time_ms[kept], change.value[kept], CORRECTED)
        case Invalidate():
            return _told(time_ms, np.full(len(time_ms), np.nan), WITHDRAWN)
        case Shift(by=by):
            _refuse_unless(usable, "has no usable reading there to shift")
            return time_ms, np.where(usable, value + by, np.nan), _marked(status, usable)
        case SetTo(value=fixed):
            filled = filled_times(time_ms, start_ms, end_ms)
            return _told(filled, np.full(len(filled), fixed), CORRECTED)
        case Interpolate():
            return _on_a_line(filled_times(time_ms, start_ms, end_ms), around)


def _told(time_ms: Int64Array, value: Float64Array, status: int) -> tuple[Int64Array, Float64Array, UInt16Array]:
    if not len(time_ms):
        raise CorrectionRefused("has nothing there to correct")
    return time_ms, value, np.full(len(time_ms), status, np.uint16)


def _refuse_unless(usable: BoolArray, what: str) -> None:
    if not usable.any():
        raise CorrectionRefused(what)


def _marked(status: UInt16Array, usable: BoolArray) -> UInt16Array:
    """What could not be read stays so."""
    return np.where(usable, CORRECTED, status).astype(np.uint16)


def _each_time_once(series: Series) -> tuple[Int64Array, Float64Array, UInt16Array]:
    """Of readings of one moment the last one, as it is the one that holds."""
    time_ms = series.time_ns // 1_000_000
    last = np.append(np.diff(time_ms) > 0, True) if len(time_ms) else np.empty(0, np.bool_)
    return time_ms[last], series.value[last], series.status[last]


def filled_times(time_ms: Int64Array, start_ms: int, end_ms: int) -> Int64Array:
    """The times read, and where there is a hole among them, times at their usual step, from the start of the span on.

    Raises CorrectionRefused where that were too many.
    """
    step_ms = max(int(np.median(np.diff(time_ms))), SHORTEST_STEP_MS) if len(time_ms) > 2 else USUAL_STEP_MS
    step_ms = min(step_ms, HOLD_MS // 2)
    borders = np.concatenate(([start_ms - step_ms], time_ms, [end_ms]))
    wide = np.flatnonzero(np.diff(borders) > WIDE * step_ms)
    if int(np.diff(borders)[wide].sum()) // step_ms > MOST_READINGS:
        raise CorrectionRefused("has a hole there too long to be filled; correct a shorter span")
    holes = [np.arange(borders[n] + step_ms, borders[n + 1], step_ms, dtype=np.int64) for n in wide]
    return np.unique(np.concatenate([time_ms, *holes]).astype(np.int64))


def _on_a_line(time_ms: Int64Array, around: Around) -> tuple[Int64Array, Float64Array, UInt16Array]:
    if around.before is None or around.after is None:
        side = "before" if around.before is None else "after"
        raise CorrectionRefused(f"has no usable reading within a week {side} the span; say --value instead")
    (start_ms, first), (end_ms, last) = around.before, around.after
    share = (time_ms - start_ms) / (end_ms - start_ms)
    return _told(time_ms, first + share * (last - first), INTERPOLATED)
