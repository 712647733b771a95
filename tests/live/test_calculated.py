"""Sums of points: values, and what becomes of them when an input is bad."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.live.calculated import STAND_IN_S, Calculator, layers_of
from energy_console.site.model import CalculatedPoint
from hardware.points import Point, Reason, ScanBatch, reason_of, status_of

SECOND = 1_000_000_000
NAN = math.nan


def point(name: str, *terms: tuple[float, str]) -> CalculatedPoint:
    return CalculatedPoint(Point(name, "area", name, "kW", name), terms)


SITE = (point("net", (1.0, "sum"), (-1.0, "sun")), point("sum", (1.0, "a"), (1.0, "b")))
INDEX = {"a": 0, "b": 1, "sun": 2, "sum": 3, "net": 4}


def batch(second: float, *rows: tuple[int, float, Reason]) -> ScanBatch:
    return ScanBatch(
        1,
        np.array([row[0] for row in rows], np.int32),
        np.full(len(rows), round(second * SECOND)),
        np.array([row[1] for row in rows], np.float64),
        np.array([status_of(row[2]) for row in rows], np.uint16),
    )


def after(calculator: Calculator, scan: ScanBatch) -> dict[int, tuple[float, Reason]]:
    made = calculator.extend(scan)
    rows = zip(made.index.tolist(), made.value.tolist(), made.status.tolist(), strict=True)
    return {index: (value, reason_of(status)) for index, value, status in rows}


def ready() -> Calculator:
    calculator = Calculator(SITE, INDEX, {})
    calculator.extend(batch(0, (0, 10.0, Reason.GOOD), (1, 5.0, Reason.GOOD), (2, 4.0, Reason.GOOD)))
    return calculator


def test_a_sum_follows_its_inputs_through_other_sums() -> None:
    assert after(ready(), batch(1, (0, 20.0, Reason.GOOD))) == {
        0: (20.0, Reason.GOOD),
        3: (25.0, Reason.GOOD),
        4: (21.0, Reason.GOOD),
    }


def test_only_sums_with_a_changed_input_are_told() -> None:
    assert set(after(ready(), batch(1, (2, 1.0, Reason.GOOD)))) == {2, 4}


def test_an_uncertain_input_makes_the_sum_uncertain_for_the_same_reason() -> None:
    assert after(ready(), batch(1, (0, 20.0, Reason.SIMULATED)))[4] == (21.0, Reason.SIMULATED)


def test_a_bad_input_is_stood_in_for_a_minute_and_then_the_sum_is_bad_for_its_reason() -> None:
    calculator = ready()
    assert after(calculator, batch(5, (0, NAN, Reason.TIMEOUT)))[3] == (15.0, Reason.ESTIMATED)
    assert after(calculator, batch(STAND_IN_S, (1, 6.0, Reason.GOOD)))[3] == (16.0, Reason.ESTIMATED)
    value, reason = after(calculator, batch(STAND_IN_S + 1, (1, 6.0, Reason.GOOD)))[3]
    assert math.isnan(value)
    assert reason is Reason.TIMEOUT
    assert after(calculator, batch(STAND_IN_S + 2, (0, 8.0, Reason.GOOD)))[3] == (14.0, Reason.GOOD)


def test_a_clock_set_back_does_not_let_a_lost_input_be_stood_in_for_ever() -> None:
    calculator = ready()
    back = -3600.0
    rows = ((0, NAN, Reason.TIMEOUT), (1, 6.0, Reason.GOOD), (2, 1.0, Reason.GOOD))
    value, reason = after(calculator, batch(back, *rows))[3]
    assert math.isnan(value)
    assert reason is Reason.TIMEOUT


def test_a_sum_is_bad_until_every_input_was_read() -> None:
    value, reason = after(Calculator(SITE, INDEX, {}), batch(0, (0, 1.0, Reason.GOOD)))[3]
    assert math.isnan(value)
    assert reason is Reason.NOT_READ_YET


def test_points_made_from_each_other_are_refused_by_name() -> None:
    circle = (point("x", (1.0, "y")), point("y", (1.0, "x")))
    with pytest.raises(ValueError, match="x, y"):
        layers_of(circle)


@given(
    st.lists(
        st.lists(st.tuples(st.floats(-10, 10), st.integers(0, 5)), min_size=1, max_size=4), min_size=1, max_size=6
    ),
    st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6),
)
def test_every_sum_equals_its_terms_added_one_by_one(terms: list[list[tuple[float, int]]], values: list[float]) -> None:
    names = [f"m{n}" for n in range(6)]
    made = tuple(point(f"c{n}", *((f, names[i]) for f, i in term)) for n, term in enumerate(terms))
    index = {name: row for row, name in enumerate([*names, *(c.point.id for c in made)])}
    result = after(Calculator(made, index, {}), batch(0, *((n, v, Reason.GOOD) for n, v in enumerate(values))))
    for calculated, term in zip(made, terms, strict=True):
        wanted = math.fsum(factor * values[i] for factor, i in term)
        assert result[index[calculated.point.id]][0] == pytest.approx(wanted, abs=1e-6)
