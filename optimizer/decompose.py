"""Price decomposition: a problem of very many lighting groups that all differ, by the price of power at each node.

At given prices every group is a problem of its own and is solved exactly (`light_answer`). What ties groups together,
limits and peaks, moves only few of them: those about to dim at just that price. So, in rounds:

1. prices: at first those of the problem with much alike groups as one, then those of the last round;
2. every group is held at its level, but for the cells that hang on the price: these, and everything else in the
   problem, go into a linear program. Its plan keeps every rule of the whole, so it is a plan of the whole;
3. at the prices of that program each group answers again. What all groups together would save at these prices is what
   the plan may at most be dearer than the best: cost less that is a bound no plan goes below (Lagrange).

A cell in which plan and answer differ is free in the next round, so that costs only fall and the bound closes in.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from optimizer.arrays import ArrayModel, Matrix
from optimizer.build import Integers, Layout, write_model
from optimizer.highs import PROVED_GAP, End, HighsSession, Solution
from optimizer.light_answer import CellCost, answer_prices, cell_cost
from optimizer.narrow import hold_cells, with_alike_as_one
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray
from optimizer.progress import Progress
from optimizer.search import linear
from optimizer.tables import Tables
from optimizer.terms import Terms
from optimizer.tied import tied_groups

FREE_CELLS = 40_000  # light cells decided in one linear program
ROUNDS = 12
_APART = 1e-7  # levels


@dataclass(frozen=True, slots=True, eq=False)
class Decomposed:
    """The last round: its program with integers left free, the plan found, and by how much it may miss the best."""

    tables: Tables  # with the light held that the round did not decide
    layout: Layout
    matrix: Matrix
    solution: Solution
    regret_eur: float  # what all groups would save at the prices of the solution
    rounds: int

    @property
    def bound_eur(self) -> float:
        """A cost that no plan of the whole, with integers or without, goes below."""
        return self.solution.objective - self.regret_eur

    def told(self, solution: Solution, gap: float) -> Solution:
        """A solution of the last round's program as one of the whole: how it ended, and its bound."""
        apart = max(solution.objective - self.bound_eur, 0.0) / max(abs(solution.objective), 1e-9)
        words = f"decomposed by prices, {self.rounds} round{'s' if self.rounds > 1 else ''}"
        if apart <= PROVED_GAP:
            end = End.OPTIMAL
        else:
            end = End.FEASIBLE if apart <= gap or solution.end is not End.TIME_LIMIT else End.TIME_LIMIT
        return dataclasses.replace(solution, end=end, bound=self.bound_eur, words=words)


class Decomposition:
    """One problem on its way to a plan by prices; `integers`: cells that need one besides those asked for."""

    def __init__(
        self, problem: Problem, tables: Tables, integers: Integers, session: HighsSession, terms: Terms
    ) -> None:
        self._problem, self._tables, self._integers = problem, tables, integers
        self._session, self._terms = session, terms
        self._whole = _kept_whole(problem, tables, integers)

    def solve(self, gap: float) -> Decomposed | None:
        """Rounds until cost and bound are within the relative gap, or time is over.

        None where this is no way: the time was over before there was a plan, or light alone breaks a rule.
        """
        prices = self._rough_prices()
        answer = None if prices is None else self._answer(prices)
        if answer is None:
            return None
        level, cost = answer
        best: Decomposed | None = None
        free = self._near_their_price(cost, FREE_CELLS)
        for number in range(1, ROUNDS + 1):
            found = self._decide(level, free, best, number)
            if found.solution.end is End.INFEASIBLE and best is None and not free.all():
                # Too few cells to keep every limit: the prices were too rough.
                free = free | self._near_their_price(cost, FREE_CELLS * 4**number)
                continue
            if found.solution.end is not End.OPTIMAL or found.solution.values is None:
                break
            level = found.layout.light.levels(found.tables.light, found.solution.values)
            answer = self._answer(found.layout.prices(found.solution))
            if answer is None:
                break
            best = dataclasses.replace(found, regret_eur=self._regret(level, *answer, found))
            if best.regret_eur <= gap * abs(best.solution.objective) or self._terms.over:
                break
            cost = answer[1]
            free = (np.abs(answer[0] - level) > _APART) | self._near_their_price(cost, FREE_CELLS // 2)
        return best

    def _rough_prices(self) -> FloatArray | None:
        """EUR for one kW at each node and step (nodes, steps), of the problem with much alike groups as one."""
        problem, tables = with_alike_as_one(self._problem, self._tables)
        model = ArrayModel()
        layout = write_model(model, problem, tables)
        found = self._terms.solve(HighsSession(), linear(model.finish()))
        return None if found.row_duals is None else layout.prices(found)

    def _answer(self, prices: FloatArray) -> tuple[FloatArray, CellCost] | None:
        light = self._tables.light
        cost = cell_cost(light, self._tables.hours, prices[light.node])
        level = answer_prices(light, cost)
        return None if level is None else (level, cost)

    def _decide(self, level: FloatArray, free: BoolArray, best: Decomposed | None, number: int) -> Decomposed:
        """The linear program of one round."""
        tables = hold_cells(self._tables, level, free | self._whole)
        model = ArrayModel()
        layout = write_model(model, self._problem, tables, self._integers)
        matrix = model.finish()
        known = Progress(0.0) if best is None else Progress(0.0, 0, best.solution.objective, best.bound_eur)
        solution = self._terms.solve(self._session, linear(matrix), known=known)
        return Decomposed(tables, layout, matrix, solution, np.inf, number)

    def _regret(self, level: FloatArray, answer: FloatArray, cost: CellCost, found: Decomposed) -> float:
        """What the groups held or half free pay more than they would at these prices; those kept whole pay no more."""
        light = self._tables.light
        prices = found.layout.prices(found.solution)[light.node]
        paid = light.missing(level) * light.missing_eur_per_h[:, None] * self._tables.hours
        paid += light.power_kw(level) * prices
        more = (paid - cost.of(answer, light.floor)).sum(axis=1)
        return float(np.maximum(np.where(self._whole.any(axis=1), 0.0, more), 0.0).sum())

    def _near_their_price(self, cost: CellCost, cells: int) -> BoolArray:
        """The cells (groups, steps) whose cheapest level changes with the least change of price, so many of them."""
        light = self._tables.light
        kw = np.maximum(np.abs(light.slopes).max(axis=1) * (light.rated_kw - light.standby_kw), 1e-9)
        apart = np.where(cost.width > 0.0, np.abs(cost.slope), np.inf).min(axis=2) / kw[:, None]
        if cells >= apart.size:
            return np.asarray(np.isfinite(apart))
        return np.asarray(apart <= min(np.partition(apart, cells, axis=None)[cells], np.finfo(float).max))


def _kept_whole(problem: Problem, tables: Tables, integers: Integers) -> BoolArray:
    """Cells (groups, steps) of groups that more than the price of power ties to others: they are never held."""
    whole = tied_groups(problem)
    if integers.light_in_order is not None:
        whole |= integers.light_in_order.any(axis=1)
    return np.asarray(np.repeat(whole[:, None], tables.steps, axis=1))
