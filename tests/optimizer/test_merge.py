"""Equal groups on one feeder are planned once, and nothing is lost by it."""

from __future__ import annotations

import dataclasses

import pytest

from optimizer import preparation
from optimizer.check import check_plan
from optimizer.merge import Merged, merge_equal_groups
from optimizer.parts import InForce, Neighbours, Node, Tariff
from optimizer.problem import Problem
from tests.optimizer.small import bus, lamps, load, planned, problem

NODES = (Node("grid", None, 1000.0), Node("F3", "grid", 100.0), Node("F4", "grid", 100.0))


def _street(rated_kw: float, id: str, **changes: object) -> object:
    return lamps(id, rated_kw=rated_kw, standby_kw=0.1 * rated_kw, missing_light_eur_per_h=0.3 * rated_kw, **changes)


def _streets() -> Problem:
    groups = (_street(10.0, "a"), _street(20.0, "b"), _street(7.0, "c", floor=0.4), _street(5.0, "d", node="F4"))
    return problem(
        nodes=NODES, tariff=Tariff((0.2, 0.5, 0.3, 0.2)), lighting=groups, charging=(bus(),), loads=(load(20.0),)
    )


def test_only_what_is_equal_by_the_kw_and_on_one_feeder_is_merged() -> None:
    merged = merge_equal_groups(_streets())
    assert [group.id for group in merged.problem.lighting] == ["a", "c", "d"]
    assert merged.row.tolist() == [0, 0, 1, 2]
    assert merged.problem.lighting[0].rated_kw == pytest.approx(30.0)


def test_merged_groups_cost_what_they_cost_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    case = _streets()
    together = planned(case)
    monkeypatch.setattr(preparation, "merge_equal_groups", lambda p: Merged(p, merge_nothing(p)))
    apart = planned(case)
    assert together.solved.columns < apart.solved.columns
    assert together.solved.bound_eur == pytest.approx(apart.solved.bound_eur, rel=1e-9)
    assert check_plan(case, together) == ()


def merge_nothing(case: Problem) -> object:
    """Every group by itself."""
    import numpy as np

    return np.arange(len(case.lighting))


def test_each_group_gets_its_own_plan_back() -> None:
    plan = planned(_streets())
    assert plan.asset("b").power_kw == pytest.approx(2.0 * plan.asset("a").power_kw)
    assert plan.asset("a").setpoint.tolist() == plan.asset("b").setpoint.tolist()
    assert [asset.id for asset in plan.assets[:4]] == ["a", "b", "c", "d"]


def test_neighbours_and_plans_in_force_that_differ_keep_groups_apart() -> None:
    case = _streets()
    paired = dataclasses.replace(case, neighbours=(Neighbours("a", "c", 0.2),))
    held = dataclasses.replace(case, in_force=(InForce("b", (0.8,) * 4),))
    assert len(merge_equal_groups(paired).problem.lighting) == 4
    assert len(merge_equal_groups(held).problem.lighting) == 4


def test_a_problem_without_equals_comes_back_itself() -> None:
    case = problem(lighting=(lamps(),))
    assert merge_equal_groups(case).problem is case
