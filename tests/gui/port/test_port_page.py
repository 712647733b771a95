"""The Port page driven by real mouse and key events over a scripted engine and a real store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from energy_console.gui.desk import Desk
from energy_console.gui.pages.port.harbour_view import Pick
from energy_console.gui.pages.port.page import PortPage
from energy_console.gui.pages.port.requests import RequestDialog
from energy_console.gui.pages.registry import entry
from energy_console.gui.parts.point_drag import dragged_points, points_mime
from energy_console.live.port import PointState
from energy_console.site.model import ShipCall, Site
from hardware.points import Reason
from tests.gui.port.conftest import idle
from tests.gui.scripted_engine import ScriptedEngine

OpenPage = Callable[..., PortPage]
LEFT = Qt.MouseButton.LeftButton


def place_of(page: PortPage, point: str) -> QPoint:
    """The middle of a cell in the viewport."""
    cell = page.harbour.cell(point)
    return page.harbour.mapFromScene(cell.sceneBoundingRect().center())


def click(qtbot: QtBot, page: PortPage, point: str) -> None:
    qtbot.mouseClick(page.harbour.viewport(), LEFT, pos=place_of(page, point))


def dialog_of(page: QWidget) -> RequestDialog:
    return page.window().findChildren(RequestDialog)[-1]


def test_the_registry_makes_the_page(port_desk: Desk, qtbot: QtBot) -> None:
    page = entry("port").make(port_desk)
    qtbot.addWidget(page)
    assert isinstance(page, PortPage)


def test_every_point_is_on_the_map_and_counts_add_up(open_page: OpenPage, supplied: ShipCall, demo: Site) -> None:
    page = open_page()
    assert page.legend.total == len(demo.access_points) == 154
    states = [page.harbour.cell(point.id).look.state for point in demo.access_points]
    assert states.count(PointState.SUPPLYING) == len(supplied.points)


def test_only_what_changed_is_drawn_anew(open_page: OpenPage, port_engine: ScriptedEngine, demo: Site) -> None:
    page = open_page()
    page._draw()
    assert page.harbour.repainted == 0
    taken = {ship.call.station for ship in page.ships}
    other = next(p.id for p in demo.access_points if p.station not in taken)
    port_engine.read({f"{other}/step": 3.0})
    page._draw()
    assert page.harbour.repainted == 1


def test_a_silent_point_turns_to_no_answer_alone(
    open_page: OpenPage, port_engine: ScriptedEngine, demo: Site, qtbot: QtBot
) -> None:
    page = open_page()
    port_engine.fall_silent("D09.1")
    qtbot.waitUntil(lambda: page.harbour.cell("D09.1").look.state is PointState.NO_ANSWER, timeout=3000)
    others = [p.id for p in demo.access_points if p.id != "D09.1"]
    assert all(page.harbour.cell(point).look.state is PointState.FREE for point in others)
    assert any("D09.1" in finding.text for finding in page.attention.findings)


def test_a_trip_takes_the_shape_of_its_alarm(
    open_page: OpenPage, port_engine: ScriptedEngine, supplied: ShipCall
) -> None:
    page = open_page()
    point = supplied.points[0]
    port_engine.raise_alarm(1, point, f"{point} tripped on earth fault")
    port_engine.read({f"{point}/alarms": 16.0})
    page._draw()
    look = page.harbour.cell(point).look
    assert (look.state, look.priority) == (PointState.TRIPPED, 1)
    assert page.attention.findings[0].priority == 1


def test_a_click_on_a_cell_opens_its_ship(open_page: OpenPage, supplied: ShipCall, qtbot: QtBot) -> None:
    page = open_page()
    assert not page.drawer.isVisible()
    click(qtbot, page, supplied.points[0])
    assert page.drawer.isVisible()
    assert page.drawer.subject is not None
    assert page.drawer.subject.call == supplied
    assert page.drawer.subject.power_kw == pytest.approx(100.0 * len(supplied.points))
    assert page.calls_card.quay == supplied.station[0]
    qtbot.waitUntil(lambda: len(page.drawer.money_rows.facts) > 2, timeout=5000)


def test_energy_of_a_call_is_what_its_meter_gained(open_page: OpenPage, supplied: ShipCall, qtbot: QtBot) -> None:
    page = open_page()
    page.select(supplied.points[0])
    qtbot.waitUntil(lambda: len(page.drawer.money_rows.facts) > 2, timeout=5000)
    delivered = next(fact for fact in page.drawer.money_rows.facts if fact.total)
    assert delivered.value == f"{50 * len(supplied.points)}.0"
    assert len(page.drawer.avoided_rows.facts) == 2


def test_arrows_walk_along_the_quay_and_tab_to_the_next(open_page: OpenPage, qtbot: QtBot) -> None:
    page = open_page()
    click(qtbot, page, "E01.1")
    seen = []
    page.harbour.picked.connect(lambda pick: seen.append(pick.point))
    qtbot.keyClick(page.harbour, Qt.Key.Key_Right)
    qtbot.keyClick(page.harbour, Qt.Key.Key_Right)
    qtbot.keyClick(page.harbour, Qt.Key.Key_Left)
    qtbot.keyClick(page.harbour, Qt.Key.Key_Tab)
    qtbot.keyClick(page.harbour, Qt.Key.Key_Backtab)
    assert seen[:3] == ["E01.2", "E01.3", "E01.2"]
    assert seen[3][0] == "F"
    assert seen[4][0] == "E"


def test_every_point_can_be_reached_by_keys(open_page: OpenPage, demo: Site, qtbot: QtBot) -> None:
    page = open_page()
    page.harbour.setFocus()
    seen: set[str] = set()
    page.harbour.picked.connect(lambda pick: seen.add(pick.point))
    qtbot.keyClick(page.harbour, Qt.Key.Key_Home)
    quay_of = {station.id: station.quay for station in demo.stations}
    counts = [sum(quay_of[point.station] == quay.id for point in demo.access_points) for quay in demo.quays]
    for count in counts:
        for _ in range(count - 1):
            qtbot.keyClick(page.harbour, Qt.Key.Key_Right)
        qtbot.keyClick(page.harbour, Qt.Key.Key_Down)
        qtbot.keyClick(page.harbour, Qt.Key.Key_Home)
    assert seen == {point.id for point in demo.access_points}


def test_t_sends_the_powers_of_the_ship_to_trends(
    open_page: OpenPage, port_desk: Desk, supplied: ShipCall, qtbot: QtBot
) -> None:
    page = open_page()
    click(qtbot, page, supplied.points[0])
    with qtbot.waitSignal(port_desk.trend) as caught:
        qtbot.keyClick(page.harbour, Qt.Key.Key_T)
    assert sorted(caught.args[0]) == sorted(f"{point}/power_kw" for point in supplied.points)


def test_a_drag_carries_the_power_of_the_point() -> None:
    mime = points_mime(["E01.1/power_kw"])
    event = QDragEnterEvent(QPoint(1, 1), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    assert dragged_points(event.mimeData()) == ["E01.1/power_kw"]


def test_escape_closes_the_drawer(open_page: OpenPage, qtbot: QtBot) -> None:
    page = open_page()
    click(qtbot, page, "E01.1")
    qtbot.keyClick(page.harbour, Qt.Key.Key_Escape)
    assert not page.drawer.isVisible()
    assert page.harbour.pick is None


def test_in_a_narrow_window_the_drawer_never_hides_what_is_selected(open_page: OpenPage, qtbot: QtBot) -> None:
    page = open_page(1160, 600)
    for point in ("A09.1", "E01.1"):
        click(qtbot, page, point)
        cell = page.harbour.mapTo(page, place_of(page, point))
        assert page.drawer.isVisible()
        assert not page.drawer.geometry().contains(cell)


def test_load_reduction_is_written_only_after_confirmation(
    open_page: OpenPage, port_engine: ScriptedEngine, port_desk: Desk, supplied: ShipCall, qtbot: QtBot
) -> None:
    page = open_page()
    point = supplied.points[0]
    click(qtbot, page, point)
    qtbot.mouseClick(page.drawer.reduce_button, LEFT)
    dialog = dialog_of(page)
    assert port_engine.writes == []
    assert dialog.amount is not None
    dialog.amount.setValue(30)
    with qtbot.waitSignal(port_desk.said, check_params_cb=lambda text: "read back" in text, timeout=3000):
        qtbot.mouseClick(dialog.send_button, LEFT)
    assert port_engine.writes == [(f"{point}/request_load_reduction_kw", 30.0, "M. de Vries")]


def test_a_request_can_be_called_off(
    open_page: OpenPage, port_engine: ScriptedEngine, supplied: ShipCall, qtbot: QtBot
) -> None:
    page = open_page()
    click(qtbot, page, supplied.points[0])
    qtbot.mouseClick(page.drawer.back_button, LEFT)
    qtbot.keyClick(dialog_of(page), Qt.Key.Key_Escape)
    assert port_engine.writes == []


def test_nothing_can_be_asked_of_a_free_point_or_without_permission(
    open_page: OpenPage, port_desk: Desk, supplied: ShipCall, demo: Site, qtbot: QtBot
) -> None:
    page = open_page()
    free = next(p.id for p in demo.access_points if p.station != supplied.station)
    click(qtbot, page, free)
    assert not page.drawer.reduce_button.isEnabled()
    port_desk.permissions = frozenset({"look"})
    page.select(supplied.points[0])
    assert not page.drawer.reduce_button.isEnabled()


def test_the_console_never_offers_a_breaker(open_page: OpenPage, supplied: ShipCall, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QAbstractButton, QLabel

    page = open_page()
    click(qtbot, page, supplied.points[0])
    assert not [b.text() for b in page.findChildren(QAbstractButton) if "breaker" in b.text().lower()]
    assert any("operated on board" in label.text() for label in page.drawer.findChildren(QLabel))


def test_a_picked_time_shows_what_was_then(
    open_page: OpenPage, port_engine: ScriptedEngine, port_desk: Desk, supplied: ShipCall, qtbot: QtBot
) -> None:
    page = open_page()
    point = supplied.points[0]
    assert page.harbour.cell(point).look.state is PointState.SUPPLYING
    port_desk.time.pick(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1) + dt.timedelta(seconds=30))
    assert page.harbour.cell(point).look.state is PointState.NOT_READ_YET
    qtbot.waitUntil(lambda: page.harbour.cell(point).look.state is PointState.FREE, timeout=8000)
    port_engine.read({f"{point}/power_kw": 222.0})
    assert page.harbour.cell(point).look.state is PointState.FREE
    port_desk.time.pick(None)
    assert page.harbour.cell(point).look.state is PointState.SUPPLYING


def test_a_time_before_the_store_began_has_no_values(open_page: OpenPage, port_desk: Desk, qtbot: QtBot) -> None:
    page = open_page()
    port_desk.time.pick(dt.datetime.now(dt.UTC) - dt.timedelta(days=30))
    qtbot.waitUntil(lambda: "No access point" in page.answer_line.accessibleName(), timeout=8000)


def test_a_click_in_the_calls_selects_the_berth(open_page: OpenPage, supplied: ShipCall, qtbot: QtBot) -> None:
    page = open_page()
    page.calls_card.quays.pick(supplied.station[0])
    gantt = page.calls_card.gantt
    assert gantt.calls is not None
    row = [row.station for row in gantt.calls.rows].index(supplied.station)
    gantt.select(supplied.station, "")
    x = round(gantt._x(gantt.calls.now_s)) - 2
    y = round(18 + (row - gantt._scroll + 0.5) * gantt._row_px())
    qtbot.mouseClick(gantt, LEFT, pos=QPoint(x, y))
    assert page.harbour.pick == Pick(supplied.station, supplied.points[0], supplied.id)


def test_select_takes_points_values_and_calls(open_page: OpenPage, supplied: ShipCall) -> None:
    page = open_page()
    for what in (supplied.points[0], f"{supplied.points[0]}/power_kw", supplied.station, supplied.id):
        page.close_drawer()
        page.select(what)
        assert page.harbour.pick is not None
        assert page.harbour.pick.station == supplied.station


def test_a_bad_value_shows_its_reason_and_not_the_old_value(
    open_page: OpenPage, port_engine: ScriptedEngine, supplied: ShipCall, qtbot: QtBot
) -> None:
    page = open_page()
    point = supplied.points[0]
    page.select(point)
    port_engine.read({f"{point}/power_kw": Reason.TIMEOUT})
    page._draw()
    power = next(s for s in page.drawer.signal_table.signals if "kW" in s.name)
    assert power.shore_bad
    assert power.shore == "no answer"


@pytest.mark.parametrize(
    ("width", "height", "theme"),
    [(1176, 584, "dark"), (1496, 764, "light"), (1816, 944, "dark"), (944, 504, "light")],
)
def test_pictures_of_the_page(
    open_page: OpenPage,
    port_desk: Desk,
    supplied: ShipCall,
    picture: Callable[[str], Path],
    qtbot: QtBot,
    theme: str,
    width: int,
    height: int,
) -> None:
    port_desk.looks.use(theme)
    try:
        page = open_page(width, height)
        page.select(supplied.points[0])
        qtbot.waitUntil(lambda: len(page.drawer.money_rows.facts) > 2, timeout=5000)
        path = picture(f"port-{theme}-{width}x{height}")
        assert page.grab().save(str(path))
        below = page.legend.mapTo(page, QPointF(0, page.legend.height())).y()
        assert below <= height
    finally:
        port_desk.looks.use("dark")


def test_a_site_without_shore_power_says_so(desk: Desk, qtbot: QtBot) -> None:
    page = PortPage(desk)
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    page.refresh_now()
    page.select("Q1-01")
    assert idle(desk.site) == {}
