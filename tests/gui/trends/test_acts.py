"""Keys, menus, axes, cursors, comparisons and kept views of Trends, driven as a person does it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu

from energy_console.gui.pages.trends.acts import ACTS
from energy_console.gui.pages.trends.choice import DAY_BEFORE, MOST_CURVES, WEEK_BEFORE, TrendView, one_axis
from energy_console.gui.pages.trends.keeping import FILE_KIND
from energy_console.gui.pages.trends.normal_hours import ranges_of, steps_of
from energy_console.gui.pages.trends.page import TrendsPage
from energy_console.gui.pages.trends.view_format import to_json
from energy_console.gui.plots.range_of import AxisRange
from energy_console.historian.interface import Buckets
from energy_console.journal.notes import Note, find_note, rewrite_note, write_note
from tests.gui.trends.conftest import POINTS
from tests.gui.trends.test_page import now_s, place_of, row_of

POWER_1, POWER_2, SUPPLY, LEVEL = POINTS
HOUR = 3600.0


def press(qtbot, page: TrendsPage, key: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    page.activateWindow()
    page.stack.setFocus()
    qtbot.keyClick(page.stack, key, modifier)


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


# axes


def test_curves_of_two_units_share_a_plot_with_an_axis_at_either_side(page, qtbot, settled):
    page.add([POWER_1, SUPPLY])
    page.choose(SUPPLY)
    press(qtbot, page, Qt.Key.Key_J)
    settled()
    (plot,) = page.stack.plots
    assert [axis.unit for axis in plot.axes] == ["kW", "degC"]
    assert plot.axis_of == {POWER_1: 0, SUPPLY: 1}
    power, supply = plot.scales
    assert power.high > 1000 > 100 > supply.high
    left, right = (axis.sceneBoundingRect() for axis in plot.value_axes)
    box = plot.box.sceneBoundingRect()
    assert (left.right(), right.left()) == (box.left(), box.right())
    height = plot.y(80.0, axis=1)
    assert box.top() < height < box.bottom()
    press(qtbot, page, Qt.Key.Key_O)
    assert [plot.points for plot in page.drawing.view.plots] == [(POWER_1,), (SUPPLY,)]


def test_a_range_that_a_person_fixes_stays_and_an_empty_end_follows(page, qtbot, settled):
    page.add([POWER_1])
    settled()
    dialog = page.acts.ask_range()
    dialog.low.setText("1000")
    dialog.high.setText("900")
    dialog.answer()
    assert dialog.isVisible()
    assert "less than" in dialog.words.text()
    dialog.high.setText("1300")
    dialog.answer()
    settled()
    assert (page.stack.plots[0].low, page.stack.plots[0].high) == (1000.0, 1300.0)
    page.show_view(page.drawing.view.ranging(0, 0, AxisRange(500.0, None)))
    settled()
    assert page.stack.plots[0].low == 500.0
    assert page.stack.plots[0].high > 9000.0


def test_a_share_is_fixed_in_percent(page):
    page.add([LEVEL])
    dialog = page.acts.ask_range()
    dialog.low.setText("20")
    dialog.high.setText("80")
    dialog.answer()
    wanted = page.drawing.view.plots[0].axes[0].range
    assert (wanted.low, wanted.high) == (pytest.approx(0.2), pytest.approx(0.8))


def test_a_logarithmic_axis_gives_decades_equal_height_and_leaves_zero_out(page, qtbot, settled):
    page.add([POWER_1, LEVEL])
    page.choose(POWER_1)
    press(qtbot, page, Qt.Key.Key_L)
    settled()
    plot = page.stack.plots[0]
    assert plot.scales[0].log
    assert plot.y(1000.0) - plot.y(2000.0) == pytest.approx(plot.y(2000.0) - plot.y(4000.0))
    page.choose(LEVEL)  # 0 and 100 %
    press(qtbot, page, Qt.Key.Key_L)
    settled()
    assert page.stack.plots[1].scales[0].low > 0
    page.grab()


# many curves


def test_hundreds_of_curves_are_drawn_by_a_pattern_and_only_the_rows_in_sight_are_worked_out(page, qtbot, settled):
    box = page.tree.find_box
    box.setFocus()
    qtbot.keyClicks(box, "unit:kw")
    qtbot.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    kilowatts = [point.id for point in page.desk.site.points if point.unit == "kW"]
    assert len(kilowatts) > 90
    assert set(page.drawing.view.points) == set(kilowatts)
    page.grab()
    table = page.side.table.table
    assert len(table.keys) == len(kilowatts) + 1
    assert 0 < len(table._made) < 60
    assert f"{len(kilowatts)} points" in table.row(0).second
    settled()
    page.choose(POWER_1)
    trace = page.drawing.traces[POWER_1]
    assert trace.solid.colour == trace.colour
    assert page.drawing.traces[POWER_2].solid.colour != page.drawing.traces[POWER_2].colour  # paler
    index = page.side.table.table.index(page.side.table.table.place_of(POWER_1))
    assert page.side.table.visualRect(index).intersects(page.side.table.viewport().rect())


def test_a_pattern_finds_whole_ids(page, qtbot):
    page.tree.find_box.setText("q1-0*/power_kw")
    page.tree.draw_found()
    assert page.drawing.view.points == tuple(f"Q1-{n:02d}/power_kw" for n in range(1, 10))


def test_more_curves_than_a_view_holds_are_refused_in_a_sentence(page, qtbot):
    page.tree.find_box.setText("1")
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda text: str(MOST_CURVES) in text):
        page.tree.draw_found()
    assert page.drawing.view.points == ()


def test_a_group_of_the_tree_is_drawn_by_quantity_from_its_menu(page, settled):
    port = page.tree.model.root.children[0]
    menu = page.acts.menus.of_node(port, [], QPoint(0, 0))
    (quantities,) = [action.menu() for action in menu.actions() if action.menu() is not None]
    entry = next(action for action in quantities.actions() if action.text().startswith("Active power  (18)"))
    entry.trigger()
    assert len(page.drawing.view.points) == 18
    assert page.tree.model.drawn_under(port) == 18
    menu.close()


# cursors, menus, keys


def test_two_cursors_tell_the_difference_between_two_moments(page, qtbot, settled):
    page.add([LEVEL, POWER_1])
    settled()
    first, second = now_s(page) - 14 * HOUR, now_s(page) - 11 * HOUR
    page.stack.pinned = True
    page.stack.show_cursor(first)
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(page.stack.viewport(), Qt.MouseButton.LeftButton, control, place_of(page, second))
    assert page.stack.other_s == pytest.approx(second, abs=120)
    assert page.stack.cursor_s == first
    row = row_of(page, LEVEL)
    assert (row.at_cursor, row.figures[0], row.figures[1]) == ("100", "0", "\u2212100")
    assert 60 < float(row.figures[2]) < 72  # two of three hours on
    assert page.side.header.names()[2].startswith("B")
    qtbot.keyClick(page.stack, Qt.Key.Key_Right, control)
    assert page.stack.other_s > second
    qtbot.keyClick(page.stack, Qt.Key.Key_Escape)
    assert page.stack.other_s is None
    assert page.stack.cursor_s is None


def test_the_menu_on_a_curve_is_about_it(page, qtbot, settled):
    page.add([POWER_1, SUPPLY])
    settled()
    page.choose(SUPPLY)
    time_s = now_s(page) - 2 * HOUR
    value = page.drawing.feeds[POWER_1].cells.at(time_s).value
    place = QPoint(place_of(page, time_s).x(), round(page.stack.plots[0].y(value)))
    viewport = page.stack.viewport()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert page.selected == POWER_1
    assert any("Q1-01" in text for text in texts(menu))
    assert page.acts.acts["remove"].text() in texts(menu)
    menu.close()


def test_every_act_has_a_name_and_no_two_share_a_key():
    assert all(act.name for act in ACTS)
    keys = [act.shortcut for act in ACTS if act.shortcut]
    assert len(keys) == len(set(keys))


def test_digits_pick_spans_and_backspace_leads_back(page, qtbot, settled):
    page.add([POWER_1])
    settled()
    press(qtbot, page, Qt.Key.Key_2)
    assert page.stack.end_s - page.stack.start_s == pytest.approx(HOUR)
    settled()
    qtbot.waitUntil(lambda: page.stack.at_rest)
    press(qtbot, page, Qt.Key.Key_PageUp)
    settled()
    assert not page.following.follows
    press(qtbot, page, Qt.Key.Key_Backspace)
    assert page.following.follows
    assert page.stack.end_s >= now_s(page)


def test_the_keys_are_listed(page, qtbot):
    dialog = page.acts.show_keys()
    assert dialog.isVisible()
    dialog.reject()


# comparing, what is usual, events


def test_keys_compare_and_other_spans_are_named_in_the_menu(page, qtbot, settled):
    page.add([POWER_1])
    settled()
    press(qtbot, page, Qt.Key.Key_D)
    press(qtbot, page, Qt.Key.Key_W)
    assert page.drawing.view.compare == (DAY_BEFORE, WEEK_BEFORE)
    dialog = page.acts.ask_span()
    dialog.start.setDateTime(dialog.start.dateTime().addDays(30))
    dialog.answer()
    assert dialog.isVisible()  # it would begin after what is on screen
    dialog.start.setDateTime(dialog.start.dateTime().addDays(-5))
    dialog.answer()
    assert page.drawing.view.compare[2] == f"{3 * 1440} min"
    assert "3 d before" in page.toolbar.more.text()


def hourly(values: dict[int, list[float]], zone) -> Buckets:
    """Quarters of an hour of 28 days that end on 22 Nov 2026; by hour the values of the four quarters."""
    import datetime as dt

    first = dt.datetime(2026, 10, 26, tzinfo=zone).timestamp()
    time_s = first + np.arange(27 * 96) * 900
    mean = [
        values.get(dt.datetime.fromtimestamp(second, zone).hour, [np.nan] * 4)[place % 4]
        for place, second in enumerate(time_s.tolist())
    ]
    column, whole = np.array(mean), np.ones(len(time_s), np.int64)
    status = np.zeros(len(time_s), np.uint16)
    return Buckets("a/b", 900 * 10**9, (time_s * 1e9).astype(np.int64), column, column, column, column, column,
                   whole, whole, column, status)  # fmt: skip


def test_what_is_usual_is_the_middle_of_the_same_hour(site):
    zone = site.place.zone
    ranges = ranges_of(hourly({8: [10.0, 20.0, 30.0, 40.0], 9: [5.0] * 4}, zone), zone)
    low, high = ranges.by_hour[False, 8]
    assert 10.0 <= low < 20.0
    assert 30.0 < high <= 40.0
    assert ranges.by_hour[False, 9] == (5.0, 5.0)
    assert (False, 10) not in ranges.by_hour
    start_s = __import__("datetime").datetime(2026, 11, 23, 8, tzinfo=zone).timestamp()
    edges, lows, _ = steps_of(ranges, start_s, start_s + 3 * HOUR, zone)
    assert len(edges) == len(lows) + 1
    assert lows[0] == low
    assert np.isnan(lows[2])


def test_what_is_usual_is_drawn_behind_the_curve_and_named(page, history, qtbot, settled, monkeypatch):
    zone = page.desk.site.place.zone
    every = {hour: [700.0, 720.0, 760.0, 780.0] for hour in range(24)}
    monkeypatch.setattr(history.historian, "spans", lambda *_asked: hourly(every, zone), raising=False)
    page.add([POWER_2])
    settled()
    press(qtbot, page, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: bool(page.stack.plots[0].normal.ranges))
    (band,) = page.stack.plots[0].normal.ranges
    assert "P10 to P90" in band.words
    assert band.low[0] == pytest.approx(700.0)
    page.grab()
    press(qtbot, page, Qt.Key.Key_N)
    assert page.stack.plots[0].normal.ranges == ()


def test_each_kind_of_event_can_be_switched_and_is_kept_with_the_view(page, history, qtbot, settled):
    at_ns = history.now_ns - 2 * 3_600_000_000_000
    for place, kind in enumerate(("note", "command", "call", "plan", "device")):
        history.historian.write_event(at_ns + place, kind, POWER_1, f"a {kind}", {})
    page.add([POWER_1])
    settled()
    qtbot.waitUntil(lambda: len(page.side.events.events.marks) == 5)
    page.toolbar.marks["command"].trigger()
    kinds = {mark.kind for mark in page.side.events.events.marks}
    assert kinds == {"note", "call", "plan", "device"}
    assert page.drawing.view.hidden_marks == ("command",)
    page.grab()
    page.toolbar.marks["command"].trigger()
    assert len(page.side.events.events.marks) == 5


# taking along


def test_what_is_on_screen_is_copied_as_rows(page, qtbot, settled):
    page.toolbar.spans.pick("1h")
    page.add([POWER_1, LEVEL])
    settled()
    with qtbot.waitSignal(page.desk.said):
        press(qtbot, page, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == ["time", f"{POWER_1} [kW]", f"{LEVEL} [1]"]
    assert 100 < len(lines) < 140  # every 30 s
    moment, power, level = lines[-4].split("\t")  # the last ones are the engine's own readings of now
    assert moment.startswith("2026-11-22 14:3")
    assert moment.endswith("+01:00")
    assert 1100 < float(power) < 1300
    assert float(level) == 0.0
    page.saving.copy_plots()
    assert QApplication.clipboard().image().width() == page.stack.width()


def test_views_are_renamed_shown_at_the_start_and_handed_on_as_a_file(page, qtbot, settled, tmp_path):
    page.add([POWER_1])
    page.shelf.save("One")
    page.add([SUPPLY])
    page.shelf.save("Two")
    page.shelf.act("rename")
    dialog = page.findChild(QInputDialog)
    dialog.setTextValue("Both")
    dialog.accept()
    assert page.views.names == ("Both", "One")
    page.shelf.open("One")
    page.shelf.act("default")
    page.show_view(TrendView())
    qtbot.waitUntil(lambda: page.views.settled)
    again = TrendsPage(page.desk)
    qtbot.addWidget(again)
    qtbot.waitUntil(lambda: again.drawing.view.points == (POWER_1,))
    path = tmp_path / "views.json"
    with qtbot.waitSignal(page.desk.said):
        page.shelf.write_file(path)
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda text: "Both 2, One 2" in text):
        page.shelf.read_file(path)
    assert page.views.view("One 2") == page.views.view("One")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "\x00\x01", '{"kind": "something"}', json.dumps({"kind": FILE_KIND, "format": 99, "views": {}}),
     json.dumps({"kind": FILE_KIND, "format": 1, "views": {"A": {"format": 2}}}),
     json.dumps({"kind": FILE_KIND, "format": 1, "views": {"A": 7}})],
)  # fmt: skip
def test_a_file_that_holds_no_views_is_refused_in_a_sentence_and_nothing_is_kept(page, qtbot, tmp_path, text):
    path = tmp_path / "views.json"
    path.write_text(text)
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda said: said.endswith((".", ":"))):
        page.shelf.read_file(path)
    assert page.views.names == ()


def test_the_view_of_a_newer_console_in_a_file_is_named(page, qtbot, tmp_path):
    newer = to_json(TrendView((one_axis("kW", (POWER_1,)),))) | {"format": 99}
    path = tmp_path / "views.json"
    path.write_text(json.dumps({"kind": FILE_KIND, "format": 1, "views": {"Quay": newer}}))
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda said: "Quay" in said and "newer" in said):
        page.shelf.read_file(path)


def test_a_moment_picked_is_shown_the_same_with_all_that_is_new(page, settled, qtbot):
    page.add([POWER_1, SUPPLY])
    page.show_view(dataclasses.replace(page.drawing.view.moving_to(SUPPLY, POWER_1), normal=True))
    settled()
    page.stack.pinned = True
    page.stack.show_cursor(now_s(page) - 4 * HOUR)
    page.acts.put_second()
    page.grab()
    assert row_of(page, SUPPLY).figures[1] != ""


def test_a_note_on_a_span_is_a_bar_says_who_and_one_written_anew_replaces_the_old(page, history, qtbot, settled):
    begun_ns, now_ns = history.now_ns - 3 * 3_600_000_000_000, history.now_ns
    note = Note("Crane 4 under test", "A. Vos", begun_ns, "", begun_ns + 3_600_000_000_000)
    number = write_note(history.historian, note, now_ns)
    rewrite_note(history.historian, find_note(history.historian, number), "Crane 5 under test", "A. Vos", now_ns)
    page.add([POWER_1])
    settled()
    qtbot.waitUntil(lambda: len(page.side.events.events.marks) == 1)
    (mark,) = page.side.events.events.marks
    assert mark.words == "Crane 5 under test (A. Vos)"
    assert mark.until_s == pytest.approx(mark.time_s + HOUR)
    page.grab()


def test_the_planned_course_is_switched_by_its_key(page, qtbot, settled):
    page.add([POWER_1])
    page.add_plan(POWER_1, (now_s(page) + np.array([0.0, HOUR]), np.array([900.0, 900.0])))
    settled()
    assert len(page.drawing.traces[POWER_1].plan.pyramid) == 2
    press(qtbot, page, Qt.Key.Key_P)
    assert len(page.drawing.traces[POWER_1].plan.pyramid) == 0
    assert not page.acts.acts["plan"].isChecked()
    press(qtbot, page, Qt.Key.Key_P)
    assert len(page.drawing.traces[POWER_1].plan.pyramid) == 2
