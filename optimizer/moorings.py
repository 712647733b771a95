"""Where ships plug in, told: the point and the times, or why a ship stays on its engines."""

from __future__ import annotations

import datetime as dt

import numpy as np

from optimizer.build import Dispatch
from optimizer.plan import ShipPlan
from optimizer.problem import Problem
from optimizer.shore import ShipCall
from optimizer.tables import Tables


def plan_ships(problem: Problem, tables: Tables, dispatch: Dispatch) -> tuple[ShipPlan, ...]:
    """A ship plan for each call, in the problem's order."""
    berths = tables.berths
    engine_kwh = berths.engine_kwh(dispatch.berth).sum(axis=1)
    found = []
    for ship, call in enumerate(problem.ships):
        option = int(dispatch.berth[ship])
        if option < 0:
            sentence = _why_on_engines(problem, tables, dispatch, ship)
            found.append(ShipPlan(call.id, None, 0.0, float(engine_kwh[ship]), sentence))
            continue
        point = problem.access_points[int(berths.point[option])]
        begins, ends = _window(call)
        zone = problem.horizon.start.tzinfo
        times = f"from {begins.astimezone(zone):%H:%M} to {ends.astimezone(zone):%H:%M}"
        sentence = f"{call.title} is on shore power at {point.title} {times}."
        shore_kwh = float(berths.shore_kwh[option].sum())
        found.append(ShipPlan(call.id, point.id, shore_kwh, float(engine_kwh[ship]), sentence))
    return tuple(found)


def _window(call: ShipCall) -> tuple[dt.datetime, dt.datetime]:
    """From when to when a ship that plugs in is on shore power."""
    lead_h = 0.0 if call.at_point is not None else call.connect_h
    return call.arrives + dt.timedelta(hours=lead_h), call.leaves - dt.timedelta(hours=call.release_h)


def _why_on_engines(problem: Problem, tables: Tables, dispatch: Dispatch, ship: int) -> str:
    berths, title = tables.berths, problem.ships[ship].title
    options = np.flatnonzero(berths.ship == ship)
    if not options.size:
        return f"{title} stays on its engines: no access point at its berth fits it."
    others: set[int] = set()
    for option in options.tolist():
        near = {int(o) for clash in berths.clashes if option in clash.options for o in clash.options}
        taken = near & {int(o) for o in dispatch.berth}
        if not taken:
            return f"{title} stays on its engines: shore power would cost more, or a limit has no room for it."
        others |= taken
    who = " and ".join(sorted(problem.ships[int(berths.ship[o])].title for o in others))
    return f"{title} stays on its engines: {who} has the access point it could use."
