"""The batches not sealed yet, as growing columns in memory, so that a curve's newest part costs one comparison."""

from __future__ import annotations

import numpy as np

from energy_console.historian.columns import Columns


class HotWindow:
    """Readings in the order they came. `of_key` answers are copies; growing never changes what was handed out."""

    def __init__(self) -> None:
        self._size = 0
        self._room = Columns(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint16))
        self._ends: list[tuple[int, int]] = []  # (sequence, readings up to and with it)
        self.loaded = 0  # highest sequence taken in or dropped

    def __len__(self) -> int:
        return self._size

    def columns(self) -> Columns:
        """Everything held, as views that stay valid."""
        return Columns(*(getattr(self._room, name)[: self._size] for name in ("key", "time_ms", "value", "status")))

    def extend(self, batches: list[tuple[int, Columns]]) -> None:
        self._make_room(self._size + sum(len(columns) for _, columns in batches))
        for sequence, columns in batches:
            rows = slice(self._size, self._size + len(columns))
            for name in ("key", "time_ms", "value", "status"):
                getattr(self._room, name)[rows] = getattr(columns, name)
            self._size = rows.stop
            self._ends.append((sequence, self._size))
            self.loaded = sequence

    def drop_through(self, sequence: int) -> None:
        """Forgets batches up to `sequence`: they are sealed."""
        gone = [end for number, end in self._ends if number <= sequence]
        self.loaded = max(self.loaded, sequence)
        if not gone:
            return
        kept = self.columns()
        self._room = Columns(
            *(getattr(kept, name)[gone[-1] :].copy() for name in ("key", "time_ms", "value", "status"))
        )
        self._size -= gone[-1]
        self._ends = [(number, end - gone[-1]) for number, end in self._ends if number > sequence]

    def of_key(self, key: int, start_ms: int, end_ms: int) -> Columns:
        """Readings of one point with start <= time < end, in the order they came."""
        held = self.columns()
        rows = np.flatnonzero(held.key == key)
        rows = rows[(held.time_ms[rows] >= start_ms) & (held.time_ms[rows] < end_ms)]
        return Columns(held.key[rows], held.time_ms[rows], held.value[rows], held.status[rows])

    def _make_room(self, size: int) -> None:
        if size <= len(self._room):
            return
        room = max(size, len(self._room) * 3 // 2)
        held = self.columns()
        grown = Columns(np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room), np.empty(room, np.uint16))
        for name in ("key", "time_ms", "value", "status"):
            getattr(grown, name)[: self._size] = getattr(held, name)
        self._room = grown
