"""pyqtgraph without the console, for `bench trends`: the same moves on fewer readings, in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.benchmarks.trends_year import DAY_S, START_S, day_of_power

WIDTH, HEIGHT = 1600, 900


@dataclass(frozen=True, slots=True)
class Frames:
    """Times of frames, ms: by the clock, and of the drawing thread alone (`cpu`). `asked`: questions to the store."""

    count: int
    p50: float
    p95: float
    p99: float
    worst: float
    cpu_p50: float
    cpu_p95: float
    cpu_p99: float
    asked: int


def frames_of(taken_ms: list[float], worked_ms: list[float], asked: int) -> Frames:
    clock = np.percentile(taken_ms, (50, 95, 99, 100))
    cpu = np.percentile(worked_ms, (50, 95, 99))
    return Frames(len(taken_ms), *(round(float(value), 2) for value in (*clock, *cpu)), asked)


def paint_counter(watched: Any) -> Any:
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


class Bare:
    """`settle` lets Qt work until something is done; `colours` are those of the curves."""

    def __init__(self, settle: Callable[[Callable[[], bool], float], None], colours: Any) -> None:
        self.settle, self._colours = settle, colours

    def frames(self, curves: int, count: int, *, tuned: bool) -> Frames:
        time_s, day = START_S + np.arange(DAY_S, dtype=float), day_of_power(0)
        window = self._plain([(time_s, day + 130.0 * curve) for curve in range(curves)], tuned=tuned)
        paints = paint_counter(window.viewport())
        taken, worked = [], []
        spans = np.concatenate((np.full(count // 2, 0.85 * DAY_S), np.geomspace(DAY_S, 60, count // 2)))
        for place, span in enumerate(spans):
            start_s = START_S + 0.15 * DAY_S * (place % 20) / 20
            clock, cpu, painted = time.perf_counter(), time.thread_time(), paints.count
            window.setXRange(start_s, start_s + span, padding=0)
            self.settle(lambda painted=painted: paints.count > painted, 10)
            taken.append((time.perf_counter() - clock) * 1e3)
            worked.append((time.thread_time() - cpu) * 1e3)
        window.close()
        return frames_of(taken, worked, 0)

    def live_ms(self, curves: int, updates: int, window_s: float, every_s: float) -> float:
        """Processor ms for each update of as many curves as the page's, set and painted."""
        readings = round(window_s / every_s)
        time_s, value = np.arange(readings) * every_s, day_of_power(0)[:readings]
        window = self._plain([(time_s, value + 130.0 * curve) for curve in range(curves)], tuned=True)
        items, paints = window.getPlotItem().listDataItems(), paint_counter(window.viewport())
        cpu = time.process_time()
        for update in range(updates):
            shifted, painted = time_s + update * every_s, paints.count
            for place, item in enumerate(items):
                item.setData(shifted, value + 130.0 * place)
            window.setXRange(shifted[0], shifted[-1], padding=0)
            self.settle(lambda painted=painted: paints.count > painted, 10)
        spent = time.process_time() - cpu
        window.close()
        return round(spent / updates * 1e3, 1)

    def _plain(self, curves: list[tuple[np.ndarray, np.ndarray]], *, tuned: bool) -> Any:
        import pyqtgraph as pg

        window = pg.PlotWidget()
        for place, (time_s, value) in enumerate(curves):
            item = window.plot(time_s, value, pen=self._colours[place % 7])
            if tuned:
                item.setClipToView(True)
                item.setDownsampling(auto=True, method="peak")
        window.setYRange(0, 130.0 * len(curves) + 900, padding=0)
        window.resize(WIDTH, HEIGHT)
        window.show()
        return window
