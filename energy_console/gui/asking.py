"""When a page asks the store again: every so often while live, and while replaying whenever the moment has moved on.

One question of a kind is under way at a time, so that a slow store is never asked faster than it answers.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Hashable
from typing import Any

from energy_console.gui.desk import Desk
from energy_console.historian.interface import Historian
from energy_console.historian.until import as_known_at

_LONGEST_REST_S = 3.0
_NEAR_S = 3600.0  # an answer of a moment this near may stay on screen until the next one comes


class Asking:
    """One kind of question, about one subject at a time.

    `every_s`: how old an answer may get while live. `moved_s`: how far the moment of the past may move from that of
    the last answer (back: not at all); 0: it is asked for each moment. The store is asked as it was known then.
    """

    def __init__(self, desk: Desk, every_s: float, moved_s: float = 0.0) -> None:
        self._desk, self.every_s, self._moved_s = desk, every_s, moved_s
        self._subject: Hashable = None
        self._asked_s: float | None = None  # None: nothing was asked of this subject
        self._asked_for: dt.datetime | None = None
        self._answered: tuple[Hashable, dt.datetime | None] | None = None
        self._rested_s = -1e18
        self._turn = 0
        self._under_way = False

    def forget(self) -> None:
        """Asks anew at the next look, whatever is known."""
        self._turn += 1
        self._asked_s = self._answered = None
        self._under_way = False

    @property
    def holds(self) -> bool:
        """Whether the last answer is of the time shown, or of a moment so near that it may stay until the next one."""
        if self._answered is None or self._answered[0] != self._subject:
            return False
        moment, known = self._desk.time.moment, self._answered[1]
        if moment is None or known is None:
            return moment is known
        return abs((moment - known).total_seconds()) <= max(_NEAR_S, 2 * self._moved_s)

    def due(self, subject: Hashable) -> bool:
        """Whether `ask` would ask now."""
        moment = self._desk.time.moment
        if self._asked_s is None or subject != self._subject or (moment is None) != (self._asked_for is None):
            return True
        if self._under_way:
            return False
        if moment is None or self._asked_for is None:
            return time.monotonic() - self._asked_s > self.every_s
        if self._answered is not None and time.monotonic() < self._rested_s:
            return False
        return moment < self._asked_for or (moment - self._asked_for).total_seconds() >= max(self._moved_s, 1e-6)

    def ask(
        self,
        subject: Hashable,
        question: Callable[[Historian], Any],
        take: Callable[[Any], None],
        again: Callable[[], None],
    ) -> None:
        """Asks if it is due. `take` gets the answer, unless another subject or time is looked at by then; a failure
        goes to the status line. `again` is called when the moment has moved on far enough while it was answered.
        """
        if not self.due(subject):
            return
        moment = self._desk.time.moment
        if subject != self._subject or self._under_way:
            self._turn += 1  # what is under way is of no use any more
        self._subject, self._asked_s, self._asked_for, self._under_way = subject, time.monotonic(), moment, True
        turn, asked_s = self._turn, time.monotonic()

        def answered(result: Any) -> None:
            if turn != self._turn:
                return
            self._under_way = False
            if (moment is None) != self._desk.time.live:
                return
            if isinstance(result, Exception):
                self._desk.said.emit(str(result))
                return
            self._answered = (subject, moment)
            # while the clock of the past runs, a slow question leaves the store to the others half of the time
            self._rested_s = time.monotonic() + min(time.monotonic() - asked_s, _LONGEST_REST_S)
            take(result)
            if moment is not None and self.due(subject):
                again()

        if moment is None:
            self._desk.query(question, answered)
        else:
            moment_ns = round(moment.timestamp() * 1e9)
            self._desk.query(lambda historian: question(as_known_at(historian, moment_ns)), answered)
