"""The table of pages, in the order of the rail. A page's module is imported when it is first opened."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from energy_console.gui.desk import Desk
from energy_console.gui.pages.page import Page


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page. `module` has `make_page(desk) -> Page`; `group` puts a hairline between groups on the rail."""

    key: str
    title: str  # source text, translated by `name`
    icon: str
    shortcut: str
    module: str
    group: int

    @property
    def name(self) -> str:
        return QCoreApplication.translate("pages", self.title)

    def landed(self) -> bool:
        """Whether the page is part of this build."""
        return importlib.util.find_spec(self.module) is not None

    def make(self, desk: Desk) -> Page:
        page = importlib.import_module(self.module).make_page(desk)
        if not isinstance(page, Page):
            raise TypeError(f"{self.module}.make_page must return a Page")
        return page


_PAGES = "energy_console.gui.pages."

ENTRIES: tuple[PageEntry, ...] = (
    PageEntry(
        "overview", str(QT_TRANSLATE_NOOP("pages", "Overview")), "squares-four", "Ctrl+1", _PAGES + "overview", 0
    ),
    PageEntry("trends", str(QT_TRANSLATE_NOOP("pages", "Trends")), "chart-line", "Ctrl+2", _PAGES + "trends", 0),
    PageEntry("port", str(QT_TRANSLATE_NOOP("pages", "Port")), "anchor", "Ctrl+3", _PAGES + "port", 1),
    PageEntry("lighting", str(QT_TRANSLATE_NOOP("pages", "Lighting")), "lamp", "Ctrl+4", _PAGES + "lighting", 1),
    PageEntry("heat", str(QT_TRANSLATE_NOOP("pages", "Heat")), "thermometer", "Ctrl+5", _PAGES + "heat", 1),
    PageEntry("alarms", str(QT_TRANSLATE_NOOP("pages", "Alarms")), "bell", "Ctrl+6", _PAGES + "alarms", 2),
    PageEntry("plan", str(QT_TRANSLATE_NOOP("pages", "Plan")), "calendar-check", "Ctrl+7", _PAGES + "plan", 2),
    PageEntry("devices", str(QT_TRANSLATE_NOOP("pages", "Devices")), "hard-drives", "Ctrl+8", _PAGES + "devices", 3),
)


def pages() -> tuple[PageEntry, ...]:
    """The pages of this build, in rail order."""
    return tuple(entry for entry in ENTRIES if entry.landed())


def entry(key: str) -> PageEntry:
    """Raises KeyError for a page this build does not have."""
    for candidate in pages():
        if candidate.key == key:
            return candidate
    raise KeyError(key)
