"""Supply and return of one unit against the temperature outside. Painted, no scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.format import number
from energy_console.gui.parts.day_plot import nice_ticks
from energy_console.gui.theme import CAPTION_PX, Looks, Theme, font
from hardware.points import Float64Array

_LEFT, _RIGHT, _TOP, _FOOT = 40.0, 128.0, 12.0, 34.0


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Readings of one day, and where the unit stands now."""

    outside_c: Float64Array
    supply_c: Float64Array
    return_c: Float64Array
    now: tuple[float, float, float]  # outside, supply, return; NaN where not known
    aim_k: float  # design cooling


class Scatter(QWidget):
    """Repaints only when told something new."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._cloud: Cloud | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Supply and return against the temperature outside"))
        looks.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 200)

    def show_cloud(self, cloud: Cloud | None) -> None:
        self._cloud = cloud
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(CAPTION_PX))
        cloud, theme = self._cloud, self._looks.theme
        known = cloud is not None and np.isfinite(cloud.outside_c + cloud.supply_c).any()
        if cloud is None or not known:
            painter.setPen(theme.muted)
            text = self.tr("No readings of supply and outside temperature together yet.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
        else:
            _Painting(painter, self, theme, cloud).draw()
        painter.end()


class _Painting:
    def __init__(self, painter: QPainter, widget: Scatter, theme: Theme, cloud: Cloud) -> None:
        self._p, self._widget, self._theme, self._cloud = painter, widget, theme, cloud
        area = QRectF(widget.rect())
        self._plot = area.adjusted(_LEFT, _TOP, -_RIGHT, -_FOOT)
        outside = cloud.outside_c[np.isfinite(cloud.outside_c)]
        self._left, self._right = float(outside.min()) - 1.0, float(outside.max()) + 1.0
        water = np.concatenate([cloud.supply_c, cloud.return_c, np.array(cloud.now[1:])])
        water = water[np.isfinite(water)]
        self._ticks = nice_ticks(float(water.min()) - 3, float(water.max()) + 3, max(3, int(self._plot.height() / 30)))
        self._low = min(float(water.min()) - 3, *self._ticks)
        self._high = max(float(water.max()) + 3, *self._ticks)

    def draw(self) -> None:
        self._draw_grid()
        series = self._theme.series
        self._draw_points(self._cloud.supply_c, series.lighting, cross=False)
        self._draw_points(self._cloud.return_c, series.heat, cross=True)
        self._draw_now()
        self._draw_names()

    def _at(self, outside: float, water: float) -> QPointF:
        x = self._plot.left() + (outside - self._left) / (self._right - self._left) * self._plot.width()
        y = self._plot.bottom() - (water - self._low) / (self._high - self._low) * self._plot.height()
        return QPointF(x, y)

    def _draw_grid(self) -> None:
        theme, plot = self._theme, self._plot
        for tick in self._ticks:
            y = self._at(self._left, tick).y()
            self._p.setPen(QPen(theme.grid, 1))
            self._p.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            self._p.setPen(theme.muted)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            self._p.drawText(QRectF(0, y - 8, _LEFT - 6, 16), right, number(tick))
        centre = Qt.AlignmentFlag.AlignHCenter
        for tick in nice_ticks(self._left, self._right, max(3, int(plot.width() / 70))):
            x = self._at(tick, self._low).x()
            if plot.left() <= x <= plot.right():
                self._p.drawText(QRectF(x - 30, plot.bottom() + 2, 60, 14), centre, number(tick))
        outside = QRectF(plot.left(), plot.bottom() + 16, plot.width(), 14)
        self._p.drawText(outside, centre, self._widget.tr("outside °C"))

    def _draw_points(self, water: Float64Array, colour: QColor, *, cross: bool) -> None:
        """A dot or a cross a reading: form tells the two apart as well as colour does."""
        self._p.setPen(QPen(colour, 1.2) if cross else Qt.PenStyle.NoPen)
        self._p.setBrush(colour)
        for outside, value in zip(self._cloud.outside_c, water, strict=True):
            if not np.isfinite(outside + value):
                continue
            at = self._at(float(outside), float(value))
            if cross:
                self._p.drawLine(at + QPointF(-3, 0), at + QPointF(3, 0))
                self._p.drawLine(at + QPointF(0, -3), at + QPointF(0, 3))
            else:
                self._p.drawEllipse(at, 2.2, 2.2)

    def _draw_now(self) -> None:
        outside, supply, back = self._cloud.now
        if not np.isfinite(outside + supply + back):
            return
        outside = min(max(outside, self._left), self._right)
        upper, lower = self._at(outside, supply), self._at(outside, back)
        self._p.setPen(QPen(self._theme.text, 1.5))
        self._p.setBrush(Qt.BrushStyle.NoBrush)
        self._p.drawLine(upper, lower)
        self._p.drawEllipse(upper, 4, 4)
        self._p.drawEllipse(lower, 4, 4)
        text = self._widget.tr("{0} K now, aim {1}").format(number(supply - back, 1), number(self._cloud.aim_k))
        middle = (upper.y() + lower.y()) / 2
        wide = self._p.fontMetrics().horizontalAdvance(text) + 8
        left = upper.x() + 6 if upper.x() + 6 + wide < self._plot.right() else upper.x() - 6 - wide
        box = QRectF(left, middle - 8, wide, 16)
        self._p.fillRect(box, self._theme.surface)
        self._p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_names(self) -> None:
        left = self._plot.right() + 14
        names = (
            (self._widget.tr("Supply"), self._theme.series.lighting, "●"),
            (self._widget.tr("Return"), self._theme.series.heat, "+"),
        )
        for place, (name, colour, mark) in enumerate(names):
            y = self._plot.top() + 22.0 * place
            self._p.setPen(colour)
            self._p.drawText(QRectF(left, y, 14, 16), Qt.AlignmentFlag.AlignCenter, mark)
            self._p.setPen(self._theme.text)
            self._p.drawText(QRectF(left + 18, y, 90, 16), Qt.AlignmentFlag.AlignVCenter, name)
        self._p.setPen(self._theme.muted)
        self._p.drawText(QRectF(left, self._plot.top() + 46, 104, 30), 0, self._widget.tr("ten-minute means\nof 24 h"))
