"""A bar in a table cell, its number beside it, on a scale common to the column; and the same with a second line."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import BODY_PX, CAPTION_PX, Theme, font

_BAR_PX = 9
_PADDING = 8


def draw_bar(painter: QPainter, rect: QRectF, theme: Theme, share: float, mark: float | None = None) -> None:
    """A bar filling `share` (0..1) of `rect`; `mark` is a tick at a share. NaN is hatched: no value."""
    if not math.isfinite(share):
        draw_hatch(painter, rect, theme)
        return
    painter.fillRect(rect, theme.track)
    filled = min(1.0, max(0.0, share))
    painter.fillRect(QRectF(rect.left(), rect.top(), rect.width() * filled, rect.height()), theme.bar)
    if mark is not None and math.isfinite(mark):
        x = rect.left() + rect.width() * min(1.0, max(0.0, mark))
        painter.setPen(QPen(theme.text, 1.5))
        painter.drawLine(QPointF(x, rect.top() - 3), QPointF(x, rect.bottom() + 3))


def draw_bar_cell(painter: QPainter, cell: QRectF, theme: Theme, text: str, share: float, number_px: int = 44) -> None:
    """Number right-aligned in `number_px`, bar in the rest of the cell at its right."""
    inside = cell.adjusted(_PADDING, 0, -_PADDING, 0)
    words = QRectF(inside.left(), inside.top(), number_px, inside.height())
    painter.setFont(font(BODY_PX))
    painter.setPen(theme.text)
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
    left = words.right() + 8
    bar = QRectF(left, inside.center().y() - _BAR_PX / 2, inside.right() - left, _BAR_PX)
    if bar.width() > 4:
        draw_bar(painter, bar, theme, share)


def draw_two_lines(
    painter: QPainter,
    cell: QRectF,
    theme: Theme,
    first: str,
    second: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """A name in body size over a caption, both elided to the cell."""
    inside = cell.adjusted(_PADDING, 2, -_PADDING, -2)
    half = inside.height() * 0.54
    for words, size, colour, top, height in (
        (first, BODY_PX, theme.text, inside.top(), half),
        (second, CAPTION_PX, theme.muted, inside.top() + half, inside.height() - half),
    ):
        painter.setFont(font(size))
        painter.setPen(colour)
        fitted = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(inside.width()))
        painter.drawText(
            QRectF(inside.left(), top, inside.width(), height), align | Qt.AlignmentFlag.AlignVCenter, fitted
        )
