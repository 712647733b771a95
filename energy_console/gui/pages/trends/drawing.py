"""Keeps the plot stack as the view says: a feed and a trace for every point, earlier days, planned courses."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from PySide6.QtCore import QTimer

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.choice import TrendView
from energy_console.gui.pages.trends.earlier_times import EarlierTimes
from energy_console.gui.pages.trends.feed import PointFeed
from energy_console.gui.pages.trends.naming import Names, holds, shift_name
from energy_console.gui.pages.trends.normal_hours import NormalHours
from energy_console.gui.pages.trends.planned import Course
from energy_console.gui.plots.plot import MANY, Plot, PlotAxis
from energy_console.gui.plots.stack import TrendStack
from energy_console.gui.plots.trace import Made, Trace
from hardware.points import Reading, ScanBatch

_NS = 1e9
_FIRST_STRETCH, _STRETCH = 2, 1
_TURN_S = 0.003
_TOGETHER_S, _TOGETHER_MS = 1.0, 60
_ANSWERS_MS = 25  # answers that come so near to one another are drawn together


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
        self.selected = ""
        self._rows: dict[int, PointFeed] = {}
        self._fresh: dict[str, None] = {}  # points with an answer not yet drawn, in the order they came
        self._ready: dict[str, Made] = {}
        self._began_s = 0.0
        self._soon = QTimer(stack)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._draw_answers)
        self._earlier = EarlierTimes(desk, stack, self.traces, changed)
        self._normal = NormalHours(desk, stack, self._normal_came)

    @property
    def now_s(self) -> float:
        return self._desk.clock_ns() / _NS

    @property
    def edge_s(self) -> float:
        """The present, or the moment picked."""
        moment = self._desk.time.moment
        return self.now_s if moment is None else moment.timestamp()

    def _normal_came(self) -> None:
        self._show_normal()
        self._changed()

    # what is drawn

    def show(self, view: TrendView) -> None:
        """Changes to another view; feeds and colours of points that stay are kept."""
        self.view = view
        wanted = dict.fromkeys(view.points)
        for point in [point for point in self.traces if point not in wanted]:
            self.feeds.pop(point).close()
            del self.traces[point]
        free = self._free_indices()
        for point in wanted:
            if point not in self.traces:
                steps = holds(self._names.points[point])
                self.traces[point] = Trace(self._stack.looks, next(free), steps=steps)
                every_s = self._names.every_s(point)
                self.feeds[point] = PointFeed(self._desk, point, every_s, self._answered)
        self._rows = {feed.row: feed for feed in self.feeds.values() if feed.row is not None}
        self._stack.show_plots([self._plot(place) for place in range(len(view.plots))])
        self._show_plans()
        self._earlier.forget()
        self.want()

    def _free_indices(self) -> Iterator[int]:
        """Colours that no curve of the view has, the first ones first."""
        taken = {trace.index for trace in self.traces.values()}
        return (index for index in itertools.count() if index not in taken)

    def _plot(self, place: int) -> Plot:
        choice = self.view.plots[place]
        # the title of the first plot stands in the card's own header
        title = (choice.title or self._names.plot_title(choice.points)) if place else ""
        stretch = _STRETCH if place else _FIRST_STRETCH
        axes = [PlotAxis(axis.unit, axis.range) for axis in choice.axes]
        plot = Plot(self._stack.looks, f"{choice.unit}:{place}", axes, title, stretch)
        plot.ghost_name = shift_name
        plot.backdrop.show_limits(self._names.limits(choice.axes[0].points))
        names = self._names.curves(choice.points)
        for number, axis in enumerate(choice.axes):
            for point in axis.points:
                plot.add(point, names[point].label, self.traces[point], number)
        plot.fade()
        return plot

    def place_of(self, plot: Plot | None) -> int | None:
        return self._stack.plots.index(plot) if plot in self._stack.plots else None

    def select(self, point: str) -> None:
        for other, trace in self.traces.items():
            trace.select(other == point)
        self.selected = point
        if len(self.feeds) > MANY and point:
            self._show_gaps(point, self.feeds[point])
        self._show_normal()
        self._stack.refit_ranges()

    def _show_normal(self) -> None:
        self._normal.show(self.view.normal, self.selected)

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
        holds_s = {point: feed.hold_s for point, feed in self.feeds.items()}
        self._earlier.want(self.view.compare, holds_s)
        self._show_normal()

    def ask_anew(self) -> None:
        """The past is another: every curve is asked for again."""
        for feed in self.feeds.values():
            feed.ask_anew()
        self._earlier.forget()
        self.want()

    def take(self, batch: ScanBatch) -> None:
        """Keeps the readings of a live batch that are of points drawn."""
        if not self._rows:
            return
        wanted = np.flatnonzero(np.isin(batch.index, list(self._rows)))
        index, status = batch.index[wanted].tolist(), batch.status[wanted].tolist()
        time_s, value = (batch.time_ns[wanted] / _NS).tolist(), batch.value[wanted].tolist()
        for reading in zip(index, time_s, value, status, strict=True):
            self._rows[reading[0]].take(*reading[1:])

    def grow(self) -> bool:
        """Draws what came in since the last call; True if there was anything."""
        grown, now_s = False, self.now_s
        for point, feed in self.feeds.items():
            if point in self._ready:  # it is about to be drawn anew, with all there is since then
                continue
            line = feed.fresh()
            if line is not None:
                self.traces[point].append(line)
                grown = True
            if self._tells_gaps(point) and feed.gaps_due(now_s):
                self._show_gaps(point, feed)
        return grown

    def _tells_gaps(self, point: str) -> bool:
        """Whether a curve's gaps are hatched: of hundreds of curves only those of the selected one."""
        return len(self.feeds) <= MANY or point == self.selected

    def _show_gaps(self, point: str, feed: PointFeed) -> None:
        moment = self._desk.time.moment
        until_s = min(self.now_s, self._stack.end_s) if moment is not None else self.now_s
        self.traces[point].gaps.show_gaps(feed.gaps(until_s))

    def _answered(self, point: str) -> None:
        """Hundreds of answers come one after the other: they are drawn some at a time."""
        self._fresh[point] = None
        self._ready.pop(point, None)
        if not self._soon.isActive():
            self._soon.start(_ANSWERS_MS)

    def _draw_answers(self) -> None:
        """In short turns, so that no frame waits for them; what is on screen stays as it is until all are made."""
        began = time.perf_counter()
        while self._fresh and time.perf_counter() - began < _TURN_S:
            point = next(iter(self._fresh))
            del self._fresh[point]
            feed = self.feeds.get(point)
            if feed is not None and not feed.failure:
                self._ready[point] = Made.of(feed.whole())
        if self._fresh:
            self._soon.start(0)
            return
        # of hundreds of curves the picture takes long to draw: not for every few answers
        self._began_s = self._began_s or began
        if len(self.feeds) > MANY and began - self._began_s < _TOGETHER_S and self._asking:
            self._soon.start(_TOGETHER_MS)
            return
        self._began_s = 0.0
        for point, made in self._ready.items():
            if point in self.traces:
                self.traces[point].put(made)
                if self._tells_gaps(point):
                    self._show_gaps(point, self.feeds[point])
        self._ready.clear()
        self._changed()

    @property
    def quickest_s(self) -> float:
        """How often the point that is read most often is read."""
        return min((feed.every_s for feed in self.feeds.values()), default=1.0)

    @property
    def waiting(self) -> bool:
        """Whether nothing is known yet of any point."""
        return bool(self.feeds) and not any(feed.answered for feed in self.feeds.values())

    @property
    def _asking(self) -> bool:
        return any(feed.asking for feed in self.feeds.values())

    @property
    def settled(self) -> bool:
        """Whether the store has answered every question, and all of it is drawn."""
        answered = all(feed.answered for feed in self.feeds.values())
        return answered and not (self._asking or self._fresh or self._ready or self._soon.isActive())

    def failure(self) -> str:
        """Why the store could not answer, or not with all that there is; empty where it did."""
        return next((told for feed in self.feeds.values() if (told := feed.failure or feed.notice)), "")

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
