"""One hard requirement and the columns that let it be broken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.arrays import ArrayModel
from optimizer.model import Cells
from optimizer.profile import FloatArray, IntArray
from optimizer.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class Requirement:
    """One hard requirement and the columns that let it be broken; `steps` are theirs, NO_STEP for the whole horizon."""

    rule: str  # name of the rule's function
    thing: str  # id of the node, session, group
    columns: IntArray
    steps: IntArray
    cost: FloatArray  # of one unit of each column, so that breaks compare: kWh


def cells(steps: IntArray) -> Cells:
    """Cells of columns that nobody reads the names of."""
    return Cells([""], np.zeros(steps.size, dtype=np.int64), steps)


def move(
    model: ArrayModel,
    tables: Tables,
    thing: str,
    steps: IntArray,
    room_kw: tuple[FloatArray, FloatArray],
    into: tuple[tuple[IntArray, FloatArray | float], ...],
) -> Requirement:
    """Columns that take power away and add it, within the room there is, in the rows given."""
    less = model.columns("less", cells(steps), 0.0, np.maximum(room_kw[0], 0.0))
    more = model.columns("more", cells(steps), 0.0, np.maximum(room_kw[1], 0.0))
    for rows, value in into:
        model.put(rows, less, value)
        model.put(rows, more, -np.asarray(value))
    hours = np.concatenate([tables.hours[steps]] * 2)
    columns, both = np.concatenate([less, more]), np.concatenate([steps, steps])
    return Requirement("repeat_frozen_steps", thing, columns, both, hours)
