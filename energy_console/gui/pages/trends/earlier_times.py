"""Earlier times drawn paler under a view: the day before, the week before, the year before, or any other span."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.cells import of_buckets
from energy_console.gui.pages.trends.local_clock import earlier_window, laid_over
from energy_console.gui.plots.stack import TrendStack
from energy_console.gui.plots.trace import Line, Trace
from energy_console.historian.interface import Historian
from hardware.points import BoolArray, Float64Array

_NS = 1e9
_MARGIN = 0.5  # of the window, asked for on either side
_NARROWER = 4  # times narrower than what was asked for: asked again, finer


class EarlierTimes:
    """`traces` are those of the view, kept up to date by whoever gave them. `changed` after something was drawn."""

    def __init__(self, desk: Desk, stack: TrendStack, traces: Mapping[str, Trace], changed: Callable[[], None]) -> None:
        self._desk, self._stack, self._traces, self._changed = desk, stack, traces, changed
        self._asked: tuple[float, float, tuple[str, ...], tuple[str, ...]] | None = None
        self._question = 0

    def forget(self) -> None:
        """Asks again at the next `want`."""
        self._asked = None

    def want(self, shifts: tuple[str, ...], holds_s: Mapping[str, float]) -> None:
        """Sees to it that the window on screen is known; `holds_s`: how long a reading of each point counts."""
        for trace in self._traces.values():
            for gone in [key for key in trace.ghosts if key not in shifts]:
                trace.show_ghost(gone, None)
        if not shifts:
            self._asked = None
            return
        start_s, end_s, points = self._stack.start_s, self._stack.end_s, tuple(self._traces)
        span_s = end_s - start_s
        asked = self._asked
        if asked is not None and asked[2:] == (shifts, points):
            inside = asked[0] <= start_s and end_s <= asked[1]
            if inside and asked[1] - asked[0] < _NARROWER * span_s * (1 + 2 * _MARGIN):
                return
        self._asked = (start_s - _MARGIN * span_s, end_s + _MARGIN * span_s, shifts, points)
        self._question += 1
        for shift in shifts:
            for point in points:
                self._ask(point, shift, holds_s[point])

    def _ask(self, point: str, shift: str, hold_s: float) -> None:
        if self._asked is None:
            return
        start_s, end_s, zone, question = *self._asked[:2], self._stack.zone, self._question
        count = round(2 * self._stack.width_px)
        first_s, last_s = earlier_window(start_s, end_s, shift, zone)
        now_s = self._desk.clock_ns() / _NS

        def look(store: Historian) -> object:
            if question != self._question:  # the window has gone elsewhere meanwhile
                return None
            found = store.buckets(point, round(first_s * _NS), round(last_s * _NS), count)
            line = of_buckets(found, hold_s, now_s).line()
            return _laid(line, *laid_over(line.time_s, shift, start_s, end_s, zone))

        def answer(found: object) -> None:
            trace = self._traces.get(point)
            if isinstance(found, Line) and trace is not None and question == self._question:
                trace.show_ghost(shift, found)
                self._changed()

        self._desk.query(look, answer)


def _laid(line: Line, time_s: Float64Array, known: BoolArray) -> Line:
    """The earlier readings at their new times, broken where an hour has no earlier one."""
    laid, was = time_s[known], line.time_s[known]
    torn = np.flatnonzero(np.diff(laid) > np.diff(was) + 1.0) + 1
    return Line(
        np.insert(laid, torn, laid[torn - 1]),
        np.insert(line.value[known], torn, np.nan),
        np.insert(line.uncertain[known], torn, False),
    )
