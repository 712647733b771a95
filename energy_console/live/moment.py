"""The values of points as they stood at a moment of the past, in the same table as the live ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from hardware.points import Point, Reason, ScanBatch, status_of

LOOK_BACK_NS = 60_000_000_000  # a value older than this was stale at the moment asked for


def table_at(
    historian: Historian,
    points: Sequence[Point],
    wanted: Sequence[str],
    moment_ns: int,
    look_back_ns: int = LOOK_BACK_NS,
) -> LiveTable:
    """A table of all `points` in which those `wanted` (ids) have their last reading at or before `moment_ns`.

    A point without a reading in the look-back is STALE where its device was ever read before, and NOT_READ_YET else.
    Blocks: ask on a worker thread.
    """
    table = LiveTable(points)
    rows = np.array(table.rows(wanted), np.int32)
    time_ns, value, status = historian.as_of(wanted, moment_ns, look_back_ns)
    missing = np.flatnonzero(time_ns == 0)
    status[missing] = _absence(historian, [points[row] for row in rows[missing]], moment_ns)
    table.apply(ScanBatch(1, rows, time_ns, value, status))
    return table


def _absence(historian: Historian, points: Sequence[Point], moment_ns: int) -> list[int]:
    """Why each point has no reading; asked once a device, whose points are read together."""
    known: dict[str, bool] = {}
    for point in points:
        if point.device not in known:
            span = historian.span(point.id)
            known[point.device] = span is not None and span[0] <= moment_ns
    return [status_of(Reason.STALE if known[point.device] else Reason.NOT_READ_YET) for point in points]
