"""The Plan page; `make_page` is what the registry calls."""

from __future__ import annotations

from energy_console.gui.desk import Desk
from energy_console.gui.pages.plan.page import PlanPage


def make_page(desk: Desk) -> PlanPage:
    return PlanPage(desk)
