"""The model as PuLP variables and constraints: for every solver PuLP knows, and to read a rule in a .lp file."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pulp
from numpy.typing import ArrayLike

from optimizer.highs import Solution
from optimizer.model import Cells
from optimizer.profile import FloatArray, IntArray

_NOT_IN_LP_NAMES = re.compile(r"[^A-Za-z0-9_.]")


class PulpModel:
    """Writes each column as an LpVariable and each row as an LpConstraint, or two where it is bounded on both sides."""

    def __init__(self, name: str = "plan") -> None:
        self.lp = pulp.LpProblem(name, pulp.LpMinimize)
        self._variables: list[pulp.LpVariable] = []
        self._rows: list[tuple[pulp.LpConstraint, ...]] = []
        self._costs: dict[int, float] = {}
        self._offset = 0.0
        self._names: set[str] = set()

    def columns(
        self, name: str, cells: Cells, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf, *, integer: bool = False
    ) -> IntArray:
        """See Model."""
        first = len(self._variables)
        kind = pulp.LpInteger if integer else pulp.LpContinuous
        for index, (low, high) in enumerate(_pairs(lower, upper, cells.size)):
            title = self._name(f"{name}_{cells.name(index)}")
            self._variables.append(self.lp.add_variable(title, _finite(low), _finite(high), kind))
        return np.arange(first, len(self._variables), dtype=np.int64)

    def rows(self, name: str, cells: Cells, lower: ArrayLike, upper: ArrayLike) -> IntArray:
        """See Model."""
        first = len(self._rows)
        for index, (low, high) in enumerate(_pairs(lower, upper, cells.size)):
            title = self._name(f"{name}_{cells.name(index)}")
            self._rows.append(_constraints(title, low, high))
        return np.arange(first, len(self._rows), dtype=np.int64)

    def put(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """See Model."""
        row, column, value = (part.ravel().tolist() for part in np.broadcast_arrays(rows, columns, values))
        for r, c, v in zip(row, column, value, strict=True):
            if v != 0.0:
                for constraint in self._rows[int(r)]:
                    constraint.expr.addterm(self._variables[int(c)], float(v))

    def price(self, columns: ArrayLike, eur: ArrayLike) -> None:
        """See Model."""
        column, cost = (part.ravel().tolist() for part in np.broadcast_arrays(columns, eur))
        for c, e in zip(column, cost, strict=True):
            self._costs[int(c)] = self._costs.get(int(c), 0.0) + float(e)

    def charge(self, eur: float) -> None:
        """See Model."""
        self._offset += float(eur)

    def finish(self) -> pulp.LpProblem:
        """The PuLP model of everything written; call once."""
        terms = [(self._variables[c], eur) for c, eur in self._costs.items() if eur != 0.0]
        self.lp.setObjective(pulp.LpAffineExpression(terms, constant=self._offset))
        for constraints in self._rows:
            for constraint in constraints:
                self.lp.addConstraint(constraint)
        return self.lp

    def values(self) -> FloatArray:
        """What the solver gave each column, in the order of the numbers handed out."""
        return np.array([_idle(v) if v.varValue is None else v.varValue for v in self._variables], dtype=float)

    def in_own_order(self, solution: Solution, variables: list[pulp.LpVariable]) -> Solution:
        """A solution of the lowered model, its columns being `variables`, by the numbers this model handed out.

        PuLP sorts columns by name and drops those that nothing touches; a row bounded on both sides is two of its rows.
        """
        if solution.values is None:
            return solution
        place = {variable: number for number, variable in enumerate(variables)}
        column = np.array([place.get(v, -1) for v in self._variables], dtype=np.int64)
        idle = np.array([_idle(v) for v in self._variables])
        row = np.repeat(np.arange(len(self._rows)), [len(sides) for sides in self._rows])
        duals, costs = solution.row_duals, solution.reduced_costs
        own_duals = None if duals is None else np.bincount(row, weights=duals, minlength=len(self._rows)).astype(float)
        return dataclasses.replace(
            solution,
            values=np.where(column >= 0, solution.values[column], idle),
            reduced_costs=None if costs is None else np.where(column >= 0, costs[column], 0.0),
            row_duals=own_duals,
        )

    def _name(self, wanted: str) -> str:
        """A name the .lp format takes, and that no other column or row has."""
        name = _NOT_IN_LP_NAMES.sub("_", wanted)
        if name in self._names:
            name = f"{name}__{len(self._names)}"
        self._names.add(name)
        return name


def _constraints(title: str, low: float, high: float) -> tuple[pulp.LpConstraint, ...]:
    if low == high:
        return (pulp.LpConstraint(sense=pulp.LpConstraintEQ, name=title, rhs=low),)
    sides = [
        pulp.LpConstraint(sense=sense, name=f"{title}{mark}", rhs=bound)
        for sense, mark, bound in ((pulp.LpConstraintGE, "_low", low), (pulp.LpConstraintLE, "_high", high))
        if np.isfinite(bound)
    ]
    return tuple(sides)


def _idle(variable: pulp.LpVariable) -> float:
    """What a column that no row or price touches may be: PuLP does not even show it to the solver."""
    low = -np.inf if variable.lowBound is None else variable.lowBound
    high = np.inf if variable.upBound is None else variable.upBound
    return float(min(max(0.0, low), high))


def _pairs(lower: ArrayLike, upper: ArrayLike, size: int) -> zip[tuple[float, float]]:
    low = np.broadcast_to(np.asarray(lower, dtype=float), (size,)).tolist()
    high = np.broadcast_to(np.asarray(upper, dtype=float), (size,)).tolist()
    return zip(low, high, strict=True)


def _finite(bound: float) -> float | None:
    return bound if np.isfinite(bound) else None
