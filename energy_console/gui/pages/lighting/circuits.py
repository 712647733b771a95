"""Currents of a cabinet's circuits as bars, and facts beside them. Painted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.format import NONE, number
from energy_console.gui.parts.alarm_shape import draw_alarm_shape
from energy_console.gui.parts.bar_cell import draw_bar
from energy_console.gui.theme import CAPTION_PX, MEDIUM, Looks, font
from hardware.points import Float64Array

_ROW_PX = 22.0
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class CircuitBars(QWidget):
    """One bar a circuit on the scale of the largest; a dead one has a shape. Under them, facts in words."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._amps: Float64Array = np.empty(0)
        self._dead = 0
        self._facts: tuple[tuple[str, str], ...] = ()
        self.setFixedWidth(226)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        looks.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(226, 120)

    def show_cabinet(self, amps: Float64Array, dead: int, facts: Sequence[tuple[str, str]]) -> None:
        """`dead` is the number of the circuit that carries nothing, 0 for none; `facts` are (name, value)."""
        shown = (np.round(amps, 1).tolist(), dead, tuple(facts))
        if shown == (np.round(self._amps, 1).tolist(), self._dead, self._facts):
            return
        self._amps, self._dead, self._facts = amps, dead, tuple(facts)
        self.setAccessibleName(self.tr("Circuit currents"))
        currents = [f"F{k + 1} {number(float(a), 1)} A" for k, a in enumerate(amps)]
        self.setAccessibleDescription("; ".join([*currents, *(f"{name} {value}" for name, value in self._facts)]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._looks.theme
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        painter.drawText(QRectF(0, 0, self.width(), 16), _LEFT, self.tr("Circuit current now, A"))
        largest = max(float(np.nanmax(self._amps)) if np.isfinite(self._amps).any() else 0.0, 0.1)
        for k, amps in enumerate(self._amps.tolist()):
            self._draw_circuit(painter, 20 + k * _ROW_PX, k + 1, amps, largest)
        top = 26 + len(self._amps) * _ROW_PX
        painter.setFont(font(CAPTION_PX))
        for row, (name, value) in enumerate(self._facts):
            line = QRectF(0, top + row * 16, self.width() - 10, 16)
            if line.bottom() > self.height():
                break
            painter.setPen(theme.muted)
            painter.drawText(line, _LEFT, name)
            painter.setPen(theme.text)
            painter.drawText(line, _RIGHT, value)
        painter.end()

    def _draw_circuit(self, painter: QPainter, top: float, circuit: int, amps: float, largest: float) -> None:
        theme = self._looks.theme
        painter.setFont(font(12, MEDIUM))
        painter.setPen(theme.text)
        painter.drawText(QRectF(0, top, 26, _ROW_PX), _LEFT, f"F{circuit}")
        draw_bar(painter, QRectF(28, top + 7, 122, 8), theme, amps / largest)
        painter.setPen(theme.text)
        text = number(amps, 1) if np.isfinite(amps) else NONE
        painter.drawText(QRectF(154, top, 38, _ROW_PX), _RIGHT, text)
        if circuit == self._dead:
            draw_alarm_shape(painter, QPointF(206, top + _ROW_PX / 2), theme, 2, size_px=12, digit=False)
