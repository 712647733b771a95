"""The lines of the cursor table, in words and figures, from what is drawn; each worked out when it is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from energy_console.gui.format import NONE, decimals_for, number, point_value, unit_text
from energy_console.gui.pages.trends.cells import AtCursor, Figures
from energy_console.gui.pages.trends.choice import PlotChoice
from energy_console.gui.pages.trends.cursor_table import CursorRow, RowKey
from energy_console.gui.pages.trends.drawing import Drawing
from energy_console.gui.pages.trends.naming import CurveName, Names
from energy_console.gui.pages.trends.quality import short_tag
from energy_console.live.table import LiveTable
from hardware.points import Point, Quality, quality_of

translate = QCoreApplication.translate
_BLANK = Figures(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Moments:
    """Which times the table is of, UTC seconds. `other_s`: the second cursor, where there is one.

    With `newest` the values are the newest readings, which a span that is not over yet would hide.
    """

    cursor_s: float
    other_s: float | None
    start_s: float
    end_s: float
    newest: LiveTable | None


class CursorRows:
    """A heading for every axis of every plot, and a row for every point of it; plans have rows of their own."""

    def __init__(self, drawing: Drawing, names: Names) -> None:
        self._drawing, self._names = drawing, names
        self._named: tuple[tuple[PlotChoice, ...], frozenset[str]] = ((), frozenset())
        self._keys: tuple[RowKey, ...] = ()
        self._curves: dict[str, CurveName] = {}
        self._figures: dict[tuple[str, float, float], Figures] = {}
        self.moments = Moments(0.0, None, 0.0, 0.0, None)
        self.selected = ""

    def refigure(self) -> None:
        """The curves or the window have changed."""
        self._figures.clear()

    def keys(self) -> tuple[RowKey, ...]:
        view, found = self._drawing.view, list[RowKey]()
        planned = frozenset(point for point, trace in self._drawing.traces.items() if len(trace.plan.pyramid))
        if (view.plots, planned) == self._named:
            return self._keys
        self._named = (view.plots, planned)
        self._curves = {point: name for plot in view.plots for point, name in self._names.curves(plot.points).items()}
        for place, plot in enumerate(view.plots):
            for number_, axis in enumerate(plot.axes):
                found.append(RowKey("heading", axis.points[0], place, number_))
                for point in axis.points:
                    found.append(RowKey("point", point, place, number_))
                    if point in planned:
                        found.append(RowKey("plan", point, place, number_))
        self._keys = tuple(found)
        return self._keys

    def row(self, key: RowKey) -> CursorRow:
        if key.kind == "heading":
            return self._heading(key)
        return self._plan(key) if key.kind == "plan" else self._point(key)

    def _heading(self, key: RowKey) -> CursorRow:
        plot = self._drawing.view.plots[key.plot]
        axis = plot.axes[key.axis]
        title = plot.title or self._names.plot_title(plot.points if key.axis == 0 else axis.points)
        second = unit_text(axis.unit)
        if len(axis.points) > 1:
            count = translate("rows", "{0} points").format(len(axis.points))
            second = f"{second}  {count}".strip()
        return CursorRow("", title, second)

    def _point(self, key: RowKey) -> CursorRow:
        name, one, at = self._curves[key.point], self._names.points[key.point], self._at(key.point)
        missing = math.isnan(at.value)
        if not missing:
            text = plain(one, at.value)
        else:
            bad = at.kept and quality_of(at.status) is Quality.BAD
            text = short_tag(at.status) if bad else NONE
        return CursorRow(
            key.point,
            name.first,
            name.second,
            self._drawing.traces[key.point].colour,
            text,
            self._shown(key.point, one, at),
            missing=missing and text != NONE,
            tag="" if missing else short_tag(at.status),
            selected=key.point == self.selected,
        )

    def _shown(self, point: str, one: Point, at: AtCursor) -> tuple[str, str, str, str]:
        """Least, mean, greatest, good over the window; with two cursors the second's value and what lies between."""
        moments = self.moments
        if moments.other_s is None:
            found = self._figures_of(point, moments.start_s, moments.end_s)
            return _figure(one, found.minimum), _figure(one, found.mean, 1), _figure(one, found.maximum), _good(found)
        between = self._figures_of(point, *sorted((moments.cursor_s, moments.other_s)))
        other = self._drawing.feeds[point].cells.at(moments.other_s)
        return _figure(one, other.value), _difference(one, at, other), _figure(one, between.mean, 1), _good(between)

    def _figures_of(self, point: str, start_s: float, end_s: float) -> Figures:
        key = (point, start_s, end_s)
        if key not in self._figures:
            cells = self._drawing.feeds[point].cells
            self._figures[key] = cells.figures(start_s, end_s) if len(cells) else _BLANK
        return self._figures[key]

    def _at(self, point: str) -> AtCursor:
        if self.moments.newest is None:
            return self._drawing.feeds[point].cells.at(self.moments.cursor_s)
        reading = self.moments.newest.reading(point)
        return AtCursor(reading.value, reading.status, kept=True)

    def _plan(self, key: RowKey) -> CursorRow:
        trace = self._drawing.traces[key.point]
        plan, time_s = trace.plan.pyramid, self.moments.cursor_s
        index = int(plan.time_s.searchsorted(time_s, side="right")) - 1
        inside = 0 <= index < len(plan) - 1
        text = plain(self._names.points[key.point], float(plan.value[index])) if inside else NONE
        label = self._curves[key.point].first
        return CursorRow(key.point, translate("rows", "Plan"), label, trace.colour, text, dashed=True)


def plain(point: Point, value: float) -> str:
    """The figure without its unit, which stands in the heading; states in words."""
    if point.states or point.bits:
        return point_value(point, value)
    return _figure(point, value)


def _figure(point: Point, value: float, more: int = 0) -> str:
    if math.isnan(value):
        return NONE
    shown = value * 100 if point.unit == "1" else value
    decimals = decimals_for(shown, point.unit)
    if shown == 0 or point.states or point.bits:
        decimals = 0 if not more else min(1, decimals)
    return number(shown, decimals)


def _difference(point: Point, at: AtCursor, other: AtCursor) -> str:
    """The second cursor's value less the first's, with its sign; nothing where values are states."""
    change = other.value - at.value
    if math.isnan(change) or point.states or point.bits:
        return NONE
    shown = change * 100 if point.unit == "1" else change
    return number(shown, decimals_for(shown, point.unit), sign=True)


def _good(found: Figures) -> str:
    """100 only when it is: 99.97 is shown as 99.9, for there was a gap."""
    if math.isnan(found.good):
        return NONE
    percent = found.good * 100
    return "100" if percent > 99.995 else number(min(percent, 99.9), 1)
