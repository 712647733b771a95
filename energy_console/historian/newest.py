"""The newest reading of every point, renewed batch by batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from energy_console.historian.columns import Columns, pack, unpack
from hardware.points import Float64Array, Int64Array, Reason, UInt16Array, status_of


@dataclass(frozen=True, slots=True)
class Newest:
    """Newest reading of every key: columns as long as the highest key + 1."""

    time_ms: Int64Array
    value: Float64Array
    status: UInt16Array

    @staticmethod
    def nothing(size: int) -> Newest:
        unread = np.full(size, status_of(Reason.NOT_READ_YET), np.uint16)
        return Newest(np.zeros(size, np.int64), np.full(size, np.nan), unread)

    def grown(self, size: int) -> Newest:
        """A copy with room for `size` keys."""
        fresh = Newest.nothing(max(size, len(self.time_ms)))
        held = len(self.time_ms)
        fresh.time_ms[:held], fresh.value[:held], fresh.status[:held] = self.time_ms, self.value, self.status
        return fresh

    def renewed(self, columns: Columns) -> Newest:
        """A copy after these readings: the latest time wins, of equal times the one that came later."""
        if not len(columns):
            return self
        after = self.grown(int(columns.key.max()) + 1)
        order = np.argsort(columns.time_ms, kind="stable")
        key = columns.key[order]
        newer = columns.time_ms[order] >= after.time_ms[key]
        rows, key = order[newer], key[newer]
        after.time_ms[key] = columns.time_ms[rows]
        after.value[key] = columns.value[rows]
        after.status[key] = columns.status[rows]
        return after

    def replaced(self, row: int, readings: Columns) -> Newest:
        """A copy whose `row` is the last of these readings, which are in time order; nothing where there is none."""
        after = self.grown(row + 1)
        last = readings if len(readings) else Newest.nothing(1)
        after.time_ms[row], after.value[row], after.status[row] = last.time_ms[-1], last.value[-1], last.status[-1]
        return after

    def packed(self) -> bytes:
        return pack(Columns(np.arange(len(self.time_ms), dtype=np.int32), self.time_ms, self.value, self.status))

    @staticmethod
    def unpacked(body: bytes) -> Newest:
        """What `packed` made. Raises ValueError where the bytes are not one."""
        columns = unpack(body)
        return Newest(columns.time_ms, columns.value, columns.status)
