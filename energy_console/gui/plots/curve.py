"""One curve that stays quick at any number of readings: work and painting depend on the pixels, not on the readings.

Three ways to draw, picked for each frame:
few readings     the line itself, antialiased;
smooth columns   a line from column edge to column edge, and a bar where a column holds more than its line;
noisy columns    one bar a pixel column, from the lowest to the highest value in it.
Bars are filled rectangles. The raster engine fills 30,000 of them in some 8 ms antialiased and in 2.5 ms on whole px,
where stroked lines of 1.5 px take 24 ms. Curves are painted into a picture that is kept (`curve_picture`): while
panning only what comes into view is drawn.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from energy_console.gui.plots.pyramid import Pyramid
from energy_console.gui.plots.view import View
from hardware.points import BoolArray, Float64Array, Int32Array

NORMAL_PX = 1.5
SELECTED_PX = 2.2
PLAN_PX = 1.3
UNCERTAIN_PX = 1.5

_FEW_PER_COLUMN = 0.5
_NOISY_SHARE = 0.25  # of the columns that hold more than their line, from which on bars alone are drawn
_MORE_PX = 1.0
_STEEP_PX = 24.0
_FAR_PX = 30_000.0
_TALL_PX = 6.0  # mean height of bars from which on their ends need no antialiasing


class LineStyle(enum.Enum):
    """On and off lengths in px; None is unbroken."""

    SOLID = None
    DASHED = (5.0, 3.0)  # planned
    DOTTED = (2.0, 2.0)  # uncertain, simulated, substituted


class _Way(enum.Enum):
    """How a curve is drawn."""

    LINE = 1  # few readings: as it is
    SMOOTH = 2  # from column edge to column edge
    BARS = 3  # one bar a column
    WHOLE_BARS = 4  # the same on whole px, where they are tall


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


class Curve:
    """Draws a Pyramid. `z`: of two curves the one with the greater is drawn over the other."""

    def __init__(
        self,
        pyramid: Pyramid,
        colour: QColor,
        *,
        width_px: float = NORMAL_PX,
        style: LineStyle = LineStyle.SOLID,
        steps: bool = False,
    ) -> None:
        self.pyramid = pyramid
        self.colour = colour
        self.width_px = width_px
        self.style = style
        self.steps = steps
        self.z = 0
        self._way: tuple[float, _Way] | None = None  # how it was drawn last, and for columns of how many seconds

    def show_readings(self, pyramid: Pyramid) -> None:
        """Draws another pyramid from now on."""
        self.pyramid = pyramid

    def restyle(self, colour: QColor, width_px: float, style: LineStyle | None = None) -> None:
        self.colour, self.width_px, self.style = colour, width_px, style or self.style

    def paint(self, painter: QPainter, view: View, *, again: bool = False) -> None:
        """Draws what the view shows. `again`: a strip beside what is drawn already, in the same way as that."""
        if not len(self.pyramid):
            return
        drawing = self._draw(view, again)
        self._paint_whole_bars(painter, drawing, view.ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if len(drawing.bars):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.colour)
            _fill_rectangles(painter, drawing.bars)
        if len(drawing.lines):
            painter.setPen(self._pen())
            _stroke_lines(painter, drawing.lines)

    def paint_end(self, painter: QPainter, view: View, time_s: Float64Array, value: Float64Array) -> None:
        """Draws on from the first of a few readings to the others, over what is there; none of them is NaN."""
        x, y = view.x(time_s), view.y(value)
        if self.steps:
            x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
        lines = np.column_stack((x[:-1], y[:-1], x[1:], y[1:]))
        lines = lines[~np.isnan(lines).any(axis=1)]
        if len(lines):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._pen())
            _stroke_lines(painter, lines)

    def _pen(self) -> QPen:
        pen = QPen(self.colour, self.width_px)
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)
        if self.style.value is not None:
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([length / self.width_px for length in self.style.value])
        return pen

    def _draw(self, view: View, again: bool) -> _Drawing:
        column_s = 1.0 / (view.x_scale * view.ratio)
        way = self._way[1] if again and self._way is not None and self._way[0] == column_s else None
        first, last = self.pyramid.between(view.start_s, view.end_s)
        edges_s = _edges(view, column_s)
        if way is _Way.LINE or (way is None and last - first < _FEW_PER_COLUMN * len(edges_s)):
            self._way = (column_s, _Way.LINE)
            return _Drawing(self._few(view, first, last), _NOTHING, _NO_BARS)
        return self._many(view, edges_s, column_s, way)

    def _few(self, view: View, first: int, last: int) -> Float64Array:
        """The line itself, from the reading before the window to the one after it."""
        seen = slice(max(0, first - 1), last + 1)
        x, y = view.x(self.pyramid.time_s[seen]), _kept_near(view.y(self.pyramid.value[seen]))
        if len(x) < 2:
            return _NOTHING
        lone = _lone(y, self.width_px, x)
        if self.steps:
            flat = np.column_stack((x[:-1], y[:-1], x[1:], y[:-1]))
            rise = np.column_stack((x[1:], y[:-1], x[1:], y[1:]))
            # Toward a reading that says nothing, the last good one does not hold.
            flat[np.isnan(y[1:])] = np.nan
            lines = np.concatenate((flat, rise[rise[:, 1] != rise[:, 3]], lone))
        else:
            lines = np.concatenate((np.column_stack((x[:-1], y[:-1], x[1:], y[1:])), lone))
        whole: Float64Array = lines[~np.isnan(lines).any(axis=1)]
        return whole

    def _many(self, view: View, edges_s: Float64Array, column_s: float, way: _Way | None) -> _Drawing:
        columns = self.pyramid.columns(edges_s, steps=self.steps)
        x = view.x(edges_s)
        top, bottom, at_edge = (_kept_near(view.y(value)) for value in (columns.high, columns.low, columns.at_edge))
        # a steep column is drawn whole: a jump must not fall into the space between two dots
        seen = ~np.isnan(top) & (self._on(edges_s, column_s, view.ratio) | (bottom - top > _STEEP_PX))
        left, right = at_edge[:-1], at_edge[1:]
        line_top, line_bottom = np.minimum(left, right), np.maximum(left, right)
        more = ~((line_top - top < _MORE_PX) & (bottom - line_bottom < _MORE_PX))
        if way is None:
            few_more = np.count_nonzero(more & seen) < _NOISY_SHARE * np.count_nonzero(seen)
            tall = (bottom - top)[seen].mean() + self.width_px > _TALL_PX if seen.any() else False
            bars_way = _Way.WHOLE_BARS if tall else _Way.BARS
            way = _Way.SMOOTH if not self.steps and few_more else bars_way
            self._way = (column_s, way)
        if way is _Way.SMOOTH:
            lined = seen & ~np.isnan(left) & ~np.isnan(right)
            lines = np.column_stack((x[:-1], left, x[1:], right))[lined]
            return _Drawing(lines, self._bars(x, top, bottom, seen & more), _NO_BARS)
        bars = self._bars(x, top, bottom, seen)
        if len(bars) and way is _Way.WHOLE_BARS:
            return _Drawing(_NOTHING, _NOTHING, _on_whole_px(bars, view.ratio))
        return _Drawing(_NOTHING, bars, _NO_BARS)

    def _bars(self, x: Float64Array, top: Float64Array, bottom: Float64Array, seen: BoolArray) -> Float64Array:
        bars = np.empty((int(np.count_nonzero(seen)), 4))
        half = self.width_px / 2
        # broken styles keep to their columns: wider bars would close the spaces between the dots
        width = self.width_px if self.style is LineStyle.SOLID else float(x[1] - x[0])
        bars[:, 0] = ((x[:-1] + x[1:]) / 2)[seen] - width / 2
        bars[:, 1] = top[seen] - half
        bars[:, 2] = width
        bars[:, 3] = bottom[seen] - top[seen] + self.width_px
        return bars

    def _on(self, edges_s: Float64Array, column_s: float, ratio: float) -> BoolArray:
        """Which columns a broken style draws; tied to time, so that the dashes move with the curve."""
        if self.style.value is None:
            return np.ones(len(edges_s) - 1, bool)
        on, off = self.style.value
        drawn: BoolArray = (np.floor(edges_s[:-1] / column_s) / ratio % (on + off)) < on
        return drawn

    def _paint_whole_bars(self, painter: QPainter, drawing: _Drawing, ratio: float) -> None:
        if not len(drawing.whole_bars):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour)
        painter.scale(1 / ratio, 1 / ratio)
        _fill_whole_rectangles(painter, drawing.whole_bars)
        painter.scale(ratio, ratio)


def _edges(view: View, column_s: float) -> Float64Array:
    """Column edges that cover a window: whole device px, so that they move with the curve."""
    first, last = np.floor(view.left * view.ratio + 1e-3), np.ceil(view.right * view.ratio - 1e-3)
    edges: Float64Array = (np.arange(first, last + 1) / view.ratio - view.x_offset) / view.x_scale
    return edges


def _kept_near(y: Float64Array) -> Float64Array:
    """Places far off the plot, as with a range that a person fixed, kept where the raster engine can count them."""
    near: Float64Array = np.clip(y, -_FAR_PX, _FAR_PX)
    return near


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
