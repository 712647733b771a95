"""What lies behind the curves of one plot: nights, the normal range, grid lines, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from energy_console.gui.plots.layer import Layer
from energy_console.gui.plots.view import View
from energy_console.gui.theme import CAPTION_PX, Looks, font


@dataclass(frozen=True, slots=True)
class Limit:
    """A neutral line across the plot with its words, such as an alarm limit."""

    value: float
    words: str


@dataclass(frozen=True, slots=True)
class NormalBand:
    """The range in which values usually are, with its words."""

    low: float
    high: float
    words: str


class Backdrop(Layer):
    """`time_marks` and `value_marks` give where the axes have their marks, so that lines and figures agree."""

    def __init__(
        self, looks: Looks, time_marks: Callable[[], list[float]], value_marks: Callable[[], tuple[float, ...]]
    ) -> None:
        super().__init__()
        self._looks = looks
        self._time_marks = time_marks
        self._value_marks = value_marks
        self._nights: tuple[tuple[float, float], ...] = ()
        self._limits: tuple[Limit, ...] = ()
        self._band: NormalBand | None = None

    def show_nights(self, nights: tuple[tuple[float, float], ...]) -> None:
        if nights != self._nights:
            self._nights = nights
            self.update()

    def show_limits(self, limits: tuple[Limit, ...], band: NormalBand | None = None) -> None:
        if (limits, band) != (self._limits, self._band):
            self._limits, self._band = limits, band
            self.update()

    def paint_in(self, painter: QPainter, view: View) -> None:
        theme, area = self._looks.theme, view.rect
        for start_s, end_s in self._nights:
            left, right = max(view.left, view.x(start_s)), min(view.right, view.x(end_s))
            if right > left:
                painter.fillRect(QRectF(left, area.top(), right - left, area.height()), theme.night)
        if self._band is not None:
            top, foot = max(area.top(), view.y(self._band.high)), min(area.bottom(), view.y(self._band.low))
            if foot > top:
                painter.fillRect(QRectF(area.left(), top, area.width(), foot - top), theme.band)
        for time_s in self._time_marks():
            # whole px: a hairline between two px would be twice as wide and half as strong
            painter.fillRect(QRectF(round(view.x(time_s)), area.top(), 1, area.height()), theme.grid)
        for value in self._value_marks():
            painter.fillRect(QRectF(area.left(), round(view.y(value)), area.width(), 1), theme.grid)
        self._paint_words(painter, view)

    def _paint_words(self, painter: QPainter, view: View) -> None:
        theme = self._looks.theme
        painter.setFont(font(CAPTION_PX))
        height = QFontMetricsF(font(CAPTION_PX)).height()
        for limit in self._limits:
            y = round(view.y(limit.value)) + 0.5
            if not view.top <= y <= view.bottom:
                continue
            pen = QPen(theme.muted, 1)
            pen.setDashPattern([5, 3])
            painter.setPen(pen)
            painter.drawLine(QLineF(view.left, y, view.right, y))
            painter.setPen(theme.muted)
            painter.drawText(
                QRectF(view.left + 6, y - height - 1, 300, height), Qt.AlignmentFlag.AlignLeft, limit.words
            )
        if self._band is not None and view.top <= view.y(self._band.high) <= view.bottom:
            box = QRectF(view.left + 6, view.y(self._band.high) - height, 300, height)
            painter.setPen(theme.muted)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft, self._band.words)
