"""Fixtures of the GUI tests: a dressed application without a display, a desk over a scripted engine, and the checks
that no test leaves a window, a worker or a Qt warning behind (warnings fail through pytest-qt's own setting)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QLocale
from PySide6.QtWidgets import QApplication

from energy_console.gui.desk import Desk
from energy_console.gui.frame.main_window import MainWindow
from energy_console.gui.frame.memory import Memory
from energy_console.gui.theme import DARK, Looks
from energy_console.historian.embedded import open_embedded
from energy_console.site.model import Site
from tests.gui.scripted_engine import ScriptedEngine, everyday
from tests.gui.small_site import small_site

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def looks(qapp: QApplication) -> Looks:
    """The theme of the whole run, put on the one application once."""
    QLocale.setDefault(QLocale("en_GB"))
    made = Looks(DARK)
    made.dress(qapp)
    return made


@pytest.fixture(scope="session")
def site() -> Site:
    return small_site()


@pytest.fixture
def engine(site: Site, tmp_path: Path) -> Iterator[ScriptedEngine]:
    """Running, every point read once and good."""
    made = ScriptedEngine(site, open_embedded(tmp_path / "store", writing=True))
    made.start()
    made.read(everyday(site.points, 0.0))
    yield made
    made.close()


@pytest.fixture
def desk(engine: ScriptedEngine, looks: Looks) -> Iterator[Desk]:
    made = Desk(engine, "M. Brandt", looks)
    engine.start()  # the desk listens now; it hears how everything stands
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fails a test that leaves a window open or a worker thread running."""
    windows = set(qapp.topLevelWidgets())
    threads = set(threading.enumerate())
    yield
    qapp.processEvents()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [window for window in qapp.topLevelWidgets() if window not in windows and window.isVisible()]
    assert not left, f"windows left open: {left}"
    working = [thread for thread in threading.enumerate() if thread not in threads and thread.is_alive()]
    assert not working, f"threads left running: {working}"


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[str], Path]:
    """Where a test keeps a picture: ENERGY_CONSOLE_PICTURES if it is set, its own folder otherwise."""
    folder = Path(os.environ.get("ENERGY_CONSOLE_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return lambda name: folder / f"{name}.png"


@pytest.fixture
def window(desk: Desk, tmp_path: Path, qtbot) -> Iterator[MainWindow]:
    """The whole window, shown, with a memory of its own; closed by the test's end at the latest."""
    made = MainWindow(desk, Memory(tmp_path / "memory.ini"))
    made.resize(1600, 900)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    yield made
    made.close()
    made.deleteLater()
