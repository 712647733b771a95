"""Heat nodes: hand-solved plans, the same optimum as an independent model, and what is told when heat does not fit."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.baselines import run_baselines
from optimizer.check import broken_rules, check_plan
from optimizer.document import read_problem, write_problem
from optimizer.errors import BadDocument, ProblemError
from optimizer.heating import Chp, ElectricBoiler, GasBoiler, HeatNode, HeatPump, HeatStore
from optimizer.naive import naive_dispatch
from optimizer.parts import Horizon, InForce, Node, PeakCharge, Tariff, Wishes
from optimizer.plan import Cause, Infeasible, Plan
from optimizer.problem import Problem
from optimizer.solve import Modelling, solve
from optimizer.switching import Switching
from optimizer.tables import tabulate
from tests.optimizer.independent import least_cost_eur
from tests.optimizer.small import START, load, planned, problem

CHEAP_THEN_DEAR = Tariff((0.10, 0.10, 0.40, 0.40))
NO_WISHES = Wishes(0.0, 0.0, 0.0, 0.0, 0.0)
PUMP = HeatPump("pump", "F3", "north", 60.0, 3.0)
GAS = GasBoiler("gas", "F3", "north", 200.0, 0.9, 0.045, 0.2)
STORE = HeatStore("tank", "F3", "north", 200.0, 50.0, 50.0, 0.0)


def north(demand_kw: float | tuple[float, ...] = 60.0, **changes: Any) -> HeatNode:
    """A heat node on F3 that needs 60 kW."""
    return dataclasses.replace(HeatNode("north", "F3", demand_kw, name="North"), **changes)


def test_heat_comes_from_what_makes_it_cheapest_in_each_step() -> None:
    plan = planned(problem(tariff=CHEAP_THEN_DEAR, heat_nodes=(north(100.0),), heat_pumps=(PUMP,), gas_boilers=(GAS,)))
    # Heat costs 0.10 / 3 from the pump while power is cheap, 0.40 / 3 while it is dear; from gas 0.045 / 0.9 = 0.05.
    assert plan.asset("pump").setpoint.tolist() == pytest.approx([60.0, 60.0, 0.0, 0.0])
    assert plan.asset("gas").setpoint.tolist() == pytest.approx([40.0, 40.0, 100.0, 100.0])
    assert plan.asset("pump").power_kw.tolist() == pytest.approx([20.0, 20.0, 0.0, 0.0])
    assert plan.cost_eur == pytest.approx(40 * 0.10 + 280 * 0.05)
    assert plan.outcome.cost.by_cause_eur[Cause.FUEL] == pytest.approx(280 * 0.05)
    (price,) = plan.supplies
    assert price.eur_per_unit.tolist() == pytest.approx([0.05] * 4)


def test_carbon_of_fuel_is_priced_and_counted() -> None:
    tariff = Tariff(0.20, carbon_eur_per_t=100.0)
    plan = planned(problem(tariff=tariff, heat_nodes=(north(90.0),), gas_boilers=(GAS,)))
    assert plan.outcome.cost.by_cause_eur[Cause.CARBON] == pytest.approx(400.0 * 0.2 * 0.1)
    assert plan.outcome.carbon_kg == pytest.approx(80.0)


def test_a_store_carries_cheap_heat_over_and_loses_some_of_it() -> None:
    store = dataclasses.replace(STORE, loss_share_per_h=0.1)
    pump = dataclasses.replace(PUMP, most_kw=100.0)
    plan = planned(
        problem(2, tariff=Tariff((0.10, 0.40)), heat_nodes=(north(30.0),), heat_pumps=(pump,), heat_stores=(store,))
    )
    # 30 kWh in the second hour take 30 / 0.9 kWh in the first.
    assert plan.asset("pump").setpoint.tolist() == pytest.approx([30.0 + 30.0 / 0.9, 0.0])
    assert plan.asset("tank").state.tolist() == pytest.approx([30.0 / 0.9, 0.0], abs=1e-6)


def test_a_chp_runs_for_its_power_while_that_is_dear() -> None:
    chp = Chp("chp", "F3", "north", 200.0, 90.0, 0.4, 0.0, 0.8, 0.05, back_pressure=True)
    tariff = Tariff((0.05, 0.40))
    plan = planned(
        problem(2, tariff=tariff, loads=(load(80.0),), heat_nodes=(north(50.0),), chps=(chp,), gas_boilers=(GAS,))
    )
    assert plan.asset("chp").setpoint.tolist() == pytest.approx([0.0, 50.0])
    assert plan.asset("chp").power_kw.tolist() == pytest.approx([0.0, -40.0])
    assert plan.outcome.cost.by_cause_eur[Cause.FUEL] == pytest.approx(50 * 0.05 + 100 * 0.05)


def test_extraction_takes_power_for_heat() -> None:
    chp = Chp("chp", "grid", "north", 100.0, 60.0, 0.45, 0.15, 0.5, 0.01)
    nodes = (Node("grid", None, 1000.0, -100.0), Node("F3", "grid", 100.0))
    plan = planned(problem(1, nodes=nodes, tariff=Tariff(0.20, 0.20), heat_nodes=(north(40.0),), chps=(chp,)))
    # All its fuel: 45 = power + 0.15 * 40.
    assert plan.asset("chp").power_kw[0] == pytest.approx(-39.0)


def test_a_start_has_its_price_and_a_least_time_is_kept() -> None:
    pump = dataclasses.replace(PUMP, switching=Switching(30.0, start_eur=4.0, least_on_h=2.0))
    tariff = Tariff((0.40, 0.10, 0.40, 0.40))
    case = problem(tariff=tariff, heat_nodes=(north(40.0),), heat_pumps=(pump,), gas_boilers=(GAS,))
    # One cheap hour saves 40 * (0.05 - 0.033) = 0.67: less than a start.
    assert planned(case).asset("pump").state.tolist() == [0.0, 0.0, 0.0, 0.0]
    cheap = dataclasses.replace(pump, switching=Switching(30.0, least_on_h=2.0))
    plan = planned(dataclasses.replace(case, heat_pumps=(cheap,), tariff=Tariff((0.40, 0.01, 0.18, 0.40))))
    assert plan.asset("pump").state.tolist() == [0.0, 1.0, 1.0, 0.0]
    assert plan.asset("pump").setpoint[2] == pytest.approx(30.0)
    warm = dataclasses.replace(
        pump, switching=Switching(30.0, start_eur=4.0, least_on_h=2.0, on_before=True, since_h=1.0)
    )
    plan = planned(dataclasses.replace(case, heat_pumps=(warm,)))
    assert plan.asset("pump").state[0] == 1.0
    assert plan.outcome.cost.by_cause_eur[Cause.START] == 0.0


def test_missing_heat_has_its_price_and_is_told() -> None:
    plan = planned(problem(2, heat_nodes=(north(80.0, missing_eur_per_kwh=0.5),), heat_pumps=(PUMP,)))
    (short,) = plan.outcome.shortfalls
    assert (short.asset, short.cause, short.amount) == ("north", Cause.HEAT, pytest.approx(40.0))
    assert plan.asset("north").shortfall.tolist() == pytest.approx([20.0, 20.0])
    assert plan.asset("north").state.tolist() == pytest.approx([60.0, 60.0])


def test_heat_out_of_reach_is_told_with_its_ways_out() -> None:
    answer = solve(problem(heat_nodes=(north((60.0, 80.0, 60.0, 60.0)),), heat_pumps=(PUMP,)))
    assert isinstance(answer, Infeasible)
    assert "North needs 80 kW of heat from 18:00 to 19:00; pump can make 60 kW." in answer.sentence
    assert any("accept 20.0 kWh of heat less at North" in way.sentence for way in answer.ways_out)


def test_a_feeder_too_small_for_a_heat_pump_is_told_with_both_ways_out() -> None:
    answer = solve(problem(loads=(load(90.0),), heat_nodes=(north(60.0),), heat_pumps=(PUMP,)))
    assert isinstance(answer, Infeasible)
    assert {conflict.rule for conflict in answer.conflicts} == {"meet_heat_demand", "stay_within_feeder"}
    assert any("10 kW more on Feeder F3" in way.sentence for way in answer.ways_out)


def test_an_end_of_a_store_out_of_reach_is_told() -> None:
    store = dataclasses.replace(STORE, end_kwh=100.0, name="Big tank")
    pump = dataclasses.replace(PUMP, most_kw=70.0)
    answer = solve(problem(heat_nodes=(north(60.0),), heat_pumps=(pump,), heat_stores=(store,)))
    assert isinstance(answer, Infeasible)
    assert "Big tank starts with 0 kWh and must hold 0 kWh, and 100 kWh by 21:00." in answer.sentence
    assert any("let Big tank end with 60.0 kWh less" in way.sentence for way in answer.ways_out)


def test_a_least_load_that_nothing_takes_is_told() -> None:
    pump = dataclasses.replace(PUMP, name="Heat pump", switching=Switching(30.0))
    answer = solve(problem(heat_nodes=(north(20.0),), heat_pumps=(pump,)))
    assert isinstance(answer, Infeasible)
    assert "Heat pump cannot run at less than 30 kW." in answer.sentence
    assert any("run below their least load" in way.sentence for way in answer.ways_out)


def test_frozen_steps_repeat_heat_and_power() -> None:
    chp = Chp("chp", "F3", "north", 200.0, 90.0, 0.4, 0.1, 0.5, 0.05)
    case = problem(
        loads=(load(80.0),), heat_nodes=(north(50.0),), chps=(chp,), gas_boilers=(GAS,), heat_stores=(STORE,),
        in_force=(InForce("chp", (40.0,) * 4, (30.0,) * 4), InForce("gas", (15.0,) * 4)), frozen_steps=2,
    )  # fmt: skip
    plan = planned(case)
    assert plan.asset("chp").power_kw[:2].tolist() == pytest.approx([-30.0, -30.0])
    assert plan.asset("chp").setpoint[:2].tolist() == pytest.approx([40.0, 40.0])
    assert plan.asset("gas").setpoint[:2].tolist() == pytest.approx([15.0, 15.0])
    assert plan.asset("tank").setpoint[:2].tolist() == pytest.approx([5.0, 5.0])


def test_makers_without_a_store_follow_a_demand_that_changed_since() -> None:
    case = problem(
        heat_nodes=(north(50.0),), heat_pumps=(PUMP,), in_force=(InForce("pump", (40.0,) * 4),), frozen_steps=2
    )
    assert planned(case).asset("pump").setpoint.tolist() == pytest.approx([50.0] * 4)


def test_the_naive_case_makes_heat_as_it_is_needed_the_cheapest_first() -> None:
    case = problem(
        tariff=CHEAP_THEN_DEAR, heat_nodes=(north(100.0),), heat_pumps=(PUMP,), gas_boilers=(GAS,), heat_stores=(STORE,)
    )
    plan = planned(case)
    assert plan.naive.feasible
    # The mean of 0.25 EUR makes the pump's heat dearer than that of gas.
    assert plan.asset("gas").at_once_kw.tolist() == [0.0] * 4
    assert plan.naive.outcome.cost.total_eur == pytest.approx(400 * 0.05)
    assert plan.cost_eur < plan.naive.outcome.cost.total_eur


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"heat_pumps": (dataclasses.replace(PUMP, heat="nroth"),)}, "did you mean north"),
        ({"heat_pumps": (dataclasses.replace(PUMP, cop=(3.0, 3.0)),)}, "cop of heat pump pump has 2 values"),
        ({"heat_nodes": (north((1.0, 2.0)),)}, "demand_kw of heat node north has 2 values"),
    ],
)
def test_heat_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        problem(**{"heat_nodes": (north(),), "heat_pumps": (PUMP,), **changes})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: dataclasses.replace(PUMP, cop=350.0), "cop of heat pump pump is 350"),
        (lambda: dataclasses.replace(GAS, efficiency=94.0), "efficiency of gas boiler gas is 94"),
        (lambda: dataclasses.replace(PUMP, switching=Switching(0.0)), "switching.least_kw of heat pump pump"),
        (lambda: dataclasses.replace(PUMP, switching=Switching(61.0)), "switching.least_kw of heat pump pump"),
        (lambda: dataclasses.replace(PUMP, switching=Switching(5.0, start_eur=-1.0)), "switching.start_eur"),
        (lambda: Chp("chp", "F3", "north", 100.0, 60.0, 0.9, 0.0, 0.8, 0.05), "CHP chp: a kWh of heat"),
        (lambda: dataclasses.replace(STORE, start_kwh=300.0), "start_kwh of heat store tank"),
        (lambda: dataclasses.replace(STORE, least_kwh=30.0), "below its least of 30"),
        (lambda: north(-1.0), "demand_kw of heat node north"),
        (lambda: north(50.0, demand_low_kw=60.0), "demand_low_kw is 60, above demand_kw of 50"),
    ],
)
def test_a_machine_that_cannot_be_is_refused(make: Any, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        make()


def test_documents_carry_heat_and_name_the_place_of_a_fault() -> None:
    case = problem(
        heat_nodes=(north(),), heat_pumps=(dataclasses.replace(PUMP, switching=Switching(10.0)),), heat_stores=(STORE,)
    )
    assert read_problem(write_problem(case)) == case
    document = json.loads(write_problem(case))
    document["problem"]["heat_stores"][0]["start_kwh"] = 500
    with pytest.raises(BadDocument, match=r"problem\.heat_stores\[0\]: start_kwh of heat store tank is 500"):
        read_problem(json.dumps(document))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("heat_kw", [[70.0] * 4, [0.0] * 4], "makes 10.000 kW of heat more"),
        ("heat_kw", [[20.0] * 4, [0.0] * 4], "gets 40.000 kW of heat less"),
        ("heat_kw", [[60.0] * 4, [30.0] * 4], "gets 30.000 kW of heat too much"),
        ("heat_kw", [[60.0, 10.0, 60.0, 60.0], [0.0, 50.0, 0.0, 0.0]], "under its least load"),
        ("heat_kw", [[60.0, 0.0, 60.0, 60.0], [0.0, 60.0, 0.0, 0.0]], "does not keep its least time off"),
        ("heat_kw", [[0.0, 60.0, 0.0, 60.0], [60.0, 0.0, 60.0, 0.0]], "does not keep its least time on"),
        ("store_kw", [[60.0, 0.0, 0.0, 0.0]], "takes 10.000 kW more"),
        ("store_kw", [[-60.0, 0.0, 0.0, 0.0]], "gives 10.000 kW more"),
        ("store_kw", [[-30.0, 0.0, 0.0, 0.0]], "below its least"),
        ("store_kw", [[50.0, 50.0, 50.0, 51.0]], "holds 1.000 kWh more"),
    ],
)
def test_each_hard_rule_of_heat_is_watched(field: str, value: list[list[float]], words: str) -> None:
    pump = dataclasses.replace(PUMP, switching=Switching(30.0, least_on_h=2.0, least_off_h=2.0))
    store = dataclasses.replace(STORE, start_kwh=20.0, capacity_kwh=220.0)
    case = problem(heat_nodes=(north(),), heat_pumps=(pump,), gas_boilers=(GAS,), heat_stores=(store,))
    tables = tabulate(case)
    dispatch = dataclasses.replace(naive_dispatch(tables), **{field: np.array(value)})
    assert any(words in sentence for sentence in broken_rules(case, tables, dispatch))


def _figure(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False).map(lambda value: round(value, 2))


@st.composite
def _switchings(draw: st.DrawFn, most_kw: float) -> Switching | None:
    if draw(st.booleans()):
        return None
    return Switching(
        round(max(most_kw * draw(st.sampled_from([0.2, 0.5])), 0.01), 3),
        draw(st.sampled_from([0.0, 1.0])),
        draw(st.sampled_from([0.0, 1.0, 2.5])),
        draw(st.sampled_from([0.0, 1.0, 2.5])),
        draw(st.booleans()),
        draw(st.sampled_from([None, 0.5, 1.0])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Problem:
    """A heat node or two with some of everything, at prices of either sign."""
    steps = draw(st.integers(2, 4))
    nodes = tuple(
        HeatNode(
            f"heat{n}",
            "F3",
            tuple(draw(st.lists(_figure(0.0, 80.0), min_size=steps, max_size=steps))),
            draw(st.sampled_from([None, 0.3, 1.0])),
            draw(st.sampled_from([None, 0.0, 0.1])),
        )
        for n in range(draw(st.integers(1, 2)))
    )
    some = st.sampled_from([node.id for node in nodes])
    cops = tuple(draw(st.lists(_figure(2.0, 4.0), min_size=steps, max_size=steps)))
    pump_kw, gas_kw = draw(_figure(5.0, 60.0)), draw(_figure(5.0, 90.0))
    chp = Chp(
        "chp", "F3", draw(some), 120.0, 60.0, 0.38, draw(st.sampled_from([0.0, 0.15])), 0.6, 0.05, 0.2,
        draw(st.booleans()), draw(_switchings(120.0)),
    )  # fmt: skip
    store = HeatStore(
        "store", "F3", draw(some), 80.0, 30.0, 40.0, draw(_figure(10.0, 80.0)), 10.0, draw(_figure(0.0, 80.0)),
        draw(st.sampled_from([None, 0.2])), draw(st.sampled_from([0.0, 0.03])),
    )  # fmt: skip
    prices = tuple(draw(st.lists(_figure(-0.1, 0.5), min_size=steps, max_size=steps)))
    return Problem(
        Horizon(START, (1.0,) * steps),
        (
            Node("grid", None, 150.0, draw(st.sampled_from([0.0, -60.0]))),
            Node("F3", "grid", draw(_figure(20.0, 90.0)), -60.0),
        ),
        Tariff(prices, tuple(p - 0.02 for p in prices), (PeakCharge("month", 0.3, 20.0),), 0.3, 80.0),
        loads=(load(draw(_figure(0.0, 60.0))),),
        heat_nodes=nodes,
        heat_pumps=(HeatPump("pump", "F3", draw(some), pump_kw, cops, draw(_switchings(pump_kw))),),
        electric_boilers=(ElectricBoiler("wire", "grid", draw(some), 20.0),) if draw(st.booleans()) else (),
        gas_boilers=(GasBoiler("gas", "F3", draw(some), gas_kw, 0.9, 0.05, 0.2, 0.01, draw(_switchings(gas_kw))),),
        chps=(chp,) if draw(st.booleans()) else (),
        heat_stores=(store,) if draw(st.booleans()) else (),
        wishes=NO_WISHES,
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.sampled_from([Modelling.PULP, Modelling.ARRAYS]))
def test_the_optimum_is_that_of_an_independent_model(case: Problem, modelling: Modelling) -> None:
    expected = least_cost_eur(case)
    answer = solve(case, gap=0.0, modelling=modelling)
    assert isinstance(answer, Plan | Infeasible), answer
    assert isinstance(answer, Plan) == (expected is not None)
    if isinstance(answer, Infeasible):
        assert answer.conflicts
        return
    assert answer.cost_eur == pytest.approx(expected, abs=1e-4, rel=1e-6)
    assert check_plan(case, answer) == ()
    for found in run_baselines(case):
        if found.feasible:
            assert answer.cost_eur <= found.cost_eur + 1e-4
