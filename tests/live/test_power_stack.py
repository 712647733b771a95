"""The layers of the power stack: what belongs where, gaps stay gaps, sums add up."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from energy_console.live.power_stack import (
    SOURCES,
    USES,
    Layer,
    asset_layers,
    measured_stack,
    net_point,
    planned_stack,
    points_of,
)
from energy_console.planning.measured import Measured
from energy_console.planning.problem import problem_of
from energy_console.planning.schedule import schedule_of
from energy_console.site.loader import load_site
from energy_console.site.timetable import bookings, ship_calls
from optimizer.plan import Plan
from optimizer.solve import solve

SITES = Path(__file__).resolve().parents[2] / "sites"
NOON = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def site():
    return load_site(SITES / "port-demo")


def test_layers_of_a_plan_add_up_to_its_net_import(site):
    sessions, calls = (find(site, NOON, NOON + dt.timedelta(hours=24)) for find in (bookings, ship_calls))
    answer = solve(problem_of(site, Measured(NOON, {}, {}, {}, 0.0), calls, sessions))
    assert isinstance(answer, Plan)
    schedule = schedule_of(answer, "p", "12:00")
    powers = {asset.id: np.asarray(asset.power_kw) for asset in schedule.assets}
    stack = planned_stack(site, schedule.start, schedule.steps_h, powers, np.asarray(schedule.net_kw))
    used = sum(stack.layers[layer] for layer in USES)
    made = sum(stack.layers[layer] for layer in SOURCES)
    assert used - made == pytest.approx(stack.net_kw, abs=1e-3)
    assert all(stack.layers[layer].max() > 0 for layer in Layer)


def test_a_gap_in_one_part_of_a_layer_is_no_zero_and_a_gap_in_all_is_a_gap(site):
    edges = np.arange(4.0)
    means = {
        "area.buildings/power_kw": np.array([5.0, np.nan, np.nan]),
        "area.water/power_kw": np.array([1.0, 2.0, np.nan]),
        net_point(site): np.array([6.0, np.nan, 9.0]),
    }
    stack = measured_stack(site, edges, means)
    assert stack.layers[Layer.BUILDINGS][:2].tolist() == [6.0, 2.0]
    assert np.isnan(stack.layers[Layer.BUILDINGS][2])
    assert np.isnan(stack.layers[Layer.PORT]).all()
    assert stack.highest == (2.0, 9.0)
    assert stack.until(2.0).highest == (0.0, 6.0)


def test_ships_and_vehicles_are_known_by_their_line_in_the_timetable(site):
    known = asset_layers(site)
    assert {known[group.id] for group in site.lighting} == {Layer.LIGHTING}
    ship, car = site.call_timetable[0].id, site.session_timetable[0].id
    one = {f"{ship}.20261124": np.array([3.0]), f"{car}.20261124": np.array([4.0]), "rest": np.array([1.0])}
    stack = planned_stack(site, NOON, (1.0,), one, np.array([8.0]))
    assert [float(stack.layers[layer][0]) for layer in (Layer.PORT, Layer.CHARGING, Layer.BUILDINGS)] == [3, 4, 1]


def test_the_smallest_site_has_a_stack_of_its_one_meter():
    site = load_site(SITES / "one-meter")
    assert points_of(site) == ("meter/power_kw",) == (net_point(site),)
