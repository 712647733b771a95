"""The steps of a walk in one line, with the number of each: done, now, still to come. A click goes back to one done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.theme import BODY_PX, CAPTION_PX, MEDIUM, REGULAR, Looks, font

_HEIGHT = 34
_RADIUS = 8.5
_TICK = (QPointF(-3.2, 0.2), QPointF(-0.8, 2.6), QPointF(3.6, -2.4))


class StepBar(QWidget):
    """`picked` carries the place of a step that may be gone to: any up to the farthest reached."""

    picked = Signal(int)

    def __init__(self, looks: Looks, names: Sequence[str], name: str) -> None:
        super().__init__()
        self._looks = looks
        self._names = tuple(names)
        self._called = name
        self.current = 0
        self.reached = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        looks.changed.connect(self.update)
        self.show_step(0, 0)

    def show_step(self, current: int, reached: int) -> None:
        self.current, self.reached = current, max(current, reached)
        step = self._names[current]
        self.setAccessibleName(f"{self._called}: {current + 1} / {len(self._names)}, {step}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, _HEIGHT)

    def place_at(self, x: float) -> int:
        """The step under a point; the last one beyond it."""
        return max(place for place, left in enumerate(self._lefts()) if left <= x or place == 0)

    def _lefts(self) -> list[float]:
        """Where each step begins: equal gaps between them."""
        widths = [self._width(name) for name in self._names]
        gap = max(10.0, (self.width() - 22 - sum(widths)) / max(1, len(widths) - 1))
        lefts, x = [], 11.0
        for width in widths:
            lefts.append(x)
            x += width + gap
        return lefts

    def _width(self, name: str) -> float:
        self.ensurePolished()
        return 2 * _RADIUS + 7 + QFontMetricsF(font(BODY_PX, MEDIUM)).horizontalAdvance(name)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lefts = self._lefts()
        for place, left in enumerate(lefts):
            self._draw_step(painter, place, left)
            if place + 1 < len(lefts):
                painter.setPen(QPen(self._looks.theme.line, 1))
                middle = self.height() / 2
                painter.drawLine(
                    QPointF(left + self._width(self._names[place]) + 6, middle), QPointF(lefts[place + 1] - 6, middle)
                )
        painter.end()

    def _draw_step(self, painter: QPainter, place: int, left: float) -> None:
        theme = self._looks.theme
        now, done = place == self.current, place <= self.reached and place != self.current
        centre = QPointF(left + _RADIUS, self.height() / 2)
        painter.setPen(QPen(theme.accent if now else theme.faint, 1))
        painter.setBrush(theme.accent if now else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, _RADIUS, _RADIUS)
        if done and place < self.current:
            painter.setPen(QPen(theme.text, 1.3))
            painter.drawPolyline(QPolygonF([centre + point for point in _TICK]))
        else:
            painter.setFont(font(CAPTION_PX, MEDIUM))
            painter.setPen(theme.on_accent if now else theme.muted)
            box = QRectF(centre.x() - _RADIUS, centre.y() - _RADIUS, 2 * _RADIUS, 2 * _RADIUS)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(place + 1))
        painter.setFont(font(BODY_PX, MEDIUM if now else REGULAR))
        painter.setPen(theme.text if now or done else theme.muted)
        words = QRectF(left + 2 * _RADIUS + 7, 0, 200, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self._names[place])
        if now and self.hasFocus():
            painter.setPen(QPen(theme.accent, 1))
            painter.drawLine(
                QPointF(words.left(), self.height() - 5),
                QPointF(left + self._width(self._names[place]), self.height() - 5),
            )

    def _go(self, place: int) -> None:
        if 0 <= place <= self.reached and place != self.current:
            self.picked.emit(place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(self.place_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._go(self.current + step)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()
