"""Vehicles that stay on once they are switched on: by hand, and against an independent model."""

from __future__ import annotations

import dataclasses

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.check import broken_rules, check_plan, dispatch_of
from optimizer.errors import WrongOrder
from optimizer.parts import Tariff, Wishes
from optimizer.plan import Infeasible, Plan
from optimizer.problem import Problem
from optimizer.solve import solve
from optimizer.tables import tabulate
from tests.optimizer.independent import least_cost_eur
from tests.optimizer.small import bus, load, planned, problem

ZIGZAG = Tariff((0.10, 0.50, 0.10, 0.50))
CALM = bus(energy_kwh=60.0, min_kw=10.0, least_on_h=2.0)


def test_it_stays_on_at_least_power_through_a_dear_hour() -> None:
    plan = planned(problem(tariff=ZIGZAG, charging=(dataclasses.replace(CALM, energy_kwh=120.0, required_kwh=120.0),)))
    # Both cheap hours are needed but for the least of the dear one between or after them: 60 + 10 + 50.
    assert plan.cost_eur == pytest.approx(110 * 0.10 + 10 * 0.50)


def test_on_and_off_in_turns_is_found() -> None:
    case = problem(tariff=ZIGZAG, charging=(CALM,))
    tables = tabulate(case)
    wrong = dataclasses.replace(dispatch_of(case, tables, planned(case)), charge_kw=np.array([[30.0, 0.0, 30.0, 0.0]]))
    assert any("least time on" in sentence for sentence in broken_rules(case, tables, wrong))


def test_a_least_time_on_needs_a_least_power() -> None:
    with pytest.raises(WrongOrder, match="no least power"):
        bus(least_on_h=1.0)


def test_a_least_time_that_no_limit_leaves_room_for_is_told_with_a_way_out() -> None:
    session = bus(energy_kwh=30.0, required_kwh=30.0, min_kw=20.0, least_on_h=3.0)
    answer = solve(problem(charging=(session,), loads=(load((0.0, 0.0, 90.0, 90.0)),)))
    assert isinstance(answer, Infeasible)
    assert "Bus cannot draw less than 20 kW, and stays on for 3 h once it is." in answer.sentence
    assert any("draw less than their least power" in way.sentence for way in answer.ways_out)


@st.composite
def cases(draw: st.DrawFn) -> Problem:
    steps = draw(st.integers(2, 5))
    prices = tuple(draw(st.lists(st.integers(5, 60).map(lambda c: c / 100.0), min_size=steps, max_size=steps)))
    sessions = tuple(
        bus(
            f"bus{n}",
            arrives_h=float(draw(st.integers(0, 1))),
            departs_h=float(draw(st.integers(2, steps))),
            energy_kwh=float(draw(st.integers(5, 120))),
            min_kw=float(draw(st.sampled_from([5, 20]))),
            least_on_h=float(draw(st.integers(1, 3))),
        )
        for n in range(draw(st.integers(1, 2)))
    )
    buildings = load(float(draw(st.integers(0, 70))))
    wishes = Wishes(0.0, 0.0, 0.0, 0.0, 0.0) if draw(st.booleans()) else Wishes()
    return problem(steps, tariff=Tariff(prices), charging=sessions, loads=(buildings,), wishes=wishes)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_optimum_is_that_of_an_independent_model(case: Problem) -> None:
    expected = least_cost_eur(case)
    answer = solve(case, gap=0.0)
    assert isinstance(answer, Plan | Infeasible)
    assert isinstance(answer, Plan) == (expected is not None)
    if isinstance(answer, Plan):
        assert answer.solved.bound_eur == pytest.approx(expected, abs=1e-4, rel=1e-6)
        assert check_plan(case, answer) == ()
