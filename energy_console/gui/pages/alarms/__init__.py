"""The Alarms page: what is open at the time shown, and the journal."""

from energy_console.gui.desk import Desk
from energy_console.gui.pages.alarms.page import AlarmsPage


def make_page(desk: Desk) -> AlarmsPage:
    return AlarmsPage(desk)
