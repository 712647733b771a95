"""From when to when a replay plays: two times, and the spans that are asked for most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QDateTime, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDateTimeEdit, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.text import Text, muted
from energy_console.site.timetable import utc_of_wall_clock

_FORM = "ddd d MMM yyyy HH:mm"


class SpanPopup(QFrame):
    """Enter or "Play" starts it, Escape closes. Times are of the site's zone."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._desk = desk
        self.setProperty("look", "card")
        self.setAccessibleName(self.tr("Span of the replay"))
        self.start, self.end = self._edit(self.tr("From")), self._edit(self.tr("To"))
        self.fault = Text("", "muted")
        self.fault.hide()
        grid = QGridLayout()
        for row, (words, edit) in enumerate(((self.tr("From"), self.start), (self.tr("To"), self.end))):
            grid.addWidget(muted(words), row, 0)
            grid.addWidget(edit, row, 1)
        quick = QHBoxLayout()
        for words, span in (
            (self.tr("Last hour"), self._last_hour),
            (self.tr("Today"), lambda: self._day(0)),
            (self.tr("Yesterday"), lambda: self._day(-1)),
            (self.tr("Yesterday evening"), self._evening),
        ):
            quick.addWidget(Button(desk.looks, words, look="card", on_click=partial(self._fill_from, span)))
        foot = QHBoxLayout()
        foot.addWidget(muted(desk.site.place.zone.key))
        foot.addStretch(1)
        self.clear_button = Button(desk.looks, self.tr("No span"), on_click=self._clear)
        self.play_button = Button(desk.looks, self.tr("Play"), "play", "primary", on_click=self.play)
        foot.addWidget(self.clear_button)
        foot.addWidget(self.play_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(quick)
        column.addLayout(grid)
        column.addWidget(self.fault)
        column.addLayout(foot)

    def _edit(self, name: str) -> QDateTimeEdit:
        made = QDateTimeEdit()
        made.setDisplayFormat(_FORM)
        made.setProperty("look", "quiet")
        made.setAccessibleName(name)
        made.setMinimumWidth(220)
        return made

    def show_at(self, place: QPoint) -> None:
        replay, now = self._desk.replay, self._local_now()
        zone = self._desk.site.place.zone
        first = replay.start.astimezone(zone) if replay.start else now - dt.timedelta(hours=1)
        self._fill(first, replay.end.astimezone(zone) if replay.end else now)
        self.adjustSize()
        self.move(place - QPoint(self.width(), 0))
        self.show()
        self.start.setFocus()

    def _local_now(self) -> dt.datetime:
        return dt.datetime.now(self._desk.site.place.zone)

    def _last_hour(self) -> tuple[dt.datetime, dt.datetime]:
        return self._local_now() - dt.timedelta(hours=1), self._local_now()

    def _day(self, days: int) -> tuple[dt.datetime, dt.datetime]:
        midnight = self._local_now().replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=days)
        return midnight, min(midnight + dt.timedelta(days=1), self._local_now())

    def _evening(self) -> tuple[dt.datetime, dt.datetime]:
        midnight, _ = self._day(-1)
        return midnight.replace(hour=17), midnight.replace(hour=23)

    def _fill_from(self, span: Callable[[], tuple[dt.datetime, dt.datetime]]) -> None:
        self._fill(*span())

    def _fill(self, start: dt.datetime, end: dt.datetime) -> None:
        for edit, moment in ((self.start, start), (self.end, end)):
            edit.setDateTime(QDateTime(moment.year, moment.month, moment.day, moment.hour, moment.minute, 0))
        self.fault.hide()

    def _moment(self, edit: QDateTimeEdit) -> dt.datetime:
        date, time = edit.dateTime().date(), edit.dateTime().time()
        wall = dt.datetime(date.year(), date.month(), date.day(), time.hour(), time.minute())  # noqa: DTZ001 - wall clock
        return utc_of_wall_clock(wall, self._desk.site.place.zone)

    def play(self) -> None:
        start, end = self._moment(self.start), self._moment(self.end)
        now = dt.datetime.now(dt.UTC)
        if start >= min(end, now):
            late = self.tr("The span begins in the future: nothing was kept of it yet.")
            self.fault.setText(
                late if start >= now else self.tr("The span ends before it begins: move one of the two.")
            )
            self.fault.show()
            return
        self.hide()
        self._desk.replay.set_span(start, None if end >= now - dt.timedelta(minutes=1) else end)
        self._desk.replay.seek(start)
        self._desk.replay.play()

    def _clear(self) -> None:
        self.hide()
        self._desk.replay.set_span(None, None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.play()
        elif event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
