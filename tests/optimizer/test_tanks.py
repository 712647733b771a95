"""Tanks: hand-solved plans, the same optimum as an independent model, and what is told when water does not fit."""

from __future__ import annotations

import dataclasses
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.baselines import run_baselines
from optimizer.check import broken_rules, check_plan
from optimizer.document import read_problem, write_problem
from optimizer.errors import ProblemError
from optimizer.naive import naive_dispatch
from optimizer.parts import InForce, Tariff, Wishes
from optimizer.plan import Cause, Infeasible, Plan
from optimizer.problem import Problem
from optimizer.solve import Modelling, solve
from optimizer.switching import Switching
from optimizer.tables import tabulate
from optimizer.water import Pump, Tank
from tests.optimizer.independent import least_cost_eur
from tests.optimizer.small import load, planned, problem

CHEAP_THEN_DEAR = Tariff((0.10, 0.40, 0.10, 0.40))
TANK = Tank("tower", "F3", 300.0, 100.0, 60.0, least_m3=50.0, name="Tower")
PUMP = Pump("pump", "F3", "tower", 40.0, 4.0, name="Pump 1")


def case_of(**changes: Any) -> Problem:
    """A tower of 300 m3 that holds 100 and gives 60 an hour; its pump brings 160 an hour."""
    return problem(**{"tariff": CHEAP_THEN_DEAR, "tanks": (TANK,), "pumps": (PUMP,), **changes})


def test_water_is_pumped_while_power_is_cheap() -> None:
    plan = planned(case_of())
    # 240 m3 flow out and 50 must be left: 190 m3 are pumped, none of it while power is dear.
    assert float(plan.asset("pump").power_kw.sum()) == pytest.approx(190 / 4)
    assert plan.asset("pump").power_kw[[1, 3]].tolist() == [0.0, 0.0]
    assert plan.cost_eur == pytest.approx(190 / 4 * 0.10)
    assert plan.asset("tower").state[-1] == pytest.approx(50.0)
    (price,) = plan.supplies
    assert (price.id, price.unit) == ("tower", "m3")
    assert price.eur_per_unit.tolist() == pytest.approx([0.025] * 4)


def test_a_full_tank_and_an_end_are_kept() -> None:
    tank = dataclasses.replace(TANK, capacity_m3=130.0, end_m3=120.0)
    plan = planned(case_of(tanks=(tank,)))
    assert plan.asset("tower").state.max() <= 130.0 + 1e-6
    assert plan.asset("tower").state[-1] == pytest.approx(120.0)


def test_an_end_with_a_price_may_be_missed() -> None:
    tank = dataclasses.replace(TANK, end_m3=200.0, end_missing_eur_per_m3=0.01)
    plan = planned(case_of(tanks=(tank,)))
    (missed,) = plan.outcome.shortfalls
    assert (missed.cause, missed.unit, missed.amount) == (Cause.STORED, "m3", pytest.approx(150.0))


def test_a_pump_that_is_on_or_off_starts_seldom() -> None:
    pump = dataclasses.replace(PUMP, switching=Switching(40.0, start_eur=1.0))
    tank = dataclasses.replace(TANK, end_m3=100.0)
    plan = planned(case_of(tariff=Tariff(0.10), tanks=(tank,), pumps=(pump,)))
    assert set(plan.asset("pump").power_kw.tolist()) <= {0.0, 40.0}
    assert plan.outcome.cost.by_cause_eur[Cause.START] == pytest.approx(1.0)


def test_the_naive_case_keeps_the_level_it_found() -> None:
    plan = planned(case_of())
    assert plan.asset("pump").at_once_kw.tolist() == pytest.approx([15.0] * 4)
    assert plan.naive.feasible


def test_frozen_steps_repeat_the_pumps() -> None:
    plan = planned(case_of(in_force=(InForce("pump", (11.0, 22.0, 0.0, 0.0)),), frozen_steps=2))
    assert plan.asset("pump").power_kw[:2].tolist() == pytest.approx([11.0, 22.0])


def test_a_tank_that_runs_dry_is_told_with_its_ways_out() -> None:
    answer = solve(case_of(loads=(load(95.0),)))
    assert isinstance(answer, Infeasible)
    assert {conflict.rule for conflict in answer.conflicts} == {"keep_tank_level", "stay_within_feeder"}
    assert "Tower starts with 100 m3 and must hold 50 to 300 m3; 240 m3 flow out" in answer.sentence
    assert any("use 110.0 m3 less from Tower" in way.sentence for way in answer.ways_out)
    assert any("7 kW more on Feeder F3" in way.sentence for way in answer.ways_out)


def test_a_frozen_pump_that_overfills_a_tank_is_told() -> None:
    case = case_of(tanks=(dataclasses.replace(TANK, capacity_m3=110.0),))
    answer = solve(dataclasses.replace(case, in_force=(InForce("pump", (40.0,) * 4),), frozen_steps=1))
    assert isinstance(answer, Infeasible)
    assert "Pump 1 is held to the plan in force" in answer.sentence
    assert any("let Pump 1 leave the plan in force at once" in way.sentence for way in answer.ways_out)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: dataclasses.replace(TANK, start_m3=400.0), "start_m3 of tank tower"),
        (lambda: dataclasses.replace(TANK, start_m3=20.0), "below its least of 50"),
        (lambda: dataclasses.replace(TANK, outflow_m3h=-1.0), "outflow_m3h of tank tower"),
        (lambda: dataclasses.replace(PUMP, m3_per_kwh=0.0), "m3_per_kwh of pump pump"),
        (lambda: case_of(pumps=(dataclasses.replace(PUMP, tank="twoer"),)), "did you mean tower"),
        (lambda: case_of(tanks=(dataclasses.replace(TANK, outflow_m3h=(1.0,)),)), "outflow_m3h of tank tower has 1"),
    ],
)
def test_water_that_cannot_be_is_refused(make: Any, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        make()


def test_documents_carry_tanks() -> None:
    case = case_of(pumps=(dataclasses.replace(PUMP, switching=Switching(10.0, on_before=True, since_h=0.5)),))
    assert read_problem(write_problem(case)) == case


@pytest.mark.parametrize(
    ("power_kw", "words"),
    [
        ([50.0, 0.0, 0.0, 0.0], "draws 10.000 kW more"),
        ([40.0, 40.0, 40.0, 40.0], "runs over by 200.000 m3"),
        ([0.0, 40.0, 40.0, 0.0], "10.000 m3 below its least level"),
        ([40.0, 5.0, 0.0, 40.0], "under its least load"),
        ([40.0, 0.0, 0.0, 0.0], "ends with 30.000 m3 less"),
    ],
)
def test_each_hard_rule_of_a_tank_is_watched(power_kw: list[float], words: str) -> None:
    tank = dataclasses.replace(TANK, end_m3=50.0, least_m3=20.0 if "ends" in words else 50.0)
    case = case_of(tanks=(tank,), pumps=(dataclasses.replace(PUMP, switching=Switching(10.0)),))
    dispatch = dataclasses.replace(naive_dispatch(tabulate(case)), pump_kw=np.array([power_kw]))
    assert any(words in sentence for sentence in broken_rules(case, tabulate(case), dispatch))


@st.composite
def cases(draw: st.DrawFn) -> Problem:
    """One or two tanks with pumps that may have to run at a least load, on a feeder that may be too small."""
    steps = draw(st.integers(2, 5))
    whole = st.integers(0, 60).map(float)
    tanks = tuple(
        Tank(
            f"tank{n}",
            "F3",
            200.0,
            draw(st.integers(20, 200).map(float)),
            tuple(draw(st.lists(whole, min_size=steps, max_size=steps))),
            20.0,
            draw(st.integers(0, 150).map(float)),
            draw(st.sampled_from([None, 0.05])),
        )
        for n in range(draw(st.integers(1, 2)))
    )
    asked = st.sampled_from([None, Switching(10.0, 0.5, 2.0, 1.0), Switching(20.0, 0.0, 0.0, 3.0, True, 1.0)])
    pumps = tuple(
        Pump(f"pump{n}", "F3", draw(st.sampled_from([tank.id for tank in tanks])), 20.0 + 10 * n, 3.0 + n, draw(asked))
        for n in range(draw(st.integers(1, 3)))
    )
    prices = tuple(draw(st.lists(st.integers(-5, 50).map(lambda c: c / 100.0), min_size=steps, max_size=steps)))
    buildings = load(float(draw(st.integers(0, 90))))
    wishes = Wishes(0.0, 0.0, 0.0, 0.0, 0.0)
    tariff = Tariff(prices, tuple(price - 0.01 for price in prices))
    return problem(steps, tariff=tariff, tanks=tanks, pumps=pumps, loads=(buildings,), wishes=wishes)


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
