"""The answer first: one line of words, its first clause in 600, the rest muted, with the shape of the top cause."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from energy_console.gui.parts.alarm_shape import NEW, AlarmShape
from energy_console.gui.parts.two_tone import TwoToneText
from energy_console.gui.theme import BODY_PX, SEMIBOLD, TITLE_PX, Looks


class AnswerLine(QWidget):
    """`big` is the 16 px line of the overview; other pages use 13 px."""

    def __init__(self, looks: Looks, *, big: bool = False) -> None:
        super().__init__()
        size = TITLE_PX if big else BODY_PX
        self._shape = AlarmShape(looks)
        self._words = TwoToneText(looks, size, SEMIBOLD, plain=not big)
        self.setFixedHeight(30 if big else 22)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._shape)
        row.addWidget(self._words, 1)
        self._shape.hide()

    def say(self, answer: str, rest: str = "", priority: int = 0, state: str = NEW) -> None:
        """`priority` 1..4 puts the shape of the cause in front; 0 leaves it out."""
        self._words.say(answer, rest)
        self._shape.setVisible(bool(priority))
        self._shape.show_alarm(priority, state)
        self.setAccessibleName(f"{answer} {rest}")
