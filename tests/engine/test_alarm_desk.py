"""Alarms over a restart, a name on them, and what the journal says."""

from __future__ import annotations

import logging
from pathlib import Path

from energy_console.alarms.machine import Condition
from energy_console.engine.alarm_desk import KEY, ROOM, AlarmDesk
from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.embedded import EmbeddedHistorian
from energy_console.live.table import LiveTable
from tests.engine.one_meter import store_in, unserved

SECOND = 10**9
SILENT = {"meter": "no answer in time"}


def sitting(store: EmbeddedHistorian) -> tuple[AlarmDesk, StoreWriter]:
    site = unserved()
    writer = StoreWriter(store, every_s=0.02)
    writer.start()
    return AlarmDesk(site, LiveTable(site.points), store, writer), writer


def test_an_open_alarm_is_open_again_after_a_restart_and_its_name_stays(tmp_path: Path) -> None:
    with store_in(tmp_path) as store:
        desk, writer = sitting(store)
        assert not desk.step(100 * SECOND, SILENT)  # it has to last
        assert desk.step(104 * SECOND, SILENT)
        (alarm,) = desk.views
        assert (alarm.text, alarm.state, alarm.priority) == ("Main meter: no answer in time", "new", 2)
        assert desk.acknowledge(alarm.id, "A. Tester", 105 * SECOND)
        assert not desk.acknowledge(alarm.id, "B. Tester", 106 * SECOND)
        writer.stop()

    with store_in(tmp_path) as store:
        desk, writer = sitting(store)
        (again,) = desk.views
        assert (again.id, again.state, again.since_ns) == (alarm.id, "acknowledged", 104 * SECOND)
        assert not desk.step(200 * SECOND, SILENT)  # the same alarm, not a second one
        desk.step(201 * SECOND, {})
        assert desk.step(210 * SECOND, {})
        assert desk.views == ()
        desk.step(300 * SECOND, SILENT)
        desk.step(310 * SECOND, SILENT)
        assert desk.views[0].id > alarm.id
        writer.stop()
        told = [(event.source, event.text) for event in reversed(store.events(0, 10**12, ["alarm"]))]
        assert told == [
            ("meter", "P2 Main meter: no answer in time: raised"),
            ("meter", "P2 Main meter: no answer in time: acknowledged by A. Tester"),
            ("meter", "P2 Main meter: no answer in time: over"),
            ("meter", "P2 Main meter: no answer in time: raised"),
        ]
        assert store.events(0, 106 * SECOND, ["alarm"])[0].data["who"] == "A. Tester"


def test_many_alarms_at_once_are_all_journalled_and_kept_once(tmp_path: Path) -> None:
    many = [Condition(f"k{n}", 1 + n % 4, f"D{n}", f"Fault {n}", "") for n in range(50)]
    with store_in(tmp_path) as store:
        desk, writer = sitting(store)
        desk.step(100 * SECOND, {}, many)
        writer.stop()
        assert len(store.events(0, 10**12, ["alarm"])) == 50
        assert len(store.get_state(ROOM, KEY)["alarms"]) == 50
        assert store.past_state(ROOM, KEY) == []


def test_alarms_kept_by_a_later_program_are_left_out_with_a_sentence(tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.WARNING)
    with store_in(tmp_path) as store:
        store.put_state(ROOM, KEY, {"format": 2, "alarms": [{"shape": "unknown"}]})
        desk, writer = sitting(store)
        assert desk.views == ()
        writer.stop()
    assert "have format 2, this program knows 1" in caplog.text


def test_a_clock_set_back_neither_raises_nor_ends_an_alarm_by_itself(tmp_path: Path) -> None:
    with store_in(tmp_path) as store:
        desk, writer = sitting(store)
        desk.step(10_000 * SECOND, SILENT)
        desk.step(10_004 * SECOND, SILENT)
        assert not desk.step(4_000 * SECOND, SILENT)
        assert [alarm.state for alarm in desk.views] == ["new"]
        desk.step(4_001 * SECOND, {})
        assert desk.step(4_010 * SECOND, {})
        assert [alarm.state for alarm in desk.views] == ["returned"]
        writer.stop()
