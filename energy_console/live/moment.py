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

    A point without a reading in the look-back is STALE where it ever had one before, as far as the store tells, and
    NOT_READ_YET else. Blocks: ask on a worker thread.
    """
    table = LiveTable(points)
    rows, times, values, status = [], [], [], []
    for point in wanted:
        series = historian.read(point, moment_ns - look_back_ns, moment_ns + 1)
        rows.append(table.index[point])
        if len(series.time_ns):
            times.append(int(series.time_ns[-1]))
            values.append(float(series.value[-1]))
            status.append(int(series.status[-1]))
            continue
        times.append(0)
        values.append(np.nan)
        status.append(status_of(_absence(historian, point, moment_ns)))
    table.apply(
        ScanBatch(
            1,
            np.array(rows, np.int32),
            np.array(times, np.int64),
            np.array(values, np.float64),
            np.array(status, np.uint16),
        )
    )
    return table


def _absence(historian: Historian, point: str, moment_ns: int) -> Reason:
    known = historian.span(point)
    return Reason.STALE if known is not None and known[0] <= moment_ns else Reason.NOT_READ_YET
