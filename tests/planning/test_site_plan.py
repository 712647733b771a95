"""The demo site through the optimizer and back to set-points, on what its own tables say; nothing is measured yet."""

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from energy_console.planning.measured import Measured, measure
from energy_console.planning.problem import problem_of, steps_from
from energy_console.planning.schedule import Schedule, ScheduleTooNew, schedule_of
from energy_console.planning.setpoints import SetPoint, amps, followed_share, setpoints_at
from energy_console.site.loader import load_site
from energy_console.site.timetable import bookings, ship_calls
from hardware.points import GOOD_STATUS, ScanBatch
from optimizer.check import check_plan
from optimizer.plan import Plan
from optimizer.solve import solve

DEMO = Path(__file__).resolve().parents[2] / "sites" / "port-demo"
NOON = dt.datetime(2026, 11, 24, 11, 7, tzinfo=dt.UTC)
DAY = dt.timedelta(hours=24)


@pytest.fixture(scope="module")
def site():
    return load_site(DEMO)


def problem_at(site, now, **measured):
    sessions, calls = bookings(site, now, now + DAY), ship_calls(site, now, now + DAY)
    return problem_of(site, dataclasses.replace(Measured(now, {}, {}, {}, 0.0), **measured), calls, sessions)


@pytest.fixture(scope="module")
def plan(site):
    answer = solve(problem_at(site, NOON))
    assert isinstance(answer, Plan)
    return answer


@pytest.fixture(scope="module")
def schedule(plan):
    return schedule_of(plan, "p1", "12:07").approved("M. Brandt", NOON)


def test_the_demo_site_has_a_plan_that_keeps_every_hard_rule_and_beats_the_naive_case(site, plan):
    assert check_plan(problem_at(site, NOON), plan) == ()
    assert plan.naive.feasible
    assert plan.saved_eur > 0
    assert max(plan.outcome.net_kw) < max(plan.naive.outcome.net_kw)


def test_lamps_are_planned_from_dusk_to_dawn_and_never_below_their_class(site, plan):
    dark = steps_from(site, NOON).elevation_deg < -3.2
    assert 50 < dark.sum() < 70  # a November night of fifteen hours
    for group in site.lighting:
        level = plan.asset(group.id).setpoint
        assert np.all(level[dark] >= group.floor - 1e-6)
        assert np.all(level[~dark] == 0)


def test_every_bus_has_its_energy_when_it_leaves(site, plan):
    problem = problem_at(site, NOON)
    buses = [session for session in problem.charging if session.required_kwh > 0]
    assert len(buses) > 5
    for session in buses:
        assert plan.asset(session.id).state[-1] >= session.required_kwh - 1e-3


def test_what_was_delivered_before_is_not_planned_again(site):
    booking = next(b for b in bookings(site, NOON, NOON + DAY) if b.arrives < NOON and b.departs < NOON + DAY)
    fresh = problem_at(site, NOON)
    half = problem_at(site, NOON, delivered_kwh={booking.id: booking.energy_kwh / 2})
    wanted = {session.id: session.energy_kwh for session in fresh.charging}
    left = {session.id: session.energy_kwh for session in half.charging}
    assert left[booking.id] < wanted[booking.id]
    assert {k: v for k, v in left.items() if k != booking.id} == {k: v for k, v in wanted.items() if k != booking.id}


def test_a_dead_meter_is_no_zero_in_the_plan(site):
    load = site.loads[0]
    blind = problem_at(site, NOON)
    seeing = problem_at(site, NOON, latest={f"{load.device}/power_kw": 0.0})
    first = {entry.id: np.asarray(entry.power_kw)[0] for entry in blind.loads}
    assert first[load.id] == pytest.approx(load.yearly_kwh / 8760)
    assert next(np.asarray(entry.power_kw)[0] for entry in seeing.loads if entry.id == load.id) == 0.0


def test_the_running_step_is_written_in_the_words_of_the_devices(site, schedule):
    evening = dt.datetime(2026, 11, 24, 18, 2, tzinfo=dt.UTC)
    there = {b.id: b.charger for b in bookings(site, evening, evening + dt.timedelta(seconds=1))}
    found = {point.point: point for point in setpoints_at(site, schedule, evening, there)}
    lights = [point for point in found.values() if point.kind == "lighting"]
    charging = [point for point in found.values() if point.kind == "charging"]
    assert len(lights) == len(site.lighting)
    assert all(point.point.endswith("/level_command") and 0 < point.value <= 1 for point in lights)
    assert charging
    assert all(point.value == 0 or 6 <= point.value <= 500 for point in charging)


def test_by_day_no_lamp_is_commanded_and_outside_the_plan_nothing_is(site, schedule):
    assert all(point.kind != "lighting" for point in setpoints_at(site, schedule, NOON, {}))
    assert setpoints_at(site, schedule, NOON + 2 * DAY, {}) == []
    assert setpoints_at(site, schedule, NOON - DAY, {}) == []


def test_a_charger_is_told_to_wait_or_at_least_six_amperes(site):
    charger = dataclasses.replace(site.chargers[0], max_kw=22.08, phases=3)
    assert [amps(charger, kw) for kw in (0.0, 1.0, 3.0, 11.04, 50.0)] == [0.0, 0.0, 6.0, 16.0, 32.0]


def test_a_schedule_comes_back_from_the_store_as_it_was(schedule):
    assert Schedule.from_state(schedule.to_state()) == schedule
    with pytest.raises(ScheduleTooNew, match="format 99"):
        Schedule.from_state(schedule.to_state() | {"format": 99})


def test_the_next_plan_starts_from_what_is_in_force(site, schedule):
    later = NOON + dt.timedelta(hours=5)
    in_force = schedule.in_force_from(later, 96)
    step = schedule.step_at(later)
    group = next(asset for asset in schedule.assets if asset.kind == "lighting")
    kept = next(entry for entry in in_force if entry.asset == group.id)
    assert kept.setpoint[0] == group.setpoint[step]


@pytest.mark.parametrize(
    ("kind", "drawn", "share"),
    [("lighting", 50.0, 0.5), ("lighting", 100.0, 1.0), ("charging", 50.0, 1.0), ("charging", 200.0, 0.5)],
)
def test_followed_says_how_far_the_field_is_from_the_plan(kind, drawn, share):
    point = SetPoint("a", kind, "a/level_command", 1.0, 100.0, "a/power_kw")
    assert followed_share([point], {"a/power_kw": drawn}.get) == pytest.approx(share)
    assert followed_share([point], lambda _: float("nan")) is None


def test_what_was_measured_comes_from_the_store_and_the_newest_values(site, tmp_path):
    from energy_console.historian.embedded import open_embedded
    from energy_console.live.table import LiveTable

    live = LiveTable(site.points)
    historian = open_embedded(tmp_path / "store", writing=True)
    historian.register(site.points)
    load = f"{site.loads[0].device}/power_kw"
    rows = np.array([live.index[load], live.index[site.root.meter]], np.int32)
    quarter = dt.timedelta(minutes=15)
    for step in range(8):
        moment = int((NOON - 2 * DAY / 24 + step * quarter + quarter / 3).timestamp() * 1e9)
        kw = np.array([40.0 + step, 9000.0 + 100 * step])
        batch = ScanBatch(step + 1, rows, np.full(2, moment), kw, np.full(2, GOOD_STATUS, np.uint16))
        historian.append(batch)
        live.apply(batch)
    measured = measure(site, live, historian, NOON, ())
    historian.close()
    assert measured.value(load) == 47.0
    assert len(measured.past[load].mean_kw) == 8
    assert measured.month_peak_kw == pytest.approx(9700.0, abs=101.0)
    assert load in measured.latest
    assert len(measured.latest) == 2
