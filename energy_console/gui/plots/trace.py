"""One point in a plot: its curve, the uncertain part of it drawn thinner and dotted, gaps, plan, and earlier days."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QColor

from energy_console.gui.plots.curve import NORMAL_PX, PLAN_PX, SELECTED_PX, UNCERTAIN_PX, Curve, LineStyle
from energy_console.gui.plots.gaps import Gap, Gaps
from energy_console.gui.plots.pyramid import Pyramid
from energy_console.gui.theme import Looks, Theme
from hardware.points import BoolArray, Float64Array

_GHOST_SHARE = 0.45
_GHOST_STEP = 0.1
_LEAST_GHOST_SHARE = 0.25
_GHOST_PX = 1.1
_FADED_SHARE = 0.42


@dataclass(frozen=True, slots=True)
class Line:
    """What a curve draws: UTC seconds (rising), values (NaN breaks), and where they are uncertain."""

    time_s: Float64Array
    value: Float64Array
    uncertain: BoolArray


@dataclass(frozen=True, slots=True)
class Made:
    """A line made ready to be drawn: its certain part, broken where it is not, and its uncertain one.

    `last` is time and value at the end of the certain part, NaN where it is broken there; `last_value` that of either.
    """

    solid: Pyramid
    dotted: Pyramid
    last: tuple[float, float] | None
    last_value: float

    @classmethod
    def of(cls, line: Line) -> Made:
        return cls(Pyramid(), Pyramid(), None, math.nan).grown(line)

    def grown(self, line: Line) -> Made:
        """With newer readings at the end of its own pyramids."""
        if not len(line.time_s):
            return self
        uncertain = bool(line.uncertain.any())
        self.solid.append(line.time_s, np.where(line.uncertain, np.nan, line.value) if uncertain else line.value)
        if uncertain:
            self._append_uncertain(line)
        last = math.nan if uncertain and line.uncertain[-1] else float(line.value[-1])
        return Made(self.solid, self.dotted, (float(line.time_s[-1]), last), float(line.value[-1]))

    def _append_uncertain(self, line: Line) -> None:
        """The uncertain stretches with the good reading on either side, so that the two curves meet."""
        time_s, value, uncertain = line.time_s, line.value, line.uncertain
        if self.last is not None and self.last[0] <= time_s[0]:
            time_s = np.concatenate(([self.last[0]], time_s))
            value = np.concatenate(([self.last_value], value))
            uncertain = np.concatenate(([False], uncertain))
        beside = uncertain.copy()
        beside[1:] |= uncertain[:-1]
        beside[:-1] |= uncertain[1:]
        fresh = slice(int(np.searchsorted(time_s, self.dotted.time_s[-1])), None) if len(self.dotted) else slice(None)
        self.dotted.append(time_s[fresh], np.where(beside, value, np.nan)[fresh])


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
    """All that is drawn of one point. `index` is its colour in the view; `steps` holds values until the next.

    `changed` is called when a picture of it is out of date, `grown` when it has only got an end: curve, times and
    values, the first of them the one it ended with before.
    """

    def __init__(self, looks: Looks, index: int, *, steps: bool) -> None:
        self._looks = looks
        self.index = index
        self.steps = steps
        self.selected = False
        self.faded = False  # of hundreds of curves all but the selected one are paler, so that it can be found
        self.changed: Callable[[], None] = _nobody
        self.grown: Callable[[Curve, Float64Array, Float64Array], None] = _nobody
        self.solid = Curve(Pyramid(), self.colour, steps=steps)
        self.dotted = Curve(Pyramid(), self.colour, steps=steps, width_px=UNCERTAIN_PX, style=LineStyle.DOTTED)
        self.plan = Curve(Pyramid(), self.colour, steps=True, width_px=PLAN_PX, style=LineStyle.DASHED)
        self.gaps = Gaps(looks, self.measured)
        self.ghosts: dict[str, Curve] = {}
        self._last: tuple[float, float] | None = None  # of the certain curve, NaN where it is broken
        self._last_value = math.nan
        self._restyle()

    @property
    def colour(self) -> QColor:
        return curve_colour(self._looks.theme, self.index)

    def fade(self, faded: bool) -> None:
        if faded != self.faded:
            self.faded = faded
            self._restyle()

    def curves(self) -> tuple[Curve, ...]:
        """What draws something, from the hindmost on."""
        return tuple(
            curve for curve in (*self.ghosts.values(), self.plan, self.dotted, self.solid) if len(curve.pyramid)
        )

    def select(self, selected: bool) -> None:
        if selected != self.selected:
            self.selected = selected
            self._restyle()

    def recolour(self) -> None:
        """After the theme or the index has changed."""
        self._restyle()

    def _restyle(self) -> None:
        colour, surface = self.colour, self._looks.theme.surface
        if self.faded and not self.selected:
            colour = mixed(colour, surface, _FADED_SHARE)
        self.solid.restyle(colour, SELECTED_PX if self.selected else NORMAL_PX)
        self.dotted.restyle(colour, UNCERTAIN_PX)
        self.plan.restyle(colour, PLAN_PX)
        for place, ghost in enumerate(self.ghosts.values()):
            ghost.restyle(mixed(colour, surface, _ghost_share(place)), _GHOST_PX)
        lift = 10 if self.selected else 0
        self.solid.z, self.dotted.z, self.plan.z = 5 + lift, 4 + lift, 3
        for ghost in self.ghosts.values():
            ghost.z = 1
        self.changed()

    def show(self, line: Line, gaps: tuple[Gap, ...]) -> None:
        """Replaces the curve and its gaps."""
        self.put(Made.of(line))
        self.gaps.show_gaps(gaps)

    def put(self, made: Made) -> None:
        """Replaces the curve by one made before."""
        self.solid.show_readings(made.solid)
        self.dotted.show_readings(made.dotted)
        self._last, self._last_value = made.last, made.last_value
        self.changed()

    def append(self, line: Line) -> None:
        """Adds newer readings at the end of the curve."""
        if not len(line.time_s):
            return
        last = self._last
        plain = not (line.uncertain.any() or np.isnan(line.value).any())
        self._take(line)
        if plain and last is not None and not math.isnan(last[1]) and last[0] <= line.time_s[0]:
            self.grown(self.solid, np.concatenate(([last[0]], line.time_s)), np.concatenate(([last[1]], line.value)))
        else:
            self.changed()

    def _take(self, line: Line) -> None:
        grown = Made(self.solid.pyramid, self.dotted.pyramid, self._last, self._last_value).grown(line)
        self._last, self._last_value = grown.last, grown.last_value

    def show_plan(self, time_s: Float64Array, value: Float64Array) -> None:
        """The planned course, dashed; empty arrays take it away."""
        self.plan.show_readings(Pyramid(time_s, value))
        self.changed()

    def show_ghost(self, key: str, line: Line | None) -> None:
        """The course of an earlier time moved onto this one, paler; None takes it away."""
        if line is None:
            self.ghosts.pop(key, None)
        elif key in self.ghosts:
            self.ghosts[key].show_readings(Pyramid(line.time_s, line.value))
        else:
            self.ghosts[key] = Curve(Pyramid(line.time_s, line.value), self.colour, steps=self.steps)
        self._restyle()

    def extremes(self, start_s: float, end_s: float) -> tuple[float, float] | None:
        """Lowest and highest value drawn in a window, plan and earlier times included; None where nothing is."""
        return _extremes(self.curves(), start_s, end_s)

    def measured(self, start_s: float, end_s: float) -> tuple[float, float] | None:
        """As `extremes`, of what was measured."""
        return _extremes((self.solid, self.dotted), start_s, end_s)


def _extremes(curves: Sequence[Curve], start_s: float, end_s: float) -> tuple[float, float] | None:
    found = [curve.pyramid.extremes(start_s, end_s, steps=curve.steps) for curve in curves]
    kept = [part for part in found if part is not None]
    return (min(low for low, _ in kept), max(high for _, high in kept)) if kept else None


def _ghost_share(place: int) -> float:
    """How strong the colour of the n-th earlier time is."""
    return max(_LEAST_GHOST_SHARE, _GHOST_SHARE - _GHOST_STEP * place)


def _nobody(*_told: object) -> None:
    """For a trace that is in no plot."""
