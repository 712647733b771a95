"""Decisions and prices put together as a Plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.build import Dispatch, Layout
from optimizer.check import broken_rules
from optimizer.costs import Account, account
from optimizer.highs import Solution
from optimizer.moorings import plan_ships
from optimizer.plan import AssetPlan, Kind, NaiveCase, NodePlan, Plan, Solved, SupplyPrice
from optimizer.problem import Problem
from optimizer.profile import FloatArray, read_only
from optimizer.tables import Tables

_KINDS = tuple(Kind)  # in the order of the problem's families


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What the duals say. Arrays of shape (nodes, steps) or (steps,); all zero where the solver gave no duals."""

    limit_eur_per_kw: FloatArray
    import_min_eur_per_kw: FloatArray
    energy_eur_per_kwh: FloatArray
    bought_eur_per_kwh: FloatArray
    peak_eur_per_kw: FloatArray
    heat_eur_per_kwh: FloatArray  # (heat nodes, steps)
    water_eur_per_m3: FloatArray  # (tanks, steps)


def read_prices(tables: Tables, layout: Layout, solution: Solution | None) -> Prices:
    """The duals of a solution as prices of energy and limits."""
    nodes, steps = layout.grid.power.shape
    if solution is None or solution.row_duals is None or solution.reduced_costs is None:
        none = np.zeros((nodes, steps))
        supplies = (np.zeros(layout.heat.balance.shape), np.zeros(layout.tank.level_rows.shape))
        return Prices(none, none.copy(), none.copy(), np.zeros(steps), np.zeros(steps), *supplies)
    held = solution.reduced_costs[layout.grid.power]
    energy = solution.row_duals[layout.grid.balance] / tables.hours
    peak = np.zeros(steps)
    for rows, row_of in layout.grid.peak_rows:
        counted = row_of >= 0
        length = np.bincount(row_of[counted], weights=tables.hours[counted], minlength=rows.size)
        dual = -solution.row_duals[rows]
        peak[counted] += (dual / length)[row_of[counted]] * tables.hours[counted]
    root = tables.tree.root
    limit = np.maximum(-held, 0.0)
    minimum = np.maximum(held, 0.0)
    bought = energy[root] - (limit[root] - minimum[root] + peak) / tables.hours
    heat = solution.row_duals[layout.heat.balance] / tables.hours
    return Prices(limit, minimum, energy, bought, peak, heat, -solution.row_duals[layout.tank.level_rows])


def assemble(
    problem: Problem,
    tables: Tables,
    dispatch: Dispatch,
    prices: Prices,
    solved: Solved,
    at_once: Dispatch,
) -> Plan:
    """The plan of a dispatch, with the naive case beside it."""
    planned = account(problem, tables, dispatch)
    naive = account(problem, tables, at_once)
    return Plan(
        horizon=problem.horizon,
        assets=tuple(_assets(problem, tables, dispatch, planned, naive)),
        nodes=tuple(_nodes(problem, tables, planned, prices)),
        ships=plan_ships(problem, tables, dispatch),
        supplies=tuple(_supplies(problem, prices)),
        outcome=planned.outcome,
        naive=NaiveCase(naive.outcome, tuple(broken_rules(problem, tables, at_once))),
        energy_price_eur_per_kwh=read_only(prices.bought_eur_per_kwh),
        peak_eur_per_kw=read_only(prices.peak_eur_per_kw),
        frozen_steps=problem.frozen_steps,
        solved=solved,
    )


def _assets(
    problem: Problem, tables: Tables, dispatch: Dispatch, planned: Account, naive: Account
) -> Iterator[AssetPlan]:
    setpoint, state, shortfall = _decided(tables, dispatch)
    power, at_once = read_only(planned.asset_kw), read_only(naive.asset_kw)
    kinds = (kind for kind, part in zip(_KINDS, problem.families, strict=True) for _ in part)
    for row, (asset, kind) in enumerate(zip(problem.assets, kinds, strict=True)):
        yield AssetPlan(
            id=asset.id,
            name=asset.title,
            kind=kind,
            node=_node_of(problem, tables, dispatch, row, asset.node),
            power_kw=power[row],
            setpoint=setpoint[row],
            state=state[row],
            shortfall=shortfall[row],
            at_once_kw=at_once[row],
        )


def _decided(tables: Tables, dispatch: Dispatch) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Set-points, states and shortfalls of all assets, each of shape (assets, steps)."""
    hours, charge, heat, tank = tables.hours, tables.charge, tables.heat, tables.tank
    while_there = np.divide(dispatch.charge_kw, charge.share, out=np.zeros_like(charge.share), where=charge.share > 0.0)
    brought = np.cumsum(charge.brings_kwh(dispatch.charge_kw, hours), axis=1)
    ships = tables.berths.power_kw(dispatch.berth)
    lacking = heat.lacking_kw(dispatch.heat_kw, dispatch.store_kw)
    makers_on = heat.running.is_on(heat.load_kw(dispatch.heat_kw, dispatch.chp_kw)).astype(float)
    level, pumps_on = tank.level_m3(dispatch.pump_kw, hours), tank.running.is_on(dispatch.pump_kw).astype(float)
    curtailed = np.maximum(tables.source_kw - dispatch.used_kw, 0.0)
    # set-point, state and shortfall of each family, in their order; None: nothing to tell
    columns: tuple[tuple[FloatArray, FloatArray | None, FloatArray | None], ...] = (
        (dispatch.level, dispatch.level, tables.light.missing(dispatch.level)),
        (while_there, brought, None),
        (tables.load_kw, None, None),
        (dispatch.used_kw, None, curtailed),
        (dispatch.battery_kw, tables.battery.stored_kwh(dispatch.battery_kw, hours), None),
        (ships, None, None),
        (heat.demand_kw, heat.demand_kw - lacking, np.maximum(lacking, 0.0)),
        (dispatch.heat_kw, makers_on, None),
        (dispatch.store_kw, heat.store.stored_kwh(dispatch.store_kw, hours), None),
        (tank.outflow_m3h, level, None),
        (dispatch.pump_kw, pumps_on, None),
    )
    nothing = [np.zeros_like(first) for first, _, _ in columns]
    setpoint = np.vstack([row[0] for row in columns])
    state = np.vstack([zero if row[1] is None else row[1] for row, zero in zip(columns, nothing, strict=True)])
    shortfall = np.vstack([zero if row[2] is None else row[2] for row, zero in zip(columns, nothing, strict=True)])
    return read_only(setpoint), read_only(state), read_only(shortfall)


def _node_of(problem: Problem, tables: Tables, dispatch: Dispatch, row: int, node: str) -> str:
    """Where an asset draws: its node, or that of the access point a ship is at."""
    ship = row - tables.rows["ships"].start
    if tables.asset_node[row] >= 0 or dispatch.berth[ship] < 0:
        return node
    return problem.access_points[int(tables.berths.point[dispatch.berth[ship]])].node


def _supplies(problem: Problem, prices: Prices) -> Iterator[SupplyPrice]:
    for node, heat in zip(problem.heat_nodes, read_only(prices.heat_eur_per_kwh), strict=True):
        yield SupplyPrice(node.id, "kWh", heat)
    for tank, water in zip(problem.tanks, read_only(prices.water_eur_per_m3), strict=True):
        yield SupplyPrice(tank.id, "m3", water)


def _nodes(problem: Problem, tables: Tables, planned: Account, prices: Prices) -> Iterator[NodePlan]:
    tree = tables.tree
    slack = read_only(tree.limit_kw - planned.node_kw)
    for table in (
        planned.node_kw,
        tree.limit_kw,
        tree.import_min_kw,
        prices.limit_eur_per_kw,
        prices.import_min_eur_per_kw,
        prices.energy_eur_per_kwh,
    ):
        read_only(table)
    for row, node in enumerate(problem.nodes):
        yield NodePlan(
            id=node.id,
            name=node.title,
            parent=node.parent,
            power_kw=planned.node_kw[row],
            limit_kw=tree.limit_kw[row],
            import_min_kw=tree.import_min_kw[row],
            slack_kw=slack[row],
            limit_eur_per_kw=prices.limit_eur_per_kw[row],
            import_min_eur_per_kw=prices.import_min_eur_per_kw[row],
            energy_eur_per_kwh=prices.energy_eur_per_kwh[row],
        )
