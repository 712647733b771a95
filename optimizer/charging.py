"""Rules of charge sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.giving import GivingBlock, write_giving
from optimizer.model import Cells, Model, once_each
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray
from optimizer.session_table import SessionTable, steps_on_from
from optimizer.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class ChargeBlock:
    """Where charging stands in the model; `columns`, `session`, `step`: one for each step a vehicle may draw in."""

    giving: GivingBlock

    columns: IntArray
    session: IntArray
    step: IntArray
    missing: IntArray  # columns, shape (sessions,)
    energy_rows: IntArray  # shape (sessions,)
    ready_rows: IntArray  # shape (sessions,); -1 where nothing is asked

    def powers_kw(self, charge: SessionTable, values: FloatArray) -> FloatArray:
        """Mean power of each step from the values of the model's columns, shape (sessions, steps)."""
        power = np.zeros_like(charge.share)
        power[self.session, self.step] = values[self.columns]
        power = np.clip(power, charge.lowest_kw, charge.highest_kw)
        return power - self.giving.power_kw(charge, values)


def write_charging(
    model: Model, problem: Problem, tables: Tables, balance: IntArray, one_way: BoolArray | None = None
) -> ChargeBlock:
    """All rules of charging. `one_way`: cells (sessions, steps) that need an integer not to take and give at once."""
    charge, names = tables.charge, [session.id for session in problem.charging]
    columns, session, step = charge_while_present(model, names, charge)
    draw_charging_power(model, charge, balance, columns, session, step)
    missing, rows = bring_wanted_energy(model, names, charge, tables.hours, columns, session, step)
    ready_rows = be_ready_in_time(model, names, charge, tables.hours, columns, session, step)
    on, power_rows = draw_least_power_or_none(model, names, charge, columns, session, step)
    charge_on_more_phases(model, names, charge, on, power_rows)
    stay_on_for_least_time(model, names, charge, tables.hours, on)
    charged = np.full(charge.share.shape, -1, dtype=np.int64)
    charged[session, step] = columns
    giving = write_giving(model, names, tables, balance, charged, rows, ready_rows, one_way)
    return ChargeBlock(giving, columns, session, step, missing, rows, ready_rows)


def charge_while_present(
    model: Model, names: Sequence[str], charge: SessionTable
) -> tuple[IntArray, IntArray, IntArray]:
    """0 <= power <= max_kw between arrival and departure, in kW; in part of a step, that part of it.

    Gives columns, their session and their step.
    """
    session, step = np.nonzero(charge.highest_kw > 0.0)
    cells = Cells(names, session, step)
    columns = model.columns("charge", cells, charge.lowest_kw[session, step], charge.highest_kw[session, step])
    return columns, session, step


def draw_charging_power(
    model: Model, charge: SessionTable, balance: IntArray, columns: IntArray, session: IntArray, step: IntArray
) -> None:
    """The power of a session counts to its node, in kW."""
    model.put(balance[charge.node[session], step], columns, -1.0)


def bring_wanted_energy(
    model: Model,
    names: Sequence[str],
    charge: SessionTable,
    hours: FloatArray,
    columns: IntArray,
    session: IntArray,
    step: IntArray,
) -> tuple[IntArray, IntArray]:
    """Sum of power * hours * efficiency + missing = energy wanted, in kWh; missing at most what is not required.

    Gives columns of what is missing and the rows, both of shape (sessions,).
    """
    missing = model.columns("missing", once_each(names), 0.0, charge.energy_kwh - charge.required_kwh)
    model.price(missing, charge.missing_eur_per_kwh)
    rows = model.rows("energy", once_each(names), charge.energy_kwh, charge.energy_kwh)
    model.put(rows[session], columns, hours[step] * charge.efficiency[session])
    model.put(rows, missing, 1.0)
    return missing, rows


def be_ready_in_time(
    model: Model,
    names: Sequence[str],
    charge: SessionTable,
    hours: FloatArray,
    columns: IntArray,
    session: IntArray,
    step: IntArray,
) -> IntArray:
    """Sum of power * hours * efficiency before `ready_by` >= energy that must be there by then, in kWh.

    Gives the row of each session, -1 where nothing is asked.
    """
    asked = np.flatnonzero(charge.ready_kwh > 0.0)
    row_of = np.full(charge.node.size, -1, dtype=np.int64)
    if not asked.size:
        return row_of
    cells = Cells(names, asked, np.full(asked.size, -1, dtype=np.int64))
    row_of[asked] = model.rows("ready", cells, charge.ready_kwh[asked], np.inf)
    # In the step that holds `ready_by` only the part of the stay before it counts.
    part = charge.before_ready[session, step]
    used = (row_of[session] >= 0) & (part > 0.0)
    brings = part * hours[step] * charge.efficiency[session]
    model.put(row_of[session[used]], columns[used], brings[used])
    return row_of


def draw_least_power_or_none(
    model: Model, names: Sequence[str], charge: SessionTable, columns: IntArray, session: IntArray, step: IntArray
) -> tuple[IntArray, tuple[IntArray, IntArray]]:
    """Power is 0, or between the least while on and the most of its first band, in kW. Needs an integer a step.

    Only where asked. Gives the columns of on and the rows of least and most power, each of shape (sessions, steps), -1
    where there is none.
    """
    least = charge.least_on_kw[session, step]
    asked = np.flatnonzero(least > 0.0)
    on_of, lowest_of, highest_of = (np.full(charge.share.shape, -1, dtype=np.int64) for _ in range(3))
    if not asked.size:
        return on_of, (lowest_of, highest_of)
    cells = Cells(names, session[asked], step[asked])
    on = model.columns("on", cells, 0.0, 1.0, integer=True)
    lowest = model.rows("least_power", cells, 0.0, np.inf)
    model.put(lowest, columns[asked], 1.0)
    model.put(lowest, on, -least[asked])
    highest = model.rows("most_power", cells, -np.inf, 0.0)
    model.put(highest, columns[asked], 1.0)
    cell = session[asked], step[asked]
    most = np.minimum(charge.highest_kw[cell], charge.share[cell] * charge.band_high_kw[cell[0], 0])
    model.put(highest, on, -most)
    on_of[cell], lowest_of[cell], highest_of[cell] = on, lowest, highest
    return on_of, (lowest_of, highest_of)


def charge_on_more_phases(
    model: Model, names: Sequence[str], charge: SessionTable, on: IntArray, power_rows: tuple[IntArray, IntArray]
) -> None:
    """Each band of power above the first lifts least and most to its own, in kW; a band is used only above the last.

    One integer for each band and step: a charger on one phase or on three cannot do what lies between.
    """
    below = on
    for band in range(1, charge.band_low_kw.shape[1]):
        session, step = np.nonzero((on >= 0) & np.isfinite(charge.band_low_kw[:, band])[:, None])
        cells = Cells(names, session, step)
        up = model.columns(f"band{band}", cells, 0.0, 1.0, integer=True)
        for rows, kw in zip(power_rows, (charge.band_low_kw, charge.band_high_kw), strict=True):
            rise = kw[session, band] - kw[session, band - 1]
            model.put(rows[session, step], up, -charge.share[session, step] * rise)
        order = model.rows(f"band{band}", cells, -np.inf, 0.0)
        model.put(order, up, 1.0)
        model.put(order, below[session, step], -1.0)
        below = np.full(on.shape, -1, dtype=np.int64)
        below[session, step] = up


def stay_on_for_least_time(
    model: Model, names: Sequence[str], charge: SessionTable, hours: FloatArray, on: IntArray
) -> None:
    """on(t) - on(t-1) <= on(s) for each step s within the least time on after t, while the vehicle is there."""
    asked = [
        (row, step, later)
        for row in np.flatnonzero(charge.least_on_h > 0.0)
        for step in np.flatnonzero(on[row] >= 0)
        if step == 0 or charge.highest_kw[row, step - 1] <= 0.0 or on[row, step - 1] >= 0
        for later in steps_on_from(float(charge.least_on_h[row]), hours, int(step))
        if on[row, later] >= 0
    ]
    if not asked:
        return
    session, step, later = (np.array(part, dtype=np.int64) for part in zip(*asked, strict=True))
    rows = model.rows("least_time", Cells(names, session, later), 0.0, np.inf)
    model.put(rows, on[session, later], 1.0)
    model.put(rows, on[session, step], -1.0)
    before = np.where(step > 0, on[session, step - 1], -1)
    model.put(rows[before >= 0], before[before >= 0], 1.0)
