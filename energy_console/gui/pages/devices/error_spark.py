"""Requests lost in each of the last slots as small bars; a slot in which nothing was answered is hatched."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import Theme

_STEP_PX = 4
_BAR_PX = 2.4


def draw_error_spark(
    painter: QPainter, cell: QRectF, theme: Theme, lost: Sequence[int], full: int, *, silent: bool = False
) -> None:
    """Bars up to `full` lost requests (square-rooted, so that single losses show); `silent` hatches the newest slot."""
    if cell.width() < _STEP_PX * len(lost):
        return  # the column is left out for want of room
    base = cell.bottom() - 7.5
    height = cell.height() - 13
    width = _STEP_PX * max(1, len(lost))
    painter.setPen(QPen(theme.faint, 1))
    painter.drawLine(QPointF(cell.left(), base), QPointF(cell.left() + width, base))
    for place, count in enumerate(lost):
        if count > 0:
            tall = max(1.5, height * math.sqrt(min(1.0, count / max(1, full))))
            left = cell.left() + place * _STEP_PX + (_STEP_PX - _BAR_PX) / 2
            painter.fillRect(QRectF(left, base - tall, _BAR_PX, tall), theme.bar)
    if silent:
        draw_hatch(painter, QRectF(cell.left() + width - 6, base - height, 7, height), theme, outline=True)
