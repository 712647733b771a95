"""An item that fills the ViewBox it is in, whatever range that shows, and paints in px."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget


@dataclass(frozen=True, slots=True)
class View:
    """Where a ViewBox lies on the device: px = scale x + offset. `ratio`: device pixels a px; times UTC seconds.

    `x` and `y` take floats and arrays.
    """

    x_scale: float
    x_offset: float
    y_scale: float
    y_offset: float
    start_s: float
    end_s: float
    low: float
    high: float
    ratio: float

    def x(self, time_s: Any) -> Any:
        return time_s * self.x_scale + self.x_offset

    def y(self, value: Any) -> Any:
        return value * self.y_scale + self.y_offset

    @property
    def left(self) -> float:
        return self.start_s * self.x_scale + self.x_offset

    @property
    def right(self) -> float:
        return self.end_s * self.x_scale + self.x_offset

    @property
    def top(self) -> float:
        return self.high * self.y_scale + self.y_offset

    @property
    def bottom(self) -> float:
        return self.low * self.y_scale + self.y_offset

    @property
    def rect(self) -> QRectF:
        return QRectF(self.left, self.top, self.right - self.left, self.bottom - self.top)


class ViewItem(pg.GraphicsObject):  # type: ignore[misc]
    """Base of what is drawn inside a plot. Takes no part in autorange: pages set the ranges themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._bounds = QRectF()

    def paint_in(self, painter: QPainter, view: View) -> None:
        """Draws with the painter in px of the device; to be overridden."""
        raise NotImplementedError

    def boundingRect(self) -> QRectF:
        return self._bounds

    def viewRangeChanged(self) -> None:
        self._follow()

    def viewTransformChanged(self) -> None:
        super().viewTransformChanged()
        self._follow()

    def _follow(self) -> None:
        box = self.getViewBox()
        if box is not None:
            bounds = box.viewRect()
            if bounds != self._bounds:
                self.prepareGeometryChange()
                self._bounds = bounds

    def dataBounds(self, axis: int, frac: float = 1.0, orthoRange: object = None) -> None:  # noqa: N803 - pyqtgraph's name
        return None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        view = self._view(painter)
        if view is None:
            return
        painter.save()
        painter.resetTransform()
        self.paint_in(painter, view)
        painter.restore()

    def _view(self, painter: QPainter) -> View | None:
        box = self.getViewBox()
        transform = painter.worldTransform()
        if box is None or transform.m11() <= 0 or not transform.m22():
            return None
        (start_s, end_s), (low, high) = box.viewRange()
        device = painter.device()
        ratio = device.devicePixelRatioF() if device else 1.0
        return View(
            transform.m11(), transform.dx(), transform.m22(), transform.dy(),
            float(start_s), float(end_s), float(low), float(high), ratio,
        )  # fmt: skip
