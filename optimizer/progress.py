"""How far a solve has come, told while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

TELL_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Progress:
    """Seconds since the solver began, and what it has: `cost_eur` of the best so far, `bound_eur` that none goes below.

    Either is None while there is none: a linear program has both only at its end.
    """

    seconds: float
    iterations: int = 0
    cost_eur: float | None = None
    bound_eur: float | None = None

    @property
    def gap(self) -> float | None:
        """(cost - bound) / |cost|; None while one of the two is missing."""
        if self.cost_eur is None or self.bound_eur is None:
            return None
        return max(self.cost_eur - self.bound_eur, 0.0) / max(abs(self.cost_eur), 1e-9)


Tell = Callable[[Progress], None]
