"""The strip on top of every page: the most urgent alarm nobody has acknowledged, and how many there are of each."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from energy_console.engine.link import AlarmView
from energy_console.gui.desk import Desk
from energy_console.gui.format import clock, duration, moment
from energy_console.gui.parts.alarm_shape import ACKNOWLEDGED, NEW, NONE_OPEN, AlarmShape
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.text import Text
from energy_console.gui.parts.two_tone import TwoToneText
from energy_console.gui.theme import ALARM_STRIP_HEIGHT, BODY_PX, SEMIBOLD


def most_urgent(alarms: tuple[AlarmView, ...]) -> AlarmView | None:
    """The unacknowledged alarm with the highest priority, the oldest of equals."""
    waiting = [alarm for alarm in alarms if alarm.state != ACKNOWLEDGED]
    return min(waiting, key=lambda alarm: (alarm.state != NEW, alarm.priority, alarm.since_ns), default=None)


class AlarmStrip(QFrame):
    """`acknowledge` and `show_source` carry the alarm shown."""

    acknowledge = Signal(object)
    show_source = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.alarm: AlarmView | None = None
        self.setFixedHeight(ALARM_STRIP_HEIGHT)
        self.setAccessibleName(self.tr("Most urgent alarm"))
        looks = desk.looks
        self.now = Text(self.tr("NOW"), "text", BODY_PX, SEMIBOLD)
        self.now.setProperty("look", "tag")
        self.now.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.now.setToolTip(self.tr("The alarms in this strip are those of the present, not of the time shown below"))
        self._shape = AlarmShape(looks)
        self._priority = Text("", "text", BODY_PX, SEMIBOLD)
        self._words = TwoToneText(looks)
        self._since = Text("", "muted")
        self._ack = Button(looks, self.tr("Ack  F8"), "check", name=self.tr("Acknowledge this alarm (F8)"))
        self._show = Button(looks, self.tr("Show"), name=self.tr("Show where this alarm is (Shift+F8)"))
        self._ack.clicked.connect(lambda _checked=False: self.acknowledge.emit(self.alarm))
        self._show.clicked.connect(lambda _checked=False: self.show_source.emit(self.alarm))
        self._counts = {priority: _Count(desk, priority) for priority in (1, 2, 3, 4)}
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 1)
        row.setSpacing(10)
        row.addWidget(self.now)
        row.addWidget(self._shape)
        row.addWidget(self._priority)
        row.addWidget(self._words, 1)
        row.addWidget(self._since)
        row.addWidget(self._ack)
        row.addWidget(self._show)
        row.addWidget(_divider())
        for count in self._counts.values():
            row.addWidget(count)
        looks.changed.connect(self.update)
        desk.time.changed.connect(self._show_whether_past)
        self._show_whether_past()
        self.show_alarms(())

    def _show_whether_past(self) -> None:
        """While the pages show the past, the strip says that it does not."""
        self.now.setVisible(not self._desk.time.live)

    def show_alarms(self, alarms: tuple[AlarmView, ...]) -> None:
        self.alarm = alarm = most_urgent(alarms)
        there = alarm is not None
        only_then: tuple[QWidget, ...] = (self._shape, self._priority, self._since, self._ack, self._show)
        for widget in only_then:
            widget.setVisible(there)
        if alarm is None:
            self._words.say(self.tr("No alarm waits to be acknowledged."), faded=True)
        else:
            self._shape.show_alarm(alarm.priority, alarm.state)
            self._priority.setText(self._in_words(alarm.priority))
            self._words.say(alarm.text, alarm.detail)
        self._ack.setEnabled(self._desk.may("acknowledge"))
        numbers = Counter(alarm.priority for alarm in alarms)
        waiting = {alarm.priority for alarm in alarms if alarm.state != ACKNOWLEDGED}
        for priority, count in self._counts.items():
            state = NEW if priority in waiting else ACKNOWLEDGED if numbers[priority] else NONE_OPEN
            count.show_count(numbers[priority], state)
        self.tick()
        self.update()

    def _in_words(self, priority: int) -> str:
        words = (self.tr("P1 critical"), self.tr("P2 high"), self.tr("P3 medium"), self.tr("P4 note"))
        return words[priority - 1]

    def tick(self) -> None:
        """Once a second: how long the alarm has been waiting."""
        if self.alarm is not None:
            since = moment(self.alarm.since_ns)
            age = max(0.0, (self._desk.clock_ns() - self.alarm.since_ns) / 1e9)
            time = clock(since, self._desk.site.place.zone, seconds=True)
            self._since.setText(self.tr("since {0} · {1}").format(time, duration(age, whole=True)))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._desk.looks.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.surface)
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme.line)
        if self.alarm is not None:
            painter.fillRect(QRect(0, 0, 4, self.height() - 1), theme.alarm(self.alarm.priority))
        painter.end()


class _Count(QWidget):
    """A shape without its digit and how many alarms there are of it."""

    def __init__(self, desk: Desk, priority: int) -> None:
        super().__init__()
        self._priority = priority
        self._shape = AlarmShape(desk.looks, priority, NONE_OPEN, 14, digit=False)
        self._number = Text("0")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._shape)
        row.addWidget(self._number)

    def show_count(self, count: int, state: str) -> None:
        self._shape.show_alarm(self._priority, state)
        self._number.setText(str(count) if count else "–")
        self._number.set_tone("text" if count else "muted")
        self.setAccessibleName(self.tr("{0} alarms of priority {1}").format(count, self._priority))


def _divider() -> QFrame:
    made = QFrame()
    made.setProperty("look", "line")
    made.setFixedSize(1, 26)
    return made
