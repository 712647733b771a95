"""The row over the plots: span, earlier days to compare with, the view shown, save, export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from PySide6.QtCore import QDateTime, Qt, QTimeZone, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QDateTimeEdit,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.choice import COMPARISONS, SPANS_S
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.segments import Segments
from energy_console.gui.parts.text import muted

_NARROW_PX = 1180
CUSTOM = "custom"


class Toolbar(QWidget):
    """Signals what a person wants; the page answers by `show_span`, `show_view`, `show_comparisons`."""

    span_wanted = Signal(float)
    window_wanted = Signal(float, float)  # UTC seconds
    compare_wanted = Signal(str, bool)
    plan_wanted = Signal(bool)
    view_wanted = Signal(str)
    save_wanted = Signal(str)
    remove_wanted = Signal(str)
    clear_wanted = Signal()
    live_wanted = Signal()
    export_wanted = Signal(str)  # picture, csv or parquet

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        looks = desk.looks
        self._views: tuple[str, ...] = ()
        self.view_name = ""
        names = {
            "15min": self.tr("15 min"),
            "1h": self.tr("1 h"),
            "6h": self.tr("6 h"),
            "24h": self.tr("24 h"),
            "7d": self.tr("7 d"),
            "30d": self.tr("30 d"),
            "1y": self.tr("1 y"),
        }
        choices = [(key, names[key]) for key, _ in SPANS_S] + [(CUSTOM, self.tr("Custom"))]
        self.spans = Segments(choices, self.tr("Span shown"))
        self.spans.picked.connect(self._span_picked)
        self._compare_words = muted(self.tr("Compare with"))
        self.plan = Button(looks, self.tr("plan"), "dots-three", name=self.tr("Draw the plan in force"))
        self.plan.setCheckable(True)
        self.plan.setChecked(True)
        self.plan.clicked.connect(self.plan_wanted)
        comparisons = dict(zip(COMPARISONS, (self.tr("day before"), self.tr("same day last week")), strict=True))
        self.compare: dict[str, Button] = {}
        for key, text in comparisons.items():
            button = Button(looks, text, "plus")
            button.setCheckable(True)
            button.clicked.connect(lambda on, key=key: self._compare(key, on))
            self.compare[key] = button
        self.back_live = Button(looks, self.tr("Back to live"), "arrow-right", on_click=self.live_wanted.emit)
        self.back_live.setToolTip(self.tr("The window follows the clock again (Home)"))
        self._view_words = muted(self.tr("View"))
        self.views = Button(looks, self.tr("Not saved"), "bookmark-simple", name=self.tr("View"))
        self.views.setMinimumWidth(150)
        self.views.setMenu(QMenu(self.views))
        self.save = Button(looks, self.tr("Save"), "floppy-disk", on_click=self._ask)
        self.export = Button(looks, self.tr("Export"), "download-simple")
        self.export.setMenu(self._export_menu())
        self._lay_out()
        self.show_views((), "")
        self.show_plan("")
        self.show_live(True)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.spans, self._compare_words, self.plan, *self.compare.values(), self.back_live):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self._view_words, self.views, self.save, self.export):
            row.addWidget(widget)
        self._compare_words.setContentsMargins(8, 0, 0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words that only explain go first where room is short."""
        super().resizeEvent(event)
        wide = self.width() >= _NARROW_PX
        self._compare_words.setVisible(wide)
        self._view_words.setVisible(wide)
        short = self.tr("week before") if not wide else self.tr("same day last week")
        self.compare[COMPARISONS[1]].set_words(short)
        self.views.setMinimumWidth(150 if wide else 110)

    def _export_menu(self) -> QMenu:
        menu = QMenu(self.export)
        for key, text in (
            ("picture", self.tr("Picture (PNG)")),
            ("csv", self.tr("Data as CSV")),
            ("parquet", self.tr("Data as Parquet")),
        ):
            menu.addAction(text).triggered.connect(lambda _on=False, key=key: self.export_wanted.emit(key))
        return menu

    # spans

    def _span_picked(self, key: str) -> None:
        spans = dict(SPANS_S)
        if key in spans:
            self.span_wanted.emit(spans[key])
        else:
            self.ask_window()

    def show_span(self, span_s: float) -> None:
        """Marks the span if it is one of the usual ones, "Custom" otherwise."""
        key = next((key for key, usual in SPANS_S if abs(usual - span_s) < 0.01 * usual), CUSTOM)
        if self.spans.current != key:
            self.spans.blockSignals(True)
            self.spans.pick(key)
            self.spans.blockSignals(False)

    def show_live(self, live: bool) -> None:
        self.back_live.setVisible(not live)

    def ask_window(self) -> WindowDialog:
        """Asks for start and end; the page is told when both are picked."""
        dialog = WindowDialog(self, self._desk)
        dialog.picked.connect(self.window_wanted)
        dialog.open()
        return dialog

    # comparing

    def _compare(self, key: str, on: bool) -> None:
        self.compare[key].set_icon("check" if on else "plus")
        self.compare_wanted.emit(key, on)

    def show_comparisons(self, keys: Sequence[str]) -> None:
        for key, button in self.compare.items():
            button.setChecked(key in keys)
            button.set_icon("check" if key in keys else "plus")

    def show_plan(self, name: str) -> None:
        """Names the plan whose course is drawn; with none in force the button is away."""
        self.plan.setVisible(bool(name))
        self.plan.set_words(self.tr("plan of {0}").format(name))

    # views

    def show_views(self, names: Sequence[str], current: str) -> None:
        """The views kept, and which one is shown."""
        self._views, self.view_name = tuple(names), current
        self.views.set_words(current or self.tr("Not saved"))
        self.views.setAccessibleName(self.tr("View: {0}").format(current or self.tr("not saved")))
        menu = self.views.menu()
        menu.clear()
        for name in self._views:
            entry = menu.addAction(name)
            entry.triggered.connect(lambda _on=False, name=name: self.view_wanted.emit(name))
            entry.setCheckable(True)
            entry.setChecked(name == current)
        if self._views:
            menu.addSeparator()
        menu.addAction(self.tr("Save as ..."), self._ask)
        if current:
            delete = menu.addAction(self.tr("Delete “{0}”").format(current))
            delete.triggered.connect(lambda _on=False, name=current: self.remove_wanted.emit(name))
        menu.addAction(self.tr("Start empty"), self.clear_wanted.emit)

    def _ask(self) -> None:
        self.ask_name()

    def ask_name(self) -> QInputDialog:
        """Asks under which name to keep the view."""
        dialog = QInputDialog(self)
        dialog.setWindowTitle(self.tr("Save view"))
        dialog.setLabelText(self.tr("Name of the view"))
        dialog.setTextValue(self.view_name)
        dialog.textValueSelected.connect(lambda name: self.save_wanted.emit(name.strip()) if name.strip() else None)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog


class WindowDialog(QDialog):
    """Start and end of a window, in the site's zone."""

    picked = Signal(float, float)

    def __init__(self, parent: QWidget, desk: Desk) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Show from, to"))
        zone = desk.site.place.zone
        self._zone = QTimeZone(zone.key.encode())
        now = dt.datetime.fromtimestamp(desk.clock_ns() / 1e9, dt.UTC)
        self.start = self._edit(now - dt.timedelta(days=1), self.tr("From"))
        self.end = self._edit(now, self.tr("To"))
        form = QFormLayout()
        form.addRow(self.tr("From"), self.start)
        form.addRow(self.tr("To"), self.end)
        self.words = muted(zone.key)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.words)
        column.addWidget(self.buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def _edit(self, moment: dt.datetime, name: str) -> QDateTimeEdit:
        edit = QDateTimeEdit()
        edit.setTimeZone(self._zone)
        edit.setDisplayFormat("ddd d MMM yyyy  HH:mm")
        edit.setCalendarPopup(True)
        edit.setDateTime(QDateTime.fromSecsSinceEpoch(round(moment.timestamp()), self._zone))
        edit.setAccessibleName(name)
        return edit

    def _accept(self) -> None:
        start, end = self.start.dateTime().toSecsSinceEpoch(), self.end.dateTime().toSecsSinceEpoch()
        if end <= start:
            self.words.setText(self.tr("The end must come after the start."))
            return
        self.picked.emit(float(start), float(end))
        self.accept()
