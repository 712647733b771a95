"""Marks on the axes: round values, and round local times through both changes of the clock."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_console.gui.plots.night import nights
from energy_console.gui.plots.ticks import time_ticks, value_ticks
from energy_console.site.model import Place

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def at(*parts: int, fold: int = 0) -> float:
    return dt.datetime(*parts, tzinfo=AMSTERDAM, fold=fold).timestamp()


def labels(start_s: float, end_s: float, most: int) -> list[str]:
    return [tick.label for tick in time_ticks(start_s, end_s, most, AMSTERDAM)]


def test_the_hour_that_comes_twice_is_marked_twice_with_its_zone():
    found = labels(at(2026, 10, 25, 0), at(2026, 10, 25, 6), 8)
    assert found == ["00:00", "01:00", "02:00", "02:00 CET", "03:00", "04:00", "05:00", "06:00"]


def test_the_hour_that_is_skipped_is_not_marked():
    assert labels(at(2026, 3, 29, 0), at(2026, 3, 29, 6), 8) == ["00:00", "01:00", "03:00", "04:00", "05:00", "06:00"]


def test_days_begin_at_local_midnight_across_the_change():
    ticks = time_ticks(at(2026, 10, 23), at(2026, 10, 27), 5, AMSTERDAM)
    assert [tick.label for tick in ticks] == ["Fri 23", "Sat 24", "Sun 25", "Mon 26", "Tue 27"]
    assert ticks[3].time_s - ticks[2].time_s == 25 * 3600


def test_midnight_names_the_day():
    ticks = time_ticks(at(2026, 11, 21, 15), at(2026, 11, 22, 15), 10, AMSTERDAM)
    named = [(tick.label, tick.second_line) for tick in ticks if tick.second_line]
    assert named == [("15:00", "Sat 21 Nov"), ("00:00", "Sun 22 Nov")]


@given(st.floats(1.5e9, 2.0e9), st.floats(5.0, 4e8), st.integers(2, 20))
@settings(max_examples=150, deadline=None)
def test_marks_rise_lie_inside_and_are_never_too_many(start_s, span_s, most):
    ticks = [tick.time_s for tick in time_ticks(start_s, start_s + span_s, most, AMSTERDAM)]
    assert ticks == sorted(set(ticks))
    assert all(start_s <= time_s <= start_s + span_s for time_s in ticks)
    assert len(ticks) <= max(most + 3, span_s / (365 * 86_400) + 2)


@pytest.mark.parametrize(
    ("low", "high", "most", "values"),
    [(0, 1400, 4, (0, 400, 800, 1200)), (38, 85, 4, (40, 60, 80)), (0.0, 1.0, 3, (0, 0.4, 0.8))],
)
def test_values_are_round(low, high, most, values):
    assert value_ticks(low, high, most)[0] == pytest.approx(values)


def test_a_night_of_november_is_long_and_a_polar_day_has_none():
    bremerhaven = Place("x", 53.5, 8.1, AMSTERDAM)
    (night,) = nights(bremerhaven, at(2026, 11, 22, 20), at(2026, 11, 22, 22))
    assert 14 * 3600 < night[1] - night[0] < 17 * 3600
    assert nights(Place("x", 78.2, 15.6, AMSTERDAM), at(2026, 6, 20), at(2026, 6, 22)) == ()
