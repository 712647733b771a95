"""Faults of what a device shows, one `Distortion` a bank: stuck, drifting and forced values, lost sensors, counters
that jump, and a register map that a firmware update has moved. The physics behind goes on as if nothing was.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hardware.points import Float64Array
from hardware.profiles import NotEncodable, NoValue, ProfilePoint, encode_no_value
from hardware.virtual.faults import Fault

Shown = Callable[[int], Float64Array]  # the values of a point, by its number, for every device of the bank
COUNTER_FAULTS = ("reset", "rollover", "swap")
NEW_METER = 11.0  # what the counter of a meter shows that has just been put in, in its own unit
ROLLS_AT = 1e9  # raw steps: counters of wide or floating registers roll over where most displays do
STEPS_LEFT = 2.0  # before the counter rolls over


@dataclass(frozen=True, slots=True)
class _Bend:
    """One fault at one point of one device. `at_start`: what it showed when the fault began."""

    kind: str
    row: int
    since_s: float
    number: float
    at_start: float


class Distortion:
    def __init__(self, points: Sequence[ProfilePoint], devices: Sequence[str]) -> None:
        self._points = tuple(points)
        self._rows = {device: row for row, device in enumerate(devices)}
        self._bends: dict[int, list[_Bend]] = {}  # by number of the point
        self._known: dict[tuple[Fault, int], _Bend] = {}
        self.faces: dict[int, list[tuple[int, tuple[int, ...]]]] = {}  # number of the point -> row, words
        self.shifted: frozenset[int] = frozenset()
        self.reordered: frozenset[int] = frozenset()

    def set(self, active: Sequence[Fault], shown: Shown) -> None:
        """Takes these faults for those that hold now; one that held before goes on from where it began."""
        mine = [fault for fault in active if fault.target in self._rows]
        known: dict[tuple[Fault, int], _Bend] = {}
        self.faces = {}
        for fault in mine:
            for number in self._numbers(fault):
                if fault.kind == "sensor" and fault.extra:
                    words = encode_no_value(self._points[number], NoValue[fault.extra.upper()])
                    self.faces.setdefault(number, []).append((self._rows[fault.target], words))
                elif fault.kind != "sensor":
                    known[fault, number] = self._known.get((fault, number)) or self._begun(fault, number, shown)
        self._known = known
        self._bends = {}
        for (_, number), bend in known.items():
            self._bends.setdefault(number, []).append(bend)
        self.shifted = frozenset(self._rows[fault.target] for fault in mine if fault.kind == "shift")
        self.reordered = frozenset(self._rows[fault.target] for fault in mine if fault.kind == "wordswap")

    def applied(self, number: int, values: Float64Array) -> Float64Array:
        """The values of the point as the faults make them look; `values` itself where none does."""
        bends = self._bends.get(number)
        if not bends:
            return values
        bent = np.array(values)
        for bend in bends:
            bent[bend.row] = self._bent(self._points[number], bend, float(bent[bend.row]))
        return bent

    def _numbers(self, fault: Fault) -> list[int]:
        """The points that a fault is about."""
        if fault.kind == "swap":
            return [number for number, point in enumerate(self._points) if point.counter]
        if fault.kind == "stuck" and not fault.argument:
            return list(range(len(self._points)))
        if fault.kind not in ("sensor", "stuck", "drift", "force", "reset", "rollover"):
            return []
        return [number for number, point in enumerate(self._points) if point.quantity == fault.argument]

    def _begun(self, fault: Fault, number: int, shown: Shown) -> _Bend:
        row = self._rows[fault.target]
        amount = float(fault.extra) if fault.kind in ("drift", "force") else 0.0
        return _Bend(fault.kind, row, time.time(), amount, float(shown(number)[row]))

    def _bent(self, point: ProfilePoint, bend: _Bend, value: float) -> float:
        match bend.kind:
            case "stuck":
                return bend.at_start
            case "force":
                return bend.number
            case "drift":
                return value * (1.0 + bend.number / 100.0 * (time.time() - bend.since_s) / 3600.0)
            case "reset":
                return value - bend.at_start
            case "swap":
                return value - bend.at_start + NEW_METER
            case "rollover":
                rolls_at = _rolls_at(point)
                return (value - bend.at_start + rolls_at - STEPS_LEFT * abs(point.scale)) % rolls_at
        return value


FACES = tuple(face.name.lower() for face in NoValue)


def can_show(point: ProfilePoint, face: str) -> bool:
    """Whether the type has words for this way of having no value."""
    try:
        encode_no_value(point, NoValue[face.upper()])
    except (KeyError, NotEncodable):
        return False
    return True


def _rolls_at(point: ProfilePoint) -> float:
    bits = 16 * point.words - (1 if point.type.kind == "i" else 0)
    steps = 2.0**bits if point.type.kind != "f" else math.inf
    return min(steps, ROLLS_AT) * abs(point.scale)
