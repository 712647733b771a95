"""Ways out of contradictions about what is stored or supplied: batteries, heat and water."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from optimizer.elastic import Elastic
from optimizer.highs import End, HighsSession
from optimizer.plan import WayOut
from optimizer.problem import Problem
from optimizer.profile import FloatArray, Profile
from optimizer.requirement import Requirement
from optimizer.requirement_words import names
from optimizer.tables import tabulate

MARGIN = 1.0 + 1e-6  # what is accepted is a hair more than the least, so that rounding does not close the way again
_TOLD = 1e-6

TimeLeft = Callable[[], float | None]
Change = tuple[Problem, WayOut]


def change_supplies(
    problem: Problem,
    elastic: Elastic,
    by_rule: Mapping[str, Sequence[Requirement]],
    time_left_s: TimeLeft,
    cancel: threading.Event | None,
) -> Iterator[Change]:
    """Every change found of what is stored or supplied."""

    def least_break(kept: Sequence[Requirement]) -> FloatArray | None:
        found = HighsSession().solve(elastic.with_only(kept), time_limit_s=time_left_s(), cancel=cancel)
        return found.values if found.end is End.OPTIMAL else None

    for rule, family in (("keep_battery_charged", "batteries"), ("keep_heat_stored", "heat_stores")):
        for requirement in by_rule.get(rule, ()):
            if (values := least_break([requirement])) is not None:
                yield _end_with_less(problem, family, requirement, values)
    if "meet_heat_demand" in by_rule:
        demands = [requirement for requirement in elastic.requirements if requirement.rule == "meet_heat_demand"]
        if (values := least_break(demands)) is not None:
            yield _other_heat(problem, demands, values)
    for requirement in by_rule.get("keep_tank_level", ()):
        if (values := least_break([requirement])) is not None:
            yield _other_water(problem, requirement, values)


def _end_with_less(problem: Problem, family: str, requirement: Requirement, values: FloatArray) -> Change:
    """The least energy that one store may lack at the end, with every other rule kept."""
    lacking = float(values[requirement.columns].sum()) * MARGIN + 1e-6
    stores = getattr(problem, family)
    store = next(one for one in stores if one.id == requirement.thing)
    less = dataclasses.replace(store, end_kwh=max(store.end_kwh - lacking, 0.0))
    changed: dict[str, Any] = {family: tuple(less if one is store else one for one in stores)}
    sentence = f"let {store.title} end with {lacking:,.1f} kWh less"
    return dataclasses.replace(problem, **changed), WayOut(store.id, lacking, "kWh", None, sentence)


def _other_heat(problem: Problem, demands: Sequence[Requirement], values: FloatArray) -> Change:
    """The least heat missing or wasted in all, over all heat nodes, with every other rule kept."""
    hours, steps = problem.horizon.hours, problem.horizon.steps
    need, nodes, short, wasted = tabulate(problem).heat.demand_kw, list(problem.heat_nodes), 0.0, 0.0
    for number, node in enumerate(nodes):
        wanted = next((r for r in demands if r.thing == node.id), None)
        if wanted is None or float(values[wanted.columns].sum()) <= _TOLD:
            continue
        given = iter(np.split(values[wanted.columns], wanted.columns.size // steps))
        cold = next(given) if node.missing_eur_per_kwh is None else np.zeros(steps)
        hot = next(given) if node.surplus_eur_per_kwh is None else np.zeros(steps)
        short, wasted = short + float(cold @ hours), wasted + float(hot @ hours)
        cold, hot = cold * MARGIN + np.where(cold > _TOLD, 1e-6, 0.0), hot * MARGIN + np.where(hot > _TOLD, 1e-6, 0.0)
        demand: Profile = tuple(np.maximum(need[number] - cold + hot, 0.0).tolist())
        nodes[number] = dataclasses.replace(node, demand_kw=demand, demand_low_kw=None, demand_high_kw=None)
    who = names([node.title for node, old in zip(nodes, problem.heat_nodes, strict=True) if node is not old])
    told = [f"accept {short:,.1f} kWh of heat less"] if short > _TOLD else []
    told += [f"let {wasted:,.1f} kWh of heat go to waste"] if wasted > _TOLD else []
    way = WayOut(demands[0].thing, short + wasted, "kWh", None, f"{' and '.join(told)} at {who}")
    return dataclasses.replace(problem, heat_nodes=tuple(nodes)), way


def _other_water(problem: Problem, requirement: Requirement, values: FloatArray) -> Change:
    """The least water that one tank must not give, or must not take in, with every other rule kept."""
    hours = problem.horizon.hours
    row, tank = next((row, tank) for row, tank in enumerate(problem.tanks) if tank.id == requirement.thing)
    lent, spilt = np.split(values[requirement.columns] * MARGIN, 2)
    flow = tabulate(problem).tank.outflow_m3h[row] + (spilt - lent) / hours
    end_lower = float(np.maximum(-flow, 0.0) @ hours) + 1e-6
    changed = dataclasses.replace(
        tank, outflow_m3h=tuple(np.maximum(flow, 0.0).tolist()), end_m3=max(tank.end_m3 - end_lower, 0.0)
    )
    told = [f"use {lent.sum():,.1f} m3 less from {tank.title}"] if lent.sum() > _TOLD else []
    told += [f"let {spilt.sum():,.1f} m3 run over at {tank.title}"] if spilt.sum() > _TOLD else []
    way = WayOut(tank.id, float(lent.sum() + spilt.sum()), "m3", None, " and ".join(told))
    tanks = tuple(changed if one is tank else one for one in problem.tanks)
    return dataclasses.replace(problem, tanks=tanks), way


def without_switching(problem: Problem) -> dict[str, Any]:
    """The fields of a problem in which machines run at any load."""
    families = ("heat_pumps", "electric_boilers", "gas_boilers", "chps", "pumps")
    return {
        name: tuple(dataclasses.replace(one, switching=None) for one in getattr(problem, name)) for name in families
    }
