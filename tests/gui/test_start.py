"""The window as a process of its own: scaled by two, and on a real X server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from energy_console.gui.theme import ALARM_STRIP_HEIGHT, DARK

ROOT = Path(__file__).resolve().parents[2]

# Runs the whole window on a scripted engine, opens every page, saves a picture, closes.
CHILD = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer, qInstallMessageHandler

complaints = []
qInstallMessageHandler(lambda kind, context, text: complaints.append(text))

from energy_console.gui import run
from energy_console.gui.frame.main_window import MainWindow
from energy_console.gui.frame.memory import Memory
from energy_console.historian.embedded import open_embedded
from tests.gui.scripted_engine import ScriptedEngine, everyday
from tests.gui.small_site import small_site

folder = Path(sys.argv[1])
memory = Memory(folder / "memory.ini")
memory.keep_scale(int(sys.argv[2]))
memory.save()
site = small_site()

def look():
    window = next(w for w in run.QApplication.topLevelWidgets() if isinstance(w, MainWindow))
    engine.read(everyday(site.points, 0.0))
    for key in window.stack.entries:
        window.open_page(key)
    window.open_page("devices")
    run.QApplication.processEvents()
    window.grab().save(str(folder / "window.png"))
    window.close()

class Looked(ScriptedEngine):
    def start(self):
        super().start()
        QTimer.singleShot(300, look)
        QTimer.singleShot(15_000, run.QApplication.quit)

engine = Looked(site, open_embedded(folder / "store", writing=True))
code = run.run_window(engine, "M. Brandt", memory_file=folder / "memory.ini")
engine.close()
quiet = [text for text in complaints if not text.startswith("This plugin does not support")]
print("\\n".join(quiet))
sys.exit(code or (4 if quiet else 0))
"""


def run_child(folder: Path, scale: int, command: list[str], platform: str) -> QImage:
    environment = {**os.environ, "QT_QPA_PLATFORM": platform, "PYTHONPATH": str(ROOT)}
    environment.pop("QT_SCALE_FACTOR", None)
    child = subprocess.run(
        [*command, sys.executable, "-c", CHILD, str(folder), str(scale)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
        cwd=ROOT,
    )
    assert child.returncode == 0, child.stdout + child.stderr
    return QImage(str(folder / "window.png"))


def test_twice_the_scale_makes_everything_twice_as_large(tmp_path):
    image = run_child(tmp_path, 200, [], "offscreen")
    assert image.width() >= 2 * 1024
    under_the_name = 2 * ALARM_STRIP_HEIGHT - 1  # the hairline under the site's name
    assert image.pixelColor(20, under_the_name).name() == DARK.line.name()
    assert image.pixelColor(20, ALARM_STRIP_HEIGHT - 1).name() != DARK.line.name()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="an X server is a Linux matter")
@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="Xvfb is missing: apt install xvfb")
def test_the_whole_window_runs_on_an_x_server(tmp_path):
    image = run_child(tmp_path, 100, ["xvfb-run", "-a", "-s", "-screen 0 1920x1080x24"], "xcb")
    assert image.width() >= 1024
    colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
    assert len(colours) > 20
