"""What the keys, menus and buttons of Trends do with the curve chosen, the cursors and the comparisons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.format import unit_text
from energy_console.gui.pages.trends.acts import SPAN_KEYS, Acts
from energy_console.gui.pages.trends.choice import DAY_BEFORE, WEEK_BEFORE, YEAR_BEFORE, TrendView
from energy_console.gui.pages.trends.dialogs import AxisDialog, KeysDialog, SpanDialog
from energy_console.gui.pages.trends.drawing import Drawing
from energy_console.gui.pages.trends.following import Following
from energy_console.gui.pages.trends.local_clock import minutes_back
from energy_console.gui.pages.trends.menus import Menus
from energy_console.gui.pages.trends.naming import Names
from energy_console.gui.pages.trends.point_tree import PointTree
from energy_console.gui.pages.trends.saving import Saving
from energy_console.gui.pages.trends.side import Side
from energy_console.gui.pages.trends.toolbar import Toolbar
from energy_console.gui.plots.handling import HandledStack
from energy_console.gui.plots.marks import Mark


@dataclass(frozen=True, slots=True)
class PageParts:
    """What the acts work with: the parts of the page, and what it does to its view."""

    widget: QWidget
    desk: Desk
    names: Names
    drawing: Drawing
    stack: HandledStack
    toolbar: Toolbar
    tree: PointTree
    side: Side
    following: Following
    saving: Saving
    show_view: Callable[[TrendView], None]
    add: Callable[[Sequence[str]], None]
    choose: Callable[[str], None]
    remove: Callable[[str], None]


class CurveActs(QObject):
    """Hands of the page: it changes nothing itself but shows the page another view. `selected`: the curve chosen."""

    def __init__(self, parts: PageParts) -> None:
        super().__init__(parts.widget)
        self._page = page = parts
        self.acts = Acts(page.widget, page.desk.looks, self._handlers())
        self.menus = Menus(page.desk, page.widget, self.acts, page.names, lambda: self._view, page.show_view, page.add)
        for key in ("normal", "plan", "log", *_SHIFTS):
            self.acts[key].setCheckable(True)
        for digit, span in enumerate(SPAN_KEYS, 1):
            shortcut = QShortcut(QKeySequence(str(digit)), page.widget)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda span=span: page.toolbar.spans.pick(span))
        page.toolbar.fill_show_menu([self.acts["normal"], self.acts["plan"]])
        self.acts.add_to(
            page.toolbar.export.menu(), ("save_plots", "save_csv", "save_parquet", "", "copy_plots", "copy_data")
        )
        page.tree.menu_wanted.connect(lambda node, place: self.menus.of_node(node, page.tree.found_points, place))
        page.stack.menu_wanted.connect(self._plots_menu)
        page.side.table.menu_wanted.connect(self._table_menu)
        page.stack.second_wanted.connect(page.stack.show_other)

    @property
    def selected(self) -> str:
        return self._page.drawing.selected

    @property
    def _view(self) -> TrendView:
        return self._page.drawing.view

    def _handlers(self) -> dict[str, Callable[[], object]]:
        page = self._page
        return {
            "own_plot": self.own_plot,
            "join_above": self.join_above,
            "axis": self.ask_range,
            "log": self.toggle_log,
            "title": self.ask_title,
            "remove": lambda: page.remove(self.selected),
            "remove_plot": self.remove_plot,
            "only": self.remove_others,
            "cursor": self.centre,
            "second_cursor": self.put_second,
            "normal": lambda: page.show_view(replace(self._view, normal=not self._view.normal)),
            "plan": page.toolbar.plan.click,
            "other_span": self.ask_span,
            "window": page.toolbar.ask_window,
            "back": page.following.go_back,
            "copy_data": page.saving.copy_data,
            "copy_plots": page.saving.copy_plots,
            "save_plots": lambda: page.saving.save("picture"),
            "save_csv": lambda: page.saving.save("csv"),
            "save_parquet": lambda: page.saving.save("parquet"),
            "save_view": page.toolbar.ask_name,
            "open_view": page.toolbar.views.showMenu,
            "find": page.tree.find_box.setFocus,
            "keys": self.show_keys,
            **{key: partial(self._compare, shift) for key, shift in _SHIFTS.items()},
        }

    def show_states(self) -> None:
        """Ticks the acts that are on, and switches those off that have nothing to act on."""
        view, selected = self._view, self.selected
        for key, shift in _SHIFTS.items():
            self.acts[key].setChecked(shift in view.compare)
        self.acts["normal"].setChecked(view.normal)
        self.acts["plan"].setChecked(self._page.drawing.plans_shown)
        drawn = selected in view.points
        for key in ("own_plot", "axis", "log", "title", "remove", "remove_plot", "only"):
            self.acts[key].setEnabled(drawn)
        self.acts["join_above"].setEnabled(drawn and view.plot_of(selected) > 0)
        if drawn:
            plot = view.plots[view.plot_of(selected)]
            self.acts["log"].setChecked(plot.axes[plot.axis_of(selected)].range.log)

    def comparing(self) -> list[QAction]:
        """The acts that pick times to compare with, for the menu beside the buttons."""
        return [self.acts[key] for key in (*_SHIFTS, "other_span")]

    # the curve chosen

    def own_plot(self) -> None:
        page = self._page
        if self.selected:
            page.show_view(self._view.moving_to_own_plot(self.selected))

    def join_above(self) -> None:
        """Into the plot over the curve's own, at an axis of its unit."""
        page, view = self._page, self._view
        place = view.plot_of(self.selected) if self.selected in view.points else 0
        if place > 0:
            joined = view.moving_to(self.selected, view.plots[place - 1].points[0])
            if joined is view:
                page.desk.said.emit(self.tr("The plot above has no axis left for another unit."))
            page.show_view(joined)

    def remove_plot(self) -> None:
        view, selected = self._view, self.selected
        if selected in view.points:
            self._page.show_view(view.without(*view.plots[view.plot_of(selected)].points))

    def remove_others(self) -> None:
        view, selected = self._view, self.selected
        if selected in view.points:
            self._page.show_view(view.without(*(point for point in view.points if point != selected)))

    def ask_range(self) -> AxisDialog | None:
        """Asks for the range of the axis of the curve chosen."""
        page, view = self._page, self._view
        if self.selected not in view.points:
            return None
        place = view.plot_of(self.selected)
        number = view.plots[place].axis_of(self.selected)
        axis = view.plots[place].axes[number]
        factor = 100.0 if axis.unit == "1" else 1.0
        title = self.tr("Range of the axis")
        dialog = AxisDialog(page.widget, page.desk.looks, title, axis.range, unit_text(axis.unit), factor)
        dialog.picked.connect(lambda wanted: page.show_view(self._view.ranging(place, number, wanted)))
        dialog.open()
        return dialog

    def toggle_log(self) -> None:
        page, view = self._page, self._view
        if self.selected not in view.points:
            return
        place = view.plot_of(self.selected)
        number = view.plots[place].axis_of(self.selected)
        have = view.plots[place].axes[number].range
        page.show_view(view.ranging(place, number, replace(have, log=not have.log)))

    def ask_title(self) -> None:
        """Asks for the title of the plot of the curve chosen."""
        page, view = self._page, self._view
        if self.selected not in view.points:
            return
        place = view.plot_of(self.selected)
        have = view.plots[place].title or page.names.plot_title(view.plots[place].points)
        title, label = self.tr("Title of the plot"), self.tr("Title")
        page.toolbar.ask_text(title, label, have, lambda text: page.show_view(self._view.titled(place, text)))

    # comparing

    def _compare(self, shift: str) -> None:
        self._page.show_view(self._view.comparing(shift, shift not in self._view.compare))

    def ask_span(self) -> SpanDialog:
        """Asks where the span begins that is laid under the one on screen."""
        page = self._page
        dialog = SpanDialog(page.widget, page.desk, page.stack.start_s)
        dialog.picked.connect(lambda minutes: page.show_view(self._view.comparing(minutes_back(minutes), True)))
        dialog.open()
        return dialog

    # cursors

    def centre(self) -> None:
        stack = self._page.stack
        stack.pinned = True
        stack.show_cursor((stack.start_s + stack.end_s) / 2)

    def pin(self, pinned: bool) -> None:
        stack = self._page.stack
        stack.pinned = pinned
        if pinned and stack.cursor_s is None:
            self.centre()
        elif not pinned:
            stack.let_cursors_go()

    def put_second(self) -> None:
        """Leaves the cursor where it is as A and puts the second one beside it; again: takes that away."""
        stack = self._page.stack
        if stack.other_s is not None:
            stack.show_other(None)
            return
        if stack.cursor_s is None:
            self.centre()
        stack.pinned = True
        stack.show_other((stack.cursor_s or stack.start_s) + (stack.end_s - stack.start_s) / 10)

    def show_mark(self, mark: Mark) -> None:
        """Puts the cursor where an event was, and brings that time into the window."""
        stack = self._page.stack
        stack.pinned = True
        if not stack.start_s <= mark.time_s <= stack.end_s:
            half = (stack.end_s - stack.start_s) / 2
            self._page.following.show_window(mark.time_s - half, mark.time_s + half)
        stack.show_cursor(mark.time_s)
        stack.setFocus()

    # menus and keys

    def _plots_menu(self, point: str, place: QPoint) -> None:
        if point:
            self._page.choose(point)
        self.show_states()
        self.menus.of_curve(self.selected, place)

    def _table_menu(self, point: str, place: QPoint) -> None:
        self._page.choose(point)
        self.show_states()
        self.menus.of_curve(point, place)

    def show_keys(self) -> KeysDialog:
        dialog = KeysDialog(self._page.widget)
        dialog.open()
        return dialog


_SHIFTS = {"day_before": DAY_BEFORE, "week_before": WEEK_BEFORE, "year_before": YEAR_BEFORE}
