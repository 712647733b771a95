"""What Trends asks a person: a window of time, another span to compare with, the range of an axis, its keys."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, Qt, QTimeZone, Signal
from PySide6.QtGui import QDoubleValidator, QKeySequence
from PySide6.QtWidgets import (
    QDateTimeEdit,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.acts import ACTS
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.text import muted
from energy_console.gui.plots.range_of import AxisRange
from energy_console.gui.theme import Looks

translate = QCoreApplication.translate


class Question(QDialog):
    """A form over a row of buttons, with a line that says what is wrong; gone when it is closed."""

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.form = QFormLayout()
        self.words = muted("")
        self.words.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.answer)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(self.form)
        column.addWidget(self.words)
        column.addWidget(self.buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def answer(self) -> None:
        """Tells what was picked and closes, or says why it cannot be; to be overridden."""
        raise NotImplementedError


def time_edit(moment: dt.datetime, zone: QTimeZone, name: str) -> QDateTimeEdit:
    """A field for a moment in a zone."""
    edit = QDateTimeEdit()
    edit.setTimeZone(zone)
    edit.setDisplayFormat("ddd d MMM yyyy  HH:mm")
    edit.setCalendarPopup(True)
    edit.setDateTime(QDateTime.fromSecsSinceEpoch(round(moment.timestamp()), zone))
    edit.setAccessibleName(name)
    return edit


class WindowDialog(Question):
    """Start and end of a window, in the site's zone."""

    picked = Signal(float, float)

    def __init__(self, parent: QWidget, desk: Desk) -> None:
        super().__init__(parent, translate("dialogs", "Show from, to"))
        zone = desk.site.place.zone
        shown = QTimeZone(zone.key.encode())
        now = dt.datetime.fromtimestamp(desk.clock_ns() / 1e9, dt.UTC)
        self.start = time_edit(now - dt.timedelta(days=1), shown, self.tr("From"))
        self.end = time_edit(now, shown, self.tr("To"))
        self.form.addRow(self.tr("From"), self.start)
        self.form.addRow(self.tr("To"), self.end)
        self.words.setText(zone.key)

    def answer(self) -> None:
        start, end = self.start.dateTime().toSecsSinceEpoch(), self.end.dateTime().toSecsSinceEpoch()
        if end <= start:
            self.words.setText(self.tr("The end must come after the start."))
            return
        self.picked.emit(float(start), float(end))
        self.accept()


class SpanDialog(Question):
    """Where the span begins that is laid under the one on screen; `picked` with minutes of the wall's clock between."""

    picked = Signal(int)

    def __init__(self, parent: QWidget, desk: Desk, start_s: float) -> None:
        super().__init__(parent, translate("dialogs", "Compare with another span"))
        self._zone = desk.site.place.zone
        shown = QTimeZone(self._zone.key.encode())
        self._shown_from = dt.datetime.fromtimestamp(start_s, self._zone).replace(second=0, microsecond=0)
        self.start = time_edit(self._shown_from - dt.timedelta(days=28), shown, self.tr("Begins"))
        self.form.addRow(self.tr("Begins"), self.start)
        words = self.tr("It is laid under what begins {0} on screen, by the clock on the wall in {1}.")
        self.words.setText(words.format(f"{self._shown_from:%Y-%m-%d %H:%M}", self._zone.key))

    def answer(self) -> None:
        moment = dt.datetime.fromtimestamp(self.start.dateTime().toSecsSinceEpoch(), self._zone)
        apart = self._shown_from.replace(tzinfo=None) - moment.replace(tzinfo=None)
        minutes = round(apart.total_seconds() / 60)
        if minutes <= 0:
            self.words.setText(self.tr("The span must begin before the one on screen; pick an earlier time."))
            return
        self.picked.emit(minutes)
        self.accept()


class AxisDialog(Question):
    """Range of an axis: an empty end is fitted to what is in view. `factor`: what is shown for one of its unit."""

    picked = Signal(object)  # AxisRange

    def __init__(self, parent: QWidget, looks: Looks, title: str, wanted: AxisRange, unit: str, factor: float) -> None:
        super().__init__(parent, title)
        self._factor = factor
        self.low = self._edit(wanted.low, self.tr("Lowest value"))
        self.high = self._edit(wanted.high, self.tr("Highest value"))
        self.log = Button(looks, self.tr("Logarithmic"), "check" if wanted.log else "minus")
        self.log.setCheckable(True)
        self.log.setChecked(wanted.log)
        self.log.toggled.connect(lambda on: self.log.set_icon("check" if on else "minus"))
        self.form.addRow(self.tr("Highest, {0}").format(unit) if unit else self.tr("Highest"), self.high)
        self.form.addRow(self.tr("Lowest, {0}").format(unit) if unit else self.tr("Lowest"), self.low)
        self.form.addRow("", self.log)
        self.words.setText(self.tr("An empty field follows what is in view."))

    def _edit(self, value: float | None, name: str) -> QLineEdit:
        edit = QLineEdit("" if value is None else QLocale().toString(value * self._factor, "g", 8))
        edit.setValidator(QDoubleValidator(edit))
        edit.setPlaceholderText(self.tr("as in view"))
        edit.setAccessibleName(name)
        return edit

    def _value(self, edit: QLineEdit) -> float | None:
        if not edit.text().strip():
            return None
        value, known = QLocale().toDouble(edit.text())
        return value / self._factor if known else None

    def answer(self) -> None:
        low, high, log = self._value(self.low), self._value(self.high), self.log.isChecked()
        if low is not None and high is not None and low >= high:
            self.words.setText(self.tr("The lowest value must be less than the highest."))
        elif log and any(end is not None and end <= 0 for end in (low, high)):
            self.words.setText(self.tr("A logarithmic axis needs values above zero."))
        else:
            self.picked.emit(AxisRange(low, high, log))
            self.accept()


class KeysDialog(QDialog):
    """Every key of the page with what it does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("The keys of Trends"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(24)
        rows = [*self._moving(), *((_key_text(act.shortcut), act.name) for act in ACTS if act.shortcut)]
        half = -(-len(rows) // 2)
        for place, (key, words) in enumerate(rows):
            column, row = divmod(place, half)
            grid.addWidget(muted(key), row, 2 * column)
            grid.addWidget(muted(words), row, 2 * column + 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        grid.addWidget(buttons, half, 0, 1, 4)

    def _moving(self) -> list[tuple[str, str]]:
        return [
            ("\u2190 \u2192", self.tr("Pan by a tenth of the window; Page Up and Down by all of it")),
            ("+ \u2212", self.tr("Zoom about the cursor")),
            ("1 ... 7", self.tr("15 minutes, 1 hour, 6 hours ... 1 year")),
            (self.tr("Home"), self.tr("The window follows the clock again")),
            ("Ctrl+\u2190 \u2192", self.tr("Move the cursor; with Shift in larger steps")),
            ("\u2191 \u2193", self.tr("Choose another curve")),
            (self.tr("Esc"), self.tr("Let the cursors go")),
        ]


def _key_text(shortcut: str) -> str:
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
