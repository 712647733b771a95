"""The naive case: full light, charge at once, and no more than physics lets it."""

from __future__ import annotations

import pytest

from optimizer.parts import Generation, InForce, Node, Tariff
from tests.optimizer.small import bus, lamps, load, planned, problem


def test_vehicles_charge_from_their_arrival() -> None:
    plan = planned(problem(tariff=Tariff((0.28, 0.1, 0.1, 0.1)), charging=(bus(),), lighting=(lamps(),)))
    assert plan.asset("bus").at_once_kw.tolist() == pytest.approx([60.0, 60.0, 0.0, 0.0])
    assert plan.asset("ring").at_once_kw.tolist() == pytest.approx([40.0] * 4)
    assert plan.naive.feasible
    assert plan.saved_eur == pytest.approx(60 * 0.18)


def test_the_first_to_arrive_is_served_first_where_a_feeder_is_full() -> None:
    sessions = (bus("late", arrives_h=1.0, max_kw=90.0), bus("early", energy_kwh=180.0))
    plan = planned(problem(charging=sessions))
    assert plan.asset("early").at_once_kw.tolist() == pytest.approx([60.0, 60.0, 60.0, 0.0])
    assert plan.asset("late").at_once_kw.tolist() == pytest.approx([0.0, 40.0, 40.0, 40.0])


def test_light_gives_way_once_vehicles_have() -> None:
    plan = planned(
        problem(lighting=(lamps(),), charging=(bus(departs_h=2.0),), loads=(load((70.0, 10.0, 10.0, 10.0)),))
    )
    assert plan.asset("ring").at_once_kw.tolist() == pytest.approx([30.0, 40.0, 40.0, 40.0])
    assert plan.asset("bus").at_once_kw[0] == pytest.approx(0.0)


def test_sun_gives_way_where_too_much_would_flow_back() -> None:
    nodes = (Node("grid", None, 100.0, -10.0), Node("F3", "grid", 100.0, -100.0))
    plan = planned(problem(nodes=nodes, generation=(Generation("sun", "F3", (0.0, 50.0, 5.0, 0.0), 0.0),)))
    assert (-plan.asset("sun").at_once_kw).tolist() == pytest.approx([0.0, 10.0, 5.0, 0.0])
    assert plan.naive.feasible


def test_a_ramp_is_kept_by_more_light_and_not_by_less() -> None:
    group = lamps(ramp=0.2, wanted=(1.0, 0.5, 0.5, 0.9), floor=0.4)
    plan = planned(problem(lighting=(group,)))
    assert (plan.asset("ring").at_once_kw / 40.0).tolist() == pytest.approx([1.0, 0.8, 0.7, 0.9])
    assert plan.naive.feasible


def test_what_even_the_naive_case_cannot_keep_is_told() -> None:
    sessions = (bus("first", energy_kwh=180.0), bus("second", arrives_h=1.0, departs_h=2.0, required_kwh=50.0))
    plan = planned(problem(charging=sessions))
    assert not plan.naive.feasible
    assert any("second" in sentence for sentence in plan.naive.broken)


def test_light_climbs_from_the_frozen_steps_within_its_ramp() -> None:
    light = InForce("ring", (0.5,) * 6)
    case = problem(6, lighting=(lamps(steps=6, ramp=0.2),), in_force=(light,), frozen_steps=2)
    plan = planned(case)
    assert plan.naive.feasible, plan.naive.broken
    assert plan.naive.outcome.net_kw == pytest.approx([20.0, 20.0, 28.0, 36.0, 40.0, 40.0])
