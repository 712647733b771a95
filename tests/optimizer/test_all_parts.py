"""Laws for everything at once: one optimum, one plan in any order, frozen steps, duals, the second solve, baselines."""

from __future__ import annotations

import dataclasses

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.baselines import run_baselines
from optimizer.check import check_plan
from optimizer.document import read_problem, write_problem
from optimizer.heating import HeatNode, HeatPump, HeatStore
from optimizer.parts import InForce, Node, Tariff, Wishes
from optimizer.plan import Infeasible, Kind, Plan
from optimizer.problem import Problem
from optimizer.profile import Profile
from optimizer.solve import solve
from optimizer.water import Pump, Tank
from tests.optimizer.all_parts import mixed
from tests.optimizer.independent import least_cost_eur
from tests.optimizer.small import battery, bus, load, planned, problem
from tests.optimizer.test_order import must_be_the_same, shuffled

SOME = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
NO_WISHES = Wishes(0.0, 0.0, 0.0, 0.0, 0.0)
HELD = {
    Kind.LIGHTING: "setpoint",
    Kind.CHARGING: "power_kw",
    Kind.BATTERY: "power_kw",
    Kind.HEAT_PUMP: "setpoint",
    Kind.ELECTRIC_BOILER: "setpoint",
    Kind.GAS_BOILER: "setpoint",
    Kind.CHP: "setpoint",
    Kind.PUMP: "power_kw",
}


def in_force_of(plan: Plan) -> tuple[InForce, ...]:
    """A plan as the one in force, for everything that can be held."""
    return tuple(
        InForce(
            asset.id,
            tuple(getattr(asset, HELD[asset.kind]).tolist()),
            tuple((-asset.power_kw).tolist()) if asset.kind is Kind.CHP else (),
        )
        for asset in plan.assets
        if asset.kind in HELD
    )


@SOME
@given(mixed(), st.integers(0, 1000))
def test_the_optimum_is_that_of_an_independent_model_and_the_plan_is_the_same_in_any_order(
    case: Problem, seed: int
) -> None:
    expected = least_cost_eur(case)
    answer, other = solve(case, gap=0.0), solve(shuffled(case, seed), gap=0.0)
    assert isinstance(answer, Plan) == (expected is not None) == isinstance(other, Plan)
    if not isinstance(answer, Plan):
        assert isinstance(answer, Infeasible)
        return
    assert answer.solved.bound_eur == pytest.approx(expected, abs=1e-4, rel=1e-6)
    hair = case.wishes.hair_eur + case.wishes.hair_share * abs(answer.cost_eur)
    assert answer.cost_eur <= (expected or 0.0) + hair + 1e-3
    assert check_plan(case, answer) == ()
    assert isinstance(other, Plan)
    must_be_the_same(answer, other)


@SOME
@given(mixed(), st.integers(1, 2))
def test_frozen_steps_do_not_move_for_any_part(case: Problem, frozen: int) -> None:
    plan = solve(case, gap=0.0)
    if not isinstance(plan, Plan):
        return
    ships = tuple(
        dataclasses.replace(call, at_point=ship.point)
        for call, ship in zip(case.ships, plan.ships, strict=True)
        if ship.point is not None
    )
    others = tuple(call for call, ship in zip(case.ships, plan.ships, strict=True) if ship.point is None)
    held = dataclasses.replace(case, in_force=in_force_of(plan), frozen_steps=frozen, ships=(*ships, *others))
    tariff = dataclasses.replace(case.tariff, carbon_eur_per_t=0.0, peaks=())
    again = solve(dataclasses.replace(held, tariff=tariff), gap=0.0)
    assert isinstance(again, Plan), again
    for asset in plan.assets:
        if asset.kind in HELD:
            assert again.asset(asset.id).power_kw[:frozen] == pytest.approx(asset.power_kw[:frozen], abs=1e-3), asset.id


@SOME
@given(mixed(integers=False, signs=False))
def test_prices_of_limits_are_what_a_little_more_of_them_saves(case: Problem) -> None:
    case = dataclasses.replace(case, wishes=NO_WISHES)
    plan = solve(case)
    if not isinstance(plan, Plan) or plan.solved.integers:
        return
    little = 1e-3
    for number, node in enumerate(plan.nodes):
        step = int(np.argmax(node.limit_eur_per_kw))
        less, more = (_cost_with(case, number, step, change) for change in (-little, little))
        bound, price = plan.solved.bound_eur or 0.0, float(node.limit_eur_per_kw[step])
        assert less is None or price <= (less - bound) / little + 1e-4, (node.id, step)
        assert more is None or price >= (bound - more) / little - 1e-4, (node.id, step)


def _cost_with(case: Problem, number: int, step: int, more_kw: float) -> float | None:
    node = case.nodes[number]
    limit = np.full(case.horizon.steps, node.limit_kw)
    limit[step] += more_kw
    nodes = list(case.nodes)
    nodes[number] = dataclasses.replace(node, limit_kw=tuple(limit.tolist()))
    answer = solve(dataclasses.replace(case, nodes=tuple(nodes)))
    return answer.solved.bound_eur if isinstance(answer, Plan) else None


@SOME
@given(mixed(integers=False, signs=False), st.integers(0, 4))
def test_prices_of_heat_and_water_are_what_a_little_more_of_them_costs(case: Problem, at: int) -> None:
    case = dataclasses.replace(case, wishes=NO_WISHES)
    plan, step = solve(case), min(at, case.horizon.steps - 1)
    if not isinstance(plan, Plan) or plan.solved.integers:
        return
    hours = case.horizon.steps_h[step]
    for price in plan.supplies:
        costs = []
        for change in (-1e-3, 1e-3):
            answer = solve(_with_need(case, price.id, step, change / hours))
            assert isinstance(answer, Plan | Infeasible)
            costs.append(answer.solved.bound_eur if isinstance(answer, Plan) else None)
        least, most = costs
        bound = plan.solved.bound_eur or 0.0
        if least is not None:
            assert price.eur_per_unit[step] >= (bound - least) / 1e-3 - 1e-4
        if most is not None:
            assert price.eur_per_unit[step] <= (most - bound) / 1e-3 + 1e-4


def _with_need(case: Problem, supply: str, step: int, more: float) -> Problem:
    def changed(profile: Profile) -> tuple[float, ...]:
        values = np.full(case.horizon.steps, profile)
        values[step] = max(values[step] + more, 0.0)
        return tuple(values.tolist())

    if supply == "north":
        (node,) = case.heat_nodes
        return dataclasses.replace(case, heat_nodes=(dataclasses.replace(node, demand_kw=changed(node.demand_kw)),))
    (tank,) = case.tanks
    return dataclasses.replace(case, tanks=(dataclasses.replace(tank, outflow_m3h=changed(tank.outflow_m3h)),))


@SOME
@given(mixed())
def test_no_baseline_that_keeps_all_rules_is_cheaper(case: Problem) -> None:
    answer = solve(case, gap=0.0)
    for found in run_baselines(case):
        if found.feasible:
            assert isinstance(answer, Plan)
            assert (answer.solved.bound_eur or 0.0) <= found.cost_eur + 1e-4


@SOME
@given(mixed())
def test_documents_carry_every_part(case: Problem) -> None:
    assert read_problem(write_problem(case)) == case


def test_a_battery_charges_early_and_evenly_where_nothing_is_lost_by_it() -> None:
    store = battery(capacity_kwh=40.0, charge_max_kw=20.0, end_kwh=40.0)
    plan = planned(problem(6, batteries=(store,)))
    assert plan.asset("store").power_kw.tolist() == pytest.approx([20.0, 20.0, 0.0, 0.0, 0.0, 0.0], abs=1e-6)
    assert plan.solved.second_choice


def test_a_tank_is_filled_early_and_heat_is_made_evenly() -> None:
    case = problem(
        4,
        heat_nodes=(HeatNode("north", "F3", (30.0, 10.0, 30.0, 10.0)),),
        heat_pumps=(HeatPump("pump", "F3", "north", 60.0, 3.0),),
        heat_stores=(HeatStore("tank", "F3", "north", 40.0, 40.0, 40.0, 20.0, 0.0, 20.0),),
        tanks=(Tank("tower", "F3", 200.0, 100.0, 20.0, 50.0, 100.0),),
        pumps=(Pump("lift", "F3", "tower", 40.0, 4.0),),
    )
    plan = planned(case)
    assert plan.asset("pump").setpoint.tolist() == pytest.approx([20.0] * 4, abs=1e-6)
    # the tank has room for 100 m3 more: all 80 that are needed come first, as 20 kW in one hour or spread early
    lift = plan.asset("lift").power_kw
    assert lift[0] >= lift[-1] - 1e-9


def test_batteries_heat_and_pumps_stay_near_the_plan_in_force_where_that_costs_nothing() -> None:
    case = problem(
        4,
        batteries=(battery(capacity_kwh=40.0, charge_max_kw=20.0, end_kwh=40.0),),
        tanks=(Tank("tower", "F3", 200.0, 100.0, 20.0, 50.0, 100.0),),
        pumps=(Pump("lift", "F3", "tower", 40.0, 4.0),),
        in_force=(InForce("store", (0.0, 0.0, 20.0, 20.0)), InForce("lift", (0.0, 0.0, 10.0, 10.0))),
        wishes=Wishes(few_changes=0.0, charge_early=0.01),
    )
    plan = planned(case)
    assert plan.asset("store").power_kw.tolist() == pytest.approx([0.0, 0.0, 20.0, 20.0], abs=1e-5)
    assert plan.asset("lift").power_kw.tolist() == pytest.approx([0.0, 0.0, 10.0, 10.0], abs=1e-5)


def test_the_second_solve_never_costs_more_than_its_hair_nor_breaks_a_limit() -> None:
    nodes = (Node("grid", None, 1000.0), Node("F3", "grid", 100.0))
    case = problem(
        8,
        nodes=nodes,
        tariff=Tariff((0.2, 0.1, 0.1, 0.1, 0.3, 0.3, 0.2, 0.2)),
        charging=tuple(bus(f"bus{n}", departs_h=8.0) for n in range(3)),
        batteries=(battery(end_kwh=20.0, charge_efficiency=0.9),),
        loads=(load((90.0, 20.0, 20.0, 20.0, 90.0, 90.0, 20.0, 20.0)),),
    )
    free = solve(dataclasses.replace(case, wishes=NO_WISHES))
    plan = planned(case)
    assert isinstance(free, Plan)
    assert plan.cost_eur <= free.cost_eur + case.wishes.hair_eur + case.wishes.hair_share * free.cost_eur + 1e-6
    assert check_plan(case, plan) == ()
