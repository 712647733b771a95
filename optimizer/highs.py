"""HiGHS by arrays: `HighsSession` takes a matrix in one pass, stays warm, and tells honestly how a run ended.

Optimal, feasible at the gap asked for, time limit, cancelled, infeasible and unbounded are told apart.
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

from optimizer.arrays import Matrix
from optimizer.profile import FloatArray
from optimizer.progress import Tell
from optimizer.run import Instance

PROVED_GAP = 1e-6  # below this a solution with integers is called optimal
_ANY_NODES = 2**31 - 1
_DUAL, _PRIMAL = 1, 4  # HiGHS's numbers of simplex strategies


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
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._instance = Instance()
        self._highs = self._instance.highs
        self._held: Matrix | None = None

    def solve(
        self,
        matrix: Matrix,
        *,
        time_limit_s: float | None = None,
        gap: float = 0.0,
        cancel: threading.Event | None = None,
        tell: Tell | None = None,
        start: FloatArray | None = None,
        most_nodes: int | None = None,
        presolve: bool = False,
    ) -> Solution:
        """Solves; `gap` is the relative gap at which a search over integers may stop, `start` where it may begin.

        After `most_nodes` nodes it stops with what it has; `presolve` also without integers. `tell` hears of progress,
        in the caller's thread. Raises SolverRefused.
        """
        began = time.perf_counter()
        warm = self._take(matrix)
        # The rules are written so that presolve finds little, and takes longer than it saves: docs/decisions/0012.
        self._option("presolve", "choose" if matrix.integers or presolve else "off")
        self._option("mip_rel_gap", max(gap, PROVED_GAP / 2))
        # HiGHS counts the time of all runs of an instance together.
        self._option("time_limit", math.inf if time_limit_s is None else self._highs.getRunTime() + time_limit_s)
        self._option("mip_max_nodes", _ANY_NODES if most_nodes is None else most_nodes)
        if start is not None:
            places = np.arange(matrix.columns, dtype=np.int32)
            self._highs.setSolution(places.size, places, start)
        if not self._run(cancel, tell):
            return _nothing(End.CANCELLED, warm, time.perf_counter() - began)
        if self._highs.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            self._option("presolve", "off")
            if not self._run(cancel, tell):
                return _nothing(End.CANCELLED, warm, time.perf_counter() - began)
        return self._read(matrix, warm, time.perf_counter() - began)

    def _run(self, cancel: threading.Event | None, tell: Tell | None) -> bool:
        if self._instance.run(cancel, tell):
            return True
        self._begin_anew()  # the old instance is still busy stopping
        return False

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
        self._option("simplex_strategy", _DUAL)
        self._held = matrix
        return False

    def _change(self, held: Matrix, matrix: Matrix) -> None:
        """Hands over costs and bounds that differ. After other costs alone the last plan still keeps every rule."""
        costs = np.flatnonzero(held.cost != matrix.cost).astype(np.int32)
        columns = np.flatnonzero((held.lower != matrix.lower) | (held.upper != matrix.upper)).astype(np.int32)
        rows = np.flatnonzero((held.row_lower != matrix.row_lower) | (held.row_upper != matrix.row_upper))
        rows = rows.astype(np.int32)
        if costs.size:
            self._highs.changeColsCost(costs.size, costs, matrix.cost[costs])
        if columns.size:
            self._highs.changeColsBounds(columns.size, columns, matrix.lower[columns], matrix.upper[columns])
        if rows.size:
            self._highs.changeRowsBounds(rows.size, rows, matrix.row_lower[rows], matrix.row_upper[rows])
        self._highs.changeObjectiveOffset(matrix.offset)
        only_costs = costs.size and not columns.size and not rows.size
        self._option("simplex_strategy", _PRIMAL if only_costs else _DUAL)

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


def _nothing(end: End, warm: bool, seconds: float) -> Solution:
    return Solution(end, None, None, None, math.nan, None, seconds, 0, warm, end.value)


def _end(status: Any, has_solution: bool, gap: float) -> End:
    known = highspy.HighsModelStatus
    if status == known.kOptimal:
        return End.OPTIMAL if gap <= PROVED_GAP else End.FEASIBLE
    return {
        known.kModelEmpty: End.OPTIMAL,
        known.kSolutionLimit: End.FEASIBLE,  # of nodes, of which only a part of a search is given few
        known.kTimeLimit: End.TIME_LIMIT,
        known.kIterationLimit: End.TIME_LIMIT,
        known.kInterrupt: End.CANCELLED,
        known.kInfeasible: End.INFEASIBLE,
        known.kUnbounded: End.UNBOUNDED,
    }.get(status, End.FAILED)
