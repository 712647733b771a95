"""A choice of one among some, folded up: a combo box whose caret follows the theme."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox

from energy_console.gui.icons import draw_icon
from energy_console.gui.theme import CARET_PX, Looks


class Choice(QComboBox):
    """The style sheet takes Fusion's own arrow away, whose frame does not fit the other fields."""

    def __init__(self, looks: Looks, name: str) -> None:
        super().__init__()
        self._looks = looks
        self.setAccessibleName(name)
        self.setToolTip(name)
        looks.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = self._looks.theme
        painter = QPainter(self)
        box = QRectF(self.width() - CARET_PX - 6, (self.height() - CARET_PX) / 2, CARET_PX, CARET_PX)
        draw_icon(painter, box, "caret-down", theme.muted if self.isEnabled() else theme.faint)
        painter.end()
