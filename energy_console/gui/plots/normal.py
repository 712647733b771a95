"""The range in which values usually are at that hour, as a band behind a curve with its words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from energy_console.gui.plots.layer import Layer
from energy_console.gui.plots.view import View
from energy_console.gui.theme import CAPTION_PX, Looks, font
from hardware.points import Float64Array

_FILL = 0.14
_EDGE = 0.45


@dataclass(frozen=True, slots=True)
class NormalRange:
    """N steps from `edge_s` n to n + 1 (UTC seconds, N + 1 edges) with the low and high of each; NaN where unknown."""

    edge_s: Float64Array
    low: Float64Array
    high: Float64Array
    words: str
    colour: QColor


class NormalRanges(Layer):
    """The bands of one plot. Of its left axis."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self.ranges: tuple[NormalRange, ...] = ()

    def show(self, ranges: tuple[NormalRange, ...]) -> None:
        if ranges or self.ranges:
            self.ranges = ranges
            self.update()

    def extremes(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """Lowest and highest of each band in a window."""
        found = []
        for band in self.ranges:
            seen = (band.edge_s[:-1] < end_s) & (band.edge_s[1:] > start_s) & ~np.isnan(band.low)
            if seen.any():
                found.append((float(band.low[seen].min()), float(band.high[seen].max())))
        return found

    def paint_in(self, painter: QPainter, view: View) -> None:
        for band in self.ranges:
            self._paint_band(painter, view, band)
            self._write(painter, view, band)

    def _paint_band(self, painter: QPainter, view: View, band: NormalRange) -> None:
        fill, edge = QColor(band.colour), QColor(band.colour)
        fill.setAlphaF(_FILL)
        edge.setAlphaF(_EDGE)
        for first, last in _stretches(band, view):
            x = np.repeat(view.x(band.edge_s[first : last + 1]), 2)[1:-1]
            high = np.repeat(view.y(band.high[first:last]), 2)
            low = np.repeat(view.y(band.low[first:last]), 2)
            upper = [QPointF(*place) for place in zip(x, high, strict=True)]
            lower = [QPointF(*place) for place in zip(x, low, strict=True)]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
            painter.setPen(QPen(edge, 1))
            painter.drawPolyline(QPolygonF(upper))
            painter.drawPolyline(QPolygonF(lower))

    def _write(self, painter: QPainter, view: View, band: NormalRange) -> None:
        """Words over the right end of the band, under it where there is no room; curves have theirs at the left."""
        painter.setFont(font(CAPTION_PX))
        measure = QFontMetricsF(font(CAPTION_PX))
        width, height = measure.horizontalAdvance(band.words) + 8, measure.height()
        if width > view.right - view.left - 12:
            return
        left_s = view.end_s - width / view.x_scale
        seen = (band.edge_s[1:] > left_s) & (band.edge_s[:-1] < view.end_s) & ~np.isnan(band.low)
        if not seen.any():
            return
        top = float(view.y(band.high[seen].max())) - height - 2
        if top < view.top:
            top = min(float(view.y(band.low[seen].min())) + 2, view.bottom - height)
        box = QRectF(view.right - width - 6, top, width, height)
        halo = QColor(self._looks.theme.surface)
        halo.setAlphaF(0.72)
        painter.fillRect(box, halo)
        painter.setPen(band.colour)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, band.words)


def _stretches(band: NormalRange, view: View) -> list[tuple[int, int]]:
    """Index ranges of steps in the window without a hole."""
    known = ~np.isnan(band.low) & (band.edge_s[1:] > view.start_s) & (band.edge_s[:-1] < view.end_s)
    turns = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(int)))
    return [(int(first), int(last)) for first, last in turns.reshape(-1, 2)]
