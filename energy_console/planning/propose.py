"""One proposal: gather, pose, solve, name. Used by an engine, and by a console that is attached to one."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from pathlib import Path

from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.planning.forecasting.outlook import Lessons
from energy_console.planning.measured import measure
from energy_console.planning.problem import STEPS, problem_of
from energy_console.planning.proposal import Proposal
from energy_console.planning.schedule import Schedule
from energy_console.planning.solver import SolverProcess
from energy_console.site.model import Site
from energy_console.site.timetable import bookings, ship_calls
from energy_console.site.weather import Weather, WeatherUnreadable, read_weather
from optimizer.plan import Infeasible, Plan, Unsolved
from optimizer.problem import Problem

log = logging.getLogger(__name__)


async def propose(
    site: Site,
    live: LiveTable,
    historian: Historian,
    solver: SolverProcess,
    in_force: Schedule | None,
    lessons: Lessons,
) -> Proposal:
    """The next 24 hours from now. Raises ProblemError, NoTariff, StoreError, PlanBroken, each with its sentence."""
    now = dt.datetime.now(dt.UTC)
    problem = await asyncio.to_thread(_problem, site, live, historian, in_force, now, lessons)
    answer = await solver.solve(problem)
    local = now.astimezone(site.place.zone)
    return Proposal(now.strftime("%Y%m%dT%H%M%SZ"), local.strftime("%H:%M"), now, problem, answer)


def why_none(proposal: Proposal) -> str:
    """The sentence to show where a proposal holds no plan; empty where it does."""
    match proposal.answer:
        case Plan():
            return ""
        case Infeasible() as refusal:
            return refusal.sentence
        case Unsolved() as stop:
            return f"No plan was found: {stop.reason}"


def _problem(
    site: Site, live: LiveTable, historian: Historian, in_force: Schedule | None, now: dt.datetime, lessons: Lessons
) -> Problem:
    end = now + dt.timedelta(hours=25)
    sessions, calls = bookings(site, now, end), ship_calls(site, now, end)
    measured = measure(site, live, historian, now, sessions)
    kept = in_force.in_force_from(now, STEPS) if in_force else ()
    return problem_of(site, measured, calls, sessions, kept, weather=_weather(site), lessons=lessons)


def _weather(site: Site) -> Weather | None:
    """A file that is being rewritten, or is wrong, must not keep a plan from being made."""
    try:
        return read_weather(Path(site.folder))
    except WeatherUnreadable as error:
        log.warning("The plan is made without the weather: %s", error)
        return None
