"""Lines over the whole stack: events, the live edge (or the moment picked), the cursor with a ring on every curve."""

from __future__ import annotations

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from energy_console.gui.plots.marks import Mark, mark_colour
from energy_console.gui.theme import Looks


@dataclass(frozen=True, slots=True)
class Ring:
    """Where the cursor meets a curve, scene px."""

    x: float
    y: float
    colour: QColor


class Overlay(pg.GraphicsObject):  # type: ignore[misc]
    """Painted last, over `area` (scene px) whose left and right are the window shown."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._area = QRectF()
        self._start_s, self._end_s = 0.0, 1.0
        self.marks: tuple[Mark, ...] = ()
        self.edge_s: float | None = None
        self.edge_live = True
        self.cursor_s: float | None = None
        self.other_s: float | None = None  # the second cursor
        self.rings: tuple[Ring, ...] = ()
        self.chosen: tuple[float, float] | None = None
        self.setZValue(1000)
        looks.changed.connect(self.update)

    def cover(self, area: QRectF) -> None:
        if area != self._area:
            self.prepareGeometryChange()
            self._area = area

    @property
    def area(self) -> QRectF:
        return self._area

    def show_range(self, start_s: float, end_s: float) -> None:
        self._start_s, self._end_s = start_s, end_s
        self.update()

    def x(self, time_s: float) -> float:
        span = self._end_s - self._start_s
        share = (time_s - self._start_s) / span if span > 0 else 0.0
        return self._area.left() + self._area.width() * share

    def time_at(self, x: float) -> float:
        share = (x - self._area.left()) / self._area.width() if self._area.width() else 0.0
        return self._start_s + (self._end_s - self._start_s) * share

    def boundingRect(self) -> QRectF:
        return self._area.adjusted(-6, 0, 6, 0)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme = self._looks.theme
        if self.chosen is not None:
            left, right = sorted((self.x(self.chosen[0]), self.x(self.chosen[1])))
            fill = QColor(theme.accent)
            fill.setAlphaF(0.16)
            painter.fillRect(QRectF(left, self._area.top(), right - left, self._area.height()), fill)
        for mark in self.marks:
            pen = QPen(mark_colour(theme, mark), 1)
            pen.setDashPattern([1.5, 2.5])
            self._line(painter, mark.time_s, pen)
        if self.edge_s is not None:
            self._line(painter, self.edge_s, QPen(theme.accent if self.edge_live else theme.muted, 1.5))
        if self.cursor_s is not None and self.other_s is not None:
            left, right = sorted((self.x(self.cursor_s), self.x(self.other_s)))
            between = QColor(theme.text)
            between.setAlphaF(0.05)
            span = QRectF(left, self._area.top(), right - left, self._area.height())
            painter.fillRect(span.intersected(self._area), between)
            self._line(painter, self.other_s, QPen(theme.text, 1, Qt.PenStyle.DashLine))
        if self.cursor_s is not None:
            self._line(painter, self.cursor_s, QPen(theme.text, 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for ring in self.rings:
            painter.setPen(QPen(ring.colour, 1.5))
            painter.setBrush(theme.surface)
            painter.drawEllipse(QPointF(ring.x, ring.y), 3.2, 3.2)

    def _line(self, painter: QPainter, time_s: float, pen: QPen) -> None:
        x = round(self.x(time_s)) + 0.5
        if self._area.left() - 1 <= x <= self._area.right() + 1:
            painter.setPen(pen)
            painter.drawLine(QLineF(x, self._area.top(), x, self._area.bottom()))
