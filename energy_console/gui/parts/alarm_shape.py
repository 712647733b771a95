"""The four alarm shapes. Shape says priority, fill says state; the only place where alarm colours are drawn."""

from __future__ import annotations

import math
from functools import cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from energy_console.gui.theme import SEMIBOLD, THEMES, Looks, Theme, font

NEW = "new"
ACKNOWLEDGED = "acknowledged"
RETURNED = "returned"  # gone again, and nobody has acknowledged it
NONE_OPEN = "none"  # beside a count of zero: the outline without its colour

_DIGIT_FROM_PX = 14


def _outline(priority: int, size: float) -> QPainterPath:
    """Diamond, triangle, circle, square for 1..4, inside a square of `size` px with a hairline of room."""
    path = QPainterPath()
    middle, reach = size / 2, size / 2 - 0.8
    if priority == 1:
        corners = [
            (middle, middle - reach),
            (middle + reach, middle),
            (middle, middle + reach),
            (middle - reach, middle),
        ]
    elif priority == 2:
        corners = [
            (middle, middle - reach),
            (middle + reach, middle + reach * 0.86),
            (middle - reach, middle + reach * 0.86),
        ]
    elif priority == 3:
        path.addEllipse(QPointF(middle, middle), reach, reach)
        return path
    else:
        side = reach * 0.86
        path.addRect(QRectF(middle - side, middle - side, 2 * side, 2 * side))
        return path
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.closeSubpath()
    return path


def _draw(painter: QPainter, theme: Theme, priority: int, state: str, size: int, digit: bool) -> None:
    colour = theme.faint if state == NONE_OPEN else theme.alarm(priority)
    filled = state == NEW
    pen = QPen(colour, 1.0 if filled else 1.4)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if state == RETURNED:
        pen.setDashPattern([1.6, 1.4])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    painter.drawPath(_outline(priority, size))
    if digit and size >= _DIGIT_FROM_PX:
        painter.setFont(font(max(8, math.floor(size * 0.62)), SEMIBOLD))
        painter.setPen(theme.on_accent if filled else theme.text)
        drop = size * 0.12 if priority == 2 else 0.0
        painter.drawText(QRectF(0, drop, size, size), Qt.AlignmentFlag.AlignCenter, str(priority))


@cache
def _pixmap(theme_name: str, priority: int, state: str, size_px: int, digit: bool, ratio: float) -> QPixmap:
    pixmap = QPixmap(math.ceil(size_px * ratio), math.ceil(size_px * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _draw(painter, THEMES[theme_name], priority, state, size_px, digit)
    painter.end()
    return pixmap


def alarm_pixmap(
    theme: Theme, priority: int, state: str = NEW, size_px: int = 16, *, digit: bool = True, ratio: float = 1.0
) -> QPixmap:
    """One shape, cached. `priority` 1..4; `state` new, acknowledged or returned; the digit shows from 14 px on."""
    return _pixmap(theme.name, priority, state, size_px, digit, ratio)


def draw_alarm_shape(
    painter: QPainter,
    centre: QPointF,
    theme: Theme,
    priority: int,
    state: str = NEW,
    size_px: int = 16,
    *,
    digit: bool = True,
) -> None:
    """Draws the shape centred on a point, at the painter's own device pixel ratio."""
    device = painter.device()
    ratio = device.devicePixelRatioF() if device else 1.0
    corner = QPointF(centre.x() - size_px / 2, centre.y() - size_px / 2)
    painter.drawPixmap(corner, alarm_pixmap(theme, priority, state, size_px, digit=digit, ratio=ratio))


class AlarmShape(QWidget):
    """One shape as a widget; priority 0 draws nothing."""

    def __init__(
        self, looks: Looks, priority: int = 0, state: str = NEW, size_px: int = 16, *, digit: bool = True
    ) -> None:
        super().__init__()
        self._looks = looks
        self._size = size_px
        self._digit = digit
        self.setFixedSize(QSize(size_px, size_px))
        looks.changed.connect(self.update)
        self.show_alarm(priority, state)

    def show_alarm(self, priority: int, state: str = NEW) -> None:
        self._priority, self._state = priority, state
        name = self.tr("alarm of priority {0}, {1}").format(priority, state) if priority else self.tr("no alarm")
        self.setAccessibleName(name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._priority:
            painter = QPainter(self)
            middle = QPointF(self._size / 2, self._size / 2)
            theme = self._looks.theme
            draw_alarm_shape(painter, middle, theme, self._priority, self._state, self._size, digit=self._digit)
            painter.end()


def edge_colour(theme: Theme, priority: int) -> QColor:
    """Colour of the 3 px edge beside an alarm; the surface itself where there is none."""
    return theme.alarm(priority) if priority else theme.surface
