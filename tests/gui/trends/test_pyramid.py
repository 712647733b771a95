"""The pyramid against the plain readings it was made from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_console.gui.plots.pyramid import Pyramid

values = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=1, max_size=600)


def made(value: list[float]) -> Pyramid:
    return Pyramid(np.arange(len(value), dtype=float), np.array(value))


@given(values, st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_no_spike_is_lost_however_few_columns_there_are(value, count):
    pyramid = made(value)
    columns = pyramid.columns(np.linspace(-1, len(value) + 1, count + 1))
    good = np.array(value)[~np.isnan(value)]
    if len(good):
        assert np.nanmin(columns.low) == pytest.approx(good.min(), abs=1e-9)
        assert np.nanmax(columns.high) == pytest.approx(good.max(), abs=1e-9)
    else:
        assert np.isnan(columns.low).all()


@given(values, st.lists(st.integers(1, 70), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_growing_in_pieces_gives_the_same_as_all_at_once(value, sizes):
    whole, grown = made(value), Pyramid()
    time_s, array = whole.time_s.copy(), whole.value.copy()
    first = 0
    while first < len(value):
        size = sizes[first % len(sizes)]
        grown.append(time_s[first : first + size], array[first : first + size])
        first += size
    edges = np.linspace(0, len(value), 9)
    for steps in (False, True):
        one, other = whole.columns(edges, steps=steps), grown.columns(edges, steps=steps)
        np.testing.assert_array_equal(one.low, other.low)
        np.testing.assert_array_equal(one.high, other.high)


def test_a_line_between_two_readings_is_in_every_column_it_crosses():
    pyramid = Pyramid(np.array([0.0, 10.0]), np.array([0.0, 100.0]))
    columns = pyramid.columns(np.arange(0.0, 11.0))
    np.testing.assert_allclose(columns.low, np.arange(0, 100, 10))
    np.testing.assert_allclose(columns.high, np.arange(10, 110, 10))


def test_a_step_holds_until_the_next_reading():
    pyramid = Pyramid(np.array([0.0, 10.0]), np.array([0.0, 100.0]))
    columns = pyramid.columns(np.array([1.0, 4.0, 9.0]), steps=True)
    np.testing.assert_array_equal(columns.high, [0.0, 0.0])


def test_a_bad_reading_leaves_the_columns_round_it_empty():
    pyramid = Pyramid(np.arange(5.0) * 10, np.array([1.0, 1.0, np.nan, 1.0, 1.0]))
    columns = pyramid.columns(np.arange(0.0, 41.0, 5.0))
    assert np.isnan(columns.low[3:5]).all()
    assert not np.isnan(columns.low[[0, 1, 7]]).any()


def test_a_year_of_seconds_is_answered_from_few_blocks():
    count = 2_000_000
    value = np.zeros(count)
    value[1_234_567] = 50.0
    columns = Pyramid(np.arange(count, dtype=float), value).columns(np.linspace(0, count, 1001))
    assert np.nanmax(columns.high) == 50.0
    assert np.count_nonzero(columns.high > 0) <= 2


def test_readings_out_of_order_are_refused():
    pyramid = made([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="time order"):
        pyramid.append(np.array([1.0]), np.array([1.0]))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=600), st.integers(0, 600), st.integers(1, 600))
@settings(max_examples=100, deadline=None)
def test_the_extremes_of_a_window_are_exactly_those_of_its_readings(value, first, size):
    first = min(first, len(value) - 2)
    last = min(first + size, len(value) - 1)
    inside = value[first : last + 1]
    assert made(value).extremes(float(first), float(last)) == pytest.approx(
        (min(inside), max(inside)), abs=1e-9
    )  # a line meets its end but for the rounding of 1e6
