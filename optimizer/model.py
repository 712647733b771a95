"""How a rule is written down: once, against `Model`, for whichever back end carries it.

`ArrayModel` (in `arrays`) collects sparse arrays for HiGHS; `PulpModel` (in `through_pulp`) makes PuLP variables and
constraints, for every solver PuLP knows and for reading a rule in a .lp file. A rule adds blocks of columns and rows,
one for each cell, and puts coefficients where they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from optimizer.profile import IntArray

NO_STEP = -1


@dataclass(frozen=True, slots=True)
class Cells:
    """What a block of columns or rows belongs to: for each, the index of a thing and a step (NO_STEP: all steps)."""

    names: Sequence[str]
    thing: IntArray
    step: IntArray

    @property
    def size(self) -> int:
        return int(self.thing.size)

    def name(self, index: int) -> str:
        """`feeder_3_17` for thing feeder_3 in step 17."""
        step = int(self.step[index])
        thing = self.names[int(self.thing[index])]
        return thing if step == NO_STEP else f"{thing}_{step}"


def every_step(names: Sequence[str], steps: int) -> Cells:
    """Cells of all things in all steps; reshape what comes back to (things, steps)."""
    things = np.arange(len(names), dtype=np.int64)
    return Cells(names, np.repeat(things, steps), np.tile(np.arange(steps, dtype=np.int64), len(names)))


def once_each(names: Sequence[str]) -> Cells:
    """One cell for each thing, for the whole horizon."""
    return Cells(names, np.arange(len(names), dtype=np.int64), np.full(len(names), NO_STEP, dtype=np.int64))


class Model(Protocol):
    """A linear program being written. Figures broadcast to the number of cells; infinite bounds are np.inf."""

    def columns(
        self, name: str, cells: Cells, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf, *, integer: bool = False
    ) -> IntArray:
        """Adds one column a cell and gives their numbers, shape (cells,)."""

    def rows(self, name: str, cells: Cells, lower: ArrayLike, upper: ArrayLike) -> IntArray:
        """Adds one row a cell, lower <= sum of what is put <= upper, and gives their numbers, shape (cells,)."""

    def put(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Puts coefficients; the three broadcast to one shape. A place is put to once."""

    def price(self, columns: ArrayLike, eur: ArrayLike) -> None:
        """Adds EUR for each unit of the columns to the cost."""

    def charge(self, eur: float) -> None:
        """Adds a cost that no decision changes."""
