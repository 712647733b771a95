"""An open Trends page shows a correction made elsewhere, and what was read again once that is taken back."""

from __future__ import annotations

import numpy as np

from energy_console.gui.pages.trends.page import TrendsPage
from energy_console.historian.correcting.book import CorrectionBook, propose
from energy_console.historian.correcting.change import Invalidate
from energy_console.historian.embedded.acting import acts_on
from tests.gui.scripted_engine import ScriptedEngine
from tests.gui.trends.conftest import POINTS, SPIKE_H


def greatest(page: TrendsPage) -> float:
    return float(np.nanmax(page.drawing.feeds[POINTS[0]].cells.high))


def test_an_open_page_follows_a_correction(page: TrendsPage, history: ScriptedEngine, qtbot, settled) -> None:
    page.select(POINTS[0])
    now_s = history.now_ns / 1e9
    page.following.show_window(now_s - 12 * 3600.0, now_s)
    settled()
    qtbot.waitUntil(lambda: greatest(page) == 9000.0)
    qtbot.waitUntil(lambda: page._revision is not None, timeout=20_000)
    spike_ns = history.now_ns - round(SPIKE_H * 3600e9)
    with acts_on(history.historian.folder) as acts:
        point = next(point for point in history.site.points if point.id == POINTS[0])
        minute_ns = 60_000_000_000
        book = CorrectionBook(acts)
        book.write(propose(acts.historian, point, Invalidate(), spike_ns - minute_ns, spike_ns + minute_ns), "x", "Ada")
    qtbot.waitUntil(lambda: greatest(page) < 2000.0, timeout=30_000)
    with acts_on(history.historian.folder) as acts:
        CorrectionBook(acts).undo(1, "Ada")
    qtbot.waitUntil(lambda: greatest(page) == 9000.0, timeout=30_000)
