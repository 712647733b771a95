"""Who is where: stays of ships and vehicles from a timetable, looked up for a whole fleet at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hardware.points import BoolArray, Float64Array, Int64Array
from hardware.virtual.noise import seed_of

DAY_S = 86_400.0
BACK_S = 10 * DAY_S  # nobody stays longer than that
AHEAD_S = 2 * DAY_S


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay at one device, and how much it is about: hotel load in kW, or energy wanted in kWh."""

    id: str
    device: str
    start_s: float
    end_s: float
    amount: float
    kind: str


class Schedule:
    """Columns over the fleet's devices: the stay each has now (`key` 0: none)."""

    def __init__(self, rows: dict[str, int], stays: Callable[[float, float], Sequence[Stay]]) -> None:
        self._rows = rows
        self._stays = stays
        self._from_s = np.inf
        self._until_s = -np.inf
        size = len(rows)
        self.key: Int64Array = np.zeros(size, dtype=np.int64)
        self.start_s: Float64Array = np.zeros(size)
        self.end_s: Float64Array = np.zeros(size)
        self.amount: Float64Array = np.zeros(size)
        self.kind: list[str] = [""] * size
        self._loaded: list[Stay] = []
        self._spans: Float64Array = np.zeros((2, 0))
        self._device: Int64Array = np.zeros(0, dtype=np.int64)
        self._keys: Int64Array = np.zeros(0, dtype=np.int64)

    @property
    def present(self) -> BoolArray:
        there: BoolArray = self.key != 0
        return there

    def at(self, time_s: float) -> BoolArray:
        """Moves to `time_s`; True for the devices whose stay changed."""
        if not self._from_s <= time_s < self._until_s:
            self._load(time_s)
        before = self.key.copy()
        self.key[:] = 0
        for number in np.flatnonzero((self._spans[0] <= time_s) & (time_s < self._spans[1])):
            row = self._device[number]
            if self.key[row] != self._keys[number]:
                self._put(int(row), int(number))
        changed: BoolArray = before != self.key
        return changed

    def _put(self, row: int, number: int) -> None:
        stay = self._loaded[number]
        self.key[row] = self._keys[number]
        self.start_s[row], self.end_s[row], self.amount[row] = stay.start_s, stay.end_s, stay.amount
        self.kind[row] = stay.kind

    def _load(self, time_s: float) -> None:
        found = [stay for stay in self._stays(time_s - BACK_S, time_s + AHEAD_S) if stay.device in self._rows]
        # The later arrival wins where two stays overlap at one device: it comes last and is put last.
        found.sort(key=lambda stay: stay.start_s)
        self._loaded = found
        self._spans = np.array([[stay.start_s for stay in found], [stay.end_s for stay in found]]).reshape(2, -1)
        self._device = np.array([self._rows[stay.device] for stay in found], dtype=np.int64)
        self._keys = np.array([seed_of(f"{stay.id}{stay.start_s}") >> 2 for stay in found], dtype=np.int64)
        self._from_s, self._until_s = time_s, time_s + AHEAD_S - DAY_S
