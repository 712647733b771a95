"""A site of 8 links and 61 devices built in memory, for tests that need devices of many kinds but no whole port."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from energy_console.site.model import Area, Carbon, Device, GridNode, Place, PricePeriod, Site, Tariff
from hardware.field import DeviceSpec, LinkSpec
from hardware.profiles import points_of, profile

_LINKS = (
    ("gw-quay-1", "tcp://10.20.4.11:502", Area.PORT, "ops_80005_2", 10),
    ("gw-quay-2", "tcp://10.20.4.12:502", Area.PORT, "ops_80005_2", 8),
    ("rtu-heat-1", "serial:///dev/ttyS3?baud=9600&parity=E", Area.HEAT, "kamstrup_multical", 8),
    ("gw-water-1", "rtu+tcp://10.20.7.3:4001", Area.WATER, "water_meter", 5),
    ("gw-air-1", "tcp://10.20.9.2:502", Area.AIR, "environment_sensor", 4),
    ("gw-light-1", "tls://10.20.5.20:802", Area.LIGHTING, "lighting_cabinet", 10),
    ("gw-charge-1", "tls://10.20.6.20:802", Area.CHARGING, "alfen_ng9", 10),
    ("gw-build-1", "tcp://10.20.8.5:502", Area.BUILDINGS, "eastron_sdm630", 6),
)


def small_site() -> Site:
    """The whole site; every device hangs on the one connection."""
    links = tuple(LinkSpec(name, url) for name, url, *_ in _LINKS)
    devices = tuple(
        _device(link, area, kind, unit) for link, _, area, kind, count in _LINKS for unit in range(1, count + 1)
    )
    points = tuple(point for device in devices for point in points_of(profile(device.spec.profile), device.id))
    period = PricePeriod(frozenset(range(7)), 0.0, 24.0, 0.2, 0.05)
    return Site(
        folder="",
        id="small",
        name="Nordhafen",
        subtitle="city + port",
        place=Place("Nordhafen", 53.5, 8.1, ZoneInfo("Europe/Berlin")),
        nodes=(GridNode("grid", "Grid connection", "connection", None, 12_000.0, -2_000.0, None),),
        tariffs=(Tariff("Day and night", dt.date(2026, 1, 1), (period,), 4.2, 12_000.0, 80.0),),
        carbon=Carbon((0.286,) * 24, "invented for the test"),
        links=links,
        devices=devices,
        points=points,
        calculated=(),
        quays=(),
        stations=(),
        access_points=(),
        lighting=(),
        chargers=(),
        heat=(),
    )


def _device(link: str, area: Area, kind: str, unit: int) -> Device:
    """Q1-01 .. on quay link 1, L1-01 .. on the lighting link."""
    _, place, number = link.split("-")
    own = f"{place[0].upper()}{number}-{unit:02d}"
    spec = DeviceSpec(own, link, unit, kind, 5.0)
    return Device(own, f"{place.title()} {unit}", area, spec, "grid", None, None, 500.0)
