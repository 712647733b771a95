"""A Trends page on the small site whose store holds 30 hours of a few points: noise, a gap, simulated values, steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.page import TrendsPage
from hardware.points import Reason, ScanBatch, status_of
from tests.gui.scripted_engine import ScriptedEngine

STEP_S = 30
HOURS = 30
POINTS = ("Q1-01/power_kw", "Q1-02/power_kw", "H1-01/supply_c", "L1-01/level")
GAP_H = (10.0, 8.5)  # hours before now in which Q1-02 did not answer
SIMULATED_H = (5.0, 3.0)  # hours before now in which Q1-01 was simulated
SPIKE_H = 6.0  # hours before now of one reading of 9,000 kW


@pytest.fixture
def history(engine: ScriptedEngine) -> ScriptedEngine:
    """The engine of the desk, with the past written to its store behind its back."""
    index = {point.id: row for row, point in enumerate(engine.site.points)}
    count = HOURS * 3600 // STEP_S
    ago_h = np.arange(count, 0, -1) * STEP_S / 3600
    random = np.random.default_rng(4)
    values = np.column_stack(
        [
            1200 + random.normal(0, 8, count),
            800 + random.normal(0, 8, count),
            80 + np.sin(ago_h),
            (ago_h > 12).astype(float),
        ]
    )
    status = np.zeros(values.shape, np.uint16)
    silent = (ago_h <= GAP_H[0]) & (ago_h > GAP_H[1])
    values[silent, 1], status[silent, 1] = np.nan, status_of(Reason.TIMEOUT)
    status[(ago_h <= SIMULATED_H[0]) & (ago_h > SIMULATED_H[1]), 0] = status_of(Reason.SIMULATED)
    values[np.argmin(np.abs(ago_h - SPIKE_H)), 0] = 9000.0
    rows = np.array([index[point] for point in POINTS], np.int32)
    time_ns = engine.now_ns - (ago_h * 3600e9).astype(np.int64)
    assert engine.historian is not None
    for sequence, part in enumerate(np.array_split(np.arange(count), 4)):
        batch = ScanBatch(
            10 + sequence,
            np.tile(rows, len(part)),
            np.repeat(time_ns[part], len(rows)),
            values[part].ravel(),
            status[part].ravel(),
        )
        engine.historian.append(batch)
    return engine


@pytest.fixture
def page(history: ScriptedEngine, desk: Desk, qtbot) -> Iterator[TrendsPage]:
    desk.clock_ns = lambda: history.now_ns  # the desk's clock is the engine's
    made = TrendsPage(desk)
    qtbot.addWidget(made)
    made.resize(1500, 800)
    made.show()
    qtbot.waitUntil(lambda: made.views.loaded)
    yield made
    made.hide()


@pytest.fixture
def settled(page: TrendsPage, qapp: QApplication, qtbot) -> Callable[[], None]:
    """Waits until the window is at rest and every feed has its answer."""

    def wait() -> None:
        def done() -> bool:
            return page.drawing.settled and page.stack.at_rest

        qtbot.waitUntil(done, timeout=20_000)
        qapp.processEvents()

    return wait
