"""A key figure in its card: caption, figure with unit, a note at the right, the value on its range, words under it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from energy_console.gui.format import NONE
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.range_bar import BarRange, RangeBar
from energy_console.gui.parts.text import Text, caption, figure, muted
from energy_console.gui.theme import CARD_PADDING, Looks


class KeyFigure(Card):
    """`show_value` changes all of it; None as figure shows a dash, a hatched bar and the reason in words."""

    def __init__(self, looks: Looks, name: str) -> None:
        super().__init__()
        self.setFixedHeight(112)
        self._name = muted(name)
        self._figure = figure(NONE)
        self._unit = muted()
        self._note = Text()
        self._bar = RangeBar(looks)
        self._left = caption()
        self._right = caption()
        column = QVBoxLayout()
        column.setContentsMargins(CARD_PADDING, 8, CARD_PADDING, 7)
        column.setSpacing(0)
        column.addWidget(self._name)
        column.addLayout(self._figure_line())
        column.addStretch(1)
        column.addWidget(self._bar)
        feet = QHBoxLayout()
        feet.addWidget(self._left, 1)
        feet.addWidget(self._right)
        column.addLayout(feet)
        self.body.addLayout(column)

    def _figure_line(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(6)
        base = Qt.AlignmentFlag.AlignBottom
        line.addWidget(self._figure, 0, base)
        self._unit.setContentsMargins(0, 0, 0, 4)
        self._note.setContentsMargins(0, 0, 0, 4)
        line.addWidget(self._unit, 0, base)
        line.addStretch(1)
        line.addWidget(self._note, 0, base)
        return line

    def show_value(
        self, value: str | None, unit: str, bar: BarRange | None, *, note: str = "", left: str = "", right: str = ""
    ) -> None:
        """Texts are ready to read; `bar` in the figure's unit."""
        self._figure.setText(NONE if value is None else value)
        self._figure.set_tone("muted" if value is None else "text")
        self._unit.setText(unit)
        self._note.setText(note)
        self._bar.show_bar(None if value is None else bar)
        self._left.setText(left)
        self._right.setText(right)
        self.setAccessibleName(f"{self._name.text()}: {value or NONE} {unit}, {note} {left}")
