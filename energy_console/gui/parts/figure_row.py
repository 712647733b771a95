"""A strip of figures across the page: caption, figure with unit, one short note under or beside each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from energy_console.gui.format import NONE
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.text import ElidedText, Text, caption, figure
from energy_console.gui.theme import BODY_PX, CAPTION_PX, CARD_PADDING, STRIP_FIGURE_PX


class _Cell(QWidget):
    """One figure of the strip."""

    def __init__(self, name: str, beside: bool) -> None:
        super().__init__()
        self.name = caption(name)
        self.figure = figure(NONE, STRIP_FIGURE_PX)
        self.unit = Text("", "muted", BODY_PX)
        self.note = ElidedText("", "muted", CAPTION_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(CARD_PADDING, 7, 8, 6)
        column.setSpacing(0)
        column.addWidget(self.name)
        line = QHBoxLayout()
        line.setSpacing(5)
        line.addWidget(self.figure, 0, Qt.AlignmentFlag.AlignBottom)
        self.unit.setContentsMargins(0, 0, 0, 2)
        line.addWidget(self.unit, 0, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(line)
        if beside:
            self.note.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.note.setContentsMargins(0, 0, 0, 3)
            line.addWidget(self.note, 1, Qt.AlignmentFlag.AlignBottom)
        else:
            line.addStretch(1)
            column.addWidget(self.note)


class FigureRow(Card):
    """`figures` are (key, caption). `beside`: notes right of the figure (54 px high), not under it (70 px)."""

    def __init__(self, figures: Sequence[tuple[str, str]], name: str = "", *, beside: bool = False) -> None:
        super().__init__()
        self.setFixedHeight(54 if beside else 70)
        self.setAccessibleName(name)
        self._cells: dict[str, _Cell] = {}
        row = QHBoxLayout()
        row.setSpacing(0)
        for place, (key, text) in enumerate(figures):
            if beside and place:
                row.addWidget(_divider())
            cell = _Cell(text, beside)
            self._cells[key] = cell
            row.addWidget(cell, 1)
        self.body.addLayout(row)

    def show_figure(self, key: str, value: str | None, unit: str = "", note: str = "", name: str = "") -> None:
        """Texts ready to read; None shows a dash in muted. `name` changes the caption. Raises KeyError."""
        cell = self._cells[key]
        cell.figure.setText(NONE if value is None else value)
        cell.figure.set_tone("muted" if value is None else "text")
        cell.unit.setText(unit)
        cell.note.show_text(note)
        if name:
            cell.name.setText(name)
        cell.setAccessibleName(f"{cell.name.text()}: {value or NONE} {unit}, {note}")


def _divider() -> QFrame:
    made = QFrame()
    made.setProperty("look", "rule")
    made.setFixedWidth(1)
    return made
