"""The common frame of the picture's strips: one x axis for all, a gutter for names left, one for limits right."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from energy_console.gui.format import THIN, clock
from energy_console.gui.pages.plan.day import PlannedDay
from energy_console.gui.plots.ticks import time_ticks
from energy_console.gui.theme import CAPTION_PX, REGULAR, SEMIBOLD, Theme, font

GUTTER_LEFT, GUTTER_RIGHT = 184.0, 62.0
PAD_PX = 12.0
AXIS_PX = 24.0
ROW_PX = 11.0
CHART_PX = 10  # names in rows
_TICK_PX = 78.0

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def tr(text: str) -> str:
    """The page's words in the language of the window."""
    return QCoreApplication.translate("plan", text)


def readable(sentence: str) -> str:
    """A sentence of the optimizer with figures and spans of time as the rest of the window writes them."""
    spaced = re.sub(r"(?<=\d),(?=\d{3})", THIN, sentence)
    return re.sub(r"(?<=\d\d:\d\d)-(?=\d\d:\d\d)", "–", spaced)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where time lies on the widget: `left`..`right` px are the day's first and last edge."""

    left: float
    right: float
    theme: Theme
    day: PlannedDay
    zone: dt.tzinfo
    selected: int  # step
    now_s: float

    def x(self, time_s: float) -> float:
        start_s, end_s = float(self.day.edges_s[0]), float(self.day.edges_s[-1])
        return self.left + (time_s - start_s) / (end_s - start_s) * (self.right - self.left)

    def edge(self, step: int) -> float:
        """The px at which a step begins."""
        return self.x(float(self.day.edges_s[step]))

    def time_at(self, x: float) -> float:
        start_s, end_s = float(self.day.edges_s[0]), float(self.day.edges_s[-1])
        return start_s + (x - self.left) / (self.right - self.left) * (end_s - start_s)

    def begin(self, step: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(float(self.day.edges_s[step]), dt.UTC)

    def clock(self, step: int) -> str:
        return clock(self.begin(step), self.zone)


def write(
    painter: QPainter,
    rect: QRectF,
    text: str,
    theme: Theme,
    *,
    tone: str = "muted",
    px: int = CAPTION_PX,
    weight: int = REGULAR,
    align: Qt.AlignmentFlag = LEFT,
) -> None:
    """One line of words, ended with "…" where it does not fit."""
    painter.setFont(font(px, weight))
    painter.setPen(getattr(theme, tone))
    fitted = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, rect.width() + 0.5)
    painter.drawText(rect, align | Qt.TextFlag.TextDontClip, fitted)  # rows may be lower than their letters


def width_of(text: str, px: int = CAPTION_PX, weight: int = REGULAR) -> float:
    return QFontMetricsF(font(px, weight)).horizontalAdvance(text)


def draw_time_axis(painter: QPainter, frame: Frame, top: float, bottom: float) -> None:
    """Hours over all strips, with grid lines down to `bottom`; the day is named where it begins."""
    theme = frame.theme
    day = frame.day
    most = max(2, int((frame.right - frame.left) / _TICK_PX))
    head = QRectF(0, top, 0, AXIS_PX - 4)
    free_from = frame.left - 40
    for tick in time_ticks(float(day.edges_s[0]), float(day.edges_s[-1]), most, frame.zone):
        x = round(frame.x(tick.time_s)) + 0.5
        painter.setPen(QPen(theme.line if tick.strong else theme.grid, 1))
        painter.drawLine(QPointF(x, top + AXIS_PX - 2), QPointF(x, bottom))
        named = f"{tick.label}  {tick.second_line}" if tick.strong and tick.second_line else tick.label
        half = width_of(tick.label) / 2
        length = width_of(named, CAPTION_PX, SEMIBOLD if tick.strong else REGULAR)
        if x - half < free_from or x - half + length > frame.right + GUTTER_RIGHT - 8:
            continue
        free_from = x - half + length + 5
        where = QRectF(x - half, head.top(), length + 4, head.height())
        write(
            painter,
            where,
            named,
            theme,
            tone="text" if tick.strong else "muted",
            weight=SEMIBOLD if tick.strong else REGULAR,
        )
