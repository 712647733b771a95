"""How high a point usually is at an hour: the middle eight tenths of that hour in the four weeks before.

Working days and weekends are told apart, since a port's Sunday is not its Monday. Asked for on a worker thread.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from energy_console.gui.desk import Desk
from energy_console.gui.format import number, unit_text
from energy_console.gui.plots.normal import NormalRange
from energy_console.gui.plots.plot import Plot
from energy_console.gui.plots.stack import TrendStack
from energy_console.historian.interface import Buckets, Historian
from hardware.points import Float64Array

WEEKS = 4
LEAST_DAYS = 3  # alike, from which on a range is told
MOST_WINDOW_S = 40 * 86_400.0  # beyond it a step would be narrower than what it helps to read
_NS = 1_000_000_000
_HOUR_S = 3600
_QUARTER_S = 900
_LOW, _HIGH = 10, 90  # percentiles


@dataclass(frozen=True, slots=True)
class HourRanges:
    """By (weekend, hour of the local day): P10 and P90."""

    by_hour: dict[tuple[bool, int], tuple[float, float]]

    def at(self, local: dt.datetime) -> tuple[float, float]:
        return self.by_hour.get((local.weekday() >= 5, local.hour), (math.nan, math.nan))


def ranges_of(spans: Buckets, zone: dt.tzinfo) -> HourRanges:
    """From quarters of an hour; hours of which fewer than three days alike are known are left out."""
    values: dict[tuple[bool, int], list[float]] = defaultdict(list)
    days: dict[tuple[bool, int], set[dt.date]] = defaultdict(set)
    for time_ns, mean in zip(spans.time_ns.tolist(), spans.mean.tolist(), strict=True):
        if math.isnan(mean):
            continue
        local = dt.datetime.fromtimestamp(time_ns / _NS, zone)
        key = (local.weekday() >= 5, local.hour)
        values[key].append(mean)
        days[key].add(local.date())
    return HourRanges(
        {
            key: (float(np.percentile(found, _LOW)), float(np.percentile(found, _HIGH)))
            for key, found in values.items()
            if len(days[key]) >= LEAST_DAYS
        }
    )


def steps_of(
    ranges: HourRanges, start_s: float, end_s: float, zone: dt.tzinfo
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Edges, lows and highs of each hour that touches a window."""
    edges = np.arange(start_s // _HOUR_S * _HOUR_S, end_s + _HOUR_S, _HOUR_S)
    found = [ranges.at(dt.datetime.fromtimestamp(float(edge), zone)) for edge in edges[:-1]]
    low, high = np.array(found, dtype=float).reshape(-1, 2).T
    return edges, low, high


class NormalHours:
    """Keeps the ranges of points once asked, and puts those of a plot's curve into it."""

    def __init__(self, desk: Desk, stack: TrendStack, changed: Callable[[], None]) -> None:
        self._desk, self._stack, self._changed = desk, stack, changed
        self._known: dict[tuple[str, int], HourRanges | None] = {}

    def show(self, shown: bool, selected: str) -> None:
        """Bands of the selected curve, and of curves alone in their plot; none of steps, nor at a right axis."""
        for plot in self._stack.plots:
            points = self._points(plot, selected) if shown and self._fits() else []
            bands = [band for point in points for band in (self._band(plot, point),) if band is not None]
            plot.normal.show(tuple(bands))

    def _fits(self) -> bool:
        return self._stack.end_s - self._stack.start_s <= MOST_WINDOW_S

    @staticmethod
    def _points(plot: Plot, selected: str) -> list[str]:
        left = [point for point, axis in plot.axis_of.items() if axis == 0 and not plot.traces[point].steps]
        return [point for point in left if point == selected or len(left) == 1]

    def _band(self, plot: Plot, point: str) -> NormalRange | None:
        """None until the store has answered, or where it knows too little."""
        start_s, end_s, zone = self._stack.start_s, self._stack.end_s, self._stack.zone
        middle = dt.datetime.fromtimestamp(start_s, zone)
        key = (point, middle.date().toordinal() // 7)
        if key not in self._known:
            self._known[key] = None
            self._ask(key, start_s)
        ranges = self._known[key]
        if ranges is None or not ranges.by_hour:
            return None
        edges, low, high = steps_of(ranges, start_s, end_s, zone)
        if np.isnan(low).all():
            return None
        here = ranges.at(dt.datetime.fromtimestamp(min(end_s, self._desk.clock_ns() / _NS), zone))
        return NormalRange(edges, low, high, _words(plot, here), plot.traces[point].colour)

    def _ask(self, key: tuple[str, int], start_s: float) -> None:
        end_s = start_s // 86_400 * 86_400
        first_s = end_s - WEEKS * 7 * 86_400
        point, zone = key[0], self._stack.zone

        def look(store: Historian) -> HourRanges:
            spans = store.spans(point, round(first_s) * _NS, round(end_s) * _NS, _QUARTER_S * _NS)
            return ranges_of(spans, zone)

        def answer(found: object) -> None:
            if isinstance(found, HourRanges):
                self._known[key] = found
                self._changed()
            else:
                self._known.pop(key, None)

        self._desk.query(look, answer)


def _words(plot: Plot, here: tuple[float, float]) -> str:
    if math.isnan(here[0]):
        return QCoreApplication.translate("normal", "usual for the hour: P10 to P90 of {0} weeks").format(WEEKS)
    unit = plot.axes[0].unit
    shown = [value * (100.0 if unit == "1" else 1.0) for value in here]
    decimals = 0 if max(map(abs, shown)) >= 100 or not any(shown) else 1
    low, high = (number(value, decimals) for value in shown)
    words = QCoreApplication.translate("normal", "usual at this hour {0} to {1} {2} (P10 to P90, {3} weeks)")
    return words.format(low, high, unit_text(unit), WEEKS)
