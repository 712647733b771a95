"""The Lighting page; `make_page` is what the registry calls."""

from __future__ import annotations

from energy_console.gui.desk import Desk
from energy_console.gui.pages.lighting.page import LightingPage


def make_page(desk: Desk) -> LightingPage:
    return LightingPage(desk)
