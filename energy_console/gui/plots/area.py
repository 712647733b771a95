"""The area of one plot: what lies behind the curves, the curves as one picture, what stands before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from energy_console.gui.plots.curve import Curve
from energy_console.gui.plots.curve_picture import CurvePicture, Drawn
from energy_console.gui.plots.layer import Layer
from energy_console.gui.plots.view import ValueScale, View
from energy_console.gui.theme import Looks
from hardware.points import Float64Array

_LEAST_HEIGHT = 60

LayerOf = tuple[Layer, int]
"""A layer and the number of its scale."""


class PlotArea(pg.GraphicsWidget):  # type: ignore[misc]
    """Paints a window of time with one or several value scales; the scales and the window are set together."""

    def __init__(
        self,
        looks: Looks,
        behind: Callable[[], Sequence[LayerOf]],
        curves: Callable[[], Sequence[Drawn]],
        before: Callable[[], Sequence[LayerOf]],
    ) -> None:
        super().__init__()
        self._looks = looks
        self._behind, self._curves, self._before = behind, curves, before
        self._picture = CurvePicture()
        self.start_s, self.end_s = 0.0, 1.0
        self.scales: tuple[ValueScale, ...] = (ValueScale(0.0, 1.0),)
        self.sharp = True  # whether what was painted last is what it ought to be
        self.setMinimumHeight(_LEAST_HEIGHT)
        self._turns = QTimer()
        self._turns.setInterval(0)
        self._turns.timeout.connect(self._turn)
        looks.changed.connect(self.redraw)

    def show_window(self, start_s: float, end_s: float, scales: tuple[ValueScale, ...]) -> None:
        if (start_s, end_s, scales) != (self.start_s, self.end_s, self.scales):
            self.start_s, self.end_s, self.scales = start_s, end_s, scales
            self.update()

    def viewRange(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Window and first scale, as pyqtgraph's ViewBox tells them."""
        return (self.start_s, self.end_s), (self.scales[0].low, self.scales[0].high)

    def redraw(self) -> None:
        """The curves are others, or look otherwise."""
        self._picture.forget()
        self.update()

    def add_end(self, curve: Curve, scale: int, time_s: Float64Array, value: Float64Array) -> None:
        """A curve has grown by a few good readings; the first named is the one it ended with before."""
        self._picture.add_end(curve, scale, time_s, value)
        self.update()

    def view(self, scale: int = 0) -> View:
        """Of the area as it is now, its top left corner at 0, 0."""
        return View.across(QRectF(self.rect()), self.start_s, self.end_s, self.scales[scale])

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        size = self.size()
        if size.width() < 2 or size.height() < 2 or any(scale.flat for scale in self.scales):
            return
        device = painter.device()
        ratio = device.devicePixelRatioF() if device else 1.0
        painter.save()
        _onto_whole_px(painter, ratio)
        area = QRectF(0, 0, round(size.width()), round(size.height()))
        painter.setClipRect(area)
        whole = QSize(round(size.width()), round(size.height()))
        frame = self._picture.frame(self.start_s, self.end_s, whole, self.scales, ratio)
        views = [View.across(area, frame.start_s, frame.end_s, scale, ratio) for scale in self.scales]
        self._paint_layers(painter, self._behind(), views)
        self.sharp = self._picture.paint(painter, frame, self._curves())
        self._paint_layers(painter, self._before(), views)
        painter.restore()
        if self._picture.busy and not self._turns.isActive():
            self._turns.start()

    @staticmethod
    def _paint_layers(painter: QPainter, layers: Sequence[LayerOf], views: Sequence[View]) -> None:
        for layer, scale in layers:
            painter.save()
            layer.paint_in(painter, views[scale])
            painter.restore()

    def _turn(self) -> None:
        """Between two frames: some of the curves of the next picture."""
        if self._picture.turn():
            self.update()
        if not self._picture.busy:
            self._turns.stop()


def _onto_whole_px(painter: QPainter, ratio: float) -> None:
    """Moves the origin to the next device px, so that the picture is not blurred."""
    at = painter.worldTransform()
    dx, dy = round(at.dx() * ratio) / ratio - at.dx(), round(at.dy() * ratio) / ratio - at.dy()
    painter.translate(dx, dy)
