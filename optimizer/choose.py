"""The second solve: among plans as cheap as the best, charge early, change power seldom, stay near the plan in force.

A column whose reduced cost is d may move over its whole range r for at most |d| * r EUR. The columns set free are those
for which these sum to less than the hair; every row and limit that has a price stays as tight as it is. So no plan that
can be chosen costs more than the hair, without a row for the cost. Charging is what has such freedom: light has its
price in every step, and moves only where two prices meet.
"""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass

import numpy as np

from optimizer.arrays import ArrayModel
from optimizer.build import Dispatch, Layout, node_power_kw
from optimizer.highs import End, HighsSession, Solution
from optimizer.model import Cells
from optimizer.parts import Wishes
from optimizer.problem import Problem
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


@dataclass(frozen=True, slots=True, eq=False)
class Cheapest:
    """A cheapest plan with the prices of its solution, which must have duals."""

    problem: Problem
    tables: Tables
    layout: Layout
    solution: Solution
    dispatch: Dispatch

    def duals(self, rows: IntArray) -> FloatArray:
        """Prices of rows, in the shape of their numbers."""
        assert self.solution.row_duals is not None
        return self.solution.row_duals[rows]


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """The small program of the second solve: one column for each cell that is free."""

    best: Cheapest
    free: Freedom
    model: ArrayModel
    columns: IntArray

    @property
    def hours(self) -> FloatArray:
        """Length of each free cell's step."""
        return self.best.tables.hours[self.free.step]


def choose_among_the_cheapest(
    best: Cheapest, *, time_limit_s: float | None = None, cancel: threading.Event | None = None
) -> Dispatch | None:
    """The dispatch the wishes prefer, None where nothing can move or no time was left."""
    wishes, dispatch = best.problem.wishes, best.dispatch
    if not (wishes.charge_early or wishes.few_changes or (wishes.stay_near and best.problem.in_force)):
        return None
    free = find_freedom(best)
    if not free.session.size:
        return None
    draft = _draft(best, free)
    for keep in (_keep_energy, _keep_readiness, _keep_limits, _keep_peaks):
        keep(draft)
    prefer_early_charging(draft, wishes.charge_early)
    prefer_few_changes(draft, wishes.few_changes)
    prefer_plan_in_force(draft, wishes.stay_near)
    found = HighsSession().solve(draft.model.finish(), time_limit_s=time_limit_s, cancel=cancel)
    if found.end is not End.OPTIMAL or found.values is None:
        return None
    charge_kw = dispatch.charge_kw.copy()
    charge_kw[free.session, free.step] = np.clip(found.values[draft.columns], free.lower_kw, free.upper_kw)
    return dataclasses.replace(dispatch, charge_kw=charge_kw)


def _draft(best: Cheapest, free: Freedom) -> _Draft:
    model = ArrayModel()
    names = [session.id for session in best.problem.charging]
    columns = model.columns("charge", Cells(names, free.session, free.step), free.lower_kw, free.upper_kw)
    return _Draft(best, free, model, columns)


def hair_eur(wishes: Wishes, best_eur: float) -> float:
    """How much more than the best cost a plan may cost to suit the wishes."""
    return wishes.hair_eur + wishes.hair_share * abs(best_eur)


def find_freedom(best: Cheapest) -> Freedom:
    """The cells that may move for less than the hair together, of sessions in which at least two may."""
    charge, block = best.tables.charge, best.layout.charge
    session, step = block.session, block.step
    now, upper = best.dispatch.charge_kw[session, step], charge.highest_kw[session, step]
    least_on = charge.least_on_kw[session, step]
    lower = np.maximum(charge.lowest_kw[session, step], np.where(now > _MOVES, least_on, 0.0))
    upper = np.where((least_on > 0.0) & (now <= _MOVES), now, upper)
    price = np.abs(_worth(best)) * (upper - lower)
    hair = hair_eur(best.problem.wishes, best.solution.objective)
    order = np.argsort(price, kind="stable")
    free: BoolArray = np.zeros(price.size, dtype=bool)
    free[order[np.cumsum(price[order]) <= hair]] = True
    free &= upper - lower > _MOVES
    free &= (np.bincount(session[free], minlength=charge.node.size) >= 2)[session]
    return Freedom(session[free], step[free], now[free], np.minimum(lower, now)[free], np.maximum(upper, now)[free])


def _worth(best: Cheapest) -> FloatArray:
    """EUR that one kW more in each cell costs: what it draws at its node less what it is worth to the vehicle.

    This is the reduced cost with the rows of on and off left out: those are bounds here.
    """
    charge, block = best.tables.charge, best.layout.charge
    session, step = block.session, block.step
    brings = best.tables.hours[step] * charge.efficiency[session]
    drawn = best.duals(best.layout.grid.balance[charge.node[session], step])
    ready = np.where(block.ready_rows >= 0, best.duals(block.ready_rows), 0.0)
    worth = best.duals(block.energy_rows)[session] + charge.before_ready[session, step] * ready[session]
    return np.asarray(drawn - brings * worth)


def prefer_early_charging(draft: _Draft, weight: float) -> None:
    """Each kWh counts by the days it waits after arrival."""
    draft.model.price(draft.columns, weight * draft.hours * _waits_days(draft))


def prefer_few_changes(draft: _Draft, weight: float) -> None:
    """Vehicles that share a limit charge one after the other, the first to arrive first, and not in turns.

    Waiting counts a little more the earlier a vehicle arrived, so that no two are alike and no swap is free. A row for
    each rise of power would say the same, at ten times the time.
    """
    arrival = np.argmax(draft.best.tables.charge.share > 0.0, axis=1)
    rank = np.empty(arrival.size)
    rank[np.argsort(arrival, kind="stable")] = np.arange(arrival.size)
    sooner = 0.5 * (1.0 - rank / max(arrival.size, 1))
    draft.model.price(draft.columns, weight * sooner[draft.free.session] * draft.hours * _waits_days(draft))


def _waits_days(draft: _Draft) -> FloatArray:
    tables, free = draft.best.tables, draft.free
    begins_h = np.concatenate(([0.0], np.cumsum(tables.hours)[:-1]))
    arrives_h = begins_h[np.argmax(tables.charge.share > 0.0, axis=1)]
    return np.asarray((begins_h[free.step] - arrives_h[free.session]) / 24.0)


def prefer_plan_in_force(draft: _Draft, weight: float) -> None:
    """Each kWh that is moved away from the plan in force counts as one that waits a day."""
    problem, free, model = draft.best.problem, draft.free, draft.model
    held = {item.asset: item.setpoint for item in problem.in_force}
    asked = np.array([problem.charging[s].id in held for s in free.session], dtype=bool)
    if weight <= 0.0 or not asked.any():
        return
    pairs = zip(free.session[asked], free.step[asked], strict=True)
    force = np.array([held[problem.charging[s].id][t] for s, t in pairs], dtype=float)
    cells = _cells(np.arange(force.size))
    apart = model.columns("apart", cells)
    for sign, name in ((1.0, "less"), (-1.0, "more")):
        rows = model.rows(name, cells, sign * force, np.inf)
        model.put(rows, apart, 1.0)
        model.put(rows, draft.columns[asked], sign)
    model.price(apart, weight * draft.hours[asked])


def _keep_energy(draft: _Draft) -> None:
    """What a session gets in its free cells stays the same, in kWh."""
    sessions, place = np.unique(draft.free.session, return_inverse=True)
    total = np.bincount(place, weights=draft.free.now_kw * draft.hours)
    rows = draft.model.rows("energy", _cells(sessions), total, total)
    draft.model.put(rows[place], draft.columns, draft.hours)


def _keep_readiness(draft: _Draft) -> None:
    """What must be there by an earlier time still is, in kWh; where that has a price, no more of it than now."""
    best, free = draft.best, draft.free
    charge = best.tables.charge
    brings = charge.before_ready * best.tables.hours * charge.efficiency[:, None]
    spare = (best.dispatch.charge_kw * brings).sum(axis=1) - charge.ready_kwh
    asked = charge.ready_kwh[free.session] > 0.0
    sessions, place = np.unique(free.session[asked], return_inverse=True)
    part = brings[free.session, free.step][asked]
    now = np.bincount(place, weights=free.now_kw[asked] * part, minlength=sessions.size)
    tight = np.abs(best.duals(best.layout.charge.ready_rows[sessions])) > _PRICED
    lower = now - np.where(tight, 0.0, np.maximum(spare[sessions], 0.0))
    rows = draft.model.rows("ready", _cells(sessions), lower, np.where(tight, now, np.inf))
    draft.model.put(rows[place], draft.columns[asked], part)


def _keep_limits(draft: _Draft) -> None:
    """Nodes stay within limits and the connection on its side of zero; where a limit has a price, power stays."""
    best, tree = draft.best, draft.best.tables.tree
    assert best.solution.reduced_costs is not None
    power = node_power_kw(best.tables, best.dispatch)
    low, high = tree.import_min_kw.copy(), tree.limit_kw.copy()
    root = tree.root
    low[root] = np.where(power[root] > 0.0, np.maximum(low[root], 0.0), low[root])
    high[root] = np.where(power[root] < 0.0, np.minimum(high[root], 0.0), high[root])
    tight = np.abs(best.solution.reduced_costs[best.layout.grid.power]) > _PRICED
    up, down = np.maximum(high - power, 0.0), np.maximum(power - low, 0.0)
    up[tight] = down[tight] = 0.0
    for node in tree.upwards:
        inside = np.isin(best.tables.charge.node[draft.free.session], list(tree.below(int(node))))
        if inside.any():
            _keep_sum(draft, inside, up[node], down[node])


def _keep_sum(draft: _Draft, inside: BoolArray, up_kw: FloatArray, down_kw: FloatArray) -> None:
    """In each step the free cells inside change together by at most up and down; rows only where they could."""
    free, steps = draft.free, up_kw.size
    step = free.step[inside]
    total, most, least = (
        np.bincount(step, weights=kw[inside], minlength=steps) for kw in (free.now_kw, free.upper_kw, free.lower_kw)
    )
    needed = np.flatnonzero((most > total + up_kw) | (least < total - down_kw))
    row_of = np.full(steps, -1, dtype=np.int64)
    row_of[needed] = draft.model.rows("node", _cells(needed), (total - down_kw)[needed], (total + up_kw)[needed])
    used = row_of[step] >= 0
    draft.model.put(row_of[step[used]], draft.columns[inside][used], 1.0)


def _keep_peaks(draft: _Draft) -> None:
    """No interval rises over the peak that is paid for; where its row has a price, the interval's mean stays."""
    best, free = draft.best, draft.free
    assert best.solution.values is not None
    bought = best.solution.values[best.layout.grid.bought]
    for charge, (rows, row_of) in zip(best.problem.tariff.charges, best.layout.grid.peak_rows, strict=True):
        counted, inside = row_of >= 0, row_of[free.step] >= 0
        if not inside.any():
            continue
        hours, place_of_step = best.tables.hours[counted], row_of[counted]
        length = np.bincount(place_of_step, weights=hours, minlength=rows.size)
        mean = np.bincount(place_of_step, weights=bought[counted] * hours, minlength=rows.size) / length
        room = np.maximum(max(charge.so_far_kw, float(mean.max())) - mean, 0.0)
        tight = np.abs(best.duals(rows)) > _PRICED
        place, part = row_of[free.step[inside]], draft.hours[inside]
        now = np.bincount(place, weights=free.now_kw[inside] * part, minlength=rows.size)
        upper = now + np.where(tight, 0.0, room) * length
        kept = draft.model.rows("peak", _cells(np.arange(rows.size)), np.where(tight, now, -np.inf), upper)
        draft.model.put(kept[place], draft.columns[inside], part)


def _cells(numbers: IntArray) -> Cells:
    """Cells of a program that nobody reads the names of."""
    return Cells([""], np.zeros(numbers.size, dtype=np.int64), numbers)
