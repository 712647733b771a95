"""What a planner does before the model is written, done again only where the problem changed.

A plan is asked for again every few minutes with other prices or forecasts, and everything else as it was: then the
parts are sorted, merged and in tables already. What is the same is known by being the same values in memory.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from optimizer.build import Dispatch
from optimizer.merge import Merged, merge_equal_groups
from optimizer.naive import naive_dispatch
from optimizer.order import in_one_order
from optimizer.problem import Problem, checked
from optimizer.tables import Tables, tabulate, with_other_prices_and_loads

_MAY_CHANGE = ("tariff", "loads")


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A problem in one order, with equal groups merged, as tables; and the naive case of the merged problem."""

    asked: Problem
    ordered: Problem
    merged: Merged
    tables: Tables
    at_once: Dispatch


class Preparation:
    """Prepares one problem after the other; holds on to the last."""

    def __init__(self) -> None:
        self._last: Prepared | None = None

    def prepare(self, problem: Problem) -> Prepared:
        """What `in_one_order`, `merge_equal_groups`, `tabulate` and `naive_dispatch` give."""
        last = self._last
        again = None if last is None else _again(last, problem)
        self._last = again or _anew(problem)
        return self._last


def _anew(problem: Problem) -> Prepared:
    ordered = in_one_order(problem)
    merged = merge_equal_groups(ordered)
    tables = tabulate(merged.problem)
    return Prepared(problem, ordered, merged, tables, naive_dispatch(tables))


def _again(last: Prepared, problem: Problem) -> Prepared | None:
    """The last preparation with another tariff and other loads of the same places; None where more has changed."""
    asked, rest = last.asked, (f.name for f in dataclasses.fields(Problem) if f.name not in _MAY_CHANGE)
    if any(getattr(problem, name) is not getattr(asked, name) for name in rest):
        return None
    places = [[(load.id, load.node) for load in one.loads] for one in (problem, asked)]
    if places[0] != places[1] or problem.tariff.carbon_eur_per_t != asked.tariff.carbon_eur_per_t:
        return None
    ordered = in_one_order(checked(last.ordered, tariff=problem.tariff, loads=problem.loads))
    if last.merged.problem is last.ordered:
        merged = Merged(ordered, last.merged.row)
    else:
        merged = Merged(checked(last.merged.problem, tariff=ordered.tariff, loads=ordered.loads), last.merged.row)
    tables = with_other_prices_and_loads(last.tables, merged.problem)
    # Heat is made in the order of its price, so there the naive case hangs on the tariff too.
    same = problem.loads is asked.loads and not problem.heat_makers
    return Prepared(problem, ordered, merged, tables, last.at_once if same else naive_dispatch(tables))
