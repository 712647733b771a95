"""Frames of the Trends page over a year of seconds, and what live curves cost, against pyqtgraph in the same run.

Called by `main.py bench trends`. Everything is painted by Qt's raster engine into the window's own store (platform
`offscreen`: no display, no GPU, no waiting for one).

year   The whole page (tree, tools, tables and all) at 1600x900 with 20 curves of 31,536,000 readings each: how they
       are made stands in `trends_year`. A person's moves: bursts of pans and zooms, a frame every 1/60 s, with rests
       between, in which the page asks the store for what it lacks; the answers come while the next burst runs.
       A frame lasts from the move until the page is painted, with all that the window does meanwhile.
many   The same with 300 curves.
live   200 curves that get a reading ten times a second each, a window of 15 minutes. Share of a core, all threads.
bare   pyqtgraph in a window of its own, as it comes and with clipToView and peak downsampling set: 20 curves of 86,400
       readings, since a year of them does not fit; and 200 curves of 9,000 readings (15 minutes), set anew.

Held means: 95 % of the frames of `year` within 16 ms by the clock, or by the drawing thread's own time where other
programs share the machine and the two differ; `live` under 40 % of a core.

Measured on two shared cores of an AMD EPYC, Python 3.11, PySide6 6.11.3, pyqtgraph 0.14.0, own time p50 / p95 / p99:
load 5: 20 curves 4.5 / 12.5 / 17.3 (by the clock 8.5 / 26.8 / 41), 300 curves 12.1 / 30.4 / 42, 200 live 25 %;
load 18: 20 curves 7.4 / 17.6 / 27, 300 curves 13.9 / 32.3 / 38, bare 66 / 76, tuned 48 / 53, 200 live 24 % of a core,
23.9 ms an update (bare 179).
"""

from __future__ import annotations

import json as json_format
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.trends_bare import HEIGHT, WIDTH, Bare, Frames, frames_of, paint_counter
from tests.benchmarks.trends_year import DAY_S, START_S, engine_over, fill, site_with

DAYS = 365
CURVES, MANY, LIVE = 20, 300, 200
BURSTS, FRAMES = 16, 30
REST_S = 0.35
FRAME_S = 1 / 60
LIVE_S, LIVE_EVERY_S, LIVE_WINDOW_S = 15.0, 0.1, 900.0
BARE_FRAMES, BARE_UPDATES = 40, 12
FRAME_TARGET_MS, LIVE_TARGET = 16.0, 0.4


@dataclass(frozen=True, slots=True)
class Live:
    """`core`: share of a core over the whole time; `ms_an_update`: processor time for each tenth of a second."""

    core: float
    ms_an_update: float
    painted_a_second: float


class Bench:
    """One application; one window is open at a time."""

    def __init__(self) -> None:
        from PySide6.QtWidgets import QApplication

        from energy_console.gui.theme import DARK, Looks

        running = QApplication.instance()
        self.app = running if isinstance(running, QApplication) else QApplication([])
        self.looks = Looks(DARK)
        self.looks.dress(self.app)

    def settle(self, done: Callable[[], bool], patience_s: float = 120.0) -> None:
        until = time.monotonic() + patience_s
        while not done() and time.monotonic() < until:
            self.app.processEvents()
            time.sleep(0.002)

    def pass_time(self, seconds: float) -> None:
        """Lets the window live; it sleeps where it has nothing to do, as it would."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.app.processEvents()
            time.sleep(min(left, 0.002))

    # the page

    def page(self, folder: Path, curves: int, every_s: float, now_s: float) -> _OpenPage:
        from energy_console.historian.embedded import open_embedded

        return _OpenPage(self, open_embedded(folder, writing=True), site_with(curves, every_s), now_s)

    def year(self, folder: Path, curves: int) -> Frames:
        """Frames of bursts of panning and zooming, fetches running."""
        opened = self.page(folder, curves, 1.0, START_S + DAYS * DAY_S)
        try:
            opened.draw_all()
            opened.page.toolbar.spans.pick("1y")
            opened.known()
            asked = opened.store.asked
            taken, worked = [], []
            for move in _moves(opened.stack.width_px):
                if move is None:
                    self.pass_time(REST_S)
                    continue
                began = time.monotonic()
                clock, cpu = time.perf_counter(), time.thread_time()
                opened.painted_after(move)
                taken.append((time.perf_counter() - clock) * 1e3)
                worked.append((time.thread_time() - cpu) * 1e3)
                self.pass_time(FRAME_S - (time.monotonic() - began))
            return frames_of(taken, worked, opened.store.asked - asked)
        finally:
            opened.close()

    def live(self, folder: Path) -> Live:
        """What curves cost that grow ten times a second."""
        opened = self.page(folder, LIVE, LIVE_EVERY_S, START_S + DAYS * DAY_S)
        try:
            opened.draw_all()
            opened.page.toolbar.spans.pick("15min")
            opened.known()
            for _ in range(round(2 / LIVE_EVERY_S)):  # what comes first is not what comes every day
                self._tenth(opened, time.monotonic())
            paints, cpu, began = opened.paints.count, time.process_time(), time.monotonic()
            updates = round(LIVE_S / LIVE_EVERY_S)
            for update in range(updates):
                self._tenth(opened, began + update * LIVE_EVERY_S)
            spent, passed = time.process_time() - cpu, time.monotonic() - began
            painted = (opened.paints.count - paints) / passed
            return Live(round(spent / passed, 3), round(spent / updates * 1e3, 2), round(painted, 1))
        finally:
            opened.close()

    def _tenth(self, opened: _OpenPage, at_s: float) -> None:
        opened.one_reading_each()
        self.pass_time(at_s + LIVE_EVERY_S - time.monotonic())


class _OpenPage:
    """A Trends page over the year, shown; `close` ends its threads."""

    def __init__(self, bench: Bench, store: Any, site: Any, now_s: float) -> None:
        from energy_console.gui.desk import Desk
        from energy_console.gui.pages.trends.page import TrendsPage

        self._bench = bench
        self.engine = engine_over(store, site, now_s)
        self.store: Any = self.engine.historian
        self.desk = Desk(self.engine, "bench", bench.looks)
        self._began = time.monotonic()
        self.desk.clock_ns = lambda: self.engine.now_ns + round((time.monotonic() - self._began) * 1e9)  # type: ignore[method-assign]
        self.engine.start()
        self.page = TrendsPage(self.desk)
        self.page.resize(WIDTH, HEIGHT)
        self.page.show()
        self.stack = self.page.stack
        self.paints = paint_counter(self.stack.viewport())
        bench.settle(lambda: self.page.views.loaded)

    def draw_all(self) -> None:
        self.page.add([point.id for point in self.engine.site.points])
        self.known()

    def known(self) -> None:
        """Waits until the store has answered everything and the picture is sharp."""
        drawing, stack = self.page.drawing, self.stack

        def done() -> bool:
            return drawing.settled and stack.at_rest and all(plot.box.sharp for plot in stack.plots)

        self._bench.pass_time(0.3)
        self._bench.settle(done)

    def painted_after(self, move: Callable[[Any], None]) -> None:
        before = self.paints.count
        move(self.stack)
        until = time.monotonic() + 10
        while self.paints.count == before and time.monotonic() < until:
            self._bench.app.processEvents()

    def one_reading_each(self) -> None:
        from hardware.points import ScanBatch

        count = len(self.engine.site.points)
        index, status = np.arange(count, dtype=np.int32), np.zeros(count, np.uint16)
        now_ns = self.desk.clock_ns()
        second = now_ns / 1e9
        value = 700 + 130.0 * np.arange(count) + 40 * np.sin(second + np.arange(count))
        batch = ScanBatch(1, index, np.full(count, now_ns, np.int64), value, status)
        self.engine.live.apply(batch)
        self.engine.tell(batch=batch)

    def close(self) -> None:
        self.page.hide()
        self.desk.close()
        self.page.close()
        self.page.deleteLater()
        self._bench.app.processEvents()
        self.engine.close()


def _moves(width_px: float) -> list[Callable[[Any], None] | None]:
    """Bursts of moves with rests (None) between: drags to and fro, and the wheel from the year to minutes and back."""

    def drag(share: float) -> Callable[[Any], None]:
        return lambda stack: stack.pan(share)

    def wheel(factor: float) -> Callable[[Any], None]:
        return lambda stack: stack.zoom(factor, stack.start_s + 0.6 * (stack.end_s - stack.start_s))

    moves: list[Callable[[Any], None] | None] = []
    for burst in range(BURSTS):
        kinds = (drag(-9 / width_px), wheel(0.93), drag(17 / width_px), wheel(1 / 0.93))
        # far in at first, then out again, with a drag after every zoom
        order = (1, 0, 1, 2) if burst % 8 < 4 else (3, 0, 3, 2)
        moves += [kinds[order[burst % 4]]] * FRAMES
        moves.append(None)
    return moves


def measure(said: Callable[[str], None]) -> dict[str, Any]:
    """Fills the store and measures everything; figures by name."""
    bench = Bench()
    with tempfile.TemporaryDirectory(prefix="energy-console-") as folder:
        store = Path(folder) / "store"
        began = time.monotonic()
        fill(store, DAYS, lambda day: said(f"keeping day {day + 1} of {DAYS}"))
        kept_s = round(time.monotonic() - began, 1)
        said(f"{CURVES} curves over the year")
        year = bench.year(store, CURVES)
        said(f"{MANY} curves over the year")
        many = bench.year(store, MANY)
        said(f"{LIVE} live curves")
        live = bench.live(store)
    said("bare pyqtgraph")
    bare = Bare(bench.settle, bench.looks.theme.curves)
    plain, tuned = (bare.frames(CURVES, BARE_FRAMES, tuned=tuned) for tuned in (False, True))
    bare_live = bare.live_ms(LIVE, BARE_UPDATES, LIVE_WINDOW_S, LIVE_EVERY_S)
    held_frames = min(year.p95, year.cpu_p95) <= FRAME_TARGET_MS
    return {
        "curves": CURVES, "readings_per_curve": DAYS * DAY_S, "size_px": [WIDTH, HEIGHT], "kept_in_s": kept_s,
        "target_ms": FRAME_TARGET_MS, "target_core": LIVE_TARGET, "load": load(),
        "frame_ms": {"year": asdict(year), "many": asdict(many), "bare": asdict(plain), "bare tuned": asdict(tuned)},
        "live": asdict(live), "bare_live_ms_an_update": bare_live,
        "ratio_cpu_p50": round(year.cpu_p50 / tuned.cpu_p50, 2),
        "ratio_live": round(live.ms_an_update / bare_live, 3),
        "held": held_frames and live.core <= LIVE_TARGET,
    }  # fmt: skip


def load() -> list[float]:
    """What else the machine does: its load over 1, 5 and 15 minutes, where the system tells it."""
    return [round(part, 1) for part in os.getloadavg()] if hasattr(os, "getloadavg") else []


def run(json: bool) -> int:
    """Measures and prints; 0 if both targets are held, 1 if not."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    shown = sys.stderr.isatty()
    found = measure(lambda words: print(f"\r{words:<40}", end="", file=sys.stderr) if shown else None)
    if json:
        print(json_format.dumps(found, indent=2))
        return 0 if found["held"] else 1
    print(f"{CURVES} curves x {found['readings_per_curve']:,} readings at {WIDTH}x{HEIGHT}, ms a frame")
    names = {"year": f"{CURVES} curves", "many": f"{MANY} curves", "bare": "bare, a day", "bare tuned": "tuned, a day"}
    for key, name in names.items():
        times = found["frame_ms"][key]
        print(
            f"  {name:<13} p50 {times['p50']:6.1f}  p95 {times['p95']:6.1f}  p99 {times['p99']:6.1f}"
            f"   own time {times['cpu_p50']:6.1f} {times['cpu_p95']:6.1f} {times['cpu_p99']:6.1f}"
            f"   {times['count']} frames, {times['asked']} questions to the store"
        )
    live = found["live"]
    print(
        f"  {LIVE} live curves at 10 Hz: {live['core']:.1%} of a core, {live['ms_an_update']:.1f} ms an update"
        f" (bare {found['bare_live_ms_an_update']:.0f}), painted {live['painted_a_second']:.1f} times a second"
    )
    if found["load"]:
        print(f"  load of the machine over the last minutes: {', '.join(map(str, found['load']))}")
    verdict = "every target met" if found["held"] else "a target MISSED"
    print(f"  page : bare tuned = {found['ratio_cpu_p50']} a frame, {found['ratio_live']} live; {verdict}")
    return 0 if found["held"] else 1


if __name__ == "__main__":
    sys.exit(run("--json" in sys.argv))
