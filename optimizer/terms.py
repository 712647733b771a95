"""On which terms a problem is to be solved: how long, how near to the best, who may call it off, who hears of it."""

from __future__ import annotations

import dataclasses
import threading
import time

from optimizer.arrays import Matrix
from optimizer.highs import HighsSession, Solution
from optimizer.profile import FloatArray
from optimizer.progress import Progress, Tell


class Terms:
    """Terms from the moment they are set."""

    def __init__(
        self, limit_s: float | None, gap: float, cancel: threading.Event | None = None, tell: Tell | None = None
    ) -> None:
        self._began = time.perf_counter()
        self._limit_s = limit_s
        self.gap = gap
        self.cancel = cancel
        self._tell = tell
        self.solver_s = 0.0  # spent in the solver so far

    def seconds(self) -> float:
        """Since the terms were set."""
        return time.perf_counter() - self._began

    def left_s(self) -> float | None:
        """Time left, a moment at least; None without a limit."""
        return None if self._limit_s is None else max(self._limit_s - self.seconds(), 0.01)

    @property
    def over(self) -> bool:
        """Whether the time is over or the solve was called off."""
        return self.cancelled or (self._limit_s is not None and self.seconds() >= self._limit_s)

    @property
    def cancelled(self) -> bool:
        """Whether the solve was called off."""
        return self.cancel is not None and self.cancel.is_set()

    def solve(
        self,
        session: HighsSession,
        matrix: Matrix,
        *,
        gap: float | None = None,
        start: FloatArray | None = None,
        most_nodes: int | None = None,
        known: Progress | None = None,
    ) -> Solution:
        """Solves within what is left of the terms. `known`: cost and bound of the whole, for a solve that is a part."""
        found = session.solve(
            matrix,
            time_limit_s=self.left_s(),
            gap=self.gap if gap is None else gap,
            cancel=self.cancel,
            tell=self.telling(known),
            start=start,
            most_nodes=most_nodes,
        )
        self.solver_s += found.seconds
        return found

    def telling(self, known: Progress | None = None) -> Tell | None:
        """Whom a part of the solve tells: seconds are those since the terms were set."""
        if self._tell is None:
            return None
        tell = self._tell

        def of_the_whole(progress: Progress) -> None:
            told = progress if known is None else dataclasses.replace(known, iterations=progress.iterations)
            tell(dataclasses.replace(told, seconds=self.seconds()))

        return of_the_whole
