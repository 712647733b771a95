"""Heat: every substation by the flow it wastes, and what one of them does."""

from energy_console.gui.desk import Desk
from energy_console.gui.pages.heat.page import HeatPage


def make_page(desk: Desk) -> HeatPage:
    return HeatPage(desk)
