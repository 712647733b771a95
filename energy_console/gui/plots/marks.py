"""Events over the plots: a shape and a word in the lane at the head, and a dotted line down through every plot."""

from __future__ import annotations

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from energy_console.gui.icons import draw_icon
from energy_console.gui.parts.alarm_shape import draw_alarm_shape
from energy_console.gui.theme import CAPTION_PX, Looks, Theme, font

LANE_HEIGHT = 26
_SHAPE_PX = 14
_NEAR_PX = 16.0
_LONGEST_WORDS_PX = 130.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One event. `priority` 1..4 for alarms (`state` new, acknowledged, returned), 0 for all else."""

    key: int
    time_s: float
    words: str
    priority: int = 0
    state: str = "new"
    kind: str = "alarm"
    until_s: float | None = None  # the end of what it is about, where that is a span


def mark_colour(theme: Theme, mark: Mark) -> QColor:
    return theme.alarm(mark.priority) if mark.priority else theme.faint


class EventLane(pg.GraphicsWidget):  # type: ignore[misc]
    """The lane. Marks that would lie on one another become one, the most urgent, with a count."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._marks: tuple[Mark, ...] = ()
        self._start_s, self._end_s = 0.0, 1.0
        self.setFixedHeight(LANE_HEIGHT)
        looks.changed.connect(self.update)

    def show_marks(self, marks: tuple[Mark, ...]) -> None:
        self._marks = tuple(sorted(marks, key=lambda mark: mark.time_s))
        self.update()

    def show_range(self, start_s: float, end_s: float) -> None:
        if (start_s, end_s) != (self._start_s, self._end_s):
            self._start_s, self._end_s = start_s, end_s
            self.update()

    def _x(self, time_s: float) -> float:
        span = self._end_s - self._start_s
        return float(self.size().width()) * (time_s - self._start_s) / span if span > 0 else 0.0

    def groups(self) -> list[tuple[float, list[Mark]]]:
        """Marks in the window by place, those nearer than a shape together; px from the left."""
        found: list[tuple[float, list[Mark]]] = []
        for mark in self._marks:
            x = self._x(mark.time_s)
            if not 0 <= x <= self.size().width():
                continue
            if found and x - found[-1][0] < _NEAR_PX:
                found[-1][1].append(mark)
            else:
                found.append((x, [mark]))
        return found

    def mark_at(self, x: float) -> Mark | None:
        """The mark drawn nearest to a place, within a shape's width."""
        near = [(abs(place - x), group) for place, group in self.groups() if abs(place - x) <= _SHAPE_PX]
        return _most_urgent(min(near, key=lambda pair: pair[0])[1]) if near else None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme = self._looks.theme
        measure = QFontMetricsF(font(CAPTION_PX))
        painter.setFont(font(CAPTION_PX))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groups = self.groups()
        middle = self.size().height() / 2
        width = float(self.size().width())
        self._paint_spans(painter, width)
        free_from = 0.0
        for place, (x, group) in enumerate(groups):
            mark = _most_urgent(group)
            if mark.priority:
                draw_alarm_shape(painter, QPointF(x, middle), theme, mark.priority, mark.state, _SHAPE_PX)
            else:
                draw_mark_icon(painter, QPointF(x, middle), mark.kind, theme.bar)
            after = groups[place + 1][0] - _SHAPE_PX if place + 1 < len(groups) else width
            words = mark.words if len(group) == 1 else f"{len(group)}"
            free_from = max(x + _SHAPE_PX, self._write(painter, measure, words, x, free_from, after))

    def _paint_spans(self, painter: QPainter, width: float) -> None:
        """A bar at the lane's foot for as long as an event lasted."""
        for mark in self._marks:
            if mark.until_s is None:
                continue
            left, right = max(0.0, self._x(mark.time_s)), min(width, self._x(mark.until_s))
            if right > left:
                painter.fillRect(QRectF(left, LANE_HEIGHT - 4, max(right - left, 2.0), 3), self._looks.theme.bar)

    def _write(
        self, painter: QPainter, measure: QFontMetricsF, words: str, x: float, before: float, after: float
    ) -> float:
        """Words to the right of the shape, to the left where only there is room for them whole; returns their end."""
        painter.setPen(self._looks.theme.text)
        height = float(self.size().height())
        wanted = min(measure.horizontalAdvance(words) + 2, _LONGEST_WORDS_PX)
        right = after - x - _SHAPE_PX
        left = x - before - _SHAPE_PX
        to_left = right < wanted <= left
        room = min(wanted, left if to_left else right)
        if room < 24 and room < wanted:
            return x
        text = measure.elidedText(words, Qt.TextElideMode.ElideRight, room + 1)
        start = x - _SHAPE_PX / 2 - 5 - room if to_left else x + _SHAPE_PX / 2 + 5
        side = Qt.AlignmentFlag.AlignRight if to_left else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(start, 0, room + 2, height), side | Qt.AlignmentFlag.AlignVCenter, text)
        return x if to_left else start + room + 6


def _most_urgent(group: list[Mark]) -> Mark:
    return min(group, key=lambda mark: (mark.priority or 9, -mark.time_s))


_ICONS = {"command": "wrench", "note": "note-pencil", "call": "anchor", "plan": "calendar-check"}


def draw_mark_icon(painter: QPainter, centre: QPointF, kind: str, colour: QColor) -> None:
    """What kind of event it is, where nobody need worry; a small shield for what has no picture of its own."""
    name = _ICONS.get(kind)
    if name is None:
        draw_flag(painter, centre, colour)
        return
    half = _SHAPE_PX / 2
    draw_icon(painter, QRectF(centre.x() - half, centre.y() - half, _SHAPE_PX, _SHAPE_PX), name, colour)


def draw_flag(painter: QPainter, centre: QPointF, colour: QColor) -> None:
    """A small shield: something was done or came about, and nobody need worry."""
    x, y = centre.x(), centre.y()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    corners = ((-3.5, -5), (3.5, -5), (3.5, 1.5), (0, 5), (-3.5, 1.5))
    painter.drawPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))
