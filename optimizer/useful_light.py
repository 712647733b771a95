"""Ceilings lowered to the most light that can be of use, so that the model need not ask about more.

More light than is wanted only draws power, but for one thing: it lets the level climb within its ramp to where more is
wanted. Take the wanted levels of a group, each reaching to its neighbours less one ramp a step: above the highest of
these, a plan may be dimmed to it and keeps every rule, at no more cost, wherever less power is never dearer. That is so
in a step in which neither import nor export has a negative price and no node above could come down to its lowest power.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from optimizer.grid import reach_kw
from optimizer.light_table import LightTable
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, over_steps
from optimizer.tables import Tables


def within_use(problem: Problem, tables: Tables, kept: BoolArray) -> Tables:
    """The tables with lower ceilings; those of the groups in `kept` (groups,) stay as they are."""
    light = tables.light
    dimming_is_free = _less_is_never_dearer(problem, tables)[light.node] & ~kept[:, None]
    useful = _reached(light, np.where(dimming_is_free, light.target, light.ceiling))
    ceiling = np.where(dimming_is_free, np.minimum(light.ceiling, np.maximum(useful, light.target)), light.ceiling)
    return dataclasses.replace(tables, light=dataclasses.replace(light, ceiling=ceiling))


def _less_is_never_dearer(problem: Problem, tables: Tables) -> BoolArray:
    """Nodes and steps (nodes, steps) in which drawing less is always allowed and never costs."""
    tariff, steps, tree = problem.tariff, tables.steps, tables.tree
    priced = (tariff.import_cost_eur_per_kwh(steps) >= 0.0) & (over_steps(tariff.export_eur_per_kwh, steps) >= 0.0)
    least, _ = reach_kw(tables)
    allowed = (least >= tree.import_min_kw) & priced
    for node in tree.upwards[::-1]:
        above = int(tree.parent[node])
        if above >= 0:
            allowed[node] &= allowed[above]
    return np.asarray(allowed)


def _reached(light: LightTable, wished: FloatArray) -> FloatArray:
    """The highest of all wished levels, each less one ramp for each step it is away; shape (groups, steps)."""
    useful, linked = wished.copy(), light.lit[:, 1:] & light.lit[:, :-1]
    before = light.level_before - light.ramp
    first = light.lit[:, 0] & np.isfinite(before)
    useful[:, 0] = np.where(first, np.fmax(useful[:, 0], before), useful[:, 0])
    forth = range(1, useful.shape[1])
    for step, beside in (*((s, s - 1) for s in forth), *((s - 1, s) for s in reversed(forth))):
        near = useful[:, beside] - light.ramp
        useful[:, step] = np.where(linked[:, min(step, beside)], np.maximum(useful[:, step], near), useful[:, step])
    return useful
