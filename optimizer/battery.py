"""Rules of batteries.

A battery that charges and discharges at once only burns energy. Where a kWh costs something at its node no cheapest
plan does that, so there is no integer for it; `charge_or_discharge` is written for the cells in which a plan did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.battery_table import BatteryTable
from optimizer.model import Cells, Model, every_step, once_each
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray
from optimizer.tables import Tables

_AT_ONCE_KW = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class BatteryBlock:
    """Where batteries stand in the model: columns and rows of shape (batteries, steps), `missing` (batteries,)."""

    charged: IntArray
    discharged: IntArray
    stored: IntArray
    stored_rows: IntArray
    missing: IntArray

    def power_kw(self, values: FloatArray) -> FloatArray:
        """Power at the node, charging positive, shape (batteries, steps)."""
        power = values[self.charged] - values[self.discharged]
        return np.where(np.abs(power) < 1e-9, 0.0, power)

    def at_once(self, battery: BatteryTable, values: FloatArray) -> BoolArray:
        """Cells (batteries, steps) that charge and discharge at once; without losses that is the difference alone."""
        lossy = battery.charge_efficiency * battery.discharge_efficiency < 1.0
        return np.asarray((np.minimum(values[self.charged], values[self.discharged]) > _AT_ONCE_KW) & lossy[:, None])


def write_batteries(
    model: Model, problem: Problem, tables: Tables, balance: IntArray, one_way: BoolArray | None = None
) -> BatteryBlock:
    """All rules of batteries. `one_way`: cells (batteries, steps) that need an integer not to do both at once."""
    battery, names = tables.battery, [item.id for item in problem.batteries]
    charged, discharged = charge_and_discharge_within_power(model, names, battery)
    draw_battery_power(model, battery, balance, charged, discharged)
    stored, rows = carry_stored_energy(model, names, battery, tables.hours, charged, discharged)
    missing = end_with_wanted_charge(model, names, battery, stored)
    pay_for_wear(model, battery, tables.hours, discharged)
    if one_way is not None:
        charge_or_discharge(model, names, battery, charged, discharged, one_way)
    return BatteryBlock(charged, discharged, stored, rows, missing)


def charge_and_discharge_within_power(
    model: Model, names: Sequence[str], battery: BatteryTable
) -> tuple[IntArray, IntArray]:
    """0 <= charging <= its most and 0 <= discharging <= its most, in kW at the node; frozen steps leave no room.

    Gives columns of both, shape (batteries, steps).
    """
    shape = battery.charge_max_kw.shape
    cells = every_step(names, shape[1])
    charged = model.columns("store", cells, battery.charge_min_kw.ravel(), battery.charge_max_kw.ravel())
    discharged = model.columns("give", cells, battery.discharge_min_kw.ravel(), battery.discharge_max_kw.ravel())
    return charged.reshape(shape), discharged.reshape(shape)


def draw_battery_power(
    model: Model, battery: BatteryTable, balance: IntArray, charged: IntArray, discharged: IntArray
) -> None:
    """Charging less discharging counts to the battery's node, in kW."""
    model.put(balance[battery.node], charged, -1.0)
    model.put(balance[battery.node], discharged, 1.0)


def carry_stored_energy(
    model: Model,
    names: Sequence[str],
    battery: BatteryTable,
    hours: FloatArray,
    charged: IntArray,
    discharged: IntArray,
) -> tuple[IntArray, IntArray]:
    """Stored at a step's end = what is kept of that at its begin + charged * efficiency - discharged / efficiency.

    In kWh, between least and capacity; the first step begins with what is there. Gives columns and rows, both of shape
    (batteries, steps).
    """
    shape = charged.shape
    cells = every_step(names, shape[1])
    low, high = np.repeat(battery.least_kwh, shape[1]), np.repeat(battery.capacity_kwh, shape[1])
    stored = model.columns("stored", cells, low, high).reshape(shape)
    begins = np.zeros(shape)
    begins[:, :1] = (battery.start_kwh * battery.kept[:, 0])[:, None]
    rows = model.rows("stored", cells, begins.ravel(), begins.ravel()).reshape(shape)
    model.put(rows, stored, 1.0)
    model.put(rows[:, 1:], stored[:, :-1], -battery.kept[:, 1:])
    model.put(rows, charged, -hours * battery.charge_efficiency[:, None])
    model.put(rows, discharged, hours / battery.discharge_efficiency[:, None])
    return stored, rows


def end_with_wanted_charge(model: Model, names: Sequence[str], battery: BatteryTable, stored: IntArray) -> IntArray:
    """Stored at the horizon's end + missing >= wanted by then, in kWh; missing has a price, or is 0 where it is hard.

    Gives columns of what is missing, shape (batteries,).
    """
    most = np.where(battery.end_is_hard, 0.0, battery.end_kwh)
    missing = model.columns("end_missing", once_each(names), 0.0, most)
    model.price(missing, battery.end_missing_eur_per_kwh)
    rows = model.rows("end", once_each(names), battery.end_kwh, np.inf)
    model.put(rows, stored[:, -1], 1.0)
    model.put(rows, missing, 1.0)
    return missing


def pay_for_wear(model: Model, battery: BatteryTable, hours: FloatArray, discharged: IntArray) -> None:
    """Each kWh given to the node costs its wear, in EUR."""
    model.price(discharged, hours * battery.wear_eur_per_kwh[:, None])


def charge_or_discharge(
    model: Model,
    names: Sequence[str],
    battery: BatteryTable,
    charged: IntArray,
    discharged: IntArray,
    cells: BoolArray,
) -> None:
    """In each of these cells either charging or discharging is 0. Needs an integer a cell.

    Prices see to it where a kWh costs something; this is for the cells where burning one earns.
    """
    number, step = np.nonzero(cells)
    at = Cells(names, number, step)
    storing = model.columns("storing", at, 0.0, 1.0, integer=True)
    most = model.rows("store_or_give", at, -np.inf, 0.0)
    model.put(most, charged[number, step], 1.0)
    model.put(most, storing, -battery.charge_max_kw[number, step])
    least = model.rows("give_or_store", at, -np.inf, battery.discharge_max_kw[number, step])
    model.put(least, discharged[number, step], 1.0)
    model.put(least, storing, battery.discharge_max_kw[number, step])
