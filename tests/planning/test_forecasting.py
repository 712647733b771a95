"""Learnt forecasts: what they know, what they must not know, and bands that hold what they promise."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_console.planning.forecasting.backtest import LAST_WEEK, METHODS, OURS, PERSISTENCE, back_test
from energy_console.planning.forecasting.calendar import QUARTER_NS, SATURDAY, SUNDAY, WORKING, slots_of
from energy_console.planning.forecasting.early import Past, clear_sky_share
from energy_console.planning.forecasting.learning import Series, foresee, learn
from energy_console.planning.forecasting.outlook import Outlook
from energy_console.site.model import Load, Place, Plant
from energy_console.site.sun import elevation_deg
from energy_console.site.weather import Weather

ZONE = ZoneInfo("Europe/Amsterdam")
HERE = Place("Here", 51.9, 4.3, ZONE, "NL")
OFFICE = Load("B", "Office", "B", "N", "offices", 0.0)
START = int(dt.datetime(2026, 9, 1, tzinfo=dt.UTC).timestamp()) * 10**9
DAY = 96


def times(count, start=START):
    return start + QUARTER_NS * np.arange(count, dtype=np.int64)


def noise(count, memory=0.97, size=10.0, seed=3):
    """Unusual weather: a random walk that fades."""
    shocks = np.random.default_rng(seed).normal(0.0, size, count)
    found = np.empty(count)
    level = 0.0
    for place, shock in enumerate(shocks):
        found[place] = level = memory * level + (1 - memory**2) ** 0.5 * shock
    return found


def office(count, **more):
    """A building: 40 kW, 60 more on working days from 8 to 18, and something unusual on top."""
    slots = slots_of(times(count), ZONE, "NL")
    at_work = (slots.kind == WORKING) & (slots.quarter >= 32) & (slots.quarter < 72)
    return 40.0 + 60.0 * at_work + noise(count, **more)


def series(value, ahead=2 * DAY, known=()):
    return Series(value, slots_of(times(len(value) + ahead), ZONE, "NL"), known)


def test_a_public_holiday_counts_as_a_sunday_where_the_country_is_known():
    christmas = np.array([int(dt.datetime(2026, 12, 25, 12, tzinfo=ZONE).timestamp()) * 10**9])  # a Friday
    assert slots_of(christmas, ZONE, "NL").kind[0] == SUNDAY
    assert slots_of(christmas, ZONE).kind[0] == WORKING
    fair_day = np.array([int(dt.datetime(2026, 10, 31, 12, tzinfo=ZONE).timestamp()) * 10**9])  # Reformation Day
    assert slots_of(fair_day, ZONE, "DE-NI").kind[0] == SUNDAY
    assert slots_of(fair_day, ZONE, "DE-BY").kind[0] == SATURDAY


def test_the_slots_of_a_day_follow_the_clock_through_its_change():
    night = np.array([int(dt.datetime(2026, 10, 25, h, 30, tzinfo=dt.UTC).timestamp()) * 10**9 for h in (0, 1, 2)])
    assert slots_of(night, ZONE).quarter.tolist() == [10, 10, 14]  # 2:30, 2:30 again, 3:30
    assert len(set(slots_of(night, ZONE).day.tolist())) == 1


def test_a_forecast_is_nearer_than_persistence_and_than_last_week_and_its_band_is_honest():
    result = back_test(series(office(70 * DAY)), days=21)
    assert result is not None
    assert [score.method for score in result.scores] == list(METHODS)
    ours = result.score(OURS)
    assert ours.mean_error < 0.8 * result.score(LAST_WEEK).mean_error
    assert ours.mean_error < 0.5 * result.score(PERSISTENCE).mean_error
    assert 0.7 < ours.covered < 0.9
    assert abs(ours.bias) < 0.1 * result.mean_size


def test_a_band_that_is_told_too_narrow_is_seen_by_the_back_test():
    """The share covered is measured, not taken from the band."""
    value = office(40 * DAY)
    value[-10 * DAY :] += np.random.default_rng(1).normal(0.0, 200.0, 10 * DAY)  # nobody could have learnt that
    result = back_test(series(value), days=8)
    assert result is not None
    assert result.score(OURS).covered < 0.6


def test_what_will_be_is_not_looked_at():
    value = office(40 * DAY)
    until = 30 * DAY + 17
    other = value.copy()
    other[until:] = 1e6
    for one, two in zip(
        *(
            (lambda band: (band.low, band.expected, band.high))(foresee(s, learn(s), 2 * DAY))
            for s in (replace(series(value), value=value[:until]), replace(series(other), value=other[:until]))
        ),
        strict=True,
    ):
        assert one.tolist() == two.tolist()
    tried = back_test(series(value[:until]), days=5)
    assert tried is not None
    assert tried.score(OURS).mean_error < 30.0


def test_weather_known_ahead_makes_a_forecast_nearer():
    cold = noise(50 * DAY + 2 * DAY, memory=0.998, size=4.0, seed=8)
    value = office(50 * DAY, size=2.0) + 12.0 * cold[: 50 * DAY]
    blind = back_test(series(value), days=14)
    told = back_test(series(value, known=(cold,)), days=14)
    assert blind is not None
    assert told is not None
    assert told.score(OURS).mean_error < 0.5 * blind.score(OURS).mean_error


def test_too_little_past_is_not_learnt_from_and_gaps_are_no_zeros():
    assert learn(series(office(6 * DAY))) is None
    value = office(30 * DAY)
    whole = series(value)
    value = value.copy()
    value[5 * DAY : 7 * DAY] = np.nan
    gappy = series(value)
    ours, gaps = foresee(whole, learn(whole), DAY), foresee(gappy, learn(gappy), DAY)
    assert np.abs(ours.expected - gaps.expected).max() < 15.0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.5), st.integers(9, 20), st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
def test_a_band_is_finite_and_in_order_whatever_the_past(seed, missing, days, size, level):
    random = np.random.default_rng(seed)
    value = level + size * random.normal(size=days * DAY)
    value[random.random(len(value)) < missing] = np.nan
    past = series(value)
    learnt = learn(past)
    assert learnt is not None
    band = foresee(past, learnt, 2 * DAY)
    assert all(np.isfinite(edge).all() for edge in (band.low, band.expected, band.high))
    assert (band.low <= band.expected).all()
    assert (band.expected <= band.high).all()


def test_a_roof_is_forecast_from_how_clear_the_days_were_and_dark_at_night():
    count = 20 * DAY
    elevation = np.array([elevation_deg(HERE, dt.datetime.fromtimestamp(t / 1e9 + 450, dt.UTC)) for t in times(count)])
    roof = Plant("PV", "Roof", "PV", "N", "solar", 100.0, 10.0, 180.0, 0.0)
    past = Past(times(count), 60.0 * clear_sky_share(elevation))
    steps = times(DAY, START + count * QUARTER_NS)
    band = Outlook(HERE, steps).plant(roof, past, float("nan"))
    later = np.array([elevation_deg(HERE, dt.datetime.fromtimestamp(t / 1e9 + 450, dt.UTC)) for t in steps])
    assert band.expected == pytest.approx(60.0 * clear_sky_share(later), rel=0.05, abs=0.5)
    assert not band.high[later < 0].any()


def test_a_turbine_is_forecast_by_the_wind_that_is_told_and_never_beyond_its_rating():
    count = 30 * DAY
    wind = 7.0 + 3.0 * np.sin(np.arange(count + DAY) / 37.0)
    turbine = Plant("W", "Turbine", "W", "N", "wind", 2000.0, 0.0, 0.0, 90.0)
    power = 2000.0 * np.minimum(wind / 12.0, 1.0) ** 3
    weather = Weather(times(count + DAY), dict.fromkeys(("wind_m_s", "temperature_c", "irradiance_w_m2"), wind))
    steps = times(DAY, START + count * QUARTER_NS)
    band = Outlook(HERE, steps, weather).plant(turbine, Past(times(count), power[:count]), float("nan"))
    assert np.abs(band.expected - power[count:]).mean() < 40.0
    assert band.high.max() <= 2000.0


def test_weather_that_does_not_reach_ahead_is_left_out():
    count = 30 * DAY
    value = office(count)
    short = Weather(times(count), {k: np.zeros(count) for k in ("wind_m_s", "temperature_c", "irradiance_w_m2")})
    steps = times(DAY, START + count * QUARTER_NS)
    blind = Outlook(HERE, steps).load(OFFICE, Past(times(count), value), 0.0)
    told = Outlook(HERE, steps, short).load(OFFICE, Past(times(count), value), 0.0)
    assert blind.expected.tolist() == told.expected.tolist()


@pytest.mark.parametrize(("latest", "fallback", "expected"), [(70.0, 12.0, 70.0), (float("nan"), 12.0, 12.0)])
def test_a_thing_that_nobody_has_measured_has_a_wide_band(latest, fallback, expected):
    nothing = Past(np.array([], np.int64), np.array([]))
    band = Outlook(HERE, times(DAY)).load(replace(OFFICE, yearly_kwh=fallback * 8760.0), nothing, latest)
    assert (band.low[0], band.expected[0], band.high[0]) == (expected / 2, expected, 1.5 * expected)
