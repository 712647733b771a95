"""What is said of a command whose end an earlier run did not see, once its device has been looked at. Pure."""

from __future__ import annotations

import math

from energy_console.historian.ledger import LedgerRecord
from hardware.commands import Step, StepKind, Target, is_same, told

_AFTER = "The engine was cut off."


def was_sent(record: LedgerRecord) -> bool:
    """Whether the device may have it: the ledger is kept before the first byte goes out."""
    return any(step.kind == StepKind.SENDING for step in record.steps)


def never_sent() -> Step:
    return Step(StepKind.REFUSED, f"{_AFTER} Nothing had been sent.", closes=True)


def gone() -> Step:
    return Step(StepKind.UNKNOWN, f"{_AFTER} The site no longer has this point.", closes=True)


def settled(record: LedgerRecord, target: Target, shown: float) -> Step:
    """The last step of a command that was under way or held, by what the device shows now. It is not written again."""
    was_held = any(step.kind == StepKind.HELD for step in record.steps)
    if math.isnan(shown):
        return Step(StepKind.UNKNOWN, f"{_AFTER} The device shows no value.", closes=True)
    shows = told(target.point, shown)
    taken = record.command.value is not None and is_same(target.coded, record.command.value, shown)
    watchdog = target.watchdog
    if taken and watchdog is not None:
        text = (
            f"{_AFTER} The device shows {shows}; nobody feeds it: within {watchdog.timeout_s:g} s: {watchdog.fallback}"
        )
        return Step(StepKind.LEFT, text, shown, closes=True)
    if taken:
        return Step(StepKind.READ_BACK, f"{_AFTER} The device shows {shows}: it has taken it.", shown, closes=True)
    if was_held:
        return Step(StepKind.FELL_BACK, f"{_AFTER} The device shows {shows}: it is no longer held.", shown, closes=True)
    text = f"{_AFTER} The device shows {shows}: it has not taken it, or let go of it since. It is not written again."
    return Step(StepKind.NOT_TAKEN, text, shown, closes=True)
