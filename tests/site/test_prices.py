"""Prices and carbon by moment, in the site's zone, through both changes of the clocks; dusk and dawn."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_console.site.model import Site
from energy_console.site.prices import NoTariff, billing_month, local_day, price_at, price_curve, tariff_on
from energy_console.site.sun import dusk_and_dawn, nights


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("moment", "price"),
    [
        ("2026-11-23T17:00+01:00", 0.248),
        ("2026-11-23T16:59:59+01:00", 0.158),
        ("2026-11-23T20:00+01:00", 0.161),
        ("2026-11-22T18:00+01:00", 0.193),  # Sunday
        ("2026-07-01T12:00+02:00", 0.041),
        ("2026-07-01T23:59+02:00", 0.122),
    ],
)
def test_the_price_follows_day_and_hour_of_the_site(demo, moment, price):
    assert price_at(demo, utc(moment)).import_eur_per_kwh == price


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        ("2026-09-30T21:59+00:00", "Summer 2026"),  # 23:59 at the site
        ("2026-09-30T22:00+00:00", "Winter 2026/27"),
        ("2024-01-01T00:00+00:00", "Winter 2025/26"),  # before any: the first
    ],
)
def test_the_tariff_changes_at_local_midnight(demo, moment, name):
    assert tariff_on(demo, utc(moment)).name == name


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_a_local_day_has_23_24_or_25_hours(demo, day, hours):
    start, end = local_day(demo, utc(f"{day}T12:00+00:00"))
    assert end - start == dt.timedelta(hours=hours)
    assert start.astimezone(demo.place.zone).isoformat().startswith(f"{day}T00:00")


def test_the_billing_month_is_the_month_of_the_site(demo):
    start, end = billing_month(demo, utc("2026-10-31T23:30+00:00"))  # 1 November at the site
    assert (start, end) == (utc("2026-11-01T00:00+01:00"), utc("2026-12-01T00:00+01:00"))
    start, end = billing_month(demo, utc("2026-10-15T12:00+00:00"))
    assert end - start == dt.timedelta(days=31, hours=1)


@settings(max_examples=25, deadline=None)
@given(
    hours=st.integers(-60, 60),
    minute=st.integers(0, 59),
    change=st.sampled_from(("2026-03-29T01:00+00:00", "2026-10-25T01:00+00:00", "2026-09-30T22:00+00:00")),
    step_min=st.sampled_from((5, 15, 60, 100)),
)
def test_a_coarse_step_costs_what_its_minutes_cost(demo, hours, minute, change, step_min):
    start = utc(change) + dt.timedelta(hours=hours, minutes=minute)
    curve = price_curve(demo, [start, start + dt.timedelta(minutes=step_min)])
    by_minute = [price_at(demo, start + dt.timedelta(minutes=m, seconds=1)).import_eur_per_kwh for m in range(step_min)]
    assert curve.import_eur_per_kwh[0] == pytest.approx(np.mean(by_minute), rel=1e-9)


def test_steps_of_different_length_each_get_their_own_mean(demo):
    edges = [utc("2026-11-23T16:50+01:00"), utc("2026-11-23T16:55+01:00"), utc("2026-11-23T17:10+01:00")]
    curve = price_curve(demo, edges)
    assert curve.import_eur_per_kwh == pytest.approx([0.158, (5 * 0.158 + 10 * 0.248) / 15])
    assert curve.carbon_kg_per_kwh == pytest.approx([0.284, (5 * 0.284 + 10 * 0.321) / 15])


def test_edges_that_do_not_rise_are_refused(demo):
    now = utc("2026-11-23T16:50+01:00")
    with pytest.raises(ValueError, match="rise"):
        price_curve(demo, [now, now])


def test_a_site_without_tariff_says_so(demo):
    bare: Site = replace(demo, tariffs=())
    with pytest.raises(NoTariff, match="Merwemonde"):
        price_at(bare, utc("2026-11-23T16:50+01:00"))


def test_every_night_of_a_year_lies_between_two_days(demo):
    found = nights(demo.place, utc("2026-01-01T00:00+01:00"), utc("2027-01-01T00:00+01:00"))
    assert len(found) == 366  # the nights that touch the year: one begins before it
    assert all(dusk < dawn for dusk, dawn in found)
    assert all(first[1] < second[0] for first, second in itertools.pairwise(found))


def test_lamps_burn_from_a_november_afternoon_to_the_morning(demo):
    night = dusk_and_dawn(demo.place, utc("2026-11-22T22:00+01:00"))
    assert night is not None
    dusk, dawn = (moment.astimezone(demo.place.zone) for moment in night)
    assert dt.time(16, 30) < dusk.time() < dt.time(17, 30)
    assert dt.time(7, 15) < dawn.time() < dt.time(8, 15)
