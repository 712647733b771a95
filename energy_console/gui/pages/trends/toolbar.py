"""The row over the plots: span, earlier days to compare with, the view shown, save, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QMenu, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.choice import DAY_BEFORE, MARK_KINDS, SPANS_S, WEEK_BEFORE, TrendView
from energy_console.gui.pages.trends.dialogs import WindowDialog
from energy_console.gui.pages.trends.naming import shift_name
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.segments import Segments
from energy_console.gui.parts.text import muted

_NARROW_PX = 1300
_ROOMY_PX = 1700
CUSTOM = "custom"


class Toolbar(QWidget):
    """Signals what a person wants; the page answers by `show_span`, `show_view`, `show_comparisons`."""

    span_wanted = Signal(float)
    window_wanted = Signal(float, float)  # UTC seconds
    compare_wanted = Signal(str, bool)
    mark_wanted = Signal(str, bool)
    plan_wanted = Signal(bool)
    view_wanted = Signal(str)
    save_wanted = Signal(str)
    view_act_wanted = Signal(str)  # rename, delete, default, export, import, clear
    live_wanted = Signal()

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
        self.compare: dict[str, Button] = {}
        for key in (DAY_BEFORE, WEEK_BEFORE):
            button = Button(looks, shift_name(key), "plus")
            button.setCheckable(True)
            button.clicked.connect(lambda on, key=key: self.compare_wanted.emit(key, on))
            self.compare[key] = button
        self.more = Button(looks, self.tr("other"), "plus", name=self.tr("Compare with other times"))
        self.more.setMenu(QMenu(self.more))
        self.shown = Button(looks, self.tr("Show"), "eye", name=self.tr("What is drawn besides the curves"))
        self.shown.setMenu(QMenu(self.shown))
        self.marks: dict[str, QAction] = {}
        self._others: list[str] = []
        self.back_live = Button(looks, self.tr("Back to live"), "arrow-right", on_click=self.live_wanted.emit)
        self.back_live.setToolTip(self.tr("The window follows the clock again (Home)"))
        self._view_words = muted(self.tr("View"))
        self.views = Button(looks, self.tr("Not saved"), "bookmark-simple", name=self.tr("View"))
        self.views.setMinimumWidth(150)
        self.views.setMenu(QMenu(self.views))
        self.save = Button(looks, self.tr("Save"), "floppy-disk", name=self.tr("Save the view"), on_click=self._save)
        self.export = Button(looks, self.tr("Export"), "download-simple")
        self.export.setMenu(QMenu(self.export))
        self._lay_out()
        self.default_view = ""
        self.show_views((), "")
        self.show_plan("")
        self.show_live(True)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.spans, self._compare_words, self.plan, *self.compare.values(), self.more, self.shown):
            row.addWidget(widget)
        row.addWidget(self.back_live)
        row.addStretch(1)
        for widget in (self._view_words, self.views, self.save, self.export):
            row.addWidget(widget)
        self._compare_words.setContentsMargins(8, 0, 0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words that only explain go first where room is short."""
        super().resizeEvent(event)
        roomy, narrow = self.width() >= _ROOMY_PX, self.width() < _NARROW_PX
        self._compare_words.setVisible(roomy)
        self._view_words.setVisible(roomy)
        self.compare[WEEK_BEFORE].set_words(shift_name(WEEK_BEFORE) if roomy else self.tr("week before"))
        for button in self.compare.values():
            button.setVisible(not narrow)  # the menu beside them has them too
        for button, words in ((self.shown, self.tr("Show")), (self.save, self.tr("Save"))):
            button.set_words("" if narrow or (button is self.shown and not roomy) else words)
            button.setToolTip(words)
        self.export.set_words("" if narrow else self.tr("Export"))
        self.views.setMinimumWidth(110 if narrow else 150)
        self._name_others()

    def _name_others(self) -> None:
        """The menu of other times is called after the one that is drawn."""
        plain = self.tr("compare") if self.width() < _NARROW_PX else self.tr("other")
        self.more.set_icon("check" if self._others else "plus")
        self.more.set_words(shift_name(self._others[-1]) if self._others else plain)

    def fill_show_menu(self, first: Sequence[QAction]) -> None:
        """`first` are acts of the page; after them every kind of event can be switched."""
        menu = self.shown.menu()
        for action in first:
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(self.tr("Events of")).setEnabled(False)
        names = {
            "alarm": self.tr("Alarms"),
            "command": self.tr("Commands"),
            "note": self.tr("Notes"),
            "call": self.tr("Calls"),
            "plan": self.tr("Plans"),
            "device": self.tr("Devices and all else"),
        }
        for kind in MARK_KINDS:
            entry = menu.addAction(names[kind])
            entry.setCheckable(True)
            entry.setChecked(True)
            entry.triggered.connect(lambda on, kind=kind: self.mark_wanted.emit(kind, on))
            self.marks[kind] = entry

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

    def show_comparisons(self, view: TrendView, others: Sequence[QAction]) -> None:
        """Which earlier times are drawn; those without a button are in the menu, over the acts that pick `others`."""
        for key, button in self.compare.items():
            button.setChecked(key in view.compare)
            button.set_icon("check" if key in view.compare else "plus")
        menu = self.more.menu()
        menu.clear()
        own = [key for key in view.compare if key not in self.compare]
        for key in own:
            entry = menu.addAction(shift_name(key))
            entry.setCheckable(True)
            entry.setChecked(True)
            entry.triggered.connect(lambda _on=False, key=key: self.compare_wanted.emit(key, False))
        if own:
            menu.addSeparator()
        for action in others:
            menu.addAction(action)
        self._others = own
        self._name_others()
        for kind, entry in self.marks.items():
            entry.setChecked(kind not in view.hidden_marks)

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
            text = self.tr("{0}  (at the start)").format(name) if name == self.default_view else name
            entry = menu.addAction(text)
            entry.triggered.connect(lambda _on=False, name=name: self.view_wanted.emit(name))
            entry.setCheckable(True)
            entry.setChecked(name == current)
        if self._views:
            menu.addSeparator()
        menu.addAction(self.tr("Save as ..."), self.ask_name)
        if current:
            starts = current == self.default_view
            self._act(menu, "rename", self.tr("Rename “{0}” ...").format(current))
            self._act(
                menu, "default", self.tr("Do not show it at the start") if starts else self.tr("Show it at the start")
            )
            self._act(menu, "delete", self.tr("Delete “{0}”").format(current))
        menu.addSeparator()
        self._act(menu, "export", self.tr("Write the views to a file ..."))
        self._act(menu, "import", self.tr("Read views from a file ..."))
        self._act(menu, "clear", self.tr("Start empty"))

    def _act(self, menu: QMenu, key: str, text: str) -> None:
        menu.addAction(text).triggered.connect(lambda _on=False: self.view_act_wanted.emit(key))

    def _save(self) -> None:
        self.ask_name()

    def ask_name(self) -> QInputDialog:
        """Asks under which name to keep the view."""
        return self.ask_text(self.tr("Save view"), self.tr("Name of the view"), self.view_name, self.save_wanted.emit)

    def ask_text(self, title: str, label: str, text: str, then: Callable[[str], object]) -> QInputDialog:
        """Asks for a line of text; `then` gets it unless it is blank."""
        dialog = QInputDialog(self)
        dialog.setWindowTitle(title)
        dialog.setLabelText(label)
        dialog.setTextValue(text)
        dialog.textValueSelected.connect(lambda found: then(found.strip()) if found.strip() else None)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog
