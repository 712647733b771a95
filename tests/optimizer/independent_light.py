"""Light for the model of `independent`: straight from the rules in words, with nothing of `optimizer`.

Knows dimming by a gradient, floors, ceilings, ramps, neighbours, dimmer levels, least dwell, most changes; no curves.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from optimizer.problem import Problem
from tests.optimizer.independent_supplies import at

if TYPE_CHECKING:
    from tests.optimizer.independent import Sheet


def add_light(sheet: Sheet, case: Problem, drawn: dict, fixed: dict) -> None:
    """Every lighting group of a problem."""
    levels = {group.id: _group(sheet, case, drawn, fixed, group) for group in case.lighting}
    for pair in case.neighbours:
        for step in levels[pair.a].keys() & levels[pair.b].keys():
            terms = {levels[pair.a][step]: 1.0, levels[pair.b][step]: -1.0}
            sheet.row(terms, -pair.difference, pair.difference)


def _group(sheet: Sheet, case: Problem, drawn: dict, fixed: dict, one: Any) -> dict[int, int]:
    """Columns of the level in each lit step."""
    level: dict[int, int] = {}
    for step, hours in enumerate(case.horizon.steps_h):
        if not one.lit[step]:
            fixed[one.node, step] += one.off_kw
            continue
        level[step] = sheet.column(at(one.floor, step), at(one.ceiling, step))
        short = sheet.column(eur=one.missing_light_eur_per_h * hours)
        sheet.row({short: 1.0, level[step]: 1.0}, low=at(one.wanted, step))
        span = one.rated_kw - one.standby_kw
        drawn[one.node, step][level[step]] = span / one.gradient
        fixed[one.node, step] += one.standby_kw + span * (1.0 - 1.0 / one.gradient)
        if one.dimmer_levels:
            chosen = {sheet.column(0.0, 1.0, whole=1): each for each in one.dimmer_levels}
            sheet.row(dict.fromkeys(chosen, 1.0), 1.0, 1.0)
            sheet.row({level[step]: -1.0, **chosen}, 0.0, 0.0)
    _moves(sheet, case, one, level)
    return level


def _moves(sheet: Sheet, case: Problem, one: Any, level: dict[int, int]) -> None:
    """Ramps, and what changes of level are allowed, night by night."""
    edges = case.horizon.edges_h
    changed: dict[int, int] = {}
    for step, column in level.items():
        if step - 1 in level:
            before = level[step - 1]
        elif step == 0 and one.level_before is not None:
            before = sheet.column(one.level_before, one.level_before)
        else:
            continue
        if one.ramp is not None:
            sheet.row({column: 1.0, before: -1.0}, -one.ramp, one.ramp)
        changed[step] = sheet.column(0.0, 1.0, whole=1)
        sheet.row({column: 1.0, before: -1.0, changed[step]: -1.0}, high=0.0)
        sheet.row({column: -1.0, before: 1.0, changed[step]: -1.0}, high=0.0)
    for night, steps in enumerate(_nights(level)):
        moves = [changed[step] for step in steps if step in changed]
        begun = steps[0] == 0 and night == 0
        if one.most_changes is not None and moves:
            left = one.most_changes - (one.changes_so_far if begun else 0)
            sheet.row(dict.fromkeys(moves, 1.0), high=max(left, 0))
        stood = math.inf if one.unchanged_h is None else one.unchanged_h
        for step in steps:
            if step not in changed:
                continue
            if begun and edges[step] + stood < one.least_dwell_h - 1e-9:
                sheet.row({changed[step]: 1.0}, high=0.0)
            for later in steps:
                if later > step and later in changed and edges[later] - edges[step] < one.least_dwell_h - 1e-9:
                    sheet.row({changed[step]: 1.0, changed[later]: 1.0}, high=1.0)


def _nights(level: dict[int, int]) -> list[list[int]]:
    nights: list[list[int]] = []
    for step in level:
        if nights and nights[-1][-1] == step - 1:
            nights[-1].append(step)
        else:
            nights.append([step])
    return nights
