"""What a plan is compared with, each by its name and under the same physics, prices and account as the plan.

None of them breaks a limit to look cheap: vehicles wait where a limit is full, light is dimmed where even that is not
enough, and what a baseline cannot keep is told with it.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass

import numpy as np

from optimizer.build import Dispatch
from optimizer.cheapest_slot import when_cheapest
from optimizer.check import broken_rules
from optimizer.costs import account
from optimizer.naive import naive_dispatch
from optimizer.order import in_one_order, outcome_in_order_of, rows_in_order_of
from optimizer.plan import Outcome
from optimizer.problem import Problem
from optimizer.profile import FloatArray, over_steps
from optimizer.tables import Tables, tabulate


class Baseline(enum.StrEnum):
    """The ways of running everything that a plan's saving may be stated against."""

    NAIVE = "naive"  # full wanted light, charge at once
    FIXED_DIMMING = "fixed dimming profile"  # light as today's profiles have it, charge at once
    CHEAPEST_SLOT = "cheapest slot"  # full wanted light, vehicles, batteries and pumps take the cheapest slots left


@dataclass(frozen=True, slots=True, eq=False)
class BaselineCase:
    """What a baseline comes to. While `broken` is not empty, its cost is not one to beat."""

    baseline: Baseline
    outcome: Outcome
    broken: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        return not self.broken

    @property
    def cost_eur(self) -> float:
        return self.outcome.cost.total_eur


def run_baselines(problem: Problem) -> tuple[BaselineCase, ...]:
    """Every baseline of a problem, in the order of their names' list."""
    ordered = in_one_order(problem)
    tables, rows = tabulate(ordered), rows_in_order_of(ordered, problem)
    found = (_case(ordered, tables, baseline) for baseline in Baseline)
    return tuple(dataclasses.replace(c, outcome=outcome_in_order_of(c.outcome, problem, rows)) for c in found)


def _case(problem: Problem, tables: Tables, baseline: Baseline) -> BaselineCase:
    dispatch = _dispatch(problem, tables, baseline)
    broken = tuple(broken_rules(problem, tables, dispatch))
    return BaselineCase(baseline, account(problem, tables, dispatch).outcome, broken)


def _dispatch(problem: Problem, tables: Tables, baseline: Baseline) -> Dispatch:
    match baseline:
        case Baseline.NAIVE:
            return naive_dispatch(tables)
        case Baseline.FIXED_DIMMING:
            light = dataclasses.replace(tables.light, target=_fixed_levels(problem, tables))
            return naive_dispatch(dataclasses.replace(tables, light=light))
        case Baseline.CHEAPEST_SLOT:
            return naive_dispatch(tables, when_cheapest(problem.tariff.import_cost_eur_per_kwh(tables.steps)))


def _fixed_levels(problem: Problem, tables: Tables) -> FloatArray:
    """Today's levels as far as floor and ceiling let them; the wanted ones of a group that has no fixed profile."""
    levels = tables.light.target.copy()
    for row, group in enumerate(problem.lighting):
        if group.fixed is not None:
            levels[row] = over_steps(group.fixed, tables.steps)
    return np.clip(levels, tables.light.floor, tables.light.ceiling)
