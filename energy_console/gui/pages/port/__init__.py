"""The Port page; `make_page` is what the registry calls."""

from __future__ import annotations

from energy_console.gui.desk import Desk
from energy_console.gui.pages.port.page import PortPage


def make_page(desk: Desk) -> PortPage:
    return PortPage(desk)
