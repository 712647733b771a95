"""Machines that are on or off: what it takes to ask for that. A value only, checked where it is born."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.profile import must_be_number


@dataclass(frozen=True, slots=True)
class Switching:
    """A machine's least load while on, what a start costs, and for how long it stays on or off. Needs integers.

    `least_kw` is heat for a heat pump or boiler, fuel for a CHP, power for a pump. `on_before` is whether it runs just
    before the horizon and `since_h` for how many hours it has been so (None: long enough for anything).
    """

    least_kw: float
    start_eur: float = 0.0
    least_on_h: float = 0.0
    least_off_h: float = 0.0
    on_before: bool = False
    since_h: float | None = None

    def must_suit(self, title: str, most_kw: float) -> None:
        """Raises a ProblemError unless this makes sense for the machine of this title, which does `most_kw` at most."""
        # A machine that is on at no load could stay on for nothing, and no start would ever be paid for.
        must_be_number(f"switching.least_kw of {title}", self.least_kw, 1e-3, max(most_kw, 1e-3))
        for field in ("start_eur", "least_on_h", "least_off_h"):
            must_be_number(f"switching.{field} of {title}", getattr(self, field), 0.0)
        if self.since_h is not None:
            must_be_number(f"switching.since_h of {title}", self.since_h, 0.0)
