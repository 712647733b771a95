"""Names written on the curves themselves, near the left edge, where no other curve runs through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from energy_console.gui.plots.layer import Layer
from energy_console.gui.plots.pyramid import Pyramid
from energy_console.gui.plots.view import ValueScale, View
from energy_console.gui.theme import CAPTION_PX, MEDIUM, Looks, font

MOST_LABELS = 12
_FIRST_PX = 14.0
_PLACES = 8
_CLEAR_PX = 2.0


@dataclass(frozen=True, slots=True)
class Labelled:
    """A curve that wants its name drawn."""

    pyramids: tuple[Pyramid, ...]  # its certain and its uncertain part
    words: str
    colour: QColor
    scale: ValueScale


class CurveLabels(Layer):
    """Places are worked out when the window comes to rest (`place_anew`) and kept in px while it moves."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._curves: tuple[Labelled, ...] = ()
        self._places: list[tuple[QPointF, Labelled]] | None = None

    def show_curves(self, curves: Sequence[Labelled]) -> None:
        self._curves = tuple(curves) if len(curves) <= MOST_LABELS else ()
        self.place_anew()

    def place_anew(self) -> None:
        self._places = None
        self.update()

    def paint_in(self, painter: QPainter, view: View) -> None:
        face = font(CAPTION_PX, MEDIUM)
        measure = QFontMetricsF(face)
        if self._places is None:
            self._places = _placed(self._curves, view, measure)
        painter.setFont(face)
        halo = QColor(self._looks.theme.surface)
        halo.setAlphaF(0.72)
        for place, curve in self._places:
            at = QPointF(view.left + place.x(), view.top + place.y())
            width = measure.horizontalAdvance(curve.words)
            painter.fillRect(QRectF(at.x() - 2, at.y() - 1, width + 4, measure.height() + 2), halo)
            painter.setPen(curve.colour)
            painter.drawText(QPointF(at.x(), at.y() + measure.ascent()), curve.words)


def _placed(curves: Sequence[Labelled], view: View, measure: QFontMetricsF) -> list[tuple[QPointF, Labelled]]:
    """Top left corner of each name in the plot, for those that have room."""
    taken: list[QRectF] = []
    placed: list[tuple[QPointF, Labelled]] = []
    widths = [measure.horizontalAdvance(curve.words) for curve in curves]
    widest = max(widths, default=0.0)
    spots = _spots(view, widest)
    courses = [_course(curve, view, spots, widest) for curve in curves]
    for own, curve in enumerate(curves):
        for spot, left in enumerate(spots):
            box = _free_box(courses, own, spot, QRectF(left, 0, widths[own], measure.height()), view, taken)
            if box is not None:
                taken.append(box)
                placed.append((box.topLeft(), curve))
                break
    return placed


def _spots(view: View, width: float) -> list[float]:
    room = view.right - view.left - width - _FIRST_PX
    if room <= 0:
        return []
    return [_FIRST_PX + room * 0.8 * place / _PLACES for place in range(_PLACES)]


def _course(curve: Labelled, view: View, spots: list[float], width: float) -> list[tuple[float, float] | None]:
    """Top and foot of a curve over the width of the name at each spot, px from the plot's top."""
    found: list[tuple[float, float] | None] = []
    for left in spots:
        start_s = view.start_s + left / view.x_scale
        end_s = start_s + width / view.x_scale
        parts = [part for part in (pyramid.extremes(start_s, end_s) for pyramid in curve.pyramids) if part is not None]
        if not parts:
            found.append(None)
            continue
        low, high = min(low for low, _ in parts), max(high for _, high in parts)
        own = replace(view, scale=curve.scale)
        top, foot = float(own.y(high)) - view.top, float(own.y(low)) - view.top
        found.append((top, foot) if math.isfinite(top + foot) else None)
    return found


def _free_box(
    courses: list[list[tuple[float, float] | None]], own: int, spot: int, box: QRectF, view: View, taken: list[QRectF]
) -> QRectF | None:
    """The name above or below its own curve, if nothing else is there."""
    course = courses[own][spot]
    if course is None or course[1] - course[0] > 60:
        return None
    others = [other[spot] for place, other in enumerate(courses) if place != own]
    for top in (course[0] - box.height() - _CLEAR_PX - 1, course[1] + _CLEAR_PX + 1):
        tried = QRectF(box.left(), top, box.width(), box.height())
        inside = tried.top() >= 0 and tried.bottom() <= view.bottom - view.top
        crossed = any(other is not None and other[0] < tried.bottom() and other[1] > tried.top() for other in others)
        if inside and not crossed and not any(tried.adjusted(-4, 0, 4, 0).intersects(other) for other in taken):
            return tried
    return None
