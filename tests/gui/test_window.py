"""The window driven as a person drives it: every page and every action, by mouse and by key."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtCore import QDate, QPointF, Qt, QTime
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QLineEdit, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.frame import actions
from energy_console.gui.frame.finding import Finder
from energy_console.gui.frame.main_window import MainWindow
from energy_console.gui.frame.memory import Memory
from energy_console.gui.frame.status_line import LOST_AFTER_S
from energy_console.gui.pages import registry
from energy_console.gui.parts.point_drag import points_mime
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.run import Complaints

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
PAGES = [entry.key for entry in registry.pages()]


def press(qtbot, window: QWidget, key: str) -> None:
    """Sends a key combination such as "Ctrl+Shift+L" to the window as the keyboard would."""
    *modifiers, last = key.replace("++", "+Plus").split("+")
    held = Qt.KeyboardModifier.NoModifier
    for name in modifiers:
        held |= {"Ctrl": CTRL, "Shift": Qt.KeyboardModifier.ShiftModifier, "Alt": Qt.KeyboardModifier.AltModifier}[name]
    code = {"-": Qt.Key.Key_Minus, "Plus": Qt.Key.Key_Plus, "PgDown": Qt.Key.Key_PageDown, "PgUp": Qt.Key.Key_PageUp}
    qtbot.keyClick(window, code.get(last) or getattr(Qt.Key, f"Key_{last}"), held)


def type_in(qtbot, line: QLineEdit, words: str) -> None:
    qtbot.keyClicks(line, words)


@pytest.mark.parametrize("key", PAGES)
def test_every_page_opens_by_mouse_and_by_its_key(window, qtbot, key, picture):
    other = next((page for page in PAGES if page != key), key)
    window.open_page(other)
    qtbot.mouseClick(window.rail.item(key), LEFT)
    assert window.stack.current == key
    window.open_page(other)
    press(qtbot, window, registry.entry(key).shortcut)
    assert window.stack.current == key
    assert window.rail.item(key).isChecked()
    qtbot.wait(50)
    image = window.grab()
    assert image.save(str(picture(f"{key}-dark")))
    window.desk.looks.use("light")
    try:
        qtbot.wait(20)
        assert window.grab().save(str(picture(f"{key}-light")))
    finally:
        window.desk.looks.use("dark")


@pytest.mark.parametrize("entry", actions.ENTRIES, ids=lambda entry: entry.key)
def test_every_action_can_be_done_by_its_key(window, qtbot, entry):
    done = []
    window.actions_by_key[entry.key].triggered.connect(lambda: done.append(entry.key))
    press(qtbot, window, entry.shortcut)
    assert done == [entry.key]
    for dialog in window.findChildren(QFileDialog):
        dialog.close()
    popup = window.title_row.picker.popup
    if popup is not None:
        popup.hide()
    if window.isFullScreen():
        window.showNormal()
    window.desk.looks.use("dark")


def test_the_strip_shows_the_most_urgent_alarm_and_f8_puts_a_name_on_it(window, engine, qtbot):
    engine.raise_alarm(3, "Q1-02", "Point Q1-02: no answer")
    first = engine.raise_alarm(1, "Q1-01", "Feeder open")
    assert window.strip.alarm.id == first
    press(qtbot, window, "F8")
    assert engine.acknowledged == [(first, "M. Brandt")]
    assert window.strip.alarm.priority == 3


def test_show_on_the_strip_opens_the_page_of_the_alarm_on_its_device(window, engine, qtbot):
    engine.raise_alarm(2, "Q1-05", "Point Q1-05: no answer")
    button = next(child for child in window.strip.findChildren(QAbstractButton) if child.text() == "Show")
    qtbot.mouseClick(button, LEFT)
    assert window.stack.current in ("port", "devices")


def test_the_palette_finds_a_device_by_keyboard_alone(window, qtbot):
    press(qtbot, window, "Ctrl+K")
    line = window.palette_box.line
    type_in(qtbot, line, "w1-03")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert not window.palette_box.isVisible()
    assert window.stack.current == "devices"
    assert window.stack.pages["devices"].panel.device == "W1-03"


def test_the_palette_finds_a_point_and_the_page_selects_it(window, qtbot):
    press(qtbot, window, "Ctrl+K")
    type_in(qtbot, window.palette_box.line, "b1-02 voltage l1")
    qtbot.keyClick(window.palette_box.line, Qt.Key.Key_Return)
    panel = window.stack.pages["devices"].panel
    assert panel.device == "B1-02"
    assert panel._table.selected_id() == "B1-02/voltage_l1_v"


def test_the_palette_does_an_action_that_is_only_half_remembered(window, qtbot):
    press(qtbot, window, "Ctrl+K")
    type_in(qtbot, window.palette_box.line, "lghtdrk")
    qtbot.keyClick(window.palette_box.line, Qt.Key.Key_Return)
    assert not window.desk.looks.theme.dark
    window.desk.looks.use("dark")


def test_the_palette_draws_a_point_in_trends_on_ctrl_t(window, qtbot):
    asked = []
    window.desk.trend.connect(asked.append)
    press(qtbot, window, "Ctrl+K")
    type_in(qtbot, window.palette_box.line, "Q1-01/power_kw")
    qtbot.keyClick(window.palette_box.line, Qt.Key.Key_T, CTRL)
    assert asked == [["Q1-01/power_kw"]]


def test_escape_and_a_word_that_nothing_has_leave_the_page_as_it_was(window, qtbot):
    before = window.stack.current
    press(qtbot, window, "Ctrl+K")
    type_in(qtbot, window.palette_box.line, "zzzzzz")
    qtbot.keyClick(window.palette_box.line, Qt.Key.Key_Return)
    qtbot.keyClick(window.palette_box.line, Qt.Key.Key_Escape)
    assert not window.palette_box.isVisible()
    assert window.stack.current == before


def test_names_that_start_with_the_words_come_first(site):
    from energy_console.gui.frame import catalogue

    finder = Finder([*catalogue.of_window(registry.pages()), *catalogue.of_site(site)])
    assert finder.find("devices")[0].kind == "page"
    assert finder.find("q1-01")[0].key == "Q1-01"
    assert finder.find("q1-01 power")[0].key == "Q1-01/power_kw"


def test_the_time_picker_steps_onto_whole_quarters_and_back_to_live(window, qtbot):
    picker, time = window.title_row.picker, window.desk.time
    qtbot.mouseClick(picker.earlier, LEFT)
    first = time.now()
    assert not time.live
    assert first.minute % 15 == 0
    press(qtbot, window, "Alt+Left")
    assert first - time.now() == dt.timedelta(minutes=15)
    assert picker.live.text().strip() == "Go live"
    qtbot.mouseClick(picker.later, LEFT)
    qtbot.mouseClick(picker.later, LEFT)
    assert time.live


def test_the_calendar_picks_a_moment_in_the_zone_of_the_site(window, qtbot):
    qtbot.mouseClick(window.title_row.picker.moment, LEFT)
    popup = window.title_row.picker.popup
    popup.calendar.setSelectedDate(QDate(2026, 7, 1))
    popup.time.setTime(QTime(12, 30))
    qtbot.mouseClick(popup.show_button, LEFT)
    assert window.desk.time.now() == dt.datetime(2026, 7, 1, 10, 30, tzinfo=dt.UTC)
    press(qtbot, window, "Ctrl+L")
    assert window.desk.time.live


def test_the_theme_switches_while_running_and_is_remembered(window, qtbot, qapp):
    ground = window.grab().toImage().pixelColor(700, 70)
    press(qtbot, window, "Ctrl+Shift+L")
    qtbot.wait(10)
    assert window.grab().toImage().pixelColor(700, 70) != ground
    assert window.memory.text("theme") == "light"
    press(qtbot, window, "Ctrl+Shift+L")


def test_a_torn_off_page_lives_in_its_own_window_and_comes_back(window, qtbot):
    window.open_page("devices")
    page = window.stack.pages["devices"]
    qtbot.mouseClick(window.title_row.own_window, LEFT)
    own = window.stack.windows["devices"]
    assert own.isVisible()
    assert page.window() is own
    window.open_page("devices")  # raises it, does not make a second one
    assert window.stack.pages["devices"] is page
    own.close()
    window.open_page("devices")
    assert page.window() is window
    assert page.isVisible()


def test_the_next_start_opens_where_the_last_one_ended(desk, tmp_path, qtbot):
    memory = Memory(tmp_path / "memory.ini")
    first = MainWindow(desk, memory)
    first.show()
    first.open_page("devices")
    first.stack.tear_off("devices")
    first.close()
    again = MainWindow(desk, Memory(tmp_path / "memory.ini"))
    again.show()
    assert list(again.stack.windows) == ["devices"]
    again.close()
    for window in (first, again):
        window.deleteLater()


def test_silence_of_the_engine_is_said_and_hatched(window, engine, monkeypatch):
    window.tick()
    assert not window.notice.isVisible()
    window.desk.latest.heard_s -= LOST_AFTER_S + 5
    window.tick()
    assert window.notice.isVisible()
    assert "Nothing heard from the engine" in window.notice.accessibleName()
    assert "lost" in window.status.engine.accessibleName()
    engine.read({"Q1-01/power_kw": 1.0})
    window.tick()
    assert not window.notice.isVisible()


def test_before_the_first_news_the_window_says_what_it_waits_for(site, looks, tmp_path, qtbot):
    from energy_console.historian.embedded import open_embedded
    from tests.gui.scripted_engine import ScriptedEngine

    engine = ScriptedEngine(site, open_embedded(tmp_path / "store", writing=True))
    desk = Desk(engine, "M. Brandt", looks)
    window = MainWindow(desk, Memory(tmp_path / "memory.ini"))
    window.show()
    assert "starting" in window.notice.accessibleName()
    window.close()
    window.deleteLater()
    desk.close()
    engine.close()


def test_the_status_line_counts_what_the_engine_says(window, engine):
    engine.fall_silent("Q1-02")
    window.tick()
    assert "60 / 61" in window.status.devices.accessibleName()


def test_who_may_only_look_can_acknowledge_nothing(engine, looks, tmp_path, qtbot):
    desk = Desk(engine, "Guest", looks, frozenset({"look"}))
    window = MainWindow(desk, Memory(tmp_path / "memory.ini"))
    window.show()
    engine.raise_alarm(1, "Q1-01", "Feeder open")
    press(qtbot, window, "F8")
    assert engine.acknowledged == []
    assert not window.actions_by_key["acknowledge"].isEnabled()
    window.close()
    window.deleteLater()
    desk.close()


def test_a_picture_of_the_page_goes_to_the_clipboard_and_into_a_file(window, qtbot, tmp_path):
    press(qtbot, window, "Ctrl+Shift+C")
    assert QGuiApplication.clipboard().image().width() > 800
    qtbot.mouseClick(window.title_row.picture, LEFT)
    dialog = window.findChildren(QFileDialog)[0]
    path = tmp_path / "page.png"
    dialog.fileSelected.emit(str(path))
    dialog.close()
    qtbot.waitUntil(path.exists, timeout=3000)
    qtbot.waitUntil(lambda: str(path) in window.status.said.whole(), timeout=3000)


def test_every_control_has_a_name_for_a_screen_reader(window, qtbot):
    nameless = []
    window.title_row.picker.open_calendar()
    window.title_row.picker.popup.hide()
    for key in PAGES:
        window.open_page(key)
        qtbot.wait(10)
        for kind in (QAbstractButton, QLineEdit):
            for widget in window.findChildren(kind):
                if widget.objectName() == "qt_tableview_cornerbutton":
                    continue  # Qt's, has no size without a vertical header
                inside = widget.objectName() == "qt_spinbox_lineedit"  # its spin box carries the name
                if not (widget.parentWidget() if inside else widget).accessibleName():
                    nameless.append((key, widget.objectName() or widget))
    assert nameless == []


@pytest.mark.parametrize("size", [(1280, 720), (1600, 900), (1920, 1080)])
def test_no_page_needs_scrolling_from_1280_by_720_on(window, qtbot, size):
    window.resize(*size)
    for key in PAGES:
        window.open_page(key)
        qtbot.wait(10)
        frame = window.stack.currentWidget()
        assert frame.verticalScrollBar().maximum() == 0, key
        assert frame.horizontalScrollBar().maximum() == 0, key
        assert window.stack.pages[key].size() == frame.viewport().size(), key


def test_in_less_room_a_page_is_scrolled_and_not_squeezed(window, qtbot):
    window.resize(960, 540)
    for key in PAGES:
        window.open_page(key)
        qtbot.wait(10)
        page = window.stack.pages[key]
        assert page.width() >= 1100
        assert window.stack.currentWidget().horizontalScrollBar().maximum() > 0
        assert window.width() == 960


def test_news_from_another_thread_is_delivered_on_the_gui_thread(window, engine, qtbot):
    import threading

    seen = []
    window.desk.bridge.news.connect(window._on_news)
    page = window.stack.page("devices")
    page.on_news = lambda news: seen.append(threading.current_thread() is threading.main_thread())

    def speak() -> None:
        for _ in range(50):
            engine.tell(health=engine.health())

    thread = threading.Thread(target=speak)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(seen) == 50, timeout=2000)
    assert all(seen)


def drag_event(kind, window, points, key):
    place = window.rail.item(key).rect().center()
    actions = Qt.DropAction.CopyAction
    mime = points_mime(points)
    at = place if kind is QDragEnterEvent else QPointF(place)
    return kind(at, actions, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier), mime


def test_points_let_go_on_the_rail_open_the_page_on_them(window, qapp):
    for kind in (QDragEnterEvent, QDropEvent):
        event, _mime = drag_event(kind, window, ["B1-02/power_kw"], "devices")
        qapp.sendEvent(window.rail.item("devices"), event)
    assert window.stack.current == "devices"
    assert window.stack.pages["devices"].panel.device == "B1-02"


def test_points_held_over_the_rail_open_the_page_so_that_they_can_be_let_go_there(window, qapp, qtbot):
    window.open_page(next(key for key in PAGES if key != "devices"))
    event, _mime = drag_event(QDragEnterEvent, window, ["B1-02/power_kw"], "devices")
    qapp.sendEvent(window.rail.item("devices"), event)
    assert event.isAccepted()
    qtbot.waitUntil(lambda: window.stack.current == "devices", timeout=2000)


def test_a_page_that_cannot_be_made_says_so_and_leaves_the_others_alone(window, monkeypatch, caplog):
    def broken(self, desk):
        raise ValueError("no quay in this site")

    window.stack.pages.pop("devices", None)
    monkeypatch.setattr(registry.PageEntry, "make", broken)
    window.open_page("devices")
    assert window.stack.current == "devices"
    pane = window.stack.pages["devices"].findChild(StatePane)
    assert "Devices cannot be shown" in pane.accessibleName()
    assert "no quay in this site" in pane.accessibleName()
    assert "could not be opened" in caplog.text


def test_what_a_slot_raises_is_one_line_in_the_log_and_a_sentence_on_the_status_line(window, caplog):
    complaints = Complaints(window.desk, lambda *_: None)
    for _ in range(3):
        try:
            raise RuntimeError("a value without unit")
        except RuntimeError as error:
            complaints(type(error), error, error.__traceback__)
    assert caplog.text.count("a slot raised") == 1
    assert "a value without unit" in window.status.said.whole()


def test_a_question_to_the_store_after_the_end_is_dropped(engine, looks):
    desk = Desk(engine, "M. Brandt", looks)
    desk.close()
    answers = []
    assert desk.query(lambda store: store.events(0, 1), answers.append).cancelled()
    assert answers == []


def test_a_hidden_page_does_not_draw(window, engine, qtbot):
    drawn = []
    page = window.stack.page("devices")
    page.hide()
    page.refresh = lambda: drawn.append(1)
    engine.read({"Q1-01/power_kw": 2.0})
    qtbot.wait(30)
    assert drawn == []
