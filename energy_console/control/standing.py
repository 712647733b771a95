"""How a command stands, from the steps it has gone: one word for a list. Pure."""

from __future__ import annotations

import enum

from energy_console.historian.ledger import LedgerRecord, LedgerStep
from hardware.commands import StepKind


class Standing(enum.StrEnum):
    UNDER_WAY = "under way"
    HELD = "held"
    NOT_FED = "not fed"  # held, and cannot be fed at the moment
    DONE = "done"
    LET_GO = "let go"
    REFUSED = "refused"  # nothing was sent
    NOT_TAKEN = "not taken"
    UNKNOWN = "unknown"
    OVERTAKEN = "overtaken"


_ENDS = {
    StepKind.READ_BACK: Standing.DONE,
    StepKind.REFUSED: Standing.REFUSED,
    StepKind.NOT_TAKEN: Standing.NOT_TAKEN,
    StepKind.UNKNOWN: Standing.UNKNOWN,
    StepKind.OVERTAKEN: Standing.OVERTAKEN,
    StepKind.RELEASED: Standing.LET_GO,
    StepKind.LEFT: Standing.LET_GO,
    StepKind.FELL_BACK: Standing.LET_GO,
}


def standing_of(record: LedgerRecord) -> Standing:
    """A step of a kind that this program does not know leaves a closed command unknown."""
    last = record.steps[-1] if record.steps else None
    if last is not None and last.closes:
        return _ENDS.get(_kind(last), Standing.UNKNOWN)
    kinds = [_kind(step) for step in record.steps]
    if StepKind.HELD not in kinds:
        return Standing.UNDER_WAY
    after = [kind for kind in kinds if kind in (StepKind.HELD, StepKind.NOT_FED, StepKind.FED_AGAIN)]
    return Standing.NOT_FED if after[-1] is StepKind.NOT_FED else Standing.HELD


def _kind(step: LedgerStep) -> StepKind:
    return StepKind(step.kind) if step.kind in StepKind.__members__.values() else StepKind.UNKNOWN
