"""The greedy baseline: vehicles, batteries and pumps each take the cheapest steps left to them, one after the other.

Peaks play no part, nor what others may need later: that is what makes it greedy.
"""

from __future__ import annotations

import functools

import numpy as np

from optimizer.naive import Ways
from optimizer.naive_supplies import keep_level
from optimizer.profile import FloatArray
from optimizer.tables import Tables

_ROUNDING_KW = 1e-9
_ROUNDING_M3 = 1e-9


def when_cheapest(price: FloatArray) -> Ways:
    """All three ways at a price in EUR per kWh, shape (steps,)."""
    return Ways(
        charge=functools.partial(charge_when_cheapest, price=price),
        keep_charged=functools.partial(store_when_cheapest, price=price),
        pump=functools.partial(pump_when_cheapest, price=price),
    )


def charge_when_cheapest(tables: Tables, headroom_kw: FloatArray, price: FloatArray) -> FloatArray:
    """Power (sessions, steps) of vehicles that each take the cheapest steps left to them, the first to arrive first.

    What must be there by an earlier time is taken from the steps before it.
    """
    charge, tree = tables.charge, tables.tree
    power = charge.lowest_kw.copy()
    own = np.zeros_like(headroom_kw)
    np.add.at(own, charge.node, power)
    room = headroom_kw - tree.sum_up(own)
    for row in np.argsort(np.argmax(charge.share > 0.0, axis=1), kind="stable"):
        path = tree.path(int(charge.node[row]))
        brings = tables.hours * charge.efficiency[row]
        cheapest = np.argsort(price, kind="stable")
        before = charge.before_ready[row] >= 1.0
        for wanted_kwh, steps in (
            (charge.ready_kwh[row], cheapest[before[cheapest]]),
            (charge.energy_kwh[row], cheapest),
        ):
            left_kwh = float(wanted_kwh - power[row] @ brings)
            for step in steps.tolist():
                more = min(left_kwh / brings[step], charge.highest_kw[row, step] - power[row, step])
                more = min(more, float(room[path, step].min()))
                reached = charge.in_band(int(row), float(power[row, step]) + more, float(charge.share[row, step]))
                more = reached - float(power[row, step])
                if more <= _ROUNDING_KW or power[row, step] + more < charge.least_on_kw[row, step] - _ROUNDING_KW:
                    continue
                power[row, step] += more
                room[path, step] -= more
                left_kwh -= more * brings[step]
    return power - charge.give_min_kw


def store_when_cheapest(tables: Tables, idle_kw: FloatArray, power: FloatArray, price: FloatArray) -> FloatArray:
    """Power (batteries, steps) that fills each battery to what it must end with in its cheapest steps; in place too.

    What a step charges counts by what standing losses leave of it at the end.
    """
    battery, tree, battery_kw = tables.battery, tables.tree, idle_kw.copy()
    left_at_end = np.cumprod(battery.kept[:, ::-1], axis=1)[:, ::-1]
    left_at_end = np.hstack([left_at_end[:, 1:], np.ones((len(idle_kw), 1))])
    for row in range(len(idle_kw)):
        path, at_end = tree.path(int(battery.node[row])), battery.stored_kwh(battery_kw, tables.hours)[row, -1]
        lacking = float(battery.end_kwh[row] - at_end)
        for step in np.argsort(price / left_at_end[row], kind="stable").tolist():
            brings = float(tables.hours[step] * battery.charge_efficiency[row] * left_at_end[row, step])
            room = float((tree.limit_kw - power)[path, step].min())
            most = float(battery.charge_max_kw[row, step]) if idle_kw[row, step] == 0.0 else 0.0
            more = min(lacking / brings, most, room)
            if more > _ROUNDING_KW:
                battery_kw[row, step] += more
                power[path, step] += more
                lacking -= more * brings
    return battery_kw


def pump_when_cheapest(tables: Tables, room_kw: FloatArray, price: FloatArray) -> FloatArray:
    """Power (pumps, steps) that brings each tank what it needs in the cheapest steps before it is needed.

    Tanks with pumps that switch, or that the plan in force holds, are kept at their level.
    """
    tank, power = tables.tank, keep_level(tables, room_kw)
    room = room_kw.copy()
    for pump, node in enumerate(tank.node.tolist()):
        room[tables.tree.path(node)] -= power[pump]
    for row in range(tank.capacity_m3.size):
        pumps = np.flatnonzero(tank.tank == row)
        if tank.running.asked[pumps].any() or (tank.least_kw[pumps] > 0.0).any():
            continue
        for pump in pumps.tolist():
            room[tables.tree.path(int(tank.node[pump]))] += power[pump]
            power[pump] = 0.0
        _fill(tables, row, pumps.tolist(), power, room, price)
    return power


def _fill(tables: Tables, row: int, pumps: list[int], power: FloatArray, room: FloatArray, price: FloatArray) -> None:
    """Pumps for one tank, in place: whenever it would run too low, in the cheapest step until then that has room."""
    tank, tree, hours = tables.tank, tables.tree, tables.hours
    level = tank.start_m3[row] - np.cumsum(tank.outflow_m3h[row] * hours)
    needed = np.full(hours.size, float(tank.least_m3[row]))
    needed[-1] = max(float(tank.start_m3[row]), float(tank.end_m3[row]), needed[-1])
    slots = sorted(
        (float(price[step] / tank.m3_per_kwh[pump]), step, pump) for step in range(hours.size) for pump in pumps
    )
    for step in range(hours.size):
        for _, at, pump in slots:
            lacking = float(needed[step] - level[step])
            if lacking <= _ROUNDING_M3:
                break
            if at > step:
                continue
            brings, path = float(tank.m3_per_kwh[pump] * hours[at]), tree.path(int(tank.node[pump]))
            spare = float(tank.capacity_m3[row] - level[at:].max())
            most = min(float(tank.most_kw[pump, at] - power[pump, at]), float(room[path, at].min()))
            more = min(most, min(lacking, spare) / brings)
            if more > _ROUNDING_KW:
                power[pump, at] += more
                room[path, at] -= more
                level[at:] += more * brings
