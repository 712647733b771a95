"""Acts on the store: readings put beside what the engine wrote, whole and under a number, and taken back whole.

An import adds readings. A correction replaces those of its spans, for whoever asks; what was there stays beneath it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from hardware.points import Float64Array, Int64Array, UInt16Array


class ActKind(enum.StrEnum):
    """What an act does; its name stands in files, tables and the journal."""

    IMPORT = "import"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Act:
    """One act; imports and corrections count their numbers each for themselves, from 1."""

    kind: ActKind
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


@dataclass(frozen=True, slots=True)
class ActSeries:
    """Readings of one point for an act: times in ms UTC, rising, each once; a value is finite or its status bad."""

    point: str
    unit: str  # of the values, for a point that the store does not know yet
    time_ms: Int64Array
    value: Float64Array
    status: UInt16Array


@dataclass(frozen=True, slots=True)
class Mask:
    """Correction `number` answers for `point` from `start_ms` up to `end_ms`, which does not belong to it."""

    number: int
    point: str
    start_ms: int
    end_ms: int
