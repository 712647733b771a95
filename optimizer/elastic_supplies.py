"""How the hard requirements of heat and water give way: heat missing or too much, energy and water from nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.arrays import ArrayModel
from optimizer.build import Layout
from optimizer.problem import Problem
from optimizer.profile import FloatArray, IntArray
from optimizer.requirement import Requirement, cells, move
from optimizer.tables import Tables


def give_way_in_supplies(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """Demands of heat, and what stores and tanks must hold."""
    yield from _demands(model, problem, tables, layout)
    yield from _stores(model, problem, tables, layout)
    yield from _tanks(model, problem, tables, layout)


def _demands(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A heat node may get less or more heat than it needs."""
    heat, steps = tables.heat, np.arange(tables.steps)
    for number, node in enumerate(problem.heat_nodes):
        sides = ((heat.missing_max_kw[number], 1.0, "cold"), (heat.surplus_max_kw[number], -1.0, "hot"))
        hard = [(sign, name) for most, sign, name in sides if most == 0.0]
        columns = [np.zeros(0, dtype=np.int64)]
        for sign, name in hard:
            columns.append(model.columns(name, cells(steps)))
            model.put(layout.heat.balance[number], columns[-1], sign)
        if hard:
            both, hours = np.tile(steps, len(hard)), np.tile(tables.hours, len(hard))
            yield Requirement("meet_heat_demand", node.id, np.concatenate(columns), both, hours)


def _stores(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A heat store may lack what it must hold or end with."""
    store, steps = tables.heat.store, np.arange(tables.steps)
    asked = (store.least_kwh > 0.0) | (store.end_is_hard & (store.end_kwh > 0.0))
    for number in np.flatnonzero(asked).tolist():
        columns = model.columns("lent", cells(steps))
        model.put(layout.heat.stored_rows[number], columns, -1.0)
        thing = problem.heat_stores[number].id
        yield Requirement("keep_heat_stored", thing, columns, steps, np.ones(steps.size))


def _tanks(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A tank may get water from nowhere, or run over. A m3 counts as the energy that its best pump needs for it."""
    tank, steps = tables.tank, np.arange(tables.steps)
    for number, one in enumerate(problem.tanks):
        lent, spilt = (model.columns(name, cells(steps)) for name in ("lent", "spilt"))
        model.put(layout.tank.level_rows[number], lent, -1.0)
        model.put(layout.tank.level_rows[number], spilt, 1.0)
        best = tank.m3_per_kwh[tank.tank == number].max(initial=0.0)
        cost = np.full(2 * steps.size, 1.0 / best if best > 0.0 else 1.0)
        columns, both = np.concatenate([lent, spilt]), np.concatenate([steps, steps])
        yield Requirement("keep_tank_level", one.id, columns, both, cost)


def unfreeze_supplies(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """What makes heat or pumps water may leave the plan in force inside the frozen window."""
    heat, tank, grid = tables.heat, tables.tank, layout.grid.balance
    makers_most = np.where(
        np.isin(np.arange(heat.heat.size), heat.chp.row)[:, None], heat.most_kw, heat.running.most_kw
    )
    for number in np.flatnonzero(_held(heat.least_kw, heat.most_kw).any(axis=1)).tolist():
        steps = np.flatnonzero(_held(heat.least_kw, heat.most_kw)[number])
        room = heat.most_kw[number, steps], makers_most[number, steps] - heat.most_kw[number, steps]
        into = (
            (grid[heat.node[number], steps], heat.power_per_heat[number, steps]),
            (layout.heat.balance[heat.heat[number], steps], -np.ones(steps.size)),
        )
        yield move(model, tables, problem.heat_makers[number].id, steps, room, into)
    for number in np.flatnonzero(_held(tank.least_kw, tank.most_kw).any(axis=1)).tolist():
        steps = np.flatnonzero(_held(tank.least_kw, tank.most_kw)[number])
        now = tank.most_kw[number, steps]
        brings = tank.m3_per_kwh[number] * tables.hours[steps]
        rows: IntArray = layout.tank.level_rows[tank.tank[number], steps]
        into_tank: tuple[tuple[IntArray, FloatArray], ...] = (
            (grid[tank.node[number], steps], np.ones(steps.size)),
            (rows, brings),
        )
        room = now, tank.running.most_kw[number, steps] - now
        yield move(model, tables, problem.pumps[number].id, steps, room, into_tank)


def _held(least_kw: FloatArray, most_kw: FloatArray) -> FloatArray:
    """Where the plan in force leaves no room: most is what it holds, and a machine could do more or less."""
    return np.asarray((least_kw == most_kw) & (most_kw > 0.0))
