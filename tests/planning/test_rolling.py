"""When plans are made, why the next one is another, and what is told where no plan can help."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy_console.engine.plan_clock import PlanClock
from energy_console.live.table import LiveTable
from energy_console.planning.causes import Why, causes, in_words
from energy_console.planning.measured import Measured
from energy_console.planning.overloads import lift_what_cannot_be_kept
from energy_console.planning.problem import problem_of
from energy_console.planning.propose import unfrozen
from energy_console.planning.rolling import Expected, Standing, next_time, why_again
from energy_console.planning.schedule import Schedule, schedule_of
from energy_console.site.loader import load_site
from energy_console.site.model import PlanTimes
from energy_console.site.timetable import bookings, ship_calls
from hardware.points import Reason, status_of
from optimizer.parts import FixedLoad
from optimizer.plan import Infeasible, Plan
from optimizer.solve import solve
from tests.optimizer.small import bus, problem
from tests.site.folder import faults_of, write_site

ZONE = ZoneInfo("Europe/Amsterdam")
UNKNOWN = Expected()
DEMO = Path(__file__).resolve().parents[2] / "sites" / "port-demo"
NOW = dt.datetime(2026, 11, 24, 3, 40, tzinfo=dt.UTC)  # 4:40 there, when the buses are about to leave


@pytest.fixture(scope="module")
def site():
    return load_site(DEMO)


def posed(site, now, **measured):
    sessions, calls = (
        bookings(site, now, now + dt.timedelta(hours=24)),
        ship_calls(site, now, now + dt.timedelta(hours=24)),
    )
    return problem_of(site, replace(Measured(now, {}, {}, {}, 0.0), **measured), calls, sessions)


# -- fixed times ----------------------------------------------------------------------------------------------------


def test_plans_are_made_each_quarter_hour_or_at_times_of_the_sites_day():
    at = dt.datetime(2026, 11, 24, 11, 7, tzinfo=dt.UTC)
    assert next_time(PlanTimes(), at, ZONE) == dt.datetime(2026, 11, 24, 11, 15, tzinfo=dt.UTC)
    assert next_time(PlanTimes(every_min=60), at, ZONE) == dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
    named = PlanTimes(at=(dt.time(6), dt.time(13, 15)))
    assert next_time(named, at, ZONE) == dt.datetime(2026, 11, 24, 12, 15, tzinfo=dt.UTC)
    evening = dt.datetime(2026, 10, 24, 20, 0, tzinfo=dt.UTC)  # the clocks change in the night
    assert next_time(named, evening, ZONE) == dt.datetime(2026, 10, 25, 5, 0, tzinfo=dt.UTC)


# -- in between -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (Standing(frozenset({"CP-01"})), "CP-01 does not answer"),
        (Standing(frozenset({"A", "B", "C", "D"})), "A, B, C and 1 more do not answer"),
        (Standing(present={"P1": True, "P2": False}), "something was plugged in at P1"),
        (Standing(present={"P1": False}), ""),
        (Standing(present={}), ""),  # not known now
        (Standing(told=(5,)), "new weather or prices are told"),
        (Standing(net_kw=1300.0), "the import is 300 kW above the plan"),
        (Standing(net_kw=700.0), "the import is 300 kW below the plan"),
        (Standing(net_kw=1040.0), ""),
        (Standing(net_kw=math.nan), ""),
    ],
)
def test_a_plan_is_wanted_before_its_time_for_a_reason_that_is_told(now, says):
    before = Standing(frozenset(), {"P1": False, "P2": False}, (3,))
    now = replace(now, told=now.told or (3,))
    assert why_again(before, now, Expected(1000.0, 1000.0), PlanTimes()) == says


def test_what_was_unplugged_or_is_back_is_a_reason_too():
    before = Standing(frozenset({"M1"}), {"P1": True})
    assert (
        why_again(before, Standing(frozenset(), {"P1": False}), Expected(), PlanTimes())
        == "M1 is back; P1 was unplugged"
    )


class TestClock:
    @pytest.fixture
    def running(self, tmp_path):
        site = load_site(write_site(tmp_path))
        live = LiveTable(site.points)
        row = live.index["M1/power_kw"]
        live.time_ns[row], live.value[row], live.status[row] = 1, 400.0, 0
        return site, live, row

    def due(self, clock, seconds, expected=UNKNOWN):
        return clock.due(NOW + dt.timedelta(seconds=seconds), seconds, expected)

    def test_a_device_that_stays_lost_is_planned_for_once_and_one_that_flickers_is_not(self, running):
        site, live, row = running
        clock = PlanClock(site, live, NOW, 0.0)
        assert self.due(clock, 0.0) is None
        assert self.due(clock, 15.0) == ""
        live.status[row] = status_of(Reason.TIMEOUT)
        assert self.due(clock, 30.0) is None  # only just planned
        live.status[row] = 0
        assert self.due(clock, 200.0) is None
        live.status[row] = status_of(Reason.TIMEOUT)
        assert self.due(clock, 205.0) is None
        assert self.due(clock, 230.0) == "M1 does not answer"
        assert [self.due(clock, float(at)) for at in range(235, 300, 5)] == [None] * 13

    def test_an_import_far_from_the_plan_is_a_reason_after_some_minutes(self, running):
        site, live, _ = running
        clock = PlanClock(site, live, NOW, 0.0)
        expected = Expected(100.0, site.root.limit_kw)
        times = iter(np.arange(0.0, 900.0, 5.0))
        reasons = [reason for at in times if (reason := self.due(clock, float(at), expected))]
        assert len(reasons) >= 1
        assert reasons[0].startswith("the import is 300 kW above")

    def test_a_clock_set_back_does_not_stop_the_planning(self, running):
        site, live, _ = running
        clock = PlanClock(site, live, NOW, 0.0)
        assert self.due(clock, 15.0) == ""
        assert clock.due(NOW - dt.timedelta(hours=5), 20.0, Expected()) == ""


# -- why it is another ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def before():
    made = problem(charging=(bus("b1", energy_kwh=60.0),), loads=(FixedLoad("office", "F3", 30.0),))
    plan = solve(made)
    assert isinstance(plan, Plan)
    return made, schedule_of(plan, "p", "12:00", made).approved("me", made.horizon.start)


def test_nothing_new_has_no_cause(before):
    made, schedule = before
    assert causes(schedule, made, ZONE) == ()


def test_the_same_after_it_was_kept(before):
    _, schedule = before
    assert Schedule.from_state(schedule.to_state()) == schedule
    assert Schedule.from_state({**schedule.to_state(), "basis": None}).basis is None


def test_each_cause_is_told(before):
    made, schedule = before
    later = replace(made.charging[0], arrives=made.charging[0].arrives + dt.timedelta(minutes=20))
    price = made.tariff.import_eur_per_kwh
    dearer = tuple(p + 0.05 for p in price) if isinstance(price, tuple) else price + 0.05
    now = replace(
        made,
        nodes=(made.nodes[0], replace(made.nodes[1], limit_kw=80.0)),
        charging=(later, bus("b2", energy_kwh=20.0)),
        loads=(FixedLoad("office", "F3", 60.0),),
        tariff=replace(made.tariff, import_eur_per_kwh=dearer),
    )
    found = causes(schedule, now, ZONE)
    assert {cause.why for cause in found} >= {Why.PRICE, Why.ARRIVAL, Why.LIMIT, Why.FORECAST}
    words = " | ".join(cause.words for cause in found)
    assert "+0.050 EUR/kWh" in words
    assert "is new, 20 kWh" in words
    assert "may carry 80 kW" in words
    assert "loads forecast at +" in words
    assert in_words(found, 1).endswith(f"; {len(found) - 1} more")


def test_a_plan_of_an_older_program_has_no_causes(before):
    made, schedule = before
    assert causes(replace(schedule, basis=None), replace(made, charging=()), ZONE) == ()


# -- where no plan can help -----------------------------------------------------------------------------------------


def test_an_overload_that_nobody_can_plan_away_is_told_and_the_rest_is_planned():
    loads = (FixedLoad("office", "F3", (30.0, 150.0, 150.0, 30.0)),)
    over = problem(charging=(bus("b1", energy_kwh=20.0),), loads=loads)
    assert isinstance(solve(over), Infeasible)
    lifted, (told,) = lift_what_cannot_be_kept(over)
    assert (told.node, round(told.most_kw)) == ("F3", 50)
    assert "50 kW beyond its 100 kW" in told.words(ZONE)
    plan = solve(lifted)
    assert isinstance(plan, Plan)
    assert plan.asset("b1").power_kw[1:3] == pytest.approx([0.0, 0.0], abs=0.1)


def test_a_problem_without_overload_is_left_as_it_is(site):
    whole = posed(site, NOW)
    assert lift_what_cannot_be_kept(whole) == (whole, ())


def test_a_console_started_at_night_does_not_demand_the_whole_night_of_the_buses(site):
    """Nobody knows what they have had: their wish stands, but only an even pace of it is a must."""
    answer = solve(posed(site, NOW))
    assert isinstance(answer, Plan)


def test_a_plan_that_cannot_be_held_any_more_is_let_go():
    assert unfrozen(problem()) is None
    held = replace(problem(), frozen_steps=2)
    assert unfrozen(held) == replace(held, frozen_steps=0)


# -- settings -------------------------------------------------------------------------------------------------------


def with_plan(tmp_path, text):
    folder = write_site(tmp_path)
    path = folder / "site.toml"
    path.write_text(path.read_text("utf-8") + f"\n[plan]\n{text}\n", "utf-8")
    return folder


def test_the_site_says_when_it_is_planned(tmp_path):
    made = load_site(with_plan(tmp_path, 'at = ["13:15", "06:00"]\nfrozen_min = 45'))
    assert made.plan_times == PlanTimes(at=(dt.time(6), dt.time(13, 15)), frozen_min=45)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('at = ["25:00"]', "cannot be read"),
        ('at = "noon"', "cannot be read"),
        ('at = ["06:00"]\nevery_min = 30', "either every so many minutes or at named times"),
        ("every_min = 1", "every_min"),
        ("evry_min = 15", "evry_min"),
    ],
)
def test_wrong_times_are_told(tmp_path, text, says):
    assert any(says in fault for fault in faults_of(with_plan(tmp_path, text)))
