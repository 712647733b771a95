"""Steps in their order with the time of each: done, now, still to come. As the steps of a ship's connection."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.theme import REGULAR, SEMIBOLD, Looks, font

_ROW_PX = 19
_MARK_PX = 10


@dataclass(frozen=True, slots=True)
class Step:
    """`state`: done, now or ahead. `time` is ready to read ("07:03", "~17:34")."""

    text: str
    time: str
    state: str


class StepList(QWidget):
    """Steps run down the first column, then down the second."""

    def __init__(self, looks: Looks, columns: int = 1) -> None:
        super().__init__()
        self._looks = looks
        self._columns = columns
        self._steps: tuple[Step, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        looks.changed.connect(self.update)

    def show_steps(self, steps: Sequence[Step]) -> None:
        self._steps = tuple(steps)
        self.setAccessibleName("; ".join(f"{step.text} {step.time} {step.state}" for step in steps))
        self.updateGeometry()
        self.update()

    def _rows(self) -> int:
        return math.ceil(len(self._steps) / self._columns)

    def sizeHint(self) -> QSize:
        return QSize(170 * self._columns, self._rows() * _ROW_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(120 * self._columns, self._rows() * _ROW_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = 14
        width = (self.width() - gap * (self._columns - 1)) / self._columns
        for place, step in enumerate(self._steps):
            column, row = divmod(place, max(1, self._rows()))
            cell = QRectF(column * (width + gap), row * _ROW_PX, width, _ROW_PX)
            last = row == self._rows() - 1 or place == len(self._steps) - 1
            self._draw_step(painter, cell, step, last)
        painter.end()

    def _draw_step(self, painter: QPainter, cell: QRectF, step: Step, last: bool) -> None:
        theme = self._looks.theme
        centre = QPointF(cell.left() + _MARK_PX / 2 + 1, cell.center().y())
        radius = _MARK_PX / 2
        if not last:
            painter.setPen(QPen(theme.line, 1))
            painter.drawLine(centre + QPointF(0, radius), centre + QPointF(0, _ROW_PX - radius))
        now = step.state == "now"
        painter.setPen(QPen(theme.accent if now else theme.muted, 1))
        painter.setBrush(theme.accent if now else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, radius, radius)
        if step.state == "done":
            tick = [QPointF(-2.4, 0.2), QPointF(-0.6, 2.0), QPointF(2.6, -1.8)]
            painter.setPen(QPen(theme.text, 1.2))
            painter.drawPolyline(QPolygonF([centre + point for point in tick]))
        words = cell.adjusted(_MARK_PX + 9, 0, 0, 0)
        ahead = step.state == "ahead"
        painter.setFont(font(12, SEMIBOLD if now else REGULAR))
        painter.setPen(theme.muted)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, step.time)
        room = words.width() - painter.fontMetrics().horizontalAdvance(step.time) - 8
        text = painter.fontMetrics().elidedText(step.text, Qt.TextElideMode.ElideRight, int(room))
        painter.setPen(theme.muted if ahead else theme.text)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
