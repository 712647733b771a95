"""The pages of the window: made when first opened, shown one at a time, put into windows of their own and back."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLineEdit, QScrollArea, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.frame.memory import Memory
from energy_console.gui.frame.torn_off import TornOff
from energy_console.gui.pages.page import Page
from energy_console.gui.pages.registry import PageEntry
from energy_console.gui.parts.state_pane import StatePane

log = logging.getLogger(__name__)


# What a page needs to be legible; in less room, as on a 1920x1080 screen at 200 %, it is scrolled.
SMALLEST_PAGE = QSize(1100, 560)


class BrokenPage(Page):
    """Stands for a page that could not be made, and says so."""

    def __init__(self, desk: Desk, name: str, error: Exception) -> None:
        super().__init__(desk)
        column = QVBoxLayout(self)
        todo = self.tr("{0}. The other pages work; the log tells the rest.").format(f"{type(error).__name__}: {error}")
        column.addWidget(StatePane(desk.looks, "error", self.tr("{0} cannot be shown.").format(name), todo))


class PageFrame(QScrollArea):
    """Holds one page at the size of the window; scrolls only where the page needs more.

    Qt's own resizing would ask pages with wrapped words for the height they like best, and scroll too soon.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def fit(self) -> None:
        page = self.widget()
        if page is not None:
            needed = page.minimumSizeHint().expandedTo(SMALLEST_PAGE)
            page.resize(self.maximumViewportSize().expandedTo(needed))

    def hold(self, page: Page) -> None:
        """Takes a page in, and watches what it needs."""
        self.setWidget(page)
        page.installEventFilter(self)
        self.fit()

    def release(self) -> None:
        """Lets the page go into another window."""
        if (page := self.takeWidget()) is not None:
            page.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # words got longer, say
            self.fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()


class PageStack(QStackedWidget):
    """`shown` tells the key of the page now in front; `away` a key and whether it has a window of its own."""

    shown = Signal(str)
    away = Signal(str, bool)
    scope = Signal(str, str)

    def __init__(self, desk: Desk, memory: Memory, entries: Sequence[PageEntry]) -> None:
        super().__init__()
        self._desk = desk
        self._memory = memory
        self.entries = {entry.key: entry for entry in entries}
        self.pages: dict[str, Page] = {}
        self._frames: dict[str, PageFrame] = {}
        self.scopes: dict[str, str] = {}
        self.windows: dict[str, TornOff] = {}
        self.current = ""
        self._nothing = StatePane(desk.looks, "empty", self.tr("Every page is in its own window."))
        self.addWidget(self._nothing)

    def page(self, key: str) -> Page:
        """The page, made now if it was never opened. Raises KeyError for a page this build does not have."""
        if key not in self.pages:
            page = self._make(key)
            page.setAccessibleName(self.entries[key].name)
            self._name_clear_buttons(page)
            page.scope.connect(lambda words, key=key: self._keep_scope(key, words))
            self.pages[key] = page
            self._frames[key] = frame = PageFrame()
            self.addWidget(frame)
            frame.hold(page)
        return self.pages[key]

    def _name_clear_buttons(self, page: Page) -> None:
        """Qt puts a cross into search fields and gives it no name."""
        for line in page.findChildren(QLineEdit):
            for button in line.findChildren(QToolButton):
                button.setAccessibleName(button.accessibleName() or self.tr("Clear"))

    def _make(self, key: str) -> Page:
        try:
            return self.entries[key].make(self._desk)
        except Exception as error:
            log.exception("page %s could not be opened", key)
            return BrokenPage(self._desk, self.entries[key].name, error)

    def in_front(self) -> QWidget:
        """The page now shown, or the pane that says there is none."""
        return self.pages[self.current] if self.current and self.current not in self.windows else self._nothing

    def _keep_scope(self, key: str, words: str) -> None:
        self.scopes[key] = words
        self.scope.emit(key, words)

    def open(self, key: str, what: object = None) -> Page:
        """Shows a page, in its own window if it has one, and selects `what` on it."""
        page = self.page(key)
        if key in self.windows:
            self.windows[key].show()
            self.windows[key].raise_()
            self.windows[key].activateWindow()
        else:
            self.setCurrentWidget(self._frames[key])
            self.current = key
            page.setFocus()
            self.shown.emit(key)
        if what is not None:
            page.select(what)
        return page

    def tear_off(self, key: str) -> TornOff:
        """Moves a page into its own window; the next page comes to the front."""
        page = self.page(key)
        if key in self.windows:
            return self.windows[key]
        self._frames[key].release()
        window = TornOff(self._desk, self.entries[key], page)
        window.restoreGeometry(self._memory.place(f"page/{key}"))
        window.closing.connect(self._put_back)
        self.windows[key] = window
        self.away.emit(key, True)
        window.show()
        self._show_another()
        return window

    def _show_another(self) -> None:
        here = [key for key in self.entries if key not in self.windows]
        if here:
            self.open(here[0])
        else:
            self.setCurrentWidget(self._nothing)

    def _put_back(self, window: QWidget) -> None:
        if isinstance(window, TornOff):
            key = window.entry.key
            self._memory.keep_place(f"page/{key}", window.saveGeometry())
            self._frames[key].hold(window.page)
            del self.windows[key]
            window.deleteLater()
            self.away.emit(key, False)

    def close_windows(self) -> tuple[str, ...]:
        """Closes the windows of torn-off pages; returns their keys, so that the next start can open them again."""
        keys = tuple(self.windows)
        for key in keys:
            self.windows[key].close()
        return keys
