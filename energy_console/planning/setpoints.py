"""What the schedule in force tells the field to do now, in the words of the devices, and how well it follows. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from energy_console.planning.schedule import Schedule, ScheduledAsset
from energy_console.site.model import Charger, LightingGroup, Site
from energy_console.site.timetable import bookings

PHASE_V = 230.0
LIMIT_A, LIMIT_KW = "limit_a", "limit_kw"  # what a charger's limit is set by
LEAST_A = 6.0  # IEC 61851-1: below this a charging point offers nothing


@dataclass(frozen=True, slots=True)
class SetPoint:
    """One value to hold at one point until the next step. `asset` says whose plan it is."""

    asset: str
    kind: str  # lighting | charging
    point: str
    value: float
    power_kw: float  # planned mean over the step
    power_point: str  # where what it draws is measured


def setpoints_at(site: Site, schedule: Schedule, moment: dt.datetime, there: Mapping[str, str]) -> list[SetPoint]:
    """Set-points of lighting and charging at a moment. `there`: booking id -> charger id of vehicles that are there.

    A group that is not lit and a charger without a vehicle are left to themselves: nothing is written to them.
    """
    step = schedule.step_at(moment)
    if step is None:
        return []
    groups = {group.id: group for group in site.lighting}
    chargers = {charger.id: charger for charger in site.chargers}
    by_power = _set_by_power(site)
    found: list[SetPoint] = []
    for asset in schedule.assets:
        if asset.kind == "lighting" and asset.id in groups:
            found.extend(_light(groups[asset.id], asset, step))
        elif asset.kind == "charging" and there.get(asset.id) in chargers:
            charger = chargers[there[asset.id]]
            found.append(_charge(charger, asset, step, charger.device in by_power))
    return found


def plugged_in(site: Site, moment: dt.datetime) -> dict[str, str]:
    """Booking id -> charger id of the vehicles that are there at a moment (aware)."""
    sessions = bookings(site, moment, moment + dt.timedelta(seconds=1))
    return {booking.id: booking.charger for booking in sessions if booking.arrives <= moment}


def _light(group: LightingGroup, asset: ScheduledAsset, step: int) -> Iterator[SetPoint]:
    level = asset.setpoint[step]
    if level > 0.0:
        command, power = f"{group.device}/level_command", f"{group.device}/power_kw"
        yield SetPoint(asset.id, asset.kind, command, round(level, 3), asset.power_kw[step], power)


def _set_by_power(site: Site) -> frozenset[str]:
    """Devices of chargers that take a power for their limit, as fast chargers do, and no current."""
    types = {device.id: device.spec.profile for device in site.devices}
    names = {types[charger.device] for charger in site.chargers if charger.device in types}
    profiles = {name: site.library.profile(name) for name in names}
    powers = {name for name, found in profiles.items() if any(p.quantity == LIMIT_KW for p in found.points)}
    return frozenset(charger.device for charger in site.chargers if types.get(charger.device) in powers)


def _charge(charger: Charger, asset: ScheduledAsset, step: int, by_power: bool) -> SetPoint:
    power_kw, shown = asset.setpoint[step], f"{charger.device}/power_kw"
    quantity, value = (LIMIT_KW, kilowatts(charger, power_kw)) if by_power else (LIMIT_A, amps(charger, power_kw))
    return SetPoint(asset.id, asset.kind, f"{charger.device}/{quantity}", value, asset.power_kw[step], shown)


def kilowatts(charger: Charger, power_kw: float) -> float:
    """Power limit for a power; 0 (wait) where it is under half the least the point can offer."""
    if power_kw < charger.min_kw / 2:
        return 0.0
    return round(min(max(power_kw, charger.min_kw), charger.max_kw), 3)


def amps(charger: Charger, power_kw: float) -> float:
    """Current limit per phase for a power; 0 (wait) where it is under half the least a point can offer.

    Between half and whole the least current is given: a little early is better than a vehicle that never starts.
    """
    current = power_kw * 1000.0 / (PHASE_V * charger.phases)
    if current < LEAST_A / 2:
        return 0.0
    return round(min(max(current, LEAST_A), charger.max_kw * 1000.0 / (PHASE_V * charger.phases)), 2)


def followed_share(setpoints: list[SetPoint], measured_kw: Callable[[str], float]) -> float | None:
    """1 less the power that differs from the plan over the power planned, 0..1; None where nothing can be compared.

    A charger that draws less than it may is a vehicle that wants no more: it follows. `measured_kw` gives the newest
    usable power of a point, NaN where there is none.
    """
    planned = differing = 0.0
    for setpoint in setpoints:
        drawn = measured_kw(setpoint.power_point)
        if not math.isfinite(drawn):
            continue
        over = drawn - setpoint.power_kw
        differing += max(0.0, over) if setpoint.kind == "charging" else abs(over)
        planned += max(setpoint.power_kw, drawn)
    return None if planned <= 0.0 else max(0.0, 1.0 - differing / planned)
