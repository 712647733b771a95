"""The Alarms page: open alarms, the journal with its filters, and notes written from any page."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from tests.gui.test_window import press

SECOND = 10**9
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(window, engine, qtbot):
    now, store = engine.now_ns, engine.historian
    store.write_event(now + SECOND, "engine", "engine", "Engine started", {})
    store.write_event(now + 2 * SECOND, "command", "L1-01/level_command", "Ben: 0.5", {"who": "Ben", "ok": True})
    store.write_event(
        now + 3 * SECOND, "plan", "plan", "Plan 14:00 approved by Anna", {"act": "approved", "who": "Anna"}
    )
    store.write_event(now + 4 * SECOND, "call", "Q1-01", "Brave has arrived at Q1", {"act": "arrived"})
    window.open_page("alarms")
    made = window.stack.pages["alarms"]
    qtbot.waitUntil(lambda: len(listed(made)) == 4, timeout=20_000)
    return made


def listed(page) -> list[str]:
    model = page.journal.table.table_model
    return [model.value(row, "text") for row in range(model.rowCount())]


def test_kinds_words_and_persons_narrow_the_journal(page, qtbot):
    assert listed(page)[0] == "Brave has arrived at Q1"
    page.journal.kinds.pick("acts")
    qtbot.waitUntil(lambda: listed(page) == ["Plan 14:00 approved by Anna", "Ben: 0.5"], timeout=20_000)
    page.journal.people.setCurrentIndex(page.journal.people.findData("Ben"))
    page.journal.people.activated.emit(page.journal.people.currentIndex())
    qtbot.waitUntil(lambda: listed(page) == ["Ben: 0.5"], timeout=20_000)
    page.journal.people.setCurrentIndex(0)
    page.journal.kinds.pick("all")
    qtbot.keyClick(page, Qt.Key.Key_F, CTRL)
    qtbot.keyClicks(page.journal.search, "in:Q1-01 arrived")
    qtbot.waitUntil(lambda: listed(page) == ["Brave has arrived at Q1"], timeout=20_000)
    page.journal.search.setText("nothing says this")
    qtbot.waitUntil(lambda: page.journal.nothing.isVisible(), timeout=20_000)


def test_an_alarm_is_acknowledged_on_the_page_by_a_key(page, window, engine, qtbot):
    number = engine.raise_alarm(2, "Q1-02", "Point Q1-02: no answer")
    qtbot.waitUntil(lambda: page.alarms.selected_id() == str(number), timeout=10_000)
    assert page.ack_button.isEnabled()
    qtbot.keyClick(page, Qt.Key.Key_A)
    assert engine.acknowledged == [(number, "M. Brandt")]
    qtbot.keyClick(page.alarms, Qt.Key.Key_Return)
    assert window.stack.current in ("port", "devices")


def test_a_note_is_written_from_any_page_by_keys_and_written_anew(page, window, engine, desk, qtbot):
    window.open_page("devices", "Q1-03")
    press(qtbot, window, "Ctrl+Shift+N")
    box = window.note_box
    assert box.isVisible()
    assert box.source.text() == "Q1-03"
    qtbot.keyClicks(box.text, "Plug warm to the touch")
    qtbot.keyClick(box.text, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: not box.isVisible(), timeout=20_000)
    (event,) = engine.historian.events(0, 2**62, ["note"])
    assert (event.source, event.text, event.data["who"]) == ("Q1-03", "Plug warm to the touch", "M. Brandt")

    window.open_page("alarms")
    page.journal.kinds.pick("note")
    qtbot.waitUntil(lambda: listed(page) == ["Plug warm to the touch"], timeout=20_000)
    qtbot.mouseClick(page.journal.rewrite_button, Qt.MouseButton.LeftButton)
    assert box.isVisible()
    assert not box.source.isEnabled()
    box.text.setPlainText("Plug of Q1-03 replaced")
    qtbot.mouseClick(box.keep_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: listed(page) == ["Plug of Q1-03 replaced"], timeout=20_000)
    assert len(engine.historian.events(0, 2**62, ["note"])) == 2


def test_a_note_without_words_or_on_nothing_of_the_site_is_refused_in_the_box(window, engine, qtbot):
    press(qtbot, window, "Ctrl+Shift+N")
    box = window.note_box
    qtbot.keyClick(box, Qt.Key.Key_Return, CTRL)
    assert "empty" in box.fault.text()
    box.text.setPlainText("Words")
    box.source.setText("crane 7")
    box.keep()
    assert "crane 7" in box.fault.text()
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert not box.isVisible()
    assert engine.historian.events(0, 2**62, ["note"]) == []
    press(qtbot, window, "Ctrl+Shift+N")
    assert box.text.toPlainText() == "Words"  # put aside, not lost
    box.close_box()


def test_an_entry_leads_back_to_its_moment(page, desk, engine, qtbot):
    assert page.journal.table.select_id(next(iter(page.journal._entries)))
    qtbot.keyClick(page.journal.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not desk.time.live, timeout=20_000)
    qtbot.waitUntil(lambda: desk.time.moment is not None and desk.past.then is not None, timeout=20_000)
    assert abs(desk.time.moment.timestamp() - (engine.now_ns / 1e9 + 4)) < 0.01


def test_what_the_filters_let_through_is_exported(page, window, tmp_path, desk, qtbot):
    page.journal.kinds.pick("acts")
    qtbot.mouseClick(page.journal.export_button, Qt.MouseButton.LeftButton)
    dialog = window.findChild(QFileDialog)
    out = tmp_path / "acts.json"
    dialog.fileSelected.emit(str(out))
    dialog.close()
    qtbot.waitUntil(lambda: out.exists() and out.stat().st_size > 0, timeout=20_000)
    qtbot.waitUntil(lambda: "2 entries" in window.status.said.whole(), timeout=20_000)
    assert [entry["who"] for entry in json.loads(out.read_text("utf-8"))["entries"]] == ["Anna", "Ben"]
