"""Lighting groups as arrays, one row a group and one column a step; frozen steps leave no room."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields

import numpy as np

from optimizer.luminaires import LightingGroup
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray, column, table

_SAME_LEVEL = 1e-5
_CHANGED = 1e-5


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
    dimmer_levels: FloatArray  # (groups, most levels of any), rising, NaN after the last; all NaN: any level
    least_dwell_h: FloatArray
    most_changes: FloatArray  # a night; inf where there is none
    unchanged_h: FloatArray  # how long the level before has stood; inf where it is not known
    changes_so_far: FloatArray

    @property
    def settled(self) -> BoolArray:
        """Steps whose level and the one before are both held by the plan in force: past arguing about."""
        return self.frozen & np.hstack([np.ones_like(self.frozen[:, :1]), self.frozen[:, :-1]])

    def with_levels(self) -> IntArray:
        """The groups whose drivers only run at some levels."""
        return np.flatnonzero(np.isfinite(self.dimmer_levels).any(axis=1))

    def levels_of(self, group: int) -> FloatArray:
        """The levels of a group's drivers; empty: any."""
        return np.asarray(self.dimmer_levels[group][np.isfinite(self.dimmer_levels[group])])

    def levels_within(self, group: int, step: int) -> FloatArray:
        """The dimmer levels of a group that its floor and ceiling in a step allow."""
        levels = self.levels_of(group)
        inside = (levels >= self.floor[group, step] - _SAME_LEVEL) & (levels <= self.ceiling[group, step] + _SAME_LEVEL)
        return np.asarray(levels[inside])

    def snapped(self, level: FloatArray) -> FloatArray:
        """Levels with the rounding of a solver taken off where only certain levels can be, shape (groups, steps)."""
        for group in self.with_levels().tolist():
            levels = self.levels_of(group)
            nearest = levels[np.argmin(np.abs(levels[:, None] - level[group][None, :]), axis=0)]
            near = (np.abs(nearest - level[group]) < _SAME_LEVEL) & self.lit[group] & ~self.frozen[group]
            level[group] = np.where(near, nearest, level[group])
        return level

    def changes_left(self, group: int, first: int, last: int) -> float:
        """How often a group may still change in a night, after what was before the horizon and what is frozen."""
        had = float(self.changes_so_far[group]) if first == 0 else 0.0
        settled = sum(first <= step <= last for step in self.settled_changes(group))
        return max(float(self.most_changes[group]) - had - settled, 0.0)

    def still_dwells(self, group: int, step: int, begins_h: float) -> bool:
        """Whether the level from before the horizon has to stay in a step that begins so many hours after its start."""
        stood_h = begins_h + float(self.unchanged_h[group])
        return self.night_of(group, step) == 0 and stood_h < float(self.least_dwell_h[group]) - 1e-9

    def settled_changes(self, group: int) -> list[int]:
        """Steps in which the plan in force changes a group's level and nothing can be done about it."""
        return [step for step in self.changes(group, self.target[group]) if self.settled[group, step]]

    def nights(self, group: int) -> list[tuple[int, int]]:
        """First and last step of each run of lit steps of a group."""
        edges = np.flatnonzero(np.diff(np.concatenate(([0], self.lit[group].astype(np.int64), [0]))))
        return [(int(first), int(after) - 1) for first, after in zip(edges[::2], edges[1::2], strict=True)]

    def night_of(self, group: int, step: int) -> int:
        """The first step of the night a lit step is in."""
        dark = np.flatnonzero(~self.lit[group, :step])
        return int(dark[-1]) + 1 if dark.size else 0

    def changes(self, group: int, level: FloatArray) -> list[int]:
        """Steps in which a group's level (steps,) differs from the one before within a night."""
        before = np.concatenate(([self.level_before[group]], level[:-1]))
        known = self.lit[group] & np.concatenate(([np.isfinite(before[0])], self.lit[group, :-1]))
        moved = known & (np.abs(np.nan_to_num(level - before)) > _CHANGED)
        return np.flatnonzero(moved).tolist()

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
        dimmer_levels=_dimmer_levels(groups),
        least_dwell_h=column(groups, "least_dwell_h"),
        most_changes=np.array([np.inf if g.most_changes is None else g.most_changes for g in groups], dtype=float),
        unchanged_h=np.array([np.inf if g.unchanged_h is None else g.unchanged_h for g in groups], dtype=float),
        changes_so_far=column(groups, "changes_so_far"),
    )


def _dimmer_levels(groups: tuple[LightingGroup, ...]) -> FloatArray:
    levels = np.full((len(groups), max((len(g.dimmer_levels) for g in groups), default=0)), np.nan)
    for row, group in enumerate(groups):
        levels[row, : len(group.dimmer_levels)] = sorted(group.dimmer_levels)
    return levels


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
