"""HiGHS behind two doors: `HighsSession` takes arrays and stays warm; `HighsArrays` is the solver PuLP is given.

PuLP's own bridge hands over one column and one row at a time and calls a stop at the time limit optimal; here a model
is lowered in one pass, and optimal, feasible, time limit, cancelled, infeasible and unbounded are told apart.
"""

from __future__ import annotations

import enum
import math
import threading
import time
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pulp

from optimizer.arrays import Matrix, by_rows
from optimizer.profile import FloatArray

PROVED_GAP = 1e-6  # below this a solution with integers is called optimal


class End(enum.Enum):
    """How a run of the solver ended. Only the first three carry a solution."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible, stopped at the gap asked for"
    TIME_LIMIT = "time limit"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """What the solver found; `values` is None where nothing keeps the rules, duals are None with integers."""

    end: End
    values: FloatArray | None
    row_duals: FloatArray | None
    reduced_costs: FloatArray | None
    objective: float
    bound: float | None
    seconds: float
    iterations: int
    warm: bool
    words: str


class SolverRefused(RuntimeError):
    """HiGHS would not take a model; a fault of this program, not of the problem."""


class HighsSession:
    """One HiGHS instance. A matrix with the rules of the one before is solved again from its last basis.

    Not for two threads at once; `cancel` may be set from any.
    """

    def __init__(self) -> None:
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._option("output_flag", False)
        self._held: Matrix | None = None
        self._cancel: threading.Event | None = None
        for events in (self._highs.cbSimplexInterrupt, self._highs.cbMipInterrupt, self._highs.cbIpmInterrupt):
            events.subscribe(self._look_for_cancel)
        self._listening = True

    def solve(
        self,
        matrix: Matrix,
        *,
        time_limit_s: float | None = None,
        gap: float = 0.0,
        cancel: threading.Event | None = None,
    ) -> Solution:
        """Solves; `gap` is the relative gap at which a search over integers may stop. Raises SolverRefused."""
        began = time.perf_counter()
        warm = self._take(matrix)
        self._listen(cancel)
        # The rules are written so that presolve finds little, and takes longer than it saves: docs/decisions/0012.
        self._option("presolve", "choose" if matrix.integers else "off")
        self._option("mip_rel_gap", max(gap, PROVED_GAP / 2))
        self._option("time_limit", math.inf if time_limit_s is None else float(time_limit_s))
        self._highs.run()
        if self._highs.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            self._run_without_presolve()
        return self._read(matrix, warm, time.perf_counter() - began)

    def _take(self, matrix: Matrix) -> bool:
        """Hands the matrix to HiGHS, or only what changed since the last one; True in the second case."""
        held, self._held = self._held, None
        if held is not None and held.same_rules(matrix) and not matrix.integers:
            self._change(held, matrix)
            self._held = matrix
            return True
        status = self._highs.passModel(
            matrix.columns,
            matrix.rows,
            matrix.nonzeros,
            int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize),
            matrix.offset,
            matrix.cost,
            matrix.lower,
            matrix.upper,
            matrix.row_lower,
            matrix.row_upper,
            matrix.starts[:-1],
            matrix.index,
            matrix.value,
            matrix.integer.astype(np.int32),
        )
        if status == highspy.HighsStatus.kError:
            raise SolverRefused("HiGHS refused the model: report this as a fault of the planner.")
        self._held = matrix
        return False

    def _change(self, held: Matrix, matrix: Matrix) -> None:
        columns = np.arange(matrix.columns, dtype=np.int32)
        rows = np.arange(matrix.rows, dtype=np.int32)
        if not np.array_equal(held.cost, matrix.cost):
            self._highs.changeColsCost(columns.size, columns, matrix.cost)
        if not (np.array_equal(held.lower, matrix.lower) and np.array_equal(held.upper, matrix.upper)):
            self._highs.changeColsBounds(columns.size, columns, matrix.lower, matrix.upper)
        if not (np.array_equal(held.row_lower, matrix.row_lower) and np.array_equal(held.row_upper, matrix.row_upper)):
            self._highs.changeRowsBounds(rows.size, rows, matrix.row_lower, matrix.row_upper)
        self._highs.changeObjectiveOffset(matrix.offset)

    def _run_without_presolve(self) -> None:
        self._option("presolve", "off")
        self._highs.run()

    def _listen(self, cancel: threading.Event | None) -> None:
        """Interrupt callbacks cost calls into Python: they are on only where someone may cancel."""
        self._cancel = cancel
        if (cancel is not None) == self._listening:
            return
        self._listening = cancel is not None
        kinds = highspy.cb.HighsCallbackType
        turn = self._highs.startCallback if self._listening else self._highs.stopCallback
        for kind in (kinds.kCallbackSimplexInterrupt, kinds.kCallbackMipInterrupt, kinds.kCallbackIpmInterrupt):
            turn(kind)

    def _look_for_cancel(self, event: Any) -> None:
        if self._cancel is not None and self._cancel.is_set():
            event.interrupt()

    def _option(self, name: str, value: object) -> None:
        self._highs.setOptionValue(name, value)

    def _read(self, matrix: Matrix, warm: bool, seconds: float) -> Solution:
        info, solution = self._highs.getInfo(), self._highs.getSolution()
        feasible = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
        status = self._highs.getModelStatus()
        end = _end(status, feasible and solution.value_valid, info.mip_gap if matrix.integers else 0.0)
        has_values = end in (End.OPTIMAL, End.FEASIBLE, End.TIME_LIMIT) and feasible
        has_duals = end is End.OPTIMAL and not matrix.integers and solution.dual_valid
        return Solution(
            end=end,
            values=np.array(solution.col_value) if has_values else None,
            row_duals=np.array(solution.row_dual) if has_duals else None,
            reduced_costs=np.array(solution.col_dual) if has_duals else None,
            objective=info.objective_function_value,
            bound=self._bound(matrix, end, info),
            seconds=seconds,
            iterations=max(info.simplex_iteration_count, 0) + max(info.ipm_iteration_count, 0),
            warm=warm,
            words=self._highs.modelStatusToString(status).lower(),
        )

    @staticmethod
    def _bound(matrix: Matrix, end: End, info: Any) -> float | None:
        """A cost no solution goes below, where HiGHS has proved one."""
        if matrix.integers:
            return float(info.mip_dual_bound) if math.isfinite(info.mip_dual_bound) else None
        return float(info.objective_function_value) if end is End.OPTIMAL else None


def _end(status: Any, has_solution: bool, gap: float) -> End:
    known = highspy.HighsModelStatus
    if status == known.kOptimal:
        return End.OPTIMAL if gap <= PROVED_GAP else End.FEASIBLE
    return {
        known.kModelEmpty: End.OPTIMAL,
        known.kTimeLimit: End.TIME_LIMIT,
        known.kIterationLimit: End.TIME_LIMIT,
        known.kInterrupt: End.CANCELLED,
        known.kInfeasible: End.INFEASIBLE,
        known.kUnbounded: End.UNBOUNDED,
    }.get(status, End.FAILED)


class HighsArrays(pulp.LpSolver):  # type: ignore[misc]
    """HiGHS as a PuLP solver: lowers the whole model to arrays in one pass, stays warm from one call to the next.

    After a solve, `solution` is the full outcome for `matrix`, whose columns are `variables`. `lp.status` and
    `lp.sol_status` are PuLP's; a stop at the time limit or at the gap is a feasible solution there, never an optimum.
    """

    name = "HighsArrays"

    def __init__(
        self,
        timeLimit: float | None = None,  # noqa: N803  PuLP's name for it
        gapRel: float = 0.0,  # noqa: N803  PuLP's name for it
        cancel: threading.Event | None = None,
        msg: bool = False,
        session: HighsSession | None = None,
    ) -> None:
        super().__init__(mip=True, msg=msg, timeLimit=timeLimit)
        self.gap = gapRel
        self.cancel = cancel
        self.session = session or HighsSession()
        self.solution: Solution | None = None
        self.matrix: Matrix | None = None
        self.variables: list[pulp.LpVariable] = []

    def available(self) -> bool:
        """HiGHS ships with the program."""
        return True

    def actualSolve(self, lp: pulp.LpProblem) -> int:
        """Solves, writes values and duals into the model, and returns PuLP's status."""
        variables = lp.variables()
        matrix = lower(lp, variables)
        found = self.session.solve(matrix, time_limit_s=self.timeLimit, gap=self.gap, cancel=self.cancel)
        self.solution, self.matrix, self.variables = found, matrix, variables
        constraints = lp.constraints()
        sign = -1.0 if lp.sense == pulp.LpMaximize else 1.0
        if found.values is not None:
            for variable, value in zip(variables, found.values.tolist(), strict=True):
                variable.varValue = value
        if found.row_duals is not None and found.reduced_costs is not None:
            for variable, dual in zip(variables, (sign * found.reduced_costs).tolist(), strict=True):
                variable.dj = dual
            for constraint, dual in zip(constraints, (sign * found.row_duals).tolist(), strict=True):
                constraint.pi = dual
        status, quality = _pulp_status(found)
        lp.assignStatus(status, quality)
        return status


def lower(lp: pulp.LpProblem, variables: list[pulp.LpVariable]) -> Matrix:
    """A PuLP model as arrays, columns in the order of `variables` and rows in that of the model's constraints.

    `variables` is `lp.variables()`, which PuLP gathers and sorts anew at each call.
    """
    place = {variable: number for number, variable in enumerate(variables)}
    constraints = lp.constraints()
    counts = np.fromiter((len(c) for c in constraints), np.int64, len(constraints))
    total = int(counts.sum())
    columns = np.fromiter((place[v] for c in constraints for v in c), np.int64, total)
    values = np.fromiter((x for c in constraints for x in c.values()), float, total)
    starts, index, value = by_rows(np.repeat(np.arange(counts.size), counts), columns, values, counts.size)
    sign = -1.0 if lp.sense == pulp.LpMaximize else 1.0
    cost = np.zeros(len(variables))
    for variable, eur in lp.objective.items():
        cost[place[variable]] = sign * eur
    return Matrix(
        cost=cost,
        lower=_bounds((v.lowBound for v in variables), -np.inf),
        upper=_bounds((v.upBound for v in variables), np.inf),
        integer=np.fromiter((v.cat == pulp.LpInteger for v in variables), bool, len(variables)),
        row_lower=_bounds((c.getLb() for c in constraints), -np.inf),
        row_upper=_bounds((c.getUb() for c in constraints), np.inf),
        starts=starts,
        index=index,
        value=value,
        offset=sign * float(lp.objective.constant or 0.0),
    )


def _bounds(values: Any, missing: float) -> FloatArray:
    return np.fromiter((missing if value is None else value for value in values), float)


def _pulp_status(found: Solution) -> tuple[int, int]:
    quality: dict[End, tuple[int, int]] = {
        End.OPTIMAL: (pulp.LpStatusOptimal, pulp.LpSolutionOptimal),
        End.FEASIBLE: (pulp.LpStatusOptimal, pulp.LpSolutionIntegerFeasible),
        End.INFEASIBLE: (pulp.LpStatusInfeasible, pulp.LpSolutionInfeasible),
        End.UNBOUNDED: (pulp.LpStatusUnbounded, pulp.LpSolutionUnbounded),
    }
    if found.end in quality:
        return quality[found.end]
    # PuLP has no word for "stopped with something in hand"; not solved, with a feasible solution, is the honest pair.
    in_hand = pulp.LpSolutionNoSolutionFound if found.values is None else pulp.LpSolutionIntegerFeasible
    return pulp.LpStatusNotSolved, in_hand
