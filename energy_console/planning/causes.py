"""Why a plan is another than the one in force: arrivals, needs, limits, prices, forecasts. Pure."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from energy_console.planning.basis import Basis, basis_of
from energy_console.planning.schedule import Schedule
from optimizer.problem import Problem
from optimizer.profile import over_steps

SEEN_EUR_PER_KWH = 0.002
SEEN_MIN = 8.0  # a visit that moves by less moves no quarter hour
SEEN_KWH = 1.0
SEEN_SHARE = 0.03  # of what a family of forecasts comes to
_FAMILIES = {"solar": "sun", "wind": "wind", "ship": "ships", "rest": "losses and unmetered"}
_USUAL_FAMILY = "loads"


class Why(enum.StrEnum):
    PRICE = "price"
    ARRIVAL = "arrival"
    NEED = "need"
    LIMIT = "limit"
    FORECAST = "forecast"


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is otherwise than when the plan before was made. `weight_kwh` puts them in order, not more."""

    why: Why
    asset: str  # "" where it is about all of them
    words: str
    weight_kwh: float


def causes(before: Schedule, problem: Problem, zone: dt.tzinfo) -> tuple[Cause, ...]:
    """What has changed since the plan before was made, in the hours both know; the heaviest first."""
    if before.basis is None:
        return ()
    now = basis_of(problem)
    found = [
        *_prices(before, now, problem, zone),
        *_visits(before, now, problem, zone),
        *_limits(before.basis, now),
        *_forecasts(before, problem),
    ]
    return tuple(sorted(found, key=lambda cause: -cause.weight_kwh))


def _pairs(before: Schedule, problem: Problem) -> tuple[list[int], list[int]]:
    """Steps of the problem, and the steps of the schedule they lie in."""
    found = [(step, before.step_at(problem.horizon.begin(step))) for step in range(problem.horizon.steps)]
    return [new for new, old in found if old is not None], [old for _, old in found if old is not None]


def _prices(before: Schedule, now: Basis, problem: Problem, zone: dt.tzinfo) -> Iterator[Cause]:
    new, old = _pairs(before, problem)
    if before.basis is None or not new:
        return
    more = np.array(now.import_eur_per_kwh)[new] - np.array(before.basis.import_eur_per_kwh)[old]
    seen = np.flatnonzero(np.abs(more) > SEEN_EUR_PER_KWH)
    if seen.size:
        hours = np.asarray(problem.horizon.hours)[new]
        first = problem.horizon.begin(new[int(seen[0])]).astimezone(zone)
        last = problem.horizon.begin(new[int(seen[-1])]).astimezone(zone) + dt.timedelta(hours=float(hours[seen[-1]]))
        words = f"prices of {first:%H:%M}-{last:%H:%M} are {float(more[seen].mean()):+.3f} EUR/kWh"
        weight = float((np.abs(more) * hours).sum()) * max(map(abs, before.net_kw), default=0.0)
        yield Cause(Why.PRICE, "", words, weight)


def _visits(before: Schedule, now: Basis, problem: Problem, zone: dt.tzinfo) -> Iterator[Cause]:
    was = before.basis.visits if before.basis is not None else {}
    start, both_end = problem.horizon.start, min(before.end, problem.horizon.end)
    for id_, visit in now.visits.items():
        old = was.get(id_)
        if old is None:
            if visit.arrives < before.end - dt.timedelta(minutes=15):  # else it was only too far ahead
                words = f"{visit.name} is new, {visit.energy_kwh:.0f} kWh by {visit.departs.astimezone(zone):%H:%M}"
                yield Cause(Why.ARRIVAL, id_, words, visit.energy_kwh)
            continue
        moved = (
            ("arrives", _minutes(old.arrives, visit.arrives), visit.arrives > start),
            ("leaves", _minutes(old.departs, visit.departs), visit.departs < both_end),
        )
        for word, minutes, counts in moved:
            if counts and abs(minutes) >= SEEN_MIN:
                late = f"{abs(minutes):.0f} min {'later' if minutes > 0 else 'earlier'}"
                yield Cause(Why.ARRIVAL, id_, f"{visit.name} {word} {late}", visit.energy_kwh)
        needs = visit.energy_kwh - old.energy_kwh + old.efficiency * _drawn(before, id_, start)
        if visit.departs <= both_end and abs(needs) > max(SEEN_KWH, 0.1 * old.energy_kwh):
            yield Cause(Why.NEED, id_, f"{visit.name} needs {needs:+.0f} kWh against the plan", abs(needs))
    for id_, visit in was.items():
        if id_ not in now.visits and visit.departs > start + dt.timedelta(minutes=15):
            yield Cause(Why.ARRIVAL, id_, f"{visit.name} is gone", visit.energy_kwh)


def _drawn(before: Schedule, id_: str, until: dt.datetime) -> float:
    """What the plan before would have given a vehicle by now: less is needed by as much."""
    asset = next((asset for asset in before.assets if asset.id == id_), None)
    step = before.step_at(until)
    if asset is None or step is None:
        return 0.0
    return float(np.dot(asset.power_kw[:step], before.steps_h[:step]))


def _limits(was: Basis, now: Basis) -> Iterator[Cause]:
    for node, limit in now.limit_kw.items():
        old = was.limit_kw.get(node)
        if old is not None and abs(limit - old) > 1e-6 * max(1.0, old):
            yield Cause(Why.LIMIT, node, f"{node} may carry {limit:,.0f} kW, was {old:,.0f}", 24.0 * abs(limit - old))


def _forecasts(before: Schedule, problem: Problem) -> Iterator[Cause]:
    new, old = _pairs(before, problem)
    if not new:
        return
    hours = np.asarray(problem.horizon.hours)[new]
    was = {asset.id: np.array(asset.power_kw)[old] for asset in before.assets}
    more: dict[str, float] = {}
    size: dict[str, float] = {}
    for part, power_kw in _unplanned(problem):
        family = _FAMILIES.get(part.kind, _USUAL_FAMILY)
        now_kw = power_kw[new]
        before_kw = np.abs(was.get(part.id, np.zeros(len(new))))
        more[family] = more.get(family, 0.0) + float(((now_kw - before_kw) * hours).sum())
        size[family] = size.get(family, 0.0) + float((before_kw * hours).sum())
    for family, kwh in more.items():
        if abs(kwh) > max(10.0 * SEEN_KWH, SEEN_SHARE * size[family]):
            yield Cause(Why.FORECAST, "", f"{family} forecast at {kwh:+,.0f} kWh", abs(kwh))


def _unplanned(problem: Problem) -> Iterator[tuple[Any, np.ndarray]]:
    steps = problem.horizon.steps
    for load in problem.loads:
        yield load, np.abs(over_steps(load.power_kw, steps))
    for source in problem.generation:
        yield source, np.abs(over_steps(source.forecast_kw, steps))


def _minutes(before: dt.datetime, after: dt.datetime) -> float:
    return (after - before) / dt.timedelta(minutes=1)


def in_words(found: Sequence[Cause], most: int = 3) -> str:
    """The heaviest as one sentence part: "Bus 12 arrives 40 min later; sun forecast at -310 kWh; 4 more"."""
    told = [cause.words for cause in found[:most]]
    if len(found) > most:
        told.append(f"{len(found) - most} more")
    return "; ".join(told)
