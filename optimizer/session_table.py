"""Charge sessions as arrays, one row a vehicle and one column a step; frozen steps leave no room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.problem import Problem
from optimizer.profile import FloatArray, IntArray, column


@dataclass(frozen=True, slots=True, eq=False)
class SessionTable:
    """Charge sessions; arrays of shape (sessions,) or (sessions, steps)."""

    node: IntArray
    share: FloatArray  # part of the step the vehicle is there, 0..1
    lowest_kw: FloatArray  # mean over the step; above 0 only in frozen steps
    highest_kw: FloatArray
    least_on_kw: FloatArray  # lowest mean power while on; 0 where there is none or the step is frozen
    least_on_h: FloatArray  # once on, at least so long or until departure; frozen steps are not asked
    energy_kwh: FloatArray
    required_kwh: FloatArray
    missing_eur_per_kwh: FloatArray
    efficiency: FloatArray
    ready_kwh: FloatArray
    before_ready: FloatArray  # part of the vehicle's stay in the step that is before `ready_by`


def steps_on_from(least_on_h: float, hours: FloatArray, first: int) -> range:
    """The steps after `first` that something switched on there must stay on, as far as the horizon goes."""
    reached = np.cumsum(hours[first:])
    after = first + 1 + int(np.count_nonzero(reached < least_on_h - 1e-9))
    return range(first + 1, min(after, hours.size))


def tabulate_sessions(problem: Problem, node: IntArray, held: dict[str, tuple[float, ...]]) -> SessionTable:
    sessions, horizon = problem.charging, problem.horizon
    edges, hours = horizon.edges_h, horizon.hours
    arrives = np.array([horizon.offset_h(s.arrives) for s in sessions], dtype=float)
    departs = np.array([horizon.offset_h(s.departs) for s in sessions], dtype=float)
    ready = np.array([horizon.offset_h(s.ready_by or s.departs) for s in sessions], dtype=float)
    share = overlap(arrives, departs, edges, hours)
    by_then = overlap(arrives, np.minimum(ready, departs), edges, hours)
    highest = share * column(sessions, "max_kw")[:, None]
    lowest, least_on = np.zeros_like(highest), share * column(sessions, "min_kw")[:, None]
    efficiency, energy = column(sessions, "efficiency"), column(sessions, "energy_kwh")
    for row, session in enumerate(sessions):
        if session.id in held:
            first = slice(0, problem.frozen_steps)
            brings = hours[first] * efficiency[row]
            power = np.minimum(held[session.id][first], highest[row, first])
            # The vehicle may be full sooner than the plan in force thought.
            power = np.minimum(power, np.maximum(energy[row] - _sum_before(power * brings), 0.0) / brings)
            lowest[row, first] = highest[row, first] = power
            least_on[row, first] = 0.0
    return SessionTable(
        node=node,
        share=share,
        lowest_kw=lowest,
        highest_kw=highest,
        least_on_kw=least_on,
        least_on_h=column(sessions, "least_on_h"),
        energy_kwh=energy,
        required_kwh=column(sessions, "required_kwh"),
        missing_eur_per_kwh=column(sessions, "missing_eur_per_kwh"),
        efficiency=efficiency,
        ready_kwh=column(sessions, "ready_kwh"),
        before_ready=np.divide(by_then, share, out=np.zeros_like(share), where=share > 0.0),
    )


def overlap(begins_h: FloatArray, ends_h: FloatArray, edges_h: FloatArray, hours: FloatArray) -> FloatArray:
    """Part of each step between two moments, shape (moments, steps)."""
    both = np.minimum(ends_h[:, None], edges_h[None, 1:]) - np.maximum(begins_h[:, None], edges_h[None, :-1])
    share = np.clip(both / hours, 0.0, 1.0)
    # Seconds of rounding between datetimes and sums of hours are no presence.
    share[share < 1e-9] = 0.0
    share[share > 1.0 - 1e-9] = 1.0
    return np.asarray(share)


def _sum_before(values: FloatArray) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(values)[:-1])) if values.size else values
