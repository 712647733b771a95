"""Access points that are alike are counted, not told apart: nothing is lost by it, and every ship gets its own."""

from __future__ import annotations

import dataclasses

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from optimizer.alike_points import AlikePoints, merge_alike_points
from optimizer.check import check_plan
from optimizer.parts import Horizon, Node
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.shore import AccessPoint, ShipCall
from optimizer.solve import solve
from optimizer.tables import tabulate
from tests.optimizer.independent import least_cost_eur
from tests.optimizer.small import START, planned, problem, ship

HOURS = 8
NODES = (Node("grid", None, 1000.0), Node("quay", "grid", 90.0), Node("s1", "quay", 500.0), Node("s2", "quay", 30.0))


def _points(*nodes: str, **changes: object) -> tuple[AccessPoint, ...]:
    return tuple(AccessPoint(f"A{n}", node, 60.0, **changes) for n, node in enumerate(nodes))  # type: ignore[arg-type]


def _case(points: tuple[AccessPoint, ...], ships: tuple[ShipCall, ...]) -> Problem:
    return problem(
        horizon=Horizon(START, (1.0,) * HOURS), nodes=NODES, access_points=points, ships=ships, charging=(), lighting=()
    )


def _alike(case: Problem, held: set[int]) -> AlikePoints:
    tables = tabulate(case)
    return merge_alike_points(tables.berths, tables.tree, held)


def _kinds(found: AlikePoints) -> list[list[int]]:
    return sorted(found.stands_for.values())


def test_points_below_limits_that_cannot_bind_are_one_kind() -> None:
    case = _case(_points("s1", "s1", "s2", "quay"), (ship("a", node="quay"), ship("b", node="quay")))
    assert _kinds(_alike(case, held={1})) == [[0, 1, 2, 3]]
    assert _kinds(_alike(case, held={1, 3})) == [[0, 1, 3], [2]]


def test_points_that_fit_others_or_lose_more_stay_apart() -> None:
    fast, lossy = _points("s1", "s1"), _points("s1", "s1", efficiency=0.9)
    points = (*fast, dataclasses.replace(lossy[1], id="B"), AccessPoint("C", "s1", 60.0, frequencies_hz=(50.0,)))
    case = _case(points, (ship("a", node="quay"), ship("b", node="quay", frequency_hz=50.0)))
    assert _kinds(_alike(case, held={1})) == [[0, 1], [2], [3]]


def test_a_kind_holds_as_many_ships_as_it_has_points() -> None:
    calls = tuple(ship(f"call-{n}", node="quay", hotel_kw=10.0, not_connected_eur=100.0 + n) for n in range(4))
    plan = planned(_case(_points("s1", "s1", "s1"), calls))
    assert [one.point is None for one in plan.ships] == [True, False, False, False]
    assert len({one.point for one in plan.ships}) == 4


def test_a_ship_plugged_in_keeps_its_point_among_those_alike() -> None:
    calls = (ship("a", node="quay", hotel_kw=10.0), ship("b", node="quay", hotel_kw=10.0, at_point="A0"))
    plan = planned(_case(_points("s1", "s1"), calls))
    assert [one.point for one in plan.ships] == ["A1", "A0"]


def test_ships_plugged_in_without_a_common_moment_keep_points_apart() -> None:
    first = ship("a", node="quay", at_point="A0", leaves_h=1.0)
    calls = (first, ship("b", node="quay", at_point="A1", arrives_h=2.0), ship("c", node="quay"))
    assert _kinds(_alike(_case(_points("s1", "s1", "s1"), calls), held={1})) == [[0], [1], [2]]


@st.composite
def stays(draw: st.DrawFn) -> Problem:
    """More ships than points, most points alike, some ships plugged in at the horizon's start."""
    points = _points(*draw(st.lists(st.sampled_from(["s1", "s1", "s2", "quay"]), min_size=2, max_size=4)))
    free = [point.id for point in points]
    calls = []
    for number in range(draw(st.integers(2, 6))):
        begins = draw(st.integers(-2, HOURS - 1))
        stays_h = draw(st.integers(max(1, 1 - begins), 6))
        held = free.pop(0) if free and begins <= 0 < begins + stays_h and draw(st.booleans()) else None
        calls.append(
            ship(
                f"call-{number}",
                node=draw(st.sampled_from(["quay", "quay", "s1"])) if held is None else "quay",
                arrives_h=float(begins),
                leaves_h=float(begins + stays_h),
                hotel_kw=float(draw(st.sampled_from([10, 25, 40]))),
                engine_eur_per_kwh=draw(st.sampled_from([0.1, 0.5])),
                not_connected_eur=float(draw(st.sampled_from([0, 50, 51]))),
                connect_h=draw(st.sampled_from([0.0, 1.0])),
                at_point=held,
            )
        )
    return _case(points, tuple(calls))


@settings(max_examples=60, deadline=None)
@given(stays())
def test_counting_alike_points_costs_what_telling_them_apart_costs(case: Problem) -> None:
    plan = solve(case, gap=0.0)
    assert isinstance(plan, Plan)
    assert plan.cost_eur == pytest.approx(least_cost_eur(case), abs=1e-4, rel=1e-6)
    assert check_plan(case, plan) == ()


@settings(max_examples=100, deadline=None)
@given(stays(), st.randoms(use_true_random=False))
def test_whatever_the_count_allows_can_be_moored(case: Problem, chance: object) -> None:
    alike = _alike(case, held={1, 3})
    chosen: list[int] = []
    options = list(range(alike.merged.ship.size))
    chance.shuffle(options)  # type: ignore[attr-defined]
    for option in options:
        fits = all(np.isin(clash.options, [*chosen, option]).sum() <= clash.places for clash in alike.merged.clashes)
        if fits and alike.merged.ship[option] not in alike.merged.ship[chosen]:
            chosen.append(option)
    berth = alike.moor(np.array(chosen, dtype=np.int64))
    assert (berth >= 0).sum() == len(chosen)
    for clash in alike.apart.clashes:
        assert np.isin(clash.options, berth).sum() <= 1
    for ship_number in alike.merged.ship[chosen]:
        pinned = alike.apart.plugged_at[ship_number]
        assert pinned in (-1, alike.apart.point[berth[ship_number]])
