"""Painted rows of the drawer: both sides' signals, and figures that add up. No widget a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.parts.alarm_shape import draw_alarm_shape
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import BODY_PX, CAPTION_PX, MEDIUM, SEMIBOLD, Looks, font

_ROW_PX = 16.0
_TEXT_PX = 12
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Signal:
    """One value as both sides tell it, ready to read. `bad`: hatched, text is the reason; `odd`: not as expected."""

    name: str
    ship: str
    shore: str
    age: str
    ship_bad: bool = False
    shore_bad: bool = False
    odd: bool = False


class _Rows(QWidget):
    """Base of painted rows: height by count."""

    def __init__(self, looks: Looks, name: str) -> None:
        super().__init__()
        self._looks = looks
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        looks.changed.connect(self.update)

    def count(self) -> int:
        return 0

    def sizeHint(self) -> QSize:
        return QSize(200, int(self.count() * _ROW_PX))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class SignalTable(_Rows):
    """Signals by row: name, ship, shore, age."""

    def __init__(self, looks: Looks) -> None:
        super().__init__(looks, "")
        self.setAccessibleName(self.tr("Signals of ship and shore"))
        self._title = ""
        self.signals: tuple[Signal, ...] = ()

    def count(self) -> int:
        return len(self.signals) + 1

    def show_signals(self, title: str, signals: Sequence[Signal]) -> None:
        if (title, tuple(signals)) != (self._title, self.signals):
            self._title = title
            taller = len(signals) != len(self.signals)
            self.signals = tuple(signals)
            words = "; ".join(f"{s.name}: {s.ship}, {s.shore}" for s in signals)
            self.setAccessibleDescription(words)
            if taller:
                self.updateGeometry()
            self.update()

    def _columns(self) -> tuple[QRectF, QRectF, QRectF, QRectF]:
        """Name, ship, shore, age as rectangles of the first row."""
        width = float(self.width())
        age, side = 40.0, 76.0
        return (
            QRectF(0, 0, width - age - 2 * side, _ROW_PX),
            QRectF(width - age - 2 * side, 0, side, _ROW_PX),
            QRectF(width - age - side, 0, side, _ROW_PX),
            QRectF(width - age, 0, age, _ROW_PX),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        columns = self._columns()
        painter.setFont(font(BODY_PX, SEMIBOLD))
        painter.setPen(theme.text)
        painter.drawText(columns[0], _LEFT, self._title)
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        for column, text in zip(columns[1:], (self.tr("Ship"), self.tr("Shore"), self.tr("age")), strict=True):
            painter.drawText(column, _RIGHT, text)
        painter.setFont(font(_TEXT_PX))
        for row, signal in enumerate(self.signals, start=1):
            top = row * _ROW_PX
            painter.setPen(QPen(theme.grid, 1))
            painter.drawLine(QPointF(0, top - 0.5), QPointF(self.width(), top - 0.5))
            name, ship, shore, age = (column.translated(0, top) for column in columns)
            painter.setFont(font(_TEXT_PX))
            painter.setPen(theme.muted)
            painter.drawText(name, _LEFT, signal.name)
            self._draw_value(painter, ship, signal.ship, bad=signal.ship_bad, odd=signal.odd)
            self._draw_value(painter, shore, signal.shore, bad=signal.shore_bad, odd=signal.odd)
            painter.setFont(font(_TEXT_PX))
            painter.setPen(theme.faint)
            painter.drawText(age, _RIGHT, signal.age)
        painter.end()

    def _draw_value(self, painter: QPainter, cell: QRectF, text: str, *, bad: bool, odd: bool) -> None:
        theme = self._looks.theme
        if bad:
            draw_hatch(painter, cell.adjusted(8, 2, 0, -2), theme)
        painter.setFont(font(_TEXT_PX, SEMIBOLD if odd and not bad else 400))
        painter.setPen(theme.muted if bad else theme.text)
        fitted = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, cell.width() - 6)
        painter.drawText(cell, _RIGHT, fitted)


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure with its name and unit, ready to read. `total` draws a line above it."""

    name: str
    value: str
    unit: str
    total: bool = False


class FactRows(_Rows):
    """Figures under each other, the last of a sum under a line."""

    def __init__(self, looks: Looks, name: str) -> None:
        super().__init__(looks, name)
        self.facts: tuple[Fact, ...] = ()

    def count(self) -> int:
        return len(self.facts)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        if tuple(facts) != self.facts:
            taller = len(facts) != len(self.facts)
            self.facts = tuple(facts)
            self.setAccessibleDescription("; ".join(f"{f.name} {f.value} {f.unit}" for f in facts))
            if taller:
                self.updateGeometry()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        unit_px, value_px = 34.0, 90.0
        for row, fact in enumerate(self.facts):
            top = row * _ROW_PX
            unit = QRectF(self.width() - unit_px, top, unit_px, _ROW_PX)
            value = QRectF(unit.left() - value_px - 6, top, value_px, _ROW_PX)
            if fact.total:
                painter.setPen(QPen(theme.line, 1))
                painter.drawLine(QPointF(value.left(), top + 0.5), QPointF(self.width(), top + 0.5))
            painter.setFont(font(_TEXT_PX))
            painter.setPen(theme.muted)
            room = value.left() - 6
            fitted = QFontMetricsF(painter.font()).elidedText(fact.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(0, top, room, _ROW_PX), _LEFT, fitted)
            painter.drawText(unit, _LEFT, fact.unit)
            painter.setFont(font(_TEXT_PX, SEMIBOLD if fact.total else MEDIUM))
            painter.setPen(theme.text)
            painter.drawText(value, _RIGHT, fact.value)
        painter.end()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that needs a person: shape of a priority (0: none), words, and what it opens."""

    key: str
    priority: int
    state: str
    text: str
    detail: str


class FindingMark(QWidget):
    """One finding as a line: its shape and words, elided to the width."""

    def __init__(self, looks: Looks, finding: Finding) -> None:
        super().__init__()
        self._looks = looks
        self._finding = finding
        self.setFixedHeight(20)
        self.setToolTip(finding.text)
        self.setAccessibleName(finding.text)
        looks.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        finding = self._finding
        if finding.priority:
            centre = QPointF(7, self.height() / 2)
            draw_alarm_shape(painter, centre, theme, finding.priority, finding.state, 11, digit=False)
        painter.setFont(font(_TEXT_PX))
        painter.setPen(theme.text)
        words = QRectF(20 if finding.priority else 0, 0, self.width() - 20, self.height())
        fitted = QFontMetricsF(painter.font()).elidedText(finding.text, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, _LEFT, fitted)
        painter.end()
