"""Calls as rows over time: stays, measured and announced power."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.gui.pages.port.call_rows import (
    SPAN_S,
    Steps,
    add_steps,
    call_rows,
    make_bar,
    planned_kw,
    sample,
    steps_of,
    supply_share,
    window,
)
from energy_console.historian.interface import Buckets
from energy_console.live.port import supplies
from tests.live.harbour_site import call, make_harbour
from tests.live.test_port import NOON

NOON_S = NOON.timestamp()
NS = 1_000_000_000


def buckets(times_s: list[float], means: list[float]) -> Buckets:
    size = len(times_s)
    none, count = np.full(size, np.nan), np.ones(size, np.int64)
    time_ns = np.array([round(t * NS) for t in times_s], np.int64)
    mean = np.array(means)
    return Buckets(
        "p", SPAN_S * NS, time_ns, none, none, mean, none, none, count, count, none, np.zeros(size, np.uint16)
    )


@given(st.integers(0, 60 * 24 * 400))
def test_the_window_holds_now_and_begins_on_a_whole_even_hour(minutes: int) -> None:
    now = NOON + dt.timedelta(minutes=minutes)
    start, end = window(now)
    assert start < now < end
    assert end - start == dt.timedelta(hours=36)
    assert (start.minute, start.hour % 2) == (0, 0)


def test_a_span_without_reading_is_a_gap_and_not_a_zero() -> None:
    curve = steps_of(buckets([0, 300, 900], [10.0, 20.0, 30.0]), 1200)
    assert curve.value.tolist()[:2] == [10.0, 20.0]
    assert np.isnan(curve.value[2])
    assert curve.value[3] == 30.0
    assert len(curve.time_s) == 5


def test_the_last_span_ends_now() -> None:
    assert steps_of(buckets([0, 300], [1.0, 2.0]), 420).time_s[-1] == 420


def test_a_sum_counts_what_is_known() -> None:
    first = Steps(np.array([0.0, 300.0, 600.0]), np.array([10.0, np.nan]))
    second = Steps(np.array([300.0, 600.0]), np.array([5.0]))
    total = add_steps([first, second])
    assert total.value.tolist() == [10.0, 5.0]
    assert not len(add_steps([]).value)


def test_outside_its_times_a_curve_is_not_known() -> None:
    curve = Steps(np.array([0.0, 10.0]), np.array([7.0]))
    assert sample(curve, np.array([5.0])).tolist() == [7.0]
    assert np.isnan(sample(curve, np.array([-1.0, 10.0]))).all()


def test_announced_loads_add_up_over_their_stay() -> None:
    calls = [call("A01", ("A01.1",), NOON, 6, 100.0), call("B01", ("B01.1",), NOON, 6, 50.0)]
    bars = [make_bar(c, NOON_S - 1) for c in calls]
    share = {c.id: 1.0 for c in calls}
    plan = planned_kw(bars, share, NOON_S, NOON_S + 8 * 3600)
    at = sample(plan, NOON_S + 3600 * np.array([0.1, 3.0, 7.0]))
    assert at.tolist() == [0.0, 150.0, 0.0]


def test_a_row_keeps_its_calls_in_order_and_its_highest_power() -> None:
    later = call("A01", ("A01.1",), NOON + dt.timedelta(hours=8), 4, 300.0)
    now = call("A01", ("A01.1",), NOON - dt.timedelta(hours=1), 4, 200.0)
    measured = {"A01": Steps(np.array([NOON_S - 600, NOON_S]), np.array([350.0]))}
    (row,) = call_rows(["A01"], [later, now], measured, NOON_S)
    assert [bar.announced for bar in row.bars] == [False, True]
    assert row.peak_kw == 350.0


def test_a_ship_without_shore_power_announces_nothing() -> None:
    (row,) = call_rows(["A01"], [call("A01", (), NOON, 4, 900.0)], {}, NOON_S)
    assert row.peak_kw == 0.0


def test_a_call_counts_to_the_supply_of_its_points() -> None:
    site = make_harbour((("A01", 2, 50.0), ("B01", 1, 60.0)))
    ship = call("A01", ("A01.1", "B01.1"), NOON, 4)
    shares = [supply_share(site, supply, [ship])[ship.id] for supply in supplies(site)]
    assert shares == pytest.approx([0.5, 0.5])
