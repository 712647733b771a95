"""Heat and water for the model of `independent`: straight from the rules in words, with nothing of `optimizer`.

Knows machines with least loads, starts and least times, extraction CHP, heat stores, tanks; nothing of frozen steps.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from optimizer.problem import Problem
from optimizer.profile import Profile
from optimizer.switching import Switching

if TYPE_CHECKING:
    from tests.optimizer.independent import Sheet, Terms


def at(profile: Profile, step: int) -> float:
    """The value of a profile in a step."""
    return profile[step] if isinstance(profile, tuple) else profile


def add_heat(sheet: Sheet, case: Problem, drawn: dict) -> None:
    """Everything of a problem's heat."""
    steps = range(case.horizon.steps)
    into: dict[tuple[str, int], Terms] = defaultdict(dict)
    for pump in case.heat_pumps:
        _machine(sheet, case, drawn, into, pump, [1.0 / at(pump.cop, t) for t in steps])
    for boiler in case.electric_boilers:
        _machine(sheet, case, drawn, into, boiler, [1.0 / boiler.efficiency for t in steps])
    for burner in case.gas_boilers:
        carbon = burner.fuel_kg_per_kwh * case.tariff.carbon_eur_per_t / 1000.0
        eur = [(at(burner.fuel_eur_per_kwh, t) + carbon) / burner.efficiency for t in steps]
        _machine(sheet, case, drawn, into, burner, [burner.power_share for t in steps], eur)
    for chp in case.chps:
        _chp(sheet, case, drawn, into, chp)
    for store in case.heat_stores:
        _store(sheet, case, into, store)
    for node in case.heat_nodes:
        for step, hours in enumerate(case.horizon.steps_h):
            terms = dict(into[node.id, step])
            for price, sign in ((node.missing_eur_per_kwh, 1.0), (node.surplus_eur_per_kwh, -1.0)):
                if price is not None:
                    terms[sheet.column(eur=price * hours)] = sign
            need = at(node.demand_kw, step)
            sheet.row(terms or {sheet.column(0.0, 0.0): 1.0}, need, need)


def _machine(
    sheet: Sheet, case: Problem, drawn: dict, into: dict, one: Any, draws: list[float], eur: list[float] | None = None
) -> None:
    loads = []
    for step, hours in enumerate(case.horizon.steps_h):
        heat = sheet.column(0.0, at(one.most_kw, step), (eur[step] if eur else 0.0) * hours)
        drawn[one.node, step][heat] = draws[step]
        into[one.heat, step][heat] = 1.0
        loads.append({heat: 1.0})
    most = [at(one.most_kw, step) for step in range(case.horizon.steps)]
    _switch(sheet, case, one.switching, loads, most)


def _chp(sheet: Sheet, case: Problem, drawn: dict, into: dict, one: Any) -> None:
    loads = []
    carbon = one.fuel_kg_per_kwh * case.tariff.carbon_eur_per_t / 1000.0
    for step, hours in enumerate(case.horizon.steps_h):
        heat, power = sheet.column(0.0, one.heat_max_kw), sheet.column()
        fuel = sheet.column(0.0, one.fuel_max_kw, (at(one.fuel_eur_per_kwh, step) + carbon) * hours)
        sheet.row({fuel: one.electric_efficiency, power: -1.0, heat: -one.power_lost_per_heat}, 0.0, 0.0)
        sheet.row({power: 1.0, heat: -one.power_to_heat}, 0.0, 0.0 if one.back_pressure else math.inf)
        drawn[one.node, step][power] = -1.0
        into[one.heat, step][heat] = 1.0
        loads.append({fuel: 1.0})
    _switch(sheet, case, one.switching, loads, [one.fuel_max_kw] * case.horizon.steps)


def _switch(sheet: Sheet, case: Problem, asked: Switching | None, loads: list[Terms], most: list[float]) -> None:
    if asked is None:
        return
    edges = case.horizon.edges_h
    on = [sheet.column(0.0, 1.0, whole=1) for _ in loads]
    since = math.inf if asked.since_h is None else asked.since_h
    for step, load in enumerate(loads):
        sheet.row({**load, on[step]: -most[step]}, high=0.0)
        sheet.row({**load, on[step]: -asked.least_kw}, low=0.0)
        # before the horizon it was on or off: a column that cannot be anything else
        was = on[step - 1] if step else sheet.column(float(asked.on_before), float(asked.on_before))
        started, stopped = sheet.column(0.0, 1.0, asked.start_eur, whole=1), sheet.column(0.0, 1.0, whole=1)
        sheet.row({on[step]: 1.0, was: -1.0, started: -1.0, stopped: 1.0}, 0.0, 0.0)
        for later in range(step, len(loads)):
            if edges[later] < edges[step] + asked.least_on_h - 1e-9:
                sheet.row({on[later]: 1.0, started: -1.0}, low=0.0)
            if edges[later] < edges[step] + asked.least_off_h - 1e-9:
                sheet.row({on[later]: 1.0, stopped: 1.0}, high=1.0)
        if asked.on_before and edges[step] < asked.least_on_h - since - 1e-9:
            sheet.row({on[step]: 1.0}, low=1.0)
        if not asked.on_before and edges[step] < asked.least_off_h - since - 1e-9:
            sheet.row({on[step]: 1.0}, high=0.0)


def _store(sheet: Sheet, case: Problem, into: dict, one: Any) -> None:
    before: int | None = None
    for step, hours in enumerate(case.horizon.steps_h):
        kept = (1.0 - one.loss_share_per_h) ** hours
        takes, gives = sheet.column(0.0, one.charge_max_kw), sheet.column(0.0, one.discharge_max_kw)
        now = sheet.column(one.least_kwh, one.capacity_kwh)
        terms = {now: 1.0, takes: -hours, gives: hours, **({} if before is None else {before: -kept})}
        begins = one.start_kwh * kept if before is None else 0.0
        sheet.row(terms, begins, begins)
        into[one.heat, step].update({takes: -1.0, gives: 1.0})
        before = now
    _end(sheet, before, one.end_kwh, one.end_missing_eur_per_kwh)


def add_water(sheet: Sheet, case: Problem, drawn: dict) -> None:
    """Tanks and their pumps."""
    flows: dict[tuple[str, int], Terms] = defaultdict(dict)
    for pump in case.pumps:
        loads = []
        for step, hours in enumerate(case.horizon.steps_h):
            power = sheet.column(0.0, pump.max_kw)
            drawn[pump.node, step][power] = 1.0
            flows[pump.tank, step][power] = -pump.m3_per_kwh * hours
            loads.append({power: 1.0})
        _switch(sheet, case, pump.switching, loads, [pump.max_kw] * case.horizon.steps)
    for tank in case.tanks:
        before: int | None = None
        for step, hours in enumerate(case.horizon.steps_h):
            now = sheet.column(tank.least_m3, tank.capacity_m3)
            change = (tank.start_m3 if before is None else 0.0) - at(tank.outflow_m3h, step) * hours
            terms = {now: 1.0, **flows[tank.id, step], **({} if before is None else {before: -1.0})}
            sheet.row(terms, change, change)
            before = now
        _end(sheet, before, tank.end_m3, tank.end_missing_eur_per_m3)


def _end(sheet: Sheet, last: int | None, wanted: float, price: float | None) -> None:
    assert last is not None
    missing = sheet.column(0.0, 0.0 if price is None else math.inf, price or 0.0)
    sheet.row({last: 1.0, missing: 1.0}, low=wanted)
