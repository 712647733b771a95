"""What the plan has to know of now and of before: gathered from the newest values and the store, off the GUI thread."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.planning.forecasting.calendar import QUARTER_NS
from energy_console.planning.forecasting.early import Past
from energy_console.planning.forecasting.learning import LEARNT_DAYS
from energy_console.site.model import ChargeBooking, Site
from energy_console.site.prices import billing_month
from hardware.points import Quality, quality_of

NOTHING = Past(np.array([], np.int64), np.array([]))


@dataclass(frozen=True, slots=True)
class Measured:
    """A snapshot. A point that is not usable now is missing from `latest`; nothing here is a zero by default."""

    now: dt.datetime
    latest: Mapping[str, float]  # by point id
    past: Mapping[str, Past]  # power by quarter hours, by point id
    delivered_kwh: Mapping[str, float]  # by booking id, of those that are there now; missing where nobody knows
    month_peak_kw: float  # highest quarter-hour mean at the connection in this calendar month

    def value(self, point: str) -> float:
        """Newest usable value of a point, NaN where there is none."""
        return self.latest.get(point, math.nan)


def measure(
    site: Site,
    live: LiveTable,
    historian: Historian,
    now: dt.datetime,
    bookings: Iterable[ChargeBooking],
    days: int = LEARNT_DAYS,
) -> Measured:
    """Newest values, and `days` of past of what is forecast. Reads the store: blocks, so never on the GUI thread.

    Raises what the store raises.
    """
    latest = {
        point.id: float(value)
        for point, value, status in zip(live.points, live.value, live.status, strict=True)
        if quality_of(status) is not Quality.BAD and math.isfinite(value)
    }
    powers = [f"{load.device}/power_kw" for load in site.loads]
    powers += [f"{plant.device}/generation_kw" for plant in site.plants]
    past = {point: _past(historian, point, now, days) for point in powers if site.has_point(point)}
    chargers = {charger.id: charger.device for charger in site.chargers}
    delivered = {
        booking.id: _delivered_kwh(historian, latest, f"{chargers[booking.charger]}/energy_import_kwh", booking)
        for booking in bookings
        if booking.arrives <= now < booking.departs and booking.charger in chargers
    }
    known = {name: kwh for name, kwh in delivered.items() if math.isfinite(kwh)}
    return Measured(now, latest, past, known, _month_peak_kw(site, historian, now))


def _past(historian: Historian, point: str, now: dt.datetime, days: float) -> Past:
    end_ns = _ns(now) // QUARTER_NS * QUARTER_NS
    count = int(days * 96)
    buckets = historian.buckets(point, end_ns - count * QUARTER_NS, end_ns, count)
    return Past(buckets.time_ns, buckets.mean)


def _delivered_kwh(historian: Historian, latest: Mapping[str, float], counter: str, booking: ChargeBooking) -> float:
    """Counter now less counter at arrival; NaN where either is unknown."""
    now_kwh = latest.get(counter, math.nan)
    arrived_ns = _ns(booking.arrives)
    since = historian.buckets(counter, arrived_ns, arrived_ns + 4 * QUARTER_NS, 60)
    usable = since.first[np.isfinite(since.first)]
    if not len(usable) or not math.isfinite(now_kwh):
        return math.nan
    return max(0.0, now_kwh - float(usable[0]))


def _month_peak_kw(site: Site, historian: Historian, now: dt.datetime) -> float:
    meter = site.root.meter
    if meter is None:
        return 0.0
    first, _ = billing_month(site, now)
    past = _past(historian, meter, now, (now - first) / dt.timedelta(days=1))
    usable = past.mean_kw[np.isfinite(past.mean_kw)]
    return max(0.0, float(usable.max())) if len(usable) else 0.0


def _ns(moment: dt.datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000
