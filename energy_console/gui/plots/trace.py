"""One point in a plot: its curve, the uncertain part of it drawn thinner and dotted, gaps, plan, and earlier days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QColor

from energy_console.gui.plots.curve import NORMAL_PX, PLAN_PX, SELECTED_PX, UNCERTAIN_PX, CurveItem, LineStyle
from energy_console.gui.plots.gaps import Gap, GapItem
from energy_console.gui.plots.pyramid import Pyramid
from energy_console.gui.plots.view_item import ViewItem
from energy_console.gui.theme import Looks, Theme
from hardware.points import BoolArray, Float64Array

_GHOST_SHARE = 0.45
_GHOST_PX = 1.1


@dataclass(frozen=True, slots=True)
class Line:
    """What a curve draws: UTC seconds (rising), values (NaN breaks), and where they are uncertain."""

    time_s: Float64Array
    value: Float64Array
    uncertain: BoolArray


def mixed(colour: QColor, ground: QColor, share: float) -> QColor:
    """`share` of the colour over the ground, opaque: bars that overlap would show through an alpha."""
    parts = (round(ground_part + (part - ground_part) * share) for part, ground_part in _channels(colour, ground))
    return QColor(*parts)


def _channels(one: QColor, other: QColor) -> tuple[tuple[int, int], ...]:
    return (one.red(), other.red()), (one.green(), other.green()), (one.blue(), other.blue())


def curve_colour(theme: Theme, index: int) -> QColor:
    """Colour of the curve `index` of a view. Past the eighth they come again, half way to the text colour."""
    colour = theme.curve(index)
    return colour if index < len(theme.curves) else mixed(colour, theme.text, 0.5)


class Trace:
    """All items of one point, kept together. `index` is its colour in the view; `steps` holds values until the next."""

    def __init__(self, looks: Looks, index: int, *, steps: bool) -> None:
        self._looks = looks
        self.index = index
        self.steps = steps
        self.selected = False
        self.solid = CurveItem(Pyramid(), self.colour, steps=steps)
        self.dotted = CurveItem(Pyramid(), self.colour, steps=steps, width_px=UNCERTAIN_PX, style=LineStyle.DOTTED)
        self.plan = CurveItem(Pyramid(), self.colour, steps=True, width_px=PLAN_PX, style=LineStyle.DASHED)
        self.gaps = GapItem(looks, self.measured)
        self.ghosts: dict[str, CurveItem] = {}
        self._last: tuple[float, float] | None = None
        self.dotted.setVisible(False)
        self.plan.setVisible(False)
        self._restyle()

    @property
    def colour(self) -> QColor:
        return curve_colour(self._looks.theme, self.index)

    def items(self) -> tuple[ViewItem, ...]:
        return (self.gaps, *self.ghosts.values(), self.plan, self.dotted, self.solid)

    def select(self, selected: bool) -> None:
        if selected != self.selected:
            self.selected = selected
            self._restyle()

    def recolour(self) -> None:
        """After the theme or the index has changed."""
        self._restyle()

    def _restyle(self) -> None:
        colour = self.colour
        self.solid.restyle(colour, SELECTED_PX if self.selected else NORMAL_PX)
        self.dotted.restyle(colour, UNCERTAIN_PX)
        self.plan.restyle(colour, PLAN_PX)
        for ghost in self.ghosts.values():
            ghost.restyle(mixed(colour, self._looks.theme.surface, _GHOST_SHARE), _GHOST_PX)
        lift = 10 if self.selected else 0
        self.solid.setZValue(5 + lift)
        self.dotted.setZValue(4 + lift)
        self.plan.setZValue(3)

    def show(self, line: Line, gaps: tuple[Gap, ...]) -> None:
        """Replaces the curve and its gaps."""
        self._last = None
        self.solid.show_readings(Pyramid())
        self.dotted.show_readings(Pyramid())
        self.dotted.setVisible(False)  # what draws nothing need not be asked at every frame
        self.append(line)
        self.gaps.show_gaps(gaps)

    def append(self, line: Line) -> None:
        """Adds newer readings at the end of the curve."""
        if not len(line.time_s):
            return
        self.solid.pyramid.append(line.time_s, np.where(line.uncertain, np.nan, line.value))
        if line.uncertain.any():
            self._append_uncertain(line)
            self.dotted.setVisible(True)
        self._last = (float(line.time_s[-1]), float(line.value[-1]))
        self.solid.refresh()

    def _append_uncertain(self, line: Line) -> None:
        """The uncertain stretches with the good reading on either side, so that the two curves meet."""
        time_s, value, uncertain = line.time_s, line.value, line.uncertain
        if self._last is not None and self._last[0] <= time_s[0]:
            time_s = np.concatenate(([self._last[0]], time_s))
            value = np.concatenate(([self._last[1]], value))
            uncertain = np.concatenate(([False], uncertain))
        beside = uncertain.copy()
        beside[1:] |= uncertain[:-1]
        beside[:-1] |= uncertain[1:]
        dotted = self.dotted.pyramid
        fresh = slice(int(np.searchsorted(time_s, dotted.time_s[-1])), None) if len(dotted) else slice(None)
        dotted.append(time_s[fresh], np.where(beside, value, np.nan)[fresh])
        self.dotted.refresh()

    def show_plan(self, time_s: Float64Array, value: Float64Array) -> None:
        """The planned course, dashed; empty arrays take it away."""
        self.plan.show_readings(Pyramid(time_s, value))
        self.plan.setVisible(len(time_s) > 0)

    def show_ghost(self, key: str, line: Line | None) -> CurveItem | None:
        """The course of an earlier day moved onto this one, paler; None takes it away. Returns an item that is new."""
        if line is None:
            self.ghosts.pop(key, None)
            return None
        pyramid = Pyramid(line.time_s, line.value)
        if key in self.ghosts:
            self.ghosts[key].show_readings(pyramid)
            return None
        ghost = CurveItem(pyramid, self.colour, steps=self.steps)
        ghost.setZValue(1)
        self.ghosts[key] = ghost
        self._restyle()
        return ghost

    def extremes(self, start_s: float, end_s: float) -> tuple[float, float] | None:
        """Lowest and highest value drawn in a window, plan and earlier days included; None where nothing is."""
        found = [
            item.pyramid.extremes(start_s, end_s, steps=item.steps)
            for item in self.items()
            if isinstance(item, CurveItem)
        ]
        kept = [part for part in found if part is not None]
        return (min(low for low, _ in kept), max(high for _, high in kept)) if kept else None

    def measured(self, start_s: float, end_s: float) -> tuple[float, float] | None:
        """As `extremes`, of what was measured."""
        parts = [item.pyramid.extremes(start_s, end_s, steps=self.steps) for item in (self.solid, self.dotted)]
        kept = [part for part in parts if part is not None]
        return (min(low for low, _ in kept), max(high for _, high in kept)) if kept else None
