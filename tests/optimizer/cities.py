"""Problems to plan, made from a seed: lighting groups and charge sessions on a grid tree; ships, batteries, heat."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np

from optimizer.heating import Chp, GasBoiler, HeatNode, HeatPump, HeatStore
from optimizer.parts import ChargeSession, FixedLoad, Generation, Horizon, LightingGroup, Node, PeakCharge, Tariff
from optimizer.problem import Problem
from optimizer.shore import AccessPoint, ShipCall
from optimizer.storage import Battery

START = dt.datetime(2026, 11, 22, 14, 0, tzinfo=dt.UTC)
STEP_H = 0.25
DUSK_H, DAWN_H = 2.5, 17.0  # hours after START: lit from 16:30 to 07:00


def district(groups: int = 200, sessions: int = 300, steps: int = 96, *, feeders: int = 10, seed: int = 1) -> Problem:
    """Groups that all differ, sessions of cars and buses, feeders full in the evening, one month's peak to mind."""
    rng = np.random.default_rng(seed)
    horizon = Horizon(START, (STEP_H,) * steps)
    feeder_ids = [f"feeder-{n:02d}" for n in range(feeders)]
    lighting = tuple(_group(rng, n, feeder_ids[n % feeders], steps) for n in range(groups))
    charging = tuple(_session(rng, n, f"hub-{n % feeders:02d}", horizon) for n in range(sessions))
    loads = tuple(
        FixedLoad(f"buildings-{n:02d}", feeder, _daily(rng, 2.0 * groups / feeders + 60.0, steps))
        for n, feeder in enumerate(feeder_ids)
    )
    sun = Generation(
        "sun", feeder_ids[0], tuple(np.clip(80 * np.sin(_hours(steps) / 24 * 6.283 + 0.4), 0, None).tolist())
    )
    hub_kw = 14.0 * sessions / feeders * 0.45
    feeder_kw = (3.0 * groups + 0.45 * 14.0 * sessions) / feeders + 60.0
    nodes = (
        Node("grid", None, feeders * feeder_kw * 0.9, -500.0),
        *(Node(feeder, "grid", feeder_kw, -200.0) for feeder in feeder_ids),
        *(Node(f"hub-{n:02d}", feeder, hub_kw) for n, feeder in enumerate(feeder_ids)),
    )
    tariff = Tariff(
        import_eur_per_kwh=_prices(rng, steps),
        export_eur_per_kwh=0.03,
        peaks=(PeakCharge("month", 4.2, feeders * feeder_kw * 0.55),),
        carbon_kg_per_kwh=0.3,
        carbon_eur_per_t=70.0,
    )
    return Problem(horizon, nodes, tariff, lighting=lighting, charging=charging, loads=loads, generation=(sun,))


def city(seed: int = 1) -> Problem:
    """2,000 groups and 1,000 sessions over a day of quarter hours: a linear program."""
    return district(2000, 1000, 96, feeders=40, seed=seed)


def _hours(steps: int) -> np.ndarray:
    return np.arange(steps) * STEP_H


def _group(rng: np.random.Generator, number: int, feeder: str, steps: int) -> LightingGroup:
    hours = _hours(steps) % 24
    rated_kw = float(rng.uniform(1.0, 4.0))
    late = (hours > 9.0) & (hours < 15.5)
    wanted = np.where(late, rng.uniform(0.5, 0.8), rng.uniform(0.85, 1.0))
    floor = wanted * rng.uniform(0.5, 0.7)
    return LightingGroup(
        id=f"light-{number:05d}",
        node=feeder,
        rated_kw=rated_kw,
        lit=tuple(((hours >= DUSK_H) & (hours < DAWN_H)).tolist()),
        wanted=tuple(wanted.tolist()),
        floor=tuple(floor.tolist()),
        ceiling=1.0,
        standby_kw=0.05 * rated_kw,
        gradient=float(rng.uniform(1.0, 1.2)),
        missing_light_eur_per_h=float(rated_kw * rng.uniform(0.15, 0.6)),
        ramp=0.25,
    )


def _session(rng: np.random.Generator, number: int, hub: str, horizon: Horizon) -> ChargeSession:
    total_h = horizon.edges_h[-1]
    bus = number % 5 == 0
    arrives_h = float(rng.uniform(0.0, 0.7) * total_h)
    stay_h = float(min(rng.uniform(2.0, 11.0), total_h - arrives_h))
    max_kw = 60.0 if bus else float(rng.choice([3.7, 11.0, 22.0]))
    energy = float(rng.uniform(0.2, 0.6)) * max_kw * stay_h * 0.9
    return ChargeSession(
        id=f"{'bus' if bus else 'car'}-{number:05d}",
        node=hub,
        arrives=horizon.start + dt.timedelta(hours=arrives_h),
        departs=horizon.start + dt.timedelta(hours=arrives_h + stay_h),
        max_kw=max_kw,
        energy_kwh=energy,
        required_kwh=0.3 * energy if bus else 0.0,
        missing_eur_per_kwh=float(rng.uniform(0.6, 1.5)),
        efficiency=0.92,
        kind="bus" if bus else "car",
    )


def _daily(rng: np.random.Generator, mean_kw: float, steps: int) -> tuple[float, ...]:
    shape = 1.0 + 0.3 * np.cos((_hours(steps) - 4.0) / 24 * 2 * np.pi) + 0.03 * rng.standard_normal(steps)
    return tuple((0.35 * mean_kw * shape).tolist())


def _prices(rng: np.random.Generator, steps: int) -> tuple[float, ...]:
    hourly = (
        0.18
        + 0.09 * np.cos((np.arange(-(-steps // 4)) - 4) / 24 * 2 * np.pi)
        + 0.02 * rng.standard_normal(-(-steps // 4))
    )
    return tuple(np.repeat(np.clip(hourly, 0.04, None), 4)[:steps].tolist())


_PLUGS = (("low", 0.4, 50.0, 250.0), ("high 60", 6.6, 60.0, 2000.0), ("high 50", 6.6, 50.0, 2000.0))


def quay(
    points: int = 154, calls: int = 60, groups: int = 50, sessions: int = 100, steps: int = 96, *, seed: int = 1
) -> Problem:
    """Shore power along eight quays, and a small district beside it."""
    return with_ships(district(groups, sessions, steps, feeders=4, seed=seed), points, calls, seed=seed)


def whole_city(groups: int = 2000, sessions: int = 1000, *, seed: int = 1) -> Problem:
    """The city with its port, batteries and district heating."""
    lights = district(groups, sessions, 96, feeders=40, seed=seed)
    return with_heat(with_batteries(with_ships(lights, 154, 60, seed=seed), 6), seed=seed)


def with_batteries(beside: Problem, count: int) -> Problem:
    """Batteries of 2 MWh on as many feeders, half full now and at the end."""
    feeders = [node.id for node in beside.nodes if node.id.startswith("feeder")]
    batteries = tuple(
        Battery(
            id=f"battery-{n}",
            node=feeders[n],
            capacity_kwh=2000.0,
            charge_max_kw=500.0,
            discharge_max_kw=500.0,
            start_kwh=1000.0,
            least_kwh=200.0,
            end_kwh=1000.0,
            charge_efficiency=0.95,
            discharge_efficiency=0.95,
            loss_share_per_h=0.0005,
            wear_eur_per_kwh=0.02,
        )
        for n in range(count)
    )
    return dataclasses.replace(beside, batteries=batteries)


def with_heat(beside: Problem, *, seed: int = 1) -> Problem:
    """Two heat nodes, each with a heat pump, a gas boiler, a gas engine and a store; nothing is switched."""
    rng, steps = np.random.default_rng(seed), beside.horizon.steps
    feeders = [node.id for node in beside.nodes if node.id.startswith("feeder")]
    names = ("north", "south")
    demands = [_daily(rng, 9000.0, steps) for _ in names]
    gas: dict[str, float] = {"fuel_eur_per_kwh": 0.045, "fuel_kg_per_kwh": 0.2}
    return dataclasses.replace(
        beside,
        heat_nodes=tuple(
            HeatNode(name, feeder, demand) for name, feeder, demand in zip(names, feeders, demands, strict=False)
        ),
        heat_pumps=tuple(
            HeatPump(f"pump-{name}", feeder, name, 1500.0, 3.2) for name, feeder in zip(names, feeders, strict=False)
        ),
        gas_boilers=tuple(
            GasBoiler(f"boiler-{name}", feeder, name, 6000.0, 0.95, **gas)
            for name, feeder in zip(names, feeders, strict=False)
        ),
        chps=tuple(
            Chp(f"engine-{name}", feeder, name, 3000.0, 1300.0, 0.4, 0.0, 0.9, **gas, back_pressure=True)
            for name, feeder in zip(names, feeders, strict=False)
        ),
        heat_stores=tuple(
            HeatStore(
                f"tank-{name}", feeder, name, 12000.0, 2000.0, 2000.0, 6000.0, end_kwh=6000.0, loss_share_per_h=0.002
            )
            for name, feeder in zip(names, feeders, strict=False)
        ),
    )


def with_ships(beside: Problem, points: int, calls: int, *, seed: int = 1) -> Problem:
    """Eight quays with stations of two points each; half the calls have a quay, the others may moor anywhere.

    The cables of the quays and the converters of the stations are short of what all ships together would draw, and
    there are more calls than points of some kinds.
    """
    rng = np.random.default_rng(seed)
    quays = [f"quay-{n}" for n in range(8)]
    places = [
        _point(rng, n, f"station-{n // 2:02d}", _PLUGS[(n // 2 // len(quays)) % len(_PLUGS)]) for n in range(points)
    ]
    station_kw = [sum(point.max_kw for point in places[2 * n : 2 * n + 2]) for n in range(-(-points // 2))]
    behind = [sum(station_kw[k :: len(quays)]) for k in range(len(quays))]
    grid, *others = beside.nodes
    nodes = (
        dataclasses.replace(grid, limit_kw=float(grid.limit_kw) + 0.3 * sum(behind)),  # type: ignore[arg-type]
        *others,
        *(Node(name, "grid", 0.35 * kw) for name, kw in zip(quays, behind, strict=True)),
        *(
            Node(f"station-{n:02d}", quays[n % len(quays)], kw * (0.7 if n % 5 == 0 else 1.0))
            for n, kw in enumerate(station_kw)
        ),
    )
    (month,) = beside.tariff.peaks
    month = dataclasses.replace(month, so_far_kw=month.so_far_kw + 0.12 * sum(behind))
    ships = tuple(_call(rng, n, str(rng.choice([*quays, *["grid"] * 8])), beside.horizon) for n in range(calls))
    tariff = dataclasses.replace(beside.tariff, peaks=(month,))
    return dataclasses.replace(beside, nodes=nodes, tariff=tariff, access_points=tuple(places), ships=ships)


def _point(rng: np.random.Generator, number: int, station: str, kind: tuple[str, float, float, float]) -> AccessPoint:
    plug, voltage_kv, frequency_hz, max_kw = kind
    return AccessPoint(
        f"point-{number:03d}", station, max_kw, (voltage_kv,), (frequency_hz,), (plug,), 0.97 if plug == "low" else 0.95
    )


def _call(rng: np.random.Generator, number: int, quay: str, horizon: Horizon) -> ShipCall:
    plug, voltage_kv, frequency_hz, max_kw = _PLUGS[int(rng.choice(3, p=(0.3, 0.45, 0.25)))]
    arrives_h = float(rng.uniform(-6.0, 20.0))
    leaves_h = arrives_h + float(rng.uniform(5.0, 16.0))
    hotel_kw = float(rng.uniform(0.3, 0.95)) * max_kw * (1.0 + 0.1 * np.sin(_hours(horizon.steps) + number))
    return ShipCall(
        id=f"call-{number:02d}",
        node=quay,
        arrives=horizon.start + dt.timedelta(hours=arrives_h),
        leaves=horizon.start + dt.timedelta(hours=max(leaves_h, 1.0)),
        hotel_kw=tuple(np.minimum(hotel_kw, max_kw).tolist()),
        engine_eur_per_kwh=float(rng.uniform(0.16, 0.24)),
        voltage_kv=voltage_kv,
        frequency_hz=frequency_hz,
        plug=plug,
        engine_kg_per_kwh=0.7,
        connect_h=0.75,
        release_h=0.5,
        not_connected_eur=float(rng.choice([0.0, 400.0, 2500.0])),
    )
