"""The Devices page: how every link and device answers, what a device reads, and a probe of it."""

from __future__ import annotations

from energy_console.gui.desk import Desk
from energy_console.gui.pages.devices.page import DevicesPage


def make_page(desk: Desk) -> DevicesPage:
    return DevicesPage(desk)
