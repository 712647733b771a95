"""Views as they are kept in the store and written to files: JSON, format 2; views of format 1 are read too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from energy_console.gui.pages.trends.choice import (
    DAY_BEFORE,
    MARK_KINDS,
    MOST_AXES,
    MOST_COMPARISONS,
    WEEK_BEFORE,
    AxisChoice,
    PlotChoice,
    TrendView,
)
from energy_console.gui.pages.trends.local_clock import is_shift
from energy_console.gui.plots.range_of import AxisRange

FORMAT = 2
_OLD_COMPARISONS = {"day before": DAY_BEFORE, "same day last week": WEEK_BEFORE}


class ForeignView(ValueError):
    """A kept view that this version cannot read; says what and what to do."""


def to_json(view: TrendView) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "span_s": view.span_s,
        "compare": list(view.compare),
        "hidden_marks": list(view.hidden_marks),
        "normal": view.normal,
        "plots": [{"title": plot.title, "axes": [_axis_json(axis) for axis in plot.axes]} for plot in view.plots],
    }


def _axis_json(axis: AxisChoice) -> dict[str, Any]:
    wanted = axis.range
    return {
        "unit": axis.unit,
        "points": list(axis.points),
        "low": wanted.low,
        "high": wanted.high,
        "log": wanted.log,
    }


def from_json(kept: Mapping[str, Any], known: Mapping[str, str]) -> TrendView:
    """A kept view. `known` has the unit of every point the site has; points it lost meanwhile are left out.

    Raises ForeignView for a newer format or for something else altogether.
    """
    try:
        if kept["format"] > FORMAT:
            raise ForeignView("This view was saved by a newer version of the console; open it there.")
        compare = (_OLD_COMPARISONS.get(key, key) for key in kept["compare"])
        view = TrendView(
            span_s=float(kept["span_s"]),
            compare=tuple(key for key in compare if is_shift(key))[:MOST_COMPARISONS],
            hidden_marks=tuple(kind for kind in kept.get("hidden_marks", ()) if kind in MARK_KINDS),
            normal=bool(kept.get("normal", False)),
        )
        plots = [_plot(plot, known) for plot in kept["plots"]]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ForeignView):
            raise
        raise ForeignView("This is not a view of Trends; save the view again under its name.") from error
    return replace(view, plots=tuple(plot for plot in plots if plot.axes))


def _plot(kept: Mapping[str, Any], known: Mapping[str, str]) -> PlotChoice:
    axes = kept.get("axes", [kept])  # format 1 had one axis a plot
    found: list[AxisChoice] = []
    for axis in axes[:MOST_AXES]:
        points = tuple(dict.fromkeys(str(point) for point in axis["points"] if point in known))
        # what a point measures is said by the site, not by the view
        by_unit: dict[str, list[str]] = {}
        for point in points:
            by_unit.setdefault(known[point], []).append(point)
        wanted = _range(axis)
        found += [AxisChoice(unit, tuple(own), wanted) for unit, own in by_unit.items()]
    return PlotChoice(tuple(found[:MOST_AXES]), str(kept.get("title", "")))


def _range(axis: Mapping[str, Any]) -> AxisRange:
    low, high = (float(axis[end]) if axis.get(end) is not None else None for end in ("low", "high"))
    return AxisRange(low, high, bool(axis.get("log", False)))
