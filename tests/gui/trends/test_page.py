"""The Trends page, driven as a person does it."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog

from energy_console.gui.pages.trends.choice import DAY_BEFORE
from energy_console.gui.pages.trends.page import TrendsPage
from energy_console.gui.parts.point_drag import points_mime
from energy_console.historian.errors import HistoryAway
from tests.gui.trends.conftest import GAP_H, POINTS, SIMULATED_H, SPIKE_H

POWER_1, POWER_2, SUPPLY, LEVEL = POINTS
HOUR = 3600.0


def place_of(page: TrendsPage, time_s: float) -> QPoint:
    """Viewport px of a time, in the middle of the first plot."""
    box = page.stack.plots[0].box.sceneBoundingRect()
    return QPoint(round(page.stack.overlay.x(time_s)), round(box.center().y()))


def now_s(page: TrendsPage) -> float:
    return page.desk.clock_ns() / 1e9


def row_of(page: TrendsPage, point: str):
    return next(row for row in page.side.table.table.rows if row.point == point and not row.dashed)


def drop(page: TrendsPage, place: QPoint, *points: str) -> None:
    mime, copy = points_mime(points), Qt.DropAction.CopyAction
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, copy, mime, button, none)
    QApplication.sendEvent(page.stack.viewport(), enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page.stack.viewport(), QDropEvent(QPointF(place), copy, mime, button, none))


def wheel(page: TrendsPage, place: QPoint, turned: int) -> None:
    event = QWheelEvent(
        QPointF(place),
        page.stack.viewport().mapToGlobal(QPointF(place)),
        QPoint(),
        QPoint(0, turned),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(page.stack.viewport(), event)


def test_an_empty_page_says_what_to_do_and_does_it(page, qtbot, settled):
    assert page.card.shown.currentWidget() is page.card.empty
    qtbot.mouseClick(page.card.empty._button, Qt.MouseButton.LeftButton)
    settled()
    assert page.card.shown.currentWidget() is page.stack
    assert len(page.drawing.view.points) == 4


def test_points_of_one_unit_share_a_plot_and_others_get_their_own(page, settled):
    page.add(list(POINTS))
    settled()
    assert [list(plot.traces) for plot in page.stack.plots] == [[POWER_1, POWER_2], [SUPPLY], [LEVEL]]
    assert len({trace.index for trace in page.drawing.traces.values()}) == 4
    starts = {plot.box.viewRange()[0][0] for plot in page.stack.plots}
    assert starts == {page.stack.start_s}


def test_a_drop_adds_its_points_to_the_plot_under_it(page, settled):
    page.add([POWER_1])
    settled()
    drop(page, place_of(page, now_s(page) - HOUR), POWER_2, SUPPLY)
    settled()
    assert page.drawing.view.points == (POWER_1, POWER_2, SUPPLY)
    assert page.selected == SUPPLY


def test_a_foreign_point_is_told_and_not_drawn(page, qtbot):
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda text: "X9/power_kw" in text):
        page.select(["X9/power_kw"])
    assert page.drawing.view.points == ()


def test_ticking_a_box_in_the_tree_draws_and_ticking_again_takes_away(page, qtbot, settled):
    page.tree.find_box.setFocus()
    qtbot.keyClicks(page.tree.find_box, "h1-01 supply")
    qtbot.waitUntil(lambda: page.tree.count.text() == "1 found")
    view = page.tree.view
    node = next(node for node in _nodes(page.tree.model.root) if node.point is not None)
    index = page.tree.model.index_of(node)
    box = view.visualRect(index).topLeft() + QPoint(6, 12)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=box)
    settled()
    assert page.drawing.view.points == (SUPPLY,)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert page.drawing.view.points == ()


def _nodes(node):
    yield node
    for child in node.children:
        yield from _nodes(child)


def test_history_and_live_readings_make_one_curve(page, history, settled, qtbot):
    page.toolbar.spans.pick("15min")
    page.add([POWER_1])
    settled()
    for second in range(1, 6):
        history.play([(1.0, POWER_1, 1500.0 + second)])
        page._tick()
    pyramid = page.drawing.traces[POWER_1].solid.pyramid
    assert np.all(np.diff(pyramid.time_s) >= 0)
    assert list(pyramid.value[-5:]) == [1501.0, 1502.0, 1503.0, 1504.0, 1505.0]
    recent = pyramid.time_s[pyramid.time_s > now_s(page) - 600]
    assert np.diff(recent).max() <= 31.0
    assert page.drawing.feeds[POWER_1].cells.gaps(now_s(page)) == ()


def test_readings_that_come_while_the_store_is_asked_are_not_lost(page, history, settled):
    page.toolbar.spans.pick("24h")
    page.add([POWER_1])
    for second in range(1, 4):  # before any answer
        history.play([(1.0, POWER_1, 2000.0 + second)])
    settled()
    page._tick()
    assert page.drawing.traces[POWER_1].extremes(now_s(page) - 60, now_s(page))[1] == 2003.0
    history.play([(1.0, POWER_1, 2010.0)])
    page._tick()
    pyramid = page.drawing.traces[POWER_1].solid.pyramid
    assert pyramid.value[-1] == 2010.0
    assert np.all(np.diff(pyramid.time_s) >= 0)


def test_a_spike_of_one_reading_is_drawn_however_wide_the_window(page, settled):
    page.add([POWER_1])
    for span in ("24h", "7d", "1y"):
        page.toolbar.spans.pick(span)
        settled()
        start_s, end_s = page.stack.start_s, page.stack.end_s
        assert page.drawing.traces[POWER_1].extremes(start_s, end_s)[1] == pytest.approx(9000.0)
    assert page.stack.plots[0].high > 9000.0


def test_a_silent_device_is_a_gap_with_its_reason_and_no_value(page, qtbot, settled):
    page.add([POWER_2])
    settled()
    (gap,) = page.drawing.traces[POWER_2].gaps.gaps
    assert gap.words == "no answer 90 min"
    assert gap.start_s == pytest.approx(now_s(page) - GAP_H[0] * HOUR, abs=240)
    assert gap.end_s == pytest.approx(now_s(page) - GAP_H[1] * HOUR, abs=240)
    qtbot.mouseMove(page.stack.viewport(), place_of(page, now_s(page) - 9 * HOUR))
    row = row_of(page, POWER_2)
    assert (row.at_cursor, row.missing) == ("no answer", True)
    assert row.figures[3].startswith("93.")


def test_simulated_values_are_drawn_apart_and_tagged(page, qtbot, settled):
    page.add([POWER_1])
    settled()
    middle = now_s(page) - (SIMULATED_H[0] + SIMULATED_H[1]) / 2 * HOUR
    trace = page.drawing.traces[POWER_1]
    assert trace.solid.pyramid.extremes(middle - 600, middle + 600) is None
    assert trace.dotted.pyramid.extremes(middle - 600, middle + 600) is not None
    qtbot.mouseMove(page.stack.viewport(), place_of(page, middle))
    assert row_of(page, POWER_1).tag == "sim"


def test_a_device_that_falls_silent_now_turns_into_a_gap_at_once(page, history, settled):
    page.toolbar.spans.pick("15min")
    page.add([POWER_1, POWER_2])
    settled()
    history.now_ns += 5_000_000_000
    history.fall_silent("Q1-01")
    history.now_ns += 20_000_000_000
    page._tick()
    assert page.drawing.traces[POWER_1].gaps.gaps[-1].words.startswith("no answer")
    assert all("no answer" not in gap.words for gap in page.drawing.traces[POWER_2].gaps.gaps)


def test_dragging_pans_and_leaves_live_and_home_goes_back(page, qtbot, settled):
    page.add([POWER_1])
    settled()
    start_s = page.stack.start_s
    port, place = page.stack.viewport(), place_of(page, now_s(page) - 6 * HOUR)
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseMove(port, place + QPoint(100, 0))
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=place + QPoint(100, 0))
    moved_s = start_s - page.stack.start_s
    assert moved_s == pytest.approx(100 / page.stack.width_px * 86_400, rel=0.02)
    assert page.toolbar.back_live.isVisible()
    qtbot.keyClick(page.stack, Qt.Key.Key_Home)
    assert page.stack.start_s == pytest.approx(start_s, abs=5)
    assert not page.toolbar.back_live.isVisible()


def test_the_wheel_zooms_about_the_cursor(page, settled):
    page.add([POWER_1])
    settled()
    about_s = now_s(page) - 6 * HOUR
    place = place_of(page, about_s)
    span_s = page.stack.end_s - page.stack.start_s
    wheel(page, place, 240)
    assert page.stack.end_s - page.stack.start_s == pytest.approx(span_s * 0.64)
    assert abs(page.stack.overlay.x(about_s) - place.x()) < 2


def test_zooming_in_asks_for_single_readings(page, settled):
    page.add([POWER_1])
    settled()
    assert page.drawing.feeds[POWER_1].cells.every_s >= 60
    page.stack._go(now_s(page) - 7 * HOUR, now_s(page) - 5 * HOUR)
    settled()
    assert page.drawing.feeds[POWER_1].cells.every_s == 0
    spike_s = now_s(page) - SPIKE_H * HOUR
    assert page.drawing.feeds[POWER_1].cells.at(spike_s + 1).value == pytest.approx(9000.0)


def test_keys_pan_zoom_move_the_cursor_and_take_a_curve_away(page, qtbot, settled):
    page.add([POWER_1, SUPPLY])
    settled()
    stack = page.stack
    stack.setFocus()
    start_s, span_s = stack.start_s, stack.end_s - stack.start_s
    qtbot.keyClick(stack, Qt.Key.Key_Left)
    assert stack.start_s == pytest.approx(start_s - 0.1 * span_s)
    qtbot.keyClick(stack, Qt.Key.Key_Plus)
    assert stack.end_s - stack.start_s == pytest.approx(0.8 * span_s)
    qtbot.keyClick(stack, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert stack.pinned
    assert stack.cursor_s is not None
    qtbot.keyClick(stack, Qt.Key.Key_Escape)
    assert stack.cursor_s is None
    page.choose(POWER_1)
    qtbot.keyClick(stack, Qt.Key.Key_Delete)
    assert page.drawing.view.points == (SUPPLY,)
    assert page.selected == SUPPLY


def test_shift_and_drag_zoom_to_a_span(page, qtbot, settled):
    page.add([POWER_1])
    settled()
    port, shift = page.stack.viewport(), Qt.KeyboardModifier.ShiftModifier
    left, right = place_of(page, now_s(page) - 8 * HOUR), place_of(page, now_s(page) - 6 * HOUR)
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, shift, left)
    qtbot.mouseMove(port, right)
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, shift, right)
    assert page.stack.end_s - page.stack.start_s == pytest.approx(2 * HOUR, rel=0.05)


def test_a_click_on_a_curve_chooses_it_and_pins_the_cursor(page, qtbot, settled):
    page.add([POWER_1, POWER_2])
    page.stack._go(now_s(page) - 3 * HOUR, now_s(page) - 2 * HOUR)
    settled()
    page.choose(POWER_2)
    time_s = now_s(page) - 2.5 * HOUR
    value = page.drawing.feeds[POWER_1].cells.at(time_s).value
    place = QPoint(place_of(page, time_s).x(), round(page.stack.plots[0].y(value)))
    qtbot.mouseClick(page.stack.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert page.selected == POWER_1
    assert page.stack.pinned
    assert row_of(page, POWER_1).selected


def test_figures_are_those_of_the_window(page, settled):
    page.add([LEVEL])
    page.stack._go(now_s(page) - 13 * HOUR, now_s(page) - 11 * HOUR)
    settled()
    row = row_of(page, LEVEL)
    assert (row.figures[0], *row.figures[2:]) == ("0", "100", "100")
    assert row.figures[1] in ("50", "49", "51", "50.0", "49.8", "50.2")


def test_the_time_picker_rules_the_page(page, settled):
    import datetime as dt

    page.add([POWER_1])
    settled()
    moment = dt.datetime.fromtimestamp(now_s(page) - 10 * HOUR, dt.UTC)
    page.desk.time.pick(moment)
    settled()
    assert page.drawing.edge_s == pytest.approx(moment.timestamp())
    assert page.stack.end_s < now_s(page) - 8 * HOUR
    assert not page.stack.overlay.edge_live
    page.desk.time.pick(None)
    assert page.stack.end_s > now_s(page)


def test_events_of_what_is_drawn_are_marked_and_lead_there(page, history, settled, qtbot):
    at_ns = history.now_ns - 2 * 3_600_000_000_000
    new = {"alarm": 7, "state": "new", "priority": 2}
    history.historian.write_event(at_ns, "alarm", POWER_1, "P2 Q1-01 too much: raised", new)
    history.historian.write_event(at_ns + 10**9, "alarm", POWER_1, "P2 Q1-01 too much: over", new | {"state": "normal"})
    history.historian.write_event(at_ns, "device", "H1-01", "H1-01 answers again", {})
    page.add([POWER_1])
    settled()
    qtbot.waitUntil(lambda: len(page.side.events.events.marks) == 1)
    (mark,) = page.side.events.events.marks
    assert (mark.words, mark.priority, mark.state) == ("Q1-01 too much", 2, "returned")
    lane = page.stack.lane.sceneBoundingRect()
    place = QPoint(round(page.stack.overlay.x(mark.time_s)), round(lane.center().y()))
    qtbot.mouseClick(page.stack.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert page.stack.cursor_s == pytest.approx(mark.time_s)


def test_the_day_before_is_drawn_paler_at_the_same_clock_time(page, qtbot, settled):
    page.toolbar.spans.pick("1h")
    page.add([LEVEL])
    settled()
    qtbot.mouseClick(page.toolbar.compare[DAY_BEFORE], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(page.drawing.traces[LEVEL].ghosts))
    ghost = page.drawing.traces[LEVEL].ghosts[DAY_BEFORE].pyramid
    assert ghost.extremes(page.stack.start_s, now_s(page)) == (1.0, 1.0)
    qtbot.mouseClick(page.toolbar.compare[DAY_BEFORE], Qt.MouseButton.LeftButton)
    assert not page.drawing.traces[LEVEL].ghosts


def test_a_planned_course_goes_on_dashed_beyond_the_present(page, settled):
    page.add([POWER_1])
    start_s = now_s(page)
    page.add_plan(POWER_1, (start_s + np.array([0.0, 3600, 7200]), np.array([1000.0, 500.0, 500.0])))
    settled()
    trace = page.drawing.traces[POWER_1]
    assert trace.extremes(start_s + 60, start_s + 7000) == (500.0, 1000.0)
    assert page.stack.end_s > start_s + 2 * HOUR
    page.stack.show_cursor(start_s + 5000)
    plan = next(row for row in page.side.table.table.rows if row.dashed)
    assert plan.at_cursor == "500"


def test_a_view_is_kept_under_a_name_and_opened_again(page, history, settled, qtbot):
    page.toolbar.spans.pick("6h")
    page.add([POWER_1, SUPPLY])
    qtbot.mouseClick(page.toolbar.save, Qt.MouseButton.LeftButton)
    dialog = page.findChild(QInputDialog)
    dialog.setTextValue("West quay")
    dialog.accept()
    page.remove(POWER_1)
    page.remove(SUPPLY)
    assert page.toolbar.views.text().endswith("West quay")
    page.toolbar.views.menu().actions()[0].trigger()
    settled()
    assert page.drawing.view.points == (POWER_1, SUPPLY)
    assert page.drawing.view.span_s == 21_600
    qtbot.waitUntil(lambda: page.views.settled)
    again = TrendsPage(page.desk)
    qtbot.addWidget(again)
    qtbot.waitUntil(lambda: again.drawing.view.points == (POWER_1, SUPPLY))
    assert again.views.names == ("West quay",)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_data_drawn_is_exported(page, settled, qtbot, tmp_path, ending):
    page.toolbar.spans.pick("1h")
    page.add([POWER_1, SUPPLY])
    settled()
    path = tmp_path / f"out.{ending}"
    with qtbot.waitSignals([page.desk.said, page.desk.said], timeout=5000):
        dialog = page.saving.save(ending)
        assert isinstance(dialog, QFileDialog)
        dialog.fileSelected.emit(str(path))
        dialog.reject()
    if ending == "parquet":
        table = pq.read_table(path)
        assert set(table.column("point").to_pylist()) == {POWER_1, SUPPLY}
        assert table.num_rows >= 230
    else:
        lines = path.read_text().splitlines()
        assert lines[0].replace('"', "") == "point,unit,time,value,quality,reason"
        assert len(lines) >= 231
    assert list(tmp_path.glob(".*part")) == []


def test_a_picture_is_exported(page, settled, qtbot, tmp_path):
    page.add([POWER_1])
    settled()
    path = tmp_path / "picture.png"
    with qtbot.waitSignal(page.desk.said, timeout=5000):
        page.saving.save_picture(path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_both_themes_and_small_and_large_windows_are_drawn(page, settled, picture, looks, qtbot):
    page.add(list(POINTS))
    settled()
    page.stack.pinned = True
    page.stack.show_cursor(now_s(page) - 9 * HOUR)
    try:
        for theme in ("dark", "light"):
            looks.use(theme)
            for width, height in ((1100, 640), (1820, 960)):
                page.resize(width, height)
                qtbot.wait(200)
                image = page.grab().toImage()
                assert image.save(str(picture(f"trends-{theme}-{width}")))
                area = page.stack.plots[0].box.sceneBoundingRect()
                assert area.width() > 400
                assert _has(image, page.drawing.traces[POWER_1].colour)
    finally:
        looks.use("dark")


def _has(image, colour) -> bool:
    """Whether a colour is to be seen in the plots, give or take the smoothing of edges."""
    data = np.frombuffer(image.convertToFormat(image.Format.Format_RGB32).constBits(), np.uint8)
    pixels = data.reshape(image.height(), image.bytesPerLine() // 4, 4)[100:-60, 240:-360, :3].astype(int)
    wanted = np.array([colour.blue(), colour.green(), colour.red()])
    return bool((np.abs(pixels - wanted).sum(axis=2) < 24).any())


def test_every_control_has_a_name(page):
    from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLineEdit

    for kind in (QAbstractButton, QAbstractItemView, QLineEdit):
        for widget in page.findChildren(kind):
            if widget.isVisible():
                assert widget.accessibleName() or widget.toolTip(), widget


def test_a_window_is_named_by_start_and_end_in_the_sites_zone(page, qtbot, settled):
    page.add([POWER_1])
    settled()
    dialog = page.toolbar.ask_window()
    wanted_start, wanted_end = round(now_s(page) - 20 * HOUR), round(now_s(page) - 18 * HOUR)
    dialog.start.setDateTime(dialog.start.dateTime().fromSecsSinceEpoch(wanted_end, dialog.start.timeZone()))
    dialog.end.setDateTime(dialog.end.dateTime().fromSecsSinceEpoch(wanted_start, dialog.end.timeZone()))
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    assert "after the start" in dialog.words.text()
    dialog.end.setDateTime(dialog.end.dateTime().fromSecsSinceEpoch(wanted_end + 3600, dialog.end.timeZone()))
    qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)
    assert page.stack.end_s == pytest.approx(wanted_end + 3600, abs=60)
    assert page.toolbar.spans.current in ("custom", "1h")


def test_a_curve_gets_a_plot_of_its_own_and_the_view_can_be_deleted(page, qtbot, settled):
    page.add([POWER_1, POWER_2])
    page.shelf.save("Two")
    page.choose(POWER_2)
    qtbot.mouseClick(page.card.add_plot, Qt.MouseButton.LeftButton)
    settled()
    assert [list(plot.traces) for plot in page.stack.plots] == [[POWER_1], [POWER_2]]
    delete = next(
        action for action in page.toolbar.views.menu().actions() if "Two" in action.text() and "D" in action.text()
    )
    delete.trigger()
    qtbot.waitUntil(lambda: page.views.settled)
    assert page.views.names == ()


def test_a_store_that_cannot_answer_is_told_and_the_page_goes_on(page, history, settled, qtbot, monkeypatch):
    def broken(*_args):
        raise OSError("The store is on a disk that is gone: put it back.")

    monkeypatch.setattr(history.historian, "read", broken)
    monkeypatch.setattr(history.historian, "buckets", broken)
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda text: "disk that is gone" in text):
        page.add([POWER_1])
    monkeypatch.undo()
    page.stack.zoom(0.5)
    settled()
    assert len(page.drawing.traces[POWER_1].solid.pyramid)


def test_while_a_server_is_away_what_waits_on_this_machine_is_drawn_and_told(
    page, history, settled, qtbot, monkeypatch
):
    def away(ask):
        def answer(*args):
            raise HistoryAway("The server is away; only the newest is shown.", ask(*args))

        return answer

    for name in ("read", "buckets"):
        monkeypatch.setattr(history.historian, name, away(getattr(history.historian, name)))
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda text: "only the newest" in text):
        page.add([POWER_1])
    settled()
    assert len(page.drawing.traces[POWER_1].solid.pyramid)


def test_planned_courses_of_a_schedule_are_named_by_the_points_that_measure_them(site):
    import dataclasses
    import datetime as dt

    from energy_console.gui.pages.trends.planned import planned_courses
    from energy_console.planning.schedule import Schedule, ScheduledAsset
    from energy_console.site.model import LightingGroup

    group = LightingGroup("G1", "Street", "L1-01", "grid", "M3", 40, 60.0, 0.02, 1.0, 0.3, 1.0, 1.0, 0.5, ())
    lit = dataclasses.replace(site, lighting=(group,))
    start = dt.datetime(2026, 11, 22, 14, tzinfo=dt.UTC)
    asset = ScheduledAsset("G1", "Street", "lighting", "grid", (1.0, 0.5), (2.4, 1.3))
    courses = planned_courses(lit, Schedule("1", "14:00", start, (0.25, 0.25), (asset,), (100.0, 90.0)))
    time_s, level = courses["L1-01/level"]
    assert list(time_s - start.timestamp()) == [0.0, 900.0, 1800.0]
    assert list(level) == [1.0, 0.5, 0.5]
    assert list(courses["L1-01/power_kw"][1]) == [2.4, 1.3, 1.3]


def test_with_a_moment_picked_nothing_live_is_shown(page, settled):
    import datetime as dt

    page.add([LEVEL])
    settled()
    page.desk.time.pick(dt.datetime.fromtimestamp(now_s(page) - 20 * HOUR, dt.UTC))
    settled()
    page.refresh()
    reading = page.tree.model.reading(LEVEL)
    assert reading is not None
    assert reading.value == 1.0
    assert page.tree.model.reading(POWER_1) is None
    assert row_of(page, LEVEL).at_cursor == "100"
    assert "old" not in page.side.point.state.text()
    page.desk.time.pick(None)
    page.refresh()
    assert page.tree.model.reading(POWER_1) is not None


def test_the_limit_of_a_node_is_a_line_in_the_plot_of_its_meter(site):
    import dataclasses

    from energy_console.gui.pages.trends.naming import Names

    node = dataclasses.replace(site.nodes[0], meter=POWER_1)
    (limit,) = Names(dataclasses.replace(site, nodes=(node,))).limits([POWER_1, POWER_2])
    assert limit.value == 12_000.0
    assert limit.words == "limit of Grid connection 12\u202f000 kW"


def test_a_clock_set_back_does_not_stop_the_curve(page, history, settled):
    page.toolbar.spans.pick("15min")
    page.add([POWER_1])
    settled()
    history.play([(1.0, POWER_1, 1300.0)])
    page._tick()
    history.now_ns -= 600_000_000_000
    for second in range(5):
        history.play([(1.0, POWER_1, 1400.0 + second)])
    page._tick()
    settled()
    page._tick()
    assert page.drawing.feeds[POWER_1].cells.at(now_s(page)).value == 1404.0
    assert page.drawing.traces[POWER_1].extremes(now_s(page) - 3, now_s(page))[1] == 1404.0
