"""Why no plan keeps every hard rule: a smallest set of requirements that contradict each other.

Deletion filter: of the requirements that have a say in the least break, each is let go in turn; if the rest still
cannot be kept together it was not needed. What stays is a set of which any one, left out, lets the others be kept.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.build import one_way_everywhere
from optimizer.elastic import NO_BREAK, Elastic, write_elastic
from optimizer.highs import End, HighsSession, Solution
from optimizer.model import NO_STEP
from optimizer.parts import ChargeSession, LightingGroup
from optimizer.plan import Answer, Conflict, Infeasible, Unsolved
from optimizer.problem import Problem
from optimizer.profile import IntArray
from optimizer.requirement import Requirement
from optimizer.requirement_words import sentence_of
from optimizer.switching import Switching
from optimizer.tables import Tables, tabulate
from optimizer.ways_out import find_ways_out

_NO_SAY = 1e-9
_NEAR = 0.01  # relative gap of a break that only serves to name what is in the way


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
        conflicts, broken = _integer_conflicts(problem, tables, time_left_s, cancel)
        ways = find_ways_out(problem, elastic, broken, time_left_s, cancel, whole=True)
        return Infeasible(conflicts, ways, seconds())
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
        sentence=sentence_of(requirement.rule)(problem, requirement.thing, first, last),
    )


def _integer_conflicts(
    problem: Problem, tables: Tables, time_left_s: Callable[[], float | None], cancel: threading.Event | None
) -> tuple[tuple[Conflict, ...], tuple[Requirement, ...]]:
    """What is either on or off, or cannot do two things at once, and the requirements that would have to give way."""
    elastic = write_elastic(problem, tables, one_way_everywhere(tables))
    matrix = elastic.with_prices_on(elastic.requirements)
    found = HighsSession().solve(matrix, time_limit_s=time_left_s(), gap=_NEAR, cancel=cancel)
    broken: list[Requirement] = []
    conflicts = list(_least_power_conflicts(problem))
    if found.values is not None:
        for requirement in elastic.requirements:
            given = np.asarray(found.values[requirement.columns] > NO_BREAK)
            if given.any():
                broken.append(requirement)
                conflicts.append(_conflict(problem, requirement, requirement.steps[given]))
    both = [battery for battery in problem.batteries if battery.charge_efficiency * battery.discharge_efficiency < 1.0]
    for battery in both:
        words = f"{battery.title} does not charge and give at once."
        conflicts.append(Conflict(battery.id, "charge_or_discharge", None, None, words))
    return tuple(conflicts), tuple(broken)


def _least_power_conflicts(problem: Problem) -> tuple[Conflict, ...]:
    """Without integers there would be a plan: what is left to blame is what is either on or off."""
    vehicles = (
        Conflict(s.id, "draw_least_power_or_none", s.arrives, s.departs, _least_power(s))
        for s in problem.charging
        if s.bands
    )
    machines = (
        Conflict(machine.id, "run_at_least_load_or_stop", None, None, _least_load(machine.title, machine.switching))
        for machine in (*problem.heat_makers, *problem.pumps)
        if machine.switching is not None
    )
    return (*vehicles, *machines, *(conflict for group in problem.lighting for conflict in _dimmer(problem, group)))


def _dimmer(problem: Problem, group: LightingGroup) -> Iterator[Conflict]:
    if group.dimmer_levels:
        yield Conflict(group.id, "run_at_dimmer_levels", None, None, f"{group.title} runs at {_levels(group)}.")
    for rule, asked in (
        ("change_level_seldom", group.most_changes is not None),
        ("dwell_at_a_level", group.least_dwell_h > 0.0),
    ):
        if asked:
            yield Conflict(group.id, rule, None, None, sentence_of(rule)(problem, group.id, None, None))


def _levels(group: LightingGroup) -> str:
    return "one of " + ", ".join(f"{level:.0%}" for level in sorted(group.dimmer_levels))


def _least_load(title: str, asked: Switching) -> str:
    times = [
        f"{word} for {hours:g} h"
        for word, hours in (("runs", asked.least_on_h), ("rests", asked.least_off_h))
        if hours > 0.0
    ]
    once = f", and once it changes it {' and '.join(times)}" if times else ""
    return f"{title} cannot run at less than {asked.least_kw:g} kW{once}."


def _least_power(session: ChargeSession) -> str:
    stays = f", and stays on for {session.least_on_h:g} h once it is" if session.least_on_h > 0.0 else ""
    between = "".join(f", nor from {low[1]:g} to {high[0]:g} kW" for low, high in itertools.pairwise(session.bands))
    return f"{session.title} cannot draw less than {session.bands[0][0]:g} kW{between}{stays}."
