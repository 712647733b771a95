"""Ship calls and charging sessions of any days, made from the site's weekly timetables.

People keep timetables by the wall clock, so a line means the same local time the whole year round. What never happens
to the minute in life does not here either: arrival, departure, load and energy stray a little, decided by the name of
the line and its day alone, so that everyone who asks for the same day gets the same calls.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from energy_console.site.model import CallSlot, ChargeBooking, Charger, SessionSlot, ShipCall, Site

STRAY_MIN = 12  # of an arrival or departure, either way; two lines keep 30 min apart (`rules.LEAST_GAP_H`)
STRAY_LOAD = 0.05
STRAY_ENERGY = 0.08


@dataclass(frozen=True, slots=True)
class Stray:
    """How far one day's visit is off its line: each figure from -1 to 1."""

    arrival: float
    departure: float
    size: float


def ship_calls(site: Site, start: dt.datetime, end: dt.datetime) -> tuple[ShipCall, ...]:
    """Every call at berth at some time in [start, end), by arrival. Raises ValueError for times without a zone."""
    found = [
        ShipCall(
            id=f"{slot.id}.{day:%Y%m%d}",
            ship=slot.ship,
            kind=slot.kind,
            length_m=slot.length_m,
            points=slot.points,
            station=slot.station,
            arrives=arrives,
            leaves=leaves,
            hotel_kw=round(slot.hotel_kw * (1 + STRAY_LOAD * stray.size), 1),
            engine_tier=slot.engine_tier,
        )
        for slot in site.call_timetable
        for day, arrives, leaves, stray in _visits(site, slot, start, end, punctual=False)
    ]
    return tuple(sorted(found, key=lambda call: (call.arrives, call.id)))


def bookings(site: Site, start: dt.datetime, end: dt.datetime) -> tuple[ChargeBooking, ...]:
    """Every session that is plugged in at some time in [start, end), by arrival. Raises ValueError without a zone.

    A vehicle that must be ready (`required`) leaves on the minute. No session asks for more than 95 % of what its
    charger can bring in the time.
    """
    chargers = {charger.id: charger for charger in site.chargers}
    found = [
        ChargeBooking(
            id=f"{slot.id}.{day:%Y%m%d}",
            charger=slot.charger,
            vehicle=slot.vehicle,
            arrives=arrives,
            departs=departs,
            energy_kwh=_energy_kwh(slot, chargers, stray, departs - arrives),
            required=slot.required,
        )
        for slot in site.session_timetable
        for day, arrives, departs, stray in _visits(site, slot, start, end, punctual=slot.required)
    ]
    return tuple(sorted(found, key=lambda booking: (booking.arrives, booking.id)))


def utc_of_wall_clock(wall: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The moment at which clocks of `zone` show `wall` (without zone); never runs backwards.

    In the hour that comes twice it is the first; the hour that spring leaves out is its one moment of change.
    """
    before, after = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    moment = before.astimezone(dt.UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    early, late = after.astimezone(dt.UTC), moment
    offset = early.astimezone(zone).utcoffset()
    while late - early > dt.timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _visits(
    site: Site, slot: CallSlot | SessionSlot, start: dt.datetime, end: dt.datetime, punctual: bool
) -> Iterator[tuple[dt.date, dt.datetime, dt.datetime, Stray]]:
    """Day, arrival and departure (UTC) of every visit of one line that touches [start, end)."""
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("a timetable needs times with a zone")
    zone = site.place.zone
    slack = dt.timedelta(hours=slot.stays_h + 26)  # the stay, a day's rest, the change of clocks and the stray
    day = (start.astimezone(zone) - slack).date()
    last = (end.astimezone(zone) + dt.timedelta(hours=2)).date()
    while day <= last:
        if day.weekday() in slot.days:
            arrives, leaves, stray = _visit(site.id, zone, slot, day, punctual)
            if arrives < leaves and arrives < end and leaves > start and _in_force(slot, arrives):
                yield day, arrives, leaves, stray
        day += dt.timedelta(days=1)


def _visit(
    site_id: str, zone: ZoneInfo, slot: CallSlot | SessionSlot, day: dt.date, punctual: bool
) -> tuple[dt.datetime, dt.datetime, Stray]:
    stray = _stray(f"{site_id}/{slot.id}/{day:%Y%m%d}")
    midnight = dt.datetime.combine(day, dt.time())
    arrival = midnight + dt.timedelta(minutes=round(slot.arrives_h * 60 + STRAY_MIN * stray.arrival))
    late_min = 0.0 if punctual else STRAY_MIN * stray.departure
    departure = midnight + dt.timedelta(minutes=round((slot.arrives_h + slot.stays_h) * 60 + late_min))
    return utc_of_wall_clock(arrival, zone), utc_of_wall_clock(departure, zone), stray


def _stray(name: str) -> Stray:
    digest = hashlib.sha256(name.encode()).digest()
    parts = (int.from_bytes(digest[2 * k : 2 * k + 2], "big") / 32767.5 - 1 for k in range(3))
    return Stray(*parts)


def _in_force(slot: CallSlot | SessionSlot, arrives: dt.datetime) -> bool:
    return (slot.starts is None or arrives >= slot.starts) and (slot.ends is None or arrives < slot.ends)


def _energy_kwh(slot: SessionSlot, chargers: Mapping[str, Charger], stray: Stray, stay: dt.timedelta) -> float:
    wanted = slot.energy_kwh * (1 + STRAY_ENERGY * stray.size)
    possible = 0.95 * chargers[slot.charger].max_kw * stay.total_seconds() / 3600
    return round(min(wanted, possible), 1)
