"""One line of two parts: what matters, then the rest in muted. Where room is short the rest goes first."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.theme import BODY_PX, MEDIUM, REGULAR, Looks, font

_GAP_PX = 9


class TwoToneText(QWidget):
    """`first` in `weight`, `second` muted unless `plain`. The whole is the tooltip where something is cut."""

    def __init__(self, looks: Looks, size_px: int = BODY_PX, weight: int = MEDIUM, *, plain: bool = False) -> None:
        super().__init__()
        self._looks = looks
        self._fonts = font(size_px, weight), font(size_px, REGULAR)
        self._plain = plain
        self._first = self._second = ""
        self._faded = False
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        looks.changed.connect(self.update)

    def say(self, first: str, second: str = "", *, faded: bool = False) -> None:
        """`faded`: the first part in muted too, when it tells that there is nothing to tell."""
        self._first, self._second, self._faded = first, second, faded
        self.setAccessibleName(f"{first} {second}".strip())
        self.update()

    def whole(self) -> str:
        return self.accessibleName()

    def sizeHint(self) -> QSize:
        return QSize(200, QFontMetrics(self._fonts[0]).height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._looks.theme
        painter = QPainter(self)
        parts = (
            (self._first, theme.muted if self._faded else theme.text),
            (
                self._second,
                theme.text if self._plain else theme.muted,
            ),
        )
        left, cut = 0, False
        for face, (words, colour) in zip(self._fonts, parts, strict=True):
            painter.setFont(face)
            painter.setPen(colour)
            metrics = painter.fontMetrics()
            room = self.width() - left
            fitted = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(0, room))
            painter.drawText(QRect(left, 0, max(0, room), self.height()), Qt.AlignmentFlag.AlignVCenter, fitted)
            left += metrics.horizontalAdvance(fitted) + _GAP_PX
            cut = cut or fitted != words
        painter.end()
        self.setToolTip(self.whole() if cut else "")
