"""The naive case: full wanted light, every vehicle charges at once, nothing curtailed that need not be, and batteries
that only charge to what they must end with. A ship takes the first point that fits, is free and leaves room. Heat and
water follow their demand.

It obeys physics: where a limit would be broken, vehicles wait (first come, first served), then light is dimmed alike,
and sun and wind are curtailed alike where too much would flow back. What even this cannot keep is told, not hidden.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optimizer.build import Dispatch, node_power_kw
from optimizer.light_table import LightTable
from optimizer.naive_supplies import follow_demand, keep_level
from optimizer.profile import FloatArray, IntArray
from optimizer.tables import GridTree, Tables

_ROUNDING_KW = 1e-9


@dataclass(frozen=True, slots=True)
class Ways:
    """How vehicles, batteries and pumps take what they need; each gives its power in every step.

    `charge` and `pump` are given the room under limits, (nodes, steps); `keep_charged` the power of batteries that do
    nothing, and that of all nodes, which it changes in place.
    """

    charge: Callable[[Tables, FloatArray], FloatArray]
    keep_charged: Callable[[Tables, FloatArray, FloatArray], FloatArray]
    pump: Callable[[Tables, FloatArray], FloatArray]


def naive_dispatch(tables: Tables, ways: Ways | None = None) -> Dispatch:
    """Decisions of the naive case, or of one that differs from it only in how vehicles, batteries and pumps take."""
    ways = ways or Ways(_charge_at_once, _keep_charged, keep_level)
    level = _full_light(tables)
    used = tables.source_max_kw.copy()
    idle_kw = tables.battery.charge_min_kw - tables.battery.discharge_min_kw
    nowhere = np.full(tables.berths.ships, -1, dtype=np.int64)
    heat = tables.heat
    supplied = (np.zeros_like(heat.most_kw), np.zeros_like(heat.chp.held_kw), np.zeros_like(heat.store.kept))
    nothing = Dispatch(
        level, np.zeros_like(tables.charge.share), used, idle_kw, nowhere, *supplied, np.zeros_like(tables.tank.most_kw)
    )
    berth = _plug_in_on_arrival(tables, tables.tree.limit_kw - node_power_kw(tables, nothing))
    nothing = dataclasses.replace(nothing, berth=berth)
    nothing = follow_demand(tables, nothing, tables.tree.limit_kw - node_power_kw(tables, nothing), ways.pump)
    base = node_power_kw(tables, nothing)
    charge_kw = ways.charge(tables, tables.tree.limit_kw - base)
    own = np.zeros_like(base)
    np.add.at(own, tables.charge.node, charge_kw)
    power = base + tables.tree.sum_up(own)
    battery_kw = ways.keep_charged(tables, idle_kw, power)
    for step in np.flatnonzero((power > tables.tree.limit_kw + _ROUNDING_KW).any(axis=0)):
        _dim(tables, level, power, int(step))
    level = _as_dimmers_can(tables.light, level, up=False)
    for step in np.flatnonzero((power < tables.tree.import_min_kw - _ROUNDING_KW).any(axis=0)):
        _curtail(tables, used, power, int(step))
    return dataclasses.replace(nothing, level=level, charge_kw=charge_kw, used_kw=used, battery_kw=battery_kw)


def _full_light(tables: Tables) -> FloatArray:
    """The target levels, raised where only an earlier rise or a later fall keeps the ramp; shape (groups, steps)."""
    light = tables.light
    level = light.target.copy()
    start = np.where(np.isnan(light.level_before), level[:, 0], light.level_before)
    level[:, 0] = np.where(light.lit[:, 0], np.clip(level[:, 0], start - light.ramp, start + light.ramp), level[:, 0])
    forth = [(step - 1, step) for step in range(1, tables.steps)]
    for known, step in (*forth, *((step, known) for known, step in reversed(forth))):
        both = light.lit[:, known] & light.lit[:, step]
        level[:, step] = np.where(both, np.maximum(level[:, step], level[:, known] - light.ramp), level[:, step])
    level = _as_dimmers_can(light, np.clip(level, light.floor, light.ceiling), up=True)
    for step in range(1, tables.steps):  # what is frozen was not raised above: light climbs from there
        both = light.lit[:, step - 1] & light.lit[:, step]
        reached = np.maximum(np.minimum(level[:, step], level[:, step - 1] + light.ramp), light.floor[:, step])
        level[:, step] = np.where(both, reached, level[:, step])
    return level


def _as_dimmers_can(light: LightTable, level: FloatArray, *, up: bool) -> FloatArray:
    """The next level each dimmer has, above or below; one for the whole night where it may not change as it likes."""
    found = level.copy()
    seldom = np.isfinite(light.most_changes) | (light.least_dwell_h > 0.0)
    for row in np.flatnonzero(seldom).tolist() if up else ():
        for first, last in light.nights(row):
            night = slice(first, last + 1)
            highest = min(float(level[row, night].max()), float(light.ceiling[row, night].min()))
            found[row, night] = np.where(light.frozen[row, night], level[row, night], highest)
    for row in light.with_levels().tolist():
        for step in np.flatnonzero(light.lit[row] & ~light.frozen[row]):
            inside = light.levels_within(row, int(step))
            below, above = inside[inside <= found[row, step] + 1e-9], inside[inside >= found[row, step] - 1e-9]
            first_choice, second_choice = (above[:1], below[-1:]) if up else (below[-1:], above[:1])
            found[row, step] = float((first_choice if first_choice.size else second_choice)[0])
    return found


def _charge_at_once(tables: Tables, headroom_kw: FloatArray) -> FloatArray:
    """Every vehicle draws all it can from its arrival on, as far as limits leave room; shape (sessions, steps)."""
    charge = tables.charge
    most, least, least_on = (a.T.copy() for a in (charge.highest_kw, charge.lowest_kw, charge.least_on_kw))
    power = np.zeros_like(most)
    left_kwh = charge.energy_kwh.copy()
    paths = {int(number): tables.tree.path(int(number)) for number in np.unique(charge.node)}
    under = _under(tables.tree, charge.node, paths)
    path_of = [paths[int(number)] for number in charge.node]
    queue = np.argsort(np.argmax(charge.share > 0.0, axis=1), kind="stable")
    banded = np.flatnonzero(np.isfinite(charge.band_low_kw).sum(axis=1) > 1).tolist()
    for step, hours in enumerate(tables.hours.tolist()):
        brings = hours * charge.efficiency
        wish = np.minimum(most[step], np.maximum(left_kwh, 0.0) / brings)
        wish = np.maximum(np.where(wish < least_on[step] - _ROUNDING_KW, 0.0, wish), least[step])
        given = _share_out(under, path_of, wish, headroom_kw[:, step], queue)
        for row in banded:
            given[row] = charge.in_band(row, float(given[row]), float(charge.share[row, step]))
        power[step] = np.maximum(np.where(given < least_on[step] - _ROUNDING_KW, 0.0, given), least[step])
        left_kwh -= power[step] * brings
    return power.T - charge.give_min_kw


def _keep_charged(tables: Tables, idle_kw: FloatArray, power: FloatArray) -> FloatArray:
    """Each battery charges at once to what it must end with or hold, as limits leave room; changes power in place."""
    battery, tree, battery_kw = tables.battery, tables.tree, idle_kw.copy()
    now = battery.start_kwh.copy()
    for step, hour in enumerate(tables.hours.tolist()):
        now = now * battery.kept[:, step] + battery.added_kwh(idle_kw[:, step], hour)
        for row in np.flatnonzero(idle_kw[:, step] == 0.0):
            lacking = max(float(battery.end_kwh[row]), float(battery.least_kwh[row])) - now[row]
            path = tree.path(int(battery.node[row]))
            room = float((tree.limit_kw - power)[path, step].min())
            wish = min(lacking / (hour * battery.charge_efficiency[row]), battery.charge_max_kw[row, step], room)
            if wish > _ROUNDING_KW:
                battery_kw[row, step] = wish
                power[path, step] += wish
                now[row] += wish * hour * battery.charge_efficiency[row]
    return battery_kw


def _plug_in_on_arrival(tables: Tables, headroom_kw: FloatArray) -> IntArray:
    """The option of each ship, in the order the problem lists them; -1 where no point is free or no limit has room."""
    berths, tree, room = tables.berths, tables.tree, headroom_kw.copy()
    berth = np.full(berths.ships, -1, dtype=np.int64)
    ships_at: dict[int, list[int]] = {}
    for option, (ship, point) in enumerate(zip(berths.ship.tolist(), berths.point.tolist(), strict=True)):
        taken = any(berths.overlap(ship, other) for other in ships_at.get(point, ()))
        if berth[ship] >= 0 or taken:
            continue
        path = tree.path(int(berths.node[option]))
        if (room[path] >= berths.draws_kw[option] - _ROUNDING_KW).all():
            berth[ship] = option
            ships_at.setdefault(point, []).append(ship)
            room[path] -= berths.draws_kw[option]
    return berth


def _under(tree: GridTree, node: IntArray, paths: dict[int, list[int]]) -> FloatArray:
    """1 where a session's power passes through a node, shape (nodes, sessions)."""
    under = np.zeros((tree.parent.size, node.size))
    for number, path in paths.items():
        for above in path:
            under[above, node == number] = 1.0
    return under


def _share_out(
    under: FloatArray, path_of: list[list[int]], wish_kw: FloatArray, headroom_kw: FloatArray, queue: IntArray
) -> FloatArray:
    """What each session gets of its wish in one step: all of it where there is room, else in the order of the queue."""
    full = under @ wish_kw > headroom_kw + _ROUNDING_KW
    if not full.any():
        return wish_kw
    waits = under[full].any(axis=0) & (wish_kw > 0.0)
    given = np.where(waits, 0.0, wish_kw)
    # A thousand small sums: plain floats do them faster than arrays.
    room = np.maximum(headroom_kw - under @ given, 0.0).tolist()
    turn = queue[waits[queue]]
    for session, wish in zip(turn.tolist(), wish_kw[turn].tolist(), strict=True):
        path = path_of[session]
        share = min(wish, *[room[node] for node in path])
        for node in path:
            room[node] -= share
        given[session] = share
    return given


def _dim(tables: Tables, level: FloatArray, power: FloatArray, step: int) -> None:
    """Dims the light under each node over its limit alike, towards the floors, from the leaves up; changes in place."""
    light, tree = tables.light, tables.tree
    for node in tree.upwards:
        over = power[node, step] - tree.limit_kw[node, step]
        if over <= _ROUNDING_KW:
            continue
        below = np.flatnonzero(np.isin(light.node, list(tree.below(int(node)))) & light.lit[:, step])
        if not below.size:
            continue
        here = light.in_step(below, step)
        now, least = here.power_kw(level[below, step, None])[:, 0], here.power_kw(here.floor)[:, 0]
        part = min(1.0, over / max(float((now - least).sum()), _ROUNDING_KW))
        level[below, step] += part * (light.floor[below, step] - level[below, step])
        _recount(tree, power, light.node[below], here.power_kw(level[below, step, None])[:, 0] - now, step)


def _curtail(tables: Tables, used: FloatArray, power: FloatArray, step: int) -> None:
    """Takes less of the sources under each node whose power is too low, alike; changes in place."""
    tree = tables.tree
    for node in tree.upwards:
        under = tree.import_min_kw[node, step] - power[node, step]
        if under <= _ROUNDING_KW:
            continue
        below = np.flatnonzero(np.isin(tables.source_node, list(tree.below(int(node)))))
        room = used[below, step] - tables.source_min_kw[below, step]
        if room.sum() <= 0.0:
            continue
        less = room * min(1.0, under / float(room.sum()))
        used[below, step] -= less
        _recount(tree, power, tables.source_node[below], less, step)


def _recount(tree: GridTree, power: FloatArray, node: IntArray, change_kw: FloatArray, step: int) -> None:
    own = np.zeros((tree.parent.size, 1))
    np.add.at(own[:, 0], node, change_kw)
    power[:, step] += tree.sum_up(own)[:, 0]
