"""The hatch that means "no value here": gaps in plots, cells without an answer, spans that are fixed already."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap

from energy_console.gui.theme import Theme

_TILE_PX = 6


@cache
def _tile(argb: int, ratio: float) -> QPixmap:
    size = round(_TILE_PX * ratio)
    pixmap = QPixmap(size, size)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor.fromRgba(argb), 1.0))
    for shift in (-_TILE_PX, 0, _TILE_PX):  # neighbours too, so that the corners join
        painter.drawLine(QPointF(shift, _TILE_PX), QPointF(shift + _TILE_PX, 0))
    painter.end()
    return pixmap


def hatch_brush(theme: Theme, colour: QColor | None = None, ratio: float = 1.0) -> QBrush:
    """A brush of fine diagonals; a 6 px tile, since Qt's own pattern is coarse and does not scale."""
    return QBrush(_tile((colour or theme.hatch).rgba(), ratio))


def draw_hatch(painter: QPainter, rect: QRectF, theme: Theme, *, outline: bool = False) -> None:
    """Fills `rect` with the hatch, with a hairline round it where `outline`."""
    ratio = painter.device().devicePixelRatioF() if painter.device() else 1.0
    painter.save()
    painter.setBrushOrigin(rect.topLeft())
    painter.fillRect(rect, hatch_brush(theme, ratio=ratio))
    if outline:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.hatch, 1))
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.restore()
