"""Writing into the journal from any page: words, what they are about, and from when to when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from PySide6.QtCore import QDateTime, Qt, QTime
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QCompleter,
    QDateTimeEdit,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from energy_console.gui.desk import Desk
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.text import Text, muted, title
from energy_console.historian.interface import Event
from energy_console.journal.entry import Entry, assets_of
from energy_console.journal.notes import Note, NoteRefused, rewrite_note, write_note
from energy_console.site.timetable import utc_of_wall_clock

_FORM = "d MMM yyyy HH:mm:ss"
_WIDTH_PX = 520


class NoteBox(QFrame):
    """Ctrl+Enter keeps the note, Escape puts it aside: what was typed is there again the next time."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._old: Entry | None = None
        self.setProperty("look", "card")
        self.setFixedWidth(_WIDTH_PX)
        self.setAccessibleName(self.tr("Note for the journal"))
        self.head = title()
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText(self.tr("What happened, what was done, what the next shift should know"))
        self.text.setAccessibleName(self.tr("Words of the note"))
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(112)
        self.source = QLineEdit()
        self.source.setPlaceholderText(self.tr("the whole site"))
        self.source.setAccessibleName(self.tr("What the note is about: a device, point, node or station"))
        names = [node.id for node in desk.site.nodes] + [device.id for device in desk.site.devices]
        completer = QCompleter([*names, *(point.id for point in desk.site.points)], self.source)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(10)
        self.source.setCompleter(completer)
        self.start, self.end = self._edit(self.tr("The moment it is about")), self._edit(self.tr("Until"))
        self.is_span = QCheckBox(self.tr("until"))
        self.is_span.toggled.connect(self.end.setEnabled)
        self.fault = Text("", "text", wrap=True)
        self.fault.hide()
        self._lay_out()
        self.hide()

    def _edit(self, name: str) -> QDateTimeEdit:
        made = QDateTimeEdit()
        made.setDisplayFormat(_FORM)
        made.setProperty("look", "quiet")
        made.setAccessibleName(name)
        return made

    def _lay_out(self) -> None:
        looks = self._desk.looks
        self.keep_button = Button(looks, self.tr("Keep"), "check", "primary", on_click=self.keep)
        self.keep_button.setToolTip(self.tr("Into the journal, for good (Ctrl+Enter)"))
        self.close_button = Button(looks, self.tr("Put aside"), on_click=self.close_box)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setColumnStretch(1, 1)
        grid.addWidget(muted(self.tr("About")), 0, 0)
        grid.addWidget(self.source, 0, 1, 1, 3)
        grid.addWidget(muted(self.tr("At")), 1, 0)
        grid.addWidget(self.start, 1, 1)
        grid.addWidget(self.is_span, 1, 2)
        grid.addWidget(self.end, 1, 3)
        foot = QHBoxLayout()
        foot.addWidget(muted(self.tr("by {0}, {1}").format(self._desk.who, self._desk.site.place.zone.key)))
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.keep_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        column.addWidget(self.head)
        column.addWidget(self.text, 1)
        column.addLayout(grid)
        column.addWidget(self.fault)
        column.addLayout(foot)

    # opening

    def open_new(self, source: str) -> None:
        """A note on the time shown, and on what is chosen on the page."""
        if self._old is not None:
            self.text.clear()
        self._old = None
        self.head.setText(self.tr("Note for the journal"))
        self._fill(source, self._desk.time.now(), None)

    def open_over(self, old: Entry) -> None:
        """The same note anew: the old one stays in the journal."""
        self._old = old
        self.head.setText(self.tr("Note {0} anew").format(old.id))
        self.text.setPlainText(old.text)
        until = dt.datetime.fromtimestamp(old.until_ns / 1e9, dt.UTC) if old.until_ns != old.time_ns else None
        self._fill(old.source, dt.datetime.fromtimestamp(old.time_ns / 1e9, dt.UTC), until)

    def _fill(self, source: str, moment: dt.datetime, until: dt.datetime | None) -> None:
        self.fault.hide()
        self._opened_at = moment
        self.source.setText(source)
        for edit, time in ((self.start, moment), (self.end, until or moment)):
            local = time.astimezone(self._desk.site.place.zone)
            clock = QTime(local.hour, local.minute, local.second)
            edit.setDateTime(
                QDateTime(local.year, local.month, local.day, clock.hour(), clock.minute(), clock.second())
            )
        self._filled = self.start.dateTime()
        self.is_span.setChecked(until is not None)
        self.end.setEnabled(until is not None)
        for field in (self.source, self.start, self.end, self.is_span):
            field.setEnabled(self._old is None and (field is not self.end or until is not None))
        parent = self.parentWidget()
        self.adjustSize()
        if parent is not None:
            self.move((parent.width() - self.width()) // 2, max(60, (parent.height() - self.height()) // 3))
        self.show()
        self.raise_()
        self.text.setFocus()

    _opened_at: dt.datetime
    _filled: QDateTime

    # keeping

    def keep(self) -> None:
        """Writes it on a worker thread; the box closes when it is kept, and stays with the reason when it is not."""
        try:
            note = self._note()
        except NoteRefused as refused:
            self._say(str(refused))
            return
        old, who, now_ns = self._old, self._desk.who, self._desk.clock_ns()
        self.keep_button.setEnabled(False)

        def work(historian: Any) -> int:
            if old is None:
                return write_note(historian, note, now_ns)
            event = Event(old.id, old.time_ns, old.kind, old.source, old.text, old.data)
            return rewrite_note(historian, event, note.text, who, now_ns)

        self._desk.query(work, self._kept)

    def _note(self) -> Note:
        source = self.source.text().strip()
        site = self._desk.site
        if self._old is None and source and not site.has_point(source) and not assets_of(site, source):
            raise NoteRefused(self.tr("This site has no device, point, node or station {0}.").format(source))
        about = self._moment(self.start)
        if self.start.dateTime() == self._filled:
            about = self._opened_at  # to the very moment, of which the field shows whole seconds
        until = round(self._moment(self.end).timestamp() * 1e9) if self.is_span.isChecked() else 0
        return Note(self.text.toPlainText(), self._desk.who, round(about.timestamp() * 1e9), source, until)

    def _moment(self, edit: QDateTimeEdit) -> dt.datetime:
        date, time = edit.dateTime().date(), edit.dateTime().time()
        wall = dt.datetime(date.year(), date.month(), date.day(), time.hour(), time.minute(), time.second())  # noqa: DTZ001 - wall clock
        return utc_of_wall_clock(wall, self._desk.site.place.zone)

    def _kept(self, result: object) -> None:
        self.keep_button.setEnabled(True)
        if not isinstance(result, int):
            self._say(str(result))
            return
        self.text.clear()
        self._old = None
        self.close_box()
        self._desk.said.emit(self.tr("The note is in the journal."))
        self._desk.noted.emit()

    def _say(self, sentence: str) -> None:
        self.fault.setText(sentence)
        self.fault.show()
        self.adjustSize()

    def close_box(self) -> None:
        self.hide()
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.keep()
        elif event.key() == Qt.Key.Key_Escape:
            self.close_box()
        elif not enter:
            super().keyPressEvent(event)
