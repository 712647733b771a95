"""What is known about how one device answers: counters, the last 24 hours of losses, and its state in words."""

from __future__ import annotations

import time

from hardware.field import DeviceState
from hardware.modbus import FieldError
from hardware.points import Reason

SLOTS = 24
SLOT_S = 3600.0
_GATEWAY_CODES = (10, 11)  # exceptions by which a gateway says that the device behind it is silent
_STATES = {
    Reason.TIMEOUT: "silent",
    Reason.DROPPED: "silent",
    Reason.REFUSED: "refusing",
    Reason.EXCEPTION: "refusing",
    Reason.WRONG_ANSWER: "wrong answers",
    Reason.NO_VALUE: "wrong answers",
}
_SMOOTHING = 0.2  # share of the newest round trip in the one shown


class Record:
    """Written by the task that owns the device's bus, read from anywhere (`state` makes an immutable copy)."""

    def __init__(self, device: str, timeout_s: float) -> None:
        self.device = device
        self.slow_ms = 500.0 * timeout_s
        self.requests = 0
        self.lost = 0
        self.wrong = 0
        self.last_answer_ns = 0
        self.round_trip_ms = 0.0
        self.problem: FieldError | None = None  # of the newest reading; None: it was good
        self.out_of_service = False
        self._slots = [0] * SLOTS
        self._slot = 0
        self._began = time.monotonic()

    def answered(self, round_trip_s: float, time_ns: int) -> None:
        self.requests += 1
        self.last_answer_ns = time_ns
        newest = 1000.0 * round_trip_s
        old = self.round_trip_ms
        self.round_trip_ms = newest if not old else old + _SMOOTHING * (newest - old)

    def failed(self, error: FieldError) -> None:
        self.requests += 1
        self.lost += 1
        self.wrong += error.reason is Reason.WRONG_ANSWER
        self._turn()
        self._slots[self._slot % SLOTS] += 1

    @property
    def state_name(self) -> str:
        if self.out_of_service:
            return "out of service"
        if self.problem is not None:
            if self.problem.reason is Reason.EXCEPTION and self.problem.detail in _GATEWAY_CODES:
                return "silent"
            return _STATES.get(self.problem.reason, "silent")
        if not self.last_answer_ns:
            return "starting"
        return "slow" if self.round_trip_ms > self.slow_ms else "answering"

    def state(self) -> DeviceState:
        self._turn()
        first = self._slot + 1
        return DeviceState(
            device=self.device,
            state=self.state_name,
            reason=self._reason(),
            last_answer_ns=self.last_answer_ns,
            round_trip_ms=round(self.round_trip_ms, 2),
            requests=self.requests,
            lost=self.lost,
            lost_recent=tuple(self._slots[(first + offset) % SLOTS] for offset in range(SLOTS)),
        )

    def _reason(self) -> str:
        if self.out_of_service:
            return "taken out by a person"
        if self.problem is not None:
            return self.problem.text
        return "answers take more than half of the time allowed" if self.state_name == "slow" else ""

    def _turn(self) -> None:
        """Empties the slots that have begun since the last look."""
        now = int((time.monotonic() - self._began) / SLOT_S)
        for slot in range(max(self._slot + 1, now - SLOTS + 1), now + 1):
            self._slots[slot % SLOTS] = 0
        self._slot = now
