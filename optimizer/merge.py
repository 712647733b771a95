"""What is the same is planned once: equal lighting groups on one feeder become one before the model is built.

Groups are equal when all they have by the rated kW is equal. Then a plan that gives them one level is as good as any
(the rules are convex), so merging loses nothing; afterwards each gets the level of the group it was merged into.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from optimizer.build import Dispatch
from optimizer.parts import InForce, LightingGroup
from optimizer.problem import Problem, checked
from optimizer.profile import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """A problem with equal groups merged; `row[g]` is the merged group that group g of the original is in."""

    problem: Problem
    row: IntArray

    def split(self, dispatch: Dispatch) -> Dispatch:
        """The dispatch of the original problem."""
        return dataclasses.replace(dispatch, level=dispatch.level[self.row])


def merge_equal_groups(problem: Problem) -> Merged:
    """Merges what is equal; the problem itself comes back where nothing is."""
    held = {item.asset: item for item in problem.in_force}
    paired = {group for pair in problem.neighbours for group in (pair.a, pair.b)}
    members: dict[Hashable, list[LightingGroup]] = {}
    keys = [_key(group, held, paired) for group in problem.lighting]
    for key, group in zip(keys, problem.lighting, strict=True):
        members.setdefault(key, []).append(group)
    if len(members) == len(problem.lighting):
        return Merged(problem, np.arange(len(problem.lighting)))
    place = {key: number for number, key in enumerate(members)}
    merged = tuple(_sum(groups) for groups in members.values())
    return Merged(checked(problem, lighting=merged), np.array([place[key] for key in keys], dtype=np.int64))


def _key(group: LightingGroup, held: dict[str, InForce], paired: set[str]) -> Hashable:
    """Equal for groups that may be one. One with neighbours, integers or no power stays by itself."""
    if group.id in paired or group.rated_kw <= 0.0 or group.needs_integers:
        return group.id
    shares = (group.standby_kw, group.off_kw, group.missing_light_eur_per_h)
    in_force = held[group.id].setpoint if group.id in held else None
    return (
        group.node,
        group.lit,
        group.wanted,
        group.floor,
        group.ceiling,
        group.points,
        group.ramp,
        group.level_before,
        in_force,
        tuple(round(share / group.rated_kw, 12) for share in shares),
    )


def _sum(groups: list[LightingGroup]) -> LightingGroup:
    """One group with the power and the price of all; it keeps the id of the first, and so its plan in force."""
    if len(groups) == 1:
        return groups[0]
    return dataclasses.replace(
        groups[0],
        rated_kw=sum(group.rated_kw for group in groups),
        standby_kw=sum(group.standby_kw for group in groups),
        off_kw=sum(group.off_kw for group in groups),
        missing_light_eur_per_h=sum(group.missing_light_eur_per_h for group in groups),
    )
