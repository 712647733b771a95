"""The command ledger as it is kept: what was asked of the field, and every step that came of it. It only grows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LedgerCommand:
    """What was asked of one point. `id` counts up over the life of a store."""

    id: int
    asked_ns: int
    device: str
    point: str
    value: float | None  # in the point's unit; None: to let go of it
    who: str
    why: str
    plan: str = ""  # id of the plan that asks; empty where a person does


@dataclass(frozen=True, slots=True)
class LedgerStep:
    """One thing that happened to a command. `closes`: the last one there will be."""

    command: int
    time_ns: int
    kind: str
    text: str
    value: float | None = None  # what the device showed, where the step looked at it
    closes: bool = False


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """A command with its steps in the order they happened."""

    command: LedgerCommand
    steps: tuple[LedgerStep, ...]

    @property
    def is_open(self) -> bool:
        """Something is still to come: it is under way, or the device is held."""
        return not any(step.closes for step in self.steps)
