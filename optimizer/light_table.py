"""Lighting groups as arrays, one row a group and one column a step; frozen steps leave no room."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields

import numpy as np

from optimizer.luminaires import LightingGroup
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray, column, table


@dataclass(frozen=True, slots=True, eq=False)
class LightTable:
    """Lighting groups; arrays of shape (groups,) or (groups, steps)."""

    node: IntArray
    lit: BoolArray
    wanted: FloatArray
    floor: FloatArray
    ceiling: FloatArray
    target: FloatArray  # the wanted level as far as floor and ceiling let it; 0 while off
    frozen: BoolArray
    rated_kw: FloatArray
    standby_kw: FloatArray
    off_kw: FloatArray
    missing_eur_per_h: FloatArray
    ramp: FloatArray  # inf where there is none
    level_before: FloatArray  # NaN where it is not known
    corners: FloatArray  # of the dimming curves, as level, shape (groups, most corners of any); 1 once a curve is over
    slopes: FloatArray  # power share by level between them, shape (groups, most corners - 1)
    share_at_zero: FloatArray

    def in_step(self, rows: IntArray, step: int) -> LightTable:
        """Some of the groups in one step; what is by step has shape (rows, 1)."""
        by_step = ("lit", "wanted", "floor", "ceiling", "target", "frozen")
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        return LightTable(
            **{name: part[rows, step, None] if name in by_step else part[rows] for name, part in parts.items()}
        )

    def power_kw(self, level: FloatArray) -> FloatArray:
        """Power at a level: standby plus the curve's share while lit, off_kw otherwise; shape (groups, steps)."""
        share = self.share_at_zero[:, None] + self.slopes[:, :1] * level
        for piece in range(1, self.slopes.shape[1]):
            steeper = self.slopes[:, piece] - self.slopes[:, piece - 1]
            share += steeper[:, None] * np.maximum(level - self.corners[:, piece, None], 0.0)
        lit = self.standby_kw[:, None] + (self.rated_kw - self.standby_kw)[:, None] * share
        return np.where(self.lit, lit, self.off_kw[:, None])

    def missing(self, level: FloatArray) -> FloatArray:
        """How far the level is below the wanted one while lit, shape (groups, steps)."""
        return np.where(self.lit, np.maximum(self.wanted - level, 0.0), 0.0)


def tabulate_lights(problem: Problem, node: IntArray, held: dict[str, tuple[float, ...]]) -> LightTable:
    groups, steps = problem.lighting, problem.horizon.steps
    lit = np.array([g.lit for g in groups], dtype=bool).reshape(len(groups), steps)
    wanted = np.where(lit, table((g.wanted for g in groups), steps), 0.0)
    floor = np.where(lit, table((g.floor for g in groups), steps), 0.0)
    ceiling = np.where(lit, table((g.ceiling for g in groups), steps), 0.0)
    frozen = np.zeros_like(lit)
    for row, group in enumerate(groups):
        if group.id in held:
            first = slice(0, problem.frozen_steps)
            level = np.where(lit[row, first], np.clip(held[group.id][first], 0.0, 1.0), 0.0)
            floor[row, first] = ceiling[row, first] = level
            frozen[row, first] = True
    corners, slopes = _curves(groups)
    return LightTable(
        node=node,
        lit=lit,
        wanted=wanted,
        floor=floor,
        ceiling=ceiling,
        target=np.clip(wanted, floor, ceiling),
        frozen=frozen,
        rated_kw=column(groups, "rated_kw"),
        standby_kw=column(groups, "standby_kw"),
        off_kw=column(groups, "off_kw"),
        missing_eur_per_h=column(groups, "missing_light_eur_per_h"),
        ramp=np.array([np.inf if g.ramp is None else g.ramp for g in groups], dtype=float),
        level_before=np.array([np.nan if g.level_before is None else g.level_before for g in groups], dtype=float),
        corners=corners,
        slopes=slopes,
        share_at_zero=np.array([g.points[0][1] for g in groups], dtype=float),
    )


def _curves(groups: tuple[LightingGroup, ...]) -> tuple[FloatArray, FloatArray]:
    """Corners and slopes of the dimming curves; a curve of fewer corners than the longest goes on as its last piece."""
    most = max((len(g.points) for g in groups), default=2)
    corners, slopes = np.ones((len(groups), most)), np.zeros((len(groups), most - 1))
    for row, group in enumerate(groups):
        points = group.points
        found = [(d - c) / (b - a) for (a, c), (b, d) in itertools.pairwise(points)]
        corners[row, : len(points)] = [point[0] for point in points]
        slopes[row] = found + [found[-1]] * (most - len(points))
    return corners, slopes
