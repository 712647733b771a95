"""How late readings start, kept as a histogram so that a year of running takes no more memory than a minute."""

from __future__ import annotations

_STEP_S = 0.001
_STEPS = 5000  # everything later than 5 s falls into the last step


class Lateness:
    """Times between when a reading was due and when it began."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forgets what was counted."""
        self._counts = [0] * (_STEPS + 1)
        self.total = 0
        self.worst_s = 0.0

    def add(self, late_s: float) -> None:
        step = int(late_s / _STEP_S)
        self._counts[0 if step < 0 else min(step, _STEPS)] += 1
        self.total += 1
        if late_s > self.worst_s:
            self.worst_s = late_s

    def quantile_s(self, share: float) -> float:
        """The lateness that `share` of all readings do not exceed, rounded up to a millisecond; 0 before any."""
        wanted, seen = share * self.total, 0
        for step, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min((step + 1) * _STEP_S, self.worst_s)
        return 0.0
