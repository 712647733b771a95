"""A large search over integers begins with the linear program, and its bound and gap are honest."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from optimizer import search as searching
from optimizer import solve as solving
from optimizer.check import check_plan
from optimizer.plan import Plan, Status, Unsolved
from optimizer.problem import Problem
from optimizer.solve import Modelling, Planner
from tests.optimizer.cities import quay


def _port(seed: int) -> Problem:
    return quay(points=16, calls=14, groups=6, sessions=8, steps=32, seed=seed)


def _best_eur(case: Problem, monkeypatch: pytest.MonkeyPatch) -> float:
    """What HiGHS finds when it is given the whole at once."""
    with monkeypatch.context() as patch:
        patch.setattr(solving, "SEARCH_COLUMNS", 10**9)
        plan = Planner(Modelling.ARRAYS).solve(_any_of_the_best(case), gap=0.0)
    assert isinstance(plan, Plan)
    return plan.cost_eur


def _any_of_the_best(case: Problem) -> Problem:
    wishes = dataclasses.replace(case.wishes, charge_early=0.0, few_changes=0.0, stay_near=0.0)
    return dataclasses.replace(case, wishes=wishes)


@pytest.fixture(autouse=True)
def _search_from_the_first_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "SEARCH_COLUMNS", 0)


@pytest.mark.parametrize("seed", range(4))
def test_asked_for_the_best_it_finds_what_the_whole_search_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _any_of_the_best(_port(seed))
    best = _best_eur(case, monkeypatch)
    plan = Planner(Modelling.ARRAYS).solve(case, gap=0.0)
    assert isinstance(plan, Plan)
    assert plan.cost_eur == pytest.approx(best, rel=2e-6)
    assert plan.solved.priced
    assert check_plan(case, plan) == ()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("whole", [0, 10**9])
def test_its_bound_is_below_the_best_and_its_plan_above(seed: int, whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "WHOLE_COLUMNS", whole)
    case = _any_of_the_best(_port(seed))
    best = _best_eur(case, monkeypatch)
    plan = Planner(Modelling.ARRAYS).solve(case, gap=0.01)
    assert isinstance(plan, Plan)
    assert plan.solved.bound_eur is not None
    assert plan.solved.bound_eur <= best * (1 + 1e-9)
    assert plan.cost_eur >= best * (1 - 1e-9)
    assert plan.solved.gap == pytest.approx((plan.cost_eur - plan.solved.bound_eur) / plan.cost_eur, abs=1e-9)
    assert plan.solved.status in (Status.OPTIMAL, Status.FEASIBLE)
    assert (plan.solved.status is Status.OPTIMAL) == (plan.solved.gap < 2e-6)


def test_ships_stay_where_they_are_planned_while_that_is_near_enough() -> None:
    case, planner = _port(1), Planner(Modelling.ARRAYS)
    first = planner.solve(case, gap=0.01)
    prices = tuple(price * 1.01 for price in case.tariff.import_eur_per_kwh)  # type: ignore[union-attr]
    dearer = dataclasses.replace(case, tariff=dataclasses.replace(case.tariff, import_eur_per_kwh=prices))
    again = planner.solve(dearer, gap=0.01)
    assert isinstance(first, Plan)
    assert isinstance(again, Plan)
    assert [one.point for one in again.ships] == [one.point for one in first.ships]
    assert again.solved.warm
    assert again.solved.gap is not None
    assert again.solved.gap <= 0.01


def test_a_search_called_off_gives_no_plan() -> None:
    cancel = threading.Event()
    cancel.set()
    answer = Planner(Modelling.ARRAYS).solve(_port(1), cancel=cancel)
    assert isinstance(answer, Unsolved)
    assert "cancelled" in answer.reason
