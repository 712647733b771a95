"""Limits that are forecast to be broken whatever is planned: told, and lifted there, so that all else is planned."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from hardware.points import Float64Array
from optimizer.build import node_power_kw
from optimizer.naive import naive_dispatch
from optimizer.parts import Node
from optimizer.problem import Problem
from optimizer.profile import over_steps
from optimizer.tables import tabulate

_ROOM_KW = 0.01  # above what is forecast, so that the solver's rounding does not break the limit again


@dataclass(frozen=True, slots=True)
class Overload:
    """A node that carries more than it may in [first, last), by `most_kw` at its worst."""

    node: str
    name: str
    limit_kw: float
    first: dt.datetime
    last: dt.datetime
    most_kw: float

    def words(self, zone: dt.tzinfo) -> str:
        first, last = self.first.astimezone(zone), self.last.astimezone(zone)
        return (
            f"{self.name} is forecast {self.most_kw:,.0f} kW beyond its {self.limit_kw:,.0f} kW "
            f"at {first:%H:%M}-{last:%H:%M}, whatever is planned"
        )


def lift_what_cannot_be_kept(problem: Problem) -> tuple[Problem, tuple[Overload, ...]]:
    """The problem with each limit raised where loads, at the least light and with nobody charging, are beyond it.

    A plan adds nothing there then; without this there would be none at all while it is needed most.
    """
    if not problem.nodes:
        return problem, ()
    least_kw = _least_kw(problem)
    steps = problem.horizon.steps
    nodes: list[Node] = []
    found: list[Overload] = []
    for row, node in enumerate(problem.nodes):
        limit = over_steps(node.limit_kw, steps)
        beyond = np.flatnonzero(least_kw[row] > limit)
        if not beyond.size:
            nodes.append(node)
            continue
        raised = np.maximum(limit, least_kw[row] + _ROOM_KW)
        nodes.append(replace(node, limit_kw=tuple(map(float, np.where(least_kw[row] > limit, raised, limit)))))
        worst = int(beyond[np.argmax((least_kw[row] - limit)[beyond])])
        first, last = problem.horizon.begin(int(beyond[0])), problem.horizon.begin(int(beyond[-1]) + 1)
        most = float(least_kw[row, worst] - limit[worst])
        found.append(Overload(node.id, node.name or node.id, float(limit[worst]), first, last, most))
    return (replace(problem, nodes=tuple(nodes)), tuple(found)) if found else (problem, ())


def _least_kw(problem: Problem) -> Float64Array:
    """Power of each node with light at its floor, nobody charging and all sources giving; shape (nodes, steps)."""
    tables = tabulate(problem)
    full = naive_dispatch(tables)
    light = np.where(tables.light.lit, tables.light.floor, 0.0)
    least = replace(full, level=light, charge_kw=np.zeros_like(full.charge_kw), used_kw=tables.source_max_kw)
    return np.asarray(node_power_kw(tables, least))
