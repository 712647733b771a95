"""Values that cannot be, judged many devices at once: too far from the one before, beyond what a rating explains.

What is flagged is kept and shown, as uncertain. A change that is real is believed at the second reading that agrees
with the first; the first reading after a gap is believed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from hardware.points import (
    GOOD_STATUS,
    BoolArray,
    Float64Array,
    Implausible,
    Int64Array,
    Point,
    Reason,
    UInt16Array,
    status_of,
)
from hardware.profiles import ProfilePoint

RATED_MARGIN = 1.5
"""Devices run above their rating for a while; half as much again is still believed."""

LEAST_S = 1.0  # two readings closer together than this are judged as if a second lay between them
STANDS_S = 3600.0  # a counter may be renewed as seldom as this, and then catch up
FLOAT32_STEP = 2.0**-22  # of its value: what a counter that travels as float32 may fall by rounding alone
_SWITCHED_UNITS = ("Hz", "V", "A", "kW", "kvar", "kVA")  # of these a step from or to zero is a switch, not a fault
_RATED_POWERS, _RATED_COUNTERS = ("kW", "kVA", "kvar"), ("kWh",)
_BEYOND = status_of(Reason.NOT_PLAUSIBLE, Implausible.BEYOND_RATING)
_STEP = status_of(Reason.NOT_PLAUSIBLE, Implausible.STEP)
_COUNTED_TOO_FAST = status_of(Reason.NOT_PLAUSIBLE, Implausible.COUNTED_TOO_FAST)
_COUNTER_FELL = status_of(Reason.NOT_PLAUSIBLE, Implausible.COUNTER_FELL)


class PlausibilityWatch:
    """The rules of all devices of one profile, and what was believed last. Arrays are (devices, points with a rule)."""

    def __init__(self, kinds: Sequence[ProfilePoint], devices: Sequence[Sequence[Point]]) -> None:
        """`devices`: the points of each device, in the order of the profile's."""
        self._columns = np.array([at for at, kind in enumerate(kinds) if _is_judged(at, kind, devices)], np.intp)
        chosen = [[own[at] for at in self._columns.tolist()] for own in devices]
        shape = (len(devices), len(self._columns))

        def table(number: Callable[[Point], float]) -> Float64Array:
            return np.array([[number(point) for point in own] for own in chosen], np.float64).reshape(shape)

        self._most = table(_most)
        self._up_per_s, self._down_per_s = table(_up_per_s), table(_down_per_s)
        picked = [kinds[at] for at in self._columns.tolist()]
        self._counts: BoolArray = np.array([kind.counter for kind in picked], np.bool_)
        self._switches: BoolArray = np.array([kind.unit in _SWITCHED_UNITS for kind in picked], np.bool_)
        self._slack: Float64Array = np.array([_slack(kind) for kind in picked], np.float64)
        self._believed: Float64Array = np.full(shape, np.nan)
        self._believed_s: Float64Array = np.zeros(shape)  # a counter's: when it came to stand there
        self._doubted: Float64Array = np.full(shape, np.nan)
        self._doubted_s: Float64Array = np.zeros(shape)
        self._any_doubted = False
        self._origin_ns = 0  # seconds are counted from the first reading: float64 holds them to the microsecond

    def judge(
        self,
        rows: npt.NDArray[np.intp],
        time_ns: Int64Array,
        value: Float64Array,
        status: UInt16Array,
        told: BoolArray | None = None,
    ) -> None:
        """Flags in `status` what cannot be; both (rows, points), read at `time_ns` (rows).

        `told` (rows, points) is False where a point was not read this time; None: all were.
        """
        if not len(self._columns):
            return
        self._origin_ns = self._origin_ns or int(time_ns[0])
        now_s = ((time_ns - self._origin_ns) / 1e9)[:, np.newaxis]
        found, new_status = value[:, self._columns], status[:, self._columns]
        beyond = np.abs(found) > self._most[rows]
        beyond &= new_status == GOOD_STATUS
        new_status[beyond] = _BEYOND
        good = new_status == GOOD_STATUS
        read = np.True_ if told is None else told[:, self._columns]
        flagged = self._flag(rows, now_s, found, good & read)
        if flagged is not None:
            new_status[flagged != 0] = flagged[flagged != 0]
        if flagged is not None or beyond.any():
            status[:, self._columns] = new_status
        lost = np.isnan(found) & read & ~self._counts
        if lost.any():  # after a gap nothing is known of the steps between
            self._believed[rows] = np.where(lost, np.nan, self._believed[rows])

    def _flag(
        self, rows: npt.NDArray[np.intp], now_s: Float64Array, found: Float64Array, good: BoolArray
    ) -> UInt16Array | None:
        """A status for each value that fits neither what was believed nor what was doubted last; None: all fit."""
        believed, since_s = self._believed[rows], self._believed_s[rows]
        fits = self._fits(rows, believed, since_s, now_s, found) | np.isnan(believed)
        fits |= self._switches & ((found == 0.0) | (believed == 0.0))
        doubtful = good & ~fits
        if self._any_doubted and doubtful.any():
            fits |= self._fits(rows, self._doubted[rows], self._doubted_s[rows], now_s, found)
            doubtful = good & ~fits
        taken = good & fits
        first = np.where(self._counts, now_s - STANDS_S, now_s)
        still = self._counts & (found == believed)
        stood = np.where(still, np.maximum(since_s, first), np.where(np.isnan(believed), first, now_s))
        self._believed_s[rows] = np.where(taken, stood, since_s)
        self._believed[rows] = np.where(taken, found, believed)
        if self._any_doubted or doubtful.any():
            self._doubted[rows] = np.where(doubtful, found, np.where(taken, np.nan, self._doubted[rows]))
            self._doubted_s[rows] = np.where(doubtful, now_s, self._doubted_s[rows])
            self._any_doubted = not np.isnan(self._doubted).all()
        if not doubtful.any():
            return None
        why = np.where(self._counts, np.where(found < believed, _COUNTER_FELL, _COUNTED_TOO_FAST), _STEP)
        return np.where(doubtful, why, 0).astype(np.uint16)

    def _fits(
        self,
        rows: npt.NDArray[np.intp],
        before: Float64Array,
        before_s: Float64Array,
        now_s: Float64Array,
        found: Float64Array,
    ) -> BoolArray:
        """False too where there is nothing before."""
        elapsed_s = np.maximum(now_s - before_s, LEAST_S)
        slack = self._slack + np.abs(before) * np.where(self._counts, FLOAT32_STEP, 0.0)
        rise = found - before
        fits: BoolArray = (rise <= self._up_per_s[rows] * elapsed_s + slack) & (
            -rise <= self._down_per_s[rows] * elapsed_s + slack
        )
        return fits


def _is_judged(at: int, kind: ProfilePoint, devices: Sequence[Sequence[Point]]) -> bool:
    return kind.counter or any(own[at].step_per_s or np.isfinite(_most(own[at])) for own in devices)


def _most(point: Point) -> float:
    """The largest magnitude that the rating explains."""
    measured = point.rated_kw is not None and not point.counter and not point.writable
    return RATED_MARGIN * (point.rated_kw or 0.0) if measured and point.unit in _RATED_POWERS else np.inf


def _up_per_s(point: Point) -> float:
    if not point.counter:
        return point.step_per_s or np.inf
    if point.rated_kw is None or point.unit not in _RATED_COUNTERS:
        return point.step_per_s or np.inf
    return RATED_MARGIN * point.rated_kw / 3600.0


def _down_per_s(point: Point) -> float:
    return 0.0 if point.counter else point.step_per_s or np.inf


def _slack(kind: ProfilePoint) -> float:
    """Two steps of a counter's last digit: registers of one meter are not taken in the same instant."""
    return 2.0 * abs(kind.scale) if kind.counter and kind.type.kind != "f" else 0.0
