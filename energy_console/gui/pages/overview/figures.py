"""What the five key figures say, from the store's hours and the newest values. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from energy_console.historian.interface import Buckets, Historian
from energy_console.live.power_stack import Stack, measured_stack, net_point, points_of
from energy_console.site.model import Site
from energy_console.site.prices import billing_month, carbon_kg_per_kwh, local_day, price_at
from hardware.points import Float64Array, Reason

SECOND_NS = 1_000_000_000
PAST_H, SPAN_S = 6, 60
HOUR_NS = 3600 * SECOND_NS
USUAL_DAYS = 7
LEAST_DAYS = 3  # below this a normal range would be a guess


@dataclass(frozen=True, slots=True, eq=False)
class Behind:
    """What the store knows, asked for at one moment; NaN where it knows nothing."""

    moment: dt.datetime
    stack: Stack  # the last hours, by the minute
    today_kwh: float
    today_eur: float
    today_kg: float
    own_today_kwh: float
    used_today_kwh: float
    month_peak_kw: float
    normal_kw: tuple[float, float] | None  # of the import at this time of day
    curves: Mapping[str, Float64Array]  # by point id, on the steps of the stack
    simulated_until_s: float  # before this the import was made by a model, not measured; 0 where it never was


def look_behind(site: Site, historian: Historian, moment: dt.datetime, also: Sequence[str] = ()) -> Behind:
    """Reads the store: blocks. `also`: points whose curves are wanted beside those of the stack. Raises StoreError."""
    start = moment - dt.timedelta(hours=PAST_H)
    first_ns = int(start.timestamp()) // SPAN_S * SPAN_S * SECOND_NS
    count = PAST_H * 3600 // SPAN_S
    edges_s = first_ns / SECOND_NS + SPAN_S * np.arange(count + 1, dtype=float)
    end_ns = first_ns + count * SPAN_S * SECOND_NS
    wanted = dict.fromkeys((*points_of(site), *(point for point in also if site.has_point(point))))
    spans = {point: historian.spans(point, first_ns, end_ns, SPAN_S * SECOND_NS) for point in wanted}
    means = {point: _placed(found, first_ns, count) for point, found in spans.items()}
    day_start, _ = local_day(site, moment)
    kwh, eur, kg = _today(site, historian, day_start, moment)
    return Behind(
        moment,
        measured_stack(site, edges_s, means),
        kwh,
        eur,
        kg,
        _energy_kwh(historian, site, "site/generation_kw", day_start, moment),
        _energy_kwh(historian, site, "site/consumption_kw", day_start, moment),
        _month_peak_kw(site, historian, moment),
        _normal_kw(site, historian, moment),
        means,
        _simulated_until_s(spans.get(net_point(site))),
    )


def _simulated_until_s(spans: Buckets | None) -> float:
    if spans is None:
        return 0.0
    simulated = spans.time_ns[(spans.status >> 8) == int(Reason.SIMULATED)]
    return float(simulated[-1] + spans.every_ns) / SECOND_NS if len(simulated) else 0.0


def _placed(buckets: Buckets, first_ns: int, count: int) -> Float64Array:
    """Means on their places; a span without a reading takes the one up to 6 min before, else it is a gap.

    A past that was kept every five minutes is a curve, not a row of dots.
    """
    values = np.full(count, np.nan)
    place = (buckets.time_ns - first_ns) // buckets.every_ns
    inside = (place >= 0) & (place < count)
    values[place[inside]] = buckets.mean[inside]
    known = np.flatnonzero(np.isfinite(values))
    if len(known):
        before = np.searchsorted(known, np.arange(count), side="right") - 1
        age = np.arange(count) - known[np.maximum(before, 0)]
        fill = (before >= 0) & (age > 0) & (age <= 6)
        values[fill] = values[known[before[fill]]]
    return values


def _today(site: Site, historian: Historian, start: dt.datetime, moment: dt.datetime) -> tuple[float, float, float]:
    """Imported energy since local midnight, what it costs and emits, hour by hour at that hour's price."""
    hours = _hours(historian, net_point(site), start, moment)
    if hours is None:
        return math.nan, math.nan, math.nan
    moments = [dt.datetime.fromtimestamp(ns / 1e9, dt.UTC) for ns in hours.time_ns]
    kwh = np.nan_to_num(hours.integral_h)
    eur = sum(e * price_at(site, m).import_eur_per_kwh for e, m in zip(kwh, moments, strict=True))
    kg = sum(e * carbon_kg_per_kwh(site, m) for e, m in zip(kwh, moments, strict=True))
    return float(kwh.sum()), float(eur), float(kg)


def _energy_kwh(historian: Historian, site: Site, point: str, start: dt.datetime, moment: dt.datetime) -> float:
    hours = _hours(historian, point, start, moment) if site.has_point(point) else None
    return math.nan if hours is None else float(np.nansum(hours.integral_h))


def _hours(historian: Historian, point: str, start: dt.datetime, moment: dt.datetime) -> Buckets | None:
    if not point or moment <= start:
        return None
    spans = historian.spans(point, int(start.timestamp()) * SECOND_NS, int(moment.timestamp()) * SECOND_NS, HOUR_NS)
    return spans if len(spans.time_ns) else None


def _month_peak_kw(site: Site, historian: Historian, moment: dt.datetime) -> float:
    point = net_point(site)
    if not point:
        return math.nan
    start, _ = billing_month(site, moment)
    quarters = historian.spans(
        point, int(start.timestamp()) * SECOND_NS, int(moment.timestamp()) * SECOND_NS, HOUR_NS // 4
    )
    usable = quarters.mean[np.isfinite(quarters.mean)]
    return float(usable.max()) if len(usable) else math.nan


def _normal_kw(site: Site, historian: Historian, moment: dt.datetime) -> tuple[float, float] | None:
    """Lowest and highest hourly mean at this time of day over the last days; None before there are enough of them."""
    point = net_point(site)
    if not point:
        return None
    found = []
    for days in range(1, USUAL_DAYS + 1):
        middle = int((moment - dt.timedelta(days=days)).timestamp()) * SECOND_NS
        hour = historian.spans(point, middle - HOUR_NS // 2, middle + HOUR_NS // 2, HOUR_NS)
        found += [float(mean) for mean in hour.mean if math.isfinite(mean)]
    return (min(found), max(found)) if len(found) >= LEAST_DAYS else None
