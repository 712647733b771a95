"""What a plan was made of, kept with it: prices, limits, and who comes when and wants how much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.problem import Problem
from optimizer.profile import over_steps


@dataclass(frozen=True, slots=True)
class Visit:
    name: str
    arrives: dt.datetime
    departs: dt.datetime
    energy_kwh: float  # still wanted when the plan was made
    efficiency: float

    def to_state(self) -> list[Any]:
        return [
            self.name,
            self.arrives.isoformat(),
            self.departs.isoformat(),
            round(self.energy_kwh, 3),
            self.efficiency,
        ]


@dataclass(frozen=True, slots=True)
class Basis:
    import_eur_per_kwh: tuple[float, ...]  # a step
    limit_kw: Mapping[str, float]  # lowest over the horizon, by node
    visits: Mapping[str, Visit]

    def to_state(self) -> dict[str, Any]:
        return {
            "import_eur_per_kwh": [round(price, 6) for price in self.import_eur_per_kwh],
            "limit_kw": dict(self.limit_kw),
            "visits": {name: visit.to_state() for name, visit in self.visits.items()},
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Basis:
        parsed = dt.datetime.fromisoformat
        visits = {
            id_: Visit(name, parsed(arrives), parsed(departs), energy, efficiency)
            for id_, (name, arrives, departs, energy, efficiency) in state["visits"].items()
        }
        return Basis(tuple(state["import_eur_per_kwh"]), dict(state["limit_kw"]), visits)


def basis_of(problem: Problem) -> Basis:
    steps = problem.horizon.steps
    return Basis(
        tuple(map(float, over_steps(problem.tariff.import_eur_per_kwh, steps))),
        {node.id: float(np.min(over_steps(node.limit_kw, steps))) for node in problem.nodes},
        {
            session.id: Visit(
                session.name or session.id, session.arrives, session.departs, session.energy_kwh, session.efficiency
            )
            for session in problem.charging
        },
    )
