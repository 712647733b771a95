"""Forecasts with a band: which of low, expected and high need a problem is planned for."""

from __future__ import annotations

import enum
import itertools
import math

from optimizer.errors import WrongOrder
from optimizer.profile import MOST_KW, Profile, must_be_profile


class Band(enum.StrEnum):
    """The need that is planned for: sun and wind are taken at their high where the need is low, and the other way."""

    LOW = "low"
    EXPECTED = "expected"
    HIGH = "high"

    @property
    def of_supply(self) -> Band:
        """The side of a supply's own band that goes with this need."""
        return {Band.LOW: Band.HIGH, Band.HIGH: Band.LOW}.get(self, self)

    def choose(self, low: Profile | None, expected: Profile, high: Profile | None) -> Profile:
        """The profile of this side; the expected one where a side is not given."""
        side = {Band.LOW: low, Band.HIGH: high}.get(self)
        return expected if side is None else side


def must_be_band(
    title: str, field: str, low: Profile | None, expected: Profile, high: Profile | None, least: float = -math.inf
) -> None:
    """Raises a ProblemError unless low <= expected <= high wherever they can be compared. `field` ends in its unit."""
    stem, _, unit = field.rpartition("_")
    named = ((f"{stem}_low_{unit}", low), (field, expected), (f"{stem}_high_{unit}", high))
    sides = [(name, value) for name, value in named if value is not None]
    for name, value in sides:
        must_be_profile(f"{name} of {title}", value, least, MOST_KW)
    for (below, low_side), (above, high_side) in itertools.pairwise(sides):
        steps = max(len(side) if isinstance(side, tuple) else 1 for side in (low_side, high_side))
        for step in range(steps):
            a, b = (_at(side, step) for side in (low_side, high_side))
            if a is not None and b is not None and a > b + 1e-9:
                raise WrongOrder(
                    title, f"in step {step} {below} is {a:g}, above {above} of {b:g}", "correct one of the two"
                )


def _at(value: Profile, step: int) -> float | None:
    """The value in a step; None where the profile is too short, which is told elsewhere."""
    if not isinstance(value, tuple):
        return value
    return value[step] if step < len(value) else None
