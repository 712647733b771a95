"""What cannot be planned is told: which requirements contradict, no more than needed, and ways that do lead out."""

from __future__ import annotations

import dataclasses

import pytest

from optimizer.parts import Generation, InForce, Neighbours, Node
from optimizer.plan import Infeasible, Plan
from optimizer.problem import Problem
from optimizer.solve import solve
from tests.optimizer.cities import district
from tests.optimizer.small import at, bus, lamps, load, problem

NODES = (Node("grid", None, 1000.0, -500.0), Node("F3", "grid", 100.0, -100.0), Node("F4", "grid", 100.0, -100.0))


def _refused(case: Problem) -> Infeasible:
    answer = solve(case)
    assert isinstance(answer, Infeasible), answer
    return answer


def _things(answer: Infeasible) -> set[tuple[str, str]]:
    return {(conflict.rule, conflict.thing) for conflict in answer.conflicts}


def _two_buses() -> Problem:
    """Two buses must have 240 kWh each in 4 hours; F3 brings 400. A third on F4 has nothing to do with it."""
    sessions = (
        bus("bus12", energy_kwh=240.0, required_kwh=240.0),
        bus("bus14", energy_kwh=240.0, required_kwh=240.0),
        bus("other", node="F4", required_kwh=100.0),
    )
    return problem(6, nodes=NODES, charging=sessions)


def test_the_smallest_set_that_contradicts_is_named_and_nothing_else() -> None:
    answer = _refused(_two_buses())
    assert _things(answer) == {
        ("stay_within_feeder", "F3"),
        ("bring_wanted_energy", "bus12"),
        ("bring_wanted_energy", "bus14"),
    }
    assert "F3 can carry 100 kW from 17:00 to 21:00." in answer.sentence
    assert "Bus12 must have 240 kWh by 21:00." in answer.sentence


def test_each_way_out_carries_what_the_plan_then_costs() -> None:
    answer = _refused(_two_buses())
    ways = {way.unit: way for way in answer.ways_out}
    assert ways["kWh"].amount == pytest.approx(80.0, abs=0.01)
    assert ways["kW"].amount == pytest.approx(20.0, abs=0.01)
    assert ways["min"].amount == pytest.approx(60.0)
    assert [way.eur for way in answer.ways_out] == sorted(way.eur or 0.0 for way in answer.ways_out)
    assert ways["kWh"].eur == pytest.approx((400.0 + 120.0) * 0.2 + 80.0, abs=0.1)


def test_a_way_out_followed_leads_to_a_plan() -> None:
    case = _two_buses()
    (more,) = [way for way in _refused(case).ways_out if way.unit == "kW"]
    nodes = tuple(dataclasses.replace(n, limit_kw=100.0 + more.amount) if n.id == more.thing else n for n in case.nodes)
    plan = solve(dataclasses.replace(case, nodes=nodes))
    assert isinstance(plan, Plan)
    assert plan.cost_eur == pytest.approx(more.eur, abs=0.1)


def test_a_charger_too_weak_is_a_conflict_by_itself() -> None:
    answer = _refused(problem(charging=(bus(departs_h=1.0, required_kwh=100.0),)))
    assert _things(answer) == {("bring_wanted_energy", "bus")}
    assert {way.unit for way in answer.ways_out} == {"kWh", "min"}


def test_a_load_over_the_limit_names_the_limit() -> None:
    answer = _refused(problem(nodes=NODES, loads=(load((50.0, 120.0, 50.0, 50.0)),)))
    assert _things(answer) == {("stay_within_feeder", "F3")}
    (conflict,) = answer.conflicts
    assert (conflict.first, conflict.last) == (at(1.0), at(2.0))
    (way,) = answer.ways_out
    assert (way.unit, way.amount) == ("kW", pytest.approx(20.0, abs=0.01))


def test_light_that_must_burn_over_a_limit_names_both() -> None:
    answer = _refused(problem(lighting=(lamps(floor=0.9),), loads=(load((80.0, 20.0, 20.0, 20.0)),)))
    assert _things(answer) == {("stay_within_feeder", "F3"), ("keep_lighting_class_minimum", "ring")}


def test_sun_that_cannot_be_curtailed_names_what_may_flow_back() -> None:
    case = problem(nodes=NODES, generation=(Generation("sun", "F3", 130.0, None),))
    answer = _refused(case)
    assert _things(answer) == {("stay_above_lowest_power", "F3"), ("use_forecast_or_curtail", "sun")}
    assert any("curtailed" in way.sentence for way in answer.ways_out)


def test_a_ramp_that_floors_jump_over_is_named() -> None:
    answer = _refused(problem(lighting=(lamps(ramp=0.1, floor=(0.2, 1.0, 1.0, 1.0), ceiling=(0.3, 1.0, 1.0, 1.0)),)))
    assert ("change_level_within_ramp", "ring") in _things(answer)
    assert any("change at once" in way.sentence for way in answer.ways_out)


def test_neighbours_that_must_differ_are_named() -> None:
    groups = (lamps("east", floor=0.9), lamps("west", ceiling=0.5))
    answer = _refused(problem(lighting=groups, neighbours=(Neighbours("east", "west", 0.1),)))
    assert ("match_neighbouring_levels", "east and west") in _things(answer)


def test_a_plan_in_force_over_a_new_limit_is_named() -> None:
    nodes = (NODES[0], Node("F3", "grid", 30.0), NODES[2])
    case = problem(nodes=nodes, charging=(bus(),), in_force=(InForce("bus", (60.0,) * 4),), frozen_steps=1)
    answer = _refused(case)
    assert _things(answer) == {("stay_within_feeder", "F3"), ("repeat_frozen_steps", "bus")}
    assert any("leave the plan in force" in way.sentence for way in answer.ways_out)


def test_a_least_power_over_the_limit_is_named() -> None:
    nodes = (NODES[0], Node("F3", "grid", 20.0), NODES[2])
    answer = _refused(problem(nodes=nodes, charging=(bus(min_kw=30.0, energy_kwh=20.0, required_kwh=20.0),)))
    assert _things(answer) == {("draw_least_power_or_none", "bus"), ("bring_wanted_energy", "bus")}


def test_one_impossible_bus_is_found_among_a_district() -> None:
    case = district(20, 40, 48)
    sessions = (*case.charging, bus("stuck", node="hub-03", departs_h=0.5, energy_kwh=90.0, required_kwh=90.0))
    moved = dataclasses.replace(sessions[-1], arrives=case.horizon.begin(4), departs=case.horizon.begin(8), max_kw=10.0)
    answer = _refused(dataclasses.replace(case, charging=(*case.charging, moved)))
    assert _things(answer) == {("bring_wanted_energy", "stuck")}
