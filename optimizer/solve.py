"""Problem to answer: a Plan, an explained Infeasible, or an Unsolved that says why. Match on the type.

`Planner` keeps the solver between calls: when only prices or forecasts changed, it starts from the last basis.
"""

from __future__ import annotations

import dataclasses
import enum
import threading
import time
from dataclasses import dataclass

import numpy as np

from optimizer.arrays import ArrayModel, Matrix
from optimizer.assemble import assemble, read_prices
from optimizer.build import Dispatch, Layout, read_dispatch, write_model
from optimizer.check import PlanBroken, broken_rules
from optimizer.choose import choose_among_the_cheapest, hair_eur
from optimizer.highs import End, HighsArrays, HighsSession, Solution
from optimizer.infeasible import explain_infeasible
from optimizer.merge import Merged, merge_equal_groups
from optimizer.naive import naive_dispatch
from optimizer.plan import Answer, Plan, Solved, Status, Unsolved
from optimizer.problem import Problem
from optimizer.profile import BoolArray
from optimizer.tables import Tables, tabulate
from optimizer.through_pulp import PulpModel


class Modelling(enum.Enum):
    """What carries the model to the solver; both hold the same rules and find the same cost."""

    AUTO = "auto"
    PULP = "pulp"
    ARRAYS = "arrays"


PULP_CELLS = 20_000  # planned assets x steps up to which PuLP carries the model: docs/decisions/0012
DEFAULT_GAP = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A solution with its model; `priced` is the one with duals: with integers, once they are fixed."""

    solution: Solution
    priced: Solution | None
    layout: Layout
    matrix: Matrix


class Planner:
    """Solves problems one after the other, each as warm as it can. Not for two threads at once; `cancel` is."""

    def __init__(self, modelling: Modelling = Modelling.AUTO) -> None:
        self._modelling = modelling
        self._session = HighsSession()

    def solve(
        self,
        problem: Problem,
        *,
        time_limit_s: float | None = None,
        gap: float = DEFAULT_GAP,
        cancel: threading.Event | None = None,
    ) -> Answer:
        """Plans. Over integers the search may stop at the relative `gap`; without integers a plan is optimal.

        Raises PlanBroken, never hands out a plan that breaks a hard rule.
        """
        clock = _Clock(time_limit_s)
        merged = merge_equal_groups(problem)
        tables = tabulate(merged.problem)
        found = self._find(merged.problem, tables, clock, gap, cancel)
        match found.solution.end:
            case End.INFEASIBLE:
                return explain_infeasible(problem, clock.left_s, cancel, clock.seconds)
            case End.CANCELLED:
                return Unsolved("Planning was cancelled.", clock.seconds())
            case End.UNBOUNDED | End.FAILED:
                return Unsolved(f"The solver stopped without an answer ({found.solution.words}).", clock.seconds())
        if found.solution.values is None:
            return self._fall_back(problem, merged, found, clock)
        dispatch = read_dispatch(found.layout, tables, found.solution.values)
        chosen = self._choose(merged.problem, tables, found, dispatch, clock, cancel)
        if chosen is not None:
            plan = _plan(problem, merged, tables, found, chosen, clock, True)
            if plan.cost_eur <= found.solution.objective + hair_eur(problem.wishes, found.solution.objective) + 1e-3:
                return plan
        return _plan(problem, merged, tables, found, dispatch, clock, False)

    def _find(
        self, problem: Problem, tables: Tables, clock: _Clock, gap: float, cancel: threading.Event | None
    ) -> _Found:
        """Solves; and again, with integers, where light was used in an order its curve does not have."""
        in_order: BoolArray | None = None
        while True:
            find = self._find_through_pulp if self._through_pulp(problem) else self._find_by_arrays
            found = find(problem, tables, in_order, clock, gap, cancel)
            if found.solution.values is None:
                return found
            wrong = found.layout.light.out_of_order(tables.light, found.solution.values)
            if not (wrong if in_order is None else wrong & ~in_order).any():
                return found
            in_order = wrong if in_order is None else wrong | in_order

    def _find_by_arrays(
        self,
        problem: Problem,
        tables: Tables,
        in_order: BoolArray | None,
        clock: _Clock,
        gap: float,
        cancel: threading.Event | None,
    ) -> _Found:
        model = ArrayModel()
        layout = write_model(model, problem, tables, in_order)
        matrix = model.finish()
        solution = self._session.solve(matrix, time_limit_s=clock.left_s(), gap=gap, cancel=cancel)
        return _Found(solution, _priced(matrix, solution, clock, cancel), layout, matrix)

    def _find_through_pulp(
        self,
        problem: Problem,
        tables: Tables,
        in_order: BoolArray | None,
        clock: _Clock,
        gap: float,
        cancel: threading.Event | None,
    ) -> _Found:
        model = PulpModel()
        layout = write_model(model, problem, tables, in_order)
        lp = model.finish()
        solver = HighsArrays(timeLimit=clock.left_s(), gapRel=gap, cancel=cancel, session=self._session)
        lp.solve(solver)
        assert solver.solution is not None
        assert solver.matrix is not None
        priced = _priced(solver.matrix, solver.solution, clock, cancel)
        own = [s and model.in_own_order(s, solver.variables) for s in (solver.solution, priced)]
        assert own[0] is not None
        return _Found(own[0], own[1], layout, solver.matrix)

    def _through_pulp(self, problem: Problem) -> bool:
        if self._modelling is not Modelling.AUTO:
            return self._modelling is Modelling.PULP
        planned = len(problem.lighting) + len(problem.charging) + len(problem.generation)
        return planned * problem.horizon.steps <= PULP_CELLS

    def _choose(
        self,
        problem: Problem,
        tables: Tables,
        found: _Found,
        dispatch: Dispatch,
        clock: _Clock,
        cancel: threading.Event | None,
    ) -> Dispatch | None:
        """The second solve, where there are duals to say what is free to move."""
        if found.priced is None or found.priced.reduced_costs is None:
            return None
        return choose_among_the_cheapest(
            problem, tables, found.layout, found.priced, dispatch, time_limit_s=clock.left_s(), cancel=cancel
        )

    @staticmethod
    def _fall_back(problem: Problem, merged: Merged, found: _Found, clock: _Clock) -> Answer:
        """No time for any plan of the solver: the naive case, if it keeps every rule, said to be no more than that."""
        tables = tabulate(merged.problem)
        dispatch = naive_dispatch(tables)
        if any(broken_rules(merged.problem, tables, dispatch)):
            return Unsolved(
                "The time limit came before any plan that keeps all rules: allow more time.", clock.seconds()
            )
        return _plan(problem, merged, tables, found, dispatch, clock, False)


def solve(
    problem: Problem,
    *,
    time_limit_s: float | None = None,
    gap: float = DEFAULT_GAP,
    cancel: threading.Event | None = None,
    modelling: Modelling = Modelling.AUTO,
) -> Answer:
    """Plans once, from nothing. See Planner.solve."""
    return Planner(modelling).solve(problem, time_limit_s=time_limit_s, gap=gap, cancel=cancel)


class _Clock:
    def __init__(self, limit_s: float | None) -> None:
        self._began = time.perf_counter()
        self._limit_s = limit_s

    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def left_s(self) -> float | None:
        return None if self._limit_s is None else max(self._limit_s - self.seconds(), 0.01)


def _priced(matrix: Matrix, solution: Solution, clock: _Clock, cancel: threading.Event | None) -> Solution | None:
    """The solution with duals: itself without integers, else of the linear program left once they are fixed."""
    if not matrix.integers or solution.values is None:
        return solution
    fixed = HighsSession().solve(_fix_integers(matrix, solution), time_limit_s=clock.left_s(), cancel=cancel)
    return fixed if fixed.end is End.OPTIMAL else None


def _fix_integers(matrix: Matrix, solution: Solution) -> Matrix:
    """The linear program left when every integer is what the solution has."""
    assert solution.values is not None
    whole = np.round(solution.values)
    return dataclasses.replace(
        matrix,
        lower=np.where(matrix.integer, whole, matrix.lower),
        upper=np.where(matrix.integer, whole, matrix.upper),
        integer=np.zeros_like(matrix.integer),
    )


def _plan(
    problem: Problem,
    merged: Merged,
    tables: Tables,
    found: _Found,
    dispatch: Dispatch,
    clock: _Clock,
    second_choice: bool,
) -> Plan:
    """The checked plan of a dispatch of the merged problem. Raises PlanBroken."""
    prices = read_prices(tables, found.layout, found.priced)
    if merged.problem is not problem:
        tables, dispatch = tabulate(problem), merged.split(dispatch)
    broken = tuple(broken_rules(problem, tables, dispatch))
    if broken:
        raise PlanBroken(broken)
    plan = assemble(problem, tables, dispatch, prices, _solved(found, clock, second_choice))
    return dataclasses.replace(plan, solved=_with_gap(plan, clock))


def _solved(found: _Found, clock: _Clock, second_choice: bool) -> Solved:
    solution, matrix = found.solution, found.matrix
    status = {End.OPTIMAL: Status.OPTIMAL, End.FEASIBLE: Status.FEASIBLE}.get(solution.end, Status.TIME_LIMIT)
    return Solved(
        status=status,
        gap=None,
        bound_eur=solution.bound,
        seconds=clock.seconds(),
        solver_seconds=solution.seconds,
        columns=matrix.columns,
        rows=matrix.rows,
        nonzeros=matrix.nonzeros,
        integers=matrix.integers,
        iterations=solution.iterations,
        stopped=solution.words,
        warm=solution.warm,
        second_choice=second_choice,
        priced=found.priced is not None and found.priced.row_duals is not None,
    )


def _with_gap(plan: Plan, clock: _Clock) -> Solved:
    """The gap of the plan as it is handed out, the hair of the second solve included."""
    bound = plan.solved.bound_eur
    gap = None if bound is None else max(plan.cost_eur - bound, 0.0) / max(abs(plan.cost_eur), 1e-9)
    return dataclasses.replace(plan.solved, gap=gap, seconds=clock.seconds())
