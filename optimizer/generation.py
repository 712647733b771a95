"""Rules of sun and wind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.model import Cells, Model
from optimizer.problem import Problem
from optimizer.profile import FloatArray, IntArray
from optimizer.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class SourceBlock:
    """Where sun and wind stand in the model: a column for each step in which some may be curtailed."""

    columns: IntArray
    source: IntArray
    step: IntArray

    def used_kw(self, tables: Tables, values: FloatArray) -> FloatArray:
        """What is taken of each source, positive, shape (sources, steps)."""
        used = tables.source_max_kw.copy()
        used[self.source, self.step] -= values[self.columns]
        return np.clip(used, tables.source_min_kw, tables.source_max_kw)


def write_generation(model: Model, problem: Problem, tables: Tables, balance: IntArray) -> SourceBlock:
    """All rules of sun and wind."""
    return use_forecast_or_curtail(model, [source.id for source in problem.generation], tables, balance)


def use_forecast_or_curtail(model: Model, names: Sequence[str], tables: Tables, balance: IntArray) -> SourceBlock:
    """0 <= curtailed <= forecast, in kW, at a price by the kWh; what is used feeds the source's node.

    The forecast is among what is fixed; here only what curtailing takes from it.
    """
    room = tables.source_max_kw - tables.source_min_kw
    source, step = np.nonzero(room > 0.0)
    columns = model.columns("curtailed", Cells(names, source, step), 0.0, room[source, step])
    model.put(balance[tables.source_node[source], step], columns, -1.0)
    model.price(columns, tables.curtail_eur_per_kwh[source] * tables.hours[step])
    held_back = (tables.source_kw - tables.source_max_kw) * tables.hours * tables.curtail_eur_per_kwh[:, None]
    model.charge(float(held_back.sum()))
    return SourceBlock(columns, source, step)
