"""When it is night at a place, for the bands behind plots."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from astral import Observer
from astral.sun import sun

from energy_console.site.model import Place

_MOST_DAYS = 40  # beyond it the bands are narrower than what they would help to read


def nights(place: Place, start_s: float, end_s: float) -> tuple[tuple[float, float], ...]:
    """Spans from sunset to sunrise that touch a window, UTC seconds; none if it is longer than 40 days."""
    if end_s - start_s > _MOST_DAYS * 86_400:
        return ()
    day = dt.datetime.fromtimestamp(start_s, place.zone).date() - dt.timedelta(days=1)
    last = dt.datetime.fromtimestamp(end_s, place.zone).date()
    found: list[tuple[float, float]] = []
    while day <= last:
        set_s, rise_s = _night_after(place.latitude_deg, place.longitude_deg, day, place.zone)
        if set_s is not None and rise_s is not None and rise_s > start_s and set_s < end_s:
            found.append((set_s, rise_s))
        day += dt.timedelta(days=1)
    return tuple(found)


@lru_cache(maxsize=512)
def _night_after(latitude: float, longitude: float, day: dt.date, zone: dt.tzinfo) -> tuple[float | None, float | None]:
    """Sunset of a day and sunrise of the next; None where the sun does not set or rise (polar day and night)."""
    observer = Observer(latitude, longitude)
    try:
        set_s = sun(observer, day, tzinfo=zone)["sunset"].timestamp()
        rise_s = sun(observer, day + dt.timedelta(days=1), tzinfo=zone)["sunrise"].timestamp()
    except ValueError:
        return None, None
    return set_s, rise_s
