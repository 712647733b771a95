"""Heat and water of the naive case: makers follow the demand, the cheapest first; pumps keep the level they found.

Stores only give what is lacking, take what is made too much, and are filled to what they must end with. Least loads and
least times are kept as long as a store has room; what even this cannot keep is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from optimizer.build import Dispatch, node_power_kw
from optimizer.profile import BoolArray, FloatArray
from optimizer.running_table import RunningTable
from optimizer.tables import Tables

_ROUNDING_KW = 1e-9


class _Shifts:
    """How long each machine has been on or off, step after step."""

    def __init__(self, running: RunningTable) -> None:
        self._running = running
        self._on = running.on_before.copy()
        self._since_h = np.full(running.asked.size, np.inf)

    def must_run(self, step: int) -> BoolArray:
        """Machines that may not stop now."""
        running = self._running
        within = self._on & (self._since_h < running.least_on_h - 1e-9)
        return np.asarray(running.asked & (running.must_on[:, step] | (within & ~running.held[:, step])))

    def may_run(self, step: int) -> BoolArray:
        """Machines that may run now."""
        running = self._running
        within = ~self._on & (self._since_h < running.least_off_h - 1e-9)
        return np.asarray(~running.asked | ~(running.must_off[:, step] | (within & ~running.held[:, step])))

    def note(self, on: BoolArray, hours: float) -> None:
        """Takes down who ran for so many hours."""
        self._since_h = np.where(on == self._on, self._since_h, 0.0) + hours
        self._on = on


def follow_demand(
    tables: Tables, dispatch: Dispatch, room_kw: FloatArray, pump: Callable[[Tables, FloatArray], FloatArray]
) -> Dispatch:
    """The dispatch with heat after the demand and water by `pump`; `room_kw` is what limits leave, (nodes, steps)."""
    heat = HeatFollower(tables, room_kw.copy())
    for step in range(tables.steps):
        heat.run(step)
    with_heat = dataclasses.replace(dispatch, heat_kw=heat.heat_kw, chp_kw=heat.chp_kw(), store_kw=heat.store_kw)
    left = room_kw + node_power_kw(tables, dispatch) - node_power_kw(tables, with_heat)
    return dataclasses.replace(with_heat, pump_kw=pump(tables, left))


class HeatFollower:
    """Heat step after step; `heat_kw` (makers, steps) and `store_kw` (stores, steps) fill as it runs."""

    def __init__(self, tables: Tables, room_kw: FloatArray) -> None:
        self._tables, self._room_kw = tables, room_kw
        heat = tables.heat
        self.heat_kw = heat.least_kw.copy()
        self.store_kw = np.zeros((heat.store.heat.size, tables.steps))
        self._stored_kwh = heat.store.start_kwh.copy()
        self._shifts = _Shifts(heat.running)
        self._least_kw, self._most_kw = _range_of_heat(tables)

    def chp_kw(self) -> FloatArray:
        """Power that comes with the heat of CHP, or that the plan in force holds."""
        chp = self._tables.heat.chp
        with_heat = self.heat_kw[chp.row] * chp.power_to_heat[:, None]
        return np.where(np.isfinite(chp.held_kw), np.nan_to_num(chp.held_kw), with_heat)

    def run(self, step: int) -> None:
        """Decides one step."""
        heat, store = self._tables.heat, self._tables.heat.store
        hours = float(self._tables.hours[step])
        self._stored_kwh = self._stored_kwh * store.kept[:, step]
        need = heat.demand_kw[:, step].copy()
        np.add.at(need, heat.heat, -self.heat_kw[:, step])
        may, must = self._shifts.may_run(step), self._shifts.must_run(step)
        for row in np.flatnonzero(must).tolist():
            need[heat.heat[row]] -= self._raise(row, step, float(self._least_kw[row]))
        for row in heat.merit.tolist():
            wish = float(need[heat.heat[row]]) + self._wanted_kw(int(heat.heat[row]), hours)
            if may[row] and wish > _ROUNDING_KW:
                need[heat.heat[row]] -= self._follow(row, step, wish, float(need[heat.heat[row]]), hours)
        for row in range(store.heat.size):
            flow = self._flow_kw(row, float(-need[store.heat[row]]), hours)
            self.store_kw[row, step] = flow
            need[store.heat[row]] += flow
            self._stored_kwh[row] += flow * hours
        load = heat.load_kw(self.heat_kw, self.chp_kw())
        self._shifts.note(heat.running.is_on(load)[:, step], hours)

    def _follow(self, row: int, step: int, wish_kw: float, need_kw: float, hours: float) -> float:
        """Raises a maker to what is wished for, or to its least load where a store takes the rest; gives kW more."""
        now, least = float(self.heat_kw[row, step]), float(self._least_kw[row])
        target = now + wish_kw
        if self._tables.heat.running.asked[row] and target < least:
            spare = sum(self._flow_kw(s, least - now - need_kw, hours) for s in self._stores(row))
            if spare < least - now - need_kw - _ROUNDING_KW or need_kw <= _ROUNDING_KW:
                return 0.0
            target = least
        return self._raise(row, step, target)

    def _raise(self, row: int, step: int, target_kw: float) -> float:
        """Raises a maker as far as its most and the limits above it allow; gives kW more."""
        heat, tree = self._tables.heat, self._tables.tree
        now, per_heat = float(self.heat_kw[row, step]), float(heat.power_per_heat[row, step])
        path = tree.path(int(heat.node[row]))
        more = min(target_kw, float(self._most_kw[row, step])) - now
        if per_heat > 0.0:
            more = min(more, max(float(self._room_kw[path, step].min()), 0.0) / per_heat)
        if more <= 0.0 or (heat.running.asked[row] and now + more < self._least_kw[row] - _ROUNDING_KW):
            return 0.0
        self.heat_kw[row, step] += more
        self._room_kw[path, step] -= more * per_heat
        return more

    def _stores(self, maker: int) -> list[int]:
        heat = self._tables.heat
        return np.flatnonzero(heat.store.heat == heat.heat[maker]).tolist()

    def _wanted_kw(self, node: int, hours: float) -> float:
        """What the stores of a heat node lack to what they must end with."""
        store = self._tables.heat.store
        mine = store.heat == node
        lacking = np.maximum(np.maximum(store.end_kwh, store.least_kwh) - self._stored_kwh, 0.0) / hours
        return float(np.minimum(lacking, store.charge_max_kw)[mine].sum())

    def _flow_kw(self, row: int, spare_kw: float, hours: float) -> float:
        """What a store takes of spare heat, or gives of what is lacking (below 0)."""
        store = self._tables.heat.store
        room = (store.capacity_kwh[row] - self._stored_kwh[row]) / hours
        left = (self._stored_kwh[row] - store.least_kwh[row]) / hours
        low = -min(float(store.discharge_max_kw[row]), max(float(left), 0.0))
        return float(np.clip(spare_kw, low, min(float(store.charge_max_kw[row]), max(float(room), 0.0))))


def _range_of_heat(tables: Tables) -> tuple[FloatArray, FloatArray]:
    """Least heat while on (makers,) and most heat (makers, steps); of a CHP with the least power that goes with it."""
    heat, chp = tables.heat, tables.heat.chp
    least, most = heat.running.least_kw.copy(), heat.most_kw.copy()
    per_fuel = chp.electric_efficiency / np.maximum(chp.power_to_heat + chp.power_lost_per_heat, 1e-9)
    least[chp.row] = heat.running.least_kw[chp.row] * per_fuel
    most[chp.row] = np.minimum(most[chp.row], (chp.fuel_max_kw * per_fuel)[:, None])
    return least, most


def keep_level(tables: Tables, room_kw: FloatArray) -> FloatArray:
    """Power (pumps, steps) that keeps each tank at the level it starts with, or must end with, as limits leave room."""
    tank, tree, hours = tables.tank, tables.tree, tables.hours
    power, room = tank.least_kw.copy(), room_kw - tree.sum_up(_at_nodes(tables, tank.least_kw))
    shifts, level = _Shifts(tank.running), tank.start_m3.copy()
    target = np.maximum(np.maximum(tank.start_m3, tank.end_m3), tank.least_m3)
    for step in range(tables.steps):
        level = level - tank.outflow_m3h[:, step] * hours[step]
        np.add.at(level, tank.tank, power[:, step] * tank.m3_per_kwh * hours[step])
        may, must = shifts.may_run(step), shifts.must_run(step)
        for row in np.argsort(-tank.m3_per_kwh, kind="stable").tolist():
            brings, at = float(tank.m3_per_kwh[row] * hours[step]), int(tank.tank[row])
            wish = (float(target[at]) - float(level[at])) / brings
            least = float(tank.running.least_kw[row])
            if must[row] or (wish > 0.0 and level[at] + least * brings <= tank.capacity_m3[at]):
                wish = max(wish, least)
            path = tree.path(int(tank.node[row]))
            more = min(wish, float(tank.most_kw[row, step] - power[row, step]), float(room[path, step].min()))
            if not may[row] or more <= _ROUNDING_KW or power[row, step] + more < least - _ROUNDING_KW:
                continue
            power[row, step] += more
            room[path, step] -= more
            level[at] += more * brings
        shifts.note(tank.running.is_on(power)[:, step], float(hours[step]))
    return power


def _at_nodes(tables: Tables, pump_kw: FloatArray) -> FloatArray:
    own = np.zeros_like(tables.tree.limit_kw)
    np.add.at(own, tables.tank.node, pump_kw)
    return own
