"""What happens to one command, step by step, and who is told: the ledger of whoever commands."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol


class StepKind(enum.StrEnum):
    """Kept in ledgers: words are never reused for something else."""

    REFUSED = "refused"  # nothing was sent
    CHECKED = "checked"
    IN_STEPS = "in steps"  # faster than the point may change: sent little by little
    SENDING = "sending"  # kept before the first byte goes out: from here on the device may have it
    KEY_WRITTEN = "key written"
    WRITTEN = "written"  # the device confirmed it
    DENIED = "denied"  # the device answered with an exception
    ANSWER_LOST = "answer lost"
    SENT_AGAIN = "sent again"
    READ_BACK = "read back"
    NOT_TAKEN = "not taken"
    UNKNOWN = "unknown"
    HELD = "held"
    NOT_FED = "not fed"
    FELL_BACK = "fell back"
    FED_AGAIN = "fed again"
    OVERTAKEN = "overtaken"
    RELEASED = "released"
    LEFT = "left"  # no longer fed, and not told: its watchdog lets go


@dataclass(frozen=True, slots=True)
class Step:
    """`value` is what the device showed, in the point's unit, where the step looked. `closes`: nothing comes after."""

    kind: StepKind
    text: str
    value: float | None = None
    closes: bool = False


class Trace(Protocol):
    """One command's place in a ledger. Called in the scanner's loop."""

    def note(self, step: Step) -> None:
        """Keeps a step; never blocks, never raises."""

    async def sure(self) -> str:
        """Returns when every step noted survives a crash; a sentence where it cannot be kept: then nothing is sent."""


class Unrecorded:
    """For whoever keeps no ledger: a tool, a bench."""

    def note(self, step: Step) -> None:
        pass

    async def sure(self) -> str:
        return ""


UNRECORDED = Unrecorded()
