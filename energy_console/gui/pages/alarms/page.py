"""The Alarms page: what is open at the time shown, with who has seen it, and the journal of everything beside it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from energy_console.engine.link import AlarmView, EngineNews
from energy_console.gui.desk import Desk
from energy_console.gui.format import stamp
from energy_console.gui.pages.alarms.alarm_table import AlarmTable
from energy_console.gui.pages.alarms.journal_card import JournalCard
from energy_console.gui.pages.alarms.words import answer, tr
from energy_console.gui.pages.page import Page
from energy_console.gui.parts.alarm_shape import ACKNOWLEDGED
from energy_console.gui.parts.answer_line import AnswerLine
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.theme import CARD_GAP, PAGE_MARGIN

_NARROW_PX = 1340
_LEFT_SHARE = 0.40


class AlarmsPage(Page):
    """Both halves are of the time shown: live, or as it was at the moment picked."""

    refresh_ms = 1000

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._names = {device.id: device.name for device in desk.site.devices}
        self._names |= {node.id: node.name for node in desk.site.nodes}
        self._alarms: dict[str, AlarmView] = {}
        looks = desk.looks
        self.answer_line = AnswerLine(looks)
        self.alarms = AlarmTable(looks)
        self.nothing = StatePane(looks)
        self.ack_button = Button(looks, tr("Acknowledge"), "check", "card", on_click=self.acknowledge)
        self.show_button = Button(looks, tr("Show"), "", "card", on_click=lambda: self._open(self.alarms.selected_id()))
        self.show_button.setToolTip(tr("Where the alarm is (Enter)"))
        self.ack_button.setToolTip(tr("Puts your name on the alarm chosen (A)"))
        self.journal = JournalCard(desk)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._left = Card(tr("Open alarms"), tools=True)
        self._left.add_tool(self.ack_button)
        self._left.add_tool(self.show_button)
        self._left.body.addWidget(self.alarms, 1)
        self._left.body.addWidget(self.nothing, 1)
        row = QHBoxLayout()
        row.setSpacing(CARD_GAP)
        row.addWidget(self._left)
        row.addWidget(self.journal, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, CARD_GAP)
        column.setSpacing(CARD_GAP)
        column.addWidget(self.answer_line)
        column.addLayout(row, 1)
        QWidget.setTabOrder(self.alarms, self.journal.table)

    def _connect(self) -> None:
        self.alarms.opened.connect(self._open)
        self.alarms.picked.connect(lambda _id: self._show_acts())
        self.alarms.trend.connect(lambda alarm: self._trend(self._alarms[alarm].source))
        self.journal.there.connect(self.desk.replay.seek)
        self.journal.source.connect(self.desk.show_source.emit)
        self.journal.trend.connect(self._trend)
        self.journal.write.connect(lambda: self.desk.write_note.emit(None))
        self.journal.rewrite.connect(self.desk.write_note.emit)
        self.desk.noted.connect(self.journal.refresh_now)

    def minimumSizeHint(self) -> QSize:
        return QSize(900, 420)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._left.setFixedWidth(max(360, round(self.width() * _LEFT_SHARE)))
        self.journal.people.setVisible(self.width() >= _NARROW_PX)

    # showing

    def on_news(self, news: EngineNews) -> None:
        if news.alarms is not None and self.isVisible() and self.desk.time.live:
            self.journal.refresh_now()

    def refresh(self) -> None:
        alarms = self.desk.alarms
        self._alarms = {str(alarm.id): alarm for alarm in alarms}
        self.alarms.show_alarms(alarms, self._names, self.desk.shown_ns())
        self.alarms.setVisible(bool(alarms))
        self.nothing.setVisible(not alarms)
        if not alarms:
            self._say_nothing()
        elif not self.alarms.selected_id():
            self.alarms.select_id(str(alarms[0].id))
        self._say_answer(alarms)
        self._show_acts()
        self.journal.refresh()

    def _say_answer(self, alarms: tuple[AlarmView, ...]) -> None:
        first, rest = answer(alarms)
        worst = next((alarm for alarm in alarms if alarm.state != ACKNOWLEDGED), None)
        if not self.desk.time.live:
            moment = stamp(self.desk.time.now(), self.desk.site.place.zone)
            if not self.desk.ready:
                self.answer_line.say(self.desk.past.failure or tr("Reading {0} from the store…").format(moment))
                return
            first = tr("At {0}: {1}").format(moment, first)
        if worst is not None:
            self.answer_line.say(first, rest, worst.priority, worst.state)
        else:
            self.answer_line.say(first, rest)

    def _say_nothing(self) -> None:
        then = self.desk.past.then
        if self.desk.time.live:
            self.nothing.say("empty", tr("No alarm is open."), tr("Every device answers and no limit is near."))
        elif then is None:
            self.nothing.say("loading", tr("Looking up which alarms were open."))
        elif then.alarms_known:
            self.nothing.say("empty", tr("No alarm was open then."), tr("Alt+Shift+Down goes to the next one raised."))
        else:
            self.nothing.say("lost", tr("Nobody watched for alarms then."), tr("The store has no alarms of that time."))

    def _show_acts(self) -> None:
        alarm = self._alarms.get(self.alarms.selected_id())
        open_now = alarm is not None and alarm.state != ACKNOWLEDGED and self.desk.time.live
        self.ack_button.setEnabled(open_now and self.desk.may("acknowledge"))
        self.show_button.setEnabled(alarm is not None)

    def select(self, what: object) -> None:
        """An alarm by its number, or what an alarm is about."""
        for key, alarm in self._alarms.items():
            if what in (key, alarm.id, alarm.source):
                self.alarms.select_id(key)
                return

    def subject(self) -> str:
        """What a note written from here is about: the source of the alarm chosen."""
        alarm = self._alarms.get(self.alarms.selected_id())
        return alarm.source if alarm is not None and self.alarms.hasFocus() else ""

    # acts

    def acknowledge(self) -> None:
        """Only alarms of now: those of the past are as they were."""
        alarm = self._alarms.get(self.alarms.selected_id())
        if alarm is not None and self.ack_button.isEnabled():
            self.desk.engine.acknowledge(alarm.id, self.desk.who)

    def _open(self, alarm_id: str) -> None:
        if alarm_id in self._alarms:
            self.desk.show_source.emit(self._alarms[alarm_id].source)

    def _trend(self, source: str) -> None:
        site = self.desk.site
        if site.has_point(source):
            self.desk.trend.emit([source])
            return
        meter = next((node.meter for node in site.nodes if node.id == source and node.meter), None)
        points = [point.id for point in site.points if point.device == source]
        power = [point for point in points if point.endswith("/power_kw")]
        if found := ([meter] if meter else power or points[:1]):
            self.desk.trend.emit(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.journal.search.setFocus()
        elif event.key() == Qt.Key.Key_A and not event.modifiers():
            self.acknowledge()
        else:
            super().keyPressEvent(event)
