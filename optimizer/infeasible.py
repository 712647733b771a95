"""Why no plan keeps every hard rule: a smallest set of requirements that contradict each other.

Deletion filter: of the requirements that have a say in the least break, each is let go in turn; if the rest still
cannot be kept together it was not needed. What stays is a set of which any one, left out, lets the others be kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer.elastic import NO_BREAK, Elastic, Requirement, write_elastic
from optimizer.highs import End, HighsSession, Solution
from optimizer.model import NO_STEP
from optimizer.parts import ChargeSession, Horizon
from optimizer.plan import Answer, Conflict, Infeasible, Unsolved
from optimizer.problem import Problem
from optimizer.profile import IntArray
from optimizer.tables import tabulate
from optimizer.ways_out import find_ways_out

_NO_SAY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Contradiction:
    """Requirements that cannot be kept together, the steps in which each has a say, and the least total break, kWh."""

    requirements: tuple[Requirement, ...]
    steps: tuple[IntArray, ...]
    least_break: float


def explain_infeasible(
    problem: Problem,
    time_left_s: Callable[[], float | None],
    cancel: threading.Event | None,
    seconds: Callable[[], float],
) -> Answer:
    """The contradiction in sentences, with priced ways out; Unsolved where there was no time to find it."""
    tables = tabulate(problem)
    elastic = write_elastic(problem, tables)
    found = find_contradiction(elastic, time_left_s, cancel)
    if found is None:
        return Unsolved("No plan keeps every hard rule; there was no time to find out which contradict.", seconds())
    conflicts = tuple(
        _conflict(problem, requirement, steps)
        for requirement, steps in zip(found.requirements, found.steps, strict=True)
    )
    if not conflicts:
        conflicts = _least_power_conflicts(problem)
    ways = find_ways_out(problem, elastic, found.requirements, time_left_s, cancel)
    return Infeasible(conflicts, ways, seconds())


def find_contradiction(
    elastic: Elastic, time_left_s: Callable[[], float | None], cancel: threading.Event | None
) -> Contradiction | None:
    """A smallest contradicting set: empty where only integers contradict, None without the time to tell."""
    session = HighsSession()

    def least_break(kept: Sequence[Requirement]) -> Solution | None:
        found = session.solve(elastic.with_prices_on(kept), time_limit_s=time_left_s(), cancel=cancel)
        return found if found.end is End.OPTIMAL else None

    whole = least_break(elastic.requirements)
    if whole is None:
        return None
    if whole.objective <= NO_BREAK:
        return Contradiction((), (), 0.0)
    kept = [requirement for requirement in elastic.requirements if _steps_with_a_say(requirement, whole).size]
    for requirement in tuple(kept):
        rest = [other for other in kept if other is not requirement]
        without = least_break(rest)
        if without is None:
            return None
        if without.objective > NO_BREAK:
            kept = rest
    last = least_break(kept)
    if last is None:
        return None
    steps = tuple(_steps_with_a_say(requirement, last) for requirement in kept)
    return Contradiction(tuple(kept), steps, last.objective)


def _steps_with_a_say(requirement: Requirement, solution: Solution) -> IntArray:
    """Steps in which giving way would change the least break: there the columns are worth more than nothing."""
    assert solution.reduced_costs is not None
    said = solution.reduced_costs[requirement.columns] < requirement.cost - _NO_SAY
    return requirement.steps[said]


def _conflict(problem: Problem, requirement: Requirement, steps: IntArray) -> Conflict:
    inside = steps[steps != NO_STEP]
    first, last = (int(inside.min()), int(inside.max())) if inside.size else (None, None)
    return Conflict(
        thing=requirement.thing,
        rule=requirement.rule,
        first=None if first is None else problem.horizon.begin(first),
        last=None if last is None else problem.horizon.begin(last + 1),
        sentence=_SENTENCES[requirement.rule](problem, requirement.thing, first, last),
    )


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


def _pair(problem: Problem, thing: str, first: int | None, last: int | None) -> str:
    return f"{thing} may not differ more than agreed."


def _title(problem: Problem, thing: str) -> str:
    return next((asset.title for asset in problem.assets if asset.id == thing), thing)


def _least_power_conflicts(problem: Problem) -> tuple[Conflict, ...]:
    """Without integers there would be a plan: what is left to blame is the least power while on."""
    return tuple(
        Conflict(s.id, "draw_least_power_or_none", s.arrives, s.departs, _least_power(s))
        for s in problem.charging
        if s.min_kw > 0.0
    )


def _least_power(session: ChargeSession) -> str:
    stays = f", and stays on for {session.least_on_h:g} h once it is" if session.least_on_h > 0.0 else ""
    return f"{session.title} cannot draw less than {session.min_kw:g} kW{stays}."


_SENTENCES: dict[str, Callable[[Problem, str, int | None, int | None], str]] = {
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
}
