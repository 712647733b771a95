"""The Heat page over a scripted engine and a real store, driven by mouse and keys."""

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from energy_console.gui.desk import Desk
from energy_console.gui.pages.heat.page import HeatPage
from energy_console.historian.embedded import open_embedded
from energy_console.site.loader import load_site
from hardware.points import GOOD_STATUS, ScanBatch
from tests.gui.scripted_engine import ScriptedEngine

PORT_DEMO = Path(__file__).resolve().parents[3] / "sites" / "port-demo"
HOUR_NS = 3600 * 10**9


@pytest.fixture(scope="module")
def heat_site():
    whole = load_site(PORT_DEMO)
    return dataclasses.replace(whole, heat=whole.heat[:6])


def units(site, second=0.0):
    """Six units; the third cools badly."""
    values = {}
    for row, unit in enumerate(site.heat):
        back = 60.0 if row == 2 else 38.0
        heat, cooling = 50.0 + row, 75.0 - back
        values |= {
            f"{unit.meter}/supply_c": 75.0,
            f"{unit.meter}/return_c": back,
            f"{unit.meter}/heat_power_kw": heat,
            f"{unit.meter}/flow_m3h": heat / (1.163 * cooling),
            f"{unit.meter}/heat_energy_kwh": 1000.0 + heat * second / 3600,
            f"{unit.meter}/volume_m3": 500.0 + heat / (1.163 * cooling) * second / 3600,
            f"{unit.meter}/info_code": 0.0,
            f"{unit.controller}/outside_c": 6.0 + row / 10,
        }
    return values


@pytest.fixture
def page(heat_site, looks, qtbot, tmp_path):
    engine = ScriptedEngine(heat_site, open_embedded(tmp_path / "store", writing=True))
    desk = Desk(engine, "M. Brandt", looks)
    now = dt.datetime.now(dt.UTC)
    for hours in range(12, -1, -1):
        values = units(heat_site, (12 - hours) * 3600.0)
        rows = np.array([engine.live.index[point] for point in values], np.int32)
        times = np.full(len(rows), int(now.timestamp() * 1e9) - hours * HOUR_NS)
        batch = ScanBatch(1, rows, times, np.array(list(values.values())), np.full(len(rows), GOOD_STATUS, np.uint16))
        engine.historian.append(batch)
        engine.live.apply(batch)
    engine.start()
    made = HeatPage(desk)
    made.resize(1400, 780)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made._span is not None and made._day is not None, timeout=8000)
    made.engine = engine
    yield made
    desk.close()
    engine.close()


def test_the_unit_that_cools_badly_stands_first_and_is_named(page, heat_site):
    bad = heat_site.heat[2]
    assert page.table.table.table_model.id_at(0) == bad.id
    assert bad.name in page.answer_line.accessibleName()
    assert page.selected == bad.id or page.table.table.select_id(bad.id)


def test_a_click_chooses_a_unit_and_t_trends_its_meter(page, heat_site, qtbot):
    table = page.table.table
    index = table.table_model.index(3, 1)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(index).center())
    chosen = table.table_model.id_at(3)
    assert page.selected == chosen
    meter = next(unit.meter for unit in heat_site.heat if unit.id == chosen)
    with qtbot.waitSignal(page.desk.trend) as asked:
        qtbot.keyClick(table, Qt.Key.Key_T)
    assert f"{meter}/return_c" in asked.args[0]
    qtbot.waitUntil(lambda: page._day is not None and page._day.unit == chosen, timeout=5000)


def test_an_alarm_of_a_meter_shows_its_unit(page, heat_site):
    page.select(f"{heat_site.heat[4].meter}/info_code")
    assert page.selected == heat_site.heat[4].id


def test_a_silent_meter_is_told_as_such_and_its_figures_are_dashes(page, heat_site):
    page.engine.fall_silent(heat_site.heat[1].meter)
    page.refresh_now()
    row = page.table.table.table_model.row_of(heat_site.heat[1].id)
    assert page.table.table.table_model.value(row, "reading") == "no answer"
    assert np.isnan(page.table.table.table_model.value(row, "return"))


def test_a_moment_of_the_past_shows_the_values_of_then(page, heat_site, qtbot):
    rows = page.table.table.table_model
    unit = heat_site.heat[1]
    page.engine.fall_silent(unit.meter)
    page.desk.time.pick(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2) + dt.timedelta(minutes=1))
    qtbot.waitUntil(lambda: page.answer_line.accessibleName().startswith("At "), timeout=8000)
    qtbot.waitUntil(lambda: rows.value(rows.row_of(unit.id), "return") == 38.0, timeout=8000)
    page.desk.time.pick(None)
    assert not page.answer_line.accessibleName().startswith("At ")
    assert np.isnan(rows.value(rows.row_of(unit.id), "return"))


def test_a_moment_long_after_the_last_reading_shows_no_values(page, heat_site, qtbot):
    rows = page.table.table.table_model
    unit = heat_site.heat[1]
    page.desk.time.pick(dt.datetime.now(dt.UTC) - dt.timedelta(hours=2) + dt.timedelta(minutes=10))
    qtbot.waitUntil(lambda: page.answer_line.accessibleName().startswith("At "), timeout=8000)
    qtbot.waitUntil(lambda: np.isnan(rows.value(rows.row_of(unit.id), "return")), timeout=8000)


def test_a_site_without_heat_says_so(desk, qtbot):
    page = HeatPage(desk)
    qtbot.addWidget(page)
    page.show()
    page.refresh_now()
    assert not page._units
