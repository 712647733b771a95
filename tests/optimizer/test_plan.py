"""What a plan does: the cheapest way within the limits, in cases small enough to work out by hand."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest

from optimizer.check import check_plan
from optimizer.parts import Generation, Horizon, InForce, Neighbours, Node, PeakCharge, Tariff, Wishes
from optimizer.plan import Cause, Infeasible, Plan, Status, Unsolved
from optimizer.solve import Modelling, Planner, solve
from tests.optimizer.cities import district
from tests.optimizer.small import START, at, bus, lamps, load, planned, problem

NO_WISHES = Wishes(0.0, 0.0, 0.0, 0.0, 0.0)


def test_charging_waits_for_the_cheap_hours() -> None:
    plan = planned(problem(tariff=Tariff((0.4, 0.1, 0.3, 0.2)), charging=(bus(),)))
    assert plan.asset("bus").power_kw.tolist() == pytest.approx([0.0, 60.0, 0.0, 60.0])
    assert plan.cost_eur == pytest.approx(60 * 0.1 + 60 * 0.2)
    assert plan.solved.status is Status.OPTIMAL


def test_charge_missing_is_preferred_where_energy_costs_more() -> None:
    plan = planned(problem(tariff=Tariff(2.0), charging=(bus(required_kwh=40.0),)))
    assert plan.asset("bus").power_kw.sum() == pytest.approx(40.0)
    assert plan.outcome.cost.by_cause_eur[Cause.CHARGE] == pytest.approx(80.0)
    (shortfall,) = plan.outcome.shortfalls
    assert (shortfall.asset, shortfall.amount, shortfall.unit) == ("bus", pytest.approx(80.0), "kWh")


def test_light_dims_only_where_power_costs_more_than_the_light_is_worth() -> None:
    cheap = planned(problem(lighting=(lamps(),)))
    dear = planned(problem(tariff=Tariff((0.2, 0.5, 0.2, 0.2)), lighting=(lamps(),)))
    assert cheap.asset("ring").setpoint.tolist() == [1.0] * 4
    assert dear.asset("ring").setpoint.tolist() == pytest.approx([1.0, 0.5, 1.0, 1.0])


def test_light_keeps_its_ramp() -> None:
    plan = planned(problem(tariff=Tariff((0.2, 5.0, 0.2, 0.2)), lighting=(lamps(ramp=0.2),)))
    level = plan.asset("ring").setpoint
    assert np.abs(np.diff(level)).max() <= 0.2 + 1e-9
    assert level[1] == pytest.approx(0.5)


def test_the_level_before_the_horizon_counts_for_the_ramp() -> None:
    plan = planned(problem(lighting=(lamps(ramp=0.2, level_before=0.5),)))
    assert plan.asset("ring").setpoint.tolist() == pytest.approx([0.7, 0.9, 1.0, 1.0])


def test_neighbours_dim_together() -> None:
    groups = (lamps("east", missing_light_eur_per_h=1.0), lamps("west", missing_light_eur_per_h=100.0))
    plan = planned(problem(tariff=Tariff(0.5), lighting=groups, neighbours=(Neighbours("east", "west", 0.1),)))
    assert plan.asset("west").setpoint.tolist() == pytest.approx([1.0] * 4)
    assert plan.asset("east").setpoint.tolist() == pytest.approx([0.9] * 4)


def test_a_convex_dimming_curve_gives_up_its_dearest_light_first() -> None:
    group = lamps(curve=((0.0, 0.0), (0.5, 0.2), (1.0, 1.0)), floor=0.0, missing_light_eur_per_h=12.0)
    # The upper half of the light takes 64 kW a level, the lower 16: at 0.3 EUR/kWh only the upper is dear.
    plan = planned(problem(tariff=Tariff(0.3), lighting=(group,)))
    assert plan.asset("ring").setpoint.tolist() == pytest.approx([0.5] * 4)
    assert plan.asset("ring").power_kw.tolist() == pytest.approx([8.0] * 4)


def test_a_negative_price_does_not_waste_power_that_the_lamps_cannot_draw() -> None:
    # The ramp lets the first step rise by 0.2; the steep piece above 0.5 would draw more for it than the flat one below
    curve = ((0.0, 0.0), (0.5, 0.2), (1.0, 1.0))
    group = lamps(curve=curve, wanted=0.4, floor=0.2, ramp=0.2, level_before=0.4)
    tariff = Tariff(-0.1, -0.1)
    for modelling in (Modelling.ARRAYS, Modelling.PULP):
        plan = solve(problem(tariff=tariff, lighting=(group,)), modelling=modelling)
        assert isinstance(plan, Plan)
        assert plan.solved.integers > 0
        assert plan.asset("ring").setpoint.tolist() == pytest.approx([0.6, 0.8, 1.0, 1.0])
        assert plan.solved.bound_eur == pytest.approx(plan.cost_eur, rel=1e-4)


def test_a_negative_price_keeps_what_must_not_flow_back() -> None:
    nodes = (Node("grid", None, 100.0), Node("F3", "grid", 100.0, 20.0))
    group = lamps(curve=((0.0, 0.0), (0.5, 0.2), (1.0, 1.0)), wanted=0.4, floor=0.2, missing_light_eur_per_h=5.0)
    case = problem(
        nodes=nodes,
        tariff=Tariff(-0.01, -0.01),
        lighting=(group, lamps("b", rated_kw=1.0)),
        neighbours=(Neighbours("ring", "b", 0.3),),
    )
    plan = planned(case)
    assert check_plan(case, plan) == ()


def test_a_peak_price_flattens_what_can_wait() -> None:
    tariff = Tariff(0.2, peaks=(PeakCharge("month", 10.0, 40.0),))
    plan = planned(problem(tariff=tariff, charging=(bus(required_kwh=120.0),), loads=(load((30.0, 30.0, 10.0, 10.0)),)))
    (peak,) = plan.outcome.peaks
    assert peak.highest_kw == pytest.approx(50.0)
    assert peak.eur == pytest.approx(100.0)
    assert plan.node("grid").power_kw.max() == pytest.approx(50.0)


def test_a_peak_is_the_mean_of_its_interval() -> None:
    tariff = Tariff(0.2, peaks=(PeakCharge("month", 10.0, 0.0, (0, 0, 1, 1)),))
    plan = planned(problem(tariff=tariff, loads=(load((10.0, 30.0, 5.0, 45.0)),)))
    assert plan.outcome.peaks[0].highest_kw == pytest.approx(25.0)
    assert plan.outcome.peaks[0].first_step == 2


def test_power_over_the_contract_is_paid_for() -> None:
    tariff = Tariff(0.2, contracted_kw=50.0, over_contract_eur_per_kw=7.0)
    plan = planned(problem(tariff=tariff, loads=(load((40.0, 60.0, 40.0, 40.0)),)))
    assert plan.outcome.cost.by_cause_eur[Cause.PEAK] == pytest.approx(70.0)


def test_carbon_has_its_price() -> None:
    tariff = Tariff(0.2, carbon_kg_per_kwh=(0.1, 0.5, 0.5, 0.5), carbon_eur_per_t=100.0)
    plan = planned(problem(tariff=tariff, charging=(bus(energy_kwh=60.0),)))
    assert plan.asset("bus").power_kw[0] == pytest.approx(60.0)
    assert plan.outcome.carbon_kg == pytest.approx(6.0)
    assert plan.outcome.cost.by_cause_eur[Cause.CARBON] == pytest.approx(0.6)


def test_sun_is_curtailed_only_where_it_cannot_go() -> None:
    nodes = (Node("grid", None, 100.0, -10.0), Node("F3", "grid", 100.0, -100.0))
    sun = Generation("sun", "F3", (0.0, 50.0, 50.0, 0.0), 0.02)
    plan = planned(
        problem(nodes=nodes, generation=(sun,), charging=(bus(departs_h=2.0, max_kw=20.0, energy_kwh=20.0),))
    )
    assert (-plan.asset("sun").power_kw).tolist() == pytest.approx([0.0, 30.0, 10.0, 0.0])
    assert plan.outcome.exported_kwh == pytest.approx(20.0)
    assert plan.outcome.cost.by_cause_eur[Cause.CURTAILED] == pytest.approx(0.02 * 60.0)


def test_steps_of_unequal_length_count_by_their_hours() -> None:
    horizon = Horizon(START, (0.25, 0.75, 2.0))
    tariff = Tariff((0.1, 0.1, 0.5))
    plan = planned(problem(horizon=horizon, tariff=tariff, charging=(bus(departs_h=3.0, energy_kwh=70.0),)))
    assert plan.asset("bus").power_kw.tolist() == pytest.approx([60.0, 60.0, 5.0])
    assert plan.asset("bus").state[-1] == pytest.approx(70.0)


def test_the_setpoint_of_a_part_of_a_step_is_the_power_while_there() -> None:
    plan = planned(problem(tariff=Tariff((0.1, 0.5, 0.5, 0.5)), charging=(bus(arrives_h=0.5, energy_kwh=30.0),)))
    asset = plan.asset("bus")
    assert asset.power_kw[0] == pytest.approx(30.0)
    assert asset.setpoint[0] == pytest.approx(60.0)


def test_part_of_the_energy_is_there_when_it_must_be() -> None:
    tariff = Tariff((0.5, 0.5, 0.1, 0.1))
    plan = planned(problem(tariff=tariff, charging=(bus(ready_kwh=45.0, ready_by=at(1.5)),)))
    assert plan.asset("bus").power_kw[0] + 0.5 * plan.asset("bus").power_kw[1] == pytest.approx(45.0)


def test_least_power_while_on_is_kept_with_integers_and_priced_without() -> None:
    sessions = tuple(bus(f"bus{n}", min_kw=25.0, energy_kwh=30.0, max_kw=30.0) for n in range(3))
    nodes = (Node("grid", None, 1000.0), Node("F3", "grid", 40.0))
    plan = planned(problem(nodes=nodes, charging=sessions))
    for session in sessions:
        power = plan.asset(session.id).power_kw
        assert ((power < 1e-6) | (power > 25.0 - 1e-6)).all()
    assert plan.solved.integers == 12
    assert plan.solved.priced


def test_frozen_steps_do_not_move() -> None:
    force = InForce("bus", (10.0, 20.0, 30.0, 60.0))
    light = InForce("ring", (0.7, 0.6, 1.0, 1.0))
    case = problem(charging=(bus(),), lighting=(lamps(ramp=0.2),), in_force=(force, light), frozen_steps=2)
    plan = planned(case)
    assert plan.asset("bus").power_kw[:2].tolist() == pytest.approx([10.0, 20.0])
    assert plan.asset("ring").setpoint[:2].tolist() == pytest.approx([0.7, 0.6])
    assert plan.asset("ring").setpoint[2] == pytest.approx(0.8)


def test_a_frozen_step_does_not_overfill_a_vehicle() -> None:
    case = problem(charging=(bus(energy_kwh=15.0),), in_force=(InForce("bus", (10.0,) * 4),), frozen_steps=3)
    assert planned(case).asset("bus").power_kw.tolist() == pytest.approx([10.0, 5.0, 0.0, 0.0])


def test_among_equally_cheap_plans_charging_is_early() -> None:
    plan = planned(problem(charging=(bus(),)))
    assert plan.asset("bus").power_kw.tolist() == pytest.approx([60.0, 60.0, 0.0, 0.0])
    assert plan.solved.second_choice


def test_among_equally_cheap_plans_vehicles_do_not_take_turns() -> None:
    sessions = tuple(bus(f"bus{n}", energy_kwh=50.0, max_kw=50.0) for n in range(4))
    plan = planned(problem(nodes=(Node("grid", None, 1000.0), Node("F3", "grid", 50.0)), charging=sessions))
    for session in sessions:
        assert np.count_nonzero(plan.asset(session.id).power_kw > 1e-6) == 1


def test_the_plan_in_force_is_kept_where_it_costs_no_more_than_the_hair() -> None:
    force = (0.0, 60.0, 0.0, 60.0)
    tariff = Tariff((0.2, 0.2001, 0.2, 0.2001))
    case = problem(tariff=tariff, charging=(bus(),), in_force=(InForce("bus", force),))
    near = planned(dataclasses.replace(case, wishes=Wishes(0.05, 0.0, stay_near=10.0)))
    far = planned(dataclasses.replace(case, wishes=Wishes(0.001, 0.0, stay_near=10.0)))
    assert near.asset("bus").power_kw.tolist() == pytest.approx(list(force))
    assert far.asset("bus").power_kw.tolist() == pytest.approx([60.0, 0.0, 60.0, 0.0])


def test_the_second_choice_never_costs_more_than_its_hair() -> None:
    case = district(20, 60, 48, feeders=4)
    best = planned(dataclasses.replace(case, wishes=NO_WISHES))
    for hair in (0.0, 0.5, 20.0):
        chosen = planned(dataclasses.replace(case, wishes=Wishes(hair, 0.0)))
        assert chosen.cost_eur <= best.cost_eur + hair + 1e-6 * abs(best.cost_eur)
        assert check_plan(case, chosen) == ()


def test_planner_starts_warm_after_a_price_change_and_agrees_with_a_fresh_start() -> None:
    case = district(20, 30, 48)
    planner = Planner(Modelling.ARRAYS)
    planner.solve(case)
    prices = tuple(1.1 * price for price in case.tariff.import_eur_per_kwh)  # type: ignore[union-attr]
    changed = dataclasses.replace(case, tariff=dataclasses.replace(case.tariff, import_eur_per_kwh=prices))
    warm = planner.solve(changed)
    fresh = planned(changed)
    assert isinstance(warm, Plan)
    assert warm.solved.warm
    assert warm.solved.bound_eur == pytest.approx(fresh.solved.bound_eur, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_pulp_and_arrays_find_the_same_optimum(seed: int) -> None:
    case = dataclasses.replace(district(8, 12, 24, feeders=2, seed=seed), wishes=NO_WISHES)
    arrays, through_pulp = solve(case, modelling=Modelling.ARRAYS), solve(case, modelling=Modelling.PULP)
    assert isinstance(arrays, Plan)
    assert isinstance(through_pulp, Plan)
    assert through_pulp.cost_eur == pytest.approx(arrays.cost_eur, rel=1e-9)
    for ours, theirs in zip(arrays.nodes, through_pulp.nodes, strict=True):
        assert theirs.energy_eur_per_kwh == pytest.approx(ours.energy_eur_per_kwh, abs=1e-6)


def test_pulp_and_arrays_find_the_same_optimum_with_integers() -> None:
    sessions = tuple(bus(f"bus{n}", min_kw=25.0, energy_kwh=30.0 + n, max_kw=30.0) for n in range(3))
    case = problem(nodes=(Node("grid", None, 1000.0), Node("F3", "grid", 40.0)), charging=sessions)
    costs = [solve(case, modelling=way, gap=0.0) for way in (Modelling.ARRAYS, Modelling.PULP)]
    assert [round(plan.cost_eur, 6) for plan in costs if isinstance(plan, Plan)] == [
        round(costs[0].cost_eur, 6)  # type: ignore[union-attr]
    ] * 2


def test_no_time_is_told_as_no_time() -> None:
    answer = solve(district(100, 100, 96), time_limit_s=0.0, modelling=Modelling.ARRAYS)
    match answer:
        case Plan():
            assert answer.solved.status is Status.TIME_LIMIT
            assert answer.solved.gap is None
        case Unsolved():
            assert "time" in answer.reason
        case Infeasible():
            pytest.fail("a problem that has plans was called infeasible")


def test_without_time_the_naive_case_is_handed_out_as_no_more_than_that() -> None:
    case = problem(96, 0.25, charging=tuple(bus(f"b{n}", max_kw=1.0, energy_kwh=1.0) for n in range(90)))
    answer = solve(case, time_limit_s=1e-9, modelling=Modelling.ARRAYS)
    if isinstance(answer, Plan) and answer.solved.status is not Status.OPTIMAL:
        assert answer.cost_eur == pytest.approx(answer.naive.outcome.cost.total_eur)
        assert answer.solved.status is Status.TIME_LIMIT


def test_a_cancelled_plan_is_unsolved() -> None:
    cancel = threading.Event()
    cancel.set()
    answer = solve(district(100, 100, 96), cancel=cancel, modelling=Modelling.ARRAYS)
    assert answer == Unsolved("Planning was cancelled.", answer.seconds)  # type: ignore[union-attr]


def test_plans_are_closed_for_writing() -> None:
    plan = planned(problem(charging=(bus(),)))
    with pytest.raises(ValueError, match="read-only"):
        plan.asset("bus").power_kw[0] = 1.0


def test_the_contracted_power_is_settled_by_its_own_intervals() -> None:
    tariff = Tariff(0.20, contracted_kw=40.0, over_contract_eur_per_kw=10.0, contract_interval=(0, 0, 1, 1))
    plan = planned(problem(tariff=tariff, loads=(load((60.0, 30.0, 45.0, 45.0)),)))
    # means of 45 and 45: each step alone would pay for 60
    assert plan.outcome.peaks[0].eur == pytest.approx(50.0)
