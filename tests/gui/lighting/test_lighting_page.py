"""The Lighting page driven by real mouse and key events over a scripted engine and a real store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from energy_console.gui.desk import Desk
from energy_console.gui.pages.lighting.page import LightingPage
from energy_console.gui.pages.registry import entry
from energy_console.gui.theme import Looks
from energy_console.historian.embedded import open_embedded
from energy_console.live.lighting import Finding
from energy_console.site.loader import load_site
from energy_console.site.model import Site
from energy_console.site.sun import nights
from tests.gui.scripted_engine import ScriptedEngine
from tests.live.test_lighting import usual

DEMO = Path(__file__).parents[3] / "sites" / "port-demo"
LEFT = Qt.MouseButton.LeftButton
OpenPage = Callable[..., LightingPage]


@pytest.fixture(scope="session")
def demo() -> Site:
    return load_site(DEMO)


@pytest.fixture(scope="session")
def night(demo: Site) -> tuple[dt.datetime, dt.datetime]:
    """Dusk and dawn of a whole night that is over."""
    now = dt.datetime.now(dt.UTC)
    return [pair for pair in nights(demo.place, now - dt.timedelta(hours=60), now) if pair[1] < now][-1]


def ns(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1e9)


@pytest.fixture
def light_engine(demo: Site, tmp_path: Path, night: tuple[dt.datetime, dt.datetime]) -> Iterator[ScriptedEngine]:
    """Every cabinet at 80 % two hours into that night, and off in the day before it."""
    store = open_embedded(tmp_path / "store", writing=True)
    made = ScriptedEngine(demo, store, ns(night[0] - dt.timedelta(hours=3)))
    made.start()
    made.read(usual(demo, 0.0))
    for minutes in (115, 120):
        made.now_ns = ns(night[0] + dt.timedelta(minutes=minutes))
        made.read({**usual(demo), "L-15/circuit_2_a": 0.0, "L-15/lamps_failed": 14.0})
    yield made
    made.close()


@pytest.fixture
def light_desk(light_engine: ScriptedEngine, looks: Looks) -> Iterator[Desk]:
    made = Desk(light_engine, "M. de Vries", looks)
    yield made
    made.close()


@pytest.fixture
def open_page(light_desk: Desk, qtbot: QtBot, night: tuple[dt.datetime, dt.datetime]) -> OpenPage:
    """The page at two hours into the night (or at another time), drawn from the store."""

    def made(width: int = 1496, height: int = 764, minutes: float = 120.2) -> LightingPage:
        light_desk.time.pick(night[0] + dt.timedelta(minutes=minutes))
        page = LightingPage(light_desk)
        qtbot.addWidget(page)
        page.resize(width, height)
        page.show()
        qtbot.waitExposed(page)
        page.refresh_now()
        qtbot.waitUntil(lambda: page.selected != "", timeout=8000)
        return page

    return made


def test_the_registry_makes_the_page(light_desk: Desk, qtbot: QtBot) -> None:
    page = entry("lighting").make(light_desk)
    qtbot.addWidget(page)
    assert isinstance(page, LightingPage)


def test_the_dead_circuit_comes_first_and_is_selected(open_page: OpenPage) -> None:
    page = open_page()
    assert page.selected == "L-15"
    assert page.map.look_of("L-15").priority == 2
    assert page.table.table.table_model.id_at(0) == "L-15"
    assert "L-15" in page.answer_line.accessibleName()
    assert "14 lamps out behind 1 cabinets" in page.answer_line.accessibleName()


def test_every_group_is_on_the_map_at_its_level(open_page: OpenPage, demo: Site) -> None:
    page = open_page()
    levels = {page.map.look_of(group.id).level for group in demo.lighting}
    assert levels == {0.8125}  # 80 % in steps of 1/16


def test_a_click_on_a_street_selects_its_group(open_page: OpenPage, qtbot: QtBot) -> None:
    page = open_page()
    place = page.map.place_of("L-26").toPoint()
    qtbot.mouseClick(page.map, LEFT, pos=place)
    assert page.selected == "L-26"
    assert page.table.table.selected_id() == "L-26"
    qtbot.waitUntil(lambda: page.detail.plot.picture is not None, timeout=5000)


def test_a_row_of_the_table_marks_its_street(open_page: OpenPage, qtbot: QtBot) -> None:
    page = open_page()
    table = page.table.table
    rect = table.visualRect(table.table_model.index(3, 1))
    qtbot.mouseClick(table.viewport(), LEFT, pos=rect.center())
    assert page.selected == table.table_model.id_at(3)


def test_arrows_walk_the_map_by_rank_and_t_opens_trends(open_page: OpenPage, light_desk: Desk, qtbot: QtBot) -> None:
    page = open_page()
    page.map.setFocus()
    second = page.table.table.table_model.id_at(1)
    qtbot.keyClick(page.map, Qt.Key.Key_Down)
    assert page.selected == second
    with qtbot.waitSignal(light_desk.trend) as caught:
        qtbot.keyClick(page.map, Qt.Key.Key_T)
    assert caught.args[0] == [f"{second}/power_kw", f"{second}/level"]


def test_the_map_zooms_and_moves_and_comes_back(open_page: OpenPage, qtbot: QtBot) -> None:
    page = open_page()
    whole = page.map.px_per_m
    qtbot.keyClick(page.map, Qt.Key.Key_Plus)
    assert page.map.px_per_m > whole
    before = page.map.place_of("L-26")
    qtbot.mousePress(page.map, LEFT, pos=QPoint(200, 100))
    qtbot.mouseMove(page.map, QPoint(240, 130))
    qtbot.mouseRelease(page.map, LEFT, pos=QPoint(240, 130))
    qtbot.keyClick(page.map, Qt.Key.Key_0)
    assert page.map.px_per_m == pytest.approx(whole)
    assert page.map.place_of("L-26") != before


def test_the_night_is_drawn_with_its_minimum_and_its_own_clock(open_page: OpenPage, qtbot: QtBot, demo: Site) -> None:
    page = open_page()
    qtbot.waitUntil(
        lambda: page.level_plot.picture is not None and len(page.level_plot.picture.curves) == 3, timeout=5000
    )
    picture = page.level_plot.picture
    assert picture is not None
    group = next(group for group in demo.lighting if group.id == page.selected)
    assert max(picture.curves[0].value) == group.floor
    assert picture.curves[1].label == "own clock"
    assert max(value for value in picture.curves[2].value if value == value) == pytest.approx(0.8, abs=0.01)


def test_by_day_the_page_tells_when_dusk_comes(open_page: OpenPage, demo: Site, night: tuple[dt.datetime, ...]) -> None:
    page = open_page(minutes=-179.5)
    dusk = night[0].astimezone(demo.place.zone).strftime("%H:%M")
    assert f"Off until dusk {dusk}" in page.answer_line.accessibleName()
    assert {page.map.look_of(group.id).level for group in demo.lighting} == {-1.0}
    assert {page.map.look_of(group.id).priority for group in demo.lighting} == {0}


def test_live_values_take_over_when_the_desk_goes_live(
    open_page: OpenPage, light_engine: ScriptedEngine, light_desk: Desk, demo: Site, qtbot: QtBot
) -> None:
    page = open_page()
    light_engine.fall_silent("L-58")
    assert page.map.look_of("L-58").level == 0.8125
    light_desk.time.pick(None)
    assert page.map.look_of("L-58").level is None
    assert page._scene is not None
    row = [group.id for group in demo.lighting].index("L-58")
    assert page._scene.now.findings[row] is Finding.SILENT


def test_nothing_is_painted_anew_while_nothing_changes(open_page: OpenPage, qtbot: QtBot) -> None:
    page = open_page()
    qtbot.waitUntil(lambda: page.map.drawn > 0)
    page._draw()
    qtbot.wait(50)
    drawn = page.map.drawn
    page._draw()
    qtbot.wait(50)
    assert page.map.drawn == drawn


@pytest.mark.parametrize(
    ("width", "height", "theme"), [(1176, 584, "light"), (1496, 764, "dark"), (1816, 944, "light")]
)
def test_pictures_of_the_page(
    open_page: OpenPage,
    light_desk: Desk,
    picture: Callable[[str], Path],
    qtbot: QtBot,
    theme: str,
    width: int,
    height: int,
) -> None:
    light_desk.looks.use(theme)
    try:
        page = open_page(width, height)
        qtbot.waitUntil(lambda: page.detail.plot.picture is not None, timeout=5000)
        assert page.grab().save(str(picture(f"lighting-{theme}-{width}x{height}")))
    finally:
        light_desk.looks.use("dark")


def test_a_site_without_lighting_says_so(desk: Desk, qtbot: QtBot) -> None:
    page = LightingPage(desk)
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    page.refresh_now()
    page.select("anything")
    assert page.selected == ""
