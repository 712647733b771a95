"""What is on screen as text for a spreadsheet: a row for each moment, a column for each curve."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np

from energy_console.gui.pages.trends.cells import Cells
from energy_console.gui.pages.trends.drawing import Drawing
from energy_console.gui.pages.trends.naming import Names
from hardware.points import Float64Array

MOST_ROWS = 5_000
MOST_VALUES = 400_000
_SAME_S = 1e-6
_LEAST_STEP_S = 0.1
_ROUND_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400)


def text_of(drawing: Drawing, names: Names, start_s: float, end_s: float, zone: dt.tzinfo) -> str:
    """Tab-separated: local time with its offset, then the mean of each curve over the step; empty where none is known.

    The step is that of the finest history drawn, as long as that makes no more than 5,000 rows and 400,000 values.
    """
    points, step = drawing.view.points, _step_s(drawing, start_s, end_s)
    edges = np.arange(start_s // step * step, end_s, step)
    columns = [_means(drawing, point, edges, step) for point in points]
    head = "\t".join(["time", *(f"{point} [{names.points[point].unit}]" for point in points)])
    lines = [head]
    for row, edge in enumerate(edges.tolist()):
        values = [float(column[row]) for column in columns]
        if not all(math.isnan(value) for value in values):
            moment = dt.datetime.fromtimestamp(edge, zone).isoformat(sep=" ", timespec=_timespec(step))
            lines.append("\t".join([moment, *("" if math.isnan(value) else f"{value:.10g}" for value in values)]))
    return "\n".join(lines) + "\n"


def _timespec(step_s: float) -> str:
    return "milliseconds" if step_s < 1 else "seconds"


def _step_s(drawing: Drawing, start_s: float, end_s: float) -> float:
    steps = (_usual_step_s(feed.cells, start_s, end_s) for feed in drawing.feeds.values())
    finest = min((step for step in steps if step > 0), default=1.0)
    rows = min(MOST_ROWS, MOST_VALUES // max(1, len(drawing.feeds)))
    wanted = max(finest, _LEAST_STEP_S, (end_s - start_s) / rows)
    return next((step for step in _ROUND_S if step >= wanted * 0.999), _ROUND_S[-1])


def _usual_step_s(cells: Cells, start_s: float, end_s: float) -> float:
    """How far the cells in a window are apart; 0 where there are too few to tell."""
    first, last = np.searchsorted(cells.start_s, (start_s, end_s))
    return float(np.median(np.diff(cells.start_s[first:last]))) if last - first > 1 else 0.0


def _means(drawing: Drawing, point: str, edges: Float64Array, step_s: float) -> Float64Array:
    """Mean of the usable cells that begin in each step; where none begins, what held then; NaN where nothing did."""
    cells = drawing.feeds[point].cells
    usable = cells.usable > 0
    start_s, end_s, mean = cells.start_s[usable], cells.end_s[usable], cells.mean[usable]
    if not len(start_s) or not len(edges):
        return np.full(len(edges), np.nan)
    last = np.searchsorted(start_s, edges, side="right") - 1
    held = (last >= 0) & (edges <= end_s[last] + _SAME_S)
    found = np.where(held, mean[last], np.nan)
    place = np.searchsorted(edges, start_s, side="right") - 1
    inside = (place >= 0) & (start_s < edges[-1] + step_s)
    count = np.bincount(place[inside], minlength=len(edges))
    total = np.bincount(place[inside], mean[inside], len(edges))
    means: Float64Array = np.where(count > 0, total / np.maximum(count, 1), found)
    return means
