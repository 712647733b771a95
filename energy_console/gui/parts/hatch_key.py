"""The key to the hatch: a small hatched box and what it means."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import CAPTION_PX, Looks, font

_BOX_WIDTH = 16


class HatchKey(QWidget):
    """One line high."""

    def __init__(self, looks: Looks, words: str) -> None:
        super().__init__()
        self._looks = looks
        self._words = words
        self.setAccessibleName(words)
        self.setFixedSize(_BOX_WIDTH + 8 + QFontMetrics(font(CAPTION_PX)).horizontalAdvance(words), 16)
        looks.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        draw_hatch(painter, QRectF(0, 3, _BOX_WIDTH, 10), theme, outline=True)
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        painter.drawText(_BOX_WIDTH + 6, 12, self._words)
        painter.end()
