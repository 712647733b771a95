"""Axes of the plot stack: values at the left, times of the site's zone at the foot, with tags."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from energy_console.gui.format import number
from energy_console.gui.plots.ticks import PERCENT_FACTORS, TimeTick, log_decimals, log_ticks, time_ticks, value_ticks
from energy_console.gui.plots.view import ValueScale
from energy_console.gui.theme import CAPTION_PX, MEDIUM, REGULAR, SEMIBOLD, Looks, font

VALUE_AXIS_WIDTH = 52
TIME_AXIS_HEIGHT = 40
_PX_PER_VALUE = 38
_PX_PER_TIME = 66
_GAP_PX = 6
_TAG_HEIGHT = 16
_ROOM_PX = 12  # beside the plots, into which a tag may reach


class ValueAxis(pg.GraphicsWidget):  # type: ignore[misc]
    """Figures beside the plot: right-aligned at the left of it, left-aligned at the right."""

    def __init__(self, looks: Looks, *, right: bool = False) -> None:
        super().__init__()
        self._looks = looks
        self._right = right
        self.scale = ValueScale(0.0, 1.0)
        self.percent = False  # values are fractions
        self.setFixedWidth(VALUE_AXIS_WIDTH)
        looks.changed.connect(self.update)

    def show_scale(self, scale: ValueScale) -> None:
        if scale != self.scale:
            self.scale = scale
            self.update()

    def ticks(self) -> tuple[tuple[float, ...], int]:
        """Values to mark, and the decimals they need, for the height the axis has now."""
        most = max(2, int(self.size().height() / _PX_PER_VALUE))
        factor = 100.0 if self.percent else 1.0
        low, high = self.scale.low * factor, self.scale.high * factor
        if self.scale.log:
            values, decimals = log_ticks(low, high, most)
        elif self.percent:
            values, decimals = value_ticks(low, high, most, PERCENT_FACTORS)
        else:
            values, decimals = value_ticks(low, high, most)
        return tuple(value / factor for value in values), decimals

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        height, width = self.size().height(), self.size().width()
        if self.scale.flat:
            return
        painter.setFont(font(CAPTION_PX))
        painter.setPen(self._looks.theme.muted)
        values, decimals = self.ticks()
        side = Qt.AlignmentFlag.AlignLeft if self._right else Qt.AlignmentFlag.AlignRight
        for value in values:
            y = height * (1 - float(self.scale.share(value)))
            shown = value * (100.0 if self.percent else 1.0)
            text = number(shown, decimals if not self.scale.log else log_decimals(shown))
            top = min(max(y - 8, -8.0), height - 12)  # not into the unit of the plot under it
            box = QRectF(_GAP_PX if self._right else 0, top, width - _GAP_PX, 16)
            painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, text)


@dataclass(frozen=True, slots=True)
class AxisTag:
    """A filled label on the time axis."""

    time_s: float
    text: str
    fill: QColor
    ink: QColor


class TimeAxis(pg.GraphicsWidget):  # type: ignore[misc]
    """Clock times in one line, days under them. Labels that a tag covers are left out."""

    def __init__(self, looks: Looks, zone: dt.tzinfo) -> None:
        super().__init__()
        self._looks = looks
        self._zone = zone
        self._start_s, self._end_s = 0.0, 1.0
        self._ticks: tuple[tuple[float, float, float], list[TimeTick]] = ((0.0, 0.0, 0.0), [])
        self._tags: tuple[AxisTag, ...] = ()
        self.setFixedHeight(TIME_AXIS_HEIGHT)
        looks.changed.connect(self.update)

    def show_range(self, start_s: float, end_s: float) -> None:
        if (start_s, end_s) != (self._start_s, self._end_s):
            self._start_s, self._end_s = start_s, end_s
            self.update()

    def show_tags(self, tags: tuple[AxisTag, ...]) -> None:
        if tags != self._tags:
            self._tags = tags
            self.update()

    def ticks(self) -> list[TimeTick]:
        """Marks for the window and the width the axis has now; worked out once a window."""
        key = (self._start_s, self._end_s, self.size().width())
        if key != self._ticks[0]:
            most = max(2, int(self.size().width() / _PX_PER_TIME))
            self._ticks = (key, time_ticks(self._start_s, self._end_s, most, self._zone))
        return self._ticks[1]

    def _x(self, time_s: float) -> float:
        span = self._end_s - self._start_s
        return float(self.size().width()) * (time_s - self._start_s) / span if span > 0 else 0.0

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        tag_font = font(CAPTION_PX, SEMIBOLD)
        measure = QFontMetricsF(tag_font)
        boxes = []
        for tag in self._tags:
            width = measure.horizontalAdvance(tag.text) + 10
            left = min(self._x(tag.time_s) - width / 2, self.size().width() + _ROOM_PX - width)
            boxes.append((tag, QRectF(left, 3, width, _TAG_HEIGHT)))
        self._paint_ticks(painter, [box for _, box in boxes])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(tag_font)
        for tag, box in boxes:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tag.fill)
            painter.drawRoundedRect(box, 2, 2)
            painter.setPen(tag.ink)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tag.text)

    def _labels(self, measure: QFontMetricsF) -> list[tuple[TimeTick, QRectF]]:
        """Where labels stand; of two that lie on one another the one that says more, such as the zone of an hour."""
        found: list[tuple[TimeTick, QRectF]] = []
        for tick in self.ticks():
            x, width = self._x(tick.time_s), measure.horizontalAdvance(tick.label)
            box = QRectF(x - width / 2 - 3, 3, width + 6, 16)
            if found and found[-1][1].intersects(box):
                if len(tick.label) <= len(found[-1][0].label):
                    continue
                found.pop()
            found.append((tick, box))
        return found

    def _paint_ticks(self, painter: QPainter, covered: list[QRectF]) -> None:
        theme = self._looks.theme
        measure = QFontMetricsF(font(CAPTION_PX))
        free_from = -1e9
        for tick, box in self._labels(measure):
            if not any(box.intersects(other) for other in covered):
                painter.setFont(font(CAPTION_PX, MEDIUM if tick.strong else REGULAR))
                painter.setPen(theme.text if tick.strong else theme.muted)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tick.label)
        for tick in self.ticks():
            x = self._x(tick.time_s)
            painter.fillRect(QRectF(round(x), 0, 1, 3), theme.faint)
            if tick.second_line and x > free_from:
                long = measure.horizontalAdvance(tick.second_line)
                left = max(0.0, x - long / 2)
                painter.setFont(font(CAPTION_PX))
                painter.setPen(theme.text)
                painter.drawText(QRectF(left, 20, long + 4, 16), Qt.AlignmentFlag.AlignLeft, tick.second_line)
                free_from = left + long + 12
