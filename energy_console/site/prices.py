"""What energy costs and emits at a moment, by the tariff in force on that local day."""

from __future__ import annotations

import datetime as dt

from energy_console.site.model import PricePeriod, Site, Tariff


def tariff_on(site: Site, moment: dt.datetime) -> Tariff:
    """The newest tariff that is valid on the local day of an aware time; the oldest one before any is."""
    day = moment.astimezone(site.place.zone).date()
    ordered = sorted(site.tariffs, key=lambda tariff: tariff.valid_from)
    valid = [tariff for tariff in ordered if tariff.valid_from <= day]
    return valid[-1] if valid else ordered[0]


def price_at(site: Site, moment: dt.datetime) -> PricePeriod:
    """The price period that an aware time lies in; a checked site has exactly one for every hour of the week."""
    local = moment.astimezone(site.place.zone)
    hour = local.hour + local.minute / 60.0 + local.second / 3600.0
    periods = tariff_on(site, moment).periods
    return next(p for p in periods if local.weekday() in p.days and p.start_hour <= hour < p.end_hour)


def carbon_kg_per_kwh(site: Site, moment: dt.datetime) -> float:
    """Carbon intensity of grid power in the local hour of an aware time, kg/kWh."""
    return site.carbon.grid_kg_per_kwh[moment.astimezone(site.place.zone).hour]
