"""What each requirement that may contradict others says, in a sentence for a person."""

from __future__ import annotations

from collections.abc import Callable

from optimizer.parts import Horizon
from optimizer.problem import Problem
from optimizer.profile import over_steps
from optimizer.tables import tabulate

Sentence = Callable[[Problem, str, int | None, int | None], str]


def sentence_of(rule: str) -> Sentence:
    """The sentence of a rule: of a problem, the id of the thing, and the first and last step (None: all)."""
    return _SENTENCES[rule]


def span(horizon: Horizon, first: int | None, last: int | None) -> str:
    """` from 17:30 to 19:00`, or nothing for the whole horizon."""
    if first is None or last is None:
        return ""
    return f" from {horizon.begin(first):%H:%M} to {horizon.begin(last + 1):%H:%M}"


def _limit(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    row = next(n for n, node in enumerate(problem.nodes) if node.id == thing)
    limit = tabulate(problem).tree.limit_kw[row, slice(first, None if last is None else last + 1)]
    return f"{problem.nodes[row].title} can carry {limit.min():,.0f} kW{span(problem.horizon, first, last)}."


def _lowest(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    row = next(n for n, node in enumerate(problem.nodes) if node.id == thing)
    least = tabulate(problem).tree.import_min_kw[row, slice(first, None if last is None else last + 1)]
    words = f"may feed back {-least.max():,.0f} kW" if least.max() <= 0.0 else f"must draw {least.max():,.0f} kW"
    return f"{problem.nodes[row].title} {words}{span(problem.horizon, first, last)}."


def _energy(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    session = next(s for s in problem.charging if s.id == thing)
    departs = session.departs.astimezone(problem.horizon.start.tzinfo)
    return f"{session.title} must have {session.required_kwh:,.0f} kWh by {departs:%H:%M}."


def _charge_of_battery(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    battery = next(b for b in problem.batteries if b.id == thing)
    words = f"{battery.title} starts with {battery.start_kwh:,.0f} kWh and must hold {battery.least_kwh:,.0f} kWh"
    if battery.end_missing_eur_per_kwh is None and battery.end_kwh > 0.0:
        words += f", and {battery.end_kwh:,.0f} kWh by {problem.horizon.end:%H:%M}"
    return f"{words}."


def _ready(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    session = next(s for s in problem.charging if s.id == thing)
    by = (session.ready_by or session.departs).astimezone(problem.horizon.start.tzinfo)
    return f"{session.title} must have {session.ready_kwh:,.0f} kWh by {by:%H:%M} already."


def _floor(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    group = next(g for g in problem.lighting if g.id == thing)
    return f"{group.title} must keep its class minimum{span(problem.horizon, first, last)}."


def _frozen(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    return f"{_title(problem, thing)} is held to the plan in force{span(problem.horizon, first, last)}."


def _forecast(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    return f"{_title(problem, thing)} cannot be curtailed{span(problem.horizon, first, last)}."


def _ramp(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    group = next(g for g in problem.lighting if g.id == thing)
    return f"{group.title} may change by {group.ramp or 0.0:.0%} of full light from one step to the next."


def _seldom(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    group = next(g for g in problem.lighting if g.id == thing)
    return f"{group.title} may change its level {group.most_changes} times a night."


def _dwell(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    group = next(g for g in problem.lighting if g.id == thing)
    return f"{group.title} stays at a level for {group.least_dwell_h:g} h at least."


def _pair(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    return f"{thing} may not differ more than agreed."


def _title(problem: Problem, thing: str) -> str:
    return next((asset.title for asset in problem.assets if asset.id == thing), thing)


def _heat_demand(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    place, node = next((n, node) for n, node in enumerate(problem.heat_nodes) if node.id == thing)
    inside = slice(first, None if last is None else last + 1)
    heat = tabulate(problem).heat
    makers = [row for row in range(heat.heat.size) if heat.heat[row] == place]
    can_kw = heat.most_kw[makers, inside].sum(axis=0).min() if makers else 0.0
    need_kw = heat.demand_kw[place, inside].max()
    need = f"{node.title} needs {need_kw:,.0f} kW of heat{span(problem.horizon, first, last)}"
    who = names([problem.heat_makers[row].title for row in makers]) or "nothing there"
    return f"{need}; {who} can make {can_kw:,.0f} kW."


def _heat_stored(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    store = next(s for s in problem.heat_stores if s.id == thing)
    words = f"{store.title} starts with {store.start_kwh:,.0f} kWh and must hold {store.least_kwh:,.0f} kWh"
    if store.end_missing_eur_per_kwh is None and store.end_kwh > 0.0:
        words += f", and {store.end_kwh:,.0f} kWh by {problem.horizon.end:%H:%M}"
    return f"{words}."


def _tank_level(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    tank = next(t for t in problem.tanks if t.id == thing)
    flows = float(over_steps(tank.outflow_m3h, problem.horizon.steps) @ problem.horizon.hours)
    brings = sum(pump.max_kw * pump.m3_per_kwh for pump in problem.pumps if pump.tank == thing)
    words = f"{tank.title} starts with {tank.start_m3:,.0f} m3"
    words += f" and must hold {tank.least_m3:,.0f} to {tank.capacity_m3:,.0f} m3"
    if tank.end_missing_eur_per_m3 is None and tank.end_m3 > 0.0:
        words += f", {tank.end_m3:,.0f} m3 by {problem.horizon.end:%H:%M}"
    return f"{words}; {flows:,.0f} m3 flow out, its pumps bring {brings:,.0f} m3 an hour at most."


def names(titles: list[str]) -> str:
    """`bus 12`, `bus 12 and bus 14`, `bus 12, bus 14 and 5 more`."""
    if len(titles) <= 2:
        return " and ".join(titles)
    return f"{titles[0]}, {titles[1]} and {len(titles) - 2} more"


_SENTENCES: dict[str, Sentence] = {
    "stay_within_feeder": _limit,
    "stay_above_lowest_power": _lowest,
    "bring_wanted_energy": _energy,
    "be_ready_in_time": _ready,
    "keep_battery_charged": _charge_of_battery,
    "keep_lighting_class_minimum": _floor,
    "repeat_frozen_steps": _frozen,
    "use_forecast_or_curtail": _forecast,
    "change_level_within_ramp": _ramp,
    "match_neighbouring_levels": _pair,
    "change_level_seldom": _seldom,
    "dwell_at_a_level": _dwell,
    "meet_heat_demand": _heat_demand,
    "keep_heat_stored": _heat_stored,
    "keep_tank_level": _tank_level,
}
