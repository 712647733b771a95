"""Rules of the grid tree and of the connection's tariff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.model import NO_STEP, Cells, Model, every_step
from optimizer.parts import PeakCharge
from optimizer.problem import Problem
from optimizer.profile import FloatArray, IntArray, over_steps
from optimizer.tables import GridTree, Tables


@dataclass(frozen=True, slots=True, eq=False)
class GridBlock:
    """Where the grid stands in the model: numbers of columns and rows."""

    power: IntArray  # columns, shape (nodes, steps)
    balance: IntArray  # rows, shape (nodes, steps)
    bought: IntArray  # columns, shape (steps,)
    sold: IntArray
    connection: IntArray  # rows, shape (steps,)
    lower_kw: FloatArray  # bounds of the power columns; infinite where the limit is out of reach
    upper_kw: FloatArray
    peak_rows: tuple[tuple[IntArray, IntArray], ...]  # a charge: its rows, and for each step which of them, or -1

    @property
    def held(self) -> set[int]:
        """Numbers of the nodes that a limit may hold in some step."""
        bounded = np.isfinite(self.lower_kw).any(axis=1) | np.isfinite(self.upper_kw).any(axis=1)
        return set(np.flatnonzero(bounded).tolist())


def write_grid(model: Model, problem: Problem, tables: Tables, fixed_kw: FloatArray) -> GridBlock:
    """All rules of grid and tariff. `fixed_kw`: what each node's own assets draw in any case, (nodes, steps)."""
    names, tree = [node.id for node in problem.nodes], tables.tree
    least, most = reach_kw(tables)
    # A limit out of reach would do nothing but blur the prices: at zero power its dual may take any part of them.
    lower = np.where(least >= tree.import_min_kw, -np.inf, tree.import_min_kw)
    upper = np.where(most <= tree.limit_kw, np.inf, tree.limit_kw)
    power = stay_within_feeder(model, names, lower, upper)
    balance = balance_node(model, names, tree, power, fixed_kw)
    bought, sold, connection = buy_and_sell_at_connection(model, problem, power[tree.root], least[tree.root])
    peaks = tuple(pay_for_peak(model, charge, problem.horizon.hours, bought) for charge in problem.tariff.charges)
    return GridBlock(power, balance, bought, sold, connection, lower, upper, peaks)


def reach_kw(tables: Tables) -> tuple[FloatArray, FloatArray]:
    """The least and the most power each node could have if no limit were there, both of shape (nodes, steps)."""
    light, charge, battery, heat = tables.light, tables.charge, tables.battery, tables.heat
    most_of_makers = heat.most_kw * heat.power_per_heat
    least_of_makers = heat.least_kw * heat.power_per_heat
    least_of_makers[heat.chp.row] = -heat.chp.power_max_kw[:, None]
    own = [np.zeros_like(tables.tree.limit_kw) for _ in range(2)]
    parts = (
        (light.node, light.power_kw(light.floor), light.power_kw(light.ceiling)),
        (charge.node, charge.lowest_kw - charge.give_max_kw, charge.highest_kw),
        (tables.load_node, tables.load_kw, tables.load_kw),
        (tables.source_node, -tables.source_max_kw, -tables.source_min_kw),
        (battery.node, -battery.discharge_max_kw, battery.charge_max_kw),
        (heat.node, least_of_makers, most_of_makers),
        (tables.tank.node, tables.tank.least_kw, tables.tank.most_kw),
    )
    for node, least, most in parts:
        np.add.at(own[0], node, least)
        np.add.at(own[1], node, most)
    np.add.at(own[1], *tables.berths.most_kw())
    return tables.tree.sum_up(own[0]), tables.tree.sum_up(own[1])


def stay_within_feeder(model: Model, names: Sequence[str], lower_kw: FloatArray, upper_kw: FloatArray) -> IntArray:
    """import_min_kw <= power of a node <= limit_kw, in every step. Gives columns, shape (nodes, steps)."""
    columns = model.columns("power", every_step(names, upper_kw.shape[1]), lower_kw.ravel(), upper_kw.ravel())
    return columns.reshape(upper_kw.shape)


def balance_node(model: Model, names: Sequence[str], tree: GridTree, power: IntArray, fixed_kw: FloatArray) -> IntArray:
    """Power of a node = power of its children + power of its assets, in kW. Gives rows, shape (nodes, steps).

    Whoever plans an asset puts minus its power into these rows; what is fixed stands on the right.
    """
    rows = model.rows("balance", every_step(names, power.shape[1]), fixed_kw.ravel(), fixed_kw.ravel())
    rows = rows.reshape(power.shape)
    model.put(rows, power, 1.0)
    has_parent = tree.parent >= 0
    model.put(rows[tree.parent[has_parent]], power[has_parent], -1.0)
    return rows


def buy_and_sell_at_connection(
    model: Model, problem: Problem, root_power: IntArray, least_kw: FloatArray
) -> tuple[IntArray, IntArray, IntArray]:
    """bought - sold = power of the connection, both at least 0, in kW; the tariff prices each by the kWh.

    Selling never earns more than buying costs, so no plan does both. Where the connection cannot go below 0 nothing
    is sold, and what is bought needs no bound. Gives columns bought and sold, and the rows, all of shape (steps,).
    """
    steps, hours, tariff = problem.horizon.steps, problem.horizon.hours, problem.tariff
    one_way = least_kw >= 0.0
    bought = model.columns("bought", every_step(["grid"], steps), np.where(one_way, -np.inf, 0.0))
    can_sell = np.where(~one_way & (over_steps(problem.root.import_min_kw, steps) < 0.0), np.inf, 0.0)
    sold = model.columns("sold", every_step(["grid"], steps), 0.0, can_sell)
    rows = model.rows("connection", every_step(["grid"], steps), 0.0, 0.0)
    model.put(rows, bought, 1.0)
    model.put(rows, sold, -1.0)
    model.put(rows, root_power, -1.0)
    model.price(bought, tariff.import_cost_eur_per_kwh(steps) * hours)
    model.price(sold, -over_steps(tariff.export_eur_per_kwh, steps) * hours)
    return bought, sold, rows


def pay_for_peak(model: Model, charge: PeakCharge, hours: FloatArray, bought: IntArray) -> tuple[IntArray, IntArray]:
    """Mean import of each settlement interval <= peak so far + what is paid for beyond it, in kW.

    Gives the rows, and for each step the place of its row among them, -1 where it does not count.
    """
    interval = intervals(charge, hours.size)
    counted = np.flatnonzero(interval >= 0)
    rows_of = np.full(hours.size, -1, dtype=np.int64)
    cells = Cells([charge.name], np.zeros(1, np.int64), np.array([NO_STEP]))
    beyond = model.columns("peak", cells)
    model.price(beyond, charge.eur_per_kw)
    kinds, place = np.unique(interval[counted], return_inverse=True)
    rows_of[counted] = place
    first = np.array([counted[place == k][0] for k in range(kinds.size)], dtype=np.int64)
    rows = model.rows("peak", Cells([charge.name], np.zeros(kinds.size, np.int64), first), -np.inf, charge.so_far_kw)
    length_h = np.bincount(place, weights=hours[counted], minlength=kinds.size)
    model.put(rows[place], bought[counted], hours[counted] / length_h[place])
    model.put(rows, beyond, -1.0)
    return rows, rows_of


def intervals(charge: PeakCharge, steps: int) -> IntArray:
    """The settlement interval of each step under a peak charge, -1 for none."""
    return np.array(charge.interval, dtype=np.int64) if charge.interval else np.arange(steps, dtype=np.int64)
