"""Each rule of heat and water alone, written for its golden file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optimizer import heat, pumping, running
from optimizer.heating import Chp, GasBoiler, HeatNode, HeatPump, HeatStore
from optimizer.model import every_step
from optimizer.parts import Tariff
from optimizer.profile import IntArray
from optimizer.running_table import RunningTable, tabulate_running
from optimizer.switching import Switching
from optimizer.tables import Tables, tabulate
from optimizer.through_pulp import PulpModel
from optimizer.water import Pump, Tank
from tests.optimizer.small import problem


def empty_balance(model: PulpModel, nodes: int, steps: int) -> IntArray:
    """Empty balance rows for a rule to put its power into."""
    names = [f"node{n}" for n in range(nodes)]
    return model.rows("balance", every_step(names, steps), 0.0, 0.0).reshape(nodes, steps)


def _heat(steps: int = 2) -> Tables:
    """A heat pump, a gas boiler and an extraction CHP on one heat node with a store."""
    case = problem(
        steps,
        0.5,
        heat_nodes=(HeatNode("north", "F3", 60.0, 0.4, 0.05),),
        heat_pumps=(HeatPump("pump", "F3", "north", 50.0, tuple(3.0 + n for n in range(steps))),),
        gas_boilers=(GasBoiler("gas", "grid", "north", 80.0, 0.8, 0.06, 0.2, 0.01),),
        chps=(Chp("chp", "F3", "north", 200.0, 90.0, 0.4, 0.1, 0.5, 0.05),),
        heat_stores=(HeatStore("tank", "F3", "north", 100.0, 40.0, 30.0, 20.0, 10.0, 15.0, 0.2, 0.1),),
        tariff=Tariff(0.2, carbon_eur_per_t=100.0),
    )
    return tabulate(case)


MAKERS = ["pump", "gas", "chp"]


def make_heat_within_most(model: PulpModel) -> None:
    model.price(heat.make_heat_within_most(model, MAKERS, _heat().heat), 1.0)


def draw_power_for_heat(model: PulpModel) -> None:
    made = heat.make_heat_within_most(model, MAKERS, _heat().heat)
    heat.draw_power_for_heat(model, _heat().heat, empty_balance(model, 2, 2), made)


def make_power_with_heat(model: PulpModel) -> None:
    made = model.columns("heat", every_step(["chp"], 2), 0.0, 90.0).reshape(1, 2)
    heat.make_power_with_heat(model, ["chp"], _heat().heat.chp, made)


def feed_power_of_chp(model: PulpModel) -> None:
    power = model.columns("chp", every_step(["chp"], 2), 0.0, 80.0).reshape(1, 2)
    heat.feed_power_of_chp(model, _heat().heat, empty_balance(model, 2, 2), power)


def burn_fuel_for_heat(model: PulpModel) -> None:
    made = heat.make_heat_within_most(model, MAKERS, _heat().heat)
    power = model.columns("chp", every_step(["chp"], 2), 0.0, 80.0).reshape(1, 2)
    heat.burn_fuel_for_heat(model, _heat().heat, np.array([0.5, 0.5]), made, power)


def carry_stored_heat(model: PulpModel) -> None:
    heat.carry_stored_heat(model, ["tank"], _heat(3).heat.store, np.array([0.5, 0.5, 0.5]))


def end_with_wanted_heat(model: PulpModel) -> None:
    stored = model.columns("stored_heat", every_step(["tank"], 2), 10.0, 100.0).reshape(1, 2)
    heat.end_with_wanted_heat(model, ["tank"], _heat().heat.store, stored)


def meet_heat_demand(model: PulpModel) -> None:
    made = heat.make_heat_within_most(model, MAKERS, _heat().heat)
    flow = model.columns("into_store", every_step(["tank"], 2), -30.0, 40.0).reshape(1, 2)
    heat.meet_heat_demand(model, ["north"], _heat().heat, np.array([0.5, 0.5]), made, flow)


def _running(model: PulpModel) -> tuple[RunningTable, np.ndarray, np.ndarray]:
    """A machine that has run for an hour, what is known of it, its hours and its columns of on."""
    asked = Switching(30.0, 4.0, 2.0, 1.5, True, 1.0)
    hours = np.array([0.5, 0.5, 1.0])
    table = tabulate_running([asked], np.full((1, 3), 80.0), hours, np.full((1, 3), np.nan))
    return table, hours, model.columns("on", every_step(["pump"], 3), 0.0, 1.0, integer=True).reshape(1, 3)


def run_at_least_load_or_stop(model: PulpModel) -> None:
    asked = Switching(30.0, 4.0, 2.0, 1.5, True, 1.0)
    table = tabulate_running([asked], np.full((1, 3), 80.0), np.array([0.5, 0.5, 1.0]), np.full((1, 3), np.nan))
    load = model.columns("heat", every_step(["pump"], 3), 0.0, 80.0).reshape(1, 3)
    running.run_at_least_load_or_stop(model, ["pump"], table, ((load, np.ones((1, 1))),))


def pay_for_starts(model: PulpModel) -> None:
    table, _, on = _running(model)
    running.pay_for_starts(model, ["pump"], table, on)


def keep_running_for_least_time(model: PulpModel) -> None:
    table, hours, on = _running(model)
    running.keep_running_for_least_time(model, ["pump"], table, hours, on)


def keep_resting_for_least_time(model: PulpModel) -> None:
    table, hours, on = _running(model)
    running.keep_resting_for_least_time(model, ["pump"], table, hours, on)


def _tanks() -> Tables:
    tower = Tank("tower", "grid", 300.0, 100.0, (60.0, 20.0), 50.0, 120.0, 0.1)
    pumps = (Pump("one", "F3", "tower", 40.0, 4.0), Pump("two", "grid", "tower", 20.0, 3.0))
    return tabulate(problem(2, 0.5, tanks=(tower,), pumps=pumps))


def pump_within_power(model: PulpModel) -> None:
    model.price(pumping.pump_within_power(model, ["one", "two"], _tanks().tank), 1.0)


def draw_pumping_power(model: PulpModel) -> None:
    power = pumping.pump_within_power(model, ["one", "two"], _tanks().tank)
    pumping.draw_pumping_power(model, _tanks().tank, empty_balance(model, 2, 2), power)


def keep_tank_level(model: PulpModel) -> None:
    power = pumping.pump_within_power(model, ["one", "two"], _tanks().tank)
    pumping.keep_tank_level(model, ["tower"], _tanks().tank, np.array([0.5, 0.5]), power)


def end_with_wanted_level(model: PulpModel) -> None:
    level = model.columns("level", every_step(["tower"], 2), 50.0, 300.0).reshape(1, 2)
    pumping.end_with_wanted_level(model, ["tower"], _tanks().tank, level)


SUPPLY_RULES: tuple[Callable[[PulpModel], None], ...] = (
    make_heat_within_most,
    draw_power_for_heat,
    make_power_with_heat,
    feed_power_of_chp,
    burn_fuel_for_heat,
    carry_stored_heat,
    end_with_wanted_heat,
    meet_heat_demand,
    run_at_least_load_or_stop,
    pay_for_starts,
    keep_running_for_least_time,
    keep_resting_for_least_time,
    pump_within_power,
    draw_pumping_power,
    keep_tank_level,
    end_with_wanted_level,
)
