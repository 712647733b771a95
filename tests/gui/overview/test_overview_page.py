"""The Overview over a scripted engine and a real store: the answer, the figures, what can be opened from it."""

import datetime as dt
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from energy_console.gui.desk import Desk
from energy_console.gui.pages.overview.attention import AttentionRow
from energy_console.gui.pages.overview.page import OverviewPage
from energy_console.gui.pages.overview.tiles import AreaTile
from energy_console.historian.embedded import open_embedded
from energy_console.site.loader import load_site
from tests.gui.scripted_engine import ScriptedEngine

SITES = Path(__file__).resolve().parents[3] / "sites"


@pytest.fixture
def page(desk, qtbot) -> OverviewPage:
    made = OverviewPage(desk)
    made.resize(1400, 800)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made._behind is not None, timeout=5000)
    return made


def test_with_nothing_wrong_it_says_so(page, qtbot):
    page.refresh_now()
    assert page._answer.accessibleName().startswith("Nothing is urgent.")


def test_an_urgent_alarm_is_the_answer_and_stands_first_in_the_list(page, engine, qtbot):
    engine.raise_alarm(3, engine.site.devices[0].id, "A low one")
    engine.raise_alarm(1, engine.site.devices[1].id, "Feeder QW-2: breaker open")
    page.refresh_now()
    assert page._answer.accessibleName().startswith("Feeder QW-2: breaker open.")
    rows = [row for row in page.findChildren(AttentionRow) if row.isVisible()]
    assert [row.alarm.priority for row in rows] == [1, 3]


def test_a_click_and_enter_on_an_alarm_open_its_device(page, engine, desk, qtbot):
    device = engine.site.devices[1].id
    engine.raise_alarm(2, device, "Point lost")
    page.refresh_now()
    row = next(row for row in page.findChildren(AttentionRow) if row.isVisible())
    with qtbot.waitSignal(desk.open_page) as clicked:
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(desk.open_page) as pressed:
        qtbot.keyClick(row, Qt.Key.Key_Return)
    assert clicked.args == pressed.args == ["devices", device]


def test_every_area_of_the_site_has_a_tile_that_opens_its_page(page, desk, qtbot):
    tiles = page.findChildren(AreaTile)
    assert {tile.key for tile in tiles} <= {"port", "charging", "lighting", "heat", "water", "buildings"}
    assert tiles
    for tile in tiles:
        with qtbot.waitSignal(desk.open_page):
            qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
        with qtbot.waitSignal(desk.open_page):
            qtbot.keyClick(tile, Qt.Key.Key_Return)


def test_a_lost_import_meter_is_a_dash_and_never_a_zero(looks, qtbot, tmp_path):
    site = load_site(SITES / "one-meter")
    engine = ScriptedEngine(site, open_embedded(tmp_path / "store", writing=True))
    desk = Desk(engine, "M. Brandt", looks)
    engine.start()
    engine.read({"meter/power_kw": 4.2})
    page = OverviewPage(desk)
    qtbot.addWidget(page)
    page.show()
    page.refresh_now()
    assert page._figures["import"].accessibleName().startswith("Grid import now: 4 kW")
    engine.fall_silent("meter")
    page.refresh_now()
    assert page._figures["import"].accessibleName().startswith("Grid import now: –")
    qtbot.waitUntil(lambda: page._behind is not None, timeout=5000)
    desk.close()
    engine.close()


def test_a_moment_of_the_past_is_taken_from_the_store(page, engine, desk, qtbot):
    desk.time.pick(dt.datetime.fromtimestamp(engine.now_ns / 1e9, dt.UTC) + dt.timedelta(seconds=60))
    qtbot.waitUntil(lambda: page._behind is not None and page._behind.moment == desk.time.moment, timeout=5000)
    assert page._plot._picture is not None
    assert not page._plot._picture.live
