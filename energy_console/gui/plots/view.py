"""Where times and values lie in px: a value scale, straight or logarithmic, and a window of time across an area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF


@dataclass(frozen=True, slots=True)
class ValueScale:
    """What the foot and the head of a plot stand for. With `log` both are above zero and decades are equally high."""

    low: float
    high: float
    log: bool = False

    @property
    def flat(self) -> bool:
        """Whether it has no height to draw in."""
        return not self.high > self.low

    def share(self, value: Any) -> Any:
        """0 at the foot, 1 at the head; floats and arrays. NaN for what a logarithm has no place for."""
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        known = np.log10(np.where(np.asarray(value) > 0, value, np.nan))
        foot, head = np.log10(self.low), np.log10(self.high)
        return (known - foot) / (head - foot)


@dataclass(frozen=True, slots=True)
class View:
    """A window of time and a scale over an area: px = time x x_scale + x_offset. `ratio`: device pixels a px.

    Times are UTC seconds. `x` and `y` take floats and arrays.
    """

    x_scale: float
    x_offset: float
    top: float
    bottom: float
    start_s: float
    end_s: float
    scale: ValueScale
    ratio: float = 1.0

    @classmethod
    def across(cls, area: QRectF, start_s: float, end_s: float, scale: ValueScale, ratio: float = 1.0) -> View:
        """The window over the whole of an area."""
        x_scale = area.width() / (end_s - start_s)
        return cls(x_scale, area.left() - start_s * x_scale, area.top(), area.bottom(), start_s, end_s, scale, ratio)

    def between(self, start_s: float, end_s: float) -> View:
        """The part of it between two times, everything where it was."""
        return View(self.x_scale, self.x_offset, self.top, self.bottom, start_s, end_s, self.scale, self.ratio)

    def x(self, time_s: Any) -> Any:
        return time_s * self.x_scale + self.x_offset

    def y(self, value: Any) -> Any:
        return self.bottom - (self.bottom - self.top) * self.scale.share(value)

    @property
    def left(self) -> float:
        return self.start_s * self.x_scale + self.x_offset

    @property
    def right(self) -> float:
        return self.end_s * self.x_scale + self.x_offset

    @property
    def rect(self) -> QRectF:
        return QRectF(self.left, self.top, self.right - self.left, self.bottom - self.top)
