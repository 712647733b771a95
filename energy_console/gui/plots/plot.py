"""One plot of a stack: values of one unit over the shared time, with its own value axis and head line."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from energy_console.gui.format import unit_text
from energy_console.gui.plots.axis import VALUE_AXIS_WIDTH, TimeAxis, ValueAxis
from energy_console.gui.plots.backdrop import Backdrop
from energy_console.gui.plots.curve import CurveItem
from energy_console.gui.plots.labels import CurveLabels, Labelled
from energy_console.gui.plots.ticks import value_step
from energy_console.gui.plots.trace import Trace
from energy_console.gui.theme import CAPTION_PX, SEMIBOLD, Looks, font

_HEAD_HEIGHT = 24
_FIRST_HEAD_HEIGHT = 22
_LEAST_HEIGHT = 60
_NEAR_PX = 8.0
_MOST_TELLING = 4  # curves up to which each one's gaps have words


class PlotHead(pg.GraphicsWidget):  # type: ignore[misc]
    """Unit over the value axis, title over the plot."""

    def __init__(self, looks: Looks, title: str, unit: str) -> None:
        super().__init__()
        self._looks = looks
        self.title, self.unit = title, unit
        self.setFixedHeight(_HEAD_HEIGHT if title else _FIRST_HEAD_HEIGHT)
        looks.changed.connect(self.update)

    def say(self, title: str) -> None:
        self.title = title
        self.setFixedHeight(_HEAD_HEIGHT if title else _FIRST_HEAD_HEIGHT)
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        height, width = float(self.size().height()), float(self.size().width())
        painter.setFont(font(CAPTION_PX))
        painter.setPen(self._looks.theme.muted)
        box = QRectF(0, 0, VALUE_AXIS_WIDTH - 6, height - 7)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, unit_text(self.unit))
        painter.setFont(font(CAPTION_PX, SEMIBOLD))
        painter.setPen(self._looks.theme.text)
        title = QRectF(VALUE_AXIS_WIDTH, 0, width - VALUE_AXIS_WIDTH, height - 3)
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, self.title)


class Plot:
    """`traces` by point id, in the order drawn. `unit` is the code of the points ("kW", "1")."""

    def __init__(self, looks: Looks, key: str, unit: str, title: str = "", stretch: int = 2) -> None:
        self._looks = looks
        self.key, self.unit, self.stretch = key, unit, stretch
        self.traces: dict[str, Trace] = {}
        self.names: dict[str, str] = {}
        self.low, self.high = 0.0, 1.0
        self.head = PlotHead(looks, title, unit)
        self.axis = ValueAxis(looks)
        self.axis.percent = unit == "1"
        self.box = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0.0)
        self.box.disableAutoRange()
        self.box.setMinimumHeight(_LEAST_HEIGHT)
        self._time_axis: TimeAxis | None = None
        self.backdrop = Backdrop(looks, self._time_marks, lambda: self.axis.ticks()[0])
        self.labels = CurveLabels(looks)
        for item in (self.backdrop, self.labels):
            self.box.addItem(item, ignoreBounds=True)

    def follow(self, time_axis: TimeAxis) -> None:
        self._time_axis = time_axis

    def _time_marks(self) -> list[float]:
        return [tick.time_s for tick in self._time_axis.ticks()] if self._time_axis else []

    def add(self, point: str, name: str, trace: Trace) -> None:
        self.traces[point] = trace
        self.names[point] = name
        for item in trace.items():
            self.box.addItem(item, ignoreBounds=True)

    def add_item(self, item: CurveItem) -> None:
        """One more curve of a trace that is here already, such as an earlier day."""
        self.box.addItem(item, ignoreBounds=True)

    def remove(self, point: str) -> Trace | None:
        trace = self.traces.pop(point, None)
        self.names.pop(point, None)
        for item in trace.items() if trace else ():
            self.box.removeItem(item)
        return trace

    def recolour(self) -> None:
        for trace in self.traces.values():
            trace.recolour()
        self.place_labels()

    def place_labels(self) -> None:
        self.labels.show_curves(
            [
                Labelled((trace.solid.pyramid, trace.dotted.pyramid), self.names[point], trace.colour)
                for point, trace in self.traces.items()
            ]
        )

    def show_window(self, start_s: float, end_s: float) -> None:
        """Sets the time range, and the value range to what is seen in it."""
        found = [trace.extremes(start_s, end_s) for trace in self.traces.values()]
        kept = [part for part in found if part is not None]
        if kept:
            low, high = min(low for low, _ in kept), max(high for _, high in kept)
            self.low, self.high = _rounded_range(low, high, float(self.box.size().height()))
        few = len(self.traces) <= _MOST_TELLING
        for trace in self.traces.values():
            trace.gaps.show_words(few or trace.selected)
        self.axis.show_range(self.low, self.high)
        self.box.setRange(xRange=(start_s, end_s), yRange=(self.low, self.high), padding=0, disableAutoRange=False)

    def y(self, value: float) -> float:
        """Scene px of a value."""
        box = self.box.sceneBoundingRect()
        share = (self.high - value) / (self.high - self.low) if self.high > self.low else 0.0
        return float(box.top() + box.height() * share)

    def crossings(self, time_s: float) -> list[tuple[float, QColor]]:
        """Scene px and colour where a vertical line at `time_s` meets the curves."""
        found = []
        for trace in self.traces.values():
            value = value_drawn(trace, time_s)
            if value is not None:
                found.append((self.y(value), trace.colour))
        return found

    def nearest(self, time_s: float, scene_y: float) -> str | None:
        """The point whose curve passes within 8 px of a place."""
        distances = []
        for point, trace in self.traces.items():
            value = value_drawn(trace, time_s)
            if value is not None:
                distances.append((abs(self.y(value) - scene_y), point))
        distance, point = min(distances, default=(np.inf, ""))
        return point if distance <= _NEAR_PX else None


def value_drawn(trace: Trace, time_s: float) -> float | None:
    """Value of the curve at a time, None where it is broken; the plan's beyond what was measured."""
    for item, steps in ((trace.solid, trace.steps), (trace.dotted, trace.steps), (trace.plan, True)):
        if len(item.pyramid):
            value = float(item.pyramid.columns(np.array([time_s, time_s]), steps=steps).at_edge[0])
            if not np.isnan(value):
                return value
    return None


def _rounded_range(low: float, high: float, height_px: float) -> tuple[float, float]:
    """A range of whole half steps round the values, so that the axis stands still while they wander."""
    span = high - low
    if span <= 0:
        span = abs(high) * 0.1 or 1.0
        low, high = low - span / 2, high + span / 2
    if low > 0 and low < 0.4 * high:
        low = 0.0  # near enough: a power that starts at zero is read right
    room = span * 0.06
    step = value_step(high - low, max(2, int(height_px / 42))) / 2
    first = low if low == 0.0 else np.floor((low - room) / step) * step
    if low > 0 > first:
        first = 0.0
    return float(first - (0.02 * span if first == 0.0 else 0.0)), float(np.ceil((high + room) / step) * step)
