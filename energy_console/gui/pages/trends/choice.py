"""What a view of Trends shows, as frozen values that can be kept: plots with their points, span, earlier days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

FORMAT = 1

SPANS_S: tuple[tuple[str, float], ...] = (
    ("15min", 900.0),
    ("1h", 3600.0),
    ("6h", 21_600.0),
    ("24h", 86_400.0),
    ("7d", 7 * 86_400.0),
    ("30d", 30 * 86_400.0),
    ("1y", 365 * 86_400.0),
)
COMPARISONS = ("day before", "same day last week")


class ForeignView(ValueError):
    """A kept view that this version cannot read; says what and what to do."""


@dataclass(frozen=True, slots=True)
class PlotChoice:
    """One plot: its unit, the ids of its points, and a title where a person gave one."""

    unit: str
    points: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class TrendView:
    plots: tuple[PlotChoice, ...] = ()
    span_s: float = 86_400.0
    compare: tuple[str, ...] = ()

    @property
    def points(self) -> tuple[str, ...]:
        return tuple(point for plot in self.plots for point in plot.points)

    def adding(self, point: str, unit: str, *, plot: int | None = None, own: bool = False) -> TrendView:
        """With one more point: in the plot named if the unit fits, else in the first of its unit, else in a new one."""
        if point in self.points:
            return self
        place = plot if plot is not None and self.plots[plot].unit == unit else None
        if place is None and not own:
            place = next((at for at, choice in enumerate(self.plots) if choice.unit == unit), None)
        if place is None:
            return replace(self, plots=(*self.plots, PlotChoice(unit, (point,))))
        grown = replace(self.plots[place], points=(*self.plots[place].points, point))
        return replace(self, plots=(*self.plots[:place], grown, *self.plots[place + 1 :]))

    def without(self, point: str) -> TrendView:
        """Without a point; a plot that it was the last of goes with it."""
        fewer = (replace(plot, points=tuple(kept for kept in plot.points if kept != point)) for plot in self.plots)
        return replace(self, plots=tuple(plot for plot in fewer if plot.points))

    def moving_to_own_plot(self, point: str) -> TrendView:
        """With the point in a plot of its own."""
        unit = next(plot.unit for plot in self.plots if point in plot.points)
        return self.without(point).adding(point, unit, own=True)

    def comparing(self, key: str, wanted: bool) -> TrendView:
        kept = tuple(other for other in self.compare if other != key)
        return replace(self, compare=(*kept, key) if wanted else kept)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "span_s": self.span_s,
            "compare": list(self.compare),
            "plots": [{"unit": plot.unit, "points": list(plot.points), "title": plot.title} for plot in self.plots],
        }


def from_json(kept: Mapping[str, Any], known: Mapping[str, str]) -> TrendView:
    """A kept view. `known` has the unit of every point the site has; points it lost meanwhile are left out.

    Raises ForeignView for a newer format or for something else altogether.
    """
    try:
        if kept["format"] > FORMAT:
            raise ForeignView("This view was saved by a newer version of the console; open it there.")
        view = TrendView(span_s=float(kept["span_s"]), compare=tuple(c for c in kept["compare"] if c in COMPARISONS))
        plots = []
        for plot in kept["plots"]:
            points = tuple(dict.fromkeys(str(point) for point in plot["points"] if point in known))
            if points:
                plots.append(PlotChoice(known[points[0]], points, str(plot.get("title", ""))))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ForeignView):
            raise
        raise ForeignView("This is not a view of Trends; save the view again under its name.") from error
    return replace(view, plots=tuple(plots))
