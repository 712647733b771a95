"""Rules of vehicles that give back to the grid. Taking and giving at once needs an integer only where a plan did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.model import Cells, Model
from optimizer.profile import BoolArray, FloatArray, IntArray
from optimizer.session_table import SessionTable
from optimizer.tables import Tables

_AT_ONCE_KW = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class GivingBlock:
    """Where vehicles that give back stand in the model; columns of shape (sessions, steps), -1 where there is none."""

    charged: IntArray
    given: IntArray
    stored: IntArray
    stored_rows: IntArray

    def power_kw(self, charge: SessionTable, values: FloatArray) -> FloatArray:
        """What is given at the charger, shape (sessions, steps)."""
        given = np.where(self.given >= 0, values[self.given], 0.0)
        return np.clip(np.where(given < 1e-9, 0.0, given), charge.give_min_kw, charge.give_max_kw)

    def at_once(self, charge: SessionTable, values: FloatArray) -> BoolArray:
        """Cells (sessions, steps) that take and give at once; without losses that is the difference alone."""
        both = (self.charged >= 0) & (self.given >= 0)
        less = np.where(both, np.minimum(values[self.charged], values[self.given]), 0.0)
        lossy = (charge.efficiency * charge.give_efficiency < 1.0)[:, None] | (charge.least_on_kw > 0.0)
        return np.asarray((less > _AT_ONCE_KW) & lossy)


def write_giving(
    model: Model,
    names: Sequence[str],
    tables: Tables,
    balance: IntArray,
    charged: IntArray,
    energy_rows: IntArray,
    ready_rows: IntArray,
    one_way: BoolArray | None,
) -> GivingBlock:
    """All rules of vehicles that give back; `charged` are their columns of charging, (sessions, steps)."""
    charge, hours = tables.charge, tables.hours
    given = give_back_while_present(model, names, charge, balance, energy_rows, ready_rows, hours)
    stored, rows = keep_state_of_charge(model, names, charge, hours, charged, given)
    pay_for_wear_of_vehicles(model, charge, hours, given)
    if one_way is not None:
        take_or_give(model, names, charge, charged, given, one_way)
    return GivingBlock(charged, given, stored, rows)


def give_back_while_present(
    model: Model,
    names: Sequence[str],
    charge: SessionTable,
    balance: IntArray,
    energy_rows: IntArray,
    ready_rows: IntArray,
    hours: FloatArray,
) -> IntArray:
    """0 <= given <= its most while it is there, in kW at the charger; it feeds the node and empties the vehicle.

    What is given over the efficiency counts against the energy wanted, and the part that must be there earlier. Gives
    columns, shape (sessions, steps), -1 where there is none.
    """
    given = np.full(charge.share.shape, -1, dtype=np.int64)
    session, step = np.nonzero(charge.give_max_kw > 0.0)
    cells = Cells(names, session, step)
    columns = model.columns("give_back", cells, charge.give_min_kw[session, step], charge.give_max_kw[session, step])
    given[session, step] = columns
    model.put(balance[charge.node[session], step], columns, 1.0)
    takes = -hours[step] / charge.give_efficiency[session]
    model.put(energy_rows[session], columns, takes)
    part = charge.before_ready[session, step]
    early = (ready_rows[session] >= 0) & (part > 0.0)
    model.put(ready_rows[session[early]], columns[early], part[early] * takes[early])
    return given


def keep_state_of_charge(
    model: Model, names: Sequence[str], charge: SessionTable, hours: FloatArray, charged: IntArray, given: IntArray
) -> tuple[IntArray, IntArray]:
    """In the vehicle at a step's end = at its begin + taken * efficiency - given / efficiency, from least to capacity.

    In kWh, for vehicles that may give back. Gives columns and rows of shape (sessions, steps), -1 where there is none.
    """
    stored, rows = (np.full(charge.share.shape, -1, dtype=np.int64) for _ in range(2))
    there = (charge.share > 0.0) & np.isin(np.arange(charge.node.size), charge.gives)[:, None]
    session, step = np.nonzero(there)
    first = ~np.hstack([np.zeros_like(there[:, :1]), there[:, :-1]])[session, step]
    cells = Cells(names, session, step)
    stored[session, step] = model.columns("in_vehicle", cells, charge.least_kwh[session], charge.capacity_kwh[session])
    begins = np.where(first, charge.start_kwh[session], 0.0)
    row = model.rows("in_vehicle", cells, begins, begins)
    rows[session, step] = row
    model.put(row, stored[session, step], 1.0)
    model.put(row[~first], stored[session[~first], step[~first] - 1], -1.0)
    for columns, brings in (
        (charged, hours[step] * charge.efficiency[session]),
        (given, -hours[step] / charge.give_efficiency[session]),
    ):
        used = columns[session, step] >= 0
        model.put(row[used], columns[session, step][used], -brings[used])
    return stored, rows


def pay_for_wear_of_vehicles(model: Model, charge: SessionTable, hours: FloatArray, given: IntArray) -> None:
    """Each kWh a vehicle gives back costs its wear, in EUR."""
    session, step = np.nonzero(given >= 0)
    model.price(given[session, step], hours[step] * charge.wear_eur_per_kwh[session])


def take_or_give(
    model: Model, names: Sequence[str], charge: SessionTable, charged: IntArray, given: IntArray, cells: BoolArray
) -> None:
    """In each of these cells either taking or giving is 0. Needs an integer a cell."""
    session, step = np.nonzero(cells & (charged >= 0) & (given >= 0))
    at = Cells(names, session, step)
    taking = model.columns("taking", at, 0.0, 1.0, integer=True)
    most = model.rows("take_or_give", at, -np.inf, 0.0)
    model.put(most, charged[session, step], 1.0)
    model.put(most, taking, -charge.highest_kw[session, step])
    least = model.rows("give_or_take", at, -np.inf, charge.give_max_kw[session, step])
    model.put(least, given[session, step], 1.0)
    model.put(least, taking, charge.give_max_kw[session, step])
