"""Trends: any points together over any time, live and history in one curve."""

from __future__ import annotations

from energy_console.gui.desk import Desk
from energy_console.gui.pages.page import Page


def make_page(desk: Desk) -> Page:
    from energy_console.gui.pages.trends.page import TrendsPage

    return TrendsPage(desk)
