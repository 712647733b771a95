"""What every page is: a widget with a desk, told when to draw anew and what to select."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from energy_console.engine.link import EngineNews
from energy_console.gui.desk import Desk
from energy_console.gui.parts.past_mark import PastMark

REFRESH_MS = 250  # a value on screen is never older than this plus the field's own cycle


class Page(QWidget):
    """Base of the pages. Subclasses build their widgets in `__init__` and draw what is newest in `refresh`.

    News only marks the page as out of date; `refresh` runs at most every `refresh_ms`, and never while the page is
    hidden. `scope` is the muted text after the page's title.
    """

    scope = Signal(str)
    refresh_ms = REFRESH_MS

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.looks = desk.looks
        self._due = True
        self._refreshed_s = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._refresh_if_due)
        desk.bridge.news.connect(self._on_news)
        desk.time.changed.connect(self.refresh_now)
        desk.past.came.connect(self.refresh_now)
        self._mark = PastMark(desk, self)

    def refresh(self) -> None:
        """Draws everything from what is newest (or from the moment picked). Must not block."""

    def on_news(self, news: EngineNews) -> None:
        """Every piece of news, as it comes, also while hidden; cheap work only."""

    def select(self, what: object) -> None:
        """Shows one thing: an id that another page, the palette or an alarm points to."""

    def subject(self) -> str:
        """What a note written from here is about: the device or point chosen, empty for the whole site."""
        return ""

    def refresh_now(self) -> None:
        self._due = True
        self._refresh_if_due()

    def _on_news(self, news: EngineNews) -> None:
        self.on_news(news)
        self._due = True
        if self.isVisible() and self.desk.time.live and not self._timer.isActive():  # the past does not change by news
            since_ms = round((time.monotonic() - self._refreshed_s) * 1000)
            self._timer.start(max(0, self.refresh_ms - since_ms))

    def _refresh_if_due(self) -> None:
        if self._due and self.isVisible():
            self._due = False
            self._refreshed_s = time.monotonic()
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh_if_due()
