"""Answer line, attention and signals in words."""

from __future__ import annotations

import datetime as dt

import pytest

from energy_console.engine.link import AlarmView
from energy_console.gui.pages.port.answer import answer, figures
from energy_console.gui.pages.port.attention import Scene, findings
from energy_console.gui.pages.port.signals import bits_set, signals
from energy_console.gui.theme import Looks
from energy_console.live.port import fleet_now, fleet_rows, ships_now, supplies, tightest
from energy_console.live.table import LiveTable
from energy_console.site.model import ShipCall, Site
from hardware.points import Reason, status_of
from tests.live.harbour_site import call, make_harbour
from tests.live.test_port import NOON, read

STATIONS = (("A01", 2, 50.0), ("B01", 2, 60.0))
HOUR = dt.timedelta(hours=1)


def scene_of(site: Site, table: LiveTable, calls: list[ShipCall], alarms: dict[str, AlarmView] | None = None) -> Scene:
    fleet = fleet_now(fleet_rows(site, table.index), table)
    tight = tightest(site, supplies(site), calls, NOON)
    return Scene(site, fleet, ships_now(site, fleet, calls, NOON), calls, alarms or {}, tight, NOON)


@pytest.fixture
def harbour(looks: Looks) -> Site:
    return make_harbour(STATIONS, A=300.0)


def test_the_answer_counts_ships_and_names_trips_and_silence(harbour: Site) -> None:
    calls = [call("A01", ("A01.1",), NOON - HOUR, 4), call("B01", ("B01.1",), NOON - HOUR, 4)]
    table = read(harbour, {"A01.1/step": 8, "B01.1/alarms": 4})
    table.status[table.index["A01.2/step"]] = status_of(Reason.TIMEOUT)
    said = answer(scene_of(harbour, table, calls))
    assert said.first == "1 of 2 ships at berth take shore power."
    assert "One trip (B01.1)" in said.rest
    assert "1 silent (A01.2)" in said.rest
    assert said.priority == 2


def test_a_calm_port_says_so(harbour: Site) -> None:
    said = answer(scene_of(harbour, read(harbour, {}), []))
    assert said.first == "No ship is at berth."
    assert "Nothing tripped" in said.rest
    assert said.priority == 0


def test_an_announced_overload_is_told_with_its_time(harbour: Site) -> None:
    calls = [call("A01", ("A01.1",), NOON + HOUR, 4, 450.0)]
    scene = scene_of(harbour, read(harbour, {}), calls)
    assert "K-A short of 150 kW at 14:00" in answer(scene).rest
    assert any("short of 150 kW" in finding.text for finding in findings(scene))


def test_an_alarm_lends_its_priority_words_and_state(harbour: Site) -> None:
    alarm = AlarmView(1, 1, "acknowledged", "A01.1", "A01.1 tripped on earth fault", "", round(NOON.timestamp() * 1e9))
    table = read(harbour, {"A01.1/alarms": 16})
    first = findings(scene_of(harbour, table, [], {"A01.1": alarm}))[0]
    assert (first.priority, first.state, first.text) == (1, "acknowledged", "A01.1 tripped on earth fault")


def test_a_ship_long_on_its_own_engines_needs_attention_and_one_about_to_leave_does_not(harbour: Site) -> None:
    stays = call("A01", ("A01.1",), NOON - HOUR, 6)
    leaves = call("B01", ("B01.1",), NOON - 5 * HOUR, 5.2)
    texts = [finding.text for finding in findings(scene_of(harbour, read(harbour, {}), [stays, leaves]))]
    assert any("Ship A01 still on own engines" in text for text in texts)
    assert not any("Ship B01" in text for text in texts)


def test_figures_add_up(harbour: Site) -> None:
    table = read(harbour, {"A01.1/step": 8, "A01.1/power_kw": 120.0, "B01.1/step": 2})
    found = {f.key: f for f in figures(scene_of(harbour, table, []), supplies(harbour))}
    assert (found["in_use"].value, found["in_use"].note) == ("2", "1 on · 1 changing")
    assert found["power"].value == "120"
    assert found["headroom"].value == "680"


def test_a_bad_signal_is_its_reason_and_never_the_old_value(harbour: Site) -> None:
    table = read(harbour, {"A01.1/power_kw": 120.0})
    table.status[table.index["A01.1/power_kw"]] = status_of(Reason.TIMEOUT)
    row = next(s for s in signals(harbour, "A01.1", table, 10**9) if "kW" in s.name)
    assert (row.shore, row.shore_bad, row.ship) == ("no answer", True, "–")


def test_alarm_bits_are_counted_and_named(demo: Site, looks: Looks) -> None:
    table = LiveTable(demo.points)
    table.value[table.index["E01.1/alarms"]] = 0b10010
    table.status[table.index["E01.1/alarms"]] = 0
    assert bits_set(demo, "E01.1", table, "alarms") == ("safety loop opened", "earth fault")
