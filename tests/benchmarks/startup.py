"""From `main.py` to a window with live values of the demo site, and what it costs to stay there.

    main.py bench startup [--json] [--for 60s]

Starts the console in a process of its own, offscreen, with the demo's virtual devices beside it and an empty store.
`window_s` and `live_s` count from the start of the process to the first painted window and to the first moment at which
nine in ten points are good. `second_window_s` is the same with the store already there. Idle is the console's own
processor time and memory after that, the virtual devices not counted. The ratio is to a bare Qt window of the same
size that opens and idles in the same run.
"""

from __future__ import annotations

import json as as_json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BARE = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
window = QWidget()
window.resize(1600, 900)
window.show()
app.processEvents()
print(time.time(), flush=True)
QTimer.singleShot(0, app.quit)
app.exec()
"""

CONSOLE = """
import json, sys, threading, time
from pathlib import Path
import psutil
from energy_console.app.open_engine import DEMO, open_engine

def main():
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    opened = open_engine(DEMO, folder / "store", virtual=True)
    # as the console does: the window's libraries while the devices' own process begins
    from energy_console.gui.desk import Desk
    from energy_console.gui.frame.main_window import MainWindow
    from energy_console.gui.frame.memory import Memory
    from energy_console.gui.run import make_application
    from PySide6.QtCore import QTimer
    memory = Memory(folder / "memory.ini")
    app, looks = make_application(memory, "dark")
    desk = Desk(opened.engine, "bench", looks)
    window = MainWindow(desk, memory)
    window.resize(1600, 900)
    window.show()
    app.processEvents()
    result = {"window_at": time.time()}
    process = psutil.Process()

    def hear(news):
        if "live_at" not in result and news.health and news.health.good_points > 0.9 * news.health.points:
            result["live_at"] = time.time()
            QTimer.singleShot(10_000, idle_begins)

    def idle_begins():
        result["cpu_0"], result["at_0"] = sum(process.cpu_times()[:2]), time.time()
        QTimer.singleShot(int(seconds * 1000), idle_ends)

    def idle_ends():
        result["idle_share"] = (sum(process.cpu_times()[:2]) - result["cpu_0"]) / (time.time() - result["at_0"])
        result["memory_mb"] = process.memory_info().rss / 2**20
        app.quit()

    desk.bridge.news.connect(hear)
    opened.engine.start()
    QTimer.singleShot(60_000 + int(seconds * 1000), app.quit)
    app.exec()
    desk.close()
    opened.close()
    print(json.dumps(result), flush=True)

if __name__ == "__main__":
    main()
"""


TARGETS = {"live_s": 5.0, "second_window_s": 2.0, "idle_share_of_a_core": 0.15, "memory_mb": 400.0}


def run(json: bool, for_s: float = 30.0) -> int:
    """Prints the figures; 0 where every target was met, 1 otherwise. `for_s`: how long the idle console is watched."""
    figures = measure(for_s)
    missed = [name for name, most in TARGETS.items() if figures[name] > most]
    if json:
        print(as_json.dumps({**figures, "targets": TARGETS, "missed": missed}))
    else:
        for name, value in figures.items():
            target = f"   at most {TARGETS[name]:g}" if name in TARGETS else ""
            print(f"{name:<22} {value:>8}{target}{'   missed' if name in missed else ''}")
    return 1 if missed else 0


def measure(idle_s: float) -> dict[str, float]:
    """A first and a second start of the console, and a bare window in the same run."""
    with tempfile.TemporaryDirectory(prefix="energy-console-bench-") as name:
        folder = Path(name)
        script = folder / "console.py"
        script.write_text(CONSOLE, encoding="utf-8")
        bare_s = min(_bare_window_s() for _ in range(3))
        first = _start(script, folder, idle_s)
        second = _start(script, folder, 5.0)
    return {
        "bare_window_s": round(bare_s, 2),
        "window_s": round(first["window_s"], 2),
        "second_window_s": round(second["window_s"], 2),
        "window_to_bare_ratio": round(second["window_s"] / bare_s, 1),
        "live_s": round(first["live_s"], 2),
        "second_live_s": round(second["live_s"], 2),
        "idle_share_of_a_core": round(first["idle_share"], 3),
        "memory_mb": round(first["memory_mb"]),
    }


def _environment() -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}


def _bare_window_s() -> float:
    began = time.time()
    out = subprocess.run([sys.executable, "-c", BARE], env=_environment(), capture_output=True, text=True, check=True)
    return float(out.stdout) - began


def _start(script: Path, folder: Path, seconds: float) -> dict[str, float]:
    began = time.time()
    command = [sys.executable, str(script), str(folder), str(seconds)]
    out = subprocess.run(command, env=_environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    if out.returncode or not out.stdout.strip():
        raise RuntimeError(f"The console did not start: {out.stderr.strip()[-2000:]}")
    figures: dict[str, float] = as_json.loads(out.stdout.strip().splitlines()[-1])
    figures["window_s"] = figures["window_at"] - began
    figures["live_s"] = figures.get("live_at", float("inf")) - began
    return figures
