"""A value on its range: normal band behind, fill, value tick, limit tick, P90 tick, and the planned rest dotted."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import Looks, Theme


@dataclass(frozen=True, slots=True)
class BarRange:
    """What a range bar shows, all in one unit. None leaves the mark out.

    `own` is a part of the value drawn brighter from the left (own production, say); `planned` the end of a dotted line.
    """

    value: float | None
    full: float  # right end of the bar
    zero: float = 0.0  # left end
    normal: tuple[float, float] | None = None
    limit: float | None = None
    p90: float | None = None
    planned: float | None = None
    own: float | None = None


def draw_range_bar(painter: QPainter, rect: QRectF, theme: Theme, bar: BarRange) -> None:
    """Draws the bar over the width of `rect`, its track 4 px high in the middle."""

    def at(value: float) -> float:
        span = (bar.full - bar.zero) or 1.0
        return rect.left() + min(1.0, max(0.0, (value - bar.zero) / span)) * rect.width()

    middle = rect.center().y()
    painter.fillRect(QRectF(rect.left(), middle - 2, rect.width(), 4), theme.track)
    if bar.normal is not None:
        left, right = at(bar.normal[0]), at(bar.normal[1])
        painter.setPen(QPen(theme.line if not theme.dark else theme.faint, 1))
        painter.setBrush(theme.band)
        painter.drawRect(QRectF(left, middle - 4.5, right - left, 9))
    if bar.value is not None:
        painter.fillRect(QRectF(rect.left(), middle - 2, at(bar.value) - rect.left(), 4), theme.bar)
        if bar.own is not None:
            painter.fillRect(QRectF(rect.left(), middle - 2, at(bar.own) - rect.left(), 4), theme.text)
    if bar.planned is not None and bar.value is not None:
        painter.setPen(QPen(theme.muted, 2, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(at(bar.value), middle), QPointF(at(bar.planned), middle))
        _tick(painter, at(bar.planned), middle, 1.0, 5, theme)
    for value, width, reach in ((bar.value, 2.0, 6), (bar.limit, 1.5, 8), (bar.p90, 1.0, 5)):
        if value is not None:
            _tick(painter, min(at(value), rect.right() - 1), middle, width, reach, theme)


def _tick(painter: QPainter, x: float, middle: float, width: float, reach: float, theme: Theme) -> None:
    painter.setPen(QPen(theme.text, width))
    painter.drawLine(QPointF(x, middle - reach), QPointF(x, middle + reach))


class RangeBar(QWidget):
    """The bar as a widget, 18 px high; hatched while there is no value."""

    def __init__(self, looks: Looks, bar: BarRange | None = None) -> None:
        super().__init__()
        self._looks = looks
        self._bar = bar
        self.setFixedHeight(18)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        looks.changed.connect(self.update)

    def show_bar(self, bar: BarRange | None) -> None:
        if bar != self._bar:
            self._bar = bar
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        if self._bar is None:
            draw_hatch(painter, QRectF(0, rect.center().y() - 3, rect.width(), 6), self._looks.theme)
        else:
            draw_range_bar(painter, rect, self._looks.theme, self._bar)
        painter.end()
