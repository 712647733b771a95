"""The plan says why: prices that add up, limits with what they are worth, and who waits because of them."""

from __future__ import annotations

import dataclasses

import pytest

from optimizer.explain import limits_at_work, price_parts, why
from optimizer.parts import Node, PeakCharge, Tariff, Wishes
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.solve import solve
from tests.optimizer.cities import district
from tests.optimizer.small import at, bus, lamps, load, planned, problem


def _full_feeder() -> Problem:
    """F3 is full for the first two hours: a load takes 80 of its 100 kW, then 0."""
    return problem(
        tariff=Tariff((0.20, 0.20, 0.30, 0.30)),
        charging=(bus(energy_kwh=120.0),),
        loads=(load((80.0, 80.0, 0.0, 0.0)),),
    )


def test_a_full_feeder_is_told_with_its_time_and_worth() -> None:
    plan = planned(_full_feeder())
    (limit,) = limits_at_work(plan)
    assert (limit.node, limit.begins, limit.ends) == ("F3", at(0.0), at(2.0))
    assert limit.eur_per_kw == pytest.approx(0.2)
    assert limit.sentence == "17:00-19:00 Feeder F3 is full; one kW more there saves 0.20 EUR."


def test_one_kw_more_saves_what_was_promised() -> None:
    case = dataclasses.replace(_full_feeder(), wishes=Wishes(0.0, 0.0, 0.0, 0.0, 0.0))
    before = planned(case)
    wider = (case.nodes[0], dataclasses.replace(case.nodes[1], limit_kw=101.0))
    after = planned(dataclasses.replace(case, nodes=wider))
    assert before.cost_eur - after.cost_eur == pytest.approx(limits_at_work(before)[0].eur_per_kw)


def test_who_waits_is_named_with_the_time() -> None:
    case = _full_feeder()
    reason = why(case, planned(case), 0)
    assert [(held.id, held.until) for held in reason.held] == [("bus", at(2.0))]
    assert reason.headline.endswith("that is why Bus waits until 19:00.")


def test_light_at_its_minimum_is_named() -> None:
    case = problem(lighting=(lamps(),), loads=(load((80.0, 20.0, 20.0, 20.0)),))
    reason = why(case, planned(case), 0)
    assert [(held.id, held.sentence) for held in reason.held] == [("ring", "runs at class minimum")]


def test_who_is_on_the_limit_adds_up_to_it() -> None:
    case = _full_feeder()
    plan = planned(case)
    reason = why(case, plan, 0)
    assert sum(row.power_kw for row in reason.drawing) == pytest.approx(100.0)
    assert [row.id for row in reason.drawing] == ["buildings", "bus"]


def test_no_limit_is_said_to_hold_where_there_is_room() -> None:
    case = _full_feeder()
    reason = why(case, planned(case), 3)
    assert reason.limit is None
    assert reason.node == "grid"
    assert "to spare" in reason.headline


def test_the_parts_of_a_price_sum_to_it_in_every_node_and_step() -> None:
    case = district(10, 30, 24, feeders=3)
    case = dataclasses.replace(case, tariff=dataclasses.replace(case.tariff, peaks=(PeakCharge("month", 4.0, 100.0),)))
    plan = planned(case)
    for node in plan.nodes:
        for step in range(case.horizon.steps):
            parts = price_parts(plan, node.id, step)
            assert sum(part.eur_per_kwh for part in parts) == pytest.approx(node.energy_eur_per_kwh[step], abs=1e-5)


def test_the_price_of_energy_is_what_one_kwh_more_costs() -> None:
    case = dataclasses.replace(_full_feeder(), wishes=Wishes(0.0, 0.0, 0.0, 0.0, 0.0))
    plan = planned(case)
    more = dataclasses.replace(case, loads=(*case.loads, load((1.0, 0.0, 0.0, 0.0), "one more")))
    assert planned(more).cost_eur - plan.cost_eur == pytest.approx(plan.node("F3").energy_eur_per_kwh[0])


def test_peaks_have_their_part_of_the_price() -> None:
    tariff = Tariff(0.2, peaks=(PeakCharge("month", 10.0, 0.0),))
    case = problem(tariff=tariff, loads=(load((10.0, 50.0, 10.0, 10.0)),))
    plan = planned(case)
    assert plan.peak_eur_per_kw.tolist() == pytest.approx([0.0, 10.0, 0.0, 0.0])
    assert plan.node("F3").energy_eur_per_kwh.tolist() == pytest.approx([0.2, 10.2, 0.2, 0.2])


def test_integers_leave_prices_to_read() -> None:
    nodes = (Node("grid", None, 1000.0), Node("F3", "grid", 50.0))
    case = problem(nodes=nodes, charging=(bus(min_kw=20.0, required_kwh=100.0), bus("b2", min_kw=20.0)))
    answer = solve(case)
    assert isinstance(answer, Plan)
    assert limits_at_work(answer)


def test_nodes_and_steps_that_are_not_there_are_refused() -> None:
    case = _full_feeder()
    plan = planned(case)
    with pytest.raises(KeyError):
        why(case, plan, 0, "F9")
    with pytest.raises(IndexError):
        why(case, plan, 4)
