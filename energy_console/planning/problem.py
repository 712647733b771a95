"""The site and what was measured, as one optimizer Problem. Pure; one function a family."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from energy_console.planning.forecasting.outlook import Lessons, Outlook
from energy_console.planning.measured import NOTHING, Measured
from energy_console.planning.outside import NOBODY_TELLS, Outside
from energy_console.site import prices, sun
from energy_console.site.model import ChargeBooking, LightingGroup, ShipCall, Site
from energy_console.site.told_prices import ToldPrices
from hardware.points import Float64Array, Int64Array
from optimizer import parts as op
from optimizer.band import Band as Need
from optimizer.problem import Problem

STEP_H = 0.25
STEPS = 96

# Prices of service missing, EUR [M]: set so that light gives way to dear hours and to peaks, and a wish to charge
# gives way only to a limit. A site may set its own once it has agreed them with those who use the service.
MISSING_LIGHT_EUR_PER_LAMP_H = 0.02
MISSING_CHARGE_EUR_PER_KWH = 2.0
LEVEL_RAMP = 0.25  # most change of light between two quarter hours, so that nobody sees it move
CONNECT_LEAD_H = 0.5  # from berthing to the load taken over [M]
VEHICLE_EFFICIENCY = {"car": 0.9, "bus": 0.94, "truck": 0.94, "vessel": 0.94}


@dataclass(frozen=True, slots=True)
class Steps:
    """The quarter hours planned, in the three forms that the families need."""

    horizon: op.Horizon
    start_ns: Int64Array  # shape (steps,)
    elevation_deg: Float64Array  # of the sun in the middle of each step


def steps_from(site: Site, now: dt.datetime, count: int = STEPS) -> Steps:
    """Quarter hours from the one that `now` lies in."""
    utc = now.astimezone(dt.UTC)  # quarter hours are whole in UTC too, and never come twice
    start = utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0)
    # what the plan says in words is in the zone of its start
    horizon = op.Horizon(start.astimezone(site.place.zone), (STEP_H,) * count)
    first = int(start.timestamp())
    start_ns = (first + 900 * np.arange(count, dtype=np.int64)) * 1_000_000_000
    middles = [dt.datetime.fromtimestamp(first + 900 * k + 450, dt.UTC) for k in range(count)]
    return Steps(horizon, start_ns, np.array([sun.elevation_deg(site.place, middle) for middle in middles]))


def problem_of(
    site: Site,
    measured: Measured,
    calls: Sequence[ShipCall],
    bookings: Sequence[ChargeBooking],
    in_force: tuple[op.InForce, ...] = (),
    count: int = STEPS,
    against: Need = Need.EXPECTED,
    outside: Outside = NOBODY_TELLS,
    lessons: Lessons | None = None,
) -> Problem:
    """Everything that shares the site's connection over the next `count` quarter hours.

    `against` says for which edge of the forecasts' bands the plan is made: HIGH for the most that loads may take and
    the least that sun and wind may give, LOW the other way round. `lessons` are kept from one problem to the next.
    """
    steps = steps_from(site, measured.now, count)
    outlook = Outlook(site.place, steps.start_ns, outside.weather, lessons or Lessons())
    loads = (*_loads(site, measured, outlook), *_ships(site, measured, steps, calls))
    generation = tuple(_generation(site, measured, outlook))
    sessions = tuple(_sessions(site, measured, steps, bookings))
    lighting = tuple(_lighting(site, measured, steps))
    rest = _rest(site, measured, lighting, loads, generation)
    known = {group.id for group in lighting} | {session.id for session in sessions}
    kept = tuple(entry for entry in in_force if entry.asset in known)
    return Problem(
        horizon=steps.horizon,
        nodes=tuple(op.Node(n.id, n.parent, n.limit_kw, n.import_min_kw, n.name) for n in site.nodes),
        tariff=_tariff(site, measured, steps, outside.prices),
        lighting=lighting,
        charging=sessions,
        loads=(*loads, *rest),
        generation=generation,
        in_force=kept,
        against=against,
        frozen_steps=math.ceil(site.plan_times.frozen_min / 60.0 / STEP_H) if kept else 0,
    )


def _tariff(site: Site, measured: Measured, steps: Steps, told: ToldPrices | None) -> op.Tariff:
    horizon = steps.horizon
    edges = [horizon.begin(step).astimezone(dt.UTC) for step in range(horizon.steps + 1)]
    curve = prices.price_curve(site, edges, told)
    tariff = prices.tariff_on(site, horizon.start)
    return op.Tariff(
        import_eur_per_kwh=tuple(curve.import_eur_per_kwh),
        export_eur_per_kwh=tuple(curve.export_eur_per_kwh),
        peaks=(op.PeakCharge("month", tariff.peak_eur_per_kw, measured.month_peak_kw),),
        carbon_kg_per_kwh=tuple(curve.carbon_kg_per_kwh),
        carbon_eur_per_t=tariff.carbon_eur_per_t,
        contracted_kw=tariff.contracted_kw,
        name=tariff.name,
    )


def _loads(site: Site, measured: Measured, outlook: Outlook) -> Iterator[op.FixedLoad]:
    for load in site.loads:
        point = f"{load.device}/power_kw"
        past, latest = measured.past.get(point, NOTHING), measured.value(point)
        band = outlook.load(load, past, latest)
        low, expected, high = (tuple(np.maximum(edge, 0.0)) for edge in (band.low, band.expected, band.high))
        yield op.FixedLoad(load.id, load.node, expected, load.kind, load.name, low, high)


def _ships(site: Site, measured: Measured, steps: Steps, calls: Sequence[ShipCall]) -> Iterator[op.FixedLoad]:
    """A ship draws what it draws now until it leaves; one that is announced, what it announced, once connected."""
    nodes = {station.id: station.node for station in site.stations}
    devices = {point.id: point.device for point in site.access_points}
    end = steps.horizon.end
    for call in calls:
        if not call.points or call.leaves <= measured.now or call.arrives >= end:
            continue
        drawn = [measured.value(f"{devices[point]}/power_kw") for point in call.points]
        is_there = call.arrives <= measured.now
        now_kw = sum(kw for kw in drawn if math.isfinite(kw))
        power_kw = now_kw if is_there and now_kw > 1.0 else call.hotel_kw
        connected = call.arrives + dt.timedelta(hours=0.0 if is_there else CONNECT_LEAD_H)
        share = _share_of_steps(steps, connected, call.leaves)
        yield op.FixedLoad(call.id, nodes[call.station], tuple(power_kw * share), "ship", call.ship)


def _share_of_steps(steps: Steps, start: dt.datetime, end: dt.datetime) -> Float64Array:
    """How much of each step lies between two moments, 0..1, shape (steps,)."""
    edges = steps.horizon.edges_h
    first, last = steps.horizon.offset_h(start), steps.horizon.offset_h(end)
    overlap = np.minimum(edges[1:], last) - np.maximum(edges[:-1], first)
    return np.asarray(np.clip(overlap / steps.horizon.hours, 0.0, 1.0))


def _generation(site: Site, measured: Measured, outlook: Outlook) -> Iterator[op.Generation]:
    for plant in site.plants:
        point = f"{plant.device}/generation_kw"
        band = outlook.plant(plant, measured.past.get(point, NOTHING), measured.value(point))
        low, expected, high = (tuple(edge) for edge in (band.low, band.expected, band.high))
        yield op.Generation(plant.id, plant.node, expected, None, plant.kind, plant.name, low, high)


def _sessions(
    site: Site, measured: Measured, steps: Steps, bookings: Sequence[ChargeBooking]
) -> Iterator[op.ChargeSession]:
    chargers = {charger.id: charger for charger in site.chargers}
    for booking in bookings:
        charger = chargers[booking.charger]
        arrives = max(booking.arrives, steps.horizon.start).astimezone(dt.UTC)
        departs = min(booking.departs, steps.horizon.end).astimezone(dt.UTC)
        if departs - arrives < dt.timedelta(minutes=1):
            continue
        efficiency = VEHICLE_EFFICIENCY.get(charger.kind, 0.9)
        missing = max(0.0, booking.energy_kwh - efficiency * measured.delivered_kwh.get(booking.id, 0.0))
        if booking.departs > steps.horizon.end:  # the part that falls into this horizon, at an even pace
            missing *= (departs - arrives) / (booking.departs - arrives)
        # What a vehicle that came before has had is planned again where nobody knows it, not lost. But only an even
        # pace of it is a must: a night's energy demanded of all buses at five in the morning is no plan.
        is_known = booking.id in measured.delivered_kwh or booking.arrives >= steps.horizon.start
        must = 1.0 if is_known else (departs - arrives) / (booking.departs - booking.arrives)
        hours = (departs - arrives) / dt.timedelta(hours=1)
        reachable = 0.98 * efficiency * charger.max_kw * hours
        yield op.ChargeSession(
            id=booking.id,
            node=charger.node,
            arrives=arrives,
            departs=departs,
            max_kw=charger.max_kw,
            energy_kwh=missing,
            missing_eur_per_kwh=MISSING_CHARGE_EUR_PER_KWH,
            required_kwh=min(must * missing, reachable) if booking.required else 0.0,
            efficiency=efficiency,
            kind=charger.kind,
            name=booking.vehicle,
        )


def wanted_levels(site: Site, group: LightingGroup, steps: Steps) -> Float64Array:
    """Level asked for at each step: the evening's, the night's in the quiet hours. Shape (steps,)."""
    local = [dt.datetime.fromtimestamp(ns / 1e9, site.place.zone) for ns in steps.start_ns]
    quiet = np.array([sun.is_quiet_hour(moment.hour + moment.minute / 60.0) for moment in local])
    return np.where(quiet, group.night_level, group.evening_level)


def _lighting(site: Site, measured: Measured, steps: Steps) -> Iterator[op.LightingGroup]:
    lit = tuple(bool(dark) for dark in steps.elevation_deg < sun.LAMPS_ON_DEG)
    for group in site.lighting:
        rated_kw = group.lamps * group.lamp_w / 1000.0
        wanted = np.clip(wanted_levels(site, group, steps), group.floor, group.ceiling)
        level = measured.value(f"{group.device}/level")
        yield op.LightingGroup(
            id=group.id,
            node=group.node,
            rated_kw=rated_kw,
            lit=lit,
            wanted=tuple(wanted),
            floor=group.floor,
            missing_light_eur_per_h=group.lamps * MISSING_LIGHT_EUR_PER_LAMP_H,
            ceiling=group.ceiling,
            standby_kw=group.standby_share * rated_kw,
            off_kw=group.standby_share * rated_kw,
            gradient=group.gradient,
            ramp=LEVEL_RAMP,
            level_before=level if lit[0] and group.floor <= level <= 1.0 else None,
            name=group.name,
        )


def _rest(
    site: Site,
    measured: Measured,
    lighting: Sequence[op.LightingGroup],
    loads: Sequence[op.FixedLoad],
    generation: Sequence[op.Generation],
) -> Iterator[op.FixedLoad]:
    """What the connection's meter shows beyond all that is known one by one: losses, things with no meter."""
    if site.root.meter is None or not math.isfinite(total := measured.value(site.root.meter)):
        return
    cabinets = {group.id: group.device for group in site.lighting}
    known = sum(np.asarray(load.power_kw)[0] for load in loads)
    known -= sum(np.asarray(plant.forecast_kw)[0] for plant in generation)
    points = [f"{cabinets[group.id]}/power_kw" for group in lighting]
    points += [f"{charger.device}/power_kw" for charger in site.chargers]
    known += sum(kw for point in points if math.isfinite(kw := measured.value(point)))
    if total - known > 0.5:
        yield op.FixedLoad("rest", site.root.id, float(total - known), "rest", "Losses and unmetered")
