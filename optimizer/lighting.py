"""Rules of lighting groups.

A level is its target (the wanted level within floor and ceiling) less what is held back plus what is added. Both are
cut at the corners of the dimming curve, so that each piece changes power by one slope; convexity makes a plan hold back
the dear pieces first. So no row is needed for `shortfall >= wanted - level`: holding back is the shortfall.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from optimizer.dimming import write_dimming
from optimizer.light_block import LightBlock, no_rows, put_levels
from optimizer.light_table import LightTable
from optimizer.model import Cells, Model
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray
from optimizer.tables import Tables

_SAME_LEVEL = 1e-9


def write_lighting(
    model: Model, problem: Problem, tables: Tables, balance: IntArray, in_order: BoolArray | None = None
) -> LightBlock:
    """All rules of lighting. `in_order`: cells (groups, steps) that need integers to use their pieces in order."""
    light, names = tables.light, [group.id for group in problem.lighting]
    block = keep_lighting_class_minimum(model, names, light)
    pay_for_missing_light(model, light, tables.hours, block)
    draw_lighting_power(model, light, balance, block)
    if in_order is not None:
        fill_pieces_in_order(model, names, block, in_order)
    ramp_rows, ramp_group = change_level_within_ramp(model, names, light, block)
    row_of = {name: row for row, name in enumerate(names)}
    pairs = [(row_of[pair.a], row_of[pair.b], pair.difference) for pair in problem.neighbours]
    pair_rows, pair_of_row = match_neighbouring_levels(model, names, light, block, pairs)
    block = replace(block, ramp_rows=ramp_rows, ramp_group=ramp_group, pair_rows=pair_rows, pair=pair_of_row)
    return write_dimming(model, names, light, tables.hours, block)


def keep_lighting_class_minimum(model: Model, names: Sequence[str], light: LightTable) -> LightBlock:
    """floor <= level <= ceiling while lit: what is held back reaches to the floor, what is added to the ceiling.

    Levels are fractions of full light. A piece that cannot change makes no column.
    """
    parts = list(_pieces(light))
    named = ((f"{('dim', 'brighten')[n % 2]}{n // 2 or ''}", part) for n, part in enumerate(parts))
    columns = [model.columns(name, Cells(names, part[0], part[1]), 0.0, part[3]) for name, part in named]
    group, step, sign, width, slope_kw = (np.concatenate([part[k] for part in parts]) for k in range(5))
    height = np.repeat(np.arange(len(parts)), [part[0].size for part in parts])
    return LightBlock(np.concatenate(columns), group, step, sign, width, slope_kw, height)


def _pieces(light: LightTable) -> Iterator[tuple[IntArray, IntArray, FloatArray, FloatArray, FloatArray]]:
    """(group, step, sign, width, slope in kW) of every piece of the dimming curves that can change."""
    for piece in range(light.slopes.shape[1]):
        low, high = light.corners[:, piece, None], light.corners[:, piece + 1, None]
        back = np.minimum(light.target, high) - np.maximum(light.floor, low)
        added = np.minimum(light.ceiling, high) - np.maximum(light.target, low)
        slope_kw = light.slopes[:, piece] * (light.rated_kw - light.standby_kw)
        for sign, width in ((-1.0, back), (1.0, added)):
            group, step = np.nonzero(width > 0.0)
            yield group, step, np.full(group.size, sign), width[group, step], slope_kw[group]


def pay_for_missing_light(model: Model, light: LightTable, hours: FloatArray, block: LightBlock) -> None:
    """Each level held back below the wanted one costs the group's EUR for an hour of missing light, by the hour."""
    back = block.sign < 0.0
    group, step = block.group[back], block.step[back]
    # Where the floor is above the wanted level, target is the floor and nothing can be held back.
    model.price(block.columns[back], light.missing_eur_per_h[group] * hours[step])
    never = np.where(light.lit, np.maximum(light.wanted - light.target, 0.0), 0.0)
    model.charge(float((never * hours * light.missing_eur_per_h[:, None]).sum()))


def draw_lighting_power(model: Model, light: LightTable, balance: IntArray, block: LightBlock) -> None:
    """Power in kW = standby + (rated - standby) * curve(level) while lit, on the group's node.

    The power at the target level is among what is fixed; here only what a change of level adds or takes away.
    """
    model.put(balance[light.node[block.group], block.step], block.columns, -block.sign * block.slope_kw)


def fill_pieces_in_order(model: Model, names: Sequence[str], block: LightBlock, cells: BoolArray) -> None:
    """Light rises into a piece of the dimming curve only once the piece below is full. Needs an integer a border.

    Convexity sees to it where power costs something; this is for the cells where it does not.
    """
    inside = np.flatnonzero(cells[block.group, block.step])
    inside = inside[np.lexsort((block.height[inside], block.step[inside], block.group[inside]))]
    same = np.diff(block.group[inside]) + np.diff(block.step[inside]) == 0
    same &= np.diff(block.group[inside]) == 0
    low, high = inside[:-1][same], inside[1:][same]
    at = Cells(names, block.group[high], block.step[high])
    full = model.columns("full", at, 0.0, 1.0, integer=True)
    for piece, name, sign in ((low, "below", 1.0), (high, "above", -1.0)):
        # What is filled of a held-back piece is its width less the column; of an added one, the column.
        held_back = block.sign[piece] < 0.0
        start = np.where(held_back, block.width[piece], 0.0)
        rows = model.rows(name, at, *((-start, np.inf) if sign > 0.0 else (-np.inf, -start)))
        model.put(rows, block.columns[piece], block.sign[piece])
        model.put(rows, full, -block.width[piece])


def change_level_within_ramp(
    model: Model, names: Sequence[str], light: LightTable, block: LightBlock
) -> tuple[IntArray, IntArray]:
    """|level(t) - level(t-1)| <= ramp between neighbouring lit steps, and from the level before into the first.

    Gives the rows and the group of each.
    """
    if not np.isfinite(light.ramp).any():
        return no_rows(), no_rows()
    before = np.where(light.lit & np.isfinite(light.ramp)[:, None], light.target, np.nan)
    start = np.where(light.lit[:, :1], light.level_before[:, None], np.nan)
    previous = np.hstack([start, before[:, :-1]])
    rises = before - previous
    # Two frozen steps are past arguing about; two whose floors and ceilings are near enough cannot break it.
    frozen = light.frozen & _shifted(light.frozen, False)
    low, high = (np.hstack([start, bound[:, :-1]]) for bound in (light.floor, light.ceiling))
    farthest = np.maximum(light.ceiling - low, high - light.floor)
    group, step = np.nonzero(np.isfinite(rises) & (farthest > light.ramp[:, None] + _SAME_LEVEL) & ~frozen)
    rise, ramp = rises[group, step], light.ramp[group]
    rows = model.rows("ramp", Cells(names, group, step), -ramp - rise, ramp - rise)
    row_of = np.full(light.lit.shape, -1, dtype=np.int64)
    row_of[group, step] = rows
    put_levels(model, row_of, block, 1.0)
    put_levels(model, np.hstack([row_of[:, 1:], np.full((len(names), 1), -1)]), block, -1.0)
    return rows, group


def match_neighbouring_levels(
    model: Model, names: Sequence[str], light: LightTable, block: LightBlock, pairs: Sequence[tuple[int, int, float]]
) -> tuple[IntArray, IntArray]:
    """|level(a, t) - level(b, t)| <= difference, for pairs (a, b, difference) of groups, while both are lit.

    Gives the rows and the pair of each.
    """
    written = [no_rows()]
    for a, b, difference in pairs:
        steps = np.flatnonzero(light.lit[a] & light.lit[b])
        apart = light.target[a, steps] - light.target[b, steps]
        cells = Cells([f"{names[a]}_{names[b]}"], np.zeros(steps.size, np.int64), steps)
        rows = model.rows("neighbours", cells, -difference - apart, difference - apart)
        for group, sign in ((a, 1.0), (b, -1.0)):
            row_of = np.full(light.lit.shape, -1, dtype=np.int64)
            row_of[group, steps] = rows
            put_levels(model, row_of, block, sign)
        written.append(rows)
    pair = np.repeat(np.arange(len(pairs)), [rows.size for rows in written[1:]])
    return np.concatenate(written), pair.astype(np.int64)


def _shifted(cells: BoolArray, first: bool) -> BoolArray:
    """Each step's value moved to the next step."""
    return np.hstack([np.full((cells.shape[0], 1), first), cells[:, :-1]])


def _can_change(light: LightTable, block: LightBlock) -> BoolArray:
    free = np.zeros(light.lit.shape, dtype=bool)
    free[block.group, block.step] = True
    return free
