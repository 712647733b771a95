"""Earlier times laid over later ones by the clock on the wall, in Amsterdam."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.gui.pages.trends.choice import DAY_BEFORE, WEEK_BEFORE, YEAR_BEFORE
from energy_console.gui.pages.trends.local_clock import earlier, earlier_window, is_shift, laid_over, minutes_back

ZONE = ZoneInfo("Europe/Amsterdam")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def at(*parts: int, fold: int = 0) -> float:
    return dt.datetime(*parts, tzinfo=ZONE, fold=fold).timestamp()


def laid(start_s: float, end_s: float, name: str = DAY_BEFORE, step_s: float = 15 * MINUTE) -> dict[float, float]:
    """New time -> earlier time, for earlier readings every quarter of an hour."""
    first_s, last_s = earlier_window(start_s, end_s, name, ZONE)
    then_s = np.arange(first_s, last_s, step_s)
    now_s, known = laid_over(then_s, name, start_s, end_s, ZONE)
    assert np.all(np.diff(now_s[known]) > 0)
    return dict(zip(now_s[known].tolist(), then_s[known].tolist(), strict=True))


def test_an_ordinary_day_is_moved_by_a_day():
    found = laid(at(2026, 6, 10), at(2026, 6, 11))
    assert len(found) == 96
    assert {now_s - then_s for now_s, then_s in found.items()} == {DAY}


def test_over_a_day_of_25_hours_every_clock_time_meets_its_own_and_the_second_pass_stays_empty():
    found = laid(at(2026, 10, 25), at(2026, 10, 26))
    assert len(found) == 96
    assert found[at(2026, 10, 25, 1)] == at(2026, 10, 24, 1)
    assert found[at(2026, 10, 25, 2, 30)] == at(2026, 10, 24, 2, 30)
    assert at(2026, 10, 25, 2, 30, fold=1) not in found
    assert found[at(2026, 10, 25, 3)] == at(2026, 10, 24, 3)


def test_over_a_day_of_23_hours_the_hour_it_lacks_is_left_out():
    found = laid(at(2026, 3, 29), at(2026, 3, 30))
    assert len(found) == 92
    assert found[at(2026, 3, 29, 3)] == at(2026, 3, 28, 3)
    assert at(2026, 3, 28, 2, 30) not in found.values()


def test_of_an_earlier_day_of_23_hours_the_hour_stays_empty():
    found = laid(at(2026, 3, 30), at(2026, 3, 31))
    assert len(found) == 92
    assert at(2026, 3, 30, 2, 30) not in found
    assert found[at(2026, 3, 30, 3, 15)] == at(2026, 3, 29, 3, 15)


def test_of_an_earlier_day_of_25_hours_the_first_pass_is_shown():
    found = laid(at(2026, 10, 26), at(2026, 10, 27))
    assert len(found) == 96
    assert found[at(2026, 10, 26, 2, 30)] == at(2026, 10, 25, 2, 30)


def test_last_week_and_another_span_keep_the_clock_across_the_change():
    assert laid(at(2026, 10, 27), at(2026, 10, 28), WEEK_BEFORE)[at(2026, 10, 27, 8)] == at(2026, 10, 20, 8)
    name = minutes_back(28 * 1440 + 90)
    assert laid(at(2026, 11, 10), at(2026, 11, 11), name)[at(2026, 11, 10, 8)] == at(2026, 10, 13, 6, 30)


def test_last_year_is_the_same_date_and_its_leap_day_the_28th():
    assert earlier(at(2026, 5, 17, 9), YEAR_BEFORE, ZONE) == at(2025, 5, 17, 9)
    assert earlier(at(2028, 2, 29, 9), YEAR_BEFORE, ZONE) == at(2027, 2, 28, 9)


def test_a_year_is_laid_over_a_year_through_all_its_changes():
    found = laid(at(2026, 1, 1), at(2027, 1, 1), YEAR_BEFORE, HOUR)
    assert found[at(2026, 7, 1, 12)] == at(2025, 7, 1, 12)
    assert found[at(2026, 12, 1, 12)] == at(2025, 12, 1, 12)
    assert found[at(2026, 3, 29, 12)] == at(2025, 3, 29, 12)  # one is summer time, the other not yet


@given(st.integers(0, 700), st.integers(1, 4000))
def test_whatever_is_laid_over_shows_the_same_clock(day: int, quarters: int):
    start_s = at(2025, 11, 1) + day * DAY
    back = quarters * 15
    for now_s, then_s in laid(start_s, start_s + 3 * HOUR, minutes_back(back)).items():
        now, then = (dt.datetime.fromtimestamp(time_s, ZONE).replace(tzinfo=None) for time_s in (now_s, then_s))
        assert now - then == dt.timedelta(minutes=back)


@pytest.mark.parametrize("name", ["", "min", "0 min", "-5 min", "1.5 min", "2 days", "x year"])
def test_what_is_no_shift_is_told(name: str):
    assert not is_shift(name)
