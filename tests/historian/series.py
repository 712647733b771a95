"""Points and batches that the tests of the store are written with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.points import Point, Reason, ScanBatch, status_of

START_S = 1_790_000_000
"""2026-09-21T14:13:20Z, not on the border of any minute, quarter or day."""

POINTS = tuple(Point(f"M{n}/power_kw", f"M{n}", "power_kw", "kW", f"Power of M{n}") for n in range(4))


def batch(rows: Sequence[tuple[int, float, float]], reason: Reason = Reason.GOOD, sequence: int = 0) -> ScanBatch:
    """One batch from (index, second after START_S, value); a NaN value is a timeout."""
    value = np.array([row[2] for row in rows], np.float64)
    status = np.where(np.isnan(value), status_of(Reason.TIMEOUT), status_of(reason)).astype(np.uint16)
    times = np.array([round((START_S + row[1]) * 1000) * 1_000_000 for row in rows], np.int64)
    return ScanBatch(sequence, np.array([row[0] for row in rows], np.int32), times, value, status)


def at(second: float) -> int:
    """Nanoseconds UTC of a second after START_S."""
    return round((START_S + second) * 1000) * 1_000_000
