import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy_console.planning.forecasting.early import Past, clear_sky_share, forecast_kw, solar_forecast_kw

ZONE = ZoneInfo("Europe/Amsterdam")
QUARTER_NS = 900 * 10**9


def days(first, count, shape):
    """A past of whole local days: `shape(local datetime)` every quarter hour."""
    start = dt.datetime.combine(first, dt.time(), ZONE).astimezone(dt.UTC)
    times = np.array([int((start + k * dt.timedelta(minutes=15)).timestamp()) * 10**9 for k in range(96 * count)])
    return Past(times, np.array([shape(dt.datetime.fromtimestamp(t / 1e9, ZONE)) for t in times]))


def steps(start, count):
    first = int(start.timestamp()) * 10**9
    return first + QUARTER_NS * np.arange(count)


def test_a_usual_day_is_forecast_as_it_was():
    past = days(dt.date(2026, 11, 9), 5, lambda t: 100.0 + t.hour)
    ahead = steps(dt.datetime(2026, 11, 16, 6, 0, tzinfo=ZONE), 48)
    forecast = forecast_kw(past, ahead, ZONE, latest_kw=106.0, fallback_kw=0.0)
    assert forecast == pytest.approx([100.0 + 6 + k // 4 for k in range(48)])


def test_what_is_unusual_now_fades_over_the_next_hours():
    past = days(dt.date(2026, 11, 9), 5, lambda t: 100.0)
    forecast = forecast_kw(past, steps(dt.datetime(2026, 11, 16, 6, 0, tzinfo=ZONE), 48), ZONE, 180.0, 0.0)
    assert forecast[0] == pytest.approx(180.0)
    assert forecast[8] == pytest.approx(100.0 + 80.0 * np.exp(-1.0))
    assert forecast[-1] == pytest.approx(100.0, abs=1.0)


def test_a_sunday_is_forecast_from_the_weekend_and_a_monday_from_working_days():
    past = days(dt.date(2026, 11, 9), 7, lambda t: 40.0 if t.weekday() >= 5 else 100.0)
    sunday = forecast_kw(past, steps(dt.datetime(2026, 11, 22, 12, 0, tzinfo=ZONE), 4), ZONE, 40.0, 0.0)
    monday = forecast_kw(past, steps(dt.datetime(2026, 11, 23, 12, 0, tzinfo=ZONE), 4), ZONE, 100.0, 0.0)
    assert (sunday[0], monday[0]) == (40.0, 100.0)


def test_the_local_hour_counts_through_the_change_of_clocks():
    past = days(dt.date(2026, 10, 19), 5, lambda t: 500.0 if t.hour == 8 else 0.0)  # summer time
    after = steps(dt.datetime(2026, 10, 26, 8, 0, tzinfo=ZONE), 4)  # winter time
    assert forecast_kw(past, after, ZONE, 500.0, 0.0) == pytest.approx([500.0] * 4)


@pytest.mark.parametrize(("latest", "expected"), [(70.0, 70.0), (float("nan"), 12.0)])
def test_without_a_past_the_latest_value_persists_and_without_that_the_fallback(latest, expected):
    nothing = Past(np.array([], np.int64), np.array([]))
    ahead = steps(dt.datetime(2026, 11, 16, 6, 0, tzinfo=ZONE), 8)
    assert forecast_kw(nothing, ahead, ZONE, latest, 12.0) == pytest.approx([expected] * 8)


def test_the_sun_gives_nothing_below_the_horizon_and_most_when_high():
    share = clear_sky_share(np.array([-5.0, 0.0, 10.0, 60.0, 90.0]))
    assert share[0] == share[1] == 0.0
    assert np.all(np.diff(share[1:]) > 0)
    assert share[-1] == pytest.approx(1.098 * np.exp(-0.057))


def test_a_cloudy_morning_makes_a_cloudy_forecast():
    elevation = np.array([20.0, 30.0])
    clear = solar_forecast_kw(elevation, 100.0, 100.0 * clear_sky_share(np.array([20.0]))[0], 20.0)
    cloudy = solar_forecast_kw(elevation, 100.0, 0.3 * clear[0], 20.0)
    assert cloudy == pytest.approx(0.3 * clear)
