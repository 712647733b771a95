"""One curve that stays quick at any number of readings: work and painting depend on the pixels, not on the readings.

Three ways to draw, picked for each frame:
few readings     the line itself, antialiased;
smooth columns   a line from column edge to column edge, and a bar where a column holds more than its line;
noisy columns    one bar a pixel column, from the lowest to the highest value in it.
Bars are filled rectangles. The raster engine fills 30,000 of them in some 8 ms antialiased and in 2.5 ms on whole px,
where stroked lines of 1.5 px take 24 ms. Their edges are tied to time, so that nothing shimmers while panning.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from energy_console.gui.plots.pyramid import Pyramid
from energy_console.gui.plots.view_item import View, ViewItem
from hardware.points import BoolArray, Float64Array, Int32Array

NORMAL_PX = 1.5
SELECTED_PX = 2.2
PLAN_PX = 1.3
UNCERTAIN_PX = 1.5

_FEW_PER_COLUMN = 0.5
_NOISY_SHARE = 0.25  # of the columns that hold more than their line, from which on bars alone are drawn
_MORE_PX = 1.0
_STEEP_PX = 24.0
_TALL_PX = 6.0  # mean height of bars from which on their ends need no antialiasing


class LineStyle(enum.Enum):
    """On and off lengths in px; None is unbroken."""

    SOLID = None
    DASHED = (5.0, 3.0)  # planned
    DOTTED = (2.0, 2.0)  # uncertain, simulated, substituted


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What one frame draws: lines as rows of x1, y1, x2, y2 and bars as rows of x, y, width, height; px.

    `whole_bars` are rows of left, top, right, bottom, both ends inside (as QRect has them), in device px.
    """

    lines: Float64Array
    bars: Float64Array
    whole_bars: Int32Array


_NOTHING = np.empty((0, 4))
_NO_BARS = np.empty((0, 4), np.int32)


class CurveItem(ViewItem):
    """Draws a Pyramid in the ViewBox it is added to. Does not take part in autorange: ask the pyramid's `extremes`."""

    def __init__(
        self,
        pyramid: Pyramid,
        colour: QColor,
        *,
        width_px: float = NORMAL_PX,
        style: LineStyle = LineStyle.SOLID,
        steps: bool = False,
    ) -> None:
        super().__init__()
        self._pyramid = pyramid
        self._colour = colour
        self._width_px = width_px
        self._style = style
        self._steps = steps
        self._drawn_for: View | None = None
        self._drawing = _Drawing(_NOTHING, _NOTHING, _NO_BARS)

    @property
    def pyramid(self) -> Pyramid:
        return self._pyramid

    @property
    def steps(self) -> bool:
        return self._steps

    def show_readings(self, pyramid: Pyramid) -> None:
        """Draws another pyramid from now on."""
        self._pyramid = pyramid
        self.refresh()

    def restyle(self, colour: QColor, width_px: float, style: LineStyle | None = None) -> None:
        self._colour, self._width_px = colour, width_px
        self._style = style or self._style
        self.refresh()

    def refresh(self) -> None:
        """Draws anew: to be called after the pyramid has grown."""
        self._drawn_for = None
        self.update()

    def paint_in(self, painter: QPainter, view: View) -> None:
        if not len(self._pyramid):
            return
        if view != self._drawn_for:
            self._drawing = self._draw(view)
            self._drawn_for = view
        self._paint_whole_bars(painter, view.ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_bars(painter)
        self._paint_lines(painter)

    def _draw(self, view: View) -> _Drawing:
        column_s = 1.0 / (view.x_scale * view.ratio)
        edges_s = _edges(view.start_s, view.end_s, column_s)
        first, last = self._pyramid.between(view.start_s, view.end_s)
        if last - first < _FEW_PER_COLUMN * len(edges_s):
            return _Drawing(self._few(view, first, last), _NOTHING, _NO_BARS)
        return self._many(view, edges_s, column_s)

    def _few(self, view: View, first: int, last: int) -> Float64Array:
        """The line itself, from the reading before the window to the one after it."""
        seen = slice(max(0, first - 1), last + 1)
        x, y = view.x(self._pyramid.time_s[seen]), view.y(self._pyramid.value[seen])
        if len(x) < 2:
            return _NOTHING
        lone = _lone(y, self._width_px, x)
        if self._steps:
            flat = np.column_stack((x[:-1], y[:-1], x[1:], y[:-1]))
            rise = np.column_stack((x[1:], y[:-1], x[1:], y[1:]))
            # Toward a reading that says nothing, the last good one does not hold.
            flat[np.isnan(y[1:])] = np.nan
            lines = np.concatenate((flat, rise[rise[:, 1] != rise[:, 3]], lone))
        else:
            lines = np.concatenate((np.column_stack((x[:-1], y[:-1], x[1:], y[1:])), lone))
        whole: Float64Array = lines[~np.isnan(lines).any(axis=1)]
        return whole

    def _many(self, view: View, edges_s: Float64Array, column_s: float) -> _Drawing:
        columns = self._pyramid.columns(edges_s, steps=self._steps)
        x = view.x(edges_s)
        top, bottom, at_edge = view.y(columns.high), view.y(columns.low), view.y(columns.at_edge)
        # a steep column is drawn whole: a jump must not fall into the space between two dots
        seen = ~np.isnan(top) & (self._on(edges_s, column_s, view.ratio) | (bottom - top > _STEEP_PX))
        left, right = at_edge[:-1], at_edge[1:]
        line_top, line_bottom = np.minimum(left, right), np.maximum(left, right)
        more = ~((line_top - top < _MORE_PX) & (bottom - line_bottom < _MORE_PX))
        if not self._steps and np.count_nonzero(more & seen) < _NOISY_SHARE * np.count_nonzero(seen):
            lined = seen & ~np.isnan(left) & ~np.isnan(right)
            lines = np.column_stack((x[:-1], left, x[1:], right))[lined]
            return _Drawing(lines, self._bars(x, top, bottom, seen & more), _NO_BARS)
        bars = self._bars(x, top, bottom, seen)
        if len(bars) and bars[:, 3].mean() > _TALL_PX:
            return _Drawing(_NOTHING, _NOTHING, _on_whole_px(bars, view.ratio))
        return _Drawing(_NOTHING, bars, _NO_BARS)

    def _bars(self, x: Float64Array, top: Float64Array, bottom: Float64Array, seen: BoolArray) -> Float64Array:
        bars = np.empty((int(np.count_nonzero(seen)), 4))
        half = self._width_px / 2
        # broken styles keep to their columns: wider bars would close the spaces between the dots
        width = self._width_px if self._style is LineStyle.SOLID else float(x[1] - x[0])
        bars[:, 0] = ((x[:-1] + x[1:]) / 2)[seen] - width / 2
        bars[:, 1] = top[seen] - half
        bars[:, 2] = width
        bars[:, 3] = bottom[seen] - top[seen] + self._width_px
        return bars

    def _on(self, edges_s: Float64Array, column_s: float, ratio: float) -> BoolArray:
        """Which columns a broken style draws; tied to time, so that the dashes move with the curve."""
        if self._style.value is None:
            return np.ones(len(edges_s) - 1, bool)
        on, off = self._style.value
        drawn: BoolArray = (np.rint(edges_s[:-1] / column_s) / ratio % (on + off)) < on
        return drawn

    def _paint_whole_bars(self, painter: QPainter, ratio: float) -> None:
        if not len(self._drawing.whole_bars):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.scale(1 / ratio, 1 / ratio)
        _fill_whole_rectangles(painter, self._drawing.whole_bars)
        painter.scale(ratio, ratio)

    def _paint_bars(self, painter: QPainter) -> None:
        if len(self._drawing.bars):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._colour)
            _fill_rectangles(painter, self._drawing.bars)

    def _paint_lines(self, painter: QPainter) -> None:
        if len(self._drawing.lines):
            pen = QPen(self._colour, self._width_px)
            pen.setCapStyle(Qt.PenCapStyle.SquareCap)
            if self._style.value is not None:
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
                pen.setDashPattern([length / self._width_px for length in self._style.value])
            painter.setPen(pen)
            _stroke_lines(painter, self._drawing.lines)


def _edges(start_s: float, end_s: float, column_s: float) -> Float64Array:
    """Column edges that cover a window, at multiples of the column's width."""
    first, last = np.floor(start_s / column_s), np.ceil(end_s / column_s)
    return np.arange(first, last + 1) * column_s


def _lone(y: Float64Array, width_px: float, x: Float64Array) -> Float64Array:
    """Short lines for good readings between two bad ones, which no line reaches."""
    broken = np.isnan(y)
    before = np.concatenate(([True], broken[:-1]))
    after = np.concatenate((broken[1:], [True]))
    alone = ~broken & before & after
    return np.column_stack((x[alone], y[alone], x[alone] + width_px / 2, y[alone]))


def _on_whole_px(bars: Float64Array, ratio: float) -> Int32Array:
    """The bars as QRects in device px. All share one fraction of x, so rounding keeps their distances."""
    whole = np.empty(bars.shape, np.int32)
    whole[:, 0] = np.floor(bars[:, 0] * ratio)
    whole[:, 1] = np.rint(bars[:, 1] * ratio)
    whole[:, 2] = whole[:, 0] + round(bars[0, 2] * ratio + 0.01) - 1
    whole[:, 3] = np.rint((bars[:, 1] + bars[:, 3]) * ratio) - 1
    return whole


def _fill_whole_rectangles(painter: QPainter, rows: Int32Array) -> None:
    painter.drawRects(shiboken6.wrapInstance(rows.ctypes.data, QRect), len(rows))  # type: ignore[call-overload]


def _fill_rectangles(painter: QPainter, rows: Float64Array) -> None:
    """One call for all rows: PySide takes a pointer to the first QRectF (four doubles) and a count."""
    painter.drawRects(shiboken6.wrapInstance(rows.ctypes.data, QRectF), len(rows))  # type: ignore[call-overload]


def _stroke_lines(painter: QPainter, rows: Float64Array) -> None:
    painter.drawLines(shiboken6.wrapInstance(rows.ctypes.data, QLineF), len(rows))  # type: ignore[call-overload]
