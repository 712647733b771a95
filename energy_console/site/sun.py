"""Sun over the site: where it stands, when lamps burn. Positions by astral, after Meeus, Astronomical Algorithms."""

from __future__ import annotations

import datetime as dt
import math

import astral
import astral.sun

from energy_console.site.model import Place

LAMPS_ON_DEG = -3.2  # sun at about 35 lx from the sky, where a photocell switches on [M]
QUIET_FROM_H, QUIET_TO_H = 23.5, 5.5  # local hours in which the night level is wanted [M]


def elevation_deg(place: Place, moment: dt.datetime) -> float:
    """Elevation of the sun above the horizon at an aware time, degrees, with refraction."""
    return float(astral.sun.elevation(_observer(place), moment))


def dusk_and_dawn(place: Place, moment: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """When lamps switch on and off around a moment: of the night that it lies in, or else of the next one (UTC).

    None where the sun does not pass that depth on these days, near the poles.
    """
    local = moment.astimezone(place.zone).date()
    for day in (local - dt.timedelta(days=1), local, local + dt.timedelta(days=1)):
        night = _night_from(place, day)
        if night is None:
            return None
        if moment < night[1]:
            return night
    return None


def nights(place: Place, start: dt.datetime, end: dt.datetime) -> tuple[tuple[dt.datetime, dt.datetime], ...]:
    """Dusk and dawn (UTC) of every night of lamps that touches [start, end), in order."""
    day = start.astimezone(place.zone).date() - dt.timedelta(days=1)
    found: list[tuple[dt.datetime, dt.datetime]] = []
    while day <= end.astimezone(place.zone).date():
        night = _night_from(place, day)
        if night is not None and night[0] < end and night[1] > start:
            found.append(night)
        day += dt.timedelta(days=1)
    return tuple(found)


def is_quiet_hour(hour: float) -> bool:
    """Whether the night level is wanted at a local hour 0..24."""
    return hour >= QUIET_FROM_H or hour < QUIET_TO_H


def _night_from(place: Place, day: dt.date) -> tuple[dt.datetime, dt.datetime] | None:
    observer = _observer(place)
    try:
        dusk = astral.sun.time_at_elevation(
            observer, LAMPS_ON_DEG, day, astral.SunDirection.SETTING, place.zone, with_refraction=True
        )
        dawn = astral.sun.time_at_elevation(
            observer, LAMPS_ON_DEG, day + dt.timedelta(days=1), astral.SunDirection.RISING, place.zone
        )
    except ValueError:
        return None
    return dusk.astimezone(dt.UTC), dawn.astimezone(dt.UTC)


def _observer(place: Place) -> astral.Observer:
    if not (math.isfinite(place.latitude_deg) and math.isfinite(place.longitude_deg)):
        raise ValueError(f"{place.name} has no position")
    return astral.Observer(place.latitude_deg, place.longitude_deg)
