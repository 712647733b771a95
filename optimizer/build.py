"""Problem to model: every family of rules written once, and where to find what was decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.battery import BatteryBlock, write_batteries
from optimizer.charging import ChargeBlock, write_charging
from optimizer.generation import SourceBlock, write_generation
from optimizer.grid import GridBlock, write_grid
from optimizer.heat import HeatBlock, write_heat
from optimizer.highs import Solution
from optimizer.light_block import LightBlock
from optimizer.lighting import write_lighting
from optimizer.model import Model
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray
from optimizer.pumping import TankBlock, write_tanks
from optimizer.shipping import ShipBlock, write_shipping
from optimizer.tables import Tables
from optimizer.tied import tied_groups


@dataclass(frozen=True, slots=True, eq=False)
class Integers:
    """Cells whose rules need an integer after all; None: none of the family."""

    light_in_order: BoolArray | None = None  # (groups, steps): pieces of the dimming curve used in order
    battery_one_way: BoolArray | None = None  # (batteries, steps): never charging and discharging at once
    vehicle_one_way: BoolArray | None = None  # (sessions, steps): never taking and giving at once

    def goes_beyond(self, known: Integers) -> bool:
        """Whether a cell is in here that `known` does not have."""
        pairs = (
            (self.light_in_order, known.light_in_order),
            (self.battery_one_way, known.battery_one_way),
            (self.vehicle_one_way, known.vehicle_one_way),
        )
        return any(mine is not None and (mine if theirs is None else mine & ~theirs).any() for mine, theirs in pairs)

    @property
    def any(self) -> bool:
        """Whether there is any cell."""
        return self.goes_beyond(NO_INTEGERS)

    def joined(self, other: Integers) -> Integers:
        """The cells of both."""
        return Integers(
            _either(self.light_in_order, other.light_in_order),
            _either(self.battery_one_way, other.battery_one_way),
            _either(self.vehicle_one_way, other.vehicle_one_way),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where each family stands in the model's columns and rows."""

    grid: GridBlock
    light: LightBlock
    charge: ChargeBlock
    source: SourceBlock
    battery: BatteryBlock
    ships: ShipBlock
    heat: HeatBlock
    tank: TankBlock

    def wrong(self, tables: Tables, values: FloatArray) -> Integers:
        """The cells in which the values do what only an integer keeps them from."""
        return Integers(
            self.light.out_of_order(tables.light, values),
            self.battery.at_once(tables.battery, values),
            self.charge.giving.at_once(tables.charge, values),
        )

    def prices(self, solution: Solution) -> FloatArray:
        """EUR that one kW more at each node in each step costs, shape (nodes, steps); the solution must have duals."""
        assert solution.row_duals is not None
        return solution.row_duals[self.grid.balance]

    def without_integers(self, problem: Problem, tables: Tables) -> IntArray:
        """Columns of light, vehicles and sources that no integer touches."""
        alone = ~tied_groups(problem)[self.light.group]
        switched: BoolArray = np.asarray((tables.charge.least_on_kw > 0.0).any(axis=1))
        free = ~switched[self.charge.session]
        return np.concatenate([self.light.columns[alone], self.charge.columns[free], self.source.columns])


@dataclass(frozen=True, slots=True, eq=False)
class Dispatch:
    """What is decided: levels (groups, steps), charging kW (sessions, steps), generation used kW (sources, steps).

    Charging is below 0 where a vehicle gives back.
    `battery_kw` (batteries, steps) is positive while charging; `berth` is the option of each ship, -1 on engines.
    `heat_kw` is heat made (makers, steps), `chp_kw` power made with it (chps, steps), `store_kw` heat put into stores
    (stores, steps), `pump_kw` power of pumps (pumps, steps).
    """

    level: FloatArray
    charge_kw: FloatArray
    used_kw: FloatArray
    battery_kw: FloatArray
    berth: IntArray
    heat_kw: FloatArray
    chp_kw: FloatArray
    store_kw: FloatArray
    pump_kw: FloatArray


NO_INTEGERS = Integers()


def one_way_everywhere(tables: Tables) -> Integers:
    """Integers that keep every battery and vehicle from taking and giving at once."""
    batteries = np.ones(tables.battery.charge_max_kw.shape, dtype=bool)
    return Integers(None, batteries, np.ones(tables.charge.share.shape, dtype=bool))


def write_model(model: Model, problem: Problem, tables: Tables, integers: Integers = NO_INTEGERS) -> Layout:
    """Writes all rules of a problem into a model, with `integers` besides those that are asked for."""
    grid = write_grid(model, problem, tables, fixed_power_kw(tables))
    return Layout(
        grid=grid,
        light=write_lighting(model, problem, tables, grid.balance, integers.light_in_order),
        charge=write_charging(model, problem, tables, grid.balance, integers.vehicle_one_way),
        source=write_generation(model, problem, tables, grid.balance),
        battery=write_batteries(model, problem, tables, grid.balance, integers.battery_one_way),
        ships=write_shipping(model, problem, tables, grid),
        heat=write_heat(model, problem, tables, grid.balance),
        tank=write_tanks(model, problem, tables, grid.balance),
    )


def _either(a: BoolArray | None, b: BoolArray | None) -> BoolArray | None:
    if a is None or b is None:
        return b if a is None else a
    return a | b


def fixed_power_kw(tables: Tables) -> FloatArray:
    """What each node's own assets draw before any decision: loads, light at target, less sources; (nodes, steps)."""
    own = np.zeros_like(tables.tree.limit_kw)
    np.add.at(own, tables.load_node, tables.load_kw)
    np.add.at(own, tables.light.node, tables.light.power_kw(tables.light.target))
    np.add.at(own, tables.source_node, -tables.source_max_kw)
    return own


def read_dispatch(layout: Layout, tables: Tables, values: FloatArray) -> Dispatch:
    """What the values of the model's columns decide."""
    return Dispatch(
        level=layout.light.levels(tables.light, values),
        charge_kw=layout.charge.powers_kw(tables.charge, values),
        used_kw=layout.source.used_kw(tables, values),
        battery_kw=layout.battery.power_kw(values),
        berth=layout.ships.options(values),
        heat_kw=layout.heat.heat_kw(tables.heat, values),
        chp_kw=layout.heat.chp_kw(tables.heat, values),
        store_kw=layout.heat.store_kw(values),
        pump_kw=layout.tank.pump_kw(tables.tank, values),
    )


def asset_power_kw(tables: Tables, dispatch: Dispatch) -> FloatArray:
    """Power of every asset, consumption positive, shape (assets, steps)."""
    makers_kw = tables.heat.power_kw(dispatch.heat_kw, dispatch.chp_kw)
    return np.vstack(
        [
            tables.light.power_kw(dispatch.level),
            dispatch.charge_kw,
            tables.load_kw,
            -dispatch.used_kw,
            dispatch.battery_kw,
            tables.berths.power_kw(dispatch.berth),
            np.zeros_like(tables.heat.demand_kw),
            makers_kw,
            np.zeros_like(dispatch.store_kw),
            np.zeros_like(tables.tank.outflow_m3h),
            dispatch.pump_kw,
        ]
    )


def node_power_kw(tables: Tables, dispatch: Dispatch) -> FloatArray:
    """Power of every node from that of the assets under it, shape (nodes, steps)."""
    own = np.zeros_like(tables.tree.limit_kw)
    placed = tables.asset_node >= 0
    np.add.at(own, tables.asset_node[placed], asset_power_kw(tables, dispatch)[placed])
    tables.berths.add_to_nodes(own, dispatch.berth)
    return tables.tree.sum_up(own)
