"""One ship call from its readings: steps, energy, money and exhaust avoided."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from energy_console.historian.interface import Buckets, Series
from energy_console.live.port_call import (
    avoided,
    energy_per_span_kwh,
    money,
    nox_g_per_kwh,
    step_marks,
    supplied_since_ns,
)
from tests.live.harbour_site import DAY_PRICE, NIGHT_PRICE, call, make_harbour

HOUR_NS = 3_600_000_000_000
# 11:00 and 12:00 in Amsterdam, on either side of the change of price and intensity of the test site
MORNING = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
MORNING_NS = int(MORNING.timestamp()) * 1_000_000_000
SPANS = (MORNING_NS, MORNING_NS + HOUR_NS)


def steps(*marks: tuple[int, float]) -> Series:
    times = np.array([time for time, _ in marks], np.int64)
    values = np.array([value for _, value in marks])
    return Series("A01.1/step", times, values, np.zeros(len(marks), np.uint16))


def spans(first: list[float], last: list[float]) -> Buckets:
    size = len(first)
    none = np.full(size, np.nan)
    count = np.ones(size, np.int64)
    time_ns = np.arange(size, dtype=np.int64) * HOUR_NS
    return Buckets(
        "A01.1/energy_import_kwh", HOUR_NS, time_ns, none, none, none, np.array(first), np.array(last), count, count,
        none, np.zeros(size, np.uint16),
    )  # fmt: skip


def test_a_step_is_marked_when_it_was_first_reached_after_arrival() -> None:
    marks = step_marks(steps((10, 8), (90, 12), (110, 0), (120, 1), (130, np.nan), (140, 3), (150, 8), (160, 8)), 100)
    assert [mark.time_ns for mark in marks[:4]] == [110, 120, None, 140]
    assert supplied_since_ns(marks) == 150
    assert len(marks) == 13


def test_a_step_held_when_the_readings_began_may_be_older() -> None:
    late = steps((10**12, 8), (2 * 10**12, 9))
    assert [mark.exact for mark in step_marks(late, 0)[8:10]] == [False, True]
    assert all(mark.exact for mark in step_marks(late, 10**12 - 1))


def test_a_ship_that_was_never_supplied_has_no_supply_time() -> None:
    assert supplied_since_ns(step_marks(steps((10, 0), (20, 1)), 0)) is None


def test_energy_of_spans_adds_up_to_the_counter() -> None:
    energy = energy_per_span_kwh(spans([100.0, 112.0, np.nan, 130.0], [110.0, 120.0, np.nan, 141.0]), 100.0)
    assert energy.tolist() == pytest.approx([10.0, 10.0, 0.0, 21.0])
    assert energy.sum() == pytest.approx(41.0)


def test_energy_after_a_reset_counts_from_zero() -> None:
    assert energy_per_span_kwh(spans([100.0, 0.0], [110.0, 6.0]), 100.0).tolist() == [10.0, 6.0]


def test_a_jump_beyond_the_rating_counts_nothing() -> None:
    energy = energy_per_span_kwh(spans([100.0, 111.0, 9000.0], [110.0, 8000.0, 9020.0]), 1000.0)
    assert np.isnan(energy[1])
    assert (energy[0], energy[2]) == (10.0, 1020.0)
    assert np.nansum(energy_per_span_kwh(spans([100.0, 111.0, 9000.0], [110.0, 8000.0, 9020.0]), 20.0)) == 10.0


def test_counting_starts_at_the_first_reading() -> None:
    energy = energy_per_span_kwh(spans([np.nan, 50.0], [np.nan, 55.0]), None)
    assert energy.tolist() == [0.0, 5.0]


def test_avoided_co2_is_engine_less_grid_at_the_local_hour() -> None:
    site = make_harbour()
    ship = call("A01", ("A01.1",), MORNING, 5, tier=2)
    result = avoided(ship, site.carbon, site.place.zone, SPANS, np.array([100.0, 100.0]))
    assert result.co2_kg == pytest.approx(200 * 0.696 - 100 * 0.1 - 100 * 0.3)
    assert result.grid_kg_per_kwh == pytest.approx(0.2)
    assert result.nox_kg == pytest.approx(200 * 7.7 / 1000)


@pytest.mark.parametrize(("kind", "tier", "grams"), [("cruise", 1, 12.2), ("tug", 3, 2.0), ("ro-ro", 9, 2.6)])
def test_nox_goes_by_tier_and_speed_of_the_engine(kind: str, tier: int, grams: float) -> None:
    assert nox_g_per_kwh(call("A01", (), MORNING, 1, kind=kind, tier=tier)) == grams


def test_list_price_where_there_is_one_else_the_sites_price() -> None:
    site = make_harbour()
    energy = np.array([100.0, 100.0])
    river = money(call("A01", (), MORNING, 1), site.tariffs[0], site.place.zone, SPANS, energy)
    assert (river.energy_eur, river.listed) == (pytest.approx(70.0), True)
    sea = money(call("A01", (), MORNING, 1, kind="cruise"), site.tariffs[0], site.place.zone, SPANS, energy)
    assert sea.energy_eur == pytest.approx(100 * NIGHT_PRICE + 100 * DAY_PRICE)
    assert not sea.listed


def test_no_energy_costs_nothing_and_avoids_nothing() -> None:
    site = make_harbour()
    ship = call("A01", (), MORNING, 1, kind="cruise")
    empty = np.empty(0)
    assert avoided(ship, site.carbon, site.place.zone, (), empty).co2_kg == 0.0
    assert money(ship, site.tariffs[0], site.place.zone, (), empty).energy_eur == 0.0
