"""The time picker of the title row: Live, a step back, the moment shown, a step on. Times are of the site's zone."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import QDate, QPoint, Qt, QTime
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCalendarWidget,
    QFrame,
    QHBoxLayout,
    QSpinBox,
    QTimeEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from energy_console.gui.desk import Desk
from energy_console.gui.format import clock, day, zone_name
from energy_console.gui.icons import dot_icon, icon
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.text import muted
from energy_console.gui.theme import CARET_PX

STEP = dt.timedelta(minutes=15)


class TimePicker(QWidget):
    """Changes `desk.time`, and follows it whoever changes it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setAccessibleName(self.tr("Time shown"))
        looks = desk.looks
        self.live = Button(looks, self.tr("Live"), "clock", on_click=lambda: desk.time.pick(None))
        self.live.setProperty("segment", "first")
        self.live.setCheckable(True)
        back = self.tr("A quarter of an hour earlier (Alt+Left)")
        self.earlier = Button(
            looks, "", "caret-left", "icon", name=back, on_click=lambda: self.step(-1), icon_px=CARET_PX
        )
        self.moment = Button(looks, "-", "calendar-blank", on_click=self.open_calendar)
        self.moment.setToolTip(self.tr("Pick a moment of the past (Ctrl+G)"))
        ahead = self.tr("A quarter of an hour later (Alt+Right)")
        self.later = Button(
            looks, "", "caret-right", "icon", name=ahead, on_click=lambda: self.step(1), icon_px=CARET_PX
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for button, side in ((self.earlier, "middle"), (self.moment, "middle"), (self.later, "last")):
            button.setProperty("segment", side)
        for button in (self.live, self.earlier, self.moment, self.later):
            row.addWidget(button)
        self.popup: MomentPopup | None = None
        desk.time.changed.connect(self.tick)
        looks.changed.connect(self.tick)
        self.tick()

    def tick(self) -> None:
        """Shows the moment; once a second while live."""
        desk = self._desk
        now, zone = desk.time.now(), desk.site.place.zone
        text = f"{day(now, zone, year=True)}  {clock(now, zone, seconds=True)}  {zone_name(now, zone)}"
        self.moment.set_words(text)
        self.moment.setAccessibleName(self.tr("Moment shown: {0}").format(text))
        live = desk.time.live
        self.live.setChecked(live)
        self.live.set_words(self.tr("Live") if live else self.tr("Go live"))
        self.live.setIcon(dot_icon(desk.looks.theme.accent) if live else icon("clock", desk.looks.theme.text))
        self.later.setEnabled(not live)

    def step(self, steps: int) -> None:
        """Moves by quarters of an hour, onto whole ones; reaching the present goes live."""
        now = self._desk.time.now()
        quarter = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
        if steps < 0 and quarter < now:
            steps += 1
        target = quarter + steps * STEP
        self._desk.time.pick(None if target >= dt.datetime.now(dt.UTC) else target)

    def open_calendar(self) -> None:
        if self.popup is None:
            self.popup = MomentPopup(self._desk, self)
        self.popup.show_at(self.moment.mapToGlobal(QPoint(0, self.moment.height() + 2)))


class MomentPopup(QFrame):
    """A calendar and a time of day; Enter or "Show" picks, Escape closes."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._desk = desk
        self.setProperty("look", "card")
        self.setAccessibleName(self.tr("Pick a moment"))
        self.calendar = QCalendarWidget()
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.ISOWeekNumbers)
        self.calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        self._name_calendar()
        self.time = QTimeEdit()
        self.time.setDisplayFormat("HH:mm")
        self.time.setAccessibleName(self.tr("Time of day in {0}").format(desk.site.place.zone.key))
        self.show_button = Button(desk.looks, self.tr("Show"), "", "primary", on_click=self._pick)
        live = Button(desk.looks, self.tr("Go live"), on_click=self._go_live)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.addWidget(self.calendar)
        row = QHBoxLayout()
        row.addWidget(muted(desk.site.place.zone.key))
        row.addWidget(self.time)
        row.addStretch(1)
        row.addWidget(live)
        row.addWidget(self.show_button)
        column.addLayout(row)

    def _name_calendar(self) -> None:
        """Qt leaves the calendar's own buttons without names."""
        names = {
            "qt_calendar_prevmonth": self.tr("Month before"),
            "qt_calendar_nextmonth": self.tr("Month after"),
            "qt_calendar_monthbutton": self.tr("Month"),
            "qt_calendar_yearbutton": self.tr("Year"),
        }
        for button in self.calendar.findChildren(QToolButton):
            button.setAccessibleName(names.get(button.objectName(), ""))
        for edit in self.calendar.findChildren(QSpinBox):
            edit.setAccessibleName(self.tr("Year"))

    def show_at(self, place: QPoint) -> None:
        local = self._desk.time.now().astimezone(self._desk.site.place.zone)
        today = dt.datetime.now(self._desk.site.place.zone)
        self.calendar.setMaximumDate(QDate(today.year, today.month, today.day))
        self.calendar.setSelectedDate(QDate(local.year, local.month, local.day))
        self.time.setTime(QTime(local.hour, local.minute))
        self.move(place)
        self.show()
        self.calendar.setFocus()

    def moment(self) -> dt.datetime:
        """What is chosen, as UTC. An hour that comes twice means its first pass, one that is skipped the next."""
        date, time = self.calendar.selectedDate(), self.time.time()
        zone = self._desk.site.place.zone
        local = dt.datetime(date.year(), date.month(), date.day(), time.hour(), time.minute(), tzinfo=zone)
        return local.astimezone(dt.UTC)

    def _pick(self) -> None:
        chosen = self.moment()
        self.hide()
        self._desk.time.pick(None if chosen >= dt.datetime.now(dt.UTC) else chosen)

    def _go_live(self) -> None:
        self.hide()
        self._desk.time.pick(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pick()
        elif event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
