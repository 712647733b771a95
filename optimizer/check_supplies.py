"""Whether a dispatch keeps the hard rules of heat and water, asked of the problem itself and not of the solver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from optimizer.breaches import breaches
from optimizer.build import Dispatch
from optimizer.problem import Problem
from optimizer.profile import FloatArray
from optimizer.running_table import RunningTable
from optimizer.session_table import steps_on_from
from optimizer.tables import Tables


def broken_supplies(problem: Problem, tables: Tables, dispatch: Dispatch) -> Iterator[str]:
    """A sentence for each thing of heat or water that breaks a hard rule."""
    yield from _makers(problem, tables, dispatch)
    yield from _chps(problem, tables, dispatch)
    yield from _demand(problem, tables, dispatch)
    yield from _stores(problem, tables, dispatch)
    yield from _tanks(problem, tables, dispatch)


def _makers(problem: Problem, tables: Tables, dispatch: Dispatch) -> Iterator[str]:
    heat, titles = tables.heat, [maker.title for maker in problem.heat_makers]
    for row, step, worst in breaches(dispatch.heat_kw - heat.most_kw, heat.most_kw):
        yield f"{titles[row]} makes {worst:.3f} kW of heat more than it may, first in step {step}."
    for row, step, worst in breaches(heat.least_kw - dispatch.heat_kw, heat.most_kw):
        yield f"{titles[row]} makes {worst:.3f} kW of heat less than it is held to, first in step {step}."
    load = heat.load_kw(dispatch.heat_kw, dispatch.chp_kw)
    yield from _switched(titles, heat.running, load, tables.hours)


def _switched(titles: Sequence[str], running: RunningTable, load_kw: FloatArray, hours: FloatArray) -> Iterator[str]:
    """Least loads and least times, where they are asked for and not held by the plan in force."""
    on = running.is_on(load_kw)
    least = np.where(running.asked[:, None] & on & ~running.held, running.least_kw[:, None], -np.inf)
    for row, step, worst in breaches(np.where(least > 0.0, least - load_kw, -1.0), running.most_kw):
        yield f"{titles[row]} runs {worst:.3f} kW under its least load, first in step {step}."
    for wrong, word in ((running.must_on & ~on, "stopped"), (running.must_off & on, "started")):
        for row in np.flatnonzero((wrong & running.asked[:, None]).any(axis=1)).tolist():
            yield f"{titles[row]} is {word} too soon, first in step {int(np.argmax(wrong[row]))}."
    before = np.hstack([running.on_before[:, None], on[:, :-1]])
    for changed, state, least_h, word in (
        (on & ~before, on, running.least_on_h, "least time on"),
        (~on & before, ~on, running.least_off_h, "least time off"),
    ):
        for row in np.flatnonzero(running.asked & (least_h > 0.0)).tolist():
            for step in np.flatnonzero(changed[row] & ~running.held[row]).tolist():
                later = list(steps_on_from(float(least_h[row]), hours, step))
                if not (state[row, later] | running.held[row, later]).all():
                    yield f"{titles[row]} does not keep its {word} from step {step}."
                    break


def _chps(problem: Problem, tables: Tables, dispatch: Dispatch) -> Iterator[str]:
    chp, power = tables.heat.chp, dispatch.chp_kw
    heat_kw = dispatch.heat_kw[chp.row]
    ratio = chp.power_to_heat[:, None] * heat_kw
    for row, step, worst in breaches(chp.fuel_kw(power, heat_kw) - chp.fuel_max_kw[:, None], chp.fuel_max_kw[:, None]):
        yield f"{problem.chps[row].title} burns {worst:.3f} kW of fuel more than it can, first in step {step}."
    for row, step, worst in breaches(ratio - power, ratio):
        yield f"{problem.chps[row].title} gives {worst:.3f} kW of power too little for its heat, first in step {step}."
    for row, step, worst in breaches(np.where(chp.back_pressure[:, None], power - ratio, -1.0), ratio):
        yield f"{problem.chps[row].title} gives {worst:.3f} kW of power too much for its heat, first in step {step}."
    held = np.where(np.isfinite(chp.held_kw), np.abs(power - np.nan_to_num(chp.held_kw)), -1.0)
    for row, step, worst in breaches(held, chp.power_max_kw[:, None]):
        yield f"{problem.chps[row].title} leaves the plan in force by {worst:.3f} kW, first in step {step}."


def _demand(problem: Problem, tables: Tables, dispatch: Dispatch) -> Iterator[str]:
    heat = tables.heat
    lacking = heat.lacking_kw(dispatch.heat_kw, dispatch.store_kw)
    scale = np.maximum(heat.demand_kw, np.abs(dispatch.heat_kw).sum(axis=0))
    for row, step, worst in breaches(lacking - heat.missing_max_kw[:, None], scale):
        yield f"{problem.heat_nodes[row].title} gets {worst:.3f} kW of heat less than it needs, first in step {step}."
    for row, step, worst in breaches(-lacking - heat.surplus_max_kw[:, None], scale):
        yield f"{problem.heat_nodes[row].title} gets {worst:.3f} kW of heat too much, first in step {step}."


def _stores(problem: Problem, tables: Tables, dispatch: Dispatch) -> Iterator[str]:
    store, stores, flow = tables.heat.store, problem.heat_stores, dispatch.store_kw
    for row, step, worst in breaches(flow - store.charge_max_kw[:, None], flow):
        yield f"Heat store {stores[row].id} takes {worst:.3f} kW more than it may, first in step {step}."
    for row, step, worst in breaches(-flow - store.discharge_max_kw[:, None], flow):
        yield f"Heat store {stores[row].id} gives {worst:.3f} kW more than it may, first in step {step}."
    stored, capacity = store.stored_kwh(flow, tables.hours), store.capacity_kwh[:, None]
    for row, step, worst in breaches(stored - capacity, capacity):
        yield f"Heat store {stores[row].id} holds {worst:.3f} kWh more than it can, first in step {step}."
    for row, step, worst in breaches(store.least_kwh[:, None] - stored, capacity):
        yield f"Heat store {stores[row].id} is {worst:.3f} kWh below its least, first in step {step}."
    must = np.where(store.end_is_hard, store.end_kwh, 0.0)[:, None]
    for row, _, worst in breaches(must - stored[:, -1:], capacity):
        yield f"Heat store {stores[row].id} ends with {worst:.3f} kWh less than it must have."


def _tanks(problem: Problem, tables: Tables, dispatch: Dispatch) -> Iterator[str]:
    tank, tanks, titles = tables.tank, problem.tanks, [pump.title for pump in problem.pumps]
    for row, step, worst in breaches(dispatch.pump_kw - tank.most_kw, tank.most_kw):
        yield f"{titles[row]} draws {worst:.3f} kW more than it can, first in step {step}."
    for row, step, worst in breaches(tank.least_kw - dispatch.pump_kw, tank.most_kw):
        yield f"{titles[row]} draws {worst:.3f} kW less than it is held to, first in step {step}."
    yield from _switched(titles, tank.running, dispatch.pump_kw, tables.hours)
    level, capacity = tank.level_m3(dispatch.pump_kw, tables.hours), tank.capacity_m3[:, None]
    for row, step, worst in breaches(level - capacity, capacity):
        yield f"Tank {tanks[row].id} runs over by {worst:.3f} m3, first in step {step}."
    for row, step, worst in breaches(tank.least_m3[:, None] - level, capacity):
        yield f"Tank {tanks[row].id} falls {worst:.3f} m3 below its least level, first in step {step}."
    must = np.where(tank.end_is_hard, tank.end_m3, 0.0)[:, None]
    for row, _, worst in breaches(must - level[:, -1:], capacity):
        yield f"Tank {tanks[row].id} ends with {worst:.3f} m3 less than it must have."
