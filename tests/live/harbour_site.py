"""A harbour made by hand: quays, stations with one to three points, converters; as many as a test asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from energy_console.site.model import (
    AccessPoint,
    Area,
    Carbon,
    Device,
    GridNode,
    Place,
    PricePeriod,
    Quay,
    ShipCall,
    Site,
    Station,
    Tariff,
)
from hardware.field import DeviceSpec, LinkSpec
from hardware.points import Point

EVERY_DAY = frozenset(range(7))
QUANTITIES = (
    "step",
    "mode",
    "alarms",
    "warnings",
    "power_kw",
    "energy_import_kwh",
)
NIGHT_PRICE, DAY_PRICE = 0.10, 0.20


def make_harbour(
    stations: Sequence[tuple[str, int, float]] = (("A01", 1, 50.0), ("B01", 2, 60.0)), **nodes: float
) -> Site:
    """`stations` are (id starting with the quay's letter, points, position in metres); each quay has its converter."""
    letters = sorted({name[0] for name, _, _ in stations})
    quays = tuple(
        Quay(
            letter, f"Quay {letter}", "sea", 400.0, f"Basin {order // 2 + 1}", "above" if order % 2 else "below", order
        )
        for order, letter in enumerate(letters)
    )
    points = [
        AccessPoint(f"{name}.{k}", name, f"{name}.{k}", 250.0, 400.0, 50.0, "400 A", False)
        for name, count, _ in stations
        for k in range(1, count + 1)
    ]
    devices = tuple(
        Device(p.id, p.id, Area.PORT, DeviceSpec(p.id, "L1", 1, "ops_80005_2"), f"K-{p.id[0]}", None, None, 250.0)
        for p in points
    )
    return Site(
        folder="",
        id="harbour",
        name="Harbour",
        subtitle="",
        place=Place("Harbour", 52.0, 4.0, ZoneInfo("Europe/Amsterdam")),
        nodes=(
            GridNode("NET", "Connection", "connection", None, 5000.0, 0.0, None),
            *(GridNode(f"K-{x}", f"K-{x}", "converter", "NET", nodes.get(x, 500.0), 0.0, None) for x in letters),
        ),
        tariffs=(
            Tariff(
                "flat",
                dt.date(2020, 1, 1),
                (
                    PricePeriod(EVERY_DAY, 0.0, 12.0, NIGHT_PRICE, 0.0),
                    PricePeriod(EVERY_DAY, 12.0, 24.0, DAY_PRICE, 0.0),
                ),
                0.0,
                5000.0,
                0.0,
            ),
        ),
        carbon=Carbon(tuple(0.1 if hour < 12 else 0.3 for hour in range(24)), "test"),
        links=(LinkSpec("L1", "tcp://127.0.0.1:502"),),
        devices=devices,
        points=tuple(Point(f"{p.id}/{q}", p.id, q, "", q) for p in points for q in QUANTITIES),
        calculated=(),
        quays=quays,
        stations=tuple(Station(name, name[0], position, f"K-{name[0]}") for name, _, position in stations),
        access_points=tuple(points),
        lighting=(),
        chargers=(),
        heat=(),
    )


def call(
    station: str,
    points: tuple[str, ...],
    arrives: dt.datetime,
    hours: float,
    kw: float = 200.0,
    *,
    kind: str = "river cruise",
    tier: int = 2,
) -> ShipCall:
    leaves = arrives + dt.timedelta(hours=hours)
    return ShipCall(f"call {station}", f"Ship {station}", kind, 110.0, points, station, arrives, leaves, kw, tier)
