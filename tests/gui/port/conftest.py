"""The demo site's port on a scripted engine over a real store, and the Port page on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from energy_console.gui.desk import Desk
from energy_console.gui.pages.port.page import PortPage
from energy_console.gui.theme import Looks
from energy_console.historian.embedded import open_embedded
from energy_console.live.port import STEP_SUPPLIED
from energy_console.site.loader import load_site
from energy_console.site.model import ShipCall, Site
from energy_console.site.timetable import ship_calls
from tests.gui.scripted_engine import ScriptedEngine

DEMO = Path(__file__).parents[3] / "sites" / "port-demo"
FLEET = ("step", "mode", "alarms", "warnings", "power_kw", "energy_import_kwh", "ship_announced_kw")


@pytest.fixture(scope="session")
def demo() -> Site:
    return load_site(DEMO)


def idle(site: Site) -> dict[str, float]:
    """All access points free."""
    return {f"{point.device}/{quantity}": 0.0 for point in site.access_points for quantity in FLEET}


@pytest.fixture
def port_engine(demo: Site, tmp_path: Path) -> Iterator[ScriptedEngine]:
    """Running; every point idle an hour ago and now."""
    now_ns = round(dt.datetime.now(dt.UTC).timestamp() * 1e9)
    made = ScriptedEngine(demo, open_embedded(tmp_path / "store", writing=True), now_ns - 3600 * 10**9)
    made.start()
    made.read(idle(demo))
    made.now_ns = now_ns - 10**9
    made.read(idle(demo))
    yield made
    made.close()


@pytest.fixture
def port_desk(port_engine: ScriptedEngine, looks: Looks) -> Iterator[Desk]:
    made = Desk(port_engine, "M. de Vries", looks)
    yield made
    made.close()


@pytest.fixture
def call_now(demo: Site) -> ShipCall:
    """A ship with points that lies at berth now and for some time yet."""
    now = dt.datetime.now(dt.UTC)
    calls = ship_calls(demo, now, now + dt.timedelta(minutes=1))
    here = [call for call in calls if call.points and call.arrives < now and call.leaves > now]
    return max(here, key=lambda call: call.leaves)


@pytest.fixture
def supplied(port_engine: ScriptedEngine, call_now: ShipCall) -> ShipCall:
    """The ship takes 100 kW at each of its points."""
    values = {}
    for point in call_now.points:
        values |= {
            f"{point}/step": float(STEP_SUPPLIED),
            f"{point}/power_kw": 100.0,
            f"{point}/energy_import_kwh": 50.0,
        }
    port_engine.read(values)
    return call_now


@pytest.fixture
def open_page(port_desk: Desk, qtbot: QtBot) -> Callable[[int, int], PortPage]:
    """The page, shown in a size and drawn once."""

    def made(width: int = 1500, height: int = 780) -> PortPage:
        page = PortPage(port_desk)
        qtbot.addWidget(page)
        page.resize(width, height)
        page.show()
        qtbot.waitExposed(page)
        qtbot.waitUntil(lambda: page.harbour.harbour is not None)
        page.refresh_now()
        return page

    return made
