"""Batteries: hand-solved plans, the same optimum as an independent model, and when an integer is needed."""

from __future__ import annotations

import dataclasses
import json

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.check import broken_rules, check_plan
from optimizer.document import read_problem, write_problem
from optimizer.errors import BadDocument, NotANumber, OutOfRange, ProblemError, WrongOrder
from optimizer.explain import why
from optimizer.naive import naive_dispatch
from optimizer.parts import FixedLoad, Generation, Horizon, InForce, Node, PeakCharge, Tariff, Wishes
from optimizer.plan import Cause, Infeasible, Plan
from optimizer.problem import Problem
from optimizer.solve import Modelling, solve
from optimizer.storage import Battery
from optimizer.tables import tabulate
from tests.optimizer.independent import least_cost_eur
from tests.optimizer.small import START, battery, bus, load, planned, problem

CHEAP_THEN_DEAR = Tariff((0.10, 0.10, 0.40, 0.40))
NO_WISHES = Wishes(0.0, 0.0, 0.0, 0.0, 0.0)


def test_it_buys_cheap_and_gives_when_power_is_dear() -> None:
    store = battery(charge_efficiency=0.8, discharge_efficiency=0.5, wear_eur_per_kwh=0.02)
    plan = planned(problem(tariff=CHEAP_THEN_DEAR, loads=(load(10.0),), batteries=(store,)))
    # Each kWh given costs 0.10 / (0.8 * 0.5) + 0.02 = 0.27, less than 0.40: all 20 dear kWh come from the battery.
    assert plan.cost_eur == pytest.approx(20 * 0.10 + 50 * 0.10 + 20 * 0.02)
    assert plan.outcome.cost.by_cause_eur[Cause.WEAR] == pytest.approx(0.40)
    assert plan.outcome.net_kw[2:] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert plan.asset("store").state[1] == pytest.approx(40.0)
    assert plan.naive.outcome.cost.total_eur == pytest.approx(10.0)


def test_it_stays_idle_where_its_losses_cost_more_than_the_price_differs() -> None:
    store = battery(charge_efficiency=0.5, discharge_efficiency=0.45)
    plan = planned(problem(tariff=CHEAP_THEN_DEAR, loads=(load(10.0),), batteries=(store,)))
    assert plan.asset("store").power_kw == pytest.approx(np.zeros(4), abs=1e-6)


def test_standing_loss_takes_what_is_stored_and_the_end_is_kept() -> None:
    store = battery(start_kwh=100.0, loss_share_per_h=0.5, end_kwh=25.0)
    plan = planned(problem(2, batteries=(store,)))
    assert plan.asset("store").state.tolist() == pytest.approx([50.0, 25.0])
    assert plan.cost_eur == pytest.approx(0.0, abs=1e-6)


def test_an_end_with_a_price_may_be_missed_and_is_told() -> None:
    store = battery(end_kwh=30.0, end_missing_eur_per_kwh=0.15)
    plan = planned(problem(batteries=(store,)))  # energy costs 0.20: dearer than what is missing
    (missed,) = plan.outcome.shortfalls
    assert (missed.asset, missed.cause, missed.amount) == ("store", Cause.STORED, pytest.approx(30.0))
    assert plan.cost_eur == pytest.approx(4.5)


def test_it_cuts_a_peak() -> None:
    tariff = Tariff(0.20, peaks=(PeakCharge("month", 5.0),))
    case = problem(tariff=tariff, loads=(load((10.0, 10.0, 90.0, 10.0)),), batteries=(battery(start_kwh=0.0),))
    plan = planned(case)
    # It gives all of its 50 kW in the third hour, and takes 25 kWh in each of the two before it.
    assert plan.outcome.peaks[0].highest_kw == pytest.approx(40.0)


def test_no_integer_is_needed_while_a_kwh_costs_something() -> None:
    store = battery(charge_efficiency=0.9, discharge_efficiency=0.9)
    plan = planned(problem(tariff=CHEAP_THEN_DEAR, loads=(load(10.0),), batteries=(store,)))
    assert plan.solved.integers == 0


@pytest.mark.parametrize("modelling", [Modelling.PULP, Modelling.ARRAYS])
def test_an_integer_keeps_it_from_burning_energy_that_is_paid_for(modelling: Modelling) -> None:
    store = battery(charge_efficiency=0.9, discharge_efficiency=0.9)
    case = problem(tariff=Tariff(-0.10, -0.10), loads=(load(10.0),), batteries=(store,), wishes=NO_WISHES)
    plan = solve(case, modelling=modelling, gap=0.0)
    assert isinstance(plan, Plan)
    assert plan.solved.integers > 0
    assert check_plan(case, plan) == ()
    assert plan.cost_eur == pytest.approx(least_cost_eur(case), abs=1e-6)


def test_the_naive_case_charges_to_its_end_and_gives_nothing() -> None:
    plan = planned(problem(batteries=(battery(start_kwh=10.0, end_kwh=40.0),)))
    assert plan.asset("store").at_once_kw.tolist() == pytest.approx([30.0, 0.0, 0.0, 0.0])
    assert plan.naive.feasible


def test_frozen_steps_repeat_what_it_takes_and_gives() -> None:
    force = InForce("store", (20.0, -15.0, 0.0, 0.0))
    case = problem(tariff=CHEAP_THEN_DEAR, batteries=(battery(),), loads=(load(20.0),), in_force=(force,))
    plan = planned(dataclasses.replace(case, frozen_steps=2))
    assert plan.asset("store").power_kw[:2].tolist() == pytest.approx([20.0, -15.0])


def test_frozen_steps_give_no_more_than_is_stored() -> None:
    force = InForce("store", (-30.0,) * 4)
    case = problem(batteries=(battery(start_kwh=10.0),), loads=(load(40.0),), in_force=(force,), frozen_steps=1)
    assert planned(case).asset("store").power_kw[0] == pytest.approx(-10.0)


def test_only_a_battery_may_be_held_below_zero() -> None:
    with pytest.raises(OutOfRange, match="plan in force of bus"):
        problem(charging=(bus(),), in_force=(InForce("bus", (-1.0,) * 4),))


def test_why_tells_what_its_power_is_for() -> None:
    case = problem(tariff=CHEAP_THEN_DEAR, loads=(load(10.0),), batteries=(battery(),))
    plan = planned(case)
    first = int(np.argmax(plan.asset("store").power_kw > 1.0))
    remarks = {row.id: row.remark for row in why(case, plan, first, "F3").drawing}
    assert remarks["store"] == "charges, to give from 19:00"
    remarks = {row.id: row.remark for row in why(case, plan, 2, "F3").drawing}
    assert remarks["store"] == f"gives what it took from {17 + first}:00"


def test_an_end_out_of_reach_is_explained_with_a_way_out() -> None:
    case = problem(loads=(load(90.0),), batteries=(battery(end_kwh=60.0),))
    answer = solve(case)
    assert isinstance(answer, Infeasible)
    assert {conflict.rule for conflict in answer.conflicts} == {"keep_battery_charged", "stay_within_feeder"}
    assert "Store starts with 0 kWh and must hold 0 kWh, and 60 kWh by 21:00." in answer.sentence
    assert any("let Store end with 20.0 kWh less" in way.sentence for way in answer.ways_out)
    assert any(way.thing == "F3" and way.amount == pytest.approx(5.0, abs=0.01) for way in answer.ways_out)


def test_a_frozen_power_that_overloads_a_feeder_is_explained() -> None:
    force = InForce("store", (50.0, 0.0, 0.0, 0.0))
    answer = solve(problem(loads=(load(80.0),), batteries=(battery(),), in_force=(force,), frozen_steps=1))
    assert isinstance(answer, Infeasible)
    assert "Store is held to the plan in force" in answer.sentence
    assert answer.ways_out


def test_a_contradiction_that_only_integers_make_is_told_with_a_way_out() -> None:
    full = battery(start_kwh=100.0, charge_efficiency=0.9, discharge_efficiency=0.9, name="Store")
    sun = Generation("sun", "F3", 3.0, None, name="Roof")
    nodes = (Node("grid", None, 60.0), Node("F3", "grid", 30.0))
    answer = solve(problem(nodes=nodes, generation=(sun,), batteries=(full,)))
    assert isinstance(answer, Infeasible)
    assert "Store does not charge and give at once." in answer.sentence
    assert "Roof cannot be curtailed" in answer.sentence
    assert any("allow Roof to be curtailed" in way.sentence for way in answer.ways_out)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"capacity_kwh": -1.0}, OutOfRange),
        ({"start_kwh": 101.0}, OutOfRange),
        ({"end_kwh": 101.0}, OutOfRange),
        ({"charge_efficiency": 0.0}, OutOfRange),
        ({"discharge_efficiency": 1.1}, OutOfRange),
        ({"loss_share_per_h": 1.0}, OutOfRange),
        ({"wear_eur_per_kwh": float("nan")}, NotANumber),
        ({"least_kwh": 5.0}, WrongOrder),
        ({"end_missing_eur_per_kwh": -1.0}, OutOfRange),
    ],
)
def test_a_battery_that_cannot_be_is_refused(changes: dict[str, float], error: type[ProblemError]) -> None:
    with pytest.raises(error, match="battery store"):
        battery(**changes)


def test_a_bad_battery_in_a_document_is_refused_with_its_place() -> None:
    document = json.loads(write_problem(problem(batteries=(battery(), battery("second")))))
    document["problem"]["batteries"][1]["start_kwh"] = 500
    with pytest.raises(BadDocument, match=r"problem\.batteries\[1\]: start_kwh of battery second is 500"):
        read_problem(json.dumps(document))


def test_documents_carry_batteries() -> None:
    case = problem(batteries=(battery(end_kwh=3.0, end_missing_eur_per_kwh=1.0),))
    assert read_problem(write_problem(case)) == case


@pytest.mark.parametrize(
    ("power_kw", "words"),
    [
        ((60.0, 0.0, 0.0, 0.0), "charges with 10.000 kW more"),
        ((-60.0, 0.0, 0.0, 0.0), "gives 10.000 kW more"),
        ((50.0, 50.0, 0.0, 0.0), "holds 60.000 kWh more"),
        ((-50.0, -20.0, 0.0, 0.0), "below its least"),
        ((-30.0, 0.0, 0.0, 0.0), "ends with 20.000 kWh less"),
    ],
)
def test_each_hard_rule_of_a_battery_is_watched(power_kw: tuple[float, ...], words: str) -> None:
    case = problem(batteries=(battery(start_kwh=60.0, least_kwh=10.0, end_kwh=50.0),))
    dispatch = dataclasses.replace(naive_dispatch(tabulate(case)), battery_kw=np.array([power_kw]))
    assert any(words in sentence for sentence in broken_rules(case, tabulate(case), dispatch))


def _figure(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False).map(lambda value: round(value, 2))


@st.composite
def _batteries(draw: st.DrawFn, id: str) -> Battery:
    capacity = draw(_figure(5.0, 80.0))
    least = round(capacity * draw(st.sampled_from([0.0, 0.1])), 2)
    return Battery(
        id,
        draw(st.sampled_from(["grid", "F3"])),
        capacity,
        draw(_figure(0.0, 40.0)),
        draw(_figure(0.0, 40.0)),
        draw(_figure(least, capacity)),
        least,
        draw(_figure(0.0, capacity)),
        draw(st.sampled_from([None, 0.1, 1.0])),
        draw(st.sampled_from([1.0, 0.9, 0.6])),
        draw(st.sampled_from([1.0, 0.9, 0.6])),
        draw(st.sampled_from([0.0, 0.0, 0.02])),
        draw(st.sampled_from([0.0, 0.02])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Problem:
    """One or two batteries beside a load, sun and perhaps a bus with a least power, at prices of either sign."""
    steps = draw(st.integers(2, 5))
    prices = tuple(draw(st.lists(_figure(-0.2, 0.5), min_size=steps, max_size=steps)))
    margin = draw(st.sampled_from([0.0, 0.05]))
    sessions = (bus(departs_h=2.0, min_kw=20.0, energy_kwh=draw(_figure(5.0, 60.0))),)
    return Problem(
        Horizon(START, (1.0,) * steps),
        (
            Node("grid", None, draw(_figure(60.0, 200.0)), draw(st.sampled_from([0.0, -40.0]))),
            Node("F3", "grid", draw(_figure(30.0, 120.0)), draw(st.sampled_from([-50.0, -5.0]))),
        ),
        Tariff(
            prices,
            tuple(round(price - margin, 2) for price in prices),
            peaks=(PeakCharge("month", draw(_figure(0.0, 2.0)), draw(_figure(0.0, 40.0))),),
        ),
        charging=sessions if draw(st.booleans()) else (),
        loads=(FixedLoad("buildings", "F3", draw(_figure(0.0, 40.0))),),
        generation=(Generation("sun", "F3", draw(_figure(0.0, 30.0)), draw(st.sampled_from([None, 0.0, 0.05]))),),
        batteries=tuple(draw(_batteries(f"store{n}")) for n in range(draw(st.integers(1, 2)))),
        wishes=NO_WISHES,
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.sampled_from([Modelling.PULP, Modelling.ARRAYS]))
def test_the_optimum_is_that_of_an_independent_model(case: Problem, modelling: Modelling) -> None:
    expected = least_cost_eur(case)
    answer = solve(case, gap=0.0, modelling=modelling)
    if expected is None:
        assert isinstance(answer, Infeasible)
        assert answer.conflicts
        return
    assert isinstance(answer, Plan), answer
    assert answer.cost_eur == pytest.approx(expected, abs=1e-4, rel=1e-6)
    assert check_plan(case, answer) == ()
