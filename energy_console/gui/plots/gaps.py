"""Gaps of a curve: a hatched box where the curve would be, and words that say how long nothing came and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.plots.layer import Layer
from energy_console.gui.plots.view import View
from energy_console.gui.theme import CAPTION_PX, Looks, font

_NARROWEST_PX = 2.0
_WORDS_FROM_PX = 18.0
_LEAST_HEIGHT_PX = 16.0
_ALIKE_S = 120.0
_BESIDE_SHARE = 0.02  # of the window


@dataclass(frozen=True, slots=True)
class Gap:
    """Time without a usable value, UTC seconds; `words` such as "no answer 1 h 42"."""

    start_s: float
    end_s: float
    words: str

    @property
    def key(self) -> tuple[int, str]:
        """Gaps of several curves with equal keys need words but once."""
        return round(self.start_s / _ALIKE_S), self.words


class Gaps(Layer):
    """The gaps of one curve; boxes as high as the values beside them.

    `measured` gives the lowest and highest value between two times, None where there is none.
    """

    def __init__(self, looks: Looks, measured: Callable[[float, float], tuple[float, float] | None]) -> None:
        super().__init__()
        self._looks = looks
        self._gaps: tuple[Gap, ...] = ()
        self._measured = measured
        self._worded = True
        self.told: frozenset[tuple[int, str]] = frozenset()  # what other curves of the plot have told already

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self._gaps

    def show_gaps(self, gaps: tuple[Gap, ...]) -> None:
        if gaps != self._gaps:
            self._gaps = gaps
            self.update()

    def show_words(self, worded: bool) -> None:
        """Whether the words stand by the boxes: of many curves, only the selected one tells."""
        if worded != self._worded:
            self._worded = worded
            self.update()

    def paint_in(self, painter: QPainter, view: View) -> None:
        measure = QFontMetricsF(font(CAPTION_PX))
        painter.setFont(font(CAPTION_PX))
        for gap in self._gaps:
            left, right = max(view.left - 1, view.x(gap.start_s)), min(view.right + 1, view.x(gap.end_s))
            if right - left < _NARROWEST_PX:
                continue
            top, foot = self._span(view, gap)
            box = QRectF(left, top, right - left, foot - top)
            draw_hatch(painter, box, self._looks.theme, outline=box.width() > 6)
            if self._worded and box.width() >= _WORDS_FROM_PX and gap.key not in self.told:
                self._write(painter, view, box, gap.words, measure)

    def _span(self, view: View, gap: Gap) -> tuple[float, float]:
        """Top and foot of a box, px: the values shortly before and after, else those on screen, else the plot."""
        beside_s = _BESIDE_SHARE * (view.end_s - view.start_s)
        found = self._measured(gap.start_s - beside_s, gap.end_s + beside_s) or self._measured(view.start_s, view.end_s)
        if found is None:
            return view.top + 1, view.bottom - 1
        top, foot = view.y(found[1]), view.y(found[0])
        middle = (top + foot) / 2
        half = max((foot - top) / 2 + 4, _LEAST_HEIGHT_PX / 2)
        return max(view.top + 1, middle - half), min(view.bottom - 1, middle + half)

    def _write(self, painter: QPainter, view: View, box: QRectF, words: str, measure: QFontMetricsF) -> None:
        width, height = measure.horizontalAdvance(words) + 6, measure.height()
        left = min(max(view.left + 2, box.center().x() - width / 2), view.right - width - 2)
        below = box.bottom() + 1
        top = below if below + height < view.bottom else max(view.top + 1, box.top() - height - 1)
        label = QRectF(left, top, width, height)
        ground = self._looks.theme.surface
        painter.fillRect(label, ground)
        painter.setPen(self._looks.theme.text)
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, words)
