"""The Devices page: one device going silent touches only its own row; filters, points, drag and probe."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QItemSelectionModel, QMimeData, Qt

from energy_console.engine.link import ProbedSpan, ProbedValue, ProbeReport
from energy_console.gui.pages.devices import make_page
from energy_console.gui.pages.devices.field_rows import ALL, SILENT, address_of, device_rows, group_by_link, sums_of
from energy_console.gui.pages.devices.page import DevicesPage
from energy_console.gui.parts.point_drag import POINTS_MIME, dragged_points
from hardware.points import Reason, status_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(desk, qtbot) -> DevicesPage:
    made = make_page(desk)
    qtbot.addWidget(made)
    made.resize(1500, 780)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_the_panel_says_what_is_known_to_go_wrong_with_a_type(page):
    page.select("B1-01")
    assert "60 ms of silence" in page.panel._traps.whole()
    assert page.panel._traps.isVisible()
    page.select("Q1-01")
    assert not page.panel._traps.isVisible()


def listed(page: DevicesPage) -> dict[str, tuple[str, ...]]:
    return {group.link: group.devices for group in page.tree.field_model.groups}


def test_only_the_device_that_fell_silent_changes(page, engine, desk):
    before = dict(desk.latest.devices)
    engine.fall_silent("Q1-04")
    page.refresh_now()
    changed = [device for device, state in desk.latest.devices.items() if state != before[device]]
    assert changed == ["Q1-04"]
    assert listed(page)["gw-quay-1"] == ("Q1-04",)
    assert len(listed(page)["gw-quay-2"]) == 8
    assert page.segments._buttons[SILENT].text() == "Silent 1"


def test_it_comes_back_by_itself(page, engine):
    engine.fall_silent("Q1-04")
    page.refresh_now()
    engine.set_device("Q1-04", "answering")
    page.refresh_now()
    assert len(listed(page)["gw-quay-1"]) == 10
    assert page.segments._buttons[SILENT].text() == "Silent 0"


def test_segments_add_up_to_all_devices(page, engine, desk):
    engine.fall_silent("Q1-01")
    engine.set_device("H1-01", "slow", "slow, 412 ms")
    engine.set_device("W1-01", "out of service", "by L. Lind")
    page.refresh_now()
    numbers = {key: int(button.text().split()[-1]) for key, button in page.segments._buttons.items()}
    assert numbers == {"all": 61, "silent": 1, "slow": 1, "off": 1}


def test_the_silent_filter_lists_only_the_silent_and_says_when_there_are_none(page, engine, qtbot):
    qtbot.mouseClick(page.segments._buttons[SILENT], LEFT)
    assert page.nothing.isVisible()
    engine.fall_silent("Q1-04")
    page.refresh_now()
    assert listed(page) == {"gw-quay-1": ("Q1-04",)}
    assert not page.nothing.isVisible()


def test_the_search_finds_by_link_profile_and_unit(page, qtbot):
    qtbot.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(page.search, "quay-2 unit 3")
    assert listed(page) == {"gw-quay-2": ("Q2-03",)}
    page.search.clear()
    qtbot.keyClicks(page.search, "no such thing")
    button = page.nothing._button
    qtbot.mouseClick(button, LEFT)
    assert len(listed(page)) == 8


def test_what_answers_folds_into_one_line_that_unfolds_on_a_click(page, engine, qtbot):
    engine.fall_silent("Q1-04")
    page.refresh_now()
    group = page.tree.field_model.groups[0]
    assert group.folded == 9
    link = page.tree.field_model.index(0, 0)
    fold = page.tree.field_model.index(1, 0, link)
    qtbot.mouseClick(page.tree.viewport(), LEFT, pos=page.tree.visualRect(fold).center())
    assert len(listed(page)["gw-quay-1"]) == 10


def test_a_click_on_a_device_shows_its_points_with_value_quality_and_age(page, engine, desk, qtbot):
    engine.read({"Q1-02/power_kw": Reason.TIMEOUT, "Q1-02/voltage_v": 398.6})
    page.tree.setExpanded(page.tree.field_model.index(0, 0), True)
    place = page.tree.visualRect(page.tree.field_model.index_of("Q1-02")).center()
    qtbot.mouseClick(page.tree.viewport(), LEFT, pos=place)
    table = page.panel._table
    row = table.table_model.row_of("Q1-02/power_kw")
    texts = [table.table_model.index(row, column).data() for column in range(4)]
    assert texts[2] == "no answer"
    assert texts[1] == "–"
    assert "without value" in page.panel._note.whole()


def test_a_moment_of_the_past_shows_the_values_of_then(page, engine, desk, qtbot):
    import datetime as dt

    page.select("Q1-02")
    then = engine.now_ns
    engine.read({"Q1-02/power_kw": 111.0})
    engine.now_ns += 3_600_000_000_000
    engine.read({"Q1-02/power_kw": 222.0})
    desk.time.pick(dt.datetime.fromtimestamp(then / 1e9 + 60, dt.UTC))
    table = page.panel._table

    def value() -> str:
        return table.table_model.index(table.table_model.row_of("Q1-02/power_kw"), 1).data()

    qtbot.waitUntil(lambda: value() == "111 kW", timeout=3000)
    assert " at " in page.panel._note.whole()
    desk.time.pick(None)
    assert value() == "222 kW"


def test_t_trends_the_points_selected_and_dragging_carries_their_ids(page, desk, qtbot):
    asked = []
    desk.trend.connect(asked.append)
    page.select("Q1-02/power_kw")
    table = page.panel._table
    other = table.table_model.index(table.table_model.row_of("Q1-02/voltage_v"), 0)
    flags = QItemSelectionModel.SelectionFlag
    table.selectionModel().select(other, flags.Select | flags.Rows)
    qtbot.keyClick(table, Qt.Key.Key_T)
    assert sorted(asked[0]) == ["Q1-02/power_kw", "Q1-02/voltage_v"]
    mime = table.table_model.mimeData(table.selectionModel().selectedRows())
    assert sorted(dragged_points(mime)) == sorted(asked[0])
    assert mime.hasFormat(POINTS_MIME)
    assert dragged_points(QMimeData()) == []


def test_a_device_dragged_from_the_tree_carries_its_power(page):
    mime = page.tree.field_model.mimeData([page.tree.field_model.index_of("L1-02")])
    assert dragged_points(mime) == ["L1-02/power_kw"]


def test_a_probe_shows_words_and_values_and_marks_the_words_of_a_value(page, engine, qtbot, picture):
    value = ProbedValue("B1-01/voltage_l1_v", "input", 0, 2, "float32", 230.5, status_of(Reason.GOOD))
    spans = (
        ProbedSpan("input", 0, (0x4366, 0x8000), 19.0, ""),
        ProbedSpan("input", 200, (), 1000.0, "no answer in 1 s"),
    )
    engine.probes["B1-01"] = ProbeReport("B1-01", engine.now_ns, spans, (value,))
    page.select("B1-01")
    qtbot.mouseClick(page.panel.probe_button, LEFT)
    view = page.panel._probe
    assert "1 of 2 requests answered" in view._sentence.text()
    view._table.select_id("B1-01/voltage_l1_v")
    assert view._words._marked == ("input", 0, 2)
    assert page.panel.probe_button.isEnabled()
    assert page.grab().save(str(picture("devices-probe")))


def test_a_probe_without_answer_says_why_and_what_to_do(page, qtbot):
    page.select("B1-02")
    qtbot.mouseClick(page.panel.probe_button, LEFT)
    assert "did not answer" in page.panel._probe._pane.accessibleName()


def test_the_panel_closes_by_its_cross_and_by_escape_and_opens_again(page, qtbot):
    page.select("B1-02")
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert page.panel.isHidden()
    page.select("B1-02")
    assert page.panel.isVisible()


def test_selecting_something_the_site_does_not_have_is_told(page, desk):
    said = []
    desk.said.connect(said.append)
    page.select("NO-SUCH/power_kw")
    assert "no device NO-SUCH" in said[0]


def test_sums_of_a_link_are_the_sums_of_its_devices(site, engine):
    engine.fall_silent("Q1-04")
    sums = sums_of([device.id for device in site.devices], engine.devices)
    assert sums.devices == 61
    assert sums.answering + sums.silent == 61
    assert sums.lost == sum(state.lost for state in engine.devices.values())


def test_a_silent_device_has_the_shape_of_its_alarm(page, engine):
    engine.fall_silent("Q1-04")
    engine.raise_alarm(2, "Q1-04", "Q1-04: no answer")
    engine.raise_alarm(4, "Q1-04/alarms", "Q1-04: door open", state="acknowledged")
    page.refresh_now()
    assert page.tree._alarms == {"Q1-04": (2, "new")}
    before = page.tree.grab().toImage()
    engine.raise_alarm(1, "Q1-04", "Q1-04: feeder open")
    page.refresh_now()
    assert page.tree.grab().toImage() != before


def test_a_filter_never_hides_a_device_for_good(site, engine):
    rows = device_rows(site)
    groups = group_by_link(site, rows, engine.devices, ALL, "", frozenset())
    assert sum(len(group.devices) + group.folded for group in groups) == 61


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("tcp://10.20.4.11:502", "Modbus TCP 10.20.4.11:502"),
        ("rtu+tcp://10.20.7.3:4001", "RTU over TCP 10.20.7.3:4001"),
        ("serial:///dev/ttyS3?baud=9600&parity=E", "Serial RTU ttyS3 9600"),
    ],
)
def test_addresses_are_told_in_words(url, text):
    assert address_of(url) == text
