"""One plot of a stack: curves over the shared time, a value axis at the left and, where asked, others at the right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from energy_console.gui.format import unit_text
from energy_console.gui.plots.area import LayerOf, PlotArea
from energy_console.gui.plots.axis import VALUE_AXIS_WIDTH, TimeAxis, ValueAxis
from energy_console.gui.plots.backdrop import Backdrop
from energy_console.gui.plots.curve import Curve
from energy_console.gui.plots.curve_picture import Drawn
from energy_console.gui.plots.labels import MOST_LABELS, CurveLabels, Labelled
from energy_console.gui.plots.normal import NormalRanges
from energy_console.gui.plots.range_of import FITTED, AxisRange, fitted
from energy_console.gui.plots.trace import Trace
from energy_console.gui.plots.view import ValueScale
from energy_console.gui.theme import CAPTION_PX, SEMIBOLD, Looks, font
from hardware.points import Float64Array

MANY = 40  # curves beyond which only the selected one has its ring, its gaps and its range fitted while moving
_HEAD_HEIGHT = 24
_FIRST_HEAD_HEIGHT = 22
_NEAR_PX = 8.0
_MOST_TELLING = 4  # curves up to which each one's gaps have words
_MOST_EQUAL = 24  # curves up to which each is drawn in its full colour
_MOST_WITH_GAPS = 12  # curves up to which each one's gaps are hatched


@dataclass(frozen=True, slots=True)
class PlotAxis:
    """One value axis: the unit code of its points ("kW", "1") and how its range is found."""

    unit: str
    range: AxisRange = FITTED


class PlotHead(pg.GraphicsWidget):  # type: ignore[misc]
    """Units over the value axes, title over the plot."""

    def __init__(self, looks: Looks, title: str, units: Sequence[str]) -> None:
        super().__init__()
        self._looks = looks
        self.title, self.units = title, tuple(units)
        self.right_axes = 0  # columns of axes at the right of the stack
        self.setFixedHeight(_HEAD_HEIGHT if title else _FIRST_HEAD_HEIGHT)
        looks.changed.connect(self.update)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        height, width = float(self.size().height()), float(self.size().width())
        painter.setFont(font(CAPTION_PX))
        painter.setPen(self._looks.theme.muted)
        box = QRectF(0, 0, VALUE_AXIS_WIDTH - 6, height - 7)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, unit_text(self.units[0]))
        right = width - self.right_axes * VALUE_AXIS_WIDTH
        for place, unit in enumerate(self.units[1:]):
            box = QRectF(right + place * VALUE_AXIS_WIDTH + 6, 0, VALUE_AXIS_WIDTH - 6, height - 7)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, unit_text(unit))
        painter.setFont(font(CAPTION_PX, SEMIBOLD))
        painter.setPen(self._looks.theme.text)
        title = QRectF(VALUE_AXIS_WIDTH, 0, right - VALUE_AXIS_WIDTH, height - 3)
        shown = painter.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, int(title.width()))
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, shown)


class Plot:
    """`traces` by point id, in the order drawn; `axis_of` says to which axis each belongs, 0 the left one."""

    def __init__(self, looks: Looks, key: str, axes: Sequence[PlotAxis], title: str = "", stretch: int = 2) -> None:
        self._looks = looks
        self.key, self.axes, self.stretch = key, tuple(axes), stretch
        self.traces: dict[str, Trace] = {}
        self.axis_of: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.head = PlotHead(looks, title, [axis.unit for axis in axes])
        self.value_axes = tuple(ValueAxis(looks, right=place > 0) for place in range(len(axes)))
        for shown, axis in zip(self.value_axes, axes, strict=True):
            shown.percent = axis.unit == "1"
        self.scales = tuple(ValueScale(1.0, 10.0) if axis.range.log else ValueScale(0.0, 1.0) for axis in axes)
        self._time_axis: TimeAxis | None = None
        self.ghost_name: Callable[[str], str] = str  # what an earlier time is called
        self._order: list[Drawn] | None = None
        self.outgrown = True  # whether the scales may no longer fit
        self.backdrop = Backdrop(looks, self._time_marks, lambda: self.value_axes[0].ticks()[0])
        self.normal = NormalRanges(looks)
        self.labels = CurveLabels(looks)
        self.box = PlotArea(looks, self._behind, self._curves, lambda: ((self.labels, 0),))
        for layer in (self.backdrop, self.normal, self.labels):
            layer.changed = self.box.update

    @property
    def low(self) -> float:
        return self.scales[0].low

    @property
    def high(self) -> float:
        return self.scales[0].high

    def follow(self, time_axis: TimeAxis, right_axes: int) -> None:
        """The time axis under the stack, and how many columns of axes the stack has at the right."""
        self._time_axis = time_axis
        self.head.right_axes = right_axes

    def _time_marks(self) -> list[float]:
        return [tick.time_s for tick in self._time_axis.ticks()] if self._time_axis else []

    # curves

    def add(self, point: str, name: str, trace: Trace, axis: int = 0) -> None:
        self.traces[point], self.names[point], self.axis_of[point] = trace, name, axis
        trace.changed = self._redraw
        trace.grown = lambda curve, time_s, value: self._grow(curve, axis, time_s, value)
        trace.gaps.changed = self.box.update
        self._redraw()

    def fade(self) -> None:
        """To be called when all curves are there: of many, all but the selected one are paler."""
        many = len(self.traces) > _MOST_EQUAL
        for trace in self.traces.values():
            trace.fade(many)

    def _redraw(self) -> None:
        self._order, self.outgrown = None, True
        self.box.redraw()

    def _grow(self, curve: Curve, axis: int, time_s: Float64Array, value: Float64Array) -> None:
        scale = self.scales[axis]
        self.outgrown |= not (scale.low <= value.min() and value.max() <= scale.high)
        self.box.add_end(curve, axis, time_s, value)

    def _curves(self) -> Sequence[Drawn]:
        """The hindmost first."""
        if self._order is None:
            found = [(curve, self.axis_of[point]) for point, trace in self.traces.items() for curve in trace.curves()]
            self._order = sorted(found, key=lambda drawn: drawn[0].z)
        return self._order

    def _behind(self) -> Sequence[LayerOf]:
        few = len(self.traces) <= _MOST_WITH_GAPS
        gaps = [
            (trace.gaps, self.axis_of[point])
            for point, trace in self.traces.items()
            if trace.gaps.gaps and (few or trace.selected)
        ]
        told: set[tuple[int, str]] = set()
        for layer, _ in gaps:
            layer.told = frozenset(told)
            told |= {gap.key for gap in layer.gaps}
        normal = [(self.normal, 0)] if self.normal.ranges else []
        return ((self.backdrop, 0), *normal, *gaps)

    def recolour(self) -> None:
        for trace in self.traces.values():
            trace.recolour()
        self.place_labels()

    def place_labels(self) -> None:
        if len(self.traces) > MOST_LABELS:
            self.labels.show_curves(())
            return
        ghosts = [
            Labelled((ghost.pyramid,), self.ghost_name(key), self._looks.theme.muted, self.scales[self.axis_of[point]])
            for point, trace in self.traces.items()
            for key, ghost in trace.ghosts.items()
            if trace.selected or len(self.traces) == 1
        ]
        own = [
            Labelled(
                (trace.solid.pyramid, trace.dotted.pyramid),
                self.names[point],
                trace.colour,
                self.scales[self.axis_of[point]],
            )
            for point, trace in self.traces.items()
        ]
        self.labels.show_curves([*own, *ghosts])

    # window

    def show_window(self, start_s: float, end_s: float, *, fit: bool = True) -> None:
        """Sets the time range, and with `fit` the value ranges to what is seen in it."""
        if fit:
            self.outgrown = False
            self.scales = tuple(self._fitted(place, start_s, end_s) for place in range(len(self.axes)))
            few = len(self.traces) <= _MOST_TELLING
            for trace in self.traces.values():
                trace.gaps.show_words(few or trace.selected)
        for shown, scale in zip(self.value_axes, self.scales, strict=True):
            shown.show_scale(scale)
        self.box.show_window(start_s, end_s, self.scales)

    def _fitted(self, place: int, start_s: float, end_s: float) -> ValueScale:
        wanted = self.axes[place].range
        if wanted.fixed is not None:
            return wanted.fixed
        own = [trace for point, trace in self.traces.items() if self.axis_of[point] == place]
        return self._scale_of(place, [trace.extremes(start_s, end_s) for trace in own], start_s, end_s)

    def fit_in_turns(self, start_s: float, end_s: float) -> Iterator[None]:
        """As `show_window` with `fit`, a curve at a time, for hundreds of them; the scales change at the end of it."""
        found: list[list[tuple[float, float] | None]] = [[] for _ in self.axes]
        for point, trace in list(self.traces.items()):
            found[self.axis_of[point]].append(trace.extremes(start_s, end_s))
            yield
        fixed = [axis.range.fixed for axis in self.axes]
        self.scales = tuple(
            fixed[place] or self._scale_of(place, found[place], start_s, end_s) for place in range(len(self.axes))
        )
        self.outgrown = False
        self.show_window(self.box.start_s, self.box.end_s, fit=False)

    def _scale_of(
        self, place: int, extremes: Sequence[tuple[float, float] | None], start_s: float, end_s: float
    ) -> ValueScale:
        wanted = self.axes[place].range
        found = [part for part in extremes if part is not None]
        if place == 0:
            found += self.normal.extremes(start_s, end_s)
        if not found:
            return self.scales[place]
        low, high = min(low for low, _ in found), max(high for _, high in found)
        if wanted.log:
            own = [trace for point, trace in self.traces.items() if self.axis_of[point] == place]
            positive = [trace.solid.pyramid.least_above_zero(start_s, end_s) for trace in own]
            low = min((value for value in positive if value is not None), default=math.nan)
        return fitted(low, high, wanted, float(self.box.size().height())) or self.scales[place]

    # places

    def y(self, value: float, axis: int = 0) -> float:
        """Scene px of a value."""
        box = self.box.sceneBoundingRect()
        return float(box.bottom() - box.height() * float(self.scales[axis].share(value)))

    def crossings(self, time_s: float) -> list[tuple[float, QColor]]:
        """Scene px and colour where a vertical line at `time_s` meets the curves; of many curves the selected one's."""
        found = []
        for point, trace in self.traces.items():
            value = value_drawn(trace, time_s) if trace.selected or len(self.traces) <= MANY else None
            if value is not None:
                y = self.y(value, self.axis_of[point])
                if self.box.sceneBoundingRect().top() <= y <= self.box.sceneBoundingRect().bottom():
                    found.append((y, trace.colour))
        return found

    def nearest(self, time_s: float, scene_y: float) -> str | None:
        """The point whose curve passes within 8 px of a place."""
        distances = []
        for point, trace in self.traces.items():
            value = value_drawn(trace, time_s)
            if value is not None:
                distances.append((abs(self.y(value, self.axis_of[point]) - scene_y), point))
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
