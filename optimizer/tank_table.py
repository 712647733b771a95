"""Tanks and their pumps as arrays, one row a thing and one column a step. Frozen steps leave a pump no room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray, column, table
from optimizer.running_table import RunningTable, tabulate_running


@dataclass(frozen=True, slots=True, eq=False)
class TankTable:
    """Arrays of shape (tanks,), (tanks, steps), (pumps,) or (pumps, steps)."""

    capacity_m3: FloatArray
    least_m3: FloatArray
    start_m3: FloatArray
    end_m3: FloatArray
    end_is_hard: BoolArray
    end_missing_eur_per_m3: FloatArray
    outflow_m3h: FloatArray  # (tanks, steps)
    node: IntArray  # of the grid, (pumps,)
    tank: IntArray  # (pumps,)
    least_kw: FloatArray  # (pumps, steps): above 0 only where the plan in force holds
    most_kw: FloatArray
    m3_per_kwh: FloatArray  # (pumps,)
    running: RunningTable

    def level_m3(self, pump_kw: FloatArray, hours: FloatArray) -> FloatArray:
        """Water in every tank at each step's end, shape (tanks, steps)."""
        change = -self.outflow_m3h * hours
        np.add.at(change, self.tank, pump_kw * self.m3_per_kwh[:, None] * hours)
        return np.asarray(self.start_m3[:, None] + np.cumsum(change, axis=1))


def tabulate_tanks(problem: Problem, held: dict[str, tuple[float, ...]]) -> TankTable:
    """The arrays of a problem's tanks and pumps."""
    tanks, pumps, steps = problem.tanks, problem.pumps, problem.horizon.steps
    grid = {node.id: row for row, node in enumerate(problem.nodes)}
    place = {tank.id: row for row, tank in enumerate(tanks)}
    most = table((pump.max_kw for pump in pumps), steps)
    held_kw = np.full_like(most, np.nan)
    for row, pump in enumerate(pumps):
        if pump.id in held:
            held_kw[row, : problem.frozen_steps] = np.minimum(held[pump.id][: problem.frozen_steps], pump.max_kw)
    fixed = np.isfinite(held_kw)
    price = [tank.end_missing_eur_per_m3 for tank in tanks]
    return TankTable(
        capacity_m3=column(tanks, "capacity_m3"),
        least_m3=column(tanks, "least_m3"),
        start_m3=column(tanks, "start_m3"),
        end_m3=column(tanks, "end_m3"),
        end_is_hard=np.array([one is None for one in price], dtype=bool),
        end_missing_eur_per_m3=np.array([one or 0.0 for one in price], dtype=float),
        outflow_m3h=table((tank.outflow_m3h for tank in tanks), steps),
        node=np.array([grid[pump.node] for pump in pumps], dtype=np.int64),
        tank=np.array([place[pump.tank] for pump in pumps], dtype=np.int64),
        least_kw=np.where(fixed, np.nan_to_num(held_kw), 0.0),
        most_kw=np.where(fixed, np.nan_to_num(held_kw), most),
        m3_per_kwh=column(pumps, "m3_per_kwh"),
        running=tabulate_running([pump.switching for pump in pumps], most, problem.horizon.hours, held_kw),
    )
