"""Vehicles on one phase or three, and vehicles that give back: by hand, and against an independent model."""

from __future__ import annotations

import dataclasses
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.baselines import run_baselines
from optimizer.check import broken_rules, check_plan, dispatch_of
from optimizer.document import read_problem, write_problem
from optimizer.errors import ProblemError
from optimizer.explain import why
from optimizer.parts import ChargeSession, InForce, Node, PeakCharge, Tariff, Wishes
from optimizer.plan import Cause, Infeasible, Plan
from optimizer.problem import Problem
from optimizer.solve import Modelling, solve
from optimizer.tables import tabulate
from tests.optimizer.independent import least_cost_eur
from tests.optimizer.small import at, bus, load, planned, problem

CHEAP_THEN_DEAR = Tariff((0.10, 0.10, 0.40, 0.40))
NO_WISHES = Wishes(0.0, 0.0, 0.0, 0.0, 0.0)


def car(**changes: Any) -> ChargeSession:
    """A car at 11 kW that is there for all four hours and wants 10 kWh."""
    session = ChargeSession("car", "F3", at(0.0), at(4.0), 11.04, 10.0, 1.0, most_a=16.0)
    return dataclasses.replace(session, **changes)


def v2g(**changes: Any) -> ChargeSession:
    """A bus with 100 of 200 kWh in it that may give 50 kW and wants nothing."""
    session = bus(energy_kwh=0.0, discharge_max_kw=50.0, start_kwh=100.0, capacity_kwh=200.0)
    return dataclasses.replace(session, **changes)


def test_bands_follow_from_phases_and_currents() -> None:
    assert car().bands == ()
    assert car(min_kw=4.0).bands == ((4.0, 11.04),)
    assert np.allclose(car(phases=(3,)).bands, [(4.14, 11.04)])
    assert np.allclose(car(phases=(3, 1)).bands, [(1.38, 3.68), (4.14, 11.04)])
    assert np.allclose(car(phases=(1, 3), most_a=32.0, max_kw=22.0).bands, [(1.38, 22.0)])
    assert car(phases=(3,), most_a=10.0).most_kw == pytest.approx(6.9)


def test_no_power_between_what_one_phase_and_three_can_do() -> None:
    # 3.9 kW are free: one phase takes 3.68 of them.
    plan = planned(problem(loads=(load(96.1),), charging=(car(phases=(1, 3), energy_kwh=20.0),)))
    assert plan.asset("car").power_kw.tolist() == pytest.approx([3.68] * 4)
    three = planned(problem(loads=(load(96.1),), charging=(car(phases=(3,), energy_kwh=20.0),)))
    assert three.asset("car").power_kw.tolist() == pytest.approx([0.0] * 4)


def test_the_naive_case_keeps_to_the_bands_too() -> None:
    plan = planned(problem(loads=(load(96.1),), charging=(car(phases=(1, 3), energy_kwh=20.0),)))
    assert plan.asset("car").at_once_kw.tolist() == pytest.approx([3.68] * 4)
    assert plan.naive.feasible


def test_phases_that_fit_no_limit_are_told() -> None:
    session = car(phases=(3,), required_kwh=10.0, name="Car")
    answer = solve(problem(loads=(load(97.0),), charging=(session,)))
    assert isinstance(answer, Infeasible)
    assert "Car cannot draw less than 4.14 kW." in answer.sentence
    assert any("vehicles draw less than their least power" in way.sentence for way in answer.ways_out)


def test_a_vehicle_gives_back_while_power_is_dear_and_leaves_as_full_as_it_came() -> None:
    session = v2g(efficiency=0.8, discharge_efficiency=0.5, wear_eur_per_kwh=0.02)
    plan = planned(problem(tariff=CHEAP_THEN_DEAR, loads=(load(20.0),), charging=(session,)))
    # Each kWh given takes 1 / (0.8 * 0.5) = 2.5 kWh: 0.25 + 0.02 is less than 0.40.
    assert plan.asset("bus").power_kw[2:].tolist() == pytest.approx([-20.0, -20.0])
    assert float(plan.asset("bus").power_kw[:2].sum()) == pytest.approx(100.0)
    assert plan.asset("bus").state[-1] == pytest.approx(0.0, abs=1e-6)
    assert plan.outcome.cost.by_cause_eur[Cause.WEAR] == pytest.approx(0.8)
    assert why(problem(tariff=CHEAP_THEN_DEAR, loads=(load(20.0),), charging=(session,)), plan, 2, "F3").drawing


def test_it_gives_no_more_than_down_to_its_least_and_takes_no_more_than_it_holds() -> None:
    dear_first = Tariff((0.40, 0.40, 0.10, 0.10))
    plan = planned(problem(tariff=dear_first, loads=(load(50.0),), charging=(v2g(least_kwh=70.0),)))
    assert float(plan.asset("bus").power_kw[:2].sum()) == pytest.approx(-30.0)
    plan = planned(problem(tariff=CHEAP_THEN_DEAR, loads=(load(40.0),), charging=(v2g(capacity_kwh=130.0),)))
    assert float(plan.asset("bus").power_kw[:2].sum()) == pytest.approx(30.0)


def test_it_feeds_the_grid_where_that_pays() -> None:
    nodes = (Node("grid", None, 100.0, -100.0), Node("F3", "grid", 100.0, -100.0))
    tariff = Tariff((0.10, 0.10, 0.40, 0.40), (0.05, 0.05, 0.35, 0.35))
    plan = planned(problem(nodes=nodes, tariff=tariff, charging=(v2g(),)))
    assert plan.asset("bus").power_kw[2:].tolist() == pytest.approx([-50.0, -50.0])


def test_energy_by_an_earlier_time_counts_what_was_given() -> None:
    dear_first = Tariff((0.40, 0.10, 0.40, 0.10))
    session = v2g(ready_kwh=0.0, ready_by=at(2.0))
    plan = planned(problem(tariff=dear_first, loads=(load(30.0),), charging=(session,)))
    assert plan.asset("bus").power_kw[0] == pytest.approx(-30.0)
    ready = dataclasses.replace(session, energy_kwh=30.0, ready_kwh=20.0)
    plan = planned(problem(tariff=dear_first, loads=(load(30.0),), charging=(ready,)))
    assert plan.asset("bus").state[1] >= 20.0 - 1e-6


def test_it_never_takes_and_gives_at_once_where_burning_energy_is_paid_for() -> None:
    case = problem(
        tariff=Tariff(-0.10, -0.10),
        loads=(load(10.0),),
        charging=(v2g(efficiency=0.9, discharge_efficiency=0.9),),
        wishes=NO_WISHES,
    )
    plan = solve(case, gap=0.0)
    assert isinstance(plan, Plan)
    assert plan.solved.integers > 0
    assert plan.cost_eur == pytest.approx(least_cost_eur(case), abs=1e-6)


def test_frozen_steps_repeat_what_it_gives() -> None:
    case = problem(
        loads=(load(40.0),), charging=(v2g(),), in_force=(InForce("bus", (-10.0, 15.0, 0.0, 0.0)),), frozen_steps=2
    )
    assert planned(case).asset("bus").power_kw[:2].tolist() == pytest.approx([-10.0, 15.0])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: car(phases=(4,)), "phases of charge session car is 4"),
        (lambda: car(phases=(3,), max_kw=3.0), "6 A on 3 phases is more than its max_kw of 3"),
        (lambda: car(most_a=4.0), "most_a of charge session car"),
        (lambda: car(discharge_max_kw=5.0), "give its capacity_kwh"),
        (lambda: v2g(least_kwh=300.0), "least_kwh of charge session bus"),
        (lambda: dataclasses.replace(v2g(), energy_kwh=150.0), "are more than it can hold"),
        (lambda: v2g(wear_eur_per_kwh=float("nan")), "wear_eur_per_kwh"),
    ],
)
def test_a_vehicle_that_cannot_be_is_refused(make: Any, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        make()


def test_documents_carry_phases_and_giving_back() -> None:
    case = problem(charging=(car(phases=(1, 3)), v2g(least_kwh=20.0)))
    assert read_problem(write_problem(case)) == case


@pytest.mark.parametrize(
    ("power_kw", "words"),
    [
        ([3.9, 0.0, 0.0, 0.0], "no number of 1, 3 does"),
        ([1.0, 0.0, 0.0, 0.0], "less than the least it can"),
        ([-60.0, 60.0, 0.0, 0.0], "less than it is held to"),
        ([-50.0, -50.0, 0.0, 0.0], "gives 50.000 kWh more than it may"),
        ([50.0, 50.0, 50.0, 0.0], "holds 50.000 kWh more than it can"),
    ],
)
def test_each_hard_rule_is_watched(power_kw: list[float], words: str) -> None:
    session = car(phases=(1, 3)) if max(power_kw) < 5.0 and min(power_kw) >= 0.0 else v2g(least_kwh=50.0)
    case = problem(charging=(session,))
    dispatch = dataclasses.replace(dispatch_of(case, tabulate(case), planned(case)), charge_kw=np.array([power_kw]))
    assert any(words in sentence for sentence in broken_rules(case, tabulate(case), dispatch))


@st.composite
def _sessions(draw: st.DrawFn, id: str, steps: int) -> ChargeSession:
    asked = draw(st.sampled_from([{}, {"phases": (3,)}, {"phases": (1, 3)}, {"phases": (1, 3), "least_on_h": 2.0}]))
    if draw(st.booleans()):
        asked = {
            "discharge_max_kw": draw(st.sampled_from([5.0, 20.0])),
            "capacity_kwh": 60.0,
            "start_kwh": 25.0,
        } | asked
    arrives = draw(st.integers(0, 1))
    return ChargeSession(
        id,
        "F3",
        at(float(arrives)),
        at(float(draw(st.integers(arrives + 1, steps)))),
        draw(st.sampled_from([7.4, 11.04, 22.0])),
        float(draw(st.integers(0, 30))),
        draw(st.sampled_from([0.1, 1.0])),
        efficiency=draw(st.sampled_from([1.0, 0.9])),
        discharge_efficiency=draw(st.sampled_from([1.0, 0.9])),
        wear_eur_per_kwh=draw(st.sampled_from([0.0, 0.03])),
        least_kwh=draw(st.sampled_from([0.0, 20.0, 30.0])),
        most_a=draw(st.sampled_from([None, 16.0])),
        **asked,
    )


@st.composite
def cases(draw: st.DrawFn) -> Problem:
    """Up to three vehicles on a feeder with little room, at prices of either sign."""
    steps = draw(st.integers(2, 5))
    prices = tuple(draw(st.lists(st.integers(-10, 50).map(lambda c: c / 100.0), min_size=steps, max_size=steps)))
    nodes = (Node("grid", None, 100.0, draw(st.sampled_from([0.0, -20.0]))), Node("F3", "grid", 100.0, -20.0))
    return problem(
        steps,
        nodes=nodes,
        tariff=Tariff(prices, tuple(p - 0.02 for p in prices), (PeakCharge("month", 0.4, 80.0),)),
        charging=tuple(draw(_sessions(f"car{n}", steps)) for n in range(draw(st.integers(1, 3)))),
        loads=(load(float(draw(st.integers(0, 96)))),),
        wishes=NO_WISHES,
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.sampled_from([Modelling.PULP, Modelling.ARRAYS]))
def test_the_optimum_is_that_of_an_independent_model(case: Problem, modelling: Modelling) -> None:
    expected = least_cost_eur(case)
    answer = solve(case, gap=0.0, modelling=modelling)
    assert isinstance(answer, Plan | Infeasible), answer
    assert isinstance(answer, Plan) == (expected is not None)
    if isinstance(answer, Infeasible):
        assert answer.conflicts
        return
    assert answer.cost_eur == pytest.approx(expected, abs=1e-4, rel=1e-6)
    assert check_plan(case, answer) == ()
    for found in run_baselines(case):
        if found.feasible:
            assert answer.cost_eur <= found.cost_eur + 1e-4
