"""A problem's assets as arrays, one row an asset and one column a step, for all that builds, costs or checks.

Frozen steps are already in them: there, floor and ceiling (or lowest and highest power) are what the plan in force has.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from optimizer.berths import BerthTable, tabulate_berths
from optimizer.parts import LightingGroup, Node
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray, table
from optimizer.shore import ShipCall


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
class LightTable:
    """Lighting groups; arrays of shape (groups,) or (groups, steps)."""

    node: IntArray
    lit: BoolArray
    wanted: FloatArray
    floor: FloatArray
    ceiling: FloatArray
    target: FloatArray  # the wanted level as far as floor and ceiling let it; 0 while off
    frozen: BoolArray
    rated_kw: FloatArray
    standby_kw: FloatArray
    off_kw: FloatArray
    missing_eur_per_h: FloatArray
    ramp: FloatArray  # inf where there is none
    level_before: FloatArray  # NaN where it is not known
    corners: FloatArray  # of the dimming curves, as level, shape (groups, most corners of any); 1 once a curve is over
    slopes: FloatArray  # power share by level between them, shape (groups, most corners - 1)
    share_at_zero: FloatArray

    def power_kw(self, level: FloatArray) -> FloatArray:
        """Power at a level: standby plus the curve's share while lit, off_kw otherwise; shape (groups, steps)."""
        share = self.share_at_zero[:, None] + self.slopes[:, :1] * level
        for piece in range(1, self.slopes.shape[1]):
            steeper = self.slopes[:, piece] - self.slopes[:, piece - 1]
            share += steeper[:, None] * np.maximum(level - self.corners[:, piece, None], 0.0)
        lit = self.standby_kw[:, None] + (self.rated_kw - self.standby_kw)[:, None] * share
        return np.where(self.lit, lit, self.off_kw[:, None])

    def missing(self, level: FloatArray) -> FloatArray:
        """How far the level is below the wanted one while lit, shape (groups, steps)."""
        return np.where(self.lit, np.maximum(self.wanted - level, 0.0), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class SessionTable:
    """Charge sessions; arrays of shape (sessions,) or (sessions, steps)."""

    node: IntArray
    share: FloatArray  # part of the step the vehicle is there, 0..1
    lowest_kw: FloatArray  # mean over the step; above 0 only in frozen steps
    highest_kw: FloatArray
    least_on_kw: FloatArray  # lowest mean power while on; 0 where there is none or the step is frozen
    least_on_h: FloatArray  # once on, at least so long or until departure; frozen steps are not asked
    energy_kwh: FloatArray
    required_kwh: FloatArray
    missing_eur_per_kwh: FloatArray
    efficiency: FloatArray
    ready_kwh: FloatArray
    before_ready: FloatArray  # part of the vehicle's stay in the step that is before `ready_by`


def steps_on_from(least_on_h: float, hours: FloatArray, first: int) -> range:
    """The steps after `first` that something switched on there must stay on, as far as the horizon goes."""
    reached = np.cumsum(hours[first:])
    after = first + 1 + int(np.count_nonzero(reached < least_on_h - 1e-9))
    return range(first + 1, min(after, hours.size))


@dataclass(frozen=True, slots=True, eq=False)
class BatteryTable:
    """Batteries; arrays of shape (batteries,) or (batteries, steps). Frozen steps leave no room between the powers."""

    node: IntArray
    charge_min_kw: FloatArray
    charge_max_kw: FloatArray
    discharge_min_kw: FloatArray
    discharge_max_kw: FloatArray
    capacity_kwh: FloatArray
    least_kwh: FloatArray
    start_kwh: FloatArray
    end_kwh: FloatArray
    end_is_hard: BoolArray
    end_missing_eur_per_kwh: FloatArray
    charge_efficiency: FloatArray
    discharge_efficiency: FloatArray
    kept: FloatArray  # share of the stored energy that each step leaves
    wear_eur_per_kwh: FloatArray

    def stored_kwh(self, power_kw: FloatArray, hours: FloatArray) -> FloatArray:
        """Energy stored at each step's end under a power at the node, both of shape (batteries, steps)."""
        stored = np.zeros_like(power_kw)
        now = self.start_kwh
        for step in range(power_kw.shape[1]):
            now = now * self.kept[:, step] + self.added_kwh(power_kw[:, step], float(hours[step]))
            stored[:, step] = now
        return stored

    def added_kwh(self, power_kw: FloatArray, hours: float) -> FloatArray:
        """What a power adds to the stored energy in so many hours, shape (batteries,)."""
        charged = np.maximum(power_kw, 0.0) * self.charge_efficiency
        return np.asarray((charged - np.maximum(-power_kw, 0.0) / self.discharge_efficiency) * hours)


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
    asset_node: IntArray  # lighting, charging, loads, generation, batteries; a ship draws where it plugs in


def tabulate(problem: Problem) -> Tables:
    """The arrays of a problem."""
    steps = problem.horizon.steps
    number = {node.id: index for index, node in enumerate(problem.nodes)}
    node = np.array([number[asset.node] for asset in problem.assets if not isinstance(asset, ShipCall)], dtype=np.int64)
    ends = np.cumsum([len(problem.lighting), len(problem.charging), len(problem.loads), len(problem.generation)])
    light_node, charge_node, load_node, source_node, battery_node = np.split(node, ends)
    held = {item.asset: item.setpoint for item in problem.in_force} if problem.frozen_steps else {}
    source_kw = table((s.forecast_kw for s in problem.generation), steps)
    source_min_kw, source_max_kw = _taken(problem, source_kw, held)
    return Tables(
        steps=steps,
        hours=problem.horizon.hours,
        tree=_tree(problem.nodes, steps),
        light=_lights(problem, light_node, held),
        charge=_sessions(problem, charge_node, held),
        battery=_batteries(problem, battery_node, held),
        berths=tabulate_berths(problem),
        load_node=load_node,
        load_kw=table((load.power_kw for load in problem.loads), steps),
        source_node=source_node,
        source_kw=source_kw,
        source_min_kw=source_min_kw,
        source_max_kw=source_max_kw,
        curtail_eur_per_kwh=np.array([s.curtail_eur_per_kwh or 0.0 for s in problem.generation], dtype=float),
        asset_node=node,
    )


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


def _lights(problem: Problem, node: IntArray, held: dict[str, tuple[float, ...]]) -> LightTable:
    groups, steps = problem.lighting, problem.horizon.steps
    lit = np.array([g.lit for g in groups], dtype=bool).reshape(len(groups), steps)
    wanted = np.where(lit, table((g.wanted for g in groups), steps), 0.0)
    floor = np.where(lit, table((g.floor for g in groups), steps), 0.0)
    ceiling = np.where(lit, table((g.ceiling for g in groups), steps), 0.0)
    frozen = np.zeros_like(lit)
    for row, group in enumerate(groups):
        if group.id in held:
            first = slice(0, problem.frozen_steps)
            level = np.where(lit[row, first], np.clip(held[group.id][first], 0.0, 1.0), 0.0)
            floor[row, first] = ceiling[row, first] = level
            frozen[row, first] = True
    corners, slopes = _curves(groups)
    return LightTable(
        node=node,
        lit=lit,
        wanted=wanted,
        floor=floor,
        ceiling=ceiling,
        target=np.clip(wanted, floor, ceiling),
        frozen=frozen,
        rated_kw=_column(groups, "rated_kw"),
        standby_kw=_column(groups, "standby_kw"),
        off_kw=_column(groups, "off_kw"),
        missing_eur_per_h=_column(groups, "missing_light_eur_per_h"),
        ramp=np.array([np.inf if g.ramp is None else g.ramp for g in groups], dtype=float),
        level_before=np.array([np.nan if g.level_before is None else g.level_before for g in groups], dtype=float),
        corners=corners,
        slopes=slopes,
        share_at_zero=np.array([g.points[0][1] for g in groups], dtype=float),
    )


def _curves(groups: tuple[LightingGroup, ...]) -> tuple[FloatArray, FloatArray]:
    """Corners and slopes of the dimming curves; a curve of fewer corners than the longest goes on as its last piece."""
    most = max((len(g.points) for g in groups), default=2)
    corners, slopes = np.ones((len(groups), most)), np.zeros((len(groups), most - 1))
    for row, group in enumerate(groups):
        points = group.points
        found = [(d - c) / (b - a) for (a, c), (b, d) in itertools.pairwise(points)]
        corners[row, : len(points)] = [point[0] for point in points]
        slopes[row] = found + [found[-1]] * (most - len(points))
    return corners, slopes


def _sessions(problem: Problem, node: IntArray, held: dict[str, tuple[float, ...]]) -> SessionTable:
    sessions, horizon = problem.charging, problem.horizon
    edges, hours = horizon.edges_h, horizon.hours
    arrives = np.array([horizon.offset_h(s.arrives) for s in sessions], dtype=float)
    departs = np.array([horizon.offset_h(s.departs) for s in sessions], dtype=float)
    ready = np.array([horizon.offset_h(s.ready_by or s.departs) for s in sessions], dtype=float)
    share = _overlap(arrives, departs, edges, hours)
    by_then = _overlap(arrives, np.minimum(ready, departs), edges, hours)
    highest = share * _column(sessions, "max_kw")[:, None]
    lowest, least_on = np.zeros_like(highest), share * _column(sessions, "min_kw")[:, None]
    efficiency, energy = _column(sessions, "efficiency"), _column(sessions, "energy_kwh")
    for row, session in enumerate(sessions):
        if session.id in held:
            first = slice(0, problem.frozen_steps)
            brings = hours[first] * efficiency[row]
            power = np.minimum(held[session.id][first], highest[row, first])
            # The vehicle may be full sooner than the plan in force thought.
            power = np.minimum(power, np.maximum(energy[row] - _sum_before(power * brings), 0.0) / brings)
            lowest[row, first] = highest[row, first] = power
            least_on[row, first] = 0.0
    return SessionTable(
        node=node,
        share=share,
        lowest_kw=lowest,
        highest_kw=highest,
        least_on_kw=least_on,
        least_on_h=_column(sessions, "least_on_h"),
        energy_kwh=energy,
        required_kwh=_column(sessions, "required_kwh"),
        missing_eur_per_kwh=_column(sessions, "missing_eur_per_kwh"),
        efficiency=efficiency,
        ready_kwh=_column(sessions, "ready_kwh"),
        before_ready=np.divide(by_then, share, out=np.zeros_like(share), where=share > 0.0),
    )


def _batteries(problem: Problem, node: IntArray, held: dict[str, tuple[float, ...]]) -> BatteryTable:
    batteries, hours = problem.batteries, problem.horizon.hours
    shape = (len(batteries), problem.horizon.steps)
    end_price = [battery.end_missing_eur_per_kwh for battery in batteries]
    lost = _column(batteries, "loss_share_per_h")[:, None]
    found = BatteryTable(
        node=node,
        charge_min_kw=np.zeros(shape),
        charge_max_kw=np.repeat(_column(batteries, "charge_max_kw")[:, None], shape[1], axis=1),
        discharge_min_kw=np.zeros(shape),
        discharge_max_kw=np.repeat(_column(batteries, "discharge_max_kw")[:, None], shape[1], axis=1),
        capacity_kwh=_column(batteries, "capacity_kwh"),
        least_kwh=_column(batteries, "least_kwh"),
        start_kwh=_column(batteries, "start_kwh"),
        end_kwh=_column(batteries, "end_kwh"),
        end_is_hard=np.array([price is None for price in end_price], dtype=bool),
        end_missing_eur_per_kwh=np.array([price or 0.0 for price in end_price], dtype=float),
        charge_efficiency=_column(batteries, "charge_efficiency"),
        discharge_efficiency=_column(batteries, "discharge_efficiency"),
        kept=(1.0 - lost) ** hours,
        wear_eur_per_kwh=_column(batteries, "wear_eur_per_kwh"),
    )
    for row, battery in enumerate(batteries):
        if battery.id in held:
            _hold_battery(found, row, held[battery.id][: problem.frozen_steps], hours)
    return found


def _hold_battery(found: BatteryTable, row: int, wanted_kw: tuple[float, ...], hours: FloatArray) -> None:
    """Leaves a battery no room in its first steps: the power in force, as far as its charge still allows it."""
    now = float(found.start_kwh[row])
    charge_efficiency, discharge_efficiency = found.charge_efficiency[row], found.discharge_efficiency[row]
    for step, wanted in enumerate(wanted_kw):
        hour = float(hours[step])
        now *= float(found.kept[row, step])
        room = max(float(found.capacity_kwh[row]) - now, 0.0) / (hour * charge_efficiency)
        left = max(now - float(found.least_kwh[row]), 0.0) * discharge_efficiency / hour
        power = float(np.clip(wanted, -min(left, found.discharge_max_kw[row, step]), room))
        power = min(power, float(found.charge_max_kw[row, step]))
        found.charge_min_kw[row, step] = found.charge_max_kw[row, step] = max(power, 0.0)
        found.discharge_min_kw[row, step] = found.discharge_max_kw[row, step] = max(-power, 0.0)
        now += hour * (max(power, 0.0) * charge_efficiency - max(-power, 0.0) / discharge_efficiency)


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


def _overlap(begins_h: FloatArray, ends_h: FloatArray, edges_h: FloatArray, hours: FloatArray) -> FloatArray:
    """Part of each step between two moments, shape (moments, steps)."""
    both = np.minimum(ends_h[:, None], edges_h[None, 1:]) - np.maximum(begins_h[:, None], edges_h[None, :-1])
    share = np.clip(both / hours, 0.0, 1.0)
    # Seconds of rounding between datetimes and sums of hours are no presence.
    share[share < 1e-9] = 0.0
    share[share > 1.0 - 1e-9] = 1.0
    return np.asarray(share)


def _sum_before(values: FloatArray) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(values)[:-1])) if values.size else values


def _column(items: tuple[object, ...], field: str) -> FloatArray:
    return np.array([getattr(item, field) for item in items], dtype=float)
