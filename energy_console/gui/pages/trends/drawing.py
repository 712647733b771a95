"""Keeps the plot stack as the view says: a feed and a trace for every point, earlier days, planned courses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import numpy as np

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.cells import of_buckets
from energy_console.gui.pages.trends.choice import COMPARISONS, TrendView
from energy_console.gui.pages.trends.feed import PointFeed
from energy_console.gui.pages.trends.naming import Names, holds
from energy_console.gui.pages.trends.planned import Course
from energy_console.gui.plots.plot import Plot
from energy_console.gui.plots.stack import TrendStack
from energy_console.gui.plots.trace import Line, Trace
from energy_console.historian.interface import Buckets
from hardware.points import Reading, ScanBatch

_NS = 1e9
_DAYS_BACK = dict(zip(COMPARISONS, (1, 7), strict=True))
_FIRST_STRETCH, _STRETCH = 2, 1
_GHOST_MARGIN = 0.5


class Drawing:
    """`view` is what is drawn. `changed` is called when curves got new history."""

    def __init__(self, desk: Desk, stack: TrendStack, names: Names, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._stack = stack
        self._names = names
        self._changed = changed
        self.view = TrendView()
        self.feeds: dict[str, PointFeed] = {}
        self.traces: dict[str, Trace] = {}
        self.plans_shown = True
        self._courses: Mapping[str, Course] = {}
        self._own_plans: dict[str, Course] = {}
        self._ghosts_asked: tuple[float, float, tuple[str, ...], tuple[str, ...]] | None = None
        self._question = 0

    @property
    def now_s(self) -> float:
        return self._desk.clock_ns() / _NS

    @property
    def edge_s(self) -> float:
        """The present, or the moment picked."""
        moment = self._desk.time.moment
        return self.now_s if moment is None else moment.timestamp()

    # what is drawn

    def show(self, view: TrendView) -> None:
        """Changes to another view; feeds and colours of points that stay are kept."""
        self.view = view
        for point in [point for point in self.traces if point not in view.points]:
            self.feeds.pop(point).close()
            del self.traces[point]
        for point in view.points:
            if point not in self.traces:
                steps = holds(self._names.points[point])
                self.traces[point] = Trace(self._stack.looks, self._free_index(), steps=steps)
                every_s = self._names.every_s(point)
                self.feeds[point] = PointFeed(self._desk, point, every_s, self._answered)
        self._stack.show_plots([self._plot(place) for place in range(len(view.plots))])
        self._show_plans()
        self._ghosts_asked = None
        self.want()

    def _free_index(self) -> int:
        """The first colour that no curve of the view has."""
        taken = {trace.index for trace in self.traces.values()}
        return next(index for index in range(len(taken) + 1) if index not in taken)

    def _plot(self, place: int) -> Plot:
        choice = self.view.plots[place]
        # the title of the first plot stands in the card's own header
        title = (choice.title or self._names.plot_title(choice.points)) if place else ""
        stretch = _STRETCH if place else _FIRST_STRETCH
        key = f"{choice.unit}:{place}"
        plot = Plot(self._stack.looks, key, choice.unit, title, stretch)
        plot.backdrop.show_limits(self._names.limits(choice.points))
        for old in self._stack.plots:
            for point in choice.points:
                old.remove(point)
        for point in choice.points:
            plot.add(point, self._names.curve(point, choice.points).label, self.traces[point])
        return plot

    def place_of(self, plot: Plot | None) -> int | None:
        return self._stack.plots.index(plot) if plot in self._stack.plots else None

    def select(self, point: str) -> None:
        for other, trace in self.traces.items():
            trace.select(other == point)
        self._stack.refit_ranges()

    def readings_at_edge(self) -> dict[str, Reading]:
        """What the points drawn had at the moment picked."""
        edge_s, found = self.edge_s, {}
        for point, feed in self.feeds.items():
            at = feed.cells.at(edge_s)
            if at.kept:
                found[point] = Reading(point, round(edge_s * _NS), at.value, at.status)
        return found

    # history and live

    def want(self) -> None:
        """Sees to it that the window on screen is known finely enough."""
        stack = self._stack
        for feed in self.feeds.values():
            feed.want(stack.start_s, stack.end_s, stack.width_px)
        self._want_ghosts()

    def take(self, batch: ScanBatch) -> None:
        for feed in self.feeds.values():
            feed.take(batch)

    def grow(self) -> bool:
        """Draws what came in since the last call; True if there was anything."""
        grown = False
        for point, feed in self.feeds.items():
            line = feed.fresh()
            if line is not None:
                self.traces[point].append(line)
                grown = True
            self._show_gaps(point, feed)
        return grown

    def _show_gaps(self, point: str, feed: PointFeed) -> None:
        moment = self._desk.time.moment
        until_s = min(self.now_s, self._stack.end_s) if moment is not None else self.now_s
        self.traces[point].gaps.show_gaps(feed.cells.gaps(until_s))

    def _answered(self, point: str) -> None:
        feed, trace = self.feeds.get(point), self.traces.get(point)
        if feed is None or trace is None:
            return
        if not feed.failure:
            trace.show(feed.whole(), ())
            self._show_gaps(point, feed)
        self._changed()

    @property
    def waiting(self) -> bool:
        """Whether nothing is known yet of any point."""
        return bool(self.feeds) and not any(feed.answered for feed in self.feeds.values())

    def failure(self) -> str:
        return next((feed.failure for feed in self.feeds.values() if feed.failure), "")

    # plans

    def add_plan(self, point: str, course: Course | None) -> None:
        """A planned course of one point besides those of the plan in force; None takes it away."""
        if course is None:
            self._own_plans.pop(point, None)
        else:
            self._own_plans[point] = course
        self._show_plans()

    def show_courses(self, courses: Mapping[str, Course]) -> None:
        """The courses of the plan in force."""
        self._courses = courses
        self._show_plans()

    def _show_plans(self) -> None:
        for point, trace in self.traces.items():
            course = self._own_plans.get(point) or self._courses.get(point)
            if course is None or not self.plans_shown:
                trace.show_plan(np.empty(0), np.empty(0))
            else:
                trace.show_plan(*course)

    def plans_until_s(self) -> float:
        """When the last planned course that is drawn ends; minus infinity without any."""
        ends = [float(trace.plan.pyramid.time_s[-1]) for trace in self.traces.values() if len(trace.plan.pyramid)]
        return max(ends, default=-np.inf)

    # earlier days

    def _want_ghosts(self) -> None:
        stack, compare = self._stack, self.view.compare
        for trace_point, trace in self.traces.items():
            for key in [key for key in trace.ghosts if key not in compare]:
                self._drop_ghost(trace_point, key)
        if not compare:
            self._ghosts_asked = None
            return
        span_s = stack.end_s - stack.start_s
        asked = self._ghosts_asked
        if asked is not None and asked[2:] == (compare, self.view.points):
            inside = asked[0] <= stack.start_s and stack.end_s <= asked[1]
            if inside and asked[1] - asked[0] < 4 * span_s * (1 + 2 * _GHOST_MARGIN):
                return
        start_s, end_s = stack.start_s - _GHOST_MARGIN * span_s, stack.end_s + _GHOST_MARGIN * span_s
        self._ghosts_asked = (start_s, end_s, compare, self.view.points)
        self._question += 1
        for key in compare:
            for point in self.view.points:
                self._ask_ghost(point, key, start_s, end_s, self._question)

    def _ask_ghost(self, point: str, key: str, start_s: float, end_s: float, question: int) -> None:
        shift_s = self._shift_s(key, (start_s + end_s) / 2)
        count = round(2 * self._stack.width_px)
        first, last = round((start_s - shift_s) * _NS), round((end_s - shift_s) * _NS)
        hold_s, now_s = self.feeds[point].hold_s, self.now_s

        def answer(found: object) -> None:
            trace = self.traces.get(point)
            if isinstance(found, Buckets) and trace is not None and question == self._question:
                line = of_buckets(found, hold_s, now_s).line()
                self._put_ghost(point, key, Line(line.time_s + shift_s, line.value, line.uncertain))

        self._desk.query(lambda store: store.buckets(point, first, last, count), answer)

    def _shift_s(self, key: str, middle_s: float) -> float:
        """Seconds from the same clock time on the earlier day; 23 or 25 hours across a change of the clock."""
        local = dt.datetime.fromtimestamp(middle_s, self._stack.zone)
        return middle_s - (local - dt.timedelta(days=_DAYS_BACK[key])).timestamp()

    def _put_ghost(self, point: str, key: str, line: Line) -> None:
        new = self.traces[point].show_ghost(key, line)
        plot = next((plot for plot in self._stack.plots if point in plot.traces), None)
        if new is not None and plot is not None:
            plot.add_item(new)
        self._changed()

    def _drop_ghost(self, point: str, key: str) -> None:
        item = self.traces[point].ghosts.get(key)
        plot = next((plot for plot in self._stack.plots if point in plot.traces), None)
        if item is not None and plot is not None:
            plot.box.removeItem(item)
        self.traces[point].show_ghost(key, None)
