"""Charge sessions as arrays, one row a vehicle and one column a step; frozen steps leave no room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.parts import ChargeSession
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
    band_low_kw: FloatArray  # (sessions, most bands of any): ChargeSession.bands, NaN after the last
    band_high_kw: FloatArray
    give_min_kw: FloatArray  # what it gives back, (sessions, steps): above 0 only in frozen steps
    give_max_kw: FloatArray
    give_efficiency: FloatArray
    wear_eur_per_kwh: FloatArray
    start_kwh: FloatArray
    least_kwh: FloatArray  # the lowest it may be while it gives: no more than what it has on arrival
    capacity_kwh: FloatArray  # inf where it is not told

    @property
    def gives(self) -> IntArray:
        """The sessions that may give back."""
        return np.flatnonzero((self.give_max_kw > 0.0).any(axis=1))

    def brings_kwh(self, power_kw: FloatArray, hours: FloatArray) -> FloatArray:
        """Energy into the vehicle in each step, below 0 where it gives; all of shape (sessions, steps)."""
        taken = np.maximum(power_kw, 0.0) * self.efficiency[:, None]
        return np.asarray((taken - np.maximum(-power_kw, 0.0) / self.give_efficiency[:, None]) * hours)

    def in_band(self, session: int, power_kw: float, share: float) -> float:
        """The power, or the most below it at which the charger can be on for that share of a step; 0: it cannot."""
        low, high = self.band_low_kw[session] * share, self.band_high_kw[session] * share
        below = np.flatnonzero(low <= power_kw + 1e-9)
        if not np.isfinite(low[:1]).any():
            return power_kw
        return float(min(power_kw, high[below[-1]])) if below.size else 0.0


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
    highest = share * column(sessions, "most_kw")[:, None]
    bands = [session.bands for session in sessions]
    low, high = (np.full((len(sessions), max((len(b) for b in bands), default=0)), np.nan) for _ in range(2))
    for row, band in enumerate(bands):
        low[row, : len(band)], high[row, : len(band)] = [b[0] for b in band], [b[1] for b in band]
    first_low = np.nan_to_num(low[:, 0]) if low.size else np.zeros(len(sessions))
    lowest, least_on = np.zeros_like(highest), share * first_low[:, None]
    give_max = share * column(sessions, "discharge_max_kw")[:, None]
    give_min = np.zeros_like(give_max)
    for row, session in enumerate(sessions):
        if session.id in held:
            first = slice(0, problem.frozen_steps)
            power = _held(session, held[session.id][first], highest[row], give_max[row], hours)
            lowest[row, first] = highest[row, first] = np.maximum(power, 0.0)
            give_min[row, first] = give_max[row, first] = np.maximum(-power, 0.0)
            least_on[row, first] = 0.0
    return SessionTable(
        node=node,
        share=share,
        lowest_kw=lowest,
        highest_kw=highest,
        least_on_kw=least_on,
        least_on_h=column(sessions, "least_on_h"),
        energy_kwh=column(sessions, "energy_kwh"),
        required_kwh=column(sessions, "required_kwh"),
        missing_eur_per_kwh=column(sessions, "missing_eur_per_kwh"),
        efficiency=column(sessions, "efficiency"),
        ready_kwh=column(sessions, "ready_kwh"),
        band_low_kw=low,
        band_high_kw=high,
        give_min_kw=give_min,
        give_max_kw=give_max,
        give_efficiency=column(sessions, "discharge_efficiency"),
        wear_eur_per_kwh=column(sessions, "wear_eur_per_kwh"),
        start_kwh=column(sessions, "start_kwh"),
        least_kwh=np.minimum(column(sessions, "least_kwh"), column(sessions, "start_kwh")),
        capacity_kwh=np.array([np.inf if s.capacity_kwh is None else s.capacity_kwh for s in sessions], dtype=float),
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


def _held(
    session: ChargeSession, wanted_kw: tuple[float, ...], most_kw: FloatArray, give_kw: FloatArray, hours: FloatArray
) -> FloatArray:
    """The power in force as far as the vehicle can take or give it: it may be full, or empty, sooner than thought."""
    gives = session.discharge_max_kw > 0.0 and session.capacity_kwh is not None
    highest = session.capacity_kwh - session.start_kwh if gives and session.capacity_kwh else session.energy_kwh
    lowest = min(session.least_kwh - session.start_kwh, 0.0) if gives else 0.0
    brought, power = 0.0, np.zeros(len(wanted_kw))
    for step, wanted in enumerate(wanted_kw):
        hour = float(hours[step])
        room = max(highest - brought, 0.0) / (hour * session.efficiency)
        left = max(brought - lowest, 0.0) * session.discharge_efficiency / hour
        kw = min(wanted, float(most_kw[step]), room)
        power[step] = kw if kw >= 0.0 else max(kw, -float(give_kw[step]), -left)
        into = max(power[step], 0.0) * session.efficiency - max(-power[step], 0.0) / session.discharge_efficiency
        brought += into * hour
    return power
