"""Formulas worked out live: values, rates of counters, and quality that follows from their points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.live.calculated import Calculator
from energy_console.site.formula import linear_terms, read_formula
from energy_console.site.model import CalculatedPoint
from hardware.points import Point, Reason, ScanBatch, reason_of, status_of

SECOND = 1_000_000_000
INPUTS = {"a/power_kw": "kW", "b/power_kw": "kW", "u/v": "V", "i/a": "A", "c/energy_kwh": "kWh"}
ROW = {name: row for row, name in enumerate(INPUTS)}
NAN = math.nan


class Site:
    """One calculated point behind five measured ones."""

    def __init__(self, text: str, unit: str) -> None:
        made = CalculatedPoint(Point("x/made", "x", "made", unit, "Made"), (), read_formula(text, lambda name: (name,)))
        self.row = len(INPUTS)
        self._calculator = Calculator((made,), ROW | {"x/made": self.row}, INPUTS | {"x/made": unit})

    def read(self, second: float, reason: Reason = Reason.GOOD, **values: float) -> tuple[float, Reason] | None:
        """What is made of readings of points named by their first letter; None if nothing is made."""
        rows = [next(row for name, row in ROW.items() if name.startswith(letter)) for letter in values]
        scan = ScanBatch(
            1,
            np.array(rows, np.int32),
            np.full(len(rows), round(second * SECOND)),
            np.array([NAN if reason >= Reason.TIMEOUT else value for value in values.values()]),
            np.full(len(rows), status_of(reason), np.uint16),
        )
        made = self._calculator.extend(scan)
        at = np.flatnonzero(made.index == self.row)
        return (float(made.value[at[-1]]), reason_of(made.status[at[-1]])) if len(at) else None


def test_volt_times_ampere_is_shown_in_the_unit_declared() -> None:
    assert Site("u/v * i/a", "W").read(0, u=230.0, i=10.0) == (pytest.approx(2300.0), Reason.GOOD)
    assert Site("u/v * i/a", "kW").read(0, u=230.0, i=10.0) == (pytest.approx(2.3), Reason.GOOD)


def test_a_share_and_a_difference_that_never_goes_below_zero() -> None:
    site = Site("max(a/power_kw - 100 kW, 0) / b/power_kw", "1")
    assert site.read(0, a=150.0, b=200.0) == (0.25, Reason.GOOD)
    assert site.read(1, a=50.0) == (0.0, Reason.GOOD)


def test_a_division_by_zero_has_no_result_and_the_next_reading_has_one_again() -> None:
    site = Site("a/power_kw / b/power_kw", "1")
    value, reason = site.read(0, a=1.0, b=0.0)
    assert math.isnan(value)
    assert reason is Reason.NO_RESULT
    assert site.read(1, b=4.0) == (0.25, Reason.GOOD)


def test_nothing_is_made_of_points_that_do_not_go_in() -> None:
    assert Site("a/power_kw / b/power_kw", "1").read(0, u=230.0) is None


def test_a_bad_point_is_stood_in_for_a_minute_and_then_the_result_is_bad_for_its_reason() -> None:
    site = Site("min(a/power_kw, b/power_kw)", "kW")
    site.read(0, a=5.0, b=7.0)
    assert site.read(5, Reason.TIMEOUT, a=0.0) == (5.0, Reason.ESTIMATED)
    value, reason = site.read(62, b=7.0)
    assert math.isnan(value)
    assert reason is Reason.TIMEOUT
    assert site.read(63, a=6.0) == (6.0, Reason.GOOD)


def test_an_uncertain_point_makes_an_uncertain_result() -> None:
    site = Site("max(a/power_kw, b/power_kw)", "kW")
    site.read(0, a=5.0)
    assert site.read(1, Reason.NOT_PLAUSIBLE, b=900.0) == (900.0, Reason.NOT_PLAUSIBLE)


def test_power_from_a_counter_comes_after_half_its_window_and_follows_it() -> None:
    site = Site("rate(c/energy_kwh, 60 s)", "kW")
    for second in range(0, 30, 10):
        value, reason = site.read(second, c=100.0 + second / 360)  # 10 kW
        assert math.isnan(value)
        assert reason is Reason.NOT_READ_YET
    assert site.read(30, c=100.0 + 30 / 360) == (pytest.approx(10.0), Reason.GOOD)
    for second in range(40, 130, 10):
        value, _ = site.read(second, c=100.0 + 30 / 360 + (second - 30) * 2 / 360)  # 20 kW from second 30 on
    assert value == pytest.approx(20.0)


def test_a_counter_that_was_reset_begins_anew_and_never_gives_a_negative_power() -> None:
    site = Site("rate(c/energy_kwh, 60 s)", "kW")
    for second in range(0, 70, 10):
        site.read(second, c=100.0 + second / 360)
    value, reason = site.read(70, c=0.0)
    assert math.isnan(value)
    assert reason is Reason.NOT_READ_YET
    for second in range(80, 110, 10):
        value, _ = site.read(second, c=(second - 70) / 360)
    assert value == pytest.approx(10.0)


def test_a_counter_that_falls_silent_is_estimated_and_then_bad() -> None:
    site = Site("rate(c/energy_kwh, 60 s)", "kW")
    for second in range(0, 70, 10):
        site.read(second, c=100.0 + second / 360)
    assert site.read(70, Reason.TIMEOUT, c=0.0) == (pytest.approx(10.0), Reason.ESTIMATED)
    value, reason = site.read(130, Reason.TIMEOUT, c=0.0)
    assert math.isnan(value)
    assert reason is Reason.TIMEOUT


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-9, 9))
def test_a_sum_is_the_same_as_terms_and_as_a_formula(a: float, b: float, factor: float) -> None:
    text = f"a/power_kw - {abs(factor)!r} * (b/power_kw - a/power_kw / 2)"
    if "e" in text.split("*")[0].split("- ")[1]:
        return  # written with an exponent: read too, but not what is shown here
    value, _ = Site(text, "W").read(0, a=a, b=b)
    terms = linear_terms(read_formula(text, lambda name: (name,)), INPUTS, "W")
    assert terms is not None
    given_ = {"a/power_kw": a, "b/power_kw": b}
    assert value == pytest.approx(sum(f * given_[name] for f, name in terms), abs=1e-3)
