"""The solver PuLP is given: HiGHS by arrays. PuLP's own bridge hands over one column and one row at a time.

Here a model is lowered in one pass, the solver stays warm, and a stop at the time limit is never called optimal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pulp

from optimizer.arrays import Matrix, by_rows
from optimizer.highs import End, HighsSession, Solution
from optimizer.profile import FloatArray
from optimizer.progress import Progress


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
        tell: Callable[[Progress], None] | None = None,
        msg: bool = False,
        session: HighsSession | None = None,
    ) -> None:
        super().__init__(mip=True, msg=msg, timeLimit=timeLimit)
        self.gap = gapRel
        self.cancel = cancel
        self.tell = tell
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
        found = self.session.solve(
            matrix, time_limit_s=self.timeLimit, gap=self.gap, cancel=self.cancel, tell=self.tell
        )
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
