"""The same parts in another order are the same problem: they give the very same plan."""

from __future__ import annotations

import dataclasses
import random

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from optimizer.baselines import run_baselines
from optimizer.order import in_one_order
from optimizer.parts import AccessPoint, ChargeSession, PeakCharge, Tariff
from optimizer.plan import Infeasible, Plan
from optimizer.problem import Problem
from tests.optimizer.small import at, battery, bus, problem, ship
from tests.optimizer.test_properties import QUICK, problems, solve


def shuffled(case: Problem, seed: int) -> Problem:
    """The problem with every list of parts in another order."""
    draw = random.Random(seed)
    lists = {
        f.name: getattr(case, f.name) for f in dataclasses.fields(case) if isinstance(getattr(case, f.name), tuple)
    }
    mixed = {name: tuple(draw.sample(parts, len(parts))) for name, parts in lists.items()}
    peaks = tuple(draw.sample(case.tariff.peaks, len(case.tariff.peaks)))
    return dataclasses.replace(case, **mixed, tariff=dataclasses.replace(case.tariff, peaks=peaks))


def must_be_the_same(one: Plan, other: Plan) -> None:
    """Every figure of every asset, node and ship, whatever the order they are listed in."""
    assert one.cost_eur == pytest.approx(other.cost_eur, abs=1e-9)
    for asset in one.assets:
        twin = other.asset(asset.id)
        for field in ("power_kw", "setpoint", "state", "shortfall", "at_once_kw"):
            assert np.array_equal(getattr(asset, field), getattr(twin, field)), (asset.id, field)
    for node in one.nodes:
        assert np.array_equal(node.limit_eur_per_kw, other.node(node.id).limit_eur_per_kw), node.id
    assert {ship.call: ship.point for ship in one.ships} == {ship.call: ship.point for ship in other.ships}


@QUICK
@given(problems(), st.integers(0, 10_000))
def test_the_order_of_the_parts_changes_nothing_in_the_plan(case: Problem, seed: int) -> None:
    one, other = solve(case), solve(shuffled(case, seed))
    assert isinstance(one, Plan) == isinstance(other, Plan)
    if isinstance(one, Plan) and isinstance(other, Plan):
        must_be_the_same(one, other)
    if isinstance(one, Infeasible) and isinstance(other, Infeasible):
        assert one.sentence == other.sentence


def _alike() -> Problem:
    """Vehicles, batteries, ships and points that are all alike, so that only an order can choose among them."""
    sessions: tuple[ChargeSession, ...] = tuple(bus(f"bus{n}", energy_kwh=60.0) for n in range(4))
    return problem(
        tariff=Tariff(0.20, peaks=(PeakCharge("week", 0.1), PeakCharge("month", 0.2, 30.0))),
        charging=sessions,
        batteries=(battery("one", start_kwh=20.0), battery("two", start_kwh=20.0)),
        access_points=tuple(AccessPoint(f"A{n}", "F3", 60.0) for n in range(2)),
        ships=(ship("ferry", hotel_kw=10.0), ship("tug", hotel_kw=10.0, arrives_h=1.0), ship("barge", hotel_kw=10.0)),
    )


@pytest.mark.parametrize("seed", range(4))
def test_parts_that_are_all_alike_get_the_same_in_any_order(seed: int) -> None:
    one, other = solve(_alike()), solve(shuffled(_alike(), seed))
    assert isinstance(one, Plan)
    assert isinstance(other, Plan)
    must_be_the_same(one, other)


def test_a_plan_is_listed_as_its_problem_is() -> None:
    case = shuffled(_alike(), 1)
    plan = solve(case)
    assert isinstance(plan, Plan)
    assert [asset.id for asset in plan.assets] == [asset.id for asset in case.assets]
    assert [node.id for node in plan.nodes] == [node.id for node in case.nodes]
    assert [one.call for one in plan.ships] == [call.id for call in case.ships]
    assert [peak.name for peak in plan.outcome.peaks] == [peak.name for peak in case.tariff.peaks]
    by_asset = dict(zip([a.id for a in plan.assets], plan.outcome.cost.by_asset_eur, strict=True))
    for asset in plan.assets:
        assert (by_asset[asset.id] == 0.0) == (not np.any(asset.power_kw)) or asset.kind == "ship"


def test_baselines_do_not_hang_on_the_order_either() -> None:
    for one, other in zip(run_baselines(_alike()), run_baselines(shuffled(_alike(), 3)), strict=True):
        assert one.cost_eur == pytest.approx(other.cost_eur, abs=1e-9)
        assert np.array_equal(one.outcome.net_kw, other.outcome.net_kw)


def test_what_is_in_order_is_left_alone() -> None:
    case = in_one_order(_alike())
    assert in_one_order(case) is case
    assert [session.arrives for session in case.charging] == [at(0.0)] * 4
