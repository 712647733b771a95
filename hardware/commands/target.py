"""The point a command goes to, with everything its profile says of it; and how a command went."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from hardware.points import Point
from hardware.profiles import Profile, ProfilePoint, Watchdog
from hardware.profiles.model import Purpose


class Result(enum.Enum):
    DONE = "done"  # read back
    REFUSED = "refused"  # nothing was sent
    NOT_TAKEN = "not taken"  # the device shows another value
    UNKNOWN = "unknown"  # sent, and what became of it cannot be told
    OVERTAKEN = "overtaken"  # a newer command to the same point came while this one was on its way


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a write went. `text` is a sentence for a person; `read_back` None where the device could not be read."""

    result: Result
    point: str
    value: float
    read_back: float | None
    text: str

    @property
    def ok(self) -> bool:
        return self.result is Result.DONE


@dataclass(frozen=True, slots=True)
class Target:
    device: str
    point: Point
    coded: ProfilePoint
    profile: Profile

    @property
    def watchdog(self) -> Watchdog | None:
        return self.profile.watchdog(self.coded.quantity)

    @property
    def name(self) -> str:
        return f"{self.point.name} of {self.device}"

    @property
    def may_repeat(self) -> bool:
        """Whether writing the same value twice is the same as writing it once. A request asks a person each time."""
        return self.coded.purpose is not Purpose.REQUEST

    def outcome(self, result: Result, value: float, text: str, read_back: float | None = None) -> Outcome:
        return Outcome(result, self.point.id, value, read_back, text)
