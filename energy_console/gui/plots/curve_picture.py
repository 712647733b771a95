"""The curves of a plot as a picture that is kept, so that panning and live readings cost what is new, not what is seen.

A frame is drawn in one of four ways:
the same window      the picture as it is, with the ends that readings have added since;
panned               the picture moved by whole px, and the strip that came into view;
zoomed, few curves   everything anew;
zoomed, many curves  the old picture stretched to where it belongs now, while a new one is drawn in short turns.
So no frame waits for hundreds of curves, and nothing is ever blank.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from energy_console.gui.plots.curve import Curve
from energy_console.gui.plots.view import ValueScale, View
from hardware.points import Float64Array

TURN_MS = 5.0  # of drawing a new picture, between two frames
AT_ONCE_MS = 9.0  # what may be drawn within a frame
_MARGIN_PX = 256  # kept beside the window, device px
_AHEAD_PX = 64  # drawn beyond what is needed, so that the next few frames need nothing
_BESIDE_PX = 3  # a strip's curves begin and end this far outside of it
_SAME = 1e-6  # by how much a column's width may differ and still be the same
_FIRST_GUESS_MS = 0.4  # a curve
_TOGETHER = 2  # curves drawn before the clock is looked at

Drawn = tuple[Curve, int]
"""A curve and the number of its scale."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Which columns of time are shown how: column n begins `anchor_s` + n x `column_s`. Sizes in device px."""

    anchor_s: float
    column_s: float
    first: int
    count: int
    height: int
    scales: tuple[ValueScale, ...]
    ratio: float

    @property
    def start_s(self) -> float:
        return self.anchor_s + self.first * self.column_s

    @property
    def end_s(self) -> float:
        return self.anchor_s + (self.first + self.count) * self.column_s

    def like(self, other: Frame) -> bool:
        """Whether the same picture can serve both: all but the columns shown is equal."""
        return replace(self, first=0, count=0) == replace(other, first=0, count=0)

    def view(self, scale: int, first: int) -> View:
        """Of a picture whose left edge is column `first`, over this frame's columns."""
        x_scale = 1 / (self.column_s * self.ratio)
        offset = -(self.anchor_s + first * self.column_s) * x_scale
        return View(
            x_scale, offset, 0.0, self.height / self.ratio, self.start_s, self.end_s, self.scales[scale], self.ratio
        )


class CurvePicture:
    """See the module. `curves` are always given in the order in which they are to be drawn."""

    def __init__(self) -> None:
        self._done: _Canvas | None = None
        self._next: _Canvas | None = None
        self._waiting: list[Drawn] = []
        self._stale = True
        self._ends: list[tuple[Curve, int, Float64Array, Float64Array]] = []
        self._ms_a_curve = _FIRST_GUESS_MS

    def frame(self, start_s: float, end_s: float, size: QSize, scales: tuple[ValueScale, ...], ratio: float) -> Frame:
        """The frame for a window, on the columns of the picture there is where that fits."""
        count = max(1, round(size.width() * ratio))
        height = max(1, round(size.height() * ratio))
        column_s = (end_s - start_s) / count
        have = (self._next or self._done) if self._done is not None else None
        if have is not None and abs(column_s / have.frame.column_s - 1) < _SAME:
            anchor_s, column_s = have.frame.anchor_s, have.frame.column_s
            return Frame(anchor_s, column_s, round((start_s - anchor_s) / column_s), count, height, scales, ratio)
        return Frame(start_s, column_s, 0, count, height, scales, ratio)

    def forget(self) -> None:
        """The curves have changed: the picture is out of date, and shown only until there is a new one."""
        self._stale = True
        self._next = None
        self._ends.clear()

    def add_end(self, curve: Curve, scale: int, time_s: Float64Array, value: Float64Array) -> None:
        """Readings that a curve has got at its end; the first of them is its last one before. None is NaN."""
        if not self._stale:
            self._ends.append((curve, scale, time_s, value))
        if self._next is not None and not any(curve is one for one, _ in self._waiting):
            self._next.ends.append((curve, scale, time_s, value))

    @property
    def busy(self) -> bool:
        """Whether a new picture is being drawn: `turn` is to be called between frames."""
        return self._next is not None

    def paint(self, painter: QPainter, frame: Frame, curves: Sequence[Drawn]) -> bool:
        """Draws the curves at the painter's origin. False if an older picture had to serve."""
        much = self._ms_a_curve * len(curves) > AT_ONCE_MS
        done = self._done
        if done is not None and not self._stale and done.frame.like(frame) and done.reaches(frame, strips=not much):
            self._bring_up(done, frame, curves)
            done.show(painter, frame)
            return True
        if done is None or not much or not _alike(done.frame, frame):
            self._draw_all(frame, curves)
            if self._done is not None:
                self._done.show(painter, frame)
            return True
        done.show(painter, frame)
        if self._next is None:
            self._begin(frame, curves)
        return False

    def turn(self) -> bool:
        """Draws some of the new picture's curves; True once it is there."""
        canvas = self._next
        if canvas is None:
            return False
        began, taken_ms = time.perf_counter(), 0.0
        while self._waiting and taken_ms < TURN_MS:
            drawn, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            canvas.draw(drawn, canvas.first, canvas.last)
            before_ms, taken_ms = taken_ms, (time.perf_counter() - began) * 1e3
            self._learn((taken_ms - before_ms) / len(drawn) / 2)  # it is twice as wide as the window
        if self._waiting:
            return False
        self._done, self._next = canvas, None
        self._ends, canvas.ends = canvas.ends, []
        self._stale = False
        return True

    def _begin(self, frame: Frame, curves: Sequence[Drawn]) -> None:
        """A picture half a window wider on either side, so that panning has something to show meanwhile."""
        beside = frame.count // 2
        wide = replace(frame, first=frame.first - beside, count=frame.count + 2 * beside)
        self._next = _Canvas(wide, wide.first, wide.first + wide.count)
        self._waiting = list(curves)

    def _draw_all(self, frame: Frame, curves: Sequence[Drawn]) -> None:
        began = time.perf_counter()
        first, last = frame.first - _MARGIN_PX, frame.first + frame.count + _MARGIN_PX
        if self._done is not None and self._done.image.size() == QSize(last - first, frame.height):
            canvas = self._done
            canvas.begin(frame, first)
        else:
            canvas = _Canvas(frame, first, last)
        canvas.first, canvas.last = frame.first, frame.first + frame.count
        canvas.draw(curves, canvas.first, canvas.last)
        self._done, self._next, self._stale = canvas, None, False
        self._ends.clear()
        if curves:
            self._learn((time.perf_counter() - began) * 1e3 / len(curves))

    def _learn(self, ms_a_curve: float) -> None:
        self._ms_a_curve += 0.2 * (ms_a_curve - self._ms_a_curve)

    def _bring_up(self, done: _Canvas, frame: Frame, curves: Sequence[Drawn]) -> None:
        """Draws the ends that curves have got, and what of the frame is not in the picture yet."""
        if self._ends:
            done.draw_ends(self._ends)
            self._ends.clear()
        last = frame.first + frame.count
        if frame.first < done.first or last > done.last:
            done.make_room(frame)
            if frame.first < done.first:
                done.draw(curves, max(done.left, frame.first - _AHEAD_PX), done.first, again=True)
            if last > done.last:
                done.draw(curves, done.last, min(done.right, last + _AHEAD_PX), again=True)


def _alike(one: Frame, other: Frame) -> bool:
    """Whether a picture of one, stretched, is near enough to the other to be shown for a moment."""
    logs = [scale.log for scale in one.scales] == [scale.log for scale in other.scales]
    apart = one.end_s < other.start_s or one.start_s > other.end_s
    return logs and one.ratio == other.ratio and not apart


class _Canvas:
    """An image from column `left` to before `right`, drawn from `first` to before `last`."""

    def __init__(self, frame: Frame, left: int, right: int) -> None:
        self.image = QImage(right - left, frame.height, QImage.Format.Format_ARGB32_Premultiplied)
        self.left = left
        self.first, self.last = left, right
        self.ends: list[tuple[Curve, int, Float64Array, Float64Array]] = []
        self.begin(frame, left)

    def begin(self, frame: Frame, left: int) -> None:
        """Wipes it, for another frame."""
        self.frame, self.left = frame, left
        self.image.setDevicePixelRatio(frame.ratio)
        self.image.fill(Qt.GlobalColor.transparent)

    @property
    def right(self) -> int:
        return self.left + self.image.width()

    def reaches(self, frame: Frame, *, strips: bool) -> bool:
        """Whether the frame is drawn, or so near to what is that a strip does."""
        first, last = frame.first, frame.first + frame.count
        if self.first <= first and last <= self.last:
            return True
        return strips and first < self.last and last > self.first

    def draw(self, curves: Sequence[Drawn], first: int, last: int, *, again: bool = False) -> None:
        """Draws the columns from `first` to before `last`, which are blank as yet."""
        painter = QPainter(self.image)
        ratio = self.frame.ratio
        painter.setClipRect(QRectF((first - self.left) / ratio, 0, (last - first) / ratio, self.frame.height / ratio))
        strip = replace(self.frame, first=first - _BESIDE_PX, count=last - first + 2 * _BESIDE_PX)
        views = [strip.view(scale, self.left) for scale in range(len(strip.scales))]
        for curve, scale in curves:
            curve.paint(painter, views[scale], again=again)
        painter.end()
        self.first, self.last = min(first, self.first), max(last, self.last)

    def draw_ends(self, ends: Sequence[tuple[Curve, int, Float64Array, Float64Array]]) -> None:
        painter = QPainter(self.image)
        ratio = self.frame.ratio
        drawn = QRectF((self.first - self.left) / ratio, 0, (self.last - self.first) / ratio, self.frame.height / ratio)
        painter.setClipRect(drawn)
        views = [self.frame.view(scale, self.left) for scale in range(len(self.frame.scales))]
        for curve, scale, time_s, value in ends:
            curve.paint_end(painter, views[scale], time_s, value)
        painter.end()

    def make_room(self, frame: Frame) -> None:
        """Moves what is drawn so that the frame fits in."""
        if self.left <= frame.first and frame.first + frame.count <= self.right:
            return
        left = frame.first - _MARGIN_PX
        image = QImage(frame.count + 2 * _MARGIN_PX, self.frame.height, self.image.format())
        image.fill(Qt.GlobalColor.transparent)
        old_ratio = self.frame.ratio
        self.image.setDevicePixelRatio(1.0)
        painter = QPainter(image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(QPoint(self.left - left, 0), self.image)
        painter.end()
        image.setDevicePixelRatio(old_ratio)
        self.image, self.left = image, left
        self.first, self.last = max(self.first, left), min(self.last, self.right)

    def show(self, painter: QPainter, frame: Frame) -> None:
        """Puts the picture where it belongs in a frame, stretched if it was drawn for another."""
        ratio = frame.ratio
        if self.frame.like(frame):
            source = QRect(frame.first - self.left, 0, frame.count, frame.height)
            painter.drawImage(QPoint(0, 0), self.image, source)
            return
        view, own = frame.view(0, frame.first), self.frame
        start_s = own.anchor_s + self.first * own.column_s
        end_s = own.anchor_s + self.last * own.column_s
        top, foot = float(view.y(own.scales[0].high)), float(view.y(own.scales[0].low))
        if not math.isfinite(top - foot):
            top, foot = 0.0, frame.height / ratio
        target = QRectF(view.x(start_s), top, view.x(end_s) - view.x(start_s), foot - top)
        source_part = QRectF(self.first - self.left, 0, self.last - self.first, own.height)
        painter.drawImage(target, self.image, source_part)
