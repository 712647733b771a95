"""What a process that is killed leaves behind for its judge: what it was doing, what it acknowledged, what it wrote.

Nothing here is told by the store: the board and the log are files of their own, and what each batch holds follows from
its number, so that the judge knows every reading without having been sent one.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from hardware.points import Float64Array, Int32Array, Int64Array, Point, ScanBatch

START_MS = 1_760_011_200_000  # some midday in the past: days are over, and are merged
STEP_MS = 600_001
"""Between batches: some 144 a day, so that days end and are merged.

All times of a batch lie on one millisecond of their seconds, those of the next on the one after: no two readings share
a time, also where a batch comes days late. Which of two such came last, no time could tell.
"""
MOST_ROWS = 64
POINTS = tuple(Point(f"K{n}/power_kw", f"K{n}", "power_kw", "kW", f"Power of K{n}") for n in range(6))

_WIDTH = 40


class Board:
    """A line of text for each hand at work, in a file mapped to memory: what each was doing when the kill came."""

    HANDS = ("writer", "keeper", "step", "delivery", "outside")

    def __init__(self, path: Path) -> None:
        size = _WIDTH * len(self.HANDS)
        if not path.exists() or path.stat().st_size < size:
            path.write_bytes(b" " * size)
        with path.open("r+b") as file:
            self._lines = mmap.mmap(file.fileno(), size)

    def note(self, hand: str, deed: str) -> None:
        place = _WIDTH * self.HANDS.index(hand)
        self._lines[place : place + _WIDTH] = deed.encode("ascii").ljust(_WIDTH)[:_WIDTH]

    def read(self, hand: str) -> str:
        place = _WIDTH * self.HANDS.index(hand)
        return self._lines[place : place + _WIDTH].decode("ascii", "replace").strip()

    def clear(self) -> None:
        for hand in self.HANDS:
            self.note(hand, "")

    def close(self) -> None:
        self._lines.close()


class Told:
    """The log of what was acknowledged: each line is out of the process before the next thing is done."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def tell(self, what: str, number: int) -> None:
        os.write(self._descriptor, f"{what} {number}\n".encode("ascii"))


def told_in(path: Path) -> dict[str, list[int]]:
    """What was acknowledged, by kind, in order."""
    found: dict[str, list[int]] = {}
    if path.exists():
        for line in path.read_text("ascii").splitlines():
            what, _, number = line.rpartition(" ")
            found.setdefault(what, []).append(int(number))
    return found


@dataclass(frozen=True, slots=True)
class Rows:
    """Readings that bear their own number: batch x 64 + row."""

    index: Int32Array
    time_ms: Int64Array
    value: Float64Array

    @staticmethod
    def join(parts: Iterable[Rows]) -> Rows:
        held = list(parts)
        if not held:
            return Rows(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0))
        return Rows(*(np.concatenate([getattr(part, name) for part in held]) for name in ("index", "time_ms", "value")))

    def in_order(self) -> Rows:
        order = np.argsort(self.value, kind="stable")
        return Rows(self.index[order], self.time_ms[order], self.value[order])

    def __len__(self) -> int:
        return len(self.value)


@lru_cache(maxsize=20_000)
def rows_of(number: int) -> Rows:
    """What batch `number` holds: 1 to 64 readings, every tenth batch up to three days late, clocks a little apart."""
    chance = np.random.default_rng(number)
    count = int(chance.integers(1, MOST_ROWS + 1))
    late_ms = 1000 * int(chance.integers(0, 3 * 86_400)) if number % 10 == 9 else 0
    seconds = np.sort(chance.choice(STEP_MS // 1000, count, replace=False))
    times = START_MS + number * STEP_MS - late_ms + 1000 * seconds
    value = (number * MOST_ROWS + np.arange(count)).astype(np.float64)
    return Rows(chance.integers(0, len(POINTS), count).astype(np.int32), times, value)


def batch_of(number: int) -> ScanBatch:
    rows = rows_of(number)
    status = np.zeros(len(rows), np.uint16)
    return ScanBatch(0, rows.index, rows.time_ms * 1_000_000, rows.value, status)
