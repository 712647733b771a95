"""The cheapest ways out of a contradiction: for each kind of requirement in it, the least change that allows a plan.

Each way is tried: the changed problem is planned, and the way carries what that plan costs.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from optimizer.arrays import ArrayModel, Matrix
from optimizer.build import NO_INTEGERS, one_way_everywhere, write_model
from optimizer.elastic import Elastic
from optimizer.highs import End, HighsSession
from optimizer.model import every_step, once_each
from optimizer.parts import ChargeSession
from optimizer.plan import WayOut
from optimizer.problem import Problem
from optimizer.profile import Profile, over_steps
from optimizer.requirement import Requirement
from optimizer.requirement_words import names
from optimizer.tables import tabulate
from optimizer.ways_out_supplies import MARGIN, TimeLeft, change_supplies, without_switching

LONGEST_DELAY_H = 4.0
_NEAR = 0.01  # relative gap of a cost that only serves to compare


def find_ways_out(
    problem: Problem,
    elastic: Elastic,
    conflict: Sequence[Requirement],
    time_left_s: TimeLeft,
    cancel: threading.Event | None,
    *,
    whole: bool = False,
) -> tuple[WayOut, ...]:
    """Every single change found that makes a plan possible, cheapest plan first. Stops looking when time is up.

    `whole`: only integers make the contradiction, so letting go of what needs them is a way out, and ways are tried
    with them.
    """
    ways: list[WayOut] = []
    let_go = _let_go_of_integers(problem) if whole else ()
    for changed, way in itertools.chain(_changes(problem, elastic, conflict, time_left_s, cancel), let_go):
        eur = cost_of(changed, time_left_s, cancel, whole=whole)
        if eur is not None:
            sentence = f"{way.sentence} (the plan then costs {eur:,.2f} EUR)"
            ways.append(dataclasses.replace(way, eur=eur, sentence=sentence))
        if (left := time_left_s()) is not None and left <= 0.02:
            break
    return tuple(sorted(ways, key=lambda way: way.eur or 0.0))


def cost_of(
    problem: Problem, time_left_s: TimeLeft, cancel: threading.Event | None, *, whole: bool = False
) -> float | None:
    """What the best plan of a problem costs, None where there is none; integers are left aside unless `whole`."""
    model = ArrayModel()
    tables = tabulate(problem)
    write_model(model, problem, tables, one_way_everywhere(tables) if whole else NO_INTEGERS)
    matrix = model.finish()
    if not whole:
        matrix = dataclasses.replace(matrix, integer=np.zeros_like(matrix.integer))
    found = HighsSession().solve(matrix, time_limit_s=time_left_s(), gap=_NEAR, cancel=cancel)
    return found.objective if found.end in (End.OPTIMAL, End.FEASIBLE) else None


def _changes(
    problem: Problem,
    elastic: Elastic,
    conflict: Sequence[Requirement],
    time_left_s: TimeLeft,
    cancel: threading.Event | None,
) -> Iterator[tuple[Problem, WayOut]]:
    by_rule: dict[str, list[Requirement]] = {}
    for requirement in conflict:
        by_rule.setdefault(requirement.rule, []).append(requirement)
    if short := by_rule.get("bring_wanted_energy"):
        yield from _accept_less(problem, elastic, time_left_s, cancel)
        yield from _leave_later(problem, [requirement.thing for requirement in short], time_left_s, cancel)
    yield from change_supplies(problem, elastic, by_rule, time_left_s, cancel)
    for requirement in by_rule.get("stay_within_feeder", ()):
        yield from _more_limit(problem, requirement.thing, time_left_s, cancel)
    if frozen := by_rule.get("repeat_frozen_steps"):
        yield _unfreeze(problem, [requirement.thing for requirement in frozen])
    for requirement in by_rule.get("use_forecast_or_curtail", ()):
        yield _curtail(problem, requirement.thing)
    for rule in ("change_level_within_ramp", "match_neighbouring_levels", "change_level_seldom", "dwell_at_a_level"):
        for requirement in by_rule.get(rule, ()):
            yield _let_light_change(problem, rule, requirement.thing)


def _accept_less(
    problem: Problem, elastic: Elastic, time_left_s: TimeLeft, cancel: threading.Event | None
) -> Iterator[tuple[Problem, WayOut]]:
    """The least energy missing in all, over all sessions that must have some, with every other rule kept."""
    energies = [requirement for requirement in elastic.requirements if requirement.rule == "bring_wanted_energy"]
    found = HighsSession().solve(elastic.with_only(energies), time_limit_s=time_left_s(), cancel=cancel)
    if found.end is not End.OPTIMAL or found.values is None:
        return
    short = {r.thing: float(found.values[r.columns[0]]) for r in energies}
    lacking = {thing: kwh for thing, kwh in short.items() if kwh > 1e-6}
    sessions = tuple(
        dataclasses.replace(s, required_kwh=max(s.required_kwh - lacking[s.id] * MARGIN - 1e-6, 0.0))
        if s.id in lacking
        else s
        for s in problem.charging
    )
    total = sum(lacking.values())
    who = names([s.title for s in problem.charging if s.id in lacking])
    yield (
        dataclasses.replace(problem, charging=sessions),
        WayOut(next(iter(lacking), ""), total, "kWh", None, f"accept {total:,.1f} kWh less for {who}"),
    )


def _leave_later(
    problem: Problem, things: Sequence[str], time_left_s: TimeLeft, cancel: threading.Event | None
) -> Iterator[tuple[Problem, WayOut]]:
    """The least delay of all sessions in the conflict, in whole steps at its end, up to a few hours."""
    latest = max(s.departs for s in problem.charging if s.id in things)
    step_h = float(problem.horizon.hours.min())
    room_h = min(LONGEST_DELAY_H, problem.horizon.offset_h(problem.horizon.end) - problem.horizon.offset_h(latest))
    low, high = 0, int(room_h / step_h + 1e-9)
    best: Problem | None = None
    while low < high:
        middle = (low + high) // 2 if best is not None else high
        changed = _delayed(problem, things, middle * step_h)
        if cost_of(changed, time_left_s, cancel) is None:
            if best is None:
                return
            low = middle + 1
        else:
            best, high = changed, middle
    if best is not None:
        who = names([s.title for s in problem.charging if s.id in things])
        minutes = high * step_h * 60.0
        yield best, WayOut(things[0], minutes, "min", None, f"let {who} leave {minutes:.0f} min later")


def _delayed(problem: Problem, things: Sequence[str], delay_h: float) -> Problem:
    def later(session: ChargeSession) -> ChargeSession:
        return dataclasses.replace(session, departs=session.departs + dt.timedelta(hours=delay_h))

    sessions = tuple(later(s) if s.id in things else s for s in problem.charging)
    return dataclasses.replace(problem, charging=sessions)


def _more_limit(
    problem: Problem, thing: str, time_left_s: TimeLeft, cancel: threading.Event | None
) -> Iterator[tuple[Problem, WayOut]]:
    """The least rise of one node's limit, the same in all steps, with every other rule kept."""
    number = next(n for n, node in enumerate(problem.nodes) if node.id == thing)
    matrix, more = _with_open_limit(problem, number)
    found = HighsSession().solve(matrix, time_limit_s=time_left_s(), cancel=cancel)
    if found.end is not End.OPTIMAL or found.values is None:
        return
    node, kw = problem.nodes[number], float(found.values[more]) * MARGIN + 1e-6
    limit = tuple((over_steps(node.limit_kw, problem.horizon.steps) + kw).tolist())
    changed = _with_node(problem, number, limit)
    yield changed, WayOut(thing, kw, "kW", None, f"{np.ceil(kw - 1e-3):,.0f} kW more on {node.title}")


def _with_open_limit(problem: Problem, number: int) -> tuple[Matrix, int]:
    """The matrix that looks for the least kW by which one node's limit must rise, and the column of that."""
    limit = over_steps(problem.nodes[number].limit_kw, problem.horizon.steps)
    opened = _with_node(problem, number, 1e9)
    model = ArrayModel()
    layout = write_model(model, opened, tabulate(opened))
    more = model.columns("more_limit", once_each([problem.nodes[number].id]))
    rows = model.rows("limit", every_step([problem.nodes[number].id], limit.size), -np.inf, limit)
    model.put(rows, layout.grid.power[number], 1.0)
    model.put(rows, more, -1.0)
    matrix = model.finish()
    cost = np.zeros(matrix.columns)
    cost[more] = 1.0
    integer = np.zeros_like(matrix.integer)
    return dataclasses.replace(matrix, cost=cost, integer=integer, offset=0.0), int(more[0])


def _with_node(problem: Problem, number: int, limit_kw: Profile) -> Problem:
    nodes = list(problem.nodes)
    nodes[number] = dataclasses.replace(nodes[number], limit_kw=limit_kw)
    return dataclasses.replace(problem, nodes=tuple(nodes))


def _unfreeze(problem: Problem, things: Sequence[str]) -> tuple[Problem, WayOut]:
    """The assets in the conflict may leave the plan in force at once."""
    in_force = tuple(item for item in problem.in_force if item.asset not in things)
    who = names([asset.title for asset in problem.assets if asset.id in things])
    way = WayOut(things[0], problem.frozen_steps, "steps", None, f"let {who} leave the plan in force at once")
    return dataclasses.replace(problem, in_force=in_force), way


def _curtail(problem: Problem, thing: str) -> tuple[Problem, WayOut]:
    """A source that must be taken in full may be curtailed."""
    sources = tuple(dataclasses.replace(s, curtail_eur_per_kwh=0.0) if s.id == thing else s for s in problem.generation)
    title = next(s.title for s in problem.generation if s.id == thing)
    way = WayOut(thing, 0.0, "kWh", None, f"allow {title} to be curtailed")
    return dataclasses.replace(problem, generation=sources), way


def _let_light_change(problem: Problem, rule: str, thing: str) -> tuple[Problem, WayOut]:
    """One ramp, one pair of neighbours, or what one dimmer is asked, is let go."""
    if rule == "match_neighbouring_levels":
        pairs = tuple(pair for pair in problem.neighbours if f"{pair.a} and {pair.b}" != thing)
        way = WayOut(thing, 1.0, "level", None, f"let {thing} differ")
        return dataclasses.replace(problem, neighbours=pairs), way
    freed: dict[str, tuple[dict[str, Any], str]] = {
        "change_level_within_ramp": ({"ramp": None}, "change at once"),
        "change_level_seldom": ({"most_changes": None}, "change more often"),
        "dwell_at_a_level": ({"least_dwell_h": 0.0}, "change sooner again"),
    }
    changes, words = freed[rule]
    groups = tuple(dataclasses.replace(g, **changes) if g.id == thing else g for g in problem.lighting)
    title = next(g.title for g in problem.lighting if g.id == thing)
    way = WayOut(thing, 1.0, "level", None, f"let {title} {words}")
    return dataclasses.replace(problem, lighting=groups), way


def _let_go_of_integers(problem: Problem) -> Iterator[tuple[Problem, WayOut]]:
    """What is either on or off may do less than its least, which means pausing it by other means: a kind, or all."""
    sessions = tuple(dataclasses.replace(s, min_kw=0.0, least_on_h=0.0, phases=()) for s in problem.charging)
    lighting = tuple(
        dataclasses.replace(g, dimmer_levels=(), least_dwell_h=0.0, most_changes=None) for g in problem.lighting
    )
    machines = without_switching(problem)
    kinds: list[tuple[dict[str, Any], str]] = [
        ({"charging": sessions}, "vehicles draw less than their least power"),
        ({"lighting": lighting}, "lights take any level at any time"),
        (machines, "machines run below their least load and times"),
    ]
    asked = [(changes, words) for changes, words in kinds if any(getattr(problem, f) != changes[f] for f in changes)]
    for changes, words in asked:
        yield dataclasses.replace(problem, **changes), WayOut("", 0.0, "kW", None, f"let {words}")
    if len(asked) > 1:
        every = {field: value for changes, _ in asked for field, value in changes.items()}
        words = " and ".join(words for _, words in asked)
        yield dataclasses.replace(problem, **every), WayOut("", 0.0, "kW", None, f"let {words}")
