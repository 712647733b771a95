"""A small curve with its normal band behind, a dot at its newest value, and breaks where values are missing."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import Looks, Theme
from hardware.points import Float64Array


def draw_sparkline(
    painter: QPainter, rect: QRectF, theme: Theme, values: Float64Array, band: tuple[float, float] | None = None
) -> None:
    """Equally spaced values (NaN: gap) across `rect`; scaled to the values and the band together."""
    usable = values[np.isfinite(values)]
    if len(usable) == 0:
        draw_hatch(painter, rect, theme)
        return
    low, high = float(usable.min()), float(usable.max())
    if band is not None:
        low, high = min(low, band[0]), max(high, band[1])
    span = (high - low) or 1.0
    low, span = low - 0.08 * span, span * 1.16

    def y(value: float) -> float:
        return rect.bottom() - (value - low) / span * rect.height()

    if band is not None:
        painter.fillRect(QRectF(rect.left(), y(band[1]), rect.width(), y(band[0]) - y(band[1])), theme.band)
    painter.setPen(QPen(theme.text, 1.2))
    step = rect.width() / max(1, len(values) - 1)
    for piece in _pieces(values):
        painter.drawPolyline(QPolygonF([QPointF(rect.left() + i * step, y(float(values[i]))) for i in piece]))
    if np.isfinite(values[-1]):
        painter.setBrush(theme.text)
        painter.drawEllipse(QPointF(rect.right(), y(float(values[-1]))), 2.0, 2.0)


def _pieces(values: Float64Array) -> list[range]:
    """Runs of finite values, as index ranges."""
    good = np.concatenate(([False], np.isfinite(values), [False]))
    edges = np.flatnonzero(good[1:] != good[:-1])
    return [range(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


class Sparkline(QWidget):
    """The curve as a widget."""

    def __init__(self, looks: Looks, name: str = "") -> None:
        super().__init__()
        self._looks = looks
        self._values: Float64Array = np.empty(0)
        self._band: tuple[float, float] | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        looks.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(120, 36)

    def show_values(self, values: Float64Array, band: tuple[float, float] | None = None) -> None:
        self._values, self._band = values, band
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0, 3, -4, -3)
        draw_sparkline(painter, rect, self._looks.theme, self._values, self._band)
        painter.end()
