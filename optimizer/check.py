"""Whether a dispatch keeps every hard rule, asked of the problem itself and not of the solver."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.breaches import RELATIVE, TOLERANCE, breaches
from optimizer.build import Dispatch, asset_power_kw, node_power_kw
from optimizer.check_supplies import broken_supplies
from optimizer.plan import Kind, Plan
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray
from optimizer.session_table import steps_on_from
from optimizer.tables import Tables, tabulate

_MAKERS = (Kind.HEAT_PUMP, Kind.ELECTRIC_BOILER, Kind.GAS_BOILER, Kind.CHP)


class PlanBroken(RuntimeError):
    """A plan that breaks a hard rule was found by the solver: a fault of the planner. It is never handed out."""

    def __init__(self, broken: tuple[str, ...]) -> None:
        self.broken = broken
        super().__init__(f"The plan was withheld, since it breaks {len(broken)} hard rules; the first: {broken[0]}")


def check_plan(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """Every hard rule the plan breaks, and every sum in it that does not add up, a sentence each; empty is sound."""
    tables = tabulate(problem)
    dispatch = dispatch_of(problem, tables, plan)
    broken = list(broken_rules(problem, tables, dispatch))
    asset_kw = asset_power_kw(tables, dispatch)
    node_kw = node_power_kw(tables, dispatch)
    for asset, power in zip(plan.assets, asset_kw, strict=True):
        if not _near(asset.power_kw, power).all():
            broken.append(f"The power of {asset.id} does not follow from its set-points.")
    for node, power in zip(plan.nodes, node_kw, strict=True):
        if not _near(node.power_kw, power).all():
            broken.append(f"The power of node {node.id} is not the sum of what is under it.")
    if not _near(plan.outcome.net_kw, node_kw[tables.tree.root]).all():
        broken.append("The net import is not the power of the connection.")
    return tuple(broken)


def dispatch_of(problem: Problem, tables: Tables, plan: Plan) -> Dispatch:
    """The decisions in a plan: levels, mean charging powers, generation used, power of batteries, berths."""
    steps = plan.horizon.steps
    place = {point.id: number for number, point in enumerate(problem.access_points)}
    berth = [
        -1 if ship.point is None else tables.berths.option_of(number, place[ship.point])
        for number, ship in enumerate(plan.ships)
    ]

    def stack(kind: Kind, field: str) -> FloatArray:
        rows = [getattr(asset, field) for asset in plan.assets if asset.kind is kind]
        return np.array(rows, dtype=float).reshape(len(rows), steps)

    return Dispatch(
        level=stack(Kind.LIGHTING, "setpoint"),
        charge_kw=stack(Kind.CHARGING, "power_kw"),
        used_kw=-stack(Kind.GENERATION, "power_kw"),
        battery_kw=stack(Kind.BATTERY, "power_kw"),
        berth=np.array(berth, dtype=np.int64),
        heat_kw=np.vstack([stack(kind, "setpoint") for kind in _MAKERS]),
        chp_kw=-stack(Kind.CHP, "power_kw"),
        store_kw=stack(Kind.HEAT_STORE, "setpoint"),
        pump_kw=stack(Kind.PUMP, "power_kw"),
    )


def broken_rules(problem: Problem, tables: Tables, dispatch: Dispatch) -> Iterator[str]:
    """A sentence for each thing that breaks a hard rule: where first, and by how much at most."""
    yield from _limits(problem, tables, dispatch)
    yield from _light(problem, tables, dispatch.level)
    yield from _charge(problem, tables, dispatch.charge_kw)
    yield from _batteries(problem, tables, dispatch.battery_kw)
    yield from _ships(problem, tables, dispatch)
    yield from broken_supplies(problem, tables, dispatch)
    for row, step, _ in breaches(dispatch.used_kw - tables.source_max_kw, tables.source_kw):
        yield f"{problem.generation[row].id} gives more than its forecast in step {step}."
    for row, step, _ in breaches(tables.source_min_kw - dispatch.used_kw, tables.source_kw):
        yield f"{problem.generation[row].id} is curtailed in step {step} though it must not be."


def _limits(problem: Problem, tables: Tables, dispatch: Dispatch) -> Iterator[str]:
    power = node_power_kw(tables, dispatch)
    limit, least = tables.tree.limit_kw, tables.tree.import_min_kw
    for row, step, worst in breaches(power - limit, limit):
        yield f"Node {problem.nodes[row].id} is {worst:.3f} kW over its limit, first in step {step}."
    for row, step, worst in breaches(least - power, least):
        yield f"Node {problem.nodes[row].id} is {worst:.3f} kW under its lowest power, first in step {step}."


def _light(problem: Problem, tables: Tables, level: FloatArray) -> Iterator[str]:
    light, groups = tables.light, problem.lighting
    tolerance = TOLERANCE / 100.0
    for row, step, worst in breaches(light.floor - level, tolerance=tolerance):
        yield f"Lighting group {groups[row].id} is {worst:.4f} under its floor, first in step {step}."
    for row, step, worst in breaches(level - light.ceiling, tolerance=tolerance):
        yield f"Lighting group {groups[row].id} is {worst:.4f} over its ceiling, first in step {step}."
    before = np.hstack([light.level_before[:, None], np.where(light.lit, level, np.nan)[:, :-1]])
    argued = light.lit & ~(light.frozen & np.hstack([np.zeros_like(light.frozen[:, :1]), light.frozen[:, :-1]]))
    change = np.where(argued, np.abs(np.nan_to_num(level - before)), 0.0)
    for row, step, worst in breaches(change - light.ramp[:, None], tolerance=tolerance):
        yield f"Lighting group {groups[row].id} changes by {worst:.4f} more than its ramp, first in step {step}."
    yield from _dimmers(problem, tables, level)
    row_of = {group.id: row for row, group in enumerate(groups)}
    for pair in problem.neighbours:
        a, b = row_of[pair.a], row_of[pair.b]
        apart = np.abs(level[a] - level[b]) - pair.difference
        for _, step, worst in breaches(np.where(light.lit[a] & light.lit[b], apart, -1.0)[None], tolerance=tolerance):
            yield f"{pair.a} and {pair.b} differ by {worst:.4f} more than they may, first in step {step}."


def _dimmers(problem: Problem, tables: Tables, level: FloatArray) -> Iterator[str]:
    """Levels that no driver has, changes too many or too soon, where these are asked for."""
    light, begins_h = tables.light, np.cumsum(tables.hours) - tables.hours
    for row, group in enumerate(problem.lighting):
        if not group.needs_integers:
            continue
        levels = light.levels_of(row)
        if levels.size:
            off = np.abs(level[row][:, None] - levels[None, :]).min(axis=1) > TOLERANCE / 10.0
            for step in np.flatnonzero(off & light.lit[row] & ~light.frozen[row])[:1]:
                yield f"Lighting group {group.id} is at {level[row, step]:.4f}, none of its levels, in step {step}."
        moved = light.changes(row, level[row])
        free = [step for step in moved if not light.settled[row, step]]
        for first, last in light.nights(row):
            if sum(first <= step <= last for step in free) > light.changes_left(row, first, last):
                yield f"Lighting group {group.id} changes its level too often in the night from step {first}."
        for step in free:
            since = [begins_h[step] - begins_h[s] for s in moved if light.night_of(row, step) <= s < step]
            too_soon = min(since, default=np.inf) < group.least_dwell_h - 1e-9
            if too_soon or light.still_dwells(row, step, float(begins_h[step])):
                yield f"Lighting group {group.id} changes its level again too soon in step {step}."
                break


def _charge(problem: Problem, tables: Tables, power: FloatArray) -> Iterator[str]:
    charge, sessions = tables.charge, problem.charging
    for row, step, worst in breaches(power - charge.highest_kw + charge.give_min_kw, charge.highest_kw):
        yield f"Session {sessions[row].id} draws {worst:.3f} kW more than it can, first in step {step}."
    for row, step, worst in breaches(charge.lowest_kw - charge.give_max_kw - power, charge.highest_kw):
        yield f"Session {sessions[row].id} draws {worst:.3f} kW less than it is held to, first in step {step}."
    on = power > TOLERANCE
    yield from _least_time_on(problem, tables, on)
    for row, step, worst in breaches(np.where(on, charge.least_on_kw - power, -1.0)):
        yield f"Session {sessions[row].id} draws {worst:.3f} kW less than the least it can, first in step {step}."
    yield from _bands(problem, tables, power)
    brings = charge.brings_kwh(power, tables.hours)
    inside = charge.start_kwh[:, None] + np.cumsum(brings, axis=1)
    gives = np.isin(np.arange(charge.node.size), charge.gives)[:, None]
    most = np.where(gives, charge.capacity_kwh[:, None], np.inf)
    for row, step, worst in breaches(inside - most, inside):
        yield f"Session {sessions[row].id} holds {worst:.3f} kWh more than it can, first in step {step}."
    for row, step, worst in breaches(np.where(gives, charge.least_kwh[:, None] - inside, -1.0), inside):
        yield f"Session {sessions[row].id} gives {worst:.3f} kWh more than it may, first in step {step}."
    total = brings.sum(axis=1)
    ready = (brings * charge.before_ready).sum(axis=1)
    for row, _, worst in breaches((total - charge.energy_kwh)[:, None], charge.energy_kwh[:, None]):
        yield f"Session {sessions[row].id} gets {worst:.3f} kWh more than it wants."
    for row, _, worst in breaches((charge.required_kwh - total)[:, None], charge.energy_kwh[:, None]):
        yield f"Session {sessions[row].id} leaves with {worst:.3f} kWh less than it must have."
    late = np.where(charge.ready_kwh > 0.0, charge.ready_kwh - ready, -1.0)
    for row, _, worst in breaches(late[:, None], charge.energy_kwh[:, None]):
        yield f"Session {sessions[row].id} has {worst:.3f} kWh less than it must have by the time it is to be ready."


def _bands(problem: Problem, tables: Tables, power: FloatArray) -> Iterator[str]:
    """Powers between what one number of phases can do and the next, where phases are asked for."""
    charge = tables.charge
    for row in np.flatnonzero(np.isfinite(charge.band_low_kw).sum(axis=1) > 1).tolist():
        for step in np.flatnonzero((power[row] > TOLERANCE) & (charge.least_on_kw[row] > 0.0)).tolist():
            drawn, share = float(power[row, step]), float(charge.share[row, step])
            if drawn - charge.in_band(row, drawn, share) > TOLERANCE + RELATIVE * drawn:
                session = problem.charging[row]
                phases = ", ".join(map(str, session.phases))
                yield f"Session {session.id} draws {drawn:.3f} kW in step {step}: no number of {phases} does."
                break


def _least_time_on(problem: Problem, tables: Tables, on: BoolArray) -> Iterator[str]:
    """Only where a vehicle could be on or off by choice: not in frozen steps, not from one of them on."""
    charge = tables.charge
    free = charge.least_on_kw > 0.0
    for row in np.flatnonzero(charge.least_on_h > 0.0):
        for step in np.flatnonzero(on[row] & free[row]):
            if step > 0 and (on[row, step - 1] or (charge.highest_kw[row, step - 1] > 0.0 and not free[row, step - 1])):
                continue
            asked = steps_on_from(float(charge.least_on_h[row]), tables.hours, int(step))
            if any(free[row, later] and not on[row, later] for later in asked):
                session = problem.charging[row].id
                yield f"Session {session} is switched off before its least time on is over, on from step {step}."
                break


def _batteries(problem: Problem, tables: Tables, power: FloatArray) -> Iterator[str]:
    battery, batteries = tables.battery, problem.batteries
    most = battery.charge_max_kw - battery.discharge_min_kw
    least = battery.charge_min_kw - battery.discharge_max_kw
    for row, step, worst in breaches(power - most, battery.charge_max_kw):
        yield f"Battery {batteries[row].id} charges with {worst:.3f} kW more than it may, first in step {step}."
    for row, step, worst in breaches(least - power, battery.discharge_max_kw):
        yield f"Battery {batteries[row].id} gives {worst:.3f} kW more than it may, first in step {step}."
    stored, capacity = battery.stored_kwh(power, tables.hours), battery.capacity_kwh[:, None]
    for row, step, worst in breaches(stored - capacity, capacity):
        yield f"Battery {batteries[row].id} holds {worst:.3f} kWh more than it can, first in step {step}."
    for row, step, worst in breaches(battery.least_kwh[:, None] - stored, capacity):
        yield f"Battery {batteries[row].id} is {worst:.3f} kWh below its least charge, first in step {step}."
    must = np.where(battery.end_is_hard, battery.end_kwh, 0.0)[:, None]
    for row, _, worst in breaches(must - stored[:, -1:], capacity):
        yield f"Battery {batteries[row].id} ends with {worst:.3f} kWh less than it must have."


def _ships(problem: Problem, tables: Tables, dispatch: Dispatch) -> Iterator[str]:
    used = dispatch.berth[dispatch.berth >= 0]
    for clash in tables.berths.clashes:
        both = [problem.ships[int(tables.berths.ship[option])].id for option in clash.options if option in used]
        if len(both) > clash.places:
            point = problem.access_points[int(tables.berths.point[clash.options[0]])].id
            yield f"Access point {point} serves {' and '.join(both)} at once."


def _near(given: FloatArray, found: FloatArray) -> BoolArray:
    return np.asarray(np.abs(given - found) <= TOLERANCE + RELATIVE * np.abs(found))
