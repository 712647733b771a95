"""What needs attention: the most urgent open alarms, each with what follows and since when."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from energy_console.engine.link import AlarmView
from energy_console.gui.format import duration
from energy_console.gui.parts.alarm_shape import NEW, AlarmShape
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.text import ElidedText, caption
from energy_console.gui.theme import BODY_PX, CARD_PADDING, MEDIUM, SEMIBOLD, Looks, font

ROWS = 9


class AttentionRow(QFrame):
    """One alarm; opens what it is about by a click or by Enter."""

    opened = Signal(object)

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self.alarm: AlarmView | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._shape = AlarmShape(looks)
        self._text = ElidedText("", "text", BODY_PX, SEMIBOLD)
        self._detail = ElidedText("", "muted", BODY_PX)
        self._since = caption()
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._text)
        low = QHBoxLayout()
        low.addWidget(self._detail, 1)
        low.addWidget(self._since)
        words.addLayout(low)
        row = QHBoxLayout(self)
        row.setContentsMargins(CARD_PADDING, 8, CARD_PADDING, 8)
        row.setSpacing(10)
        row.addWidget(self._shape, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)

    def show_alarm(self, alarm: AlarmView, area: str, now_ns: int) -> None:
        self.alarm = alarm
        self._shape.show_alarm(alarm.priority, alarm.state)
        self._text.show_text(alarm.text)
        self._text.setFont(font(BODY_PX, SEMIBOLD if alarm.state == NEW else MEDIUM))
        self._detail.show_text(alarm.detail or area)
        since = duration((now_ns - alarm.since_ns) / 1e9, whole=True)
        self._since.setText(self.tr("for {0}").format(since))
        self.setAccessibleName(f"P{alarm.priority} {alarm.text}, {alarm.detail}, {since}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.opened.emit(self.alarm)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.alarm)
        else:
            super().keyPressEvent(event)


class AttentionList(Card):
    """As many rows as fit, the most urgent first; says so where nothing is open."""

    opened = Signal(object)

    def __init__(self, looks: Looks) -> None:
        super().__init__(self.tr("Needs attention"))
        self._note = self.note("")
        self.add_tool(self._note)
        self._rows = [AttentionRow(looks) for _ in range(ROWS)]
        self._rules = [rule() for _ in range(ROWS)]
        self._calm = StatePane(
            looks, "empty", self.tr("Nothing needs attention."), self.tr("Every device answers and no limit is near.")
        )
        self.body.addWidget(rule())
        self.body.addWidget(self._calm, 1)
        for row, line in zip(self._rows, self._rules, strict=True):
            row.opened.connect(self.opened)
            self.body.addWidget(row)
            self.body.addWidget(line)
        self.body.addStretch(1)
        self.show_alarms((), {}, 0)

    def show_alarms(self, alarms: Sequence[AlarmView], areas: dict[str, str], now_ns: int) -> None:
        """`alarms` most urgent first; `areas`: name of the area a source belongs to."""
        room = max(1, (self.height() - 60) // 58)
        shown = list(alarms[: min(room, ROWS)])
        self._calm.setVisible(not alarms)
        self._note.setText(self.tr("{0} of {1}, by urgency").format(len(shown), len(alarms)) if alarms else "")
        for place, (row, line) in enumerate(zip(self._rows, self._rules, strict=True)):
            row.setVisible(place < len(shown))
            line.setVisible(place < len(shown))
            if place < len(shown):
                row.show_alarm(shown[place], areas.get(shown[place].source, ""), now_ns)
