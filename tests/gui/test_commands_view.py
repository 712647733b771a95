"""The commands of a device on the Devices page: newest first, with every step of the one chosen, now and back then."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtWidgets import QLabel

from energy_console.gui.pages.devices import make_page
from energy_console.gui.pages.devices.page import DevicesPage
from energy_console.historian.errors import StoreError
from energy_console.historian.ledger import LedgerCommand, LedgerStep

DEVICE, LEVEL = "L1-02", "L1-02/level_command"
SECOND_NS = 10**9


@pytest.fixture
def page(desk, qtbot) -> DevicesPage:
    made = make_page(desk)
    qtbot.addWidget(made)
    made.resize(1500, 780)
    made.show()
    qtbot.waitExposed(made)
    made.select(DEVICE)
    return made


@pytest.fixture
def commanded(engine):
    """Two commands to the device, one let go and one held, and one to its neighbour."""
    start = engine.now_ns - 600 * SECOND_NS
    engine.historian.append_ledger(
        [
            LedgerCommand(1, start, DEVICE, LEVEL, 0.8, "Ada", "plan 13:15, L1-02: 4 kW", "7"),
            LedgerCommand(2, start + 300 * SECOND_NS, DEVICE, LEVEL, 0.5, "Bea", "asked at a desk"),
            LedgerCommand(3, start + 300 * SECOND_NS, "L1-03", "L1-03/level_command", 0.5, "Bea", "asked at a desk"),
        ],
        [
            LedgerStep(1, start + SECOND_NS, "sending", "80 % is being written."),
            LedgerStep(1, start + 2 * SECOND_NS, "overtaken", "Another value was commanded.", None, True),
            LedgerStep(2, start + 301 * SECOND_NS, "read back", "It is set to 50 %.", 0.5),
            LedgerStep(2, start + 301 * SECOND_NS, "held", "Fed every 240 s.", 0.5),
        ],
    )
    return start


def rows(page: DevicesPage) -> list[list[str]]:
    model = page.panel.commands.table.table_model
    return [[model.index(row, column).data() for column in (1, 2, 3, 4)] for row in range(model.rowCount())]


def words(page: DevicesPage) -> list[str]:
    return [label.text() for label in page.panel.commands._scroll.widget().findChildren(QLabel)]


def test_commands_of_the_device_stand_newest_first_with_how_they_stand(page, commanded, qtbot):
    page.panel._segments.pick("commands")
    qtbot.waitUntil(lambda: len(rows(page)) == 2)
    assert rows(page) == [
        ["Light level commanded", "50 %", "Bea", "held"],
        ["Light level commanded", "80 %", "Ada", "overtaken"],
    ]
    assert "Asked by Bea: asked at a desk" in words(page)
    page.panel.commands.table.select_id("1")
    assert {"Asked by Ada: plan 13:15, L1-02: 4 kW", "80 % is being written."} <= set(words(page))


def test_a_step_that_comes_is_shown_at_the_next_look(page, commanded, engine, qtbot):
    page.panel._segments.pick("commands")
    qtbot.waitUntil(lambda: len(rows(page)) == 2)
    step = LedgerStep(2, commanded + 310 * SECOND_NS, "not fed", "It is not fed: no answer.")
    engine.historian.append_ledger([], [step])
    page.panel.refresh()
    qtbot.waitUntil(lambda: rows(page)[0][3] == "not fed")
    assert "It is not fed: no answer." in words(page)


def test_a_moment_of_the_past_shows_what_had_been_commanded_by_then(page, commanded, desk, qtbot):
    page.panel._segments.pick("commands")
    qtbot.waitUntil(lambda: len(rows(page)) == 2)
    desk.time.pick(dt.datetime.fromtimestamp(commanded / 1e9 + 100, dt.UTC))
    page.panel.refresh()
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    assert rows(page)[0][2] == "Ada"


def test_another_device_shows_its_own_and_one_without_says_so(page, commanded, qtbot):
    page.panel._segments.pick("commands")
    qtbot.waitUntil(lambda: len(rows(page)) == 2)
    page.select("L1-03")
    page.panel._segments.pick("commands")
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    page.select("L1-04")
    page.panel._segments.pick("commands")
    qtbot.waitUntil(lambda: page.panel.commands.nothing.accessibleName().startswith("Nothing was commanded."))


def test_a_store_that_refuses_is_told(page, engine, monkeypatch, qtbot):
    def refuse(*_, **__):
        raise StoreError("The disk is gone.")

    monkeypatch.setattr(engine.historian, "ledger", refuse)
    page.panel._segments.pick("commands")
    qtbot.waitUntil(lambda: "The disk is gone." in page.panel.commands.nothing.accessibleName())
