"""What the signs of the harbour picture mean and how many there are of each: the counts add up to the fleet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.format import number
from energy_console.gui.pages.port.cell import CellLook, draw_cell
from energy_console.gui.pages.port.words import state_words
from energy_console.gui.theme import CAPTION_PX, Looks, font
from energy_console.live.port import FleetNow, PointState

_HEIGHT = 24
_CELL_W, _CELL_H = 9.0, 14.0
_GAP = 16.0
_ALWAYS = (PointState.FREE, PointState.SUPPLYING)
_SCALE_M = 200.0


@dataclass(frozen=True, slots=True)
class Entry:
    state: PointState
    count: int
    text: str
    long_text: str


class Legend(QWidget):
    """States that occur, with their counts; the scale of the picture at the right."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._entries: tuple[Entry, ...] = ()
        self._total = 0
        self._px_per_m = 0.0
        self._priority = 2
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        looks.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(600, _HEIGHT)

    def show_fleet(self, fleet: FleetNow, px_per_m: float, priority: int) -> None:
        """`priority`: of the worst trip, whose shape the entry shows."""
        words = state_words()
        long_words = {PointState.SUPPLYING: self.tr("supplying {0} (height = power / rating)")}
        entries = []
        for state in PointState:
            count = fleet.count(state)
            if count or state in _ALWAYS:
                text = f"{words[state]} {count}"
                entries.append(Entry(state, count, text, long_words.get(state, "").format(count) or text))
        shown = (tuple(entries), len(fleet.state), px_per_m, priority)
        if shown != (self._entries, self._total, self._px_per_m, self._priority):
            self._entries, self._total, self._px_per_m, self._priority = shown
            self.setAccessibleName(", ".join(entry.text for entry in entries))
            self.update()

    @property
    def total(self) -> int:
        """What the counts shown add up to."""
        return sum(entry.count for entry in self._entries)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(CAPTION_PX))
        right = self._draw_scale(painter)
        x = 12.0
        middle = self.height() / 2
        for entry, text in zip(self._entries, self._fitted(right - x), strict=True):
            look = CellLook(entry.state, 0.6, self._priority)
            box = QRectF(x, middle - _CELL_H / 2, _CELL_W, _CELL_H)
            if entry.state is PointState.TRIPPED:
                box.adjust(-1, 0, 2, 0)
            draw_cell(painter, box, self._looks.theme, look)
            x = self._write(painter, x + _CELL_W + 6, text) + _GAP
        if x + 26 + self._width(self._own_engines()) < right:
            pen = QPen(self._looks.theme.muted, 1)
            pen.setDashPattern([3, 2])
            painter.setPen(pen)
            painter.drawLine(QPointF(x, middle), QPointF(x + 20, middle))
            self._write(painter, x + 26, self._own_engines())
        painter.end()

    def _fitted(self, room: float) -> Sequence[str]:
        """Long texts where they fit, short ones else."""
        for texts in ([entry.long_text for entry in self._entries], [entry.text for entry in self._entries]):
            if sum(self._width(text) + _CELL_W + 6 + _GAP for text in texts) <= room:
                return texts
        return [entry.text for entry in self._entries]

    def _own_engines(self) -> str:
        return self.tr("ship on own engines")

    def _width(self, text: str) -> float:
        return QFontMetricsF(font(CAPTION_PX)).horizontalAdvance(text)

    def _write(self, painter: QPainter, x: float, text: str) -> float:
        painter.setPen(self._looks.theme.muted)
        painter.drawText(QRectF(x, 0, 400, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        return x + self._width(text)

    def _draw_scale(self, painter: QPainter) -> float:
        """The scale bar; returns where it begins."""
        width = _SCALE_M * self._px_per_m
        if width < 40:
            return float(self.width())
        right, y = self.width() - 12.0, self.height() - 7.0
        left = right - width
        painter.setPen(QPen(self._looks.theme.faint, 1))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        for x in (left, right):
            painter.drawLine(QPointF(x, y - 4), QPointF(x, y))
        painter.setPen(self._looks.theme.muted)
        words = f"{number(_SCALE_M)} m"
        painter.drawText(QRectF(left, 0, width, y), Qt.AlignmentFlag.AlignCenter, words)
        return left
