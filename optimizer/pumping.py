"""Rules of tanks: pumps fill them, a forecast empties them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.model import Model, every_step, once_each
from optimizer.problem import Problem
from optimizer.profile import FloatArray, IntArray
from optimizer.running import RunningBlock, write_running
from optimizer.tables import Tables
from optimizer.tank_table import TankTable


@dataclass(frozen=True, slots=True, eq=False)
class TankBlock:
    """Where tanks stand in the model: columns and rows of shape (pumps | tanks, steps)."""

    power: IntArray  # columns (pumps, steps), kW
    level: IntArray  # columns (tanks, steps), m3
    level_rows: IntArray
    running: RunningBlock

    def pump_kw(self, tank: TankTable, values: FloatArray) -> FloatArray:
        """Power of every pump, shape (pumps, steps)."""
        power = np.where(np.abs(values[self.power]) < 1e-9, 0.0, values[self.power])
        return np.where(self.running.off(values), 0.0, np.clip(power, tank.least_kw, tank.most_kw))


def write_tanks(model: Model, problem: Problem, tables: Tables, balance: IntArray) -> TankBlock:
    """All rules of tanks and pumps."""
    tank, hours = tables.tank, tables.hours
    pumps, tanks = [pump.id for pump in problem.pumps], [item.id for item in problem.tanks]
    power = pump_within_power(model, pumps, tank)
    draw_pumping_power(model, tank, balance, power)
    level, rows = keep_tank_level(model, tanks, tank, hours, power)
    end_with_wanted_level(model, tanks, tank, level)
    running = write_running(model, pumps, tank.running, hours, ((power, np.ones((len(pumps), 1))),))
    return TankBlock(power, level, rows, running)


def pump_within_power(model: Model, names: Sequence[str], tank: TankTable) -> IntArray:
    """0 <= power of a pump <= its most, in kW; frozen steps leave no room. Gives columns, shape (pumps, steps)."""
    cells = every_step(names, tank.most_kw.shape[1])
    return model.columns("pump", cells, tank.least_kw.ravel(), tank.most_kw.ravel()).reshape(tank.most_kw.shape)


def draw_pumping_power(model: Model, tank: TankTable, balance: IntArray, power: IntArray) -> None:
    """The power of a pump counts to its node, in kW."""
    model.put(balance[tank.node], power, -1.0)


def keep_tank_level(
    model: Model, names: Sequence[str], tank: TankTable, hours: FloatArray, power: IntArray
) -> tuple[IntArray, IntArray]:
    """Water at a step's end = water at its begin + what is pumped - what flows out, in m3, from least to capacity.

    Gives columns and rows, both of shape (tanks, steps).
    """
    shape = tank.outflow_m3h.shape
    cells = every_step(names, shape[1])
    low, high = np.repeat(tank.least_m3, shape[1]), np.repeat(tank.capacity_m3, shape[1])
    level = model.columns("level", cells, low, high).reshape(shape)
    change = -tank.outflow_m3h * hours
    change[:, :1] += tank.start_m3[:, None]
    rows = model.rows("level", cells, change.ravel(), change.ravel()).reshape(shape)
    model.put(rows, level, 1.0)
    model.put(rows[:, 1:], level[:, :-1], -1.0)
    model.put(rows[tank.tank], power, -tank.m3_per_kwh[:, None] * hours)
    return level, rows


def end_with_wanted_level(model: Model, names: Sequence[str], tank: TankTable, level: IntArray) -> None:
    """Water at the horizon's end + missing >= wanted by then, in m3; missing has a price, or is 0 where it is hard."""
    missing = model.columns("end_water", once_each(names), 0.0, np.where(tank.end_is_hard, 0.0, tank.end_m3))
    model.price(missing, tank.end_missing_eur_per_m3)
    rows = model.rows("end_level", once_each(names), tank.end_m3, np.inf)
    model.put(rows, level[:, -1], 1.0)
    model.put(rows, missing, 1.0)
