"""A small plot of a few curves over hours: axes, steps or lines, limits, marks, gaps as gaps. Painted, no scene."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.format import clock, number
from energy_console.gui.parts.alarm_shape import draw_alarm_shape
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import CAPTION_PX, MEDIUM, Looks, Theme, font
from hardware.points import Float64Array

_AXIS_PX = 16.0
_HOURS = (0.25, 0.5, 1, 2, 3, 4, 6, 12, 24)


@dataclass(frozen=True, slots=True)
class DayCurve:
    """value[i] holds from time_s[i] to time_s[i + 1] (one time more than values); NaN is a gap.

    `tone`: text, muted, faint, accent or lighting. `gaps`: hatch where a value between known ones is missing.
    """

    time_s: Float64Array
    value: Float64Array
    tone: str = "text"
    dashed: bool = False
    filled: bool = False
    width_px: float = 1.5
    label: str = ""
    gaps: bool = False


@dataclass(frozen=True, slots=True)
class DayMark:
    """A vertical line. `priority` 1..4 draws it in the colour of the alarm with its shape on top; 0: as now-line."""

    time_s: float
    text: str
    priority: int = 0


@dataclass(frozen=True, slots=True)
class DayPicture:
    """All a plot shows. `low`..`high` in the unit of the values; `limits` are (value, text)."""

    start_s: float
    end_s: float
    low: float
    high: float
    curves: tuple[DayCurve, ...]
    limits: tuple[tuple[float, str], ...] = ()
    marks: tuple[DayMark, ...] = ()
    ticks: tuple[float, ...] = ()  # of the vertical axis; worked out where empty
    percent: bool = False


class DayPlot(QWidget):
    """Repaints only when told something new. `right_px` leaves room for labels at the ends of curves."""

    def __init__(self, looks: Looks, zone: ZoneInfo, name: str, *, height: int = 0, right_px: float = 8.0) -> None:
        super().__init__()
        self._looks = looks
        self._zone = zone
        self._right_px = right_px
        self._picture: DayPicture | None = None
        self._missing = ""
        self.setAccessibleName(name)
        if height:
            self.setFixedHeight(height)
        vertical = QSizePolicy.Policy.Fixed if height else QSizePolicy.Policy.Expanding
        self.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)
        looks.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, 110)

    def show_picture(self, picture: DayPicture | None, missing: str = "") -> None:
        """None shows the words `missing` instead."""
        self._picture, self._missing = picture, missing
        self.update()

    @property
    def picture(self) -> DayPicture | None:
        return self._picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._picture is None:
            painter.setFont(font(CAPTION_PX))
            painter.setPen(self._looks.theme.muted)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._missing)
        else:
            _Painting(painter, self._looks.theme, self._zone, QRectF(self.rect()), self._right_px, self._picture).draw()
        painter.end()


class _Painting:
    """One paint of a picture into a rectangle."""

    def __init__(
        self, painter: QPainter, theme: Theme, zone: ZoneInfo, rect: QRectF, right_px: float, picture: DayPicture
    ) -> None:
        self._painter, self._theme, self._zone, self._picture = painter, theme, zone, picture
        self._right_px = right_px
        self._ticks = picture.ticks or nice_ticks(picture.low, picture.high, max(2, int(rect.height() / 34)))
        self._decimals = 0 if not self._ticks or all(abs(t - round(t)) < 1e-9 for t in self._ticks) else 1
        metrics = QFontMetricsF(font(CAPTION_PX))
        left = max((metrics.horizontalAdvance(self._tick_text(t)) for t in self._ticks), default=10.0) + 8
        top = 16.0 if picture.marks else 6.0
        self._area = QRectF(rect.left() + left, rect.top() + top, rect.width() - left - right_px, 0)
        self._area.setBottom(rect.bottom() - _AXIS_PX)

    def _tick_text(self, value: float) -> str:
        return number(value * 100 if self._picture.percent else value, 0 if self._picture.percent else self._decimals)

    def _x(self, time_s: float) -> float:
        span = (self._picture.end_s - self._picture.start_s) or 1.0
        return self._area.left() + (time_s - self._picture.start_s) / span * self._area.width()

    def _y(self, value: float) -> float:
        span = (self._picture.high - self._picture.low) or 1.0
        return self._area.bottom() - (value - self._picture.low) / span * self._area.height()

    def draw(self) -> None:
        self._draw_axes()
        self._painter.save()
        self._painter.setClipRect(self._area.adjusted(-1, -2, 1, 2))
        for curve in self._picture.curves:
            self._draw_curve(curve)
        self._painter.restore()
        for value, text in self._picture.limits:
            self._draw_limit(value, text)
        for mark in self._picture.marks:
            self._draw_mark(mark)
        for curve in self._picture.curves:
            self._draw_label(curve)

    def _draw_axes(self) -> None:
        painter, theme, area = self._painter, self._theme, self._area
        painter.setFont(font(CAPTION_PX))
        for tick in self._ticks:
            y = round(self._y(tick)) + 0.5
            painter.setPen(QPen(theme.grid, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.muted)
            words = QRectF(area.left() - 60, y - 8, 54, 16)
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._tick_text(tick))
        right = -math.inf
        for moment in hour_ticks(self._picture.start_s, self._picture.end_s, self._zone, int(area.width() / 54)):
            x = round(self._x(moment.timestamp())) + 0.5
            painter.setPen(QPen(theme.grid, 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            if x - 16 > right and x + 16 < area.right() + 12:
                painter.setPen(theme.muted)
                words = QRectF(x - 24, area.bottom() + 2, 48, _AXIS_PX - 2)
                painter.drawText(words, Qt.AlignmentFlag.AlignCenter, clock(moment, self._zone))
                right = x + 16

    def _tone(self, curve: DayCurve) -> QColor:
        theme = self._theme
        return theme.series.lighting if curve.tone == "lighting" else getattr(theme, curve.tone)

    def _draw_curve(self, curve: DayCurve) -> None:
        pieces = known_pieces(curve.value)
        if curve.gaps:
            for before, after in itertools.pairwise(pieces):
                x0, x1 = self._x(curve.time_s[before.stop]), self._x(curve.time_s[after.start])
                draw_hatch(self._painter, QRectF(x0, self._area.top(), x1 - x0, self._area.height()), self._theme)
        for piece in pieces:
            self._draw_piece(curve, piece)

    def _draw_piece(self, curve: DayCurve, piece: range) -> None:
        points = []
        for k in piece:
            y = self._y(float(curve.value[k]))
            points += [QPointF(self._x(curve.time_s[k]), y), QPointF(self._x(curve.time_s[k + 1]), y)]
        colour = self._tone(curve)
        if curve.filled:
            fill = QColor(self._theme.band)
            fill.setAlphaF(0.55)
            self._painter.setPen(Qt.PenStyle.NoPen)
            self._painter.setBrush(fill)
            floor = self._y(max(self._picture.low, 0.0))
            foot = [QPointF(points[-1].x(), floor), QPointF(points[0].x(), floor)]
            self._painter.drawPolygon(QPolygonF(points + foot))
        pen = QPen(colour, curve.width_px)
        if curve.dashed:
            pen.setDashPattern([5 / curve.width_px, 3 / curve.width_px])
        self._painter.setPen(pen)
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawPolyline(QPolygonF(points))

    def _draw_label(self, curve: DayCurve) -> None:
        """The name of a curve right of its end, in the room left there."""
        known = np.flatnonzero(~np.isnan(curve.value))
        if not curve.label or not len(known):
            return
        y = min(max(self._y(float(curve.value[known[-1]])), self._area.top() + 6), self._area.bottom() - 6)
        self._painter.setFont(font(CAPTION_PX))
        self._painter.setPen(self._tone(curve))
        words = QRectF(self._area.right() + 5, y - 8, 90, 16)
        self._painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, curve.label)

    def _draw_limit(self, value: float, text: str) -> None:
        pen = QPen(self._theme.text, 1)
        pen.setDashPattern([4, 3])
        y = self._y(value)
        self._painter.setPen(pen)
        self._painter.drawLine(QPointF(self._area.left(), y), QPointF(self._area.right(), y))
        self._painter.setFont(font(CAPTION_PX))
        self._painter.setPen(self._theme.muted)
        words = QRectF(self._area.left() + 4, y - 15, self._area.width() - 8, 14)
        self._painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_mark(self, mark: DayMark) -> None:
        x = self._x(mark.time_s)
        if not self._area.left() <= x <= self._area.right() + 1:
            return
        theme, painter = self._theme, self._painter
        colour = theme.alarm(mark.priority) if mark.priority else theme.accent
        painter.fillRect(QRectF(x - 0.5, self._area.top() - 2, 1, self._area.height() + 2), colour)
        painter.setFont(font(CAPTION_PX, MEDIUM))
        width = QFontMetricsF(painter.font()).horizontalAdvance(mark.text)
        if mark.priority:
            draw_alarm_shape(painter, QPointF(x, 7), theme, mark.priority, size_px=11, digit=False)
            painter.setPen(theme.text)
            painter.drawText(QPointF(max(x - width - 10, 0), 11), mark.text)
            return
        left = min(max(x - width / 2 - 5, 0.0), self._area.right() + self._right_px - width - 10)
        tag = QRectF(left, 0, width + 10, 14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.accent)
        painter.drawRoundedRect(tag, 2, 2)
        painter.setPen(theme.on_accent)
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, mark.text)


def known_pieces(value: Float64Array) -> list[range]:
    """Runs of known values, as index ranges."""
    known = np.concatenate(([False], ~np.isnan(value), [False]))
    edges = np.flatnonzero(known[1:] != known[:-1])
    return [range(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def nice_ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    """About `count` round values from low to high."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return (low,)
    rough = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step - 1e-9)
    return tuple(step * k for k in range(first, math.floor(high / step + 1e-9) + 1))


def hour_ticks(start_s: float, end_s: float, zone: ZoneInfo, most: int) -> Sequence[dt.datetime]:
    """At most about `most` whole local times between start and end."""
    span_h = (end_s - start_s) / 3600
    step_h = next((hours for hours in _HOURS if span_h / hours <= max(most, 1)), 24)
    local = dt.datetime.fromtimestamp(start_s, zone).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    for k in range(int((span_h + 26) / step_h) + 1):
        # wall-clock steps keep whole hours through a change of summer time
        moment = (midnight + dt.timedelta(hours=k * step_h)).replace(tzinfo=zone)
        if start_s <= moment.timestamp() <= end_s:
            found.append(moment)
    return found
