"""The mark of the past: a frame round whatever shows it, in the colour of text, which no alarm has."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget

from energy_console.gui.desk import Desk

WIDTH_PX = 3


class PastMark(QWidget):
    """Lies over its parent and lets every click through; shown while a moment of the past is picked.

    Open at the top, where the bar of the replay closes it.
    """

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._host = desk, parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        parent.installEventFilter(self)
        desk.time.changed.connect(self._follow)
        desk.looks.changed.connect(self.update)
        self._follow()

    def _follow(self) -> None:
        past = not self._desk.time.live
        if past != self.isVisibleTo(self._host):
            self.setVisible(past)
        if past:
            self._cover()

    def _cover(self) -> None:
        whole = self._host.rect()
        if self.geometry() != whole:
            self.setGeometry(whole)
            inner = whole.adjusted(WIDTH_PX, 0, -WIDTH_PX, -WIDTH_PX)
            self.setMask(QRegion(whole).subtracted(QRegion(inner)))  # nothing under it is drawn anew for its sake
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.ChildAdded) and not self._desk.time.live:
            self._cover()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour, whole = self._desk.looks.theme.muted, self.rect()
        for edge in (
            QRect(0, whole.height() - WIDTH_PX, whole.width(), WIDTH_PX),
            QRect(0, 0, WIDTH_PX, whole.height()),
            QRect(whole.width() - WIDTH_PX, 0, WIDTH_PX, whole.height()),
        ):
            painter.fillRect(edge, colour)
        painter.end()
