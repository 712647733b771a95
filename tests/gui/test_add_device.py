"""Adding a device from the Devices page: find, identify, registers, save; by mouse and by keyboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from energy_console.engine.commissioning import (
    Failed,
    FindUnits,
    FoundUnits,
    Identified,
    Progress,
    Tried,
    TryProfile,
    Watched,
    WatchRegisters,
    WhoIs,
)
from energy_console.gui.desk import Desk
from energy_console.gui.pages.devices import make_page
from energy_console.gui.pages.devices.adding.panel import FIND, PROFILE, REGISTERS, SAVE
from energy_console.historian.embedded import open_embedded
from energy_console.site.loader import load_site
from hardware.commissioning.candidates import Reader, Window
from hardware.commissioning.fit import ProfileFit
from hardware.commissioning.identity import Identity
from hardware.commissioning.search import FoundUnit
from hardware.modbus import Decoder, ReadAnswer, Readout
from hardware.points import GOOD_STATUS
from hardware.profiles import profile
from tests.gui.scripted_engine import ScriptedEngine
from tests.site.folder import write_site

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site").mkdir()
    return write_site(tmp_path / "site")


@pytest.fixture
def engine(folder, tmp_path):
    made = ScriptedEngine(load_site(folder), open_embedded(tmp_path / "own-store", writing=True))
    made.start()
    made.answers = {
        FindUnits: FoundUnits((FoundUnit(1, "answers", 4.0, 7), FoundUnit(30, "answers, exception 2", 6.0)), False),
        WhoIs: Identified(Identity((("manufacturer", "Eastron"), ("product", "SDM630"))), FITS),
        TryProfile: tried(),
        WatchRegisters: watched(),
    }
    yield made
    made.close()


@pytest.fixture
def page(engine, looks, qtbot):
    desk = Desk(engine, "M. Brandt", looks)
    engine.start()
    made = make_page(desk)
    qtbot.addWidget(made)
    made.resize(1500, 780)
    made.show()
    qtbot.waitExposed(made)
    made.refresh_now()
    yield made
    made.adding.end()
    desk.close()


FITS = (
    ProfileFit("eastron_sdm630", "Eastron SDM630 three-phase meter", 0.93, "reads Voltage L1 231.4 V"),
    ProfileFit("abb_b23", "ABB B23", 0.0, "answered with exception 2"),
)


def tried() -> Tried:
    loaded = profile("eastron_sdm630")
    decoder = Decoder(loaded)
    answers = tuple(ReadAnswer(span, tuple(range(span.count)), "", 0, 20.0) for span in decoder.requests)
    count = len(loaded.points)
    return Tried(loaded, Readout(answers, np.full(count, 231.4), np.full(count, GOOD_STATUS, np.uint16), 1))


def watched() -> Watched:
    words = [[0x4366, 0x8000 + at, 0x4366, 0x3300 + at, 0x4365, 0xCC00, 0, 0] for at in range(5)]
    window = Window(0, np.array(words, np.uint16), np.ones(8, bool), (0.0, 1.0, 2.0, 3.0, 4.0))
    return Watched(0, window, Reader(window))


def found_and_identified(page, qtbot):
    qtbot.mouseClick(page.add_button, LEFT)
    panel = page.adding
    qtbot.mouseClick(panel.find_step.button, LEFT)
    qtbot.mouseClick(panel.next_button, LEFT)
    return panel


def test_a_device_walks_into_the_site_by_mouse(page, engine, folder, qtbot, picture):
    before = (folder / "devices.csv").read_bytes()
    panel = found_and_identified(page, qtbot)
    assert [type(question) for question in engine.questions] == [FindUnits, WhoIs, TryProfile]
    assert engine.questions[0].units == tuple(range(1, 248))
    assert panel.walk.draft.unit == 30  # the one that is not in the site yet
    assert panel.bar.current == PROFILE
    values = panel.profile_step.values.table_model
    shown = [values.index(values.row_of("voltage_l1_v"), column).data() for column in range(4)]
    assert shown == ["Voltage L1", "input 0", "0000 0001", "231 V"]
    page.grab().save(str(picture("add-device-identify")))
    qtbot.mouseClick(panel.next_button, LEFT)
    assert panel.bar.current == SAVE
    qtbot.waitUntil(panel.next_button.isEnabled, timeout=5000)
    assert "devices.csv:" in panel.save_step.preview.text()
    assert (folder / "devices.csv").read_bytes() == before  # shown before it is written
    qtbot.mouseClick(panel.next_button, LEFT)
    qtbot.waitUntil(lambda: not page.banner.isHidden(), timeout=5000)
    assert "Start the console anew" in page.banner.whole()
    assert (folder / "devices.csv.bak").read_bytes() == before
    added = load_site(folder).device("D1")
    assert (added.spec.unit, added.spec.profile) == (30, "eastron_sdm630")
    assert panel.isHidden()


def test_the_whole_walk_needs_no_mouse(page, engine, folder, qtbot):
    page.tree.setFocus()
    qtbot.keyClick(page.tree, Qt.Key.Key_N, CONTROL)
    panel = page.adding
    assert panel.isVisible()
    panel.find_step.units.setFocus()
    panel.find_step.units.selectAll()
    qtbot.keyClicks(panel.find_step.units, "20-40")
    qtbot.keyClick(panel.find_step.units, Qt.Key.Key_Return)
    assert engine.questions[0].units == tuple(range(20, 41))
    qtbot.keyClick(panel.find_step.table, Qt.Key.Key_Return, CONTROL)
    assert panel.bar.current == PROFILE
    qtbot.keyClick(panel.profile_step.fits, Qt.Key.Key_Return, CONTROL)
    save = panel.save_step
    qtbot.keyClicks(save.device, "M9")
    qtbot.waitUntil(panel.next_button.isEnabled, timeout=5000)
    qtbot.keyClick(save.device, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: not page.banner.isHidden(), timeout=5000)
    assert load_site(folder).device("M9").spec.unit == 30


def test_a_name_that_is_taken_is_a_fault_before_anything_is_written(page, folder, qtbot):
    before = (folder / "devices.csv").read_bytes()
    panel = found_and_identified(page, qtbot)
    qtbot.mouseClick(panel.next_button, LEFT)
    panel.save_step.device.setText("M1")
    qtbot.waitUntil(lambda: "M1 is there twice" in panel.save_step.verdict.text(), timeout=5000)
    assert not panel.next_button.isEnabled()
    panel.save_step.device.setText("M77")
    qtbot.waitUntil(panel.next_button.isEnabled, timeout=5000)
    panel.save_step.every.setText("often")
    qtbot.waitUntil(lambda: "as a number" in panel.save_step.verdict.text(), timeout=5000)
    assert (folder / "devices.csv").read_bytes() == before


def test_registers_are_shown_in_every_way_with_the_words_of_the_one_chosen(page, engine, qtbot, picture):
    panel = found_and_identified(page, qtbot)
    qtbot.mouseClick(panel.skip_button, LEFT)
    step = panel.register_step
    assert panel.bar.current == REGISTERS
    assert (step.table_box.currentText(), step.address.text()) == ("input", "52")
    step.address.setText("0")
    step.near.setText("x")
    qtbot.mouseClick(step.button, LEFT)
    assert "as a number" in step.said.whole()
    step.near.setText("")
    qtbot.mouseClick(step.button, LEFT)
    assert (engine.questions[-1].span.address, engine.questions[-1].unit) == (0, 30)
    assert step.advice.text().startswith("Take float32, A B C D at 0. Reads 230.5 V: mains voltage")
    assert step.chips._chosen == range(2)
    page.grab().save(str(picture("add-device-registers")))
    qtbot.keyClick(step.ways, Qt.Key.Key_Down)
    assert not step.advice.text().startswith("Take ")
    step.ways.select_id("0")
    qtbot.mouseClick(step.copy, LEFT)
    assert 'type = "float32"' in QGuiApplication.clipboard().text()


def test_while_it_searches_units_appear_and_the_search_can_be_stopped(page, engine, qtbot):
    del engine.answers[FindUnits]  # a search that goes on
    qtbot.mouseClick(page.add_button, LEFT)
    step = page.adding.find_step
    qtbot.mouseClick(step.button, LEFT)
    assert "Stop" in step.button.text()
    step._told(Progress(5, 247, (FoundUnit(3, "answers", 2.0, 1),)))
    assert step.table.table_model.rowCount() == 1
    assert step.said.whole() == "5 of 247 asked, 1 answer"
    qtbot.mouseClick(step.button, LEFT)
    assert engine.given_up == engine.questions
    assert "Find units" in step.button.text()


def test_what_cannot_be_asked_is_said_and_escape_gives_it_up(page, engine, qtbot):
    engine.answers[FindUnits] = Failed("gw-1: the connection is refused.")
    qtbot.mouseClick(page.add_button, LEFT)
    step = page.adding.find_step
    qtbot.mouseClick(step.button, LEFT)
    assert step.said.whole() == "gw-1: the connection is refused."
    assert not page.adding.next_button.isEnabled()
    step.link.setCurrentText("http://x")
    qtbot.mouseClick(step.button, LEFT)
    assert "has to start with tcp://" in step.said.whole()
    step.units.setText("five")
    qtbot.mouseClick(step.button, LEFT)
    assert "names no units" in step.said.whole()
    qtbot.keyClick(step.units, Qt.Key.Key_Escape)
    assert page.adding.isHidden()


def test_a_step_that_is_done_can_be_gone_back_to(page, qtbot):
    panel = found_and_identified(page, qtbot)
    panel.bar.setFocus()
    qtbot.keyClick(panel.bar, Qt.Key.Key_Left)
    assert panel.bar.current == FIND
    assert panel.find_step.table.selected_id() == "30"
    qtbot.keyClick(panel.bar, Qt.Key.Key_Right)
    assert panel.bar.current == PROFILE


def test_a_site_in_memory_has_no_folder_to_write_to(page, engine, qtbot):
    panel = found_and_identified(page, qtbot)
    page.desk.site = type(page.desk.site)(**{**_fields(page.desk.site), "folder": str(Path("nowhere"))})
    qtbot.mouseClick(panel.next_button, LEFT)
    qtbot.waitUntil(lambda: bool(panel.save_step.verdict.text()), timeout=5000)
    assert not panel.next_button.isEnabled()


def _fields(site):
    import dataclasses

    return {field.name: getattr(site, field.name) for field in dataclasses.fields(site) if field.init}


def test_a_device_is_taken_out_of_service_and_put_back(page, engine, qtbot):
    page.select("M1")
    button = page.panel.service_button
    assert "Out of service" in button.text()
    said = []
    page.desk.said.connect(said.append)
    qtbot.mouseClick(button, LEFT)
    page.refresh_now()
    assert said == ["M1 taken out of service by M. Brandt."]
    assert engine.devices["M1"].state == "out of service"
    assert "Back into service" in button.text()
    qtbot.mouseClick(button, LEFT)
    page.refresh_now()
    assert engine.devices["M1"].state == "answering"
