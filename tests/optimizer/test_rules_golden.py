"""Each rule alone, as PuLP writes it, against a file kept beside the test.

After a change made on purpose: `REGENERATE_GOLDEN=1 pytest tests/optimizer/test_rules_golden.py`, then read the diff.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from optimizer import battery, charging, dimming, generation, giving, grid, heat, lighting, pumping, running, shipping
from optimizer.battery_table import BatteryTable
from optimizer.berths import BerthTable
from optimizer.light_block import LightBlock
from optimizer.light_table import LightTable
from optimizer.model import Cells, every_step, once_each
from optimizer.parts import Generation, Node, PeakCharge, Tariff
from optimizer.profile import IntArray
from optimizer.shore import AccessPoint
from optimizer.tables import Tables, tabulate
from optimizer.through_pulp import PulpModel
from tests.optimizer import small
from tests.optimizer.rules_of_supplies import SUPPLY_RULES, empty_balance
from tests.optimizer.small import at, bus, lamps, problem

GOLDEN = Path(__file__).parent / "golden"


def stay_within_feeder(model: PulpModel) -> None:
    lower, upper = np.array([[-np.inf, 0.0], [-20.0, -20.0]]), np.array([[1000.0, 1000.0], [100.0, 80.0]])
    model.price(grid.stay_within_feeder(model, ["grid", "F3"], lower, upper), 1.0)


def balance_node(model: PulpModel) -> None:
    case = problem(2, nodes=(Node("grid", None, 1000.0), Node("F3", "grid", 100.0), Node("hub", "F3", 50.0)))
    tree = tabulate(case).tree
    power = grid.stay_within_feeder(model, ["grid", "F3", "hub"], tree.import_min_kw, tree.limit_kw)
    grid.balance_node(model, ["grid", "F3", "hub"], tree, power, np.array([[5.0, 6.0], [0.0, 0.0], [7.0, 8.0]]))


def buy_and_sell_at_connection(model: PulpModel) -> None:
    tariff = Tariff((0.2, 0.3), 0.05, carbon_kg_per_kwh=0.4, carbon_eur_per_t=100.0)
    case = problem(2, 0.25, nodes=(Node("grid", None, 100.0, -50.0),), tariff=tariff)
    power = model.columns("power", every_step(["grid"], 2), -50.0, 100.0)
    grid.buy_and_sell_at_connection(model, case, power, np.array([-10.0, 5.0]))


def pay_for_peak(model: PulpModel) -> None:
    hours = np.array([0.25, 0.25, 0.5, 1.0])
    bought = model.columns("bought", every_step(["grid"], 4))
    grid.pay_for_peak(model, PeakCharge("month", 4.2, 80.0, (0, 0, 1, -1)), hours, bought)


def keep_lighting_class_minimum(model: PulpModel) -> None:
    case = problem(
        3, lighting=(lamps(steps=3, lit=(True, True, False), wanted=(1.0, 0.8, 0.8), floor=(0.5, 0.8, 0.4)),)
    )
    lighting.keep_lighting_class_minimum(model, ["ring"], tabulate(case).light)
    model.price(np.arange(2), 1.0)


def pay_for_missing_light(model: PulpModel) -> None:
    light = tabulate(problem(2, 0.25, lighting=(lamps(steps=2, ceiling=(1.0, 0.9)),))).light
    block = lighting.keep_lighting_class_minimum(model, ["ring"], light)
    lighting.pay_for_missing_light(model, light, np.array([0.25, 0.25]), block)


def draw_lighting_power(model: PulpModel) -> None:
    curve = ((0.0, 0.1), (0.6, 0.5), (1.0, 1.0))
    light = tabulate(problem(1, lighting=(lamps(steps=1, curve=curve, standby_kw=2.0, wanted=0.9),))).light
    balance = empty_balance(model, 2, 1)
    lighting.draw_lighting_power(model, light, balance, lighting.keep_lighting_class_minimum(model, ["ring"], light))


def change_level_within_ramp(model: PulpModel) -> None:
    group = lamps(steps=4, lit=(True, True, True, False), wanted=(1.0, 0.6, 0.6, 0.0), ramp=0.2, level_before=0.9)
    light = tabulate(problem(4, lighting=(group,))).light
    lighting.change_level_within_ramp(
        model, ["ring"], light, lighting.keep_lighting_class_minimum(model, ["ring"], light)
    )


def fill_pieces_in_order(model: PulpModel) -> None:
    curve = ((0.0, 0.1), (0.6, 0.5), (1.0, 1.0))
    light = tabulate(problem(1, lighting=(lamps(steps=1, curve=curve, wanted=0.9),))).light
    block = lighting.keep_lighting_class_minimum(model, ["ring"], light)
    lighting.fill_pieces_in_order(model, ["ring"], block, np.ones((1, 1), dtype=bool))


def match_neighbouring_levels(model: PulpModel) -> None:
    groups = (lamps("east", 2), lamps("west", 2, wanted=0.9))
    light = tabulate(problem(2, lighting=groups)).light
    names = ["east", "west"]
    block = lighting.keep_lighting_class_minimum(model, names, light)
    lighting.match_neighbouring_levels(model, names, light, block, [(0, 1, 0.15)])


def _dimmed(model: PulpModel) -> tuple[LightTable, LightBlock]:
    """A group of two dimmer levels that may change once, and stays for two hours; lit in three of four steps."""
    group = lamps(
        lit=(True, True, True, False),
        dimmer_levels=(0.6, 1.0),
        least_dwell_h=2.0,
        most_changes=1,
        level_before=1.0,
        unchanged_h=1.0,
        wanted=0.9,
    )
    light = tabulate(problem(lighting=(group,))).light
    return light, lighting.keep_lighting_class_minimum(model, ["ring"], light)


def run_at_dimmer_levels(model: PulpModel) -> None:
    light, block = _dimmed(model)
    dimming.run_at_dimmer_levels(model, ["ring"], light, block)


def mark_changes_of_level(model: PulpModel) -> None:
    light, block = _dimmed(model)
    dimming.mark_changes_of_level(model, ["ring"], light, block)


def change_level_seldom(model: PulpModel) -> None:
    light, _ = _dimmed(model)
    changed = model.columns("changed", every_step(["ring"], 3), 0.0, 1.0, integer=True)
    dimming.change_level_seldom(model, ["ring"], light, np.append(changed, -1).reshape(1, 4))


def dwell_at_a_level(model: PulpModel) -> None:
    light, _ = _dimmed(model)
    changed = model.columns("changed", every_step(["ring"], 3), 0.0, 1.0, integer=True)
    dimming.dwell_at_a_level(model, ["ring"], light, np.ones(4), np.append(changed, -1).reshape(1, 4))


def charge_while_present(model: PulpModel) -> None:
    case = problem(4, charging=(bus(arrives_h=0.5, departs_h=3.0),))
    model.price(charging.charge_while_present(model, ["bus"], tabulate(case).charge)[0], 1.0)


def draw_charging_power(model: PulpModel) -> None:
    charge = tabulate(problem(2, charging=(bus(departs_h=2.0),))).charge
    balance = empty_balance(model, 2, 2)
    charging.draw_charging_power(model, charge, balance, *charging.charge_while_present(model, ["bus"], charge))


def bring_wanted_energy(model: PulpModel) -> None:
    case = problem(2, 0.5, charging=(bus(departs_h=1.0, energy_kwh=40.0, required_kwh=30.0, efficiency=0.9),))
    tables = tabulate(case)
    columns = charging.charge_while_present(model, ["bus"], tables.charge)
    charging.bring_wanted_energy(model, ["bus"], tables.charge, tables.hours, *columns)


def be_ready_in_time(model: PulpModel) -> None:
    tables = tabulate(problem(3, charging=(bus(departs_h=3.0, ready_kwh=50.0, ready_by=at(1.5)),)))
    columns = charging.charge_while_present(model, ["bus"], tables.charge)
    charging.be_ready_in_time(model, ["bus"], tables.charge, tables.hours, *columns)


def draw_least_power_or_none(model: PulpModel) -> None:
    charge = tabulate(problem(2, charging=(bus(arrives_h=0.5, departs_h=2.0, min_kw=4.0),))).charge
    columns = charging.charge_while_present(model, ["bus"], charge)
    charging.draw_least_power_or_none(model, ["bus"], charge, *columns)


def charge_on_more_phases(model: PulpModel) -> None:
    charge = tabulate(problem(2, charging=(bus(departs_h=1.5, max_kw=11.0, phases=(1, 3), most_a=16.0),))).charge
    columns = charging.charge_while_present(model, ["bus"], charge)
    on, rows = charging.draw_least_power_or_none(model, ["bus"], charge, *columns)
    charging.charge_on_more_phases(model, ["bus"], charge, on, rows)


def _giving() -> Tables:
    """A bus that may give back, there for one and a half of two hours."""
    asked = {"discharge_max_kw": 50.0, "start_kwh": 40.0, "capacity_kwh": 200.0, "least_kwh": 20.0}
    session = bus(departs_h=1.5, efficiency=0.9, discharge_efficiency=0.8, wear_eur_per_kwh=0.03, **asked)
    return tabulate(problem(2, charging=(dataclasses.replace(session, ready_kwh=10.0, ready_by=at(1.0)),)))


def _cells(model: PulpModel, name: str, most_kw: float) -> IntArray:
    return model.columns(name, every_step(["bus"], 2), 0.0, most_kw).reshape(1, 2)


def give_back_while_present(model: PulpModel) -> None:
    tables = _giving()
    rows = [model.rows(name, once_each(["bus"]), 0.0, np.inf) for name in ("energy", "ready")]
    giving.give_back_while_present(
        model, ["bus"], tables.charge, empty_balance(model, 2, 2), rows[0], rows[1], tables.hours
    )


def keep_state_of_charge(model: PulpModel) -> None:
    tables = _giving()
    columns = _cells(model, "charge", 60.0), _cells(model, "give_back", 50.0)
    giving.keep_state_of_charge(model, ["bus"], tables.charge, tables.hours, *columns)


def pay_for_wear_of_vehicles(model: PulpModel) -> None:
    giving.pay_for_wear_of_vehicles(model, _giving().charge, np.array([0.5, 1.0]), _cells(model, "give_back", 50.0))


def take_or_give(model: PulpModel) -> None:
    columns = _cells(model, "charge", 60.0), _cells(model, "give_back", 50.0)
    giving.take_or_give(model, ["bus"], _giving().charge, *columns, np.array([[False, True]]))


def stay_on_for_least_time(model: PulpModel) -> None:
    tables = tabulate(problem(4, 0.5, charging=(bus(departs_h=2.0, min_kw=4.0, least_on_h=1.5),)))
    on = model.columns("on", every_step(["bus"], 4), 0.0, 1.0).reshape(1, 4)
    charging.stay_on_for_least_time(model, ["bus"], tables.charge, tables.hours, on)


def use_forecast_or_curtail(model: PulpModel) -> None:
    sources = (Generation("sun", "F3", (0.0, 30.0), 0.02), Generation("wind", "F3", 12.0, None, "wind"))
    tables = tabulate(problem(2, 0.5, generation=sources))
    generation.use_forecast_or_curtail(model, ["sun", "wind"], tables, empty_balance(model, 2, 2))


def _store(steps: int = 2) -> BatteryTable:
    store = small.battery(
        charge_efficiency=0.9,
        discharge_efficiency=0.8,
        start_kwh=20.0,
        least_kwh=5.0,
        end_kwh=30.0,
        end_missing_eur_per_kwh=0.5,
        loss_share_per_h=0.01,
        wear_eur_per_kwh=0.03,
    )
    return tabulate(problem(steps, batteries=(store,))).battery


def charge_and_discharge_within_power(model: PulpModel) -> None:
    charged, discharged = battery.charge_and_discharge_within_power(model, ["store"], _store())
    model.price(charged, 1.0)
    model.price(discharged, 1.0)


def draw_battery_power(model: PulpModel) -> None:
    store = _store()
    columns = battery.charge_and_discharge_within_power(model, ["store"], store)
    battery.draw_battery_power(model, store, empty_balance(model, 2, 2), *columns)


def carry_stored_energy(model: PulpModel) -> None:
    store = _store(3)
    columns = battery.charge_and_discharge_within_power(model, ["store"], store)
    battery.carry_stored_energy(model, ["store"], store, np.array([0.5, 0.5, 0.5]), *columns)


def end_with_wanted_charge(model: PulpModel) -> None:
    stored = model.columns("stored", every_step(["store"], 2), 5.0, 100.0).reshape(1, 2)
    battery.end_with_wanted_charge(model, ["store"], _store(), stored)


def pay_for_wear(model: PulpModel) -> None:
    store = _store()
    _, discharged = battery.charge_and_discharge_within_power(model, ["store"], store)
    battery.pay_for_wear(model, store, np.array([0.5, 1.0]), discharged)


def charge_or_discharge(model: PulpModel) -> None:
    store = _store()
    columns = battery.charge_and_discharge_within_power(model, ["store"], store)
    battery.charge_or_discharge(model, ["store"], store, *columns, np.array([[False, True]]))


def _berths() -> BerthTable:
    points = (AccessPoint("A1", "F3", 90.0, efficiency=0.8), AccessPoint("A2", "grid", 50.0))
    calls = (
        small.ship("ferry", connect_h=0.5, not_connected_eur=25.0),
        small.ship("tug", arrives_h=1.0, hotel_kw=(70.0, 70.0)),
    )
    return tabulate(problem(2, access_points=points, ships=calls)).berths


def plug_in_once_or_run_engines(model: PulpModel) -> None:
    shipping.plug_in_once_or_run_engines(model, ["ferry", "tug"], _berths())


def serve_one_ship_at_a_time(model: PulpModel) -> None:
    plugged = model.columns("plugged", every_step(["option"], 3), 0.0, 1.0)
    shipping.serve_one_ship_at_a_time(model, ["A1", "A2"], _berths(), plugged)


def draw_shore_power(model: PulpModel) -> None:
    plugged = model.columns("plugged", every_step(["option"], 3), 0.0, 1.0)
    shipping.draw_shore_power(model, _berths(), empty_balance(model, 2, 2), plugged)


def burn_fuel_while_not_connected(model: PulpModel) -> None:
    plugged = model.columns("plugged", every_step(["option"], 3), 0.0, 1.0)
    shipping.burn_fuel_while_not_connected(model, _berths(), plugged)


RULES: tuple[Callable[[PulpModel], None], ...] = (
    stay_within_feeder,
    balance_node,
    buy_and_sell_at_connection,
    pay_for_peak,
    keep_lighting_class_minimum,
    pay_for_missing_light,
    draw_lighting_power,
    fill_pieces_in_order,
    change_level_within_ramp,
    match_neighbouring_levels,
    run_at_dimmer_levels,
    mark_changes_of_level,
    change_level_seldom,
    dwell_at_a_level,
    charge_while_present,
    draw_charging_power,
    bring_wanted_energy,
    be_ready_in_time,
    draw_least_power_or_none,
    stay_on_for_least_time,
    charge_on_more_phases,
    give_back_while_present,
    keep_state_of_charge,
    pay_for_wear_of_vehicles,
    take_or_give,
    use_forecast_or_curtail,
    charge_and_discharge_within_power,
    draw_battery_power,
    carry_stored_energy,
    end_with_wanted_charge,
    pay_for_wear,
    charge_or_discharge,
    plug_in_once_or_run_engines,
    serve_one_ship_at_a_time,
    draw_shore_power,
    burn_fuel_while_not_connected,
    *SUPPLY_RULES,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_writes_exactly_its_golden_file(rule: Callable[[PulpModel], None], tmp_path: Path) -> None:
    model = PulpModel(rule.__name__)
    rule(model)
    written = tmp_path / "rule.lp"
    model.finish().writeLP(str(written))
    kept = GOLDEN / f"{rule.__name__}.lp"
    if os.environ.get("REGENERATE_GOLDEN"):
        kept.write_text(written.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
    assert written.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8")


def test_no_rule_of_the_families_lacks_a_golden_file() -> None:
    families = (grid, lighting, dimming, charging, giving, generation, battery, shipping, heat, running, pumping)
    rules = {
        name
        for family in families
        for name, value in vars(family).items()
        if callable(value)
        and getattr(value, "__module__", "") == family.__name__
        and not isinstance(value, type)
        and not name.startswith(("_", "write_"))
        and name not in {"reach_kw", "intervals"}  # figures for rules, not rules
    }
    assert rules == {rule.__name__ for rule in RULES}


def test_cells_name_columns_after_thing_and_step() -> None:
    cells = Cells(["a", "b"], np.array([1, 0]), np.array([3, -1]))
    assert [cells.name(0), cells.name(1)] == ["b_3", "a"]
