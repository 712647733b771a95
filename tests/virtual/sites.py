"""Small virtual sites for the tests, and a way to let time pass over them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.virtual.spec import VirtualSpec
from hardware.virtual.world import World

ZONE = ZoneInfo("Europe/Amsterdam")


def at(text: str) -> float:
    """Seconds since 1970 of a local time such as 2026-01-14T16:00."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


def field(profiles: dict[str, str], scheme: str = "tcp") -> FieldSpec:
    """One link with these devices (id -> profile), on a free port."""
    devices = [DeviceSpec(name, "link", unit, profile) for unit, (name, profile) in enumerate(profiles.items(), 1)]
    return FieldSpec((LinkSpec("link", f"{scheme}://127.0.0.1:0"),), tuple(devices))


def spec(profiles: dict[str, str], scheme: str = "tcp", **parts: object) -> VirtualSpec:
    plain = VirtualSpec("test", 51.9, 4.4, ZONE, field(profiles, scheme), seed=7)
    return replace(plain, **parts)  # type: ignore[arg-type]


def world(profiles: dict[str, str], start: str, **parts: object) -> World:
    return World(spec(profiles, **parts), at(start))


def value(played: World, point: str) -> float:
    device, _, quantity = point.partition("/")
    fleet = played.fleet_of[device]
    return float(fleet.columns[quantity][fleet.rows[device]])


def write(played: World, point: str, setpoint: float) -> None:
    device, _, quantity = point.partition("/")
    fleet = played.fleet_of[device]
    fleet.write(fleet.rows[device], quantity, setpoint)


def pass_time(played: World, seconds: float, step_s: float = 1.0) -> None:
    steps = round(seconds / step_s)
    for _ in range(steps):
        played.step(step_s, step_s)
