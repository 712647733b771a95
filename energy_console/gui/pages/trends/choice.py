"""What a view of Trends shows, as frozen values: plots with their axes and points, span, what it is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from energy_console.gui.plots.range_of import FITTED, AxisRange

SPANS_S: tuple[tuple[str, float], ...] = (
    ("15min", 900.0),
    ("1h", 3600.0),
    ("6h", 21_600.0),
    ("24h", 86_400.0),
    ("7d", 7 * 86_400.0),
    ("30d", 30 * 86_400.0),
    ("1y", 365 * 86_400.0),
)
DAY_BEFORE, WEEK_BEFORE, YEAR_BEFORE = "1440 min", "10080 min", "1 year"
COMPARISONS = (DAY_BEFORE, WEEK_BEFORE, YEAR_BEFORE)
MARK_KINDS = ("alarm", "command", "note", "call", "plan", "device")
MOST_AXES = 3  # one at the left, two at the right
MOST_CURVES = 400
MOST_COMPARISONS = 4


@dataclass(frozen=True, slots=True)
class AxisChoice:
    """One value axis of a plot: its unit, the ids of its points, and its range where a person has chosen one."""

    unit: str
    points: tuple[str, ...]
    range: AxisRange = FITTED


@dataclass(frozen=True, slots=True)
class PlotChoice:
    """One plot: its axes, the left one first, and a title where a person gave one."""

    axes: tuple[AxisChoice, ...]
    title: str = ""

    @property
    def unit(self) -> str:
        """Of the left axis."""
        return self.axes[0].unit

    @property
    def points(self) -> tuple[str, ...]:
        return tuple(point for axis in self.axes for point in axis.points)

    def axis_of(self, point: str) -> int:
        return next(place for place, axis in enumerate(self.axes) if point in axis.points)

    def adding(self, point: str, unit: str) -> PlotChoice | None:
        """With one more point, on the axis of its unit or on a new one at the right; None where all are taken."""
        place = next((place for place, axis in enumerate(self.axes) if axis.unit == unit), None)
        if place is not None:
            grown = replace(self.axes[place], points=(*self.axes[place].points, point))
            return replace(self, axes=(*self.axes[:place], grown, *self.axes[place + 1 :]))
        if len(self.axes) >= MOST_AXES:
            return None
        return replace(self, axes=(*self.axes, AxisChoice(unit, (point,))))

    def without(self, points: frozenset[str]) -> PlotChoice:
        """Without some points; an axis that has lost its last one goes too."""
        fewer = (replace(axis, points=tuple(kept for kept in axis.points if kept not in points)) for axis in self.axes)
        return replace(self, axes=tuple(axis for axis in fewer if axis.points))


def one_axis(unit: str, points: Iterable[str], title: str = "") -> PlotChoice:
    """A plot with one axis, fitted to what is in view."""
    return PlotChoice((AxisChoice(unit, tuple(points)),), title)


@dataclass(frozen=True, slots=True)
class TrendView:
    """`compare` names earlier times (see `local_clock`), `hidden_marks` the kinds of events that are not shown."""

    plots: tuple[PlotChoice, ...] = ()
    span_s: float = 86_400.0
    compare: tuple[str, ...] = ()
    hidden_marks: tuple[str, ...] = ()
    normal: bool = False

    @property
    def points(self) -> tuple[str, ...]:
        return tuple(point for plot in self.plots for point in plot.points)

    def plot_of(self, point: str) -> int:
        return next(place for place, plot in enumerate(self.plots) if point in plot.points)

    def adding(self, point: str, unit: str, *, plot: int | None = None, own: bool = False) -> TrendView:
        """With one more point: in the plot named if it has its unit, else in the first that has, else in a new one."""
        if point in self.points:
            return self
        place = plot if plot is not None and any(axis.unit == unit for axis in self.plots[plot].axes) else None
        if place is None and not own:
            place = next((at for at, choice in enumerate(self.plots) if choice.unit == unit), None)
        if place is None:
            return replace(self, plots=(*self.plots, one_axis(unit, (point,))))
        grown = self.plots[place].adding(point, unit)
        return self._with_plot(place, grown) if grown is not None else self

    def adding_all(self, points: Iterable[tuple[str, str]]) -> TrendView:
        """With points and their units, each where `adding` would put it; quick for hundreds."""
        known, fresh = set(self.points), dict[str, list[str]]()
        for point, unit in points:
            if point not in known:
                known.add(point)
                fresh.setdefault(unit, []).append(point)
        plots = list(self.plots)
        for unit, new in fresh.items():
            place = next((at for at, plot in enumerate(plots) if plot.unit == unit), None)
            if place is None:
                plots.append(one_axis(unit, new))
                continue
            left = plots[place].axes[0]
            axes = (replace(left, points=(*left.points, *new)), *plots[place].axes[1:])
            plots[place] = replace(plots[place], axes=axes)
        return replace(self, plots=tuple(plots))

    def without(self, *points: str) -> TrendView:
        """Without some points; a plot that has lost its last one goes with them."""
        gone = frozenset(points)
        fewer = (plot.without(gone) for plot in self.plots)
        return replace(self, plots=tuple(plot for plot in fewer if plot.axes))

    def moving_to_own_plot(self, point: str) -> TrendView:
        """With the point in a plot of its own."""
        unit = self._unit(point)
        return self.without(point).adding(point, unit, own=True)

    def moving_to(self, point: str, beside: str) -> TrendView:
        """With the point in the plot of another, at an axis of its own unit; itself where that has no axis left."""
        unit, fewer = self._unit(point), self.without(point)
        place = fewer.plot_of(beside)
        grown = fewer.plots[place].adding(point, unit)
        return fewer._with_plot(place, grown) if grown is not None else self

    def _unit(self, point: str) -> str:
        return next(axis.unit for plot in self.plots for axis in plot.axes if point in axis.points)

    def _with_plot(self, place: int, plot: PlotChoice) -> TrendView:
        return replace(self, plots=(*self.plots[:place], plot, *self.plots[place + 1 :]))

    def ranging(self, place: int, axis: int, wanted: AxisRange) -> TrendView:
        """With another range of one axis of one plot."""
        plot = self.plots[place]
        changed = replace(plot.axes[axis], range=wanted)
        return self._with_plot(place, replace(plot, axes=(*plot.axes[:axis], changed, *plot.axes[axis + 1 :])))

    def titled(self, place: int, title: str) -> TrendView:
        return self._with_plot(place, replace(self.plots[place], title=title))

    def comparing(self, key: str, wanted: bool) -> TrendView:
        kept = tuple(other for other in self.compare if other != key)
        return replace(self, compare=(*kept, key)[-MOST_COMPARISONS:] if wanted else kept)

    def marking(self, kind: str, wanted: bool) -> TrendView:
        """With the events of a kind shown or not."""
        kept = tuple(other for other in self.hidden_marks if other != kind)
        return replace(self, hidden_marks=kept if wanted else (*kept, kind))
