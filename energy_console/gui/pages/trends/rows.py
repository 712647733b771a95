"""The lines of the cursor table, in words and figures, from what is drawn."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

from energy_console.gui.format import NONE, decimals_for, number, point_value, unit_text
from energy_console.gui.pages.trends.cells import AtCursor, Figures
from energy_console.gui.pages.trends.cursor_table import CursorRow
from energy_console.gui.pages.trends.drawing import Drawing
from energy_console.gui.pages.trends.naming import Names
from energy_console.gui.pages.trends.quality import short_tag
from energy_console.live.table import LiveTable
from hardware.points import Point, Quality, quality_of


def cursor_rows(
    drawing: Drawing,
    names: Names,
    figures: dict[str, Figures],
    time_s: float,
    selected: str,
    newest: LiveTable | None = None,
) -> list[CursorRow]:
    """A heading for every plot, and a row for every point in it, at a time; plans have rows of their own.

    With `newest` the values are the newest readings, which a span that is not over yet would hide.
    """
    rows: list[CursorRow] = []
    for choice in drawing.view.plots:
        title = choice.title or names.plot_title(choice.points)
        rows.append(CursorRow("", title, unit_text(choice.unit)))
        for point in choice.points:
            rows.append(
                _row(
                    drawing,
                    names,
                    choice.points,
                    point,
                    figures.get(point),
                    _at(drawing, point, time_s, newest),
                    point == selected,
                )
            )
            plan = _plan_row(drawing, names, choice.points, point, time_s)
            if plan is not None:
                rows.append(plan)
    return rows


def _row(
    drawing: Drawing,
    names: Names,
    points: tuple[str, ...],
    point: str,
    found: Figures | None,
    at: AtCursor,
    selected: bool,
) -> CursorRow:
    name, one = names.curve(point, points), names.points[point]
    missing = math.isnan(at.value)
    if not missing:
        text = _plain(one, at.value)
    elif at.kept and quality_of(at.status) is Quality.BAD:
        text = short_tag(at.status)
    else:
        text = NONE
    blank = found is None or math.isnan(found.good)
    return CursorRow(
        point,
        name.first,
        name.second,
        drawing.traces[point].colour,
        text,
        _figure(one, found.minimum if found else math.nan),
        _figure(one, found.mean if found else math.nan, 1),
        _figure(one, found.maximum if found else math.nan),
        NONE if blank or found is None else _good(found.good),
        missing=missing and text != NONE,
        tag="" if missing else short_tag(at.status),
        selected=selected,
    )


def _at(drawing: Drawing, point: str, time_s: float, newest: LiveTable | None) -> AtCursor:
    if newest is None:
        return drawing.feeds[point].cells.at(time_s)
    reading = newest.reading(point)
    return AtCursor(reading.value, reading.status, kept=True)


def _plan_row(drawing: Drawing, names: Names, points: tuple[str, ...], point: str, time_s: float) -> CursorRow | None:
    trace = drawing.traces[point]
    if not len(trace.plan.pyramid):
        return None
    index = int(trace.plan.pyramid.time_s.searchsorted(time_s, side="right")) - 1
    inside = 0 <= index < len(trace.plan.pyramid) - 1
    text = _plain(names.points[point], float(trace.plan.pyramid.value[index])) if inside else NONE
    label = names.curve(point, points).first
    return CursorRow(point, QCoreApplication.translate("rows", "Plan"), label, trace.colour, text, dashed=True)


def _plain(point: Point, value: float) -> str:
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


def _good(share: float) -> str:
    """100 only when it is: 99.97 is shown as 99.9, for there was a gap."""
    percent = share * 100
    if percent > 99.995:
        return "100"
    return number(min(percent, 99.9), 1)
