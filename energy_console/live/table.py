"""The newest value of every point, one row a point, readable from any thread without a lock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.points import Float64Array, Int64Array, Point, Reading, Reason, ScanBatch, UInt16Array, status_of


class LiveTable:
    """Newest wins. One thread applies batches; others read single cells or copies (each cell is written whole).

    Columns have one row a point of the site, in `points` order.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        size = len(points)
        self.points = tuple(points)
        self.index: dict[str, int] = {point.id: row for row, point in enumerate(points)}
        self.time_ns: Int64Array = np.zeros(size, np.int64)
        self.value: Float64Array = np.full(size, np.nan)
        self.status: UInt16Array = np.full(size, status_of(Reason.NOT_READ_YET), np.uint16)
        self.sequence = 0

    def apply(self, batch: ScanBatch) -> None:
        rows = batch.index
        self.status[rows] = batch.status
        self.value[rows] = batch.value
        self.time_ns[rows] = batch.time_ns
        self.sequence = batch.sequence

    def reading(self, point: str) -> Reading:
        """Newest reading of one point id. Raises KeyError for a point the site does not have."""
        row = self.index[point]
        return Reading(point, int(self.time_ns[row]), float(self.value[row]), int(self.status[row]))

    def rows(self, points: Sequence[str]) -> list[int]:
        return [self.index[point] for point in points]
