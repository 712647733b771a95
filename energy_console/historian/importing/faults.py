"""What is wrong with a foreign file: what ends the import at once, and what is told by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.points import BoolArray, Int64Array

SHOWN = 5


class ImportRefused(Exception):
    """A file that cannot be meant as it stands; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble with some lines. `blocks`: nothing is written until a person has said what holds."""

    kind: str  # garbage | infinity | not-a-number | no-time | time | missing-hour | which-hour | unequal
    where: str  # column or source
    lines: tuple[int, ...]  # the first few, as counted in the file
    count: int
    text: str
    blocks: bool

    def __str__(self) -> str:
        named = ", ".join(map(str, self.lines)) + (", ..." if self.count > len(self.lines) else "")
        return f"{self.where}: {self.count} {self.text} (line {named})"


def faults_at(
    kind: str, where: str, wrong: BoolArray, line: Int64Array, text: str, *, blocks: bool = True
) -> list[Fault]:
    """One fault for the rows marked, none where none is."""
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return []
    return [Fault(kind, where, tuple(int(line[row]) for row in rows[:SHOWN]), len(rows), text, blocks)]


def listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
