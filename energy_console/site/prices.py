"""What energy costs and emits at a moment: the tariff in force, prices and carbon per step, the billing month."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_console.site.model import PricePeriod, Site, Tariff
from energy_console.site.timetable import utc_of_wall_clock
from energy_console.site.told_prices import CARBON, EXPORT, IMPORT, ToldPrices
from hardware.points import Float64Array


class NoTariff(Exception):
    """The site has no tariff at all."""


@dataclass(frozen=True, slots=True)
class PriceCurve:
    """Means over consecutive steps, all of equal length."""

    import_eur_per_kwh: Float64Array
    export_eur_per_kwh: Float64Array
    carbon_kg_per_kwh: Float64Array


def tariff_on(site: Site, moment: dt.datetime) -> Tariff:
    """The newest tariff valid at `moment`, by the site's days; before the first one, the first. Raises NoTariff."""
    if not site.tariffs:
        raise NoTariff(f"Site {site.name} has no tariff; add one to its site.toml.")
    day = moment.astimezone(site.place.zone).date()
    valid = [tariff for tariff in site.tariffs if tariff.valid_from <= day]
    return max(valid, key=lambda tariff: tariff.valid_from) if valid else site.tariffs[0]


def price_at(site: Site, moment: dt.datetime) -> PricePeriod:
    """The price period in force at `moment`. Raises NoTariff."""
    local = moment.astimezone(site.place.zone)
    hour = local.hour + local.minute / 60 + local.second / 3600
    for period in tariff_on(site, moment).periods:
        if local.weekday() in period.days and period.start_hour <= hour < period.end_hour:
            return period
    raise NoTariff(f"The tariff of {site.name} has no price at {local:%A %H:%M}; let its periods cover the week.")


def carbon_kg_per_kwh(site: Site, moment: dt.datetime) -> float:
    """Carbon intensity of grid power, kg/kWh, by the hour of the site's day."""
    return site.carbon.grid_kg_per_kwh[moment.astimezone(site.place.zone).hour]


def price_curve(site: Site, edges: Sequence[dt.datetime], told: ToldPrices | None = None) -> PriceCurve:
    """Mean prices and carbon over the steps between neighbouring `edges` (n + 1 aware times, rising: n steps).

    What `told` tells of a whole step goes before the tariff; export never pays more than import costs.

    Raises NoTariff, and ValueError if the edges do not rise.
    """
    if any(later <= earlier for earlier, later in itertools.pairwise(edges)):
        raise ValueError("the edges of a price curve must rise")
    rows = [_mean(site, start, end) for start, end in itertools.pairwise(edges)]
    columns = np.array(rows, np.float64).reshape(-1, 3).T
    if told is not None:
        edges_ns = np.array([int(edge.timestamp()) for edge in edges], np.int64) * 1_000_000_000
        for row, column in enumerate((IMPORT, EXPORT, CARBON)):
            means = told.over(column, edges_ns)
            columns[row] = np.where(np.isfinite(means), means, columns[row])
        columns[1] = np.minimum(columns[1], columns[0])
    return PriceCurve(columns[0].copy(), columns[1].copy(), columns[2].copy())


def billing_month(site: Site, moment: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Start and end (UTC) of the month, in the site's zone, whose highest quarter hour is charged."""
    day = moment.astimezone(site.place.zone).date().replace(day=1)
    after = (day + dt.timedelta(days=32)).replace(day=1)
    zone = site.place.zone
    start, end = (utc_of_wall_clock(dt.datetime.combine(first, dt.time()), zone) for first in (day, after))
    return start, end


def local_day(site: Site, moment: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Start and end (UTC) of the day of the site around `moment`: 23, 24 or 25 hours."""
    day = moment.astimezone(site.place.zone).date()
    zone = site.place.zone
    start, end = (
        utc_of_wall_clock(dt.datetime.combine(date, dt.time()), zone) for date in (day, day + dt.timedelta(days=1))
    )
    return start, end


def _mean(site: Site, start: dt.datetime, end: dt.datetime) -> tuple[float, float, float]:
    """Time-weighted means over one step; prices change on whole minutes of the site's clock."""
    total = np.zeros(3)
    moment = start
    while moment < end:
        until = min(_next_change(site, moment), end)
        price = price_at(site, moment)
        figures = (price.import_eur_per_kwh, price.export_eur_per_kwh, carbon_kg_per_kwh(site, moment))
        total += np.array(figures) * (until - moment).total_seconds()
        moment = until
    mean = total / (end - start).total_seconds()
    return float(mean[0]), float(mean[1]), float(mean[2])


def _next_change(site: Site, moment: dt.datetime) -> dt.datetime:
    """The next moment at which a price or the carbon figure may change: the hour, or a period's own minute."""
    local = moment.astimezone(site.place.zone)
    hour = local.replace(minute=0, second=0, microsecond=0)
    passed = local - hour
    marks = {round(period.end_hour * 60) % 60 for period in tariff_on(site, moment).periods}
    steps = [dt.timedelta(minutes=mark) for mark in (*marks, 60) if dt.timedelta(minutes=mark) > passed]
    return moment + (min(steps) - passed)
