"""Rules of heat nodes: what makes heat, what stores it, and what each costs and draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.heat_table import ChpTable, HeatTable, StoreTable
from optimizer.model import Model, every_step, once_each
from optimizer.problem import Problem
from optimizer.profile import FloatArray, IntArray
from optimizer.running import RunningBlock, write_running
from optimizer.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class HeatBlock:
    """Where heat stands in the model: columns and rows of shape (makers | chps | stores | nodes, steps)."""

    made: IntArray  # columns (makers, steps), kW of heat
    power: IntArray  # columns (chps, steps), kW given to the grid
    flow: IntArray  # columns (stores, steps), kW of heat into the store
    stored: IntArray  # columns (stores, steps), kWh
    stored_rows: IntArray
    missing: IntArray  # columns (nodes, steps), kW of heat
    surplus: IntArray
    balance: IntArray  # rows (nodes, steps)
    running: RunningBlock

    def heat_kw(self, heat: HeatTable, values: FloatArray) -> FloatArray:
        """Heat of every maker, shape (makers, steps)."""
        made = np.clip(_clean(values[self.made]), heat.least_kw, heat.most_kw)
        return np.where(self.running.off(values), 0.0, made)

    def chp_kw(self, heat: HeatTable, values: FloatArray) -> FloatArray:
        """Power of every CHP, positive, shape (chps, steps)."""
        power = np.maximum(_clean(values[self.power]), 0.0)
        return np.where(self.running.off(values)[heat.chp.row], 0.0, power)

    def store_kw(self, values: FloatArray) -> FloatArray:
        """Heat into every store, shape (stores, steps)."""
        return _clean(values[self.flow])


def write_heat(model: Model, problem: Problem, tables: Tables, balance: IntArray) -> HeatBlock:
    """All rules of heat. `balance`: the rows of the grid's nodes."""
    heat, hours = tables.heat, tables.hours
    makers, nodes = [m.id for m in problem.heat_makers], [n.id for n in problem.heat_nodes]
    chps, stores = [c.id for c in problem.chps], [s.id for s in problem.heat_stores]
    made = make_heat_within_most(model, makers, heat)
    draw_power_for_heat(model, heat, balance, made)
    power = make_power_with_heat(model, chps, heat.chp, made[heat.chp.row])
    feed_power_of_chp(model, heat, balance, power)
    burn_fuel_for_heat(model, heat, hours, made, power)
    flow, stored, stored_rows = carry_stored_heat(model, stores, heat.store, hours)
    end_with_wanted_heat(model, stores, heat.store, stored)
    missing, surplus, rows = meet_heat_demand(model, nodes, heat, hours, made, flow)
    load = ((made, _load_of_heat(heat)), (_by_maker(heat, power), _load_of_power(heat)))
    running = write_running(model, makers, heat.running, hours, load)
    return HeatBlock(made, power, flow, stored, stored_rows, missing, surplus, rows, running)


def make_heat_within_most(model: Model, names: Sequence[str], heat: HeatTable) -> IntArray:
    """0 <= heat made <= most, in kW; frozen steps leave no room. Gives columns, shape (makers, steps)."""
    shape = heat.most_kw.shape
    return model.columns("heat", every_step(names, shape[1]), heat.least_kw.ravel(), heat.most_kw.ravel()).reshape(
        shape
    )


def draw_power_for_heat(model: Model, heat: HeatTable, balance: IntArray, made: IntArray) -> None:
    """A heat pump draws heat / COP, a boiler its heat by its share of power, at the maker's node, in kW."""
    maker, step = np.nonzero(heat.power_per_heat > 0.0)
    model.put(balance[heat.node[maker], step], made[maker, step], -heat.power_per_heat[maker, step])


def make_power_with_heat(model: Model, names: Sequence[str], chp: ChpTable, made: IntArray) -> IntArray:
    """Power >= power to heat * heat, exactly so under back pressure; power + lost per heat * heat <= efficiency * fuel.

    In kW. Gives columns of power, shape (chps, steps).
    """
    shape = made.shape
    cells = every_step(names, shape[1])
    low = np.where(np.isfinite(chp.held_kw), chp.held_kw, 0.0)
    high = np.where(np.isfinite(chp.held_kw), chp.held_kw, chp.power_max_kw[:, None])
    power = model.columns("chp", cells, low.ravel(), high.ravel()).reshape(shape)
    most = np.repeat(np.where(chp.back_pressure, 0.0, np.inf), shape[1])
    ratio = model.rows("power_to_heat", cells, 0.0, most).reshape(shape)
    model.put(ratio, power, 1.0)
    model.put(ratio, made, -chp.power_to_heat[:, None])
    burnt = np.repeat(chp.electric_efficiency * chp.fuel_max_kw, shape[1])
    fuel = model.rows("fuel", cells, -np.inf, burnt).reshape(shape)
    model.put(fuel, power, 1.0)
    model.put(fuel, made, chp.power_lost_per_heat[:, None])
    return power


def feed_power_of_chp(model: Model, heat: HeatTable, balance: IntArray, power: IntArray) -> None:
    """The power of a CHP feeds its node, in kW."""
    model.put(balance[heat.node[heat.chp.row]], power, 1.0)


def burn_fuel_for_heat(model: Model, heat: HeatTable, hours: FloatArray, made: IntArray, power: IntArray) -> None:
    """Fuel costs its price and its carbon, in EUR a kWh; a boiler burns heat / efficiency, a CHP for power and heat."""
    price = (heat.fuel_eur_per_kwh + heat.carbon_eur_per_kwh[:, None]) * hours
    per_heat, per_power = _load_of_heat(heat), _load_of_power(heat)
    burns = heat.fuel_per_heat[:, None].copy()
    burns[heat.chp.row] = per_heat[heat.chp.row]
    maker = np.flatnonzero(burns[:, 0] > 0.0)
    model.price(made[maker], price[maker] * burns[maker])
    model.price(power, price[heat.chp.row] * per_power[heat.chp.row])


def carry_stored_heat(
    model: Model, names: Sequence[str], store: StoreTable, hours: FloatArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Stored at a step's end = what is kept of that at its begin + flow into the store, in kWh.

    Between least and capacity; the flow within its most either way. Gives columns of flow and stored, and the rows,
    all of shape (stores, steps).
    """
    shape = store.kept.shape
    cells = every_step(names, shape[1])
    low, high = np.repeat(-store.discharge_max_kw, shape[1]), np.repeat(store.charge_max_kw, shape[1])
    flow = model.columns("into_store", cells, low, high).reshape(shape)
    low, high = np.repeat(store.least_kwh, shape[1]), np.repeat(store.capacity_kwh, shape[1])
    stored = model.columns("stored_heat", cells, low, high).reshape(shape)
    begins = np.zeros(shape)
    begins[:, :1] = (store.start_kwh * store.kept[:, 0])[:, None]
    rows = model.rows("stored_heat", cells, begins.ravel(), begins.ravel()).reshape(shape)
    model.put(rows, stored, 1.0)
    model.put(rows[:, 1:], stored[:, :-1], -store.kept[:, 1:])
    model.put(rows, flow, -hours)
    return flow, stored, rows


def end_with_wanted_heat(model: Model, names: Sequence[str], store: StoreTable, stored: IntArray) -> None:
    """Stored at the horizon's end + missing >= wanted by then, in kWh; missing has a price, or is 0 if it is hard."""
    most = np.where(store.end_is_hard, 0.0, store.end_kwh)
    missing = model.columns("end_heat_missing", once_each(names), 0.0, most)
    model.price(missing, store.end_missing_eur_per_kwh)
    rows = model.rows("end_heat", once_each(names), store.end_kwh, np.inf)
    model.put(rows, stored[:, -1], 1.0)
    model.put(rows, missing, 1.0)


def meet_heat_demand(
    model: Model, names: Sequence[str], heat: HeatTable, hours: FloatArray, made: IntArray, flow: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Heat made - flow into stores + missing - surplus = demand, in kW; missing and surplus each have a price or are 0.

    Gives columns missing and surplus, and the rows, all of shape (nodes, steps).
    """
    shape = heat.demand_kw.shape
    cells = every_step(names, shape[1])
    missing = model.columns("heat_missing", cells, 0.0, np.repeat(heat.missing_max_kw, shape[1])).reshape(shape)
    surplus = model.columns("heat_surplus", cells, 0.0, np.repeat(heat.surplus_max_kw, shape[1])).reshape(shape)
    model.price(missing, heat.missing_eur_per_kwh[:, None] * hours)
    model.price(surplus, heat.surplus_eur_per_kwh[:, None] * hours)
    rows = model.rows("heat_demand", cells, heat.demand_kw.ravel(), heat.demand_kw.ravel()).reshape(shape)
    model.put(rows, missing, 1.0)
    model.put(rows, surplus, -1.0)
    model.put(rows[heat.heat], made, 1.0)
    model.put(rows[heat.store.heat], flow, -1.0)
    return missing, surplus, rows


def _load_of_heat(heat: HeatTable) -> FloatArray:
    """What a kW of heat is of a maker's load, shape (makers, 1): 1, but of a CHP the fuel it takes."""
    load = np.ones((heat.heat.size, 1))
    load[heat.chp.row, 0] = heat.chp.power_lost_per_heat / heat.chp.electric_efficiency
    return load


def _load_of_power(heat: HeatTable) -> FloatArray:
    """The same for a kW of a CHP's power."""
    load = np.zeros((heat.heat.size, 1))
    load[heat.chp.row, 0] = 1.0 / heat.chp.electric_efficiency
    return load


def _by_maker(heat: HeatTable, power: IntArray) -> IntArray:
    """The columns of power at the rows of their makers, -1 for all others; shape (makers, steps)."""
    columns = np.full(heat.most_kw.shape, -1, dtype=np.int64)
    columns[heat.chp.row] = power
    return columns


def _clean(values: FloatArray) -> FloatArray:
    """What is next to nothing is nothing."""
    return np.where(np.abs(values) < 1e-9, 0.0, values)
