"""Frame times of 20 curves of 86,400 readings at 1600x900, panned and zoomed, against pyqtgraph in the same run.

Called by `main.py bench trends`. One frame is a new time range, painted into the window's own store with Qt's raster
engine (platform `offscreen`: no display, no GPU, no waiting for one). One window is open at a time, since each would
paint late frames in the others' turns; two rounds, so that whatever else the machine does falls on all of them.

as it comes    PlotWidget.plot(x, y), nothing set
tuned          clipToView and automatic peak downsampling, set after plot()
console        the curve item of energy_console.gui.plots

Measured on two cores of an AMD EPYC with Python 3.11, PySide6 6.11.3, pyqtgraph 0.14.0 (p50 / p95, ms a frame):
as it comes pan 53 / 55, zoom 31 / 48; tuned pan 34 / 35, zoom 9 / 36; console pan 16 / 17, zoom 12 / 16.
"""

from __future__ import annotations

import json as json_format
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

CURVES = 20
READINGS = 86_400
WIDTH, HEIGHT = 1600, 900
START_S = 1_763_766_000.0  # 22 Nov 2025, 00:00 in Amsterdam
PAN_FRAMES = 60
ZOOM_FRAMES = 40
ROUNDS = 2
TARGET_MS = 25.0

Opener = Callable[[], tuple[Callable[[float, float], None], Callable[[], None]]]
"""Opens a window; gives how to show a time range in it, and how to close it."""


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Times of one competitor, ms."""

    pan_p50: float
    pan_p95: float
    zoom_p50: float
    zoom_p95: float


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
    for _ in range(ROUNDS):
        for name, opener in openers.items():
            show, close = opener()
            show(*zoom[-1])  # a range of its own: one that is shown already paints nothing
            for start, end in pan + zoom:
                before = time.perf_counter()
                show(start, end)
                taken[name].append((time.perf_counter() - before) * 1e3)
            close()
    return {name: _summary(np.array(times).reshape(ROUNDS, -1)) for name, times in taken.items()}


def _summary(times_ms: np.ndarray) -> FrameTimes:
    pan, zoom = times_ms[:, :PAN_FRAMES], times_ms[:, PAN_FRAMES:]
    shares = (50, 95)
    return FrameTimes(*(float(value) for part in (pan, zoom) for value in np.percentile(part, shares)))


def competitors() -> dict[str, Opener]:
    """The three windows, each with the same readings."""
    import pyqtgraph as pg
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtGui import QColor
    from PySide6.QtWidgets import QApplication, QWidget

    from energy_console.gui.plots.curve import CurveItem
    from energy_console.gui.plots.pyramid import Pyramid

    class Paints(QObject):
        """Counts the paint events of one viewport."""

        def __init__(self, watched: QWidget) -> None:
            super().__init__(watched)
            self.count = 0
            watched.installEventFilter(self)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            self.count += event.type() == QEvent.Type.Paint
            return False

    app = QApplication.instance() or QApplication([])
    time_s, values = readings()
    colours = [QColor(code) for code in ("#56B4E9", "#2DB58C", "#D98CB8", "#C9CFD6")]

    def opener(fill: Callable[[pg.PlotWidget], None]) -> Opener:
        def opened() -> tuple[Callable[[float, float], None], Callable[[], None]]:
            window = pg.PlotWidget()
            window.resize(WIDTH, HEIGHT)
            fill(window)
            window.setYRange(-50, 2100, padding=0)
            window.show()
            app.processEvents()
            paints = Paints(window.viewport())

            def show(start_s: float, end_s: float) -> None:
                painted = paints.count
                window.setXRange(start_s, end_s, padding=0)
                given_up = time.monotonic() + 5
                while paints.count == painted and time.monotonic() < given_up:
                    app.processEvents()

            return show, window.close

        return opened

    def as_it_comes(window: pg.PlotWidget) -> None:
        for curve, value in enumerate(values):
            window.plot(time_s, value, pen=colours[curve % 4])

    def tuned(window: pg.PlotWidget) -> None:
        for curve, value in enumerate(values):
            item = window.plot(time_s, value, pen=colours[curve % 4])
            item.setClipToView(True)
            item.setDownsampling(auto=True, method="peak")

    def console(window: pg.PlotWidget) -> None:
        for curve, value in enumerate(values):
            window.addItem(CurveItem(Pyramid(time_s, value), colours[curve % 4]))

    return {"as it comes": opener(as_it_comes), "tuned": opener(tuned), "console": opener(console)}


def run(json: bool) -> int:
    """Measures and prints; 0 if the console's curves hold the target at the 95th percentile, 1 if not."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    found = measure(competitors())
    console, plain = found["console"], found["as it comes"]
    held = max(console.pan_p95, console.zoom_p95) <= TARGET_MS
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
        )
    pan, zoom = plain.pan_p50 / console.pan_p50, plain.zoom_p50 / console.zoom_p50
    verdict = "held" if held else "MISSED"
    print(f"  as it comes : console = {pan:.1f} panning, {zoom:.1f} zooming; target {TARGET_MS:.0f} ms {verdict}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(run("--json" in sys.argv))
