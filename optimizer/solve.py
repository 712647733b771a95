"""Problem to answer: a Plan, an explained Infeasible, or an Unsolved that says why. Match on the type.

`Planner` keeps the solver between calls: when only prices or forecasts changed, it starts from the last basis.
"""

from __future__ import annotations

import dataclasses
import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass

from optimizer.arrays import ArrayModel, Matrix
from optimizer.assemble import assemble, read_prices
from optimizer.build import NO_INTEGERS, Dispatch, Integers, Layout, read_dispatch, write_model
from optimizer.check import PlanBroken, broken_rules
from optimizer.choose import Cheapest, choose_among_the_cheapest, hair_eur
from optimizer.decompose import Decomposition
from optimizer.highs import End, HighsSession, Solution
from optimizer.infeasible import explain_infeasible
from optimizer.merge import Merged
from optimizer.naive import naive_dispatch
from optimizer.order import in_order_of
from optimizer.plan import Answer, Plan, Solved, Status, Unsolved
from optimizer.preparation import Preparation, Prepared
from optimizer.problem import Problem
from optimizer.progress import Tell
from optimizer.pulp_bridge import HighsArrays
from optimizer.search import IntegerSearch, fix_integers
from optimizer.tables import Tables, tabulate
from optimizer.terms import Terms
from optimizer.through_pulp import PulpModel
from optimizer.tied import tied_groups
from optimizer.useful_light import within_use


class Modelling(enum.Enum):
    """What carries the model to the solver; both hold the same rules and find the same cost."""

    AUTO = "auto"
    PULP = "pulp"
    ARRAYS = "arrays"


PULP_CELLS = 20_000  # planned assets x steps up to which PuLP carries the model: docs/decisions/0012
SEARCH_COLUMNS = 5_000  # from here a search over integers begins with the linear program
DECOMPOSE_CELLS = 400_000  # lighting groups x steps from which a problem is solved by prices: docs/decisions/0014
PRICE_GAP = 1e-3
DEFAULT_GAP = 1e-4
_CENT_TENTH = 1e-3  # EUR: rounding between the account and the solver


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A solution with its model; `priced` is the one with duals: with integers, once they are fixed."""

    solution: Solution
    priced: Solution | None
    layout: Layout
    tables: Tables
    matrix: Matrix
    price_rounds: int = 0
    own_matrix: Callable[[], Matrix] | None = None  # in the order of the layout, where `matrix` is in the solver's


class Planner:
    """Solves problems one after the other, each as warm as it can. Not for two threads at once; `cancel` is."""

    def __init__(self, modelling: Modelling = Modelling.AUTO) -> None:
        self._modelling = modelling
        self._session = HighsSession()
        self._search = IntegerSearch(self._session)
        self._preparation = Preparation()

    def solve(
        self,
        problem: Problem,
        *,
        time_limit_s: float | None = None,
        gap: float = DEFAULT_GAP,
        cancel: threading.Event | None = None,
        tell: Tell | None = None,
        decompose: bool | None = None,
    ) -> Answer:
        """Plans. Over integers the search may stop at the relative `gap`; without integers a plan is optimal.

        `cancel` may be set from any thread and is answered within a fifth of a second; `tell` hears of progress, in
        the caller's thread. `decompose`: solve by prices, to within PRICE_GAP of a bound; None: where the lighting is
        of that size. The order of the parts plays no part. Raises PlanBroken, never hands out a plan that breaks a
        hard rule.
        """
        terms = Terms(time_limit_s, gap, cancel, tell)
        prepared = self._preparation.prepare(problem)
        answer = self._solve(prepared, terms, decompose)
        reordered = isinstance(answer, Plan) and prepared.ordered is not problem
        return in_order_of(answer, problem) if isinstance(answer, Plan) and reordered else answer

    def _solve(self, prepared: Prepared, terms: Terms, decompose: bool | None) -> Answer:
        problem, merged, tables = prepared.ordered, prepared.merged, prepared.tables
        if decompose is None:
            decompose = len(merged.problem.lighting) * problem.horizon.steps >= DECOMPOSE_CELLS
        useful = within_use(merged.problem, tables, tied_groups(merged.problem))
        task = _Task(problem, merged, tables, prepared.at_once, useful, terms, decompose)
        found = self._find(task)
        match found.solution.end:
            case End.INFEASIBLE:
                return explain_infeasible(problem, terms.left_s, terms.cancel, terms.seconds)
            case End.CANCELLED:
                return Unsolved("Planning was cancelled.", terms.seconds())
            case End.UNBOUNDED | End.FAILED:
                return Unsolved(f"The solver stopped without an answer ({found.solution.words}).", terms.seconds())
        if found.solution.values is None:
            return _fall_back(task, found)
        dispatch = read_dispatch(found.layout, found.tables, found.solution.values)
        return _second_choice(task, found) or _plan(task, found, dispatch, second_choice=False)

    def _find(self, task: _Task) -> _Found:
        """Solves; and again, with integers, where light was used out of order or a battery did two things at once."""
        find = self._find_through_pulp if self._through_pulp(task.merged.problem) else self._find_by_arrays
        if task.decompose:
            find = self._find_by_prices
        integers = NO_INTEGERS
        while True:
            found = find(task, integers)
            if found.solution.values is None:
                return found
            wrong = found.layout.wrong(found.tables, found.solution.values)
            if not wrong.goes_beyond(integers):
                return found
            integers = integers.joined(wrong)

    def _find_by_arrays(self, task: _Task, integers: Integers) -> _Found:
        model = ArrayModel()
        layout = write_model(model, task.merged.problem, task.useful, integers)
        matrix, terms = model.finish(), task.terms
        if matrix.integers and matrix.columns >= SEARCH_COLUMNS:
            searched = self._search.search(matrix, layout.without_integers(task.merged.problem, task.useful), terms)
            return _Found(searched.solution, searched.priced, layout, task.useful, matrix)
        solution = terms.solve(self._session, matrix)
        return _Found(solution, _priced(matrix, solution, terms), layout, task.useful, matrix)

    def _find_by_prices(self, task: _Task, integers: Integers) -> _Found:
        terms, gap = task.terms, max(task.terms.gap, PRICE_GAP)
        last = Decomposition(task.merged.problem, task.useful, integers, self._session, terms).solve(gap)
        if last is None:
            return self._find_by_arrays(task, integers)
        solution = priced = last.solution
        if last.matrix.integers:
            searched = self._search.search(
                last.matrix, last.layout.without_integers(task.merged.problem, last.tables), terms
            )
            solution, priced = searched.solution, searched.priced or last.solution
        if solution.values is not None:
            solution = last.told(solution, gap)
        return _Found(solution, priced, last.layout, last.tables, last.matrix, last.rounds)

    def _find_through_pulp(self, task: _Task, integers: Integers) -> _Found:
        model, terms = PulpModel(), task.terms
        layout = write_model(model, task.merged.problem, task.useful, integers)
        solver = HighsArrays(terms.left_s(), terms.gap, terms.cancel, terms.telling(), session=self._session)
        model.finish().solve(solver)
        assert solver.solution is not None
        assert solver.matrix is not None
        priced = _priced(solver.matrix, solver.solution, terms)
        solution = model.in_own_order(solver.solution, solver.variables)
        own = priced and model.in_own_order(priced, solver.variables)

        def own_matrix() -> Matrix:
            again = ArrayModel()
            write_model(again, task.merged.problem, task.useful, integers)
            return again.finish()

        return _Found(solution, own, layout, task.useful, solver.matrix, own_matrix=own_matrix)

    def _through_pulp(self, problem: Problem) -> bool:
        if self._modelling is not Modelling.AUTO:
            return self._modelling is Modelling.PULP
        planned = sum(len(family) for family in problem.families) - len(problem.loads)
        return planned * problem.horizon.steps <= PULP_CELLS


def solve(
    problem: Problem,
    *,
    time_limit_s: float | None = None,
    gap: float = DEFAULT_GAP,
    cancel: threading.Event | None = None,
    tell: Tell | None = None,
    decompose: bool | None = None,
    modelling: Modelling = Modelling.AUTO,
) -> Answer:
    """Plans once, from nothing. See Planner.solve."""
    planner = Planner(modelling)
    return planner.solve(problem, time_limit_s=time_limit_s, gap=gap, cancel=cancel, tell=tell, decompose=decompose)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A problem on its way to a plan; `tables` are those of the merged problem, `useful` with less light to decide."""

    problem: Problem
    merged: Merged
    tables: Tables
    at_once: Dispatch  # the naive case of the merged problem
    useful: Tables
    terms: Terms
    decompose: bool


def _priced(matrix: Matrix, solution: Solution, terms: Terms) -> Solution | None:
    """The solution with duals: itself without integers, else of the linear program left once they are fixed."""
    if not matrix.integers or solution.values is None:
        return solution
    found = terms.solve(HighsSession(), fix_integers(matrix, solution.values))
    return found if found.end is End.OPTIMAL else None


def _second_choice(task: _Task, found: _Found) -> Plan | None:
    """The plan the wishes prefer; None without duals to say what is free, or where there is nothing to gain."""
    if found.priced is None or found.priced.row_duals is None:
        return None
    matrix = found.matrix if found.own_matrix is None else found.own_matrix()
    best = Cheapest(task.merged.problem, found.tables, found.layout, matrix, found.priced)
    values = choose_among_the_cheapest(best, time_limit_s=task.terms.left_s(), cancel=task.terms.cancel)
    if values is None:
        return None
    chosen = read_dispatch(found.layout, found.tables, values)
    if found.layout.wrong(found.tables, values).any:
        return None
    try:
        plan = _plan(task, found, chosen, second_choice=True)
    except PlanBroken:  # by a rounding of the second solve; the plan of the first is checked by itself
        return None
    most = found.solution.objective + hair_eur(task.problem.wishes, found.solution.objective) + _CENT_TENTH
    return plan if plan.cost_eur <= most else None


def _fall_back(task: _Task, found: _Found) -> Answer:
    """No time for any plan of the solver: the naive case, if it keeps every rule, said to be no more than that."""
    dispatch = task.at_once
    if any(broken_rules(task.merged.problem, task.tables, dispatch)):
        reason = "The time limit came before any plan that keeps all rules: allow more time."
        return Unsolved(reason, task.terms.seconds())
    return _plan(task, found, dispatch, second_choice=False)


def _plan(task: _Task, found: _Found, dispatch: Dispatch, *, second_choice: bool) -> Plan:
    """The checked plan of a dispatch of the merged problem. Raises PlanBroken."""
    problem, tables, at_once = task.problem, task.tables, task.at_once
    prices = read_prices(tables, found.layout, found.priced)
    if task.merged.problem is not problem:
        tables, dispatch = tabulate(problem), task.merged.split(dispatch)
        at_once = naive_dispatch(tables)
    broken = tuple(broken_rules(problem, tables, dispatch))
    if broken:
        raise PlanBroken(broken)
    plan = assemble(problem, tables, dispatch, prices, _solved(found, task.terms, second_choice), at_once)
    return dataclasses.replace(plan, solved=_with_gap(plan, task.terms))


def _solved(found: _Found, terms: Terms, second_choice: bool) -> Solved:
    solution, matrix = found.solution, found.matrix
    status = {End.OPTIMAL: Status.OPTIMAL, End.FEASIBLE: Status.FEASIBLE}.get(solution.end, Status.TIME_LIMIT)
    return Solved(
        status=status,
        gap=None,
        bound_eur=solution.bound,
        seconds=terms.seconds(),
        solver_seconds=max(terms.solver_s, solution.seconds),
        columns=matrix.columns,
        rows=matrix.rows,
        nonzeros=matrix.nonzeros,
        integers=matrix.integers,
        iterations=solution.iterations,
        stopped=solution.words,
        warm=solution.warm,
        second_choice=second_choice,
        priced=found.priced is not None and found.priced.row_duals is not None,
        price_rounds=found.price_rounds,
    )


def _with_gap(plan: Plan, terms: Terms) -> Solved:
    """The gap of the plan as it is handed out, the hair of the second solve included."""
    bound = plan.solved.bound_eur
    gap = None if bound is None else max(plan.cost_eur - bound, 0.0) / max(abs(plan.cost_eur), 1e-9)
    return dataclasses.replace(plan.solved, gap=gap, seconds=terms.seconds())
