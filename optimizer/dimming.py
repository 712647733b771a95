"""Rules of how dimmers may move: to certain levels, seldom, not again too soon. Each needs integers, where asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from optimizer.light_block import LightBlock, put_levels
from optimizer.light_table import LightTable
from optimizer.model import NO_STEP, Cells, Model
from optimizer.profile import FloatArray, IntArray
from optimizer.session_table import steps_on_from


def write_dimming(
    model: Model, names: Sequence[str], light: LightTable, hours: FloatArray, block: LightBlock
) -> LightBlock:
    """All rules of dimmers that are asked for something; the block with the rows that a contradiction may name."""
    run_at_dimmer_levels(model, names, light, block)
    changed = mark_changes_of_level(model, names, light, block)
    seldom_rows, seldom_group = change_level_seldom(model, names, light, changed)
    dwell_rows, dwell_group = dwell_at_a_level(model, names, light, hours, changed)
    return replace(
        block, seldom_rows=seldom_rows, seldom_group=seldom_group, dwell_rows=dwell_rows, dwell_group=dwell_group
    )


def run_at_dimmer_levels(model: Model, names: Sequence[str], light: LightTable, block: LightBlock) -> None:
    """level = sum of dimmer levels * chosen, and sum of chosen = 1; chosen is 0 or 1, for each level in the band."""
    if not light.with_levels().size:
        return
    free = np.zeros(light.lit.shape, dtype=bool)
    free[block.group, block.step] = True
    asked = [
        (group, step)
        for group in light.with_levels().tolist()
        for step in np.flatnonzero(free[group] & ~light.frozen[group]).tolist()
    ]
    if not asked:
        return
    cells = np.array(asked, dtype=np.int64)
    at = Cells(names, cells[:, 0], cells[:, 1])
    target = light.target[cells[:, 0], cells[:, 1]]
    level_rows = model.rows("dimmer", at, target, target)
    one_rows = model.rows("one_level", at, 1.0, 1.0)
    row_of = np.full(light.lit.shape, -1, dtype=np.int64)
    row_of[cells[:, 0], cells[:, 1]] = level_rows
    put_levels(model, row_of, block, -1.0)
    choices = [
        (place, level)
        for place, (group, step) in enumerate(asked)
        for level in light.levels_within(group, step).tolist()
    ]
    place = np.array([choice[0] for choice in choices], dtype=np.int64)
    chosen = model.columns("at_level", Cells(names, cells[place, 0], cells[place, 1]), 0.0, 1.0, integer=True)
    model.put(level_rows[place], chosen, np.array([choice[1] for choice in choices]))
    model.put(one_rows[place], chosen, 1.0)


def mark_changes_of_level(model: Model, names: Sequence[str], light: LightTable, block: LightBlock) -> IntArray:
    """|level(t) - level(t-1)| <= widest difference there can be * changed; changed is 0 or 1.

    Between neighbouring lit steps, and from the level before into the first. Gives the columns of changed, shape
    (groups, steps), -1 where nothing is asked.
    """
    changed = np.full(light.lit.shape, -1, dtype=np.int64)
    seldom = np.isfinite(light.most_changes) | (light.least_dwell_h > 0.0)
    if not seldom.any():
        return changed
    start = np.where(light.lit[:, 0], light.level_before, np.nan)[:, None]
    lit = np.where(light.lit, 1.0, np.nan)
    previous = [np.hstack([start, (part * lit)[:, :-1]]) for part in (light.target, light.floor, light.ceiling)]
    both = np.isfinite(previous[0]) & light.lit & seldom[:, None] & ~light.settled
    group, step = np.nonzero(both)
    if not group.size:
        return changed
    cells = Cells(names, group, step)
    columns = model.columns("changed", cells, 0.0, 1.0, integer=True)
    changed[group, step] = columns
    up = light.ceiling - previous[1]
    down = previous[2] - light.floor
    rise = (light.target - previous[0])[group, step]
    for name, sign, widest in (("rises", 1.0, up), ("falls", -1.0, down)):
        rows = model.rows(name, cells, -np.inf, -sign * rise)
        row_of = np.full(light.lit.shape, -1, dtype=np.int64)
        row_of[group, step] = rows
        put_levels(model, row_of, block, sign)
        put_levels(model, np.hstack([row_of[:, 1:], np.full((len(names), 1), -1)]), block, -sign)
        model.put(rows, columns, -np.maximum(widest[group, step], 0.0))
    return changed


def change_level_seldom(
    model: Model, names: Sequence[str], light: LightTable, changed: IntArray
) -> tuple[IntArray, IntArray]:
    """Sum of changed over one night <= most changes a night, less those it has had before the horizon.

    A night is a run of lit steps. Gives the rows and the group of each.
    """
    nights = [
        (group, first, last)
        for group in np.flatnonzero(np.isfinite(light.most_changes)).tolist()
        for first, last in light.nights(group)
    ]
    allowed = [light.changes_left(group, first, last) for group, first, last in nights]
    group = np.array([night[0] for night in nights], dtype=np.int64)
    at = Cells(names, group, np.array([night[1] for night in nights], dtype=np.int64))
    rows = model.rows("changes", at, -np.inf, np.array(allowed))
    for row, (g, first, last) in zip(rows, nights, strict=True):
        columns = changed[g, first : last + 1]
        model.put(row, columns[columns >= 0], 1.0)
    return rows, group


def dwell_at_a_level(
    model: Model, names: Sequence[str], light: LightTable, hours: FloatArray, changed: IntArray
) -> tuple[IntArray, IntArray]:
    """changed(t) + changed(s) <= 1 for each step s within the least dwell after t; the last change may be before.

    Gives the rows and the group of each.
    """
    begins_h = np.cumsum(hours) - hours
    pairs = []
    for row in np.flatnonzero(light.least_dwell_h > 0.0).tolist():
        dwell_h = float(light.least_dwell_h[row])
        settled = set(light.settled_changes(row))
        for first in np.flatnonzero((changed[row] >= 0) | np.isin(np.arange(hours.size), list(settled))).tolist():
            if first not in settled and light.still_dwells(row, first, float(begins_h[first])):
                pairs.append((row, NO_STEP, first))
            pairs += [
                (row, NO_STEP if first in settled else first, later)
                for later in steps_on_from(dwell_h, hours, first)
                if changed[row, later] >= 0 and light.night_of(row, later) == light.night_of(row, first)
            ]
    cells = np.array(pairs, dtype=np.int64).reshape(-1, 3)
    group, step, later = cells[:, 0], cells[:, 1], cells[:, 2]
    rows = model.rows("dwell", Cells(names, group, later), -np.inf, np.where(step == NO_STEP, 0.0, 1.0))
    model.put(rows, changed[group, later], 1.0)
    inside = step != NO_STEP
    model.put(rows[inside], changed[group[inside], step[inside]], 1.0)
    return rows, group
