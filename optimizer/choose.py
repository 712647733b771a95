"""The second solve: among plans as cheap as the best, charge early, change power seldom, stay near the plan in force.

A column whose reduced cost is d may move over its whole range r for at most |d| * r EUR. The columns set free are those
for which these sum to less than the hair; every row that has a price stays as tight as it is, and integers stay as they
are. So no plan that can be chosen costs more than the hair, without a row for the cost. What has such freedom is what
can be put off: charging, batteries, heat and water. Light has its price in every step, and stays.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.arrays import ArrayModel, Matrix
from optimizer.build import Layout
from optimizer.highs import End, HighsSession, Solution
from optimizer.model import Cells
from optimizer.parts import Wishes
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray
from optimizer.tables import Tables

_PRICED = 1e-9  # EUR: a dual above this says that the row or limit holds the plan
_MOVES = 1e-6
_CHANGE_H = 1.0 / 24.0  # a kW more or less from one step to the next counts as a kWh that waits so many days
_PUT_OFF = 0.5  # what a battery or a tank takes later counts half of what a vehicle does


@dataclass(frozen=True, slots=True, eq=False)
class Cheapest:
    """A cheapest plan: its matrix with integers left as they are, and a solution of it with duals."""

    problem: Problem
    tables: Tables
    layout: Layout
    matrix: Matrix
    solution: Solution

    @property
    def values(self) -> FloatArray:
        assert self.solution.values is not None
        return self.solution.values


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """The small program of the second solve: the free columns of the matrix, and the rows they are in."""

    best: Cheapest
    free: BoolArray  # of the matrix's columns
    model: ArrayModel
    place: IntArray  # column of the draft for each of the matrix, -1 where it is not free

    @property
    def hours(self) -> FloatArray:
        """Length of each step."""
        return self.best.tables.hours

    @property
    def begins_days(self) -> FloatArray:
        """When each step begins, in days from the horizon's start."""
        return np.asarray((np.cumsum(self.hours) - self.hours) / 24.0)


def choose_among_the_cheapest(
    best: Cheapest, *, time_limit_s: float | None = None, cancel: threading.Event | None = None
) -> FloatArray | None:
    """Values of the matrix's columns that the wishes prefer; None where nothing can move or no time was left."""
    wishes = best.problem.wishes
    if not (wishes.charge_early or wishes.few_changes or (wishes.stay_near and best.problem.in_force)):
        return None
    free = find_freedom(best)
    if not free[movable(best.layout)].any():
        return None
    draft = _draft(best, free)
    prefer_early_charging(draft, wishes)
    prefer_few_changes(draft, wishes.few_changes)
    prefer_plan_in_force(draft, wishes.stay_near)
    # here presolve finds much: all that the prices hold
    found = HighsSession().solve(draft.model.finish(), time_limit_s=time_limit_s, cancel=cancel, presolve=True)
    if found.end is not End.OPTIMAL or found.values is None:
        return None
    values = best.values.copy()
    values[free] = found.values[draft.place[free]]
    return values


def hair_eur(wishes: Wishes, best_eur: float) -> float:
    """How much more than the best cost a plan may cost to suit the wishes."""
    return wishes.hair_eur + wishes.hair_share * abs(best_eur)


def movable(layout: Layout) -> IntArray:
    """Columns of what can be put off: charging, batteries, heat, pumps."""
    heat = layout.heat
    blocks: Sequence[IntArray] = (
        layout.charge.columns,
        layout.charge.giving.given,
        layout.battery.charged,
        layout.battery.discharged,
        heat.made,
        heat.power,
        heat.flow,
        layout.tank.power,
    )
    return _columns(blocks)


def _columns(blocks: Sequence[IntArray]) -> IntArray:
    joined = np.concatenate([block.ravel() for block in blocks])
    return joined[joined >= 0]


def find_freedom(best: Cheapest) -> BoolArray:
    """Which columns of the matrix may move, for less than the hair together."""
    layout, matrix = best.layout, best.matrix
    assert best.solution.reduced_costs is not None
    follows = (layout.charge.giving.stored, layout.battery.stored, layout.heat.stored, layout.tank.level)
    grid = (layout.grid.power, layout.grid.bought, layout.grid.sold)
    able = np.zeros(matrix.columns, dtype=bool)
    able[np.concatenate([movable(layout), _columns(follows), _columns(grid)])] = True
    able &= ~matrix.integer & (matrix.upper - matrix.lower > _MOVES)
    cost = np.abs(best.solution.reduced_costs)
    span = np.where(cost > _PRICED, matrix.upper - matrix.lower, 0.0)
    price = np.where(able, cost * np.where(np.isfinite(span), span, 0.0), np.inf)
    price[able & ~np.isfinite(span)] = np.inf
    order = np.argsort(price, kind="stable")
    free: BoolArray = np.zeros(matrix.columns, dtype=bool)
    free[order[np.cumsum(price[order]) <= hair_eur(best.problem.wishes, best.solution.objective)]] = True
    return free


def _draft(best: Cheapest, free: BoolArray) -> _Draft:
    """The free columns within their bounds, in the rows they are in; a row with a price stays as it is."""
    matrix, values, duals = best.matrix, best.values, best.solution.row_duals
    assert duals is not None
    model = ArrayModel()
    place = np.full(matrix.columns, -1, dtype=np.int64)
    low, high = np.minimum(matrix.lower, values)[free], np.maximum(matrix.upper, values)[free]
    place[free] = model.columns("free", _cells(low.size), low, high)
    row = np.repeat(np.arange(matrix.rows), np.diff(matrix.starts))
    inside = free[matrix.index]
    total = np.bincount(row, weights=matrix.value * values[matrix.index], minlength=matrix.rows)
    moving = np.bincount(row[inside], weights=(matrix.value * values[matrix.index])[inside], minlength=matrix.rows)
    used = np.bincount(row[inside], minlength=matrix.rows) > 0
    tight = np.abs(duals) > _PRICED
    lower = np.where(tight, total, np.minimum(matrix.row_lower, total)) - (total - moving)
    upper = np.where(tight, total, np.maximum(matrix.row_upper, total)) - (total - moving)
    number = np.full(matrix.rows, -1, dtype=np.int64)
    number[used] = model.rows("kept", _cells(int(used.sum())), lower[used], upper[used])
    model.put(number[row[inside]], place[matrix.index[inside]], matrix.value[inside])
    return _Draft(best, free, model, place)


def prefer_early_charging(draft: _Draft, wishes: Wishes) -> None:
    """Each kWh counts by the days it waits after arrival; of a battery or tank by half of those from the start.

    Vehicles that share a limit charge one after the other, the first to arrive first, and not in turns: waiting counts
    a little more the earlier a vehicle arrived, so that no two are alike and no swap is free. A row for each rise of
    power would say the same, at ten times the time.
    """
    best, begins = draft.best, draft.begins_days
    block, share = best.layout.charge, best.tables.charge.share
    arrival = np.argmax(share > 0.0, axis=1) if share.size else np.zeros(len(share), dtype=np.int64)
    rank = np.empty(arrival.size)
    rank[np.argsort(arrival, kind="stable")] = np.arange(arrival.size)
    sooner = 0.5 * (1.0 - rank / max(arrival.size, 1))
    waits = draft.hours[block.step] * (begins[block.step] - begins[arrival[block.session]])
    _price(draft, block.columns, (wishes.charge_early + wishes.few_changes * sooner[block.session]) * waits)
    for columns in (best.layout.battery.charged, best.layout.tank.power):
        _price(draft, columns, wishes.charge_early * _PUT_OFF * draft.hours * begins)


def prefer_few_changes(draft: _Draft, weight: float) -> None:
    """Each kW that a battery, a machine or a pump changes from one step to the next counts a little.

    Not what flows into a heat store: that follows.
    """
    if weight <= 0.0:
        return
    layout = draft.best.layout
    for terms in (
        ((layout.battery.charged, 1.0), (layout.battery.discharged, -1.0)),
        ((layout.heat.made, 1.0),),
        ((layout.heat.power, 1.0),),
        ((layout.tank.power, 1.0),),
    ):
        shape = terms[0][0].shape
        if shape[0] == 0 or shape[1] < 2:
            continue
        change = [(columns[:, 1:], sign) for columns, sign in terms]
        change += [(columns[:, :-1], -sign) for columns, sign in terms]
        _pay_for_distance(draft, change, np.zeros((shape[0], shape[1] - 1)), np.full(shape[1] - 1, weight * _CHANGE_H))


def prefer_plan_in_force(draft: _Draft, weight: float) -> None:
    """Each kWh that is moved away from the plan in force counts as one that waits a day."""
    problem, layout = draft.best.problem, draft.best.layout
    held = {item.asset: item.setpoint for item in problem.in_force}
    powers = {item.asset: item.power_kw for item in problem.in_force if item.power_kw}
    if weight <= 0.0 or not held:
        return
    giving = layout.charge.giving
    for parts, wanted, terms in (
        (problem.charging, held, [(giving.charged, 1.0), (giving.given, -1.0)]),
        (problem.batteries, held, [(layout.battery.charged, 1.0), (layout.battery.discharged, -1.0)]),
        (problem.heat_makers, held, [(layout.heat.made, 1.0)]),
        (problem.chps, powers, [(layout.heat.power, 1.0)]),
        (problem.pumps, held, [(layout.tank.power, 1.0)]),
    ):
        rows = [row for row, part in enumerate(parts) if part.id in wanted]
        if rows:
            force = np.array([wanted[parts[row].id] for row in rows], dtype=float)
            _pay_for_distance(draft, [(columns[rows], sign) for columns, sign in terms], force, weight * draft.hours)


def _price(draft: _Draft, columns: IntArray, eur: FloatArray) -> None:
    place = draft.place[columns]
    eur = np.broadcast_to(eur, place.shape)
    draft.model.price(place[place >= 0], eur[place >= 0])


def _pay_for_distance(
    draft: _Draft, terms: Sequence[tuple[IntArray, float]], target: FloatArray, weight: FloatArray
) -> None:
    """Prices |sum of terms - target| in every cell (things, steps) in which one of the terms may move."""
    place = [np.where(columns >= 0, draft.place[columns], -1) for columns, _ in terms]
    thing, step = np.nonzero(np.any([part >= 0 for part in place], axis=0))
    if not thing.size:
        return
    still = -target[thing, step]
    for (columns, sign), part in zip(terms, place, strict=True):
        fixed = (part < 0) & (columns >= 0)
        still += np.where(fixed, sign * draft.best.values[columns], 0.0)[thing, step]
    apart = draft.model.columns("apart", _cells(thing.size))
    for side, name in ((1.0, "above"), (-1.0, "below")):
        rows = draft.model.rows(name, _cells(thing.size), side * still, np.inf)
        draft.model.put(rows, apart, 1.0)
        for (_, sign), part in zip(terms, place, strict=True):
            moves = part[thing, step] >= 0
            draft.model.put(rows[moves], part[thing, step][moves], -side * sign)
    draft.model.price(apart, np.broadcast_to(weight, target.shape)[thing, step])


def _cells(size: int) -> Cells:
    """Cells of a program that nobody reads the names of."""
    return Cells([""], np.zeros(size, dtype=np.int64), np.arange(size, dtype=np.int64))
