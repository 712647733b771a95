"""Guarded writes to the field: checked, read back, fed while held, released to the device's own fallback."""

from hardware.commands.commander import Commander
from hardware.commands.guard import is_same, told, why_not
from hardware.commands.holding import Hold
from hardware.commands.steps import Step, StepKind, Trace
from hardware.commands.target import Outcome, Result, Target

__all__ = [
    "Commander", "Hold", "Outcome", "Result", "Step", "StepKind", "Target", "Trace", "is_same", "told", "why_not",
]  # fmt: skip
