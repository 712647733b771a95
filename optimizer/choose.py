"""The second solve: among plans as cheap as the best, charge early, change power seldom, stay near the plan in force.

A column whose reduced cost is d may move over its whole range r for at most |d| * r EUR. The columns set free are those
for which these sum to less than the hair; every row and limit that has a price stays as tight as it is. So no plan that
can be chosen costs more than the hair, without a row for the cost. Charging is what has such freedom: light has its
price in every step, and moves only where two prices meet.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from optimizer.arrays import ArrayModel
from optimizer.build import Dispatch, Layout, asset_power_kw, node_power_kw
from optimizer.grid import intervals
from optimizer.highs import End, HighsSession, Solution
from optimizer.model import NO_STEP, Cells
from optimizer.problem import Problem, Wishes
from optimizer.profile import BoolArray, FloatArray, IntArray
from optimizer.tables import Tables

_PRICED = 1e-9  # EUR: a dual above this says that the row or limit holds the plan
_MOVES = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Freedom:
    """The cells (session, step) that may change, what they are now, and between what they may move."""

    session: IntArray
    step: IntArray
    now_kw: FloatArray
    lower_kw: FloatArray
    upper_kw: FloatArray


def choose_among_the_cheapest(
    problem: Problem,
    tables: Tables,
    layout: Layout,
    best: Solution,
    dispatch: Dispatch,
    *,
    time_limit_s: float | None = None,
    cancel: threading.Event | None = None,
) -> Dispatch | None:
    """The dispatch the wishes prefer, None where nothing can move or no time was left. Needs a solution with duals."""
    wishes = problem.wishes
    if not (wishes.charge_early or wishes.few_changes or (wishes.stay_near and problem.in_force)):
        return None
    free = find_freedom(problem, tables, layout, best, dispatch)
    if not free.session.size:
        return None
    model = ArrayModel()
    names = [session.id for session in problem.charging]
    columns = model.columns("charge", Cells(names, free.session, free.step), free.lower_kw, free.upper_kw)
    _keep_energy(model, tables, free, columns)
    _keep_readiness(model, tables, layout, best, dispatch, free, columns)
    _keep_limits(model, problem, tables, layout, best, dispatch, free, columns)
    _keep_peaks(model, problem, tables, layout, best, dispatch, free, columns)
    prefer_early_charging(model, tables, free, columns, wishes.charge_early)
    prefer_few_changes(model, tables, free, columns, wishes.few_changes)
    prefer_plan_in_force(model, problem, free, columns, tables, wishes.stay_near)
    found = HighsSession().solve(model.finish(), time_limit_s=time_limit_s, cancel=cancel)
    if found.end is not End.OPTIMAL or found.values is None:
        return None
    charge_kw = dispatch.charge_kw.copy()
    charge_kw[free.session, free.step] = np.clip(found.values[columns], free.lower_kw, free.upper_kw)
    return Dispatch(dispatch.level, charge_kw, dispatch.used_kw)


def hair_eur(wishes: Wishes, best_eur: float) -> float:
    """How much more than the best cost a plan may cost to suit the wishes."""
    return wishes.hair_eur + wishes.hair_share * abs(best_eur)


def find_freedom(problem: Problem, tables: Tables, layout: Layout, best: Solution, dispatch: Dispatch) -> Freedom:
    """The cells that may move for less than the hair together, of sessions in which at least two may."""
    charge, block = tables.charge, layout.charge
    session, step = block.session, block.step
    now, upper = dispatch.charge_kw[session, step], charge.highest_kw[session, step]
    least_on = charge.least_on_kw[session, step]
    lower = np.maximum(charge.lowest_kw[session, step], np.where(now > _MOVES, least_on, 0.0))
    upper = np.where((least_on > 0.0) & (now <= _MOVES), now, upper)
    price = np.abs(_worth(tables, layout, best)) * (upper - lower)
    hair = hair_eur(problem.wishes, best.objective)
    order = np.argsort(price, kind="stable")
    free: BoolArray = np.zeros(price.size, dtype=bool)
    free[order[np.cumsum(price[order]) <= hair]] = True
    free &= upper - lower > _MOVES
    free &= (np.bincount(session[free], minlength=charge.node.size) >= 2)[session]
    return Freedom(session[free], step[free], now[free], np.minimum(lower, now)[free], np.maximum(upper, now)[free])


def _worth(tables: Tables, layout: Layout, best: Solution) -> FloatArray:
    """EUR that one kW more in each cell costs: what it draws at its node less what it is worth to the vehicle.

    This is the reduced cost with the rows of on and off left out: those are bounds here.
    """
    assert best.row_duals is not None
    charge, block = tables.charge, layout.charge
    session, step = block.session, block.step
    brings = tables.hours[step] * charge.efficiency[session]
    worth = best.row_duals[layout.grid.balance[charge.node[session], step]]
    worth = worth - brings * best.row_duals[block.energy_rows[session]]
    ready = np.where(block.ready_rows >= 0, best.row_duals[block.ready_rows], 0.0)
    return np.asarray(worth - brings * charge.before_ready[session, step] * ready[session])


def prefer_early_charging(model: ArrayModel, tables: Tables, free: Freedom, columns: IntArray, weight: float) -> None:
    """Each kWh counts by the days it waits after arrival."""
    model.price(columns, weight * tables.hours[free.step] * _waits_days(tables, free))


def prefer_few_changes(model: ArrayModel, tables: Tables, free: Freedom, columns: IntArray, weight: float) -> None:
    """Vehicles that share a limit charge one after the other, the first to arrive first, and not in turns.

    Waiting counts a little more the earlier a vehicle arrived, so that no two are alike and no swap is free. A row for
    each rise of power would say the same, at ten times the time.
    """
    arrival = np.argmax(tables.charge.share > 0.0, axis=1)
    rank = np.empty(arrival.size)
    rank[np.argsort(arrival, kind="stable")] = np.arange(arrival.size)
    sooner = 0.5 * (1.0 - rank / max(arrival.size, 1))
    model.price(columns, weight * sooner[free.session] * tables.hours[free.step] * _waits_days(tables, free))


def _waits_days(tables: Tables, free: Freedom) -> FloatArray:
    begins_h = np.concatenate(([0.0], np.cumsum(tables.hours)[:-1]))
    arrives_h = begins_h[np.argmax(tables.charge.share > 0.0, axis=1)]
    return np.asarray((begins_h[free.step] - arrives_h[free.session]) / 24.0)


def prefer_plan_in_force(
    model: ArrayModel, problem: Problem, free: Freedom, columns: IntArray, tables: Tables, weight: float
) -> None:
    """Each kWh that is moved away from the plan in force counts as one that waits a day."""
    held = {item.asset: item.setpoint for item in problem.in_force}
    asked = np.array([problem.charging[s].id in held for s in free.session], dtype=bool)
    if weight <= 0.0 or not asked.any():
        return
    pairs = zip(free.session[asked], free.step[asked], strict=True)
    force = np.array([held[problem.charging[s].id][t] for s, t in pairs], dtype=float)
    cells = Cells([""], np.zeros(force.size, np.int64), np.arange(force.size))
    apart = model.columns("apart", cells)
    for sign, name in ((1.0, "less"), (-1.0, "more")):
        rows = model.rows(name, cells, sign * force, np.inf)
        model.put(rows, apart, 1.0)
        model.put(rows, columns[asked], sign)
    model.price(apart, weight * tables.hours[free.step[asked]])


def _keep_energy(model: ArrayModel, tables: Tables, free: Freedom, columns: IntArray) -> None:
    """What a session gets in its free cells stays the same, in kWh."""
    sessions, place = np.unique(free.session, return_inverse=True)
    total = np.bincount(place, weights=free.now_kw * tables.hours[free.step])
    rows = model.rows("energy", Cells([""], np.zeros(sessions.size, np.int64), sessions), total, total)
    model.put(rows[place], columns, tables.hours[free.step])


def _keep_readiness(
    model: ArrayModel,
    tables: Tables,
    layout: Layout,
    best: Solution,
    dispatch: Dispatch,
    free: Freedom,
    columns: IntArray,
) -> None:
    """What must be there by an earlier time still is, in kWh; where that has a price, no more of it than now."""
    charge = tables.charge
    assert best.row_duals is not None
    brings = charge.before_ready * tables.hours * charge.efficiency[:, None]
    spare = (dispatch.charge_kw * brings).sum(axis=1) - charge.ready_kwh
    asked = charge.ready_kwh[free.session] > 0.0
    sessions, place = np.unique(free.session[asked], return_inverse=True)
    part = brings[free.session, free.step][asked]
    now = np.bincount(place, weights=free.now_kw[asked] * part, minlength=sessions.size)
    cells = Cells([""], np.zeros(sessions.size, np.int64), sessions)
    tight = np.abs(best.row_duals[layout.charge.ready_rows[sessions]]) > _PRICED
    lower = now - np.where(tight, 0.0, np.maximum(spare[sessions], 0.0))
    rows = model.rows("ready", cells, lower, np.where(tight, now, np.inf))
    model.put(rows[place], columns[asked], part)


def _keep_limits(
    model: ArrayModel,
    problem: Problem,
    tables: Tables,
    layout: Layout,
    best: Solution,
    dispatch: Dispatch,
    free: Freedom,
    columns: IntArray,
) -> None:
    """Nodes stay within limits and the connection on its side of zero; where a limit has a price, power stays."""
    tree = tables.tree
    assert best.reduced_costs is not None
    power = node_power_kw(tables, asset_power_kw(tables, dispatch))
    low, high = tree.import_min_kw.copy(), tree.limit_kw.copy()
    root = tree.root
    low[root] = np.where(power[root] > 0.0, np.maximum(low[root], 0.0), low[root])
    high[root] = np.where(power[root] < 0.0, np.minimum(high[root], 0.0), high[root])
    tight = np.abs(best.reduced_costs[layout.grid.power]) > _PRICED
    up, down = np.maximum(high - power, 0.0), np.maximum(power - low, 0.0)
    up[tight] = down[tight] = 0.0
    for node in tree.upwards:
        inside = np.isin(tables.charge.node[free.session], list(tree.below(int(node))))
        if inside.any():
            _keep_sum(model, free, columns, inside, up[node], down[node])


def _keep_sum(
    model: ArrayModel, free: Freedom, columns: IntArray, inside: BoolArray, up_kw: FloatArray, down_kw: FloatArray
) -> None:
    """In each step the free cells inside change together by at most up and down; rows only where they could."""
    steps = up_kw.size
    step, now = free.step[inside], free.now_kw[inside]
    total = np.bincount(step, weights=now, minlength=steps)
    most = np.bincount(step, weights=free.upper_kw[inside], minlength=steps)
    least = np.bincount(step, weights=free.lower_kw[inside], minlength=steps)
    needed = np.flatnonzero((most > total + up_kw) | (least < total - down_kw))
    row_of = np.full(steps, -1, dtype=np.int64)
    cells = Cells([""], np.zeros(needed.size, np.int64), needed)
    row_of[needed] = model.rows("node", cells, (total - down_kw)[needed], (total + up_kw)[needed])
    used = row_of[step] >= 0
    model.put(row_of[step[used]], columns[inside][used], 1.0)


def _keep_peaks(
    model: ArrayModel,
    problem: Problem,
    tables: Tables,
    layout: Layout,
    best: Solution,
    dispatch: Dispatch,
    free: Freedom,
    columns: IntArray,
) -> None:
    """No interval rises over the peak that is paid for; where its row has a price, the interval's mean stays."""
    assert best.row_duals is not None
    assert best.values is not None
    bought = best.values[layout.grid.bought]
    for charge, (rows, row_of) in zip(problem.tariff.charges, layout.grid.peak_rows, strict=True):
        interval = intervals(charge, tables.steps)
        counted = (interval >= 0)[free.step]
        if not rows.size or not counted.any():
            continue
        hours = np.where(row_of >= 0, tables.hours, 0.0)
        length = np.bincount(row_of[row_of >= 0], weights=hours[row_of >= 0], minlength=rows.size)
        mean = np.bincount(row_of[row_of >= 0], weights=(bought * hours)[row_of >= 0], minlength=rows.size) / length
        room = np.maximum(max(charge.so_far_kw, float(mean.max())) - mean, 0.0)
        tight = np.abs(best.row_duals[rows]) > _PRICED
        place, part = row_of[free.step[counted]], tables.hours[free.step[counted]]
        now = np.bincount(place, weights=free.now_kw[counted] * part, minlength=rows.size)
        upper = now + np.where(tight, 0.0, room) * length
        lower = np.where(tight, now, -np.inf)
        cells = Cells([charge.name], np.zeros(rows.size, np.int64), np.full(rows.size, NO_STEP))
        kept = model.rows("peak", cells, lower, upper)
        model.put(kept[place], columns[counted], part)
