"""A problem's assets as arrays, one row an asset and one column a step, for all that builds, costs or checks.

Frozen steps are already in them: there, floor and ceiling (or lowest and highest power) are what the plan in force has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optimizer.battery_table import BatteryTable, tabulate_batteries
from optimizer.berths import BerthTable, tabulate_berths
from optimizer.heat_table import HeatTable, tabulate_heat
from optimizer.light_table import LightTable, tabulate_lights
from optimizer.parts import Node
from optimizer.problem import FAMILIES, Problem
from optimizer.profile import FloatArray, IntArray, table
from optimizer.session_table import SessionTable, tabulate_sessions
from optimizer.tank_table import TankTable, tabulate_tanks


@dataclass(frozen=True, slots=True, eq=False)
class GridTree:
    """The grid tree over node numbers, in the order of the problem's nodes."""

    parent: IntArray  # -1 for the root
    upwards: IntArray  # every node before its parent
    limit_kw: FloatArray  # shape (nodes, steps)
    import_min_kw: FloatArray

    @property
    def root(self) -> int:
        return int(self.upwards[-1])

    def sum_up(self, own_kw: FloatArray) -> FloatArray:
        """Power of every node from that of its own assets; both of shape (nodes, steps)."""
        power = own_kw.copy()
        for node in self.upwards[:-1]:
            power[self.parent[node]] += power[node]
        return power

    def path(self, node: int) -> list[int]:
        """The node itself, its parent, and so on up to the root."""
        path = [node]
        while self.parent[path[-1]] >= 0:
            path.append(int(self.parent[path[-1]]))
        return path

    def below(self, node: int) -> set[int]:
        """The node and everything under it."""
        found = {node}
        for other in self.upwards[::-1]:
            if int(self.parent[other]) in found:
                found.add(int(other))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """All of a problem as arrays."""

    steps: int
    hours: FloatArray
    tree: GridTree
    light: LightTable
    charge: SessionTable
    battery: BatteryTable
    berths: BerthTable
    load_node: IntArray
    load_kw: FloatArray
    source_node: IntArray
    source_kw: FloatArray  # forecast, positive
    source_min_kw: FloatArray  # the least of it that must be taken: all of it where it cannot be curtailed
    source_max_kw: FloatArray
    curtail_eur_per_kwh: FloatArray
    heat: HeatTable
    tank: TankTable
    asset_node: IntArray  # of every asset, -1 for a ship: that draws where it plugs in
    rows: dict[str, slice]  # where each family of the problem stands among the assets


def tabulate(problem: Problem) -> Tables:
    """The arrays of a problem."""
    steps = problem.horizon.steps
    number = {node.id: index for index, node in enumerate(problem.nodes)}
    ends = np.cumsum([0, *(len(family) for family in problem.families)]).tolist()
    rows = {family: slice(*ends[place : place + 2]) for place, family in enumerate(FAMILIES)}
    node = np.array([number[asset.node] for asset in problem.assets], dtype=np.int64)
    node[rows["ships"]] = -1
    held = _held(problem)
    supply = problem.against.of_supply
    sources = problem.generation
    source_kw = table((supply.choose(s.forecast_low_kw, s.forecast_kw, s.forecast_high_kw) for s in sources), steps)
    source_min_kw, source_max_kw = _taken(problem, source_kw, held)
    return Tables(
        steps=steps,
        hours=problem.horizon.hours,
        tree=_tree(problem.nodes, steps),
        light=tabulate_lights(problem, node[rows["lighting"]], held),
        charge=tabulate_sessions(problem, node[rows["charging"]], held),
        battery=tabulate_batteries(problem, node[rows["batteries"]], held),
        berths=tabulate_berths(problem),
        load_node=node[rows["loads"]],
        load_kw=_load_kw(problem),
        source_node=node[rows["generation"]],
        source_kw=source_kw,
        source_min_kw=source_min_kw,
        source_max_kw=source_max_kw,
        curtail_eur_per_kwh=np.array([s.curtail_eur_per_kwh or 0.0 for s in problem.generation], dtype=float),
        heat=tabulate_heat(problem, held),
        tank=tabulate_tanks(problem, held),
        asset_node=node,
        rows=rows,
    )


def with_other_prices_and_loads(tables: Tables, problem: Problem) -> Tables:
    """The tables of a problem that has only other prices of energy, and other figures of the same loads."""
    heat = tabulate_heat(problem, _held(problem)) if problem.heat_makers else tables.heat
    return replace(tables, load_kw=_load_kw(problem), heat=heat)


def _held(problem: Problem) -> dict[str, tuple[float, ...]]:
    """What the plan in force gives the assets it names, where steps are frozen."""
    return {item.asset: item.setpoint for item in problem.in_force} if problem.frozen_steps else {}


def _load_kw(problem: Problem) -> FloatArray:
    need = problem.against
    profiles = (need.choose(load.power_low_kw, load.power_kw, load.power_high_kw) for load in problem.loads)
    return table(profiles, problem.horizon.steps)


def _tree(nodes: tuple[Node, ...], steps: int) -> GridTree:
    number = {node.id: index for index, node in enumerate(nodes)}
    parent = np.array([-1 if node.parent is None else number[node.parent] for node in nodes], dtype=np.int64)
    depth = np.zeros(len(nodes), dtype=np.int64)
    for index in range(len(nodes)):
        above = int(parent[index])
        while above >= 0:
            depth[index] += 1
            above = int(parent[above])
    return GridTree(
        parent=parent,
        upwards=np.argsort(-depth, kind="stable"),
        limit_kw=table((node.limit_kw for node in nodes), steps),
        import_min_kw=table((node.import_min_kw for node in nodes), steps),
    )


def _taken(
    problem: Problem, forecast_kw: FloatArray, held: dict[str, tuple[float, ...]]
) -> tuple[FloatArray, FloatArray]:
    """Least and most that is taken of each source."""
    least, most = np.zeros_like(forecast_kw), forecast_kw.copy()
    for row, source in enumerate(problem.generation):
        if source.curtail_eur_per_kwh is None:
            least[row] = forecast_kw[row]
        elif source.id in held:
            first = slice(0, problem.frozen_steps)
            least[row, first] = most[row, first] = np.minimum(held[source.id][first], forecast_kw[row, first])
    return least, most
