"""The problem: what may be planned, between which limits, at which prices; and what must hold between its parts.

Checked where it is born (`soundness`): the grid tree, names, lengths, prices, levels, which show only when the parts
are seen together.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from optimizer.problem_parts import FAMILIES, ProblemParts
from optimizer.soundness import must_be_sound

__all__ = ["FAMILIES", "Problem", "checked"]


@dataclass(frozen=True, slots=True)
class Problem(ProblemParts):
    """Everything that shares one connection over one horizon. Raises a ProblemError that names what is wrong.

    The first `frozen_steps` steps repeat what `in_force` says for the assets it names. `against` is the need planned
    for where a forecast has a band.
    """

    def __post_init__(self) -> None:
        must_be_sound(self)


def checked(problem: Problem, **changes: object) -> Problem:
    """A problem with changes that are known to be sound, such as another order; it is not checked again."""
    changed = object.__new__(Problem)
    for field in dataclasses.fields(Problem):
        object.__setattr__(changed, field.name, changes.get(field.name, getattr(problem, field.name)))
    return changed
