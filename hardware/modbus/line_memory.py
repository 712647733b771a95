"""What has been heard on a line without transaction numbers, so that an answer that comes twice is seen as one.

RTU numbers no request. Behind a gateway an answer can come late, twice, or out of the next connection, and where it has
the unit, function and length of the one awaited, nothing in it tells it apart. So look-alikes are kept apart in time,
and an answer that repeats an earlier one byte for byte has to prove itself. What is left, no client can know; see
docs/quality.md.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass

from hardware.modbus.answers import Awaited

REPEAT_SHARE = 0.75
"""Of the timeout: an answer to what is asked so soon after another one is looked at for being a repetition of it. Below
1, so that polling once a timeout a device whose values stand still costs nothing."""

DISTRUST_S = 600.0
"""How long a gateway that has said too much is asked look-alikes with a distance; elsewhere that only costs time."""

_SLACK_S = 0.002
_SETTLING = 1.5  # times the slowest answer of late: who has not spoken by then has nothing under way
_PROVING, _PROVING_SLACK_S = 3.0, 0.02
_FADING = 0.98  # of the slowest answer, at each answer
_MOST_HEARD = 512

Question = tuple[int, int, int, int]  # unit, function, address, count


class Doubt(enum.Enum):
    NONE = 0
    SAME_QUESTION = 1  # the answer before to the same question, word for word
    OTHER_QUESTION = 2  # the answer to another question, word for word


@dataclass(slots=True)
class _Heard:
    question: Question
    at: float


class LineMemory:
    """Belongs to one connection and outlives its reconnections. Times are monotonic seconds.

    Only a gateway gives an answer twice: without one between (`gateway` false) only what was given up is remembered.
    """

    def __init__(self, timeout_s: float, gateway: bool) -> None:
        self._timeout_s = timeout_s
        self._gateway = gateway
        self._late: dict[int, float] = {}  # unit -> until when it may still answer what was given up
        self._look: Awaited | None = None  # of the newest answer
        self._answered_at = 0.0
        self._distrusted_until = 0.0
        self._slowest_s = 0.0
        self._heard: dict[tuple[Awaited, bytes], _Heard] = {}
        self._newest: dict[Question, tuple[bytes, float]] = {}

    @property
    def settle_s(self) -> float:
        """Silence after which nothing more is to be expected of a line that answers as it did of late."""
        return min(self._timeout_s, _SETTLING * self._slowest_s + _SLACK_S)

    @property
    def prove_s(self) -> float:
        """Silence before an answer in doubt is asked for anew: the true one would have come by then.

        The whole timeout behind a gateway that is distrusted; elsewhere devices that show one value in two places would
        cost that at every change for nothing.
        """
        if self._is_distrusted():
            return self._timeout_s
        return min(self._timeout_s, _PROVING * self._slowest_s + _PROVING_SLACK_S)

    def ask_not_before(self, awaited: Awaited) -> float:
        """When a request may go out: a unit that was given up is left alone, a look-alike keeps its distance."""
        alike = self._gateway and awaited == self._look and self._is_distrusted()
        return max(self._late.get(awaited.unit, 0.0), self._answered_at + self.settle_s if alike else 0.0)

    def given_up(self, unit: int, now: float) -> None:
        """Its answer may still come, for as long again as it was waited for."""
        self._late[unit] = now + self._timeout_s

    def _is_distrusted(self) -> bool:
        return time.monotonic() < self._distrusted_until

    def distrust(self, now: float) -> None:
        """It has said what nobody asked for: for a while, look-alikes keep their distance on it."""
        self._distrusted_until = now + DISTRUST_S

    def opened(self, now: float) -> None:
        """A gateway may have kept what was given up for the next connection, whenever that came."""
        if self._gateway:
            for unit, until in self._late.items():
                self._late[unit] = max(until, now + self._timeout_s)

    def answered(self, awaited: Awaited, took_s: float, now: float) -> None:
        self._late.pop(awaited.unit, None)
        self._look, self._answered_at = awaited, now
        self._slowest_s = max(took_s, _FADING * self._slowest_s)

    def doubt(self, question: Question, awaited: Awaited, payload: bytes, asked_at: float) -> Doubt:
        """Whether an answer may be an earlier one that has come again."""
        before = self._heard.get((awaited, payload)) if self._gateway else None
        repeat_s = REPEAT_SHARE * self._timeout_s
        if before is None or asked_at - before.at > repeat_s:
            return Doubt.NONE
        own, own_at = self._newest.get(question, (b"", 0.0))
        if own == payload:
            # Standing still is nothing to wonder at; only a quick repetition may be the same answer twice.
            return Doubt.SAME_QUESTION if asked_at - own_at < repeat_s else Doubt.NONE
        return Doubt.OTHER_QUESTION

    def believe(self, question: Question, awaited: Awaited, payload: bytes, now: float) -> None:
        if not self._gateway:
            return
        if len(self._heard) >= _MOST_HEARD:
            old = now - self._timeout_s
            self._heard = {key: heard for key, heard in self._heard.items() if heard.at > old}
        self._heard[awaited, payload] = _Heard(question, now)
        self._newest[question] = (payload, now)
