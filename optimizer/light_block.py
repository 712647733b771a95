"""Where the light stands in a model, and how a level is put into a row."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from optimizer.light_table import LightTable
from optimizer.model import Model
from optimizer.profile import BoolArray, FloatArray, IntArray

_WASTE_KW = 1e-5


def no_rows() -> IntArray:
    """No rows at all."""
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class LightBlock:
    """Where the light stands in the model: one column a piece of the curve that can change; shape (pieces,)."""

    columns: IntArray
    group: IntArray
    step: IntArray
    sign: FloatArray  # -1 held back, +1 added
    width: FloatArray  # most of it, as level
    slope_kw: FloatArray  # kW for one level
    height: IntArray  # order of the pieces of one cell, from low light to high
    ramp_rows: IntArray = field(default_factory=no_rows)  # and of which group each is
    ramp_group: IntArray = field(default_factory=no_rows)
    pair_rows: IntArray = field(default_factory=no_rows)  # and of which pair of neighbours each is
    pair: IntArray = field(default_factory=no_rows)
    seldom_rows: IntArray = field(default_factory=no_rows)  # most changes a night, and of which group each is
    seldom_group: IntArray = field(default_factory=no_rows)
    dwell_rows: IntArray = field(default_factory=no_rows)  # least dwell, and of which group each is
    dwell_group: IntArray = field(default_factory=no_rows)

    def levels(self, light: LightTable, values: FloatArray) -> FloatArray:
        """Levels from the values of the model's columns, shape (groups, steps)."""
        level = light.target.copy()
        np.add.at(level, (self.group, self.step), self.sign * np.clip(values[self.columns], 0.0, self.width))
        return light.snapped(np.clip(level, light.floor, light.ceiling))

    def out_of_order(self, light: LightTable, values: FloatArray) -> BoolArray:
        """Cells (groups, steps) where pieces were used in an order that their curve does not have.

        Only where power has a negative price: then the model would waste some by dimming the flat part first.
        """
        used = self.sign * np.clip(values[self.columns], 0.0, self.width)
        modelled = light.power_kw(light.target)
        np.add.at(modelled, (self.group, self.step), used * self.slope_kw)
        return np.abs(modelled - light.power_kw(self.levels(light, values))) > _WASTE_KW


def put_levels(model: Model, row_of: IntArray, block: LightBlock, sign: float) -> None:
    """Puts `sign` times each level's change into the row its group and step have in `row_of`, where they have one."""
    rows = row_of[block.group, block.step]
    found = rows >= 0
    model.put(rows[found], block.columns[found], sign * block.sign[found])
