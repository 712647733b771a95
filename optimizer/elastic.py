"""The model of a problem with every hard requirement made to give way, each at a price that can be switched.

For every requirement a few extra columns let it be broken. With a price on them, the least total break tells which
requirements contradict each other; with the price off, a requirement is as good as gone. Rules, prices and integers of
the plan itself play no part here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.arrays import ArrayModel, Matrix
from optimizer.build import NO_INTEGERS, Integers, Layout, write_model
from optimizer.elastic_supplies import give_way_in_supplies, unfreeze_supplies
from optimizer.model import NO_STEP
from optimizer.problem import Problem
from optimizer.profile import IntArray
from optimizer.requirement import Requirement, cells, move
from optimizer.tables import Tables

NO_BREAK = 1e-6  # kW or kWh: breaks below this in total are rounding


@dataclass(frozen=True, slots=True, eq=False)
class Elastic:
    """The matrix and its requirements, in the order in which they are dropped from a conflict, least telling first."""

    matrix: Matrix
    layout: Layout
    requirements: tuple[Requirement, ...]

    def with_prices_on(self, kept: Sequence[Requirement]) -> Matrix:
        """The matrix that looks for the least break of the requirements kept; all others may be broken for nothing."""
        cost = np.zeros(self.matrix.columns)
        for requirement in kept:
            cost[requirement.columns] = requirement.cost
        return dataclasses.replace(self.matrix, cost=cost)

    def with_only(self, broken: Sequence[Requirement]) -> Matrix:
        """The matrix in which only these may be broken, at their price."""
        upper = self.matrix.upper.copy()
        open_columns = {int(c) for requirement in broken for c in requirement.columns}
        for requirement in self.requirements:
            for column in requirement.columns:
                if int(column) not in open_columns:
                    upper[column] = 0.0
        return dataclasses.replace(self.with_prices_on(broken), upper=upper)


def write_elastic(problem: Problem, tables: Tables, integers: Integers | None = None) -> Elastic:
    """The elastic model of a problem; its integers are left aside unless some are given."""
    model = ArrayModel()
    layout = write_model(model, problem, tables, integers or NO_INTEGERS)
    requirements = (
        *_ramps(model, problem, layout),
        *_neighbours(model, problem, layout),
        *_dimmers(model, problem, layout),
        *_floors(model, problem, tables, layout),
        *_forecasts(model, problem, tables, layout),
        *_frozen(model, problem, tables, layout),
        *_frozen_batteries(model, problem, tables, layout),
        *unfreeze_supplies(model, problem, tables, layout),
        *_feedback(model, problem, tables, layout),
        *_limits(model, problem, tables, layout),
        *_readiness(model, problem, tables, layout),
        *_energies(model, problem, tables, layout),
        *_charges_of_batteries(model, problem, tables, layout),
        *give_way_in_supplies(model, problem, tables, layout),
    )
    matrix = model.finish()
    nothing = np.zeros(matrix.columns)
    whole = np.zeros_like(matrix.integer) if integers is None else matrix.integer
    relaxed = dataclasses.replace(matrix, cost=nothing, integer=whole, offset=0.0)
    return Elastic(relaxed, layout, tuple(requirements))


def _limits(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A node may carry more than its limit: a second column beside its power, with the same coefficients."""
    for number, node in enumerate(problem.nodes):
        steps = np.flatnonzero(np.isfinite(layout.grid.upper_kw[number]))
        if steps.size:
            columns = model.columns("over", cells(steps))
            _carry_up(model, tables, layout, number, steps, columns, 1.0)
            yield Requirement("stay_within_feeder", node.id, columns, steps, tables.hours[steps])


def _feedback(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A node may feed back more than it may."""
    for number, node in enumerate(problem.nodes):
        steps = np.flatnonzero(np.isfinite(layout.grid.lower_kw[number]))
        if steps.size:
            columns = model.columns("under", cells(steps))
            _carry_up(model, tables, layout, number, steps, columns, -1.0)
            yield Requirement("stay_above_lowest_power", node.id, columns, steps, tables.hours[steps])


def _carry_up(
    model: ArrayModel, tables: Tables, layout: Layout, node: int, steps: IntArray, columns: IntArray, sign: float
) -> None:
    grid, parent = layout.grid, int(tables.tree.parent[node])
    model.put(grid.balance[node, steps], columns, sign)
    above = grid.balance[parent, steps] if parent >= 0 else grid.connection[steps]
    model.put(above, columns, -sign)


def _energies(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A vehicle may leave with less than it must have."""
    for number in np.flatnonzero(tables.charge.required_kwh > 0.0):
        whole = np.array([NO_STEP])
        columns = model.columns("short", cells(whole), 0.0, tables.charge.required_kwh[number])
        model.put(layout.charge.energy_rows[number], columns, 1.0)
        yield Requirement("bring_wanted_energy", problem.charging[number].id, columns, whole, np.ones(1))


def _charges_of_batteries(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A battery may lack what it must hold or end with: energy from nowhere, in any step."""
    battery = tables.battery
    asked = (battery.least_kwh > 0.0) | (battery.end_is_hard & (battery.end_kwh > 0.0))
    steps = np.arange(tables.steps)
    for number in np.flatnonzero(asked):
        columns = model.columns("lent", cells(steps))
        model.put(layout.battery.stored_rows[number], columns, -1.0)
        yield Requirement("keep_battery_charged", problem.batteries[number].id, columns, steps, np.ones(steps.size))


def _readiness(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A vehicle may have less by the time it is to be ready."""
    for number in np.flatnonzero(layout.charge.ready_rows >= 0):
        whole = np.array([NO_STEP])
        columns = model.columns("late", cells(whole), 0.0, tables.charge.ready_kwh[number])
        model.put(layout.charge.ready_rows[number], columns, 1.0)
        yield Requirement("be_ready_in_time", problem.charging[number].id, columns, whole, np.ones(1))


def _ramps(model: ArrayModel, problem: Problem, layout: Layout) -> Iterator[Requirement]:
    """A group may change faster than its ramp."""
    for number in np.unique(layout.light.ramp_group):
        rows = layout.light.ramp_rows[layout.light.ramp_group == number]
        yield _give_way_both_ways(model, "change_level_within_ramp", problem.lighting[number].id, rows)


def _neighbours(model: ArrayModel, problem: Problem, layout: Layout) -> Iterator[Requirement]:
    """Two neighbours may differ more than they may."""
    for number in np.unique(layout.light.pair):
        pair = problem.neighbours[number]
        rows = layout.light.pair_rows[layout.light.pair == number]
        yield _give_way_both_ways(model, "match_neighbouring_levels", f"{pair.a} and {pair.b}", rows)


def _dimmers(model: ArrayModel, problem: Problem, layout: Layout) -> Iterator[Requirement]:
    """A group may change its level more often, or sooner, than it may."""
    light = layout.light
    for rule, rows, of in (
        ("change_level_seldom", light.seldom_rows, light.seldom_group),
        ("dwell_at_a_level", light.dwell_rows, light.dwell_group),
    ):
        for number in np.unique(of):
            inside = rows[of == number]
            columns = model.columns("oftener", cells(np.full(inside.size, NO_STEP)))
            model.put(inside, columns, -1.0)
            steps = np.full(inside.size, NO_STEP)
            yield Requirement(rule, problem.lighting[number].id, columns, steps, np.ones(inside.size))


def _give_way_both_ways(model: ArrayModel, rule: str, thing: str, rows: IntArray) -> Requirement:
    steps = np.full(2 * rows.size, NO_STEP)
    columns = model.columns("apart", cells(steps))
    model.put(rows, columns[: rows.size], 1.0)
    model.put(rows, columns[rows.size :], -1.0)
    return Requirement(rule, thing, columns, steps, np.ones(columns.size))


def _floors(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A group may draw less than its class minimum needs, down to what it draws at level 0."""
    light = tables.light
    spare = np.where(light.frozen, 0.0, light.power_kw(light.floor) - light.power_kw(np.zeros_like(light.floor)))
    for number, group in enumerate(problem.lighting):
        steps = np.flatnonzero(spare[number] > 0.0)
        if steps.size:
            columns = model.columns("below", cells(steps), 0.0, spare[number, steps])
            model.put(layout.grid.balance[light.node[number], steps], columns, 1.0)
            yield Requirement("keep_lighting_class_minimum", group.id, columns, steps, tables.hours[steps])


def _forecasts(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """Sun or wind that cannot be curtailed may be curtailed after all."""
    for number, source in enumerate(problem.generation):
        steps = np.flatnonzero(tables.source_min_kw[number] > 0.0)
        if steps.size:
            columns = model.columns("cut", cells(steps), 0.0, tables.source_min_kw[number, steps])
            model.put(layout.grid.balance[tables.source_node[number], steps], columns, -1.0)
            yield Requirement("use_forecast_or_curtail", source.id, columns, steps, tables.hours[steps])


def _frozen(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """An asset may leave the plan in force inside the frozen window: draw less, or more."""
    light, charge = tables.light, tables.charge
    low, rated = light.power_kw(np.zeros_like(light.floor)), light.power_kw(np.ones_like(light.floor))
    held = light.power_kw(light.floor)
    for number in np.flatnonzero(light.frozen.any(axis=1)):
        steps = np.flatnonzero(light.frozen[number])
        row = layout.grid.balance[light.node[number], steps]
        room = (held[number, steps] - low[number, steps], rated[number, steps] - held[number, steps])
        yield move(model, tables, problem.lighting[number].id, steps, room, ((row, 1.0),))
    frozen = (charge.lowest_kw > 0.0) & (charge.lowest_kw == charge.highest_kw)
    for number in np.flatnonzero(frozen.any(axis=1)):
        steps = np.flatnonzero(frozen[number])
        room = (charge.lowest_kw[number, steps], np.zeros(steps.size))
        brings = -tables.hours[steps] * charge.efficiency[number]
        into = ((layout.grid.balance[charge.node[number], steps], 1.0), (layout.charge.energy_rows[number], brings))
        yield move(model, tables, problem.charging[number].id, steps, room, into)


def _frozen_batteries(model: ArrayModel, problem: Problem, tables: Tables, layout: Layout) -> Iterator[Requirement]:
    """A battery may leave the plan in force inside the frozen window; what that adds to its charge is not asked."""
    battery = tables.battery
    held = (battery.charge_min_kw > 0.0) | (battery.discharge_min_kw > 0.0)
    for number in np.flatnonzero(held.any(axis=1)):
        steps = np.flatnonzero(held[number])
        room = (battery.charge_min_kw[number, steps], battery.discharge_min_kw[number, steps])
        kwh = tables.hours[steps]
        rows = layout.grid.balance[battery.node[number], steps]
        into = ((rows, 1.0), (layout.battery.stored_rows[number, steps], kwh))
        yield move(model, tables, problem.batteries[number].id, steps, room, into)
