"""A moment of the past and a note on it, through every store, as a console beside the engine sees them."""

from __future__ import annotations

import numpy as np

from energy_console.alarms.machine import Condition
from energy_console.engine.alarm_desk import AlarmDesk
from energy_console.engine.store_writer import StoreWriter
from energy_console.engine.then import ThenReader
from energy_console.journal.notes import Note, write_note
from energy_console.journal.reading import JournalQuestion, read_journal
from energy_console.live.table import LiveTable
from hardware.points import GOOD_STATUS, ScanBatch
from tests.gui.small_site import small_site
from tests.historian.conftest import Opener

S = 10**9
T0 = 1_795_354_328 * S


def test_a_console_beside_the_engine_replays_values_and_alarms_and_writes_notes(open_store: Opener) -> None:
    site, engine = small_site(), open_store(True)
    engine.register(site.points)
    writer = StoreWriter(engine, every_s=0.01)
    writer.start()
    desk = AlarmDesk(site, LiveTable(site.points), engine, writer)
    for second in range(0, 60, 10):
        row, one = np.array([3], np.int32), np.array([float(second)])
        time_ns, status = np.array([T0 + second * S], np.int64), np.array([GOOD_STATUS], np.uint16)
        writer.keep(ScanBatch(1 + second, row, time_ns, one, status))
        desk.step(T0 + second * S, {}, [Condition("k", 2, "Q1-01", "Feeder open", "")] if 20 <= second < 40 else [])
    writer.stop()

    console = open_store(False)
    console.register(site.points)
    reader, point = ThenReader(site, console), site.points[3].id
    assert [reader.at(T0 + second * S).table.reading(point).value for second in (0, 15, 50)] == [0.0, 10.0, 50.0]
    states = [[alarm.state for alarm in reader.at(T0 + second * S + 1).alarms] for second in (10, 20, 30, 40)]
    assert states == [[], ["new"], ["new"], ["returned"]]
    write_note(console, Note("Seen on the camera", "Anna", T0 + 25 * S, "Q1-01"), T0 + 90 * S)
    told = read_journal(engine, JournalQuestion(T0, T0 + 60 * S, assets=frozenset({"Q1-01"})))
    assert [(entry.kind, entry.who) for entry in told] == [("alarm", "engine"), ("note", "Anna"), ("alarm", "engine")]
