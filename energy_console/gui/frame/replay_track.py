"""The line of a replay: its span from left to right, the journal's entries on it, and where the replay is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from energy_console.gui.format import clock, day
from energy_console.gui.parts.alarm_shape import draw_alarm_shape
from energy_console.gui.theme import CAPTION_PX, Looks, font
from energy_console.journal.entry import Entry

_SIDE_PX, _LINE_Y, _LABEL_Y = 8, 12, 22
_SHAPE_PX = 10
_NEAR_PX = 5.0
_LABEL_PX = 64  # room a time wants
_STEPS_H = (1 / 12, 1 / 6, 0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 24 * 7)
_MINUTE, _HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


class ReplayTrack(QWidget):
    """`sought` carries the moment (UTC) that a person points at. Arrows go by a minute, Page keys by an hour."""

    sought = Signal(object)

    def __init__(self, looks: Looks, zone: dt.tzinfo) -> None:
        super().__init__()
        self._looks, self._zone = looks, zone
        self._start = self._end = self._now = dt.datetime.fromtimestamp(0, dt.UTC)
        self._entries: tuple[Entry, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Place in the span of the replay"))
        looks.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(400, 36)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 36)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._entries

    def show_span(self, start: dt.datetime, end: dt.datetime) -> None:
        self._start, self._end = start, max(end, start + _MINUTE)
        self.update()

    def show_now(self, moment: dt.datetime) -> None:
        self._now = moment
        self.setAccessibleDescription(f"{day(moment, self._zone)} {clock(moment, self._zone, seconds=True)}")
        self.update()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Newest first or last, as they come."""
        self._entries = tuple(entries)
        self.update()

    def x_of(self, moment: dt.datetime) -> float:
        """px from the left."""
        share = (moment - self._start) / (self._end - self._start)
        return _SIDE_PX + share * (self.width() - 2 * _SIDE_PX)

    def moment_at(self, x: float) -> dt.datetime:
        share = min(max((x - _SIDE_PX) / max(1, self.width() - 2 * _SIDE_PX), 0.0), 1.0)
        moment = self._start + share * (self._end - self._start)
        return moment.replace(microsecond=0)

    # drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._looks.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = float(_SIDE_PX), float(self.width() - _SIDE_PX)
        now_x = min(max(self.x_of(self._now), left), right)
        painter.fillRect(QRectF(left, _LINE_Y - 2, right - left, 4), theme.track)
        painter.fillRect(QRectF(left, _LINE_Y - 2, now_x - left, 4), theme.bar)
        self._draw_hours(painter)
        self._draw_entries(painter)
        painter.setPen(QPen(theme.text, 2))
        painter.drawLine(QPointF(now_x, 3), QPointF(now_x, _LINE_Y + 8))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.text)
        painter.drawPolygon(QPolygonF([QPointF(now_x - 5, 0), QPointF(now_x + 5, 0), QPointF(now_x, 7)]))
        if self.hasFocus():
            painter.setPen(theme.accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))
        painter.end()

    def _draw_hours(self, painter: QPainter) -> None:
        theme, span_h = self._looks.theme, (self._end - self._start) / _HOUR
        most = max(1.0, (self.width() - 2 * _SIDE_PX) / _LABEL_PX)
        step_h = next((step for step in _STEPS_H if span_h / step <= most), _STEPS_H[-1])
        painter.setFont(font(CAPTION_PX))
        local = self._start.astimezone(self._zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        first = -(-((local - midnight) / _HOUR) // step_h)
        for place in range(int(span_h / step_h) + 1):
            moment = midnight + dt.timedelta(hours=(first + place) * step_h)
            x = self.x_of(moment)
            painter.setPen(theme.line)
            painter.drawLine(QPointF(x, _LINE_Y + 3), QPointF(x, _LINE_Y + 8))
            words = moment.strftime("%H:%M") if step_h < 24 else day(moment, self._zone)
            box = QRectF(x - _LABEL_PX / 2, _LABEL_Y, _LABEL_PX, 14)
            if box.left() >= 0 and box.right() <= self.width():
                painter.setPen(theme.muted)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _draw_entries(self, painter: QPainter) -> None:
        """Alarms as they were raised by their shape, notes as a longer stroke, all else as a short one."""
        theme = self._looks.theme
        for entry in self._entries:
            x = self.x_of(_moment(entry))
            painter.setPen(QPen(theme.text if entry.kind == "note" else theme.faint, 1))
            painter.drawLine(QPointF(x, _LINE_Y - (8 if entry.kind == "note" else 5)), QPointF(x, _LINE_Y - 2))
        for entry in self._entries:
            if entry.priority and entry.data.get("state", "new") == "new":
                centre = QPointF(self.x_of(_moment(entry)), _LINE_Y)
                draw_alarm_shape(painter, centre, theme, entry.priority, "new", _SHAPE_PX)

    # mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.sought.emit(self.moment_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(self.moment_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -_MINUTE,
            Qt.Key.Key_Right: _MINUTE,
            Qt.Key.Key_PageUp: -_HOUR,
            Qt.Key.Key_PageDown: _HOUR,
        }
        ends = {Qt.Key.Key_Home: self._start, Qt.Key.Key_End: self._end}
        key = Qt.Key(event.key())
        if event.modifiers() or (key not in steps and key not in ends):
            super().keyPressEvent(event)
        else:
            self.sought.emit(ends[key] if key in ends else self._now + steps[key])

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.words_at(event.pos().x()), self)
            return True
        return super().event(event)

    def words_at(self, x: float) -> str:
        """The time there, and the entries near it."""
        near = [entry for entry in self._entries if abs(self.x_of(_moment(entry)) - x) <= _NEAR_PX]
        lines = [f"{clock(_moment(entry), self._zone, seconds=True)}  {entry.text}" for entry in near[:6]]
        more = [self.tr("and {0} more").format(len(near) - 6)] if len(near) > 6 else []
        moment = self.moment_at(x)
        return "\n".join([f"{day(moment, self._zone)}  {clock(moment, self._zone)}", *reversed(lines), *more])


def _moment(entry: Entry) -> dt.datetime:
    return dt.datetime.fromtimestamp(entry.time_ns / 1e9, dt.UTC)
