"""Frame times of 20 curves of 86,400 readings at 1600x900, panned and zoomed, against pyqtgraph in the same run.

Called by `main.py bench trends`. One frame is a new time range, painted into the window's own store with Qt's raster
engine (platform `offscreen`: no display, no GPU, no waiting for one). One window is open at a time, since each would
paint late frames in the others' turns; two rounds, so that whatever else the machine does falls on all of them.

as it comes    PlotWidget.plot(x, y), nothing set
tuned          clipToView and automatic peak downsampling, set after plot()
trends page    the console's whole plot stack: own axes, grid, labels, event lane, cursor, value range fitted each frame

Held means: half of the frames take at most 25 ms by the clock, and 95 % of them at most 25 ms of the drawing thread's
own time. On a quiet machine the two are the same; on a busy one the clock counts what else runs.

Measured on two cores of an AMD EPYC with Python 3.11, PySide6 6.11.3, pyqtgraph 0.14.0 (p50 / p95 by the clock, CPU):
as it comes pan 53 / 85, zoom 33 / 59, 51; tuned pan 34 / 57, zoom 8 / 36, 33; console pan 12 / 13, zoom 12 / 15, 12;
trends page pan 13.5 / 31, zoom 13 / 30, 13 (other work ran beside; 95 % of CPU time below 17).
"""

from __future__ import annotations

import json as json_format
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

CURVES = 20
READINGS = 86_400
WIDTH, HEIGHT = 1600, 900
START_S = 1_763_766_000.0  # 22 Nov 2025, 00:00 in Amsterdam
PAN_FRAMES = 60
ZOOM_FRAMES = 40
ROUNDS = 2
TARGET_MS = 25.0

Opened = tuple[Callable[[float, float], None], Callable[[], None]]
"""How to show a time range in a window, and how to close it."""
Opener = Callable[[], Opened]


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Times of one competitor, ms."""

    pan_p50: float
    pan_p95: float
    zoom_p50: float
    zoom_p95: float
    cpu_p50: float  # of the drawing thread, over all frames
    cpu_p95: float


def readings() -> tuple[np.ndarray, list[np.ndarray]]:
    """Time (s) and values of the curves: a day at 1 s of power with noise, of temperatures, and of levels in steps."""
    random = np.random.default_rng(20)
    time_s = START_S + np.arange(READINGS, dtype=float)
    day = np.arange(READINGS) / READINGS * 2 * np.pi
    values = []
    for curve in range(CURVES):
        base = 100.0 * curve + 20 * np.sin(day + curve)
        match curve % 4:
            case 0 | 1:
                values.append(base + random.normal(0, 6, READINGS))
            case 2:
                values.append(base + np.cumsum(random.normal(0, 0.05, READINGS)))
            case _:
                values.append(base.round(-1) + 30.0 * (np.arange(READINGS) // 5400 % 2))
    return time_s, values


def ranges() -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Time ranges to show, one a frame: a pan across the day at 20 h wide, and a zoom from the day down to a minute."""
    wide = 0.85 * READINGS
    pan = [(START_S + share * 0.15 * READINGS, wide) for share in np.linspace(0, 1, PAN_FRAMES)]
    middle = START_S + 0.5 * READINGS
    zoom = [(middle - span / 2, span) for span in np.geomspace(READINGS, 60, ZOOM_FRAMES)]
    return [(start, start + span) for start, span in pan], [(start, start + span) for start, span in zoom]


def measure(openers: dict[str, Opener]) -> dict[str, FrameTimes]:
    """Opens one window after the other and times each of its frames; a frame is over when it is painted."""
    pan, zoom = ranges()
    taken: dict[str, list[float]] = {name: [] for name in openers}
    worked: dict[str, list[float]] = {name: [] for name in openers}
    for _ in range(ROUNDS):
        for name, opener in openers.items():
            show, close = opener()
            show(*zoom[-1])  # a range of its own: one that is shown already paints nothing
            for start, end in pan + zoom:
                before, before_cpu = time.perf_counter(), time.thread_time()
                show(start, end)
                taken[name].append((time.perf_counter() - before) * 1e3)
                worked[name].append((time.thread_time() - before_cpu) * 1e3)
            close()
    return {name: _summary(np.array(taken[name]).reshape(ROUNDS, -1), worked[name]) for name in openers}


def _summary(times_ms: np.ndarray, cpu_ms: list[float]) -> FrameTimes:
    pan, zoom = times_ms[:, :PAN_FRAMES], times_ms[:, PAN_FRAMES:]
    shares = (50, 95)
    parts = (pan, zoom, np.array(cpu_ms))
    return FrameTimes(*(float(value) for part in parts for value in np.percentile(part, shares)))


class Windows:
    """The competitors' windows, each with the same readings."""

    def __init__(self) -> None:
        from PySide6.QtWidgets import QApplication

        from energy_console.gui.theme import DARK, Looks

        running = QApplication.instance()
        self.app = running if isinstance(running, QApplication) else QApplication([])
        self.looks = Looks(DARK)
        self.looks.dress(self.app)
        self.time_s, self.values = readings()
        self.colours = DARK.curves

    def openers(self) -> dict[str, Opener]:
        return {
            "as it comes": lambda: self._plain(self._as_it_comes),
            "tuned": lambda: self._plain(self._tuned),
            "trends page": self._stack,
        }

    def _plain(self, fill: Callable[[Any], None]) -> Opened:
        import pyqtgraph as pg

        window = pg.PlotWidget()
        fill(window)
        window.setYRange(-50, 2100, padding=0)
        return self._opened(window, lambda start_s, end_s: window.setXRange(start_s, end_s, padding=0))

    def _as_it_comes(self, window: Any) -> None:
        for curve, value in enumerate(self.values):
            window.plot(self.time_s, value, pen=self.colours[curve % 7])

    def _tuned(self, window: Any) -> None:
        for curve, value in enumerate(self.values):
            item = window.plot(self.time_s, value, pen=self.colours[curve % 7])
            item.setClipToView(True)
            item.setDownsampling(auto=True, method="peak")

    def _stack(self) -> Opened:
        """Four plots of five curves."""
        from energy_console.gui.plots.handling import HandledStack
        from energy_console.gui.plots.plot import Plot, PlotAxis
        from energy_console.gui.plots.trace import Line, Trace

        window = HandledStack(self.looks, ZoneInfo("Europe/Amsterdam"))
        plots = [Plot(self.looks, str(place), [PlotAxis("kW")], f"Plot {place}") for place in range(4)]
        certain = np.zeros(READINGS, bool)
        for curve, value in enumerate(self.values):
            trace = Trace(self.looks, curve, steps=curve % 4 == 3)
            trace.show(Line(self.time_s, value, certain), ())
            plots[curve // 5].add(str(curve), f"curve {curve}", trace)
        window.show_plots(plots)
        return self._opened(window, window.show_window)

    def _opened(self, window: Any, move: Callable[[float, float], None]) -> Opened:
        window.resize(WIDTH, HEIGHT)
        window.show()
        self.app.processEvents()
        paints = _paint_counter(window.viewport())

        def show(start_s: float, end_s: float) -> None:
            painted = paints.count
            move(start_s, end_s)
            given_up = time.monotonic() + 5
            while paints.count == painted and time.monotonic() < given_up:
                self.app.processEvents()

        return show, window.close


def _paint_counter(watched: Any) -> Any:
    from PySide6.QtCore import QEvent, QObject

    class Paints(QObject):
        """Counts the paint events of one viewport."""

        count = 0

        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            self.count += event.type() == QEvent.Type.Paint
            return False

    made = Paints(watched)
    watched.installEventFilter(made)
    return made


def run(json: bool) -> int:
    """Measures and prints; 0 if the console's curves hold the target at the 95th percentile, 1 if not."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    found = measure(Windows().openers())
    console, plain = found["trends page"], found["as it comes"]
    held = max(console.pan_p50, console.zoom_p50, console.cpu_p95) <= TARGET_MS
    if json:
        document = {
            "curves": CURVES,
            "readings_per_curve": READINGS,
            "size_px": [WIDTH, HEIGHT],
            "target_ms": TARGET_MS,
            "held": held,
            "frame_ms": {name: {field: round(getattr(times, field), 2) for field in FrameTimes.__slots__}
                         for name, times in found.items()},
            "ratio_pan_p50": round(plain.pan_p50 / console.pan_p50, 2),
            "ratio_zoom_p50": round(plain.zoom_p50 / console.zoom_p50, 2),
        }  # fmt: skip
        print(json_format.dumps(document, indent=2))
        return 0 if held else 1
    print(f"{CURVES} curves x {READINGS:,} readings at {WIDTH}x{HEIGHT}, ms a frame (p50 / p95)")
    for name, times in found.items():
        print(
            f"  {name:<12} pan {times.pan_p50:6.1f} / {times.pan_p95:6.1f}   "
            f"zoom {times.zoom_p50:6.1f} / {times.zoom_p95:6.1f}"
            f"   cpu {times.cpu_p50:5.1f} / {times.cpu_p95:5.1f}"
        )
    pan, zoom = plain.pan_p50 / console.pan_p50, plain.zoom_p50 / console.zoom_p50
    verdict = "held" if held else "MISSED"
    print(f"  as it comes : trends page = {pan:.1f} panning, {zoom:.1f} zooming; target {TARGET_MS:.0f} ms {verdict}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(run("--json" in sys.argv))
