"""A plan as it is carried out: per asset and step what to write and what to expect. Small, and kept in the store."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from energy_console.planning.basis import Basis, basis_of
from optimizer.parts import InForce
from optimizer.plan import Plan
from optimizer.problem import Problem

FORMAT = 1


class ScheduleTooNew(ValueError):
    def __init__(self, version: object) -> None:
        super().__init__(
            f"The plan in the store has format {version}, this program knows {FORMAT}: use the newer program, or "
            "approve a plan again."
        )


@dataclass(frozen=True, slots=True)
class ScheduledAsset:
    id: str
    name: str
    kind: str  # lighting | charging | load | generation
    node: str
    setpoint: tuple[float, ...]  # a level for light, kW for all else
    power_kw: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What was approved. `name` is the local time it was made, as people say it."""

    id: str
    name: str
    start: dt.datetime  # aware
    steps_h: tuple[float, ...]
    assets: tuple[ScheduledAsset, ...]
    net_kw: tuple[float, ...]
    approved_by: str = ""
    approved_at: dt.datetime | None = None
    basis: Basis | None = None  # what it was made of; older plans have none

    @property
    def end(self) -> dt.datetime:
        return self.start + dt.timedelta(hours=sum(self.steps_h))

    def step_at(self, moment: dt.datetime) -> int | None:
        """The step that a moment lies in; None before the start and after the end."""
        offset_h = (moment - self.start) / dt.timedelta(hours=1)
        if offset_h < 0.0:
            return None
        edges = itertools.accumulate(self.steps_h)
        return next((step for step, edge in enumerate(edges) if offset_h < edge), None)

    def approved(self, who: str, when: dt.datetime) -> Schedule:
        return replace(self, approved_by=who, approved_at=when)

    def in_force_from(self, moment: dt.datetime, steps: int) -> tuple[InForce, ...]:
        """Set-points from the step of a moment on, for the next problem; the last one is repeated past the end."""
        first = self.step_at(moment)
        if first is None:
            return ()
        return tuple(
            InForce(asset.id, tuple(asset.setpoint[min(first + k, len(asset.setpoint) - 1)] for k in range(steps)))
            for asset in self.assets
            if asset.kind in ("lighting", "charging")
        )

    def to_state(self) -> dict[str, Any]:
        """JSON-like, for the store."""
        return {
            "format": FORMAT,
            "id": self.id,
            "name": self.name,
            "start": self.start.isoformat(),
            "steps_h": list(self.steps_h),
            "net_kw": list(self.net_kw),
            "basis": self.basis.to_state() if self.basis is not None else None,
            "approved_by": self.approved_by,
            "approved_at": self.approved_at.isoformat() if self.approved_at else None,
            "assets": [
                [asset.id, asset.name, asset.kind, asset.node, list(asset.setpoint), list(asset.power_kw)]
                for asset in self.assets
            ],
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Schedule:
        """The inverse of `to_state`. Raises ScheduleTooNew for a format of a later program."""
        if state.get("format") != FORMAT:
            raise ScheduleTooNew(state.get("format"))
        at = state["approved_at"]
        return Schedule(
            state["id"],
            state["name"],
            dt.datetime.fromisoformat(state["start"]),
            tuple(state["steps_h"]),
            tuple(
                ScheduledAsset(id_, name, kind, node, tuple(setpoint), tuple(power))
                for id_, name, kind, node, setpoint, power in state["assets"]
            ),
            tuple(state["net_kw"]),
            state["approved_by"],
            dt.datetime.fromisoformat(at) if at else None,
            Basis.from_state(state["basis"]) if state.get("basis") else None,
        )


def schedule_of(plan: Plan, id: str, name: str, problem: Problem | None = None) -> Schedule:
    """What is carried out of a plan; with its problem also what it was made of."""
    assets = tuple(
        ScheduledAsset(
            asset.id,
            asset.name,
            asset.kind.value,
            asset.node,
            tuple(map(float, asset.setpoint)),
            tuple(map(float, asset.power_kw)),
        )
        for asset in plan.assets
    )
    horizon = plan.horizon
    return Schedule(
        id,
        name,
        horizon.start.astimezone(dt.UTC),
        horizon.steps_h,
        assets,
        tuple(map(float, plan.outcome.net_kw)),
        basis=basis_of(problem) if problem is not None else None,
    )
