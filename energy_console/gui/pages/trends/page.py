"""The Trends page: point tree, plot stack, cursor table, events, the selected point, and the row of tools over them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from energy_console.engine.link import EngineNews
from energy_console.gui.desk import Desk
from energy_console.gui.pages.page import Page
from energy_console.gui.pages.trends.choice import MOST_CURVES, TrendView
from energy_console.gui.pages.trends.curve_acts import CurveActs, PageParts
from energy_console.gui.pages.trends.drawing import Drawing
from energy_console.gui.pages.trends.following import Following
from energy_console.gui.pages.trends.naming import Names
from energy_console.gui.pages.trends.planned import Course, planned_courses
from energy_console.gui.pages.trends.plot_card import PlotCard
from energy_console.gui.pages.trends.point_tree import PointTree
from energy_console.gui.pages.trends.readouts import Readouts
from energy_console.gui.pages.trends.saving import Saving
from energy_console.gui.pages.trends.side import Side
from energy_console.gui.pages.trends.toolbar import Toolbar
from energy_console.gui.pages.trends.view_shelf import ViewShelf
from energy_console.gui.plots.handling import HandledStack
from energy_console.gui.plots.night import nights
from energy_console.gui.plots.plot import Plot
from energy_console.gui.theme import CARD_GAP, PAGE_MARGIN
from energy_console.planning.proposal import PlanNews

_TREE_WIDTH, _SIDE_WIDTH = 272, 384
_NARROW_TREE, _NARROW_SIDE = 220, 348
_NARROW_PX = 1400
_EVENTS_EVERY_S = 5.0
_FIGURES_EVERY_S = 0.9
_FIRST_POINTS = 4
_FIRST_KINDS = ("connection", "substation", "feeder")


class TrendsPage(Page):
    """`select` takes a point id, a device id, or a list of point ids to add."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.names = Names(desk.site)
        self.selected = ""
        self._figured_s = self._asked_s = 0.0
        self._revision: int | None = None  # of the store's past, as last looked at
        self._schedule: object = None
        self.toolbar = Toolbar(desk)
        self.tree = PointTree(desk)
        self.stack = HandledStack(desk.looks, desk.site.place.zone)
        self.stack.setAccessibleName(self.tr("Plots"))
        self.stack.nights = lambda start_s, end_s: nights(desk.site.place, start_s, end_s)
        self.side = Side(desk)
        self.drawing = Drawing(desk, self.stack, self.names, self._history_came)
        self.readouts = Readouts(desk, self.stack, self.drawing, self.names, self.side)
        self.following = Following(desk, self.stack, self.drawing, self.toolbar, self._keep_view)
        self.saving = Saving(desk, self, self.stack, self.drawing, self.names, self.toolbar)
        self.shelf = ViewShelf(desk, self, self.toolbar, lambda: self.drawing.view, self.show_view, self._views_came)
        self.views = self.shelf.kept
        self.acts = CurveActs(
            PageParts(
                self, desk, self.names, self.drawing, self.stack, self.toolbar, self.tree, self.side, self.following,
                self.saving, self.show_view, self.add, self.choose, self.remove,
            )
        )  # fmt: skip
        self.card = PlotCard(desk.looks, self.stack, self.names, self.acts.own_plot, self.acts.centre)
        self._lay_out()
        self._connect()
        self._tick_timer = QTimer(self)
        self._tick_timer.setInterval(1000)
        self._tick_timer.timeout.connect(self._tick)
        if desk.latest.plan is not None:
            self._take_plan(desk.latest.plan)
        self.show_view(TrendView())
        self.views.load()

    # layout

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(CARD_GAP)
        row.addWidget(self.tree)
        row.addWidget(self.card, 1)
        row.addWidget(self.side)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, PAGE_MARGIN)
        column.setSpacing(CARD_GAP)
        column.addWidget(self.toolbar)
        column.addLayout(row, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _NARROW_PX
        self.tree.setFixedWidth(_NARROW_TREE if narrow else _TREE_WIDTH)
        self.side.setFixedWidth(_NARROW_SIDE if narrow else _SIDE_WIDTH)

    def _connect(self) -> None:
        bar, stack = self.toolbar, self.stack
        bar.span_wanted.connect(self.following.show_span)
        bar.window_wanted.connect(self.following.show_window)
        bar.compare_wanted.connect(lambda key, on: self.show_view(self.drawing.view.comparing(key, on)))
        bar.mark_wanted.connect(lambda kind, on: self.show_view(self.drawing.view.marking(kind, on)))
        bar.plan_wanted.connect(self._show_plans)
        bar.live_wanted.connect(self.following.go_live)
        self.tree.toggled.connect(self.toggle)
        self.tree.chosen.connect(self.choose)
        self.tree.all_wanted.connect(self.add)
        stack.moved.connect(self.readouts.refigure_soon)
        stack.rested.connect(self._rested)
        stack.user_moved.connect(self.following.moved_by_hand)
        stack.cursor_moved.connect(lambda _time: self.readouts.show_rows())
        stack.picked.connect(self.choose)
        stack.mark_clicked.connect(self.acts.show_mark)
        stack.live_wanted.connect(self.following.go_live)
        stack.remove_wanted.connect(lambda: self.remove(self.selected))
        stack.next_wanted.connect(self._choose_next)
        stack.dropped.connect(self._dropped)
        self.side.table.chosen.connect(self.choose)
        self.side.table.remove.connect(self.remove)
        self.side.events.chosen.connect(self.acts.show_mark)
        self.side.pin.clicked.connect(self.acts.pin)
        self.looks.changed.connect(self._recolour)

    # what is shown

    def select(self, what: object) -> None:
        """Adds and chooses: point ids, or a device id, whose first point it then is."""
        wanted = what if isinstance(what, list | tuple) else [what]
        self.add([point for one in wanted for point in self._points_of(str(one))])

    def _points_of(self, what: str) -> list[str]:
        if what in self.names.points:
            return [what]
        return [point.id for point in self.desk.site.points if point.device == what][:1] or [what]

    def add(self, points: Sequence[str], plot: int | None = None, *, own: bool = False) -> None:
        """Adds points by id and chooses the last; says so where the site does not have one."""
        view = self.drawing.view
        known = []
        for point in points:
            if point in self.names.points:
                known.append(point)
            else:
                self.desk.said.emit(self.tr("This site has no point {0}.").format(point))
        if len({*view.points, *known}) > MOST_CURVES:
            self.desk.said.emit(self.tr("A view holds {0} curves at most; take some away first.").format(MOST_CURVES))
            return
        units = [(point, self.names.points[point].unit) for point in known]
        if plot is None and not own:
            view = view.adding_all(units)
        else:
            for point, unit in units:
                view = view.adding(point, unit, plot=plot, own=own)
        self.show_view(view)
        if known:
            self.choose(known[-1])
            self.tree.reveal(known[-1])

    def remove(self, point: str) -> None:
        """Takes a curve away; the next one is chosen."""
        points = self.drawing.view.points
        if point not in points:
            return
        place = points.index(point)
        self.show_view(self.drawing.view.without(point))
        left = self.drawing.view.points
        self.choose(left[min(place, len(left) - 1)] if left else "")

    def toggle(self, point: str) -> None:
        if point in self.drawing.view.points:
            self.remove(point)
        else:
            self.add([point])

    def choose(self, point: str) -> None:
        """Draws a curve thicker and tells of its point."""
        if point and point not in self.drawing.traces:
            return
        self.selected = self.readouts.selected = point
        self.drawing.select(point)
        self.side.table.reveal(point)
        self.card.add_plot.setEnabled(bool(point))
        self.acts.show_states()
        self.tree.mark(point)
        self.readouts.show_rows()
        self.readouts.show_point()

    def subject(self) -> str:
        return self.selected

    def add_plan(self, point: str, course: Course | None) -> None:
        """Draws a planned course dashed with a point; None takes it away."""
        self.drawing.add_plan(point, course)
        self.following.place()

    def show_view(self, view: TrendView, *, keep: bool = True) -> None:
        self.drawing.show(view)
        self.tree.show_colours({point: trace.colour for point, trace in self.drawing.traces.items()})
        self.toolbar.show_comparisons(view, self.acts.comparing())
        self.toolbar.show_span(view.span_s)
        self.card.show_view(view, self._first)
        if self.selected not in view.points:
            self.choose(view.points[0] if view.points else "")
        else:
            self.drawing.select(self.selected)
        self.following.place()
        self.readouts.refigure()
        self.readouts.show_marks()
        self.readouts.ask_events()
        self.acts.show_states()
        if keep:
            self.views.keep("", view)

    def _main_meters(self) -> list[str]:
        """The meters of the connection and of the largest nodes under it."""
        nodes = [node for node in self.desk.site.nodes if node.kind in _FIRST_KINDS]
        nodes.sort(key=lambda node: (node.parent is not None, -node.limit_kw))
        return [node.meter for node in nodes if node.meter in self.names.points and node.meter][:_FIRST_POINTS]

    def _first(self) -> None:
        """A start for whoever has nothing drawn."""
        powers = [point.id for point in self.desk.site.points if point.unit == "kW"]
        self.add(self._main_meters() or powers[:_FIRST_POINTS])

    def _dropped(self, points: list[str], plot: Plot | None) -> None:
        self.add(points, self.drawing.place_of(plot))

    def _choose_next(self, step: int) -> None:
        points = self.drawing.view.points
        if points:
            here = points.index(self.selected) if self.selected in points else -step
            self.choose(points[(here + step) % len(points)])

    def _recolour(self) -> None:
        self.tree.show_colours({point: trace.colour for point, trace in self.drawing.traces.items()})
        self.readouts.show_rows()

    # views

    def _views_came(self) -> None:
        first = self.views.first()
        if self.drawing.view.points:  # something was sent here before the store answered
            self.views.keep("", self.drawing.view)
        elif first is not None:
            self.show_view(first, keep=False)
        elif self._main_meters():
            self._first()

    def _keep_view(self) -> None:
        self.views.keep("", self.drawing.view)

    # time

    def refresh(self) -> None:
        """News, or another moment picked."""
        if self.desk.ready and self.desk.plan is not None:
            self._take_plan(self.desk.plan)  # of the past the one that was in force then
        self.tree.refresh(None if self.desk.time.live else self.drawing.readings_at_edge())
        self.readouts.show_point()

    def refresh_now(self) -> None:
        """The time picker has moved: the window goes there."""
        if self.isVisible():
            self.following.go_to_pick()
            self.readouts.refigure()
        else:
            self.following.follows = True
        super().refresh_now()

    def on_news(self, news: EngineNews) -> None:
        if news.batch is not None:
            self.drawing.take(news.batch)
        if news.plan is not None and self.desk.time.live:
            self._take_plan(news.plan)

    def _take_plan(self, news: object) -> None:
        if not isinstance(news, PlanNews) or news.in_force is self._schedule:
            return
        self._schedule = news.in_force
        courses = planned_courses(self.desk.site, news.in_force) if news.in_force else {}
        self.drawing.show_courses(courses)
        self.toolbar.show_plan(news.in_force.name if news.in_force else "")

    def _show_plans(self, shown: bool) -> None:
        self.drawing.plans_shown = shown
        self.acts.show_states()
        self.drawing.show_courses(planned_courses(self.desk.site, self._schedule) if self._schedule else {})  # type: ignore[arg-type]
        self.following.place()
        self.stack.refit()
        self.readouts.show_rows()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick_timer.start()
        self._figured_s = 0.0
        self.following.place()
        self._tick()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tick_timer.stop()

    def _tick(self) -> None:
        """Live: what came in is drawn, the window moves on; figures once a second are enough."""
        grown = self.drawing.grow()
        self.following.place(always=False)
        self._tick_timer.setInterval(self.following.tick_ms)
        if grown:
            self.stack.refit_ranges()
        now_s = time.monotonic()
        if grown and now_s - self._figured_s >= _FIGURES_EVERY_S:
            self._figured_s = now_s
            self.readouts.refigure()
        if self.desk.time.live and now_s - self._asked_s >= _EVENTS_EVERY_S:
            self._asked_s = now_s
            self.readouts.ask_events()
            self.desk.query(lambda store: store.revision(), self._look_back)

    def _look_back(self, revision: object) -> None:
        """Asks for the curves again where the past was changed: by an import, a correction, one taken back."""
        if isinstance(revision, int):
            before, self._revision = self._revision, revision
            if before not in (None, revision):
                self.drawing.ask_anew()

    def _history_came(self) -> None:
        self.stack.refit_curves()
        self.readouts.refigure_soon(card=True)
        self.card.dotted_key.setVisible(any(len(trace.dotted.pyramid) for trace in self.drawing.traces.values()))
        failure = self.drawing.failure()
        if failure:
            self.desk.said.emit(failure)

    def _rested(self) -> None:
        self.drawing.want()
        self.following.remember()
        self.readouts.refigure()
        self.readouts.ask_events()
