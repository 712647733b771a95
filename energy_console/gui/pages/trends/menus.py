"""The menus of the right mouse button, and of the menu key: on the plots, the cursor table and the point tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.acts import Acts
from energy_console.gui.pages.trends.choice import MOST_AXES, MOST_CURVES, TrendView
from energy_console.gui.pages.trends.naming import Names
from energy_console.gui.pages.trends.site_tree import Node

_MOST_QUANTITIES = 14
_CURVE = ("own_plot", "join_above", "axis", "log", "title", "", "remove", "only", "remove_plot")
_PLOTS = (
    "", "cursor", "second_cursor", "normal", "plan", "", "day_before", "week_before", "year_before", "other_span", "",
    "window", "back", "", "copy_data", "copy_plots", "save_plots", "save_csv", "save_parquet", "", "keys",
)  # fmt: skip


class Menus(QObject):
    """`view` gives the view shown, `show` another one; `add` draws points; `choose` selects a curve."""

    def __init__(
        self,
        desk: Desk,
        page: QWidget,
        acts: Acts,
        names: Names,
        view: Callable[[], TrendView],
        show: Callable[[TrendView], None],
        add: Callable[[Sequence[str]], None],
    ) -> None:
        super().__init__(page)
        self._desk, self._page, self._acts, self._names = desk, page, acts, names
        self._view, self._show, self._add = view, show, add

    def of_curve(self, point: str, place: QPoint) -> QMenu:
        """On a curve (`point`, may be empty) in the plots or on its row in the table, at a place of the screen."""
        menu = self._menu()
        if point:
            self._title(menu, self._names.long(point))
            self._add_moves(menu, point)
            self._acts.add_to(menu, _CURVE)
            device = self._names.points[point].device
            menu.addAction(self.tr("Show the device"), lambda: self._desk.open_page.emit("devices", device))
        self._acts.add_to(menu, _PLOTS)
        menu.popup(place)
        return menu

    def _add_moves(self, menu: QMenu, point: str) -> None:
        """To every other plot that has the curve's unit, or an axis left for it."""
        view = self._view()
        own, unit = view.plot_of(point), self._names.points[point].unit
        moves = menu.addMenu(self.tr("Move into the plot"))

        def move(beside: str) -> None:
            self._show(self._view().moving_to(point, beside))

        for place, plot in enumerate(view.plots):
            fits = any(axis.unit == unit for axis in plot.axes) or len(plot.axes) < MOST_AXES
            if place == own or not fits:
                continue
            title = plot.title or self._names.plot_title(plot.points)
            moves.addAction(title, partial(move, plot.points[0]))
        moves.setEnabled(not moves.isEmpty())

    def of_node(self, node: Node, found: Sequence[str], place: QPoint) -> QMenu:
        """On a row of the tree: draws what is under it, whole or by quantity. `found`: points of a search."""
        menu, view = self._menu(), self._view()
        points = [point.id for point in node.points()]
        drawn = set(view.points)
        new = [point for point in points if point not in drawn]
        self._title(menu, node.text)
        if node.point is not None:
            text = self.tr("Take the curve away") if not new else self.tr("Draw the point")
            menu.addAction(text, lambda: self._add(new) if new else self._show(self._view().without(*points)))
        else:
            self._add_bulk(menu, self.tr("Draw all {0} points"), new)
            self._add_quantities(menu, node, drawn)
        there = [point for point in points if point in drawn]
        if node.point is None and there:
            text = self.tr("Take {0} curves away").format(len(there))
            menu.addAction(text, lambda: self._show(self._view().without(*there)))
        if found:
            menu.addSeparator()
            self._add_bulk(menu, self.tr("Draw all {0} points found"), [one for one in found if one not in drawn])
        device = node.device or (node.point.device if node.point is not None else "")
        if device:
            menu.addSeparator()
            menu.addAction(self.tr("Show the device"), lambda: self._desk.open_page.emit("devices", device))
        menu.popup(place)
        return menu

    def _add_quantities(self, menu: QMenu, node: Node, drawn: set[str]) -> None:
        by_name: Counter[str] = Counter(point.name for point in node.points() if point.id not in drawn)
        if len(by_name) < 2:
            return
        quantities = menu.addMenu(self.tr("Draw of each device"))
        for name, _ in by_name.most_common(_MOST_QUANTITIES):
            points = [point.id for point in node.points() if point.name == name and point.id not in drawn]
            self._add_bulk(quantities, name + "  ({0})", points)

    def _add_bulk(self, menu: QMenu, text: str, points: Sequence[str]) -> None:
        """An entry that draws all of the points; off where there are none, or more than a view can hold."""
        entry = menu.addAction(text.format(len(points)), lambda: self._add(points))
        entry.setEnabled(0 < len(points) <= MOST_CURVES - len(self._view().points))

    @staticmethod
    def _title(menu: QMenu, text: str) -> None:
        """What the menu is about; a section's own text is not drawn by every style."""
        menu.addAction(text).setEnabled(False)
        menu.addSeparator()

    def _menu(self) -> QMenu:
        menu = QMenu(self._page)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu
