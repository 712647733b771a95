"""Laws that hold for every problem, tried on problems made at random."""

from __future__ import annotations

import dataclasses

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.check import check_plan
from optimizer.parts import (
    ChargeSession,
    FixedLoad,
    Generation,
    Horizon,
    InForce,
    LightingGroup,
    Neighbours,
    Node,
    PeakCharge,
    Tariff,
    Wishes,
)
from optimizer.plan import Answer, Infeasible, Plan, Status
from optimizer.problem import Problem
from optimizer.solve import solve as solve_within_gap
from tests.optimizer.small import START, at

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NODES = ("grid", "F3", "F4", "hub")


def _figure(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False).map(lambda value: round(value, 3))


def _profile(steps: int, low: float, high: float) -> st.SearchStrategy[tuple[float, ...]]:
    return st.lists(_figure(low, high), min_size=steps, max_size=steps).map(tuple)


@st.composite
def _groups(draw: st.DrawFn, id: str, steps: int) -> LightingGroup:
    wanted = draw(_profile(steps, 0.4, 1.0))
    rated = draw(_figure(1.0, 40.0))
    curve = draw(st.sampled_from([(), ((0.0, 0.0), (0.5, 0.3), (1.0, 1.0))]))
    return LightingGroup(
        id,
        draw(st.sampled_from(NODES[1:])),
        rated,
        draw(st.lists(st.booleans(), min_size=steps, max_size=steps).map(tuple)),
        wanted,
        tuple(round(0.5 * level, 3) for level in wanted),
        draw(_figure(0.0, 20.0)),
        standby_kw=round(0.05 * rated, 3),
        gradient=draw(_figure(1.0, 1.5)),
        curve=curve,
        ramp=draw(st.none() | _figure(0.6, 1.0)),
    )


@st.composite
def _sessions(draw: st.DrawFn, id: str, horizon: Horizon) -> ChargeSession:
    total = float(horizon.edges_h[-1])
    arrives = draw(_figure(-1.0, total - 0.5))
    departs = min(arrives + draw(_figure(0.4, total)), total)
    if departs <= 0.0:
        departs = 0.4
    max_kw = draw(_figure(1.0, 60.0))
    energy = draw(_figure(0.0, 100.0))
    return ChargeSession(
        id,
        draw(st.sampled_from(NODES[1:])),
        at(arrives),
        min(at(departs), horizon.end),
        max_kw,
        energy,
        draw(_figure(0.0, 2.0)),
        required_kwh=round(energy * draw(st.sampled_from([0.0, 0.0, 0.2])), 3),
        min_kw=round(max_kw * draw(st.sampled_from([0.0, 0.0, 0.0, 0.3])), 3),
        efficiency=draw(_figure(0.8, 1.0)),
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Problems of a few steps of unequal length on a small tree; most have a plan, some have none."""
    steps = draw(st.integers(2, 6))
    horizon = Horizon(START, tuple(draw(st.lists(st.sampled_from([0.25, 0.5, 1.0]), min_size=steps, max_size=steps))))
    prices = draw(_profile(steps, *draw(st.sampled_from([(0.06, 0.6), (0.06, 0.6), (-0.2, 0.3)]))))
    margin = draw(_figure(0.0, 0.1))
    lighting = tuple(draw(_groups(f"light{n}", steps)) for n in range(draw(st.integers(0, 3))))
    pairs = (Neighbours("light0", "light1", 0.6),) if len(lighting) > 1 else ()
    return Problem(
        horizon=horizon,
        nodes=(
            Node("grid", None, draw(_figure(60.0, 400.0)), -50.0),
            Node("F3", "grid", draw(_figure(40.0, 200.0)), -60.0),
            Node("F4", "grid", draw(_figure(40.0, 200.0)), -60.0),
            Node("hub", "F3", draw(_figure(20.0, 100.0)), -60.0),
        ),
        tariff=Tariff(
            prices,
            tuple(round(price - margin, 3) for price in prices),
            peaks=(PeakCharge("month", draw(_figure(0.0, 5.0)), draw(_figure(0.0, 80.0))),),
            carbon_kg_per_kwh=0.3,
            carbon_eur_per_t=draw(_figure(0.0, 100.0)),
        ),
        lighting=lighting,
        neighbours=pairs,
        charging=tuple(draw(_sessions(f"car{n}", horizon)) for n in range(draw(st.integers(0, 4)))),
        loads=(FixedLoad("buildings", "F3", draw(_profile(steps, 0.0, 30.0))),),
        generation=(Generation("sun", "hub", draw(_profile(steps, 0.0, 50.0)), draw(_figure(0.0, 0.1))),),
    )


def solve(case: Problem) -> Answer:
    """Solved to the end, so that costs compare."""
    return solve_within_gap(case, gap=0.0)


def _plan_of(case: Problem) -> Plan | None:
    answer = solve(case)
    assert isinstance(answer, Plan | Infeasible), answer
    return answer if isinstance(answer, Plan) else None


@QUICK
@given(problems())
def test_a_plan_keeps_every_hard_rule_and_a_refusal_names_a_conflict(case: Problem) -> None:
    answer: Answer = solve(case)
    match answer:
        case Plan():
            assert check_plan(case, answer) == ()
            assert answer.solved.status is Status.OPTIMAL
        case Infeasible(conflicts=conflicts, ways_out=ways):
            assert conflicts
            assert all(way.eur is not None for way in ways)
        case _:
            pytest.fail(f"neither a plan nor a conflict: {answer}")


@QUICK
@given(problems())
def test_energy_in_is_energy_out(case: Problem) -> None:
    if (plan := _plan_of(case)) is None:
        return
    hours = case.horizon.hours
    assets = sum(float(asset.power_kw @ hours) for asset in plan.assets)
    assert plan.outcome.energy_kwh - plan.outcome.exported_kwh == pytest.approx(assets, abs=1e-6)
    for node in plan.nodes:
        inside = sum(other.power_kw for other in plan.nodes if other.parent == node.id)
        own = sum(asset.power_kw for asset in plan.assets if asset.node == node.id)
        assert node.power_kw == pytest.approx(inside + own, abs=1e-6)
    for session in case.charging:
        asset = plan.asset(session.id)
        assert asset.state[-1] == pytest.approx(float(asset.power_kw @ hours) * session.efficiency, abs=1e-9)


@QUICK
@given(problems())
def test_a_plan_costs_no_more_than_a_naive_case_that_keeps_all_rules(case: Problem) -> None:
    plan = _plan_of(case)
    if plan is not None and plan.naive.feasible:
        hair = case.wishes.hair_eur + case.wishes.hair_share * abs(plan.cost_eur)
        assert plan.cost_eur <= plan.naive.outcome.cost.total_eur + hair + 1e-6


@QUICK
@given(problems())
def test_the_split_of_the_cost_sums_to_what_the_solver_minimised(case: Problem) -> None:
    plan = _plan_of(dataclasses.replace(case, wishes=Wishes(0.0, 0.0, 0.0, 0.0, 0.0)))
    if plan is None:
        return
    cost = plan.outcome.cost
    assert plan.solved.bound_eur == pytest.approx(plan.cost_eur, abs=1e-5, rel=1e-7)
    assert sum(cost.by_cause_eur.values()) == pytest.approx(plan.cost_eur, abs=1e-9)
    assert float(cost.by_asset_eur.sum()) == pytest.approx(plan.cost_eur, abs=1e-9)
    assert sum(peak.eur for peak in plan.outcome.peaks) == pytest.approx(cost.eur[:, 2].sum(), abs=1e-9)


@QUICK
@given(problems(), st.integers(0, 3), st.floats(0.0, 50.0))
def test_more_limit_never_costs_more(case: Problem, number: int, more_kw: float) -> None:
    nodes = list(case.nodes)
    nodes[number] = dataclasses.replace(nodes[number], limit_kw=nodes[number].limit_kw + more_kw)  # type: ignore[operator]
    before, after = solve(case), solve(dataclasses.replace(case, nodes=tuple(nodes)))
    if isinstance(before, Plan):
        assert isinstance(after, Plan)
        assert after.solved.bound_eur <= before.solved.bound_eur + 1e-6  # type: ignore[operator]
        saved = before.solved.bound_eur - after.solved.bound_eur  # type: ignore[operator]
        if before.solved.integers or after.solved.integers:
            return
        # The price of a limit is the most that a kW more can save, as savings only get smaller.
        promised = more_kw * float(before.nodes[number].limit_eur_per_kw.sum())
        assert saved <= promised + 1e-5


@QUICK
@given(problems(), st.sampled_from([0.5, 2.0, 10.0]))
def test_prices_scale_the_cost_and_nothing_else(case: Problem, factor: float) -> None:
    scaled = _with_prices(case, factor)
    before, after = solve(case), solve(scaled)
    assert isinstance(before, Plan) == isinstance(after, Plan)
    if isinstance(before, Plan) and isinstance(after, Plan):
        assert after.solved.bound_eur == pytest.approx(factor * before.solved.bound_eur, rel=1e-6, abs=1e-6)  # type: ignore[operator]


@QUICK
@given(problems(), st.sampled_from([0.5, 2.0, 10.0]))
def test_powers_and_energies_scale_the_cost_with_them(case: Problem, factor: float) -> None:
    before, after = solve(case), solve(_with_powers(case, factor))
    assert isinstance(before, Plan) == isinstance(after, Plan)
    if isinstance(before, Plan) and isinstance(after, Plan):
        assert after.solved.bound_eur == pytest.approx(factor * before.solved.bound_eur, rel=1e-6, abs=1e-6)  # type: ignore[operator]


@QUICK
@given(problems())
def test_planning_again_with_the_plan_in_force_and_frozen_changes_no_frozen_step(case: Problem) -> None:
    plan = _plan_of(case)
    if plan is None:
        return
    kinds = {"lighting": "setpoint", "charging": "power_kw"}
    force = tuple(
        InForce(asset.id, tuple(np.maximum(getattr(asset, kinds[asset.kind]), 0.0).tolist()))
        for asset in plan.assets
        if asset.kind in kinds
    )
    again = solve(dataclasses.replace(case, in_force=force, frozen_steps=2))
    assert isinstance(again, Plan), again
    for asset in plan.assets:
        if asset.kind in kinds:
            assert again.asset(asset.id).power_kw[:2] == pytest.approx(asset.power_kw[:2], abs=1e-4)


def _times(value: float | tuple[float, ...], factor: float) -> float | tuple[float, ...]:
    return tuple(factor * item for item in value) if isinstance(value, tuple) else factor * value


def _with_prices(case: Problem, factor: float) -> Problem:
    tariff = case.tariff
    return dataclasses.replace(
        case,
        tariff=dataclasses.replace(
            tariff,
            import_eur_per_kwh=_times(tariff.import_eur_per_kwh, factor),
            export_eur_per_kwh=_times(tariff.export_eur_per_kwh, factor),
            carbon_eur_per_t=factor * tariff.carbon_eur_per_t,
            peaks=tuple(dataclasses.replace(p, eur_per_kw=factor * p.eur_per_kw) for p in tariff.peaks),
        ),
        lighting=tuple(
            dataclasses.replace(g, missing_light_eur_per_h=factor * g.missing_light_eur_per_h) for g in case.lighting
        ),
        charging=tuple(
            dataclasses.replace(s, missing_eur_per_kwh=factor * s.missing_eur_per_kwh) for s in case.charging
        ),
        generation=tuple(
            dataclasses.replace(s, curtail_eur_per_kwh=factor * (s.curtail_eur_per_kwh or 0.0)) for s in case.generation
        ),
    )


def _with_powers(case: Problem, factor: float) -> Problem:
    def grown(thing: object, *fields: str) -> object:
        return dataclasses.replace(thing, **{field: _times(getattr(thing, field), factor) for field in fields})  # type: ignore[type-var]

    peaks = tuple(grown(peak, "so_far_kw") for peak in case.tariff.peaks)
    return dataclasses.replace(
        case,
        nodes=tuple(grown(node, "limit_kw", "import_min_kw") for node in case.nodes),
        tariff=dataclasses.replace(case.tariff, peaks=peaks),
        lighting=tuple(grown(g, "rated_kw", "standby_kw", "missing_light_eur_per_h") for g in case.lighting),
        charging=tuple(grown(s, "max_kw", "min_kw", "energy_kwh", "required_kwh") for s in case.charging),
        loads=tuple(grown(load, "power_kw") for load in case.loads),
        generation=tuple(grown(source, "forecast_kw") for source in case.generation),
    )
