"""A page in a window of its own, for another monitor. Closing it puts the page back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.frame.replay_bar import ReplayBar
from energy_console.gui.frame.time_picker import TimePicker
from energy_console.gui.pages.page import Page
from energy_console.gui.pages.registry import PageEntry
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.text import title
from energy_console.gui.theme import PAGE_MARGIN, TITLE_ROW_HEIGHT


class TornOff(QWidget):
    """`closing` is emitted before the window goes, while the page can still be taken out of it."""

    closing = Signal(object)

    def __init__(self, desk: Desk, entry: PageEntry, page: Page) -> None:
        super().__init__()
        self.entry = entry
        self.page = page
        self.setWindowTitle(f"{entry.name} · {desk.site.name}")
        self.picker = TimePicker(desk)
        head = QWidget()
        head.setFixedHeight(TITLE_ROW_HEIGHT)
        row = QHBoxLayout(head)
        row.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        row.addWidget(title(entry.name))
        row.addSpacing(8)
        row.addWidget(self.picker)
        row.addStretch(1)
        row.addWidget(Button(desk.looks, self.tr("Back into the window"), "arrow-square-in", on_click=self._close))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(head)
        self.replay_bar = ReplayBar(desk)
        replay = QHBoxLayout()
        replay.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        replay.addWidget(self.replay_bar)
        self._column.addLayout(replay)
        self._column.addWidget(page, 1)
        page.show()
        self.resize(1200, 800)

    def _close(self) -> None:
        self.close()

    def tick(self) -> None:
        self.picker.tick()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit(self)
        super().closeEvent(event)
