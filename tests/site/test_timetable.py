"""Calls and sessions made from weekly timetables: the same for everyone, through both changes of the clocks."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from energy_console.site.loader import load_site
from energy_console.site.model import Site
from energy_console.site.timetable import STRAY_MIN, bookings, ship_calls, utc_of_wall_clock
from tests.site.folder import FILES, write_site

ZONE = ZoneInfo("Europe/Amsterdam")


def naive(text: str) -> dt.datetime:
    """A wall clock's reading, without a zone."""
    return dt.datetime.fromisoformat(text)


SPRING = dt.datetime(2026, 3, 29, tzinfo=dt.UTC)  # 02:00 becomes 03:00
AUTUMN = dt.datetime(2026, 10, 25, tzinfo=dt.UTC)  # 03:00 becomes 02:00

anywhen = st.datetimes(timezones=st.just(dt.UTC), min_value=naive("2025-01-01"), max_value=naive("2027-12-01"))
about_a_change = st.tuples(st.sampled_from((SPRING, AUTUMN)), st.integers(-72 * 60, 24 * 60)).map(
    lambda pair: pair[0] + dt.timedelta(minutes=pair[1])
)
starts = st.one_of(anywhen, about_a_change)
lengths = st.integers(1, 72 * 60).map(lambda minutes: dt.timedelta(minutes=minutes))


@settings(max_examples=25, deadline=None)
@given(start=starts, first=lengths, second=lengths)
def test_two_windows_side_by_side_see_what_one_long_window_sees(demo, start, first, second):
    for visits in (ship_calls, bookings):
        whole = visits(demo, start, start + first + second)
        parts = {*visits(demo, start, start + first), *visits(demo, start + first, start + first + second)}
        assert set(whole) == parts
        assert len({visit.id for visit in whole}) == len(whole)


@settings(max_examples=25, deadline=None)
@given(start=starts, length=lengths)
def test_an_access_point_never_has_two_ships_nor_a_charger_two_vehicles(demo, start, length):
    stays = defaultdict(list)
    for call in ship_calls(demo, start, start + length):
        for point in call.points:
            stays[point].append((call.arrives, call.leaves))
    for booking in bookings(demo, start, start + length):
        stays[booking.charger].append((booking.arrives, booking.departs))
    for taken in stays.values():
        taken.sort()
        assert all(arrives < leaves for arrives, leaves in taken)
        assert all(leaves <= arrives for (_, leaves), (arrives, _) in itertools.pairwise(taken))


@settings(max_examples=25, deadline=None)
@given(start=starts)
@example(start=dt.datetime(2027, 3, 27, tzinfo=dt.UTC))  # a change of clocks that is none of the two above
def test_an_arrival_keeps_its_wall_clock_within_the_stray(demo, start):
    slots = {slot.id: slot for slot in demo.call_timetable}
    for call in ship_calls(demo, start, start + dt.timedelta(days=2)):
        slot_id, _, day = call.id.partition(".")
        midnight = naive(f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00")
        meant = midnight + dt.timedelta(hours=slots[slot_id].arrives_h)
        shown = call.arrives.astimezone(ZONE).replace(tzinfo=None)
        off_min = abs((shown - meant).total_seconds()) / 60
        before, after = ((midnight + dt.timedelta(hours=hours)).replace(tzinfo=ZONE).utcoffset() for hours in (0, 12))
        change = before != after and 1 <= meant.hour <= 3
        assert off_min <= STRAY_MIN + 0.5 + (60 if change else 0)


@settings(max_examples=50, deadline=None)
@given(
    day=st.sampled_from((SPRING, AUTUMN)),
    one=st.integers(0, 6 * 60),
    other=st.integers(0, 6 * 60),
)
def test_clocks_of_a_timetable_never_run_backwards(day, one, other):
    midnight = day.replace(tzinfo=None)
    early, late = (utc_of_wall_clock(midnight + dt.timedelta(minutes=m), ZONE) for m in sorted((one, other)))
    assert early <= late


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        ("2026-03-29T01:59", "2026-03-29T00:59+00:00"),
        ("2026-03-29T02:30", "2026-03-29T01:00+00:00"),  # never shown: the moment of change
        ("2026-03-29T03:00", "2026-03-29T01:00+00:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30+00:00"),  # shown twice: the first
        ("2026-10-25T03:00", "2026-10-25T02:00+00:00"),
        ("2026-07-01T12:00", "2026-07-01T10:00+00:00"),
    ],
)
def test_wall_clock_becomes_the_moment_people_mean(wall, utc):
    assert utc_of_wall_clock(naive(wall), ZONE) == dt.datetime.fromisoformat(utc)


@settings(max_examples=20, deadline=None)
@given(start=starts)
def test_no_session_asks_for_more_than_its_charger_can_bring(demo, start):
    chargers = {charger.id: charger for charger in demo.chargers}
    for booking in bookings(demo, start, start + dt.timedelta(days=1)):
        hours = (booking.departs - booking.arrives).total_seconds() / 3600
        assert 0 <= booking.energy_kwh <= 0.95 * chargers[booking.charger].max_kw * hours + 0.06


@pytest.mark.parametrize("monday", [dt.date(2026, 3, 23), dt.date(2026, 10, 19), dt.date(2026, 6, 8)])
def test_each_line_comes_once_on_each_of_its_days(demo, monday):
    days = {f"{monday + dt.timedelta(days=k):%Y%m%d}" for k in range(7)}
    start = dt.datetime.combine(monday, dt.time(), ZONE) - dt.timedelta(days=1)
    calls = ship_calls(demo, start, start + dt.timedelta(days=9))
    of_week = [call.id for call in calls if call.id.partition(".")[2] in days]
    assert sorted(of_week) == sorted(
        f"{slot.id}.{monday + dt.timedelta(days=day):%Y%m%d}" for slot in demo.call_timetable for day in slot.days
    )


def test_days_differ_a_little_and_the_same_day_never_does(demo):
    monday = dt.datetime(2026, 11, 16, 12, tzinfo=dt.UTC)
    loads = defaultdict(set)
    for week in range(4):
        at = monday + dt.timedelta(weeks=week)
        assert ship_calls(demo, at, at + dt.timedelta(hours=6)) == ship_calls(demo, at, at + dt.timedelta(hours=6))
        for call in ship_calls(demo, at, at + dt.timedelta(minutes=1)):
            loads[call.id.partition(".")[0]].add(call.hotel_kw)
    assert sum(len(seen) > 1 for seen in loads.values()) > 10


def test_a_line_is_only_in_force_between_its_two_moments(tmp_path):
    old = "12,180,2,,"
    files = FILES | {
        "calls.csv": FILES["calls.csv"].replace(old, "12,180,2,2026-04-01T00:00+02:00,2026-10-01T00:00+02:00", 1)
    }
    site: Site = load_site(write_site(tmp_path, files))
    year = ship_calls(site, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC))
    seasonal = [call for call in year if call.ship == "Avondzon"]
    assert len(seasonal) == 26
    assert {call.arrives.month for call in seasonal} == {4, 5, 6, 7, 8, 9}


def test_a_time_without_a_zone_is_refused(demo):
    with pytest.raises(ValueError, match="zone"):
        ship_calls(demo, dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 2))  # noqa: DTZ001 - that is the point
