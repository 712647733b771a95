"""Why heat and water are made when they are, in sentences."""

from __future__ import annotations

import pytest

from optimizer.explain import why
from optimizer.explain_supplies import why_supply
from optimizer.heating import GasBoiler, HeatNode, HeatPump, HeatStore
from optimizer.parts import Tariff
from optimizer.problem import Problem
from optimizer.water import Pump, Tank
from tests.optimizer.small import load, planned, problem


def _heat() -> Problem:
    """The heat pump is the cheapest, and the feeder leaves it 10 kW in the second hour."""
    return problem(
        loads=(load((60.0, 90.0, 60.0, 60.0)),),
        heat_nodes=(HeatNode("north", "F3", 60.0, name="North"),),
        heat_pumps=(HeatPump("pump", "F3", "north", 70.0, 3.0, name="Heat pump"),),
        gas_boilers=(GasBoiler("gas", "F3", "north", 80.0, 0.9, 0.09, name="Gas boiler"),),
    )


def _water() -> Problem:
    return problem(
        tariff=Tariff((0.10, 0.40, 0.10, 0.40)),
        loads=(load((80.0, 0.0, 0.0, 0.0)),),
        tanks=(Tank("tower", "F3", 300.0, 110.0, 60.0, 20.0, 20.0, name="Tower"),),
        pumps=(Pump("lift", "F3", "tower", 40.0, 4.0, name="Lift"),),
    )


def test_a_heat_pump_that_a_full_feeder_holds_back_is_named() -> None:
    case = _heat()
    reason = why(case, planned(case), 1)
    assert reason.node == "F3"
    assert reason.headline.startswith("18:00-19:00 Feeder F3 is full; one kW more there saves ")
    assert "that is why Heat pump waits until 19:00" in reason.headline
    assert {row.id: row.remark for row in reason.drawing}["pump"] == "30 kW of heat for North"


def test_heat_is_explained_by_who_makes_it_and_what_more_costs() -> None:
    case = _heat()
    plan = planned(case)
    assert why_supply(case, plan, 0, "north") == (
        "17:00-18:00 a kWh more of heat at North costs 0.067 EUR; Heat pump makes 60 kW."
    )
    assert why_supply(case, plan, 1, "north") == (
        "18:00-19:00 a kWh more of heat at North costs 0.100 EUR; Heat pump makes 30 kW and Gas boiler makes 30 kW."
    )


def test_a_store_and_missing_heat_are_told() -> None:
    case = problem(
        2,
        tariff=Tariff((0.10, 0.40)),
        heat_nodes=(HeatNode("north", "F3", 60.0, 0.5, name="North"),),
        heat_pumps=(HeatPump("pump", "F3", "north", 40.0, 3.0, name="Heat pump"),),
        heat_stores=(HeatStore("tank", "F3", "north", 50.0, 10.0, 10.0, 10.0, name="Big tank"),),
    )
    told = why_supply(case, planned(case), 1, "north")
    assert "Heat pump makes 40 kW, all it can" in told
    assert "kW are missing" in told


def test_a_tank_is_explained_by_its_pumps() -> None:
    case = _water()
    plan = planned(case)
    first = why_supply(case, plan, 1, "tower")
    assert first.startswith("18:00-19:00 a m3 more from Tower costs ")
    lines = [why_supply(case, plan, step, "tower") for step in range(4)]
    assert any("Lift fills it with" in line for line in lines)
    assert any("it runs down to" in line or "what is in it lasts" in line for line in lines)


def test_a_pump_that_waits_for_a_full_feeder_is_named() -> None:
    case = _water()
    plan = planned(case)
    full = why(case, plan, 0, "F3")
    assert {row.id for row in full.drawing} >= {"buildings"}
    assert all(held.sentence for held in full.held)


def test_what_the_plan_does_not_have_is_refused() -> None:
    case = _heat()
    plan = planned(case)
    with pytest.raises(KeyError):
        why_supply(case, plan, 0, "south")
    with pytest.raises(IndexError):
        why_supply(case, plan, 9, "north")
