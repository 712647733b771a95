"""Points that nobody renews turn stale. Measured on a clock that nobody sets, so a changed wall clock ages nothing."""

from __future__ import annotations

import numpy as np

from energy_console.site.model import Site
from hardware.points import BoolArray, Int32Array, Int64Array, Reason, ScanBatch, status_of

CYCLES_ALLOWED = 3
LEAST_ALLOWED_S = 10.0
NEVER = np.iinfo(np.int64).max


def allowed_silence_ns(site: Site) -> Int64Array:
    """Per point of the site, how long it may go without a new reading: three scan cycles of its device (or three times
    its own pace where it is read less often), at least 10 s, or what the site says of that point.

    Calculated points follow their inputs and are never stale by themselves.
    """
    cycle_s = {device.id: device.spec.every_s for device in site.devices}
    made = {calculated.point.id for calculated in site.calculated}
    return np.array(
        [
            NEVER
            if point.id in made or point.device not in cycle_s
            else round(1e9 * site.stale_after_s.get(point.id, _usual_silence_s(cycle_s[point.device], point.every_s)))
            for point in site.points
        ],
        np.int64,
    )


def _usual_silence_s(cycle_s: float, own_s: float) -> float:
    return max(CYCLES_ALLOWED * max(cycle_s, own_s), LEAST_ALLOWED_S)


class Staleness:
    """Remembers when each point was last renewed. One thread uses it. Times are monotonic nanoseconds."""

    def __init__(self, allowed_ns: Int64Array, now_ns: int) -> None:
        self._allowed_ns = allowed_ns
        self._renewed_ns: Int64Array = np.full(len(allowed_ns), now_ns, np.int64)
        self._stale: BoolArray = np.zeros(len(allowed_ns), np.bool_)

    def renew(self, batch: ScanBatch, now_ns: int) -> None:
        """A reading came, good or bad: either says something new about its point."""
        self._renewed_ns[batch.index] = now_ns
        self._stale[batch.index] = False

    def expire(self, now_ns: int) -> Int32Array:
        """Points whose allowed silence has just run out; each is told once, until it is renewed."""
        over = ~self._stale & (now_ns - self._renewed_ns > self._allowed_ns)
        self._stale |= over
        return np.flatnonzero(over).astype(np.int32)


def stale_batch(index: Int32Array, time_ns: int, sequence: int) -> ScanBatch:
    """One bad reading a point, to be kept and shown like any other: its last value is no longer true."""
    size = len(index)
    return ScanBatch(
        sequence,
        index,
        np.full(size, time_ns, np.int64),
        np.full(size, np.nan),
        np.full(size, status_of(Reason.STALE), np.uint16),
    )
