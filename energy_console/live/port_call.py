"""One ship call from its readings: when each step came, energy delivered, money, and exhaust avoided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from energy_console.historian.counters import CounterRule, Step, consumption
from energy_console.historian.interface import Buckets, Series
from energy_console.live.port import STEP_RELEASED, STEP_SUPPLIED
from energy_console.site.model import Carbon, ShipCall, Tariff
from hardware.points import GOOD_STATUS, Float64Array

# Auxiliary engine on 0.1 % sulphur gas oil, per kWh. Source: USEPA marine emission tools, IMO fourth/third GHG study.
ENGINE_CO2_KG_PER_KWH = 0.696
NOX_MEDIUM_SPEED_G_PER_KWH = (13.8, 12.2, 10.5, 2.6)  # by engine tier 0..3
NOX_HIGH_SPEED_G_PER_KWH = (10.9, 9.8, 7.7, 2.0)
# Small vessels carry high-speed sets; the split by kind of ship is our assumption.
HIGH_SPEED_KINDS = frozenset({"inland", "inland cargo", "river cruise", "tug", "pilot", "barge", "workboat", "dredger"})

# A port's public list of 2017, EUR/kWh, all inclusive; other kinds are counted at the site's own energy price.
LIST_PRICE_EUR_PER_KWH = {"river cruise": 0.35, "inland": 0.27, "inland cargo": 0.27, "barge": 0.27}


_SOON_NS = 120_000_000_000  # readings that begin this soon after the arrival saw it all


@dataclass(frozen=True, slots=True)
class StepMark:
    """One step of a call and when it was first seen; None: not reached, or passed unseen.

    `exact` is False where the readings began in that step: then it was reached at that time or before.
    """

    step: int
    time_ns: int | None
    exact: bool = True


def step_marks(series: Series, arrives_ns: int) -> tuple[StepMark, ...]:
    """All steps 0..12 with the time each was first seen at or after `arrives_ns`.

    `series` holds readings of the point's `step`. A step that was held before the ship came counts from its coming.
    """
    usable = ~np.isnan(series.value)
    time_ns, step = series.time_ns[usable], series.value[usable].astype(np.int64)
    during = time_ns >= arrives_ns
    reached: dict[int, int] = {}
    began = int(step[during][0]) if during.any() else -1
    unseen = bool(during.any()) and not bool((~during).any()) and int(time_ns[during][0]) - arrives_ns > _SOON_NS
    for moment, value in zip(time_ns[during].tolist(), step[during].tolist(), strict=True):
        reached.setdefault(value, moment)
    return tuple(
        StepMark(number, reached.get(number), exact=not (unseen and number == began))
        for number in range(STEP_RELEASED + 1)
    )


def supplied_since_ns(marks: Sequence[StepMark]) -> int | None:
    """When the ship was first fully supplied, None if it has not been."""
    return marks[STEP_SUPPLIED].time_ns


def energy_per_span_kwh(buckets: Buckets, rated_kw: float | None) -> Float64Array:
    """Energy of each span of a counter rolled up in spans; the step from one span to the next belongs to the later one.

    Shape: one entry a span. Resets and rollovers are counted across; a span with a swap, or with a jump that
    `rated_kw` cannot explain, is NaN (see `historian.counters`).
    """
    energy = np.zeros(len(buckets.time_ns))
    begun = np.flatnonzero(~np.isnan(buckets.first))
    if not len(begun):
        return energy
    start = begun[0]
    # one reading a span, at its end: the true time inside the span is not kept
    time_ns = np.concatenate((buckets.time_ns[start : start + 1], buckets.time_ns[start:] + buckets.every_ns))
    value = np.concatenate((buckets.first[start : start + 1], buckets.last[start:]))
    status = np.full(len(value), GOOD_STATUS, np.uint16)
    steps = consumption(time_ns, value, status, CounterRule(rated_per_h=rated_kw or None))
    place = np.searchsorted(buckets.time_ns + buckets.every_ns, steps.end_ns)
    unexplained = np.isin(steps.step, (Step.JUMP, Step.SWAP))
    np.add.at(energy, place, np.where(unexplained, np.nan, np.clip(steps.amount, 0.0, None)))
    return energy


@dataclass(frozen=True, slots=True)
class Avoided:
    """Exhaust that a ship's own engines would have made, less what the grid made for the same energy."""

    energy_kwh: float
    co2_kg: float  # net of the grid
    nox_kg: float
    grid_kg_per_kwh: float  # mean over the energy, 0 if none
    nox_g_per_kwh: float


def avoided(
    call: ShipCall, carbon: Carbon, zone: ZoneInfo, start_ns: Sequence[int], energy_kwh: Float64Array
) -> Avoided:
    """CO2 and NOx avoided by energy given in spans that start at `start_ns` (UTC), equally long columns."""
    total = float(energy_kwh.sum())
    grid_kg = grid_co2_kg(carbon, zone, start_ns, energy_kwh)
    nox = nox_g_per_kwh(call)
    return Avoided(
        energy_kwh=total,
        co2_kg=total * ENGINE_CO2_KG_PER_KWH - grid_kg,
        nox_kg=total * nox / 1000.0,
        grid_kg_per_kwh=grid_kg / total if total else 0.0,
        nox_g_per_kwh=nox,
    )


def grid_co2_kg(carbon: Carbon, zone: ZoneInfo, start_ns: Sequence[int], energy_kwh: Float64Array) -> float:
    """CO2 of the public grid for energy in spans, by the intensity of the local hour in which each span starts."""
    intensity = [carbon.grid_kg_per_kwh[_local(moment, zone).hour] for moment in start_ns]
    return float(np.dot(np.array(intensity, float), energy_kwh)) if len(intensity) else 0.0


def nox_g_per_kwh(call: ShipCall) -> float:
    """NOx of the ship's auxiliary engines by tier and speed class."""
    table = NOX_HIGH_SPEED_G_PER_KWH if call.kind in HIGH_SPEED_KINDS else NOX_MEDIUM_SPEED_G_PER_KWH
    return table[min(max(call.engine_tier, 0), 3)]


@dataclass(frozen=True, slots=True)
class Money:
    """What the delivered energy costs so far. `listed`: by the port's list price, else at the site's energy price."""

    energy_eur: float
    eur_per_kwh: float
    listed: bool


def money(call: ShipCall, tariff: Tariff, zone: ZoneInfo, start_ns: Sequence[int], energy_kwh: Float64Array) -> Money:
    """Price of energy given in spans that start at `start_ns` (UTC)."""
    total = float(energy_kwh.sum())
    if (listed := LIST_PRICE_EUR_PER_KWH.get(call.kind)) is not None:
        return Money(total * listed, listed, listed=True)
    price = np.array([import_price(tariff, _local(moment, zone)) for moment in start_ns], float)
    energy_eur = float(np.dot(price, energy_kwh)) if len(price) else 0.0
    mean = energy_eur / total if total else (float(price[-1]) if len(price) else 0.0)
    return Money(energy_eur, mean, listed=False)


def import_price(tariff: Tariff, local: dt.datetime) -> float:
    """Energy price at a local time, EUR/kWh; 0 where the tariff names no period."""
    hour = local.hour + local.minute / 60.0
    for period in tariff.periods:
        if local.weekday() in period.days and period.start_hour <= hour < period.end_hour:
            return period.import_eur_per_kwh
    return 0.0


def _local(moment_ns: int, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.fromtimestamp(moment_ns / 1e9, zone)
