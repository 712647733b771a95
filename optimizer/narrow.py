"""A problem's lighting made smaller: cells held at a level, or groups that are much alike as one, for prices only."""

from __future__ import annotations

import dataclasses

import numpy as np

from optimizer.light_table import LightTable
from optimizer.problem import Problem, checked
from optimizer.profile import BoolArray, FloatArray, IntArray
from optimizer.tables import Tables

KINDS_A_NODE = 16  # of lighting groups, for rough prices


def hold_cells(tables: Tables, level: FloatArray, free: BoolArray) -> Tables:
    """The tables with light left to be decided in the free cells (groups, steps) only, and at `level` in all others."""
    light = tables.light
    floor, ceiling = np.where(free, light.floor, level), np.where(free, light.ceiling, level)
    held = dataclasses.replace(light, floor=floor, ceiling=ceiling, target=np.clip(light.wanted, floor, ceiling))
    return dataclasses.replace(tables, light=held)


def with_alike_as_one(problem: Problem, tables: Tables) -> tuple[Problem, Tables]:
    """The problem with groups that dim at nearly one price as one group, without their ramps: for rough prices.

    Power and price are sums, levels are means by power. No plan is read from it.
    """
    order, starts = _kinds(tables.light)
    first = order[starts]
    light = _sum(tables.light, order, starts)
    rough = checked(problem, lighting=tuple(problem.lighting[int(row)] for row in first), neighbours=())
    return rough, dataclasses.replace(tables, light=light)


def _kinds(light: LightTable) -> tuple[IntArray, IntArray]:
    """Groups in an order in which those of a kind follow each other, and where each kind begins."""
    dims_at = light.missing_eur_per_h / np.maximum(light.slopes[:, 0] * (light.rated_kw - light.standby_kw), 1e-9)
    _, pattern = np.unique(np.packbits(light.lit, axis=1), axis=0, return_inverse=True)
    order = np.lexsort((dims_at, pattern.ravel(), light.node))
    family = light.node[order] * (int(pattern.max(initial=0)) + 1) + pattern.ravel()[order]
    begins = np.flatnonzero(np.r_[True, family[1:] != family[:-1]])
    sizes = np.diff(np.r_[begins, family.size])
    place = np.arange(family.size) - np.repeat(begins, sizes)
    part = place * KINDS_A_NODE // np.repeat(sizes, sizes)
    starts = np.flatnonzero(np.r_[True, (part[1:] != part[:-1]) | (family[1:] != family[:-1])])
    return order, starts


def _sum(light: LightTable, order: IntArray, starts: IntArray) -> LightTable:
    weight = np.maximum(light.rated_kw - light.standby_kw, 1e-9)[order]
    total = np.add.reduceat(weight, starts)

    def mean(values: FloatArray) -> FloatArray:
        by = weight if values.ndim == 1 else weight[:, None]
        of = total if values.ndim == 1 else total[:, None]
        return np.asarray(np.add.reduceat(by * values[order], starts, axis=0) / of)

    wanted, floor, ceiling = mean(light.wanted), mean(light.floor), mean(light.ceiling)
    first = order[starts]
    return dataclasses.replace(
        light,
        node=light.node[first],
        lit=light.lit[first],
        wanted=wanted,
        floor=floor,
        ceiling=ceiling,
        target=np.clip(wanted, floor, ceiling),
        frozen=light.frozen[first],
        rated_kw=np.add.reduceat(light.rated_kw[order], starts),
        standby_kw=np.add.reduceat(light.standby_kw[order], starts),
        off_kw=np.add.reduceat(light.off_kw[order], starts),
        missing_eur_per_h=np.add.reduceat(light.missing_eur_per_h[order], starts),
        ramp=np.full(starts.size, np.inf),
        level_before=np.full(starts.size, np.nan),
        corners=mean(light.corners),
        slopes=mean(light.slopes),
        share_at_zero=mean(light.share_at_zero),
    )
