"""The right column of Trends: cursor table, events in view, the selected point."""

from __future__ import annotations

import datetime as dt

from PySide6.QtWidgets import QVBoxLayout, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.format import clock, day, duration, number
from energy_console.gui.pages.trends.cursor_table import CursorHeader, CursorView
from energy_console.gui.pages.trends.event_list import EventView
from energy_console.gui.pages.trends.point_card import PointCard
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.plots.marks import Mark
from energy_console.gui.theme import CARD_GAP, EVENT_ROW_HEIGHT
from energy_console.gui.theme import CARD_HEADER_HEIGHT as HEADER_HEIGHT

_EVENTS_SHOWN = 6
_FEWEST_EVENTS = 3
_WIDE_PX = 360


class Side(QWidget):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._zone = desk.site.place.zone
        self.table = CursorView(desk.looks)
        self.events = EventView(desk.looks, self._zone)
        self.point = PointCard(desk)
        self._cursor_card = Card(self.tr("Cursor"), "-")
        self.tier = Card.note("")
        self.pin = Button(desk.looks, "", "push-pin", "icon", name=self.tr("Hold the cursor where it is"))
        self.pin.setCheckable(True)
        self._cursor_card.add_tool(self.tier)
        self._cursor_card.add_tool(self.pin)
        self._cursor_card.body.addWidget(rule())
        self.header = CursorHeader(desk.looks)
        self._cursor_card.body.addWidget(self.header)
        self._cursor_card.body.addWidget(self.table)
        self._events_card = Card(self.tr("Events in view"))
        self.count = Card.note("0")
        self._events_card.add_tool(self.count)
        self._events_card.body.addWidget(rule())
        self._events_card.body.addWidget(self.events)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(CARD_GAP)
        column.addWidget(self._cursor_card, 1)
        column.addWidget(self._events_card)
        column.addWidget(self.point)

    def show_time(self, time_s: float, *, cursor: bool, live: bool) -> None:
        """Which time the table is of: the cursor's, else the present or the moment picked."""
        moment = dt.datetime.fromtimestamp(time_s, dt.UTC)
        words = f"{day(moment, self._zone, year=self.width() > _WIDE_PX)} {clock(moment, self._zone, seconds=True)}"
        title = self.tr("Cursor") if cursor else self.tr("Now") if live else self.tr("Moment shown")
        self._cursor_card.say(title, words)

    def show_two(self, first_s: float, second_s: float) -> None:
        """The table is of two cursors: their clock times and how far they are apart."""
        times = (dt.datetime.fromtimestamp(time_s, dt.UTC) for time_s in (first_s, second_s))
        from_, to = (clock(moment, self._zone, seconds=True) for moment in times)
        apart = duration(second_s - first_s)
        self._cursor_card.say(self.tr("A to B"), f"{from_} \u2192 {to}, {apart}")

    def show_events(self, marks: tuple[Mark, ...]) -> None:
        self.events.events.show(marks)
        self.count.setText(number(len(marks)))
        rows = min(max(len(marks), _FEWEST_EVENTS), _EVENTS_SHOWN)
        self._events_card.setFixedHeight(HEADER_HEIGHT + rows * EVENT_ROW_HEIGHT + 6)
