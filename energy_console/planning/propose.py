"""One proposal: gather, pose, solve, name. Used by an engine, and by a console that is attached to one."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from dataclasses import replace
from pathlib import Path

from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.planning.causes import Cause, Why, causes
from energy_console.planning.forecasting.outlook import Lessons
from energy_console.planning.measured import measure
from energy_console.planning.outside import read_what_can_be
from energy_console.planning.overloads import Overload, lift_what_cannot_be_kept
from energy_console.planning.problem import STEPS, problem_of
from energy_console.planning.proposal import Proposal
from energy_console.planning.schedule import Schedule
from energy_console.planning.solver import SolverProcess
from energy_console.site.model import Site
from energy_console.site.timetable import bookings, ship_calls
from optimizer.plan import Infeasible, Plan, Unsolved
from optimizer.problem import Problem


async def propose(
    site: Site,
    live: LiveTable,
    historian: Historian,
    solver: SolverProcess,
    in_force: Schedule | None,
    lessons: Lessons,
    because: str = "",
) -> Proposal:
    """The next 24 hours from now. Raises ProblemError, NoTariff, StoreError, PlanBroken, each with its sentence."""
    now = dt.datetime.now(dt.UTC)
    problem, overloads = await asyncio.to_thread(_problem, site, live, historian, in_force, now, lessons)
    answer = await solver.solve(problem)
    held: tuple[Cause, ...] = ()
    if isinstance(answer, Infeasible) and (loose := unfrozen(problem)) is not None:
        freed = await solver.solve(loose)
        if isinstance(freed, Plan):
            held = (Cause(Why.LIMIT, "", f"the plan in force cannot be held: {answer.sentence}", math.inf),)
            problem, answer = loose, freed
    local = now.astimezone(site.place.zone)
    changed = (*held, *causes(in_force, problem, site.place.zone)) if in_force is not None else ()
    name = now.strftime("%Y%m%dT%H%M%SZ")
    warnings = tuple(overload.words(site.place.zone) for overload in overloads)
    return Proposal(name, local.strftime("%H:%M"), now, problem, answer, changed, because, warnings)


def unfrozen(problem: Problem) -> Problem | None:
    """The same without holding to the plan in force at once; None where nothing is held.

    What came since may leave no room for what was planned: a plan that starts anew is better than none.
    """
    return replace(problem, frozen_steps=0) if problem.frozen_steps else None


def why_none(proposal: Proposal) -> str:
    """The sentence to show where a proposal holds no plan; where it does, what it cannot help, if anything."""
    match proposal.answer:
        case Plan():
            return "; ".join(proposal.warnings) + ("." if proposal.warnings else "")
        case Infeasible() as refusal:
            return refusal.sentence
        case Unsolved() as stop:
            return f"No plan was found: {stop.reason}"


def _problem(
    site: Site, live: LiveTable, historian: Historian, in_force: Schedule | None, now: dt.datetime, lessons: Lessons
) -> tuple[Problem, tuple[Overload, ...]]:
    end = now + dt.timedelta(hours=25)
    sessions, calls = bookings(site, now, end), ship_calls(site, now, end)
    measured = measure(site, live, historian, now, sessions)
    kept = in_force.in_force_from(now, STEPS) if in_force else ()
    outside = read_what_can_be(Path(site.folder))
    posed = problem_of(site, measured, calls, sessions, kept, outside=outside, lessons=lessons)
    return lift_what_cannot_be_kept(posed)
