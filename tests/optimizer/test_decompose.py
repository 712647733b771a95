"""Price decomposition: its plan keeps every rule, its bound is below the best cost, and groups answer exactly."""

from __future__ import annotations

import dataclasses

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import linprog

from optimizer import decompose as decomposing
from optimizer.check import check_plan
from optimizer.light_answer import answer_prices, cell_cost, linked_steps
from optimizer.luminaires import LightingGroup, Neighbours
from optimizer.parts import InForce, Node
from optimizer.plan import Infeasible, Plan, Status
from optimizer.problem import Problem
from optimizer.solve import Modelling, solve
from optimizer.tables import Tables, tabulate
from tests.optimizer.cities import district, quay
from tests.optimizer.small import lamps, load, planned, problem


def _plan(case: Problem, **how: object) -> Plan:
    answer = solve(case, modelling=Modelling.ARRAYS, **how)  # type: ignore[arg-type]
    assert isinstance(answer, Plan), answer
    return answer


def _any_of_the_best(case: Problem) -> Problem:
    wishes = dataclasses.replace(case.wishes, charge_early=0.0, few_changes=0.0, stay_near=0.0)
    return dataclasses.replace(case, wishes=wishes)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("cells", [40, 400])
def test_it_comes_within_its_gap_of_the_whole(seed: int, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decomposing, "FREE_CELLS", cells)
    case = _any_of_the_best(district(60, 20, 48, feeders=3, seed=seed))
    whole, parts = _plan(case, decompose=False), _plan(case, decompose=True)
    assert whole.solved.price_rounds == 0
    assert parts.solved.price_rounds >= 1
    assert parts.solved.bound_eur is not None
    assert parts.solved.bound_eur <= whole.cost_eur * (1 + 1e-9)
    assert whole.cost_eur * (1 - 1e-9) <= parts.cost_eur <= whole.cost_eur * (1 + 1e-3)
    assert parts.solved.gap == pytest.approx((parts.cost_eur - parts.solved.bound_eur) / parts.cost_eur, abs=1e-9)
    assert parts.solved.gap <= 1e-3
    assert parts.solved.status in (Status.FEASIBLE, Status.OPTIMAL)
    assert "decomposed by prices" in parts.solved.stopped
    assert check_plan(case, parts) == ()


def test_asked_for_less_it_goes_on_until_the_bound_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decomposing, "FREE_CELLS", 20)
    monkeypatch.setattr("optimizer.narrow.KINDS_A_NODE", 1)  # rough prices indeed
    monkeypatch.setattr("optimizer.solve.PRICE_GAP", 0.0)
    case = _any_of_the_best(district(60, 20, 48, feeders=3, seed=3))
    whole, parts = _plan(case, decompose=False), _plan(case, decompose=True, gap=1e-6)
    assert parts.solved.price_rounds > 1
    assert parts.cost_eur == pytest.approx(whole.cost_eur, rel=2e-6)


def test_it_is_chosen_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    case = district(40, 10, 48, feeders=2)
    assert _plan(case).solved.price_rounds == 0
    monkeypatch.setattr("optimizer.solve.DECOMPOSE_CELLS", 40 * 48)
    assert _plan(case).solved.price_rounds >= 1


def test_ships_curves_neighbours_and_frozen_steps_take_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decomposing, "FREE_CELLS", 300)
    port = quay(points=12, calls=8, groups=40, sessions=10, steps=48)
    bent = [_bent(group) if n % 3 == 0 else group for n, group in enumerate(port.lighting)]
    held = InForce(bent[1].id, tuple(np.where(bent[1].lit, np.asarray(bent[1].wanted) * 0.9, 0.0).tolist()))
    pair = Neighbours(bent[4].id, bent[5].id, 0.1)
    case = dataclasses.replace(
        _any_of_the_best(port), lighting=tuple(bent), neighbours=(pair,), in_force=(held,), frozen_steps=12
    )
    whole, parts = _plan(case, decompose=False, gap=1e-6), _plan(case, decompose=True)
    assert parts.solved.price_rounds >= 1
    assert parts.solved.bound_eur is not None
    assert parts.solved.bound_eur <= whole.cost_eur * (1 + 1e-6)
    assert parts.cost_eur <= whole.cost_eur * (1 + 2e-3)
    assert check_plan(case, parts) == ()


def _bent(group: LightingGroup) -> LightingGroup:
    return dataclasses.replace(group, gradient=1.0, curve=((0.0, 0.1), (0.5, 0.4), (1.0, 1.0)))


def test_the_same_plan_whatever_the_order_of_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decomposing, "FREE_CELLS", 200)
    case = district(40, 10, 48, feeders=2)
    turned = dataclasses.replace(
        case, lighting=case.lighting[::-1], charging=case.charging[::-1], nodes=case.nodes[::-1], loads=case.loads[::-1]
    )
    one, other = _plan(case, decompose=True), _plan(turned, decompose=True)
    assert one.cost_eur == pytest.approx(other.cost_eur, rel=1e-14)  # sums of one cost, added up in another order
    for asset in one.assets:
        assert np.array_equal(asset.power_kw, other.asset(asset.id).power_kw)


def test_what_cannot_be_kept_is_explained_as_ever() -> None:
    nodes = (Node("grid", None, 1000.0), Node("F3", "grid", 10.0))
    answer = solve(problem(nodes=nodes, lighting=(lamps(),), loads=(load(5.0),)), decompose=True)
    assert isinstance(answer, Infeasible)
    assert answer.conflicts


def test_light_alone_against_its_own_ramp_is_explained_too() -> None:
    ring = lamps(ramp=0.1, floor=(0.5, 0.5, 0.9, 0.9), wanted=(0.5, 0.5, 1.0, 1.0), ceiling=(0.6, 0.6, 1.0, 1.0))
    assert isinstance(solve(problem(lighting=(ring,)), decompose=True), Infeasible)
    assert planned(problem(lighting=(dataclasses.replace(ring, ramp=0.5),))).solved.price_rounds == 0


@st.composite
def chains(draw: st.DrawFn) -> tuple[Tables, np.ndarray]:
    """One group over a few steps: any floors, wanted levels, ceilings, ramp and prices, a straight or a bent curve."""
    steps = draw(st.integers(1, 8))
    tenths = st.integers(0, 10).map(lambda n: n / 10.0)
    borders = [sorted(draw(st.tuples(tenths, tenths))) for _ in range(steps)]
    group = lamps(
        steps=steps,
        lit=tuple(draw(st.lists(st.booleans() | st.just(True), min_size=steps, max_size=steps))),
        floor=tuple(low for low, _ in borders),
        ceiling=tuple(high for _, high in borders),
        wanted=tuple(draw(st.lists(tenths, min_size=steps, max_size=steps))),
        ramp=draw(st.sampled_from([None, 0.1, 0.25, 0.5])),
        level_before=draw(st.sampled_from([None, 0.4, 1.0])),
        curve=draw(st.sampled_from([(), ((0.0, 0.1), (0.5, 0.4), (1.0, 1.0))])),
    )
    price = draw(st.lists(st.integers(-20, 60).map(lambda n: n / 100.0), min_size=steps, max_size=steps))
    return tabulate(problem(steps=steps, lighting=(group,))), np.array([price])


@settings(max_examples=150, deadline=None)
@given(chains())
def test_a_group_answers_prices_as_a_linear_program_of_its_own_would(case: tuple[Tables, np.ndarray]) -> None:
    tables, price = case
    light = tables.light
    cost, linked = cell_cost(light, tables.hours, price), linked_steps(light)
    steps, pieces = cost.width.shape[1:]
    upper, above = [], []
    for step in range(steps):
        if not linked[0, step]:
            continue
        row = np.zeros((steps, pieces))
        row[step] = 1.0
        rise = light.floor[0, step]
        if step:
            row[step - 1], rise = -1.0, rise - light.floor[0, step - 1]
        else:
            rise -= light.level_before[0]
        upper += [row.ravel(), -row.ravel()]
        above += [light.ramp[0] - rise, light.ramp[0] + rise]
    found = linprog(
        cost.slope[0].ravel(),
        A_ub=np.array(upper) if upper else None,
        b_ub=above or None,
        bounds=[(0.0, width) for width in cost.width[0].ravel()],
    )
    level = answer_prices(light, cost)
    assert (level is None) == (found.status == 2)
    if level is not None:
        assert (level >= light.floor - 1e-9).all()
        assert (level <= light.ceiling + 1e-9).all()
        assert cost.of(level, light.floor).sum() == pytest.approx(found.fun + cost.at_floor.sum(), abs=1e-7)
        if upper:
            used = np.clip((level - light.floor)[0, :, None] - (np.cumsum(cost.width[0], 1) - cost.width[0]), 0, None)
            assert (np.array(upper) @ np.minimum(used, cost.width[0]).ravel() <= np.array(above) + 1e-9).all()
