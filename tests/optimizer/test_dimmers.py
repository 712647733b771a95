"""Dimmers that only have some levels, change seldom and dwell: by hand, and against an independent model."""

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
from optimizer.naive import naive_dispatch
from optimizer.parts import InForce, LightingGroup, Neighbours, Tariff, Wishes
from optimizer.plan import Infeasible, Plan
from optimizer.problem import Problem
from optimizer.solve import Modelling, solve
from optimizer.tables import tabulate
from tests.optimizer.independent import least_cost_eur
from tests.optimizer.small import lamps, load, planned, problem

ZIGZAG = Tariff((0.10, 0.50, 0.10, 0.50))  # an hour of full light is worth 12 EUR, its 40 kW cost 4 or 20


def levels_of(case: Problem) -> list[float]:
    """The levels of the one group of a problem that has a plan."""
    return planned(case).asset("ring").setpoint.tolist()


def test_only_levels_the_driver_has_are_run() -> None:
    case = problem(tariff=ZIGZAG, lighting=(lamps(dimmer_levels=(0.3, 0.6, 0.9)),))
    assert levels_of(case) == pytest.approx([0.9, 0.6, 0.9, 0.6])


def test_without_dimmer_levels_there_is_no_integer() -> None:
    assert planned(problem(lighting=(lamps(),))).solved.integers == 0


def test_few_changes_a_night_are_spent_where_they_are_worth_most() -> None:
    tariff = Tariff((0.10, 0.31, 0.10, 0.50))
    # Dimming by half saves 0.2 in the second hour and 4.0 in the last one.
    assert levels_of(problem(tariff=tariff, lighting=(lamps(most_changes=1),))) == pytest.approx([1.0, 1.0, 1.0, 0.5])
    assert levels_of(problem(tariff=tariff, lighting=(lamps(most_changes=0),))) == pytest.approx([1.0] * 4)


def test_changes_before_the_horizon_count_in_the_night_that_runs() -> None:
    group = lamps(most_changes=1, changes_so_far=1, level_before=1.0)
    assert levels_of(problem(tariff=ZIGZAG, lighting=(group,))) == pytest.approx([1.0] * 4)


def test_each_night_has_its_own_changes() -> None:
    group = lamps(steps=5, lit=(True, True, False, True, True), most_changes=1)
    tariff = Tariff((0.10, 0.50, 0.10, 0.10, 0.50))
    assert levels_of(problem(5, tariff=tariff, lighting=(group,))) == pytest.approx([1.0, 0.5, 0.0, 1.0, 0.5])


def test_a_level_stays_for_its_least_dwell() -> None:
    plan = levels_of(problem(tariff=ZIGZAG, lighting=(lamps(least_dwell_h=2.0),)))
    assert plan[1] == pytest.approx(plan[2]) or plan[2] == pytest.approx(plan[3])
    held = lamps(steps=2, least_dwell_h=2.0, level_before=1.0, unchanged_h=0.5)
    assert levels_of(problem(2, tariff=Tariff(0.50), lighting=(held,))) == pytest.approx([1.0, 1.0])


def test_a_change_inside_the_frozen_window_is_dwelt_on() -> None:
    case = problem(
        tariff=ZIGZAG,
        lighting=(lamps(least_dwell_h=3.0, level_before=1.0),),
        in_force=(InForce("ring", (0.7, 0.7, 0.7, 0.7)),),
        frozen_steps=1,
    )
    assert levels_of(case) == pytest.approx([0.7, 0.7, 0.7, 0.5])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dimmer_levels": (0.3, 1.2)}, "dimmer_levels of lighting group ring"),
        ({"least_dwell_h": -1.0}, "least_dwell_h of lighting group ring"),
        ({"most_changes": -1}, "most_changes of lighting group ring"),
        ({"dimmer_levels": (0.2, 0.4)}, "Lighting group ring: in step 0 none of its dimmer levels"),
    ],
)
def test_a_dimmer_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        problem(lighting=(lamps(**changes),))


def test_floors_that_rise_more_often_than_the_level_may_change_are_told_with_a_way_out() -> None:
    group = lamps(wanted=1.0, floor=(0.2, 0.5, 0.2, 0.2), ceiling=(0.4, 1.0, 0.4, 1.0), most_changes=1)
    answer = solve(problem(lighting=(group,)))
    assert isinstance(answer, Infeasible)
    assert "Ring may change its level 1 times a night." in answer.sentence
    assert any("let lights take any level at any time" in way.sentence for way in answer.ways_out)
    dwelling = dataclasses.replace(group, most_changes=None, least_dwell_h=2.0)
    answer = solve(problem(lighting=(dwelling,)))
    assert isinstance(answer, Infeasible)
    assert "Ring stays at a level for 2 h at least." in answer.sentence
    assert answer.ways_out


def test_a_level_that_must_not_change_is_told_where_its_floor_rises() -> None:
    group = lamps(steps=2, floor=(0.2, 0.9), ceiling=(0.2, 1.0), most_changes=0)
    answer = solve(problem(2, lighting=(group,)))
    assert isinstance(answer, Infeasible)
    assert [conflict.rule for conflict in answer.conflicts] == ["change_level_seldom"]
    assert any("let Ring change more often" in way.sentence for way in answer.ways_out)


def test_levels_that_no_neighbour_can_match_are_told() -> None:
    groups = (lamps("east", dimmer_levels=(0.5, 1.0)), lamps("west", dimmer_levels=(0.6, 0.8)))
    answer = solve(problem(lighting=groups, neighbours=(Neighbours("east", "west", 0.05),)))
    assert isinstance(answer, Infeasible)
    assert "East runs at one of 50%, 100%." in answer.sentence
    assert any("lights take any level at any time" in way.sentence for way in answer.ways_out)


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({"dimmer_levels": (0.5, 1.0)}, [1.0, 0.7, 1.0, 1.0], "none of its levels, in step 1"),
        ({"most_changes": 1}, [1.0, 0.7, 1.0, 1.0], "too often in the night from step 0"),
        ({"least_dwell_h": 2.0}, [1.0, 0.7, 1.0, 1.0], "again too soon in step 2"),
        ({"least_dwell_h": 2.0, "level_before": 1.0, "unchanged_h": 1.0}, [0.7] * 4, "again too soon in step 0"),
    ],
)
def test_each_rule_of_a_dimmer_is_watched(changes: dict[str, Any], level: list[float], words: str) -> None:
    case = problem(lighting=(lamps(**changes),))
    dispatch = dataclasses.replace(dispatch_of(case, tabulate(case), planned(case)), level=np.array([level]))
    assert any(words in sentence for sentence in broken_rules(case, tabulate(case), dispatch))


def test_the_naive_case_runs_the_next_level_up_and_does_not_flap() -> None:
    wanted = (0.7, 0.8, 0.7, 0.7)
    case = problem(lighting=(lamps(wanted=wanted, dimmer_levels=(0.5, 0.75, 1.0), most_changes=1),))
    assert naive_dispatch(tabulate(case)).level[0].tolist() == [1.0] * 4
    assert planned(case).naive.feasible


def test_documents_carry_dimmers() -> None:
    case = problem(lighting=(lamps(dimmer_levels=(0.5, 1.0), least_dwell_h=1.0, most_changes=3, unchanged_h=0.5),))
    assert read_problem(write_problem(case)) == case


@st.composite
def _groups(draw: st.DrawFn, id: str, steps: int) -> LightingGroup:
    low = draw(st.sampled_from([0.0, 0.2, 0.4]))
    floors = [low + draw(st.sampled_from([0.0, 0.2])) for _ in range(steps)]
    return LightingGroup(
        id,
        "F3",
        draw(st.sampled_from([10.0, 30.0])),
        draw(st.lists(st.sampled_from([True, True, True, False]), min_size=steps, max_size=steps).map(tuple)),
        tuple(draw(st.lists(st.sampled_from([0.6, 0.8, 1.0]), min_size=steps, max_size=steps))),
        tuple(floors),
        draw(st.sampled_from([0.5, 3.0, 9.0])),
        standby_kw=0.5,
        off_kw=0.1,
        gradient=draw(st.sampled_from([1.0, 1.2])),
        ramp=draw(st.sampled_from([None, 0.3, 0.5])),
        level_before=draw(st.sampled_from([None, 0.5, 1.0])),
        dimmer_levels=draw(st.sampled_from([(), (0.3, 0.6, 1.0), (1.0, 0.8, 0.6, 0.4, 0.2)])),
        least_dwell_h=draw(st.sampled_from([0.0, 0.0, 2.0, 3.0])),
        most_changes=draw(st.sampled_from([None, None, 0, 1, 2])),
        unchanged_h=draw(st.sampled_from([None, 0.5])),
        changes_so_far=draw(st.integers(0, 1)),
    )


@st.composite
def cases(draw: st.DrawFn) -> Problem:
    """One or two groups, perhaps neighbours, on a feeder that may be too small for all light."""
    steps = draw(st.integers(2, 6))
    groups = tuple(draw(_groups(f"light{n}", steps)) for n in range(draw(st.integers(1, 2))))
    pairs = (Neighbours("light0", "light1", 0.3),) if len(groups) > 1 and draw(st.booleans()) else ()
    prices = tuple(draw(st.lists(st.integers(-5, 60).map(lambda c: c / 100.0), min_size=steps, max_size=steps)))
    buildings = load(float(draw(st.integers(40, 90))))
    wishes = Wishes(0.0, 0.0, 0.0, 0.0, 0.0)
    tariff = Tariff(prices, tuple(price - 0.01 for price in prices))
    return problem(steps, tariff=tariff, lighting=groups, neighbours=pairs, loads=(buildings,), wishes=wishes)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
