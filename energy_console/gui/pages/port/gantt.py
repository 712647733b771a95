"""Calls over 36 hours: one row a station, the stay as outline, power as fill, and under it what the supply can give."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from energy_console.gui.format import clock, day, number
from energy_console.gui.pages.port.call_rows import CallBar, CallRow, Calls, Steps
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import CAPTION_PX, MEDIUM, SEMIBOLD, Looks, font

_LEFT, _RIGHT = 64.0, 58.0
_AXIS_PX = 18.0
_ROW_PX, _ROW_MOST_PX = 13.0, 22.0
_STRIP_PX = 34.0
_CHART_PX = 10


class CallsGantt(QWidget):
    """`picked` carries (station, call id or ""). The wheel scrolls rows that do not fit."""

    picked = Signal(str, str)

    def __init__(self, looks: Looks, zone: ZoneInfo) -> None:
        super().__init__()
        self._looks = looks
        self._zone = zone
        self._calls: Calls | None = None
        self._station = ""
        self._call = ""
        self._scroll = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Calls over time"))
        looks.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(500, int(_AXIS_PX + 3 * _ROW_PX + _STRIP_PX))

    # showing

    def show_calls(self, calls: Calls) -> None:
        self._calls = calls
        self._scroll = min(self._scroll, self._hidden_rows())
        self.update()

    def select(self, station: str, call: str) -> None:
        if (station, call) != (self._station, self._call):
            self._station, self._call = station, call
            self._reveal()
            self.update()

    @property
    def calls(self) -> Calls | None:
        return self._calls

    def _rows_px(self) -> float:
        strip = _STRIP_PX if self._calls and self._calls.strip else 0.0
        return max(0.0, self.height() - _AXIS_PX - strip - 4.0)

    def _row_px(self) -> float:
        count = len(self._calls.rows) if self._calls else 1
        return min(max(self._rows_px() / max(count, 1), _ROW_PX), _ROW_MOST_PX)

    def _shown_rows(self) -> int:
        return int(self._rows_px() / self._row_px() + 0.01)

    def _hidden_rows(self) -> int:
        return max(0, len(self._calls.rows) - self._shown_rows()) if self._calls else 0

    def _reveal(self) -> None:
        stations = [row.station for row in self._calls.rows] if self._calls else []
        if self._station in stations:
            row = stations.index(self._station)
            self._scroll = min(max(self._scroll, row - self._shown_rows() + 1), row)

    def _x(self, time_s: float) -> float:
        assert self._calls is not None
        span = self._calls.end_s - self._calls.start_s
        return _LEFT + (time_s - self._calls.start_s) / span * (self.width() - _LEFT - _RIGHT)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._calls is None:
            return
        painter = QPainter(self)
        shown = self._calls.rows[self._scroll : self._scroll + self._shown_rows()]
        rows_bottom = _AXIS_PX + len(shown) * self._row_px()
        self._draw_axis(painter, self._calls, rows_bottom)
        for place, row in enumerate(shown):
            self._draw_row(painter, _AXIS_PX + place * self._row_px(), row)
        if self._calls.strip is not None:
            self._draw_strip(painter, rows_bottom + 4.0)
        if hidden := self._hidden_rows():
            self._draw_more(painter, hidden)
        self._draw_now(painter, self._calls)
        painter.end()

    def _draw_axis(self, painter: QPainter, calls: Calls, bottom: float) -> None:
        theme = self._looks.theme
        painter.setFont(font(_CHART_PX))
        every_h = 4 if self.width() > 700 else 6
        moment = dt.datetime.fromtimestamp(calls.start_s, self._zone)
        moment = moment.replace(hour=moment.hour - moment.hour % every_h)
        tag_left, tag_right = self._tag_span(calls)
        while (time_s := moment.timestamp()) <= calls.end_s:
            x = round(self._x(time_s)) + 0.5
            if time_s >= calls.start_s:
                painter.setPen(QPen(theme.line if moment.hour == 0 else theme.grid, 1))
                painter.drawLine(QPointF(x, _AXIS_PX - 3), QPointF(x, self.height() - 2))
                text = day(moment, self._zone) if moment.hour == 0 else clock(moment, self._zone)
                half = QFontMetricsF(painter.font()).horizontalAdvance(text) / 2 + 4
                if (x + half < tag_left or x - half > tag_right) and x + half < self.width() - _RIGHT + 8:
                    painter.setPen(theme.text if moment.hour == 0 else theme.muted)
                    painter.drawText(QRectF(x - 50, 0, 100, _AXIS_PX - 4), Qt.AlignmentFlag.AlignCenter, text)
            # by wall clock, so that ticks stay on whole hours through a change of summer time
            moment = (moment.replace(tzinfo=None) + dt.timedelta(hours=every_h)).replace(tzinfo=self._zone)
        painter.setPen(theme.muted)
        head = QRectF(self.width() - _RIGHT + 6, 0, _RIGHT - 8, _AXIS_PX - 4)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, self.tr("peak kW"))

    def _tag_span(self, calls: Calls) -> tuple[float, float]:
        x = self._x(calls.now_s)
        return x - 22, x + 22

    def _draw_now(self, painter: QPainter, calls: Calls) -> None:
        theme = self._looks.theme
        x = self._x(calls.now_s)
        painter.fillRect(QRectF(x - 0.5, _AXIS_PX - 4, 1, self.height() - _AXIS_PX + 2), theme.accent)
        tag = QRectF(x - 18, 1, 36, 15)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.accent)
        painter.drawRoundedRect(tag, 2, 2)
        painter.setFont(font(CAPTION_PX, SEMIBOLD))
        painter.setPen(theme.on_accent)
        moment = dt.datetime.fromtimestamp(calls.now_s, dt.UTC)
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, clock(moment, self._zone))

    def _draw_row(self, painter: QPainter, top: float, row: CallRow) -> None:
        theme = self._looks.theme
        height = self._row_px()
        chosen = row.station == self._station
        painter.setPen(QPen(theme.grid, 1))
        bottom = round(top + height) + 0.5
        painter.drawLine(QPointF(12, bottom), QPointF(self.width() - _RIGHT, bottom))
        painter.setFont(font(_CHART_PX, MEDIUM if chosen else 400))
        painter.setPen(theme.accent if chosen else theme.muted)
        painter.drawText(QRectF(12, top, _LEFT - 16, height), Qt.AlignmentFlag.AlignVCenter, row.station)
        peak = number(row.peak_kw) if row.bars or row.peak_kw else ""
        painter.setPen(theme.muted)
        head = QRectF(self.width() - _RIGHT + 6, top, _RIGHT - 8, height)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, peak)
        for bar in row.bars:
            self._draw_bar(painter, QRectF(0, top + 1.5, 0, height - 3), row, bar)

    def _draw_bar(self, painter: QPainter, band: QRectF, row: CallRow, bar: CallBar) -> None:
        theme = self._looks.theme
        assert self._calls is not None
        left = max(self._x(bar.arrives_s), _LEFT)
        right = min(self._x(bar.leaves_s), self.width() - _RIGHT)
        if right - left < 1:
            return
        box = QRectF(left, band.top(), right - left, band.height())
        chosen = bar.call.id == self._call
        if chosen:
            painter.fillRect(box, theme.selected)
        if bar.call.points:
            self._draw_supply(painter, box, row, bar)
            for start_s, end_s in ((bar.arrives_s, bar.supplied_from_s), (bar.supplied_to_s, bar.leaves_s)):
                x0, x1 = max(self._x(start_s), left), min(self._x(end_s), right)
                if x1 - x0 > 2:
                    draw_hatch(painter, QRectF(x0, box.top(), x1 - x0, box.height()), theme)
        pen = QPen(theme.accent if chosen else theme.muted if not bar.announced else theme.faint, 1)
        if bar.announced or not bar.call.points:
            pen.setDashPattern([3, 2])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        self._draw_name(painter, box, bar)

    def _draw_supply(self, painter: QPainter, box: QRectF, row: CallRow, bar: CallBar) -> None:
        assert self._calls is not None
        now_s, theme = self._calls.now_s, self._looks.theme
        full = row.peak_kw or 1.0
        planned_from = max(bar.supplied_from_s, now_s)
        if planned_from < bar.supplied_to_s:
            share = min(bar.call.hotel_kw / full, 1.0)
            x0, x1 = max(self._x(planned_from), box.left()), min(self._x(bar.supplied_to_s), box.right())
            height = (box.height() - 2) * share
            painter.fillRect(QRectF(x0, box.bottom() - 1 - height, x1 - x0, height), theme.band)
        edges, value = row.measured.time_s, row.measured.value
        inside = (
            np.flatnonzero((edges[1:] > bar.arrives_s) & (edges[:-1] < min(bar.leaves_s, now_s))) if len(value) else ()
        )
        for k in inside:
            if value[k] > 0:
                x0, x1 = max(self._x(edges[k]), box.left()), min(self._x(edges[k + 1]), box.right())
                height = (box.height() - 2) * min(value[k] / full, 1.0)
                painter.fillRect(QRectF(x0, box.bottom() - 1 - height, x1 - x0, height), theme.bar)

    def _draw_name(self, painter: QPainter, box: QRectF, bar: CallBar) -> None:
        theme = self._looks.theme
        name = bar.call.ship
        face = font(_CHART_PX, MEDIUM if bar.call.id == self._call else 400)
        words = box.adjusted(4, 0, -2, 0)
        if bar.call.points and bar.arrives_s > (self._calls.start_s if self._calls else 0):
            words.setLeft(min(self._x(bar.supplied_from_s) + 3, box.right()))
        metrics = QFontMetricsF(face)
        if words.width() < 18:
            return
        text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, words.width())
        width = metrics.horizontalAdvance(text)
        # a plate behind the name keeps it readable on the fill
        plate = QColor(theme.surface)
        plate.setAlphaF(0.88)
        painter.fillRect(QRectF(words.left() - 2, box.top() + 1, width + 4, box.height() - 2), plate)
        painter.setFont(face)
        painter.setPen(theme.muted if bar.announced else theme.text)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _draw_strip(self, painter: QPainter, top: float) -> None:
        theme = self._looks.theme
        assert self._calls is not None
        assert self._calls.strip is not None
        strip = self._calls.strip
        area = QRectF(_LEFT, top + 4, self.width() - _LEFT - _RIGHT, _STRIP_PX - 8)
        seen = [value for value in (strip.measured.value, strip.planned.value) if len(value)]
        highest = max([strip.limit_kw, *(float(np.nanmax(v)) for v in seen if not np.isnan(v).all())])
        for curve, colour, dash in ((strip.measured, theme.text, False), (strip.planned, theme.muted, True)):
            self._draw_steps(painter, area, curve, highest * 1.08, colour, dash=dash)
        y = area.bottom() - strip.limit_kw / (highest * 1.08) * area.height()
        pen = QPen(theme.text, 1)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setFont(font(_CHART_PX))
        painter.setPen(theme.muted)
        side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(area.right() + 6, y - 7, _RIGHT - 8, 14), side, number(strip.limit_kw))
        painter.drawText(QRectF(12, top, _LEFT - 14, 14), side, f"{strip.name} kW")
        newest = strip.measured.value[~np.isnan(strip.measured.value)]
        if len(newest):
            text = self.tr("now {0}").format(number(float(newest[-1])))
            painter.drawText(QRectF(12, top + 14, _LEFT - 14, 14), side, text)

    def _draw_steps(
        self, painter: QPainter, area: QRectF, curve: Steps, full: float, colour: QColor, *, dash: bool
    ) -> None:
        """A step line with a light fill under it; broken where the value is not known."""
        fill = QColor(self._looks.theme.band)
        fill.setAlphaF(0.35 if dash else 0.7)
        pen = QPen(colour, 1.2)
        if dash:
            pen.setDashPattern([4, 2])
        for piece in _pieces(curve):
            points = []
            for k in piece:
                y = area.bottom() - max(curve.value[k], 0.0) / full * area.height()
                points += [QPointF(self._x(curve.time_s[k]), y), QPointF(self._x(curve.time_s[k + 1]), y)]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            foot = [QPointF(points[-1].x(), area.bottom()), QPointF(points[0].x(), area.bottom())]
            painter.drawPolygon(QPolygonF(points + foot))
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(points))

    def _draw_more(self, painter: QPainter, hidden: int) -> None:
        """A bar at the right edge shows which part of the rows is seen."""
        assert self._calls is not None
        theme = self._looks.theme
        height = self._shown_rows() * self._row_px()
        count = len(self._calls.rows)
        length = max(16.0, height * self._shown_rows() / count)
        top = _AXIS_PX + (height - length) * self._scroll / hidden
        painter.fillRect(QRectF(self.width() - 6, top, 4, length), theme.line)

    # mouse and keys

    def _at(self, position: QPointF) -> tuple[CallRow, CallBar | None] | None:
        if self._calls is None or position.y() < _AXIS_PX:
            return None
        place = int((position.y() - _AXIS_PX) / self._row_px())
        if place >= self._shown_rows() or self._scroll + place >= len(self._calls.rows):
            return None
        row = self._calls.rows[self._scroll + place]
        for bar in row.bars:
            if self._x(bar.arrives_s) <= position.x() <= self._x(bar.leaves_s):
                return row, bar
        return row, None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if (hit := self._at(event.position())) is not None:
            row, bar = hit
            self.picked.emit(row.station, bar.call.id if bar else "")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hit = self._at(event.position())
        if hit is None or hit[1] is None:
            QToolTip.hideText()
            return
        QToolTip.showText(event.globalPosition().toPoint(), self.describe(hit[1]), self)

    def describe(self, bar: CallBar) -> str:
        """One call in words."""
        call = bar.call
        power = self.tr("{0} kW announced").format(number(call.hotel_kw)) if call.points else self.tr("on own engines")
        times = f"{clock(call.arrives, self._zone)}–{clock(call.leaves, self._zone)}"
        return f"{call.ship} · {call.kind}, {number(call.length_m)} m · {call.station} · {times} · {power}"

    def wheelEvent(self, event: QWheelEvent) -> None:
        step = -1 if event.angleDelta().y() > 0 else 1
        moved = min(max(self._scroll + step, 0), self._hidden_rows())
        if moved != self._scroll:
            self._scroll = moved
            self.update()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None or self._calls is None or not self._calls.rows:
            super().keyPressEvent(event)
            return
        stations = [row.station for row in self._calls.rows]
        place = stations.index(self._station) + step if self._station in stations else 0
        row = self._calls.rows[min(max(place, 0), len(stations) - 1)]
        now_s = self._calls.now_s
        here = next((bar.call.id for bar in row.bars if bar.arrives_s <= now_s < bar.leaves_s), "")
        self.picked.emit(row.station, here)


def _pieces(curve: Steps) -> list[range]:
    """Runs of known values, as index ranges."""
    known = np.concatenate(([False], ~np.isnan(curve.value), [False]))
    edges = np.flatnonzero(known[1:] != known[:-1])
    return [range(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
