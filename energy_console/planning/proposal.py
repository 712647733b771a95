"""What the planner says to whoever looks: the newest proposal, the plan in force, and how it stands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from energy_console.planning.causes import Cause
from energy_console.planning.schedule import Schedule
from optimizer.plan import Answer
from optimizer.problem import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """One answer of the optimizer to one problem. `name` is the local time it was made: "14:30"."""

    id: str
    name: str
    made: dt.datetime
    problem: Problem
    answer: Answer
    causes: tuple[Cause, ...] = ()  # what is otherwise than when the plan in force was made
    because: str = ""  # why it was made now; empty where it was time for it
    warnings: tuple[str, ...] = ()  # limits that are forecast to be broken whatever is planned


@dataclass(frozen=True, slots=True)
class Followed:
    """How one commanded asset does in the step that runs."""

    asset: str
    kind: str
    setpoint: float
    written: bool | None  # read back as written; None: not written yet
    text: str  # what the field answered


@dataclass(frozen=True, slots=True, eq=False)
class PlanNews:
    """Immutable; sent as EngineNews.plan whenever one of its parts has changed."""

    solving: bool = False
    sentence: str = ""  # why there is no proposal, or what was just done
    proposal: Proposal | None = None
    in_force: Schedule | None = None
    followed: float | None = None  # 0..1, over all that is commanded
    assets: tuple[Followed, ...] = field(default=())
