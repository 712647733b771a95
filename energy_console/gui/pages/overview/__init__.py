"""Overview: is anything wrong, how much is used against what may be, what comes next, what today costs and emits."""

from energy_console.gui.desk import Desk
from energy_console.gui.pages.overview.page import OverviewPage


def make_page(desk: Desk) -> OverviewPage:
    return OverviewPage(desk)
