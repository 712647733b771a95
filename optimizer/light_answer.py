"""What every lighting group would do by itself at given prices of power: exactly, for all groups at once.

With a price for each kW in each step a group is a problem of its own: levels between floor and ceiling, a cost by cell
that is convex and piecewise linear in the level, and a ramp from one lit step to the next. Where the cheapest level of
each cell keeps the ramp, it is the answer. For the others, step by step: V(x) is the least cost up to now with level x
at the end; moving on by at most the ramp shifts the falling part of V to the left and the rising part to the right by
the ramp. Of V only where its slope changes is kept, and most of that soon leaves the band between floor and ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.light_table import LightTable
from optimizer.profile import BoolArray, FloatArray, IntArray

_SAME_LEVEL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class CellCost:
    """The cost of each cell (groups, steps): at the floor, and by level in pieces (groups, steps, pieces) above it.

    Pieces are in order of their slope, as the linear program uses them; where power has a negative price and the
    dimming curve bends, that is not their order in the curve.
    """

    at_floor: FloatArray
    width: FloatArray
    slope: FloatArray

    def of(self, level: FloatArray, floor: FloatArray) -> FloatArray:
        """EUR of each cell at a level, shape (groups, steps)."""
        begins = np.cumsum(self.width, axis=2) - self.width
        used = np.clip((level - floor)[:, :, None] - begins, 0.0, self.width)
        return np.asarray(self.at_floor + (used * self.slope).sum(axis=2))

    def cheapest(self, floor: FloatArray) -> FloatArray:
        """The lowest of the cheapest levels of each cell by itself, shape (groups, steps)."""
        return np.asarray(floor + (self.width * (self.slope < 0.0)).sum(axis=2))


def cell_cost(light: LightTable, hours: FloatArray, price_eur: FloatArray) -> CellCost:
    """Cost of light missing and of power at `price_eur`, EUR for one kW in each step, shape (groups, steps)."""
    missing = light.missing_eur_per_h[:, None] * hours
    widths, slopes = [], []
    for piece in range(light.slopes.shape[1]):
        low, high = light.corners[:, piece, None], light.corners[:, piece + 1, None]
        drawn = (light.slopes[:, piece] * (light.rated_kw - light.standby_kw))[:, None] * price_eur
        for least, most, spared in ((light.floor, light.target, missing), (light.target, light.ceiling, 0.0)):
            widths.append(np.clip(np.minimum(most, high) - np.maximum(least, low), 0.0, None))
            slopes.append(drawn - spared)
    width, slope = np.stack(widths, axis=2), np.stack(slopes, axis=2)
    at_floor = light.missing(light.floor) * missing + light.power_kw(light.floor) * price_eur
    if width.shape[2] > 2:  # two are in order: below the target a level also spares what missing light costs
        order = np.argsort(slope, axis=2, kind="stable")
        width, slope = np.take_along_axis(width, order, 2), np.take_along_axis(slope, order, 2)
    return CellCost(at_floor, width, slope)


def linked_steps(light: LightTable) -> BoolArray:
    """Whether the ramp ties each cell (groups, steps) to the step before it, or to the level before the horizon."""
    finite = np.isfinite(light.ramp)[:, None]
    linked = np.zeros_like(light.lit)
    linked[:, 1:] = light.lit[:, 1:] & light.lit[:, :-1] & ~(light.frozen[:, 1:] & light.frozen[:, :-1]) & finite
    linked[:, 0] = light.lit[:, 0] & ~np.isnan(light.level_before) & finite[:, 0]
    return linked


def answer_prices(light: LightTable, cost: CellCost) -> FloatArray | None:
    """The cheapest levels of every group by itself, shape (groups, steps); None where some ramp cannot be kept."""
    level, linked = cost.cheapest(light.floor), linked_steps(light)
    before = np.hstack([light.level_before[:, None], level[:, :-1]])
    with np.errstate(invalid="ignore"):
        breaks = linked & (np.abs(level - before) > light.ramp[:, None] + _SAME_LEVEL)
    asked = np.flatnonzero(breaks.any(axis=1))
    if asked.size:
        found = _Chains(light, cost, linked, asked).solve()
        if found is None:
            return None
        level[asked] = found
    return level


class _Chains:
    """The groups in `rows`, each a chain of cells; V as its lowest slope, and where it bends and by how much."""

    def __init__(self, light: LightTable, cost: CellCost, linked: BoolArray, rows: IntArray) -> None:
        self._floor, self._ceiling = light.floor[rows], light.ceiling[rows]
        self._before, self._ramp = light.level_before[rows], light.ramp[rows]
        self._width, self._slope, self._linked = cost.width[rows], cost.slope[rows], linked[rows]
        size = rows.size
        self._low, self._high = np.full(size, -np.inf), np.full(size, np.inf)
        self._falls = np.zeros(size)  # slope of V at its lowest level
        self._bend = np.zeros((size, 0))
        self._by = np.zeros((size, 0))

    def solve(self) -> FloatArray | None:
        """Cheapest levels, shape (rows, steps)."""
        steps = self._floor.shape[1]
        best = np.zeros_like(self._floor)
        for step in range(steps):
            self._move(step)
            if not self._enter(step):
                return None
            best[:, step] = self._argmin()
        for step in range(steps - 2, -1, -1):
            after = best[:, step + 1]
            near = np.clip(best[:, step], after - self._ramp, after + self._ramp)
            best[:, step] = np.where(self._linked[:, step + 1], near, best[:, step])
        return best

    def _argmin(self) -> FloatArray:
        """The lowest level at which V is least: where its slope is first not negative."""
        slope = np.column_stack(
            [self._falls, self._falls[:, None] + np.cumsum(self._by, axis=1), np.ones(len(self._by))]
        )
        bends = np.column_stack([self._low, self._bend, self._high])
        first = np.argmax(slope >= 0.0, axis=1)
        return np.asarray(np.take_along_axis(bends, first[:, None], 1)[:, 0])

    def _move(self, step: int) -> None:
        """V after a change of level within the ramp; where a step is not tied to the one before, V begins anew."""
        tied, ramp = self._linked[:, step], self._ramp[:, None]
        if step == 0:
            self._low = np.where(tied, self._before - self._ramp, -np.inf)
            self._high = np.where(tied, self._before + self._ramp, np.inf)
            return
        after = self._falls[:, None] + np.cumsum(self._by, axis=1)
        until = np.hstack([self._falls[:, None], after])[:, :-1]
        falling = np.minimum(after, 0.0) - np.minimum(until, 0.0)
        rising = np.maximum(after, 0.0) - np.maximum(until, 0.0)
        end = after[:, -1:] if after.shape[1] else self._falls[:, None]
        bend = np.hstack([self._bend - ramp, self._bend + ramp, self._low[:, None] + ramp, self._high[:, None] - ramp])
        by = np.hstack([falling, rising, np.maximum(self._falls, 0.0)[:, None], np.maximum(-end, 0.0)])
        self._bend = bend
        self._by = np.where(tied[:, None], by, 0.0)
        self._falls = np.where(tied, np.minimum(self._falls, 0.0), 0.0)
        self._low = np.where(tied, self._low - self._ramp, -np.inf)
        self._high = np.where(tied, self._high + self._ramp, np.inf)

    def _enter(self, step: int) -> bool:
        """Adds the cost of a step's cells, between its floor and ceiling; False where some level has nowhere to go."""
        self._low = np.maximum(self._low, self._floor[:, step])
        self._high = np.minimum(self._high, self._ceiling[:, step])
        if np.any(self._low > self._high + _SAME_LEVEL):
            return False
        self._high = np.maximum(self._high, self._low)
        width, slope = self._width[:, step], self._slope[:, step]
        borders = self._floor[:, step, None] + np.cumsum(width, axis=1)[:, :-1]
        self._falls = self._falls + slope[:, 0]
        bend, by = np.hstack([self._bend, borders]), np.hstack([self._by, np.diff(slope, axis=1)])
        below = bend <= self._low[:, None]
        self._falls = self._falls + np.where(below, by, 0.0).sum(axis=1)
        inside = ~below & (bend < self._high[:, None]) & (by > 0.0)
        most = int(inside.sum(axis=1).max(initial=0))
        bend = np.where(inside, bend, np.inf)
        order = np.argsort(bend, axis=1, kind="stable")[:, :most]
        self._bend = np.take_along_axis(bend, order, 1)
        self._by = np.take_along_axis(np.where(inside, by, 0.0), order, 1)
        return True
