"""A set-point that its device would drop by itself, kept alive until it is let go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from dataclasses import dataclass, replace

from hardware.commands.guard import is_same, told
from hardware.commands.steps import UNRECORDED, Step, StepKind, Trace
from hardware.commands.target import Result, Target
from hardware.commands.writing import Writing, send
from hardware.modbus import FieldError
from hardware.profiles import Watchdog

log = logging.getLogger(__name__)

_FEED_RETRY_S = 1.0  # after the first feeding that failed; doubled after each further one
_LOOK_S = 1.0  # how often a hold that is not fed is thought about


@dataclass(frozen=True, slots=True)
class Hold:
    """A set-point kept alive. `problem` is a sentence while it cannot be fed, empty otherwise."""

    point: str
    value: float
    since_ns: int
    fed_ns: int
    problem: str


class Holding:
    """Feeds one hold in a task of its own. Only what changes is noted: a feeding that goes well is no step."""

    def __init__(
        self, target: Target, watchdog: Watchdog, value: float, trace: Trace, writing: Writing, lock: asyncio.Lock
    ) -> None:
        self.target, self.watchdog, self.trace = target, watchdog, trace
        now = time.time_ns()
        self.hold = Hold(target.point.id, value, now, now, "")
        self._writing, self._lock = writing, lock
        self._fed_at = time.monotonic()
        self._fell_back = self._was_lost = self._differed = False
        self._try_at, self._rest_s = 0.0, _FEED_RETRY_S
        self._stopped = asyncio.Event()
        self._task = asyncio.create_task(self._feed(), name=f"feed {target.point.id}")

    def end(self) -> None:
        """No feeding begins after this."""
        self._stopped.set()

    async def stop(self) -> None:
        """Ends it, and returns when a feeding under way has come to its end."""
        self.end()
        await asyncio.gather(self._task, return_exceptions=True)

    def cancel(self) -> asyncio.Task[None]:
        """Ends it without waiting, when the loop ends."""
        self._task.cancel()
        return self._task

    async def _feed(self) -> None:
        while not self._stopped.is_set():
            wait_s = min(_LOOK_S, self.watchdog.every_s) if self.hold.problem else self.watchdog.every_s
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), wait_s)
                return
            if self._is_worth_a_try():
                self._tell(await self._feed_once())
            self._say_when_it_fell_back()

    def _is_worth_a_try(self) -> bool:
        """Tries again and again, ever more seldom, until its time is over; from then on the scan finds out whether a
        lost device is back, without taking its neighbours' time for it.
        """
        now = time.monotonic()
        lost = bool(self._writing.scanner.lost_because(self.target.device))
        came_back, self._was_lost = self._was_lost and not lost, lost
        if came_back or not self.hold.problem:
            return True
        return now >= self._try_at and not (lost and self._fell_back)

    def _tell(self, problem: str) -> None:
        """Logs each change; the ledger gets the first of them and the end."""
        name, before = self.target.name, self.hold.problem
        now = time.monotonic()
        if problem:
            self._rest_s = min(2.0 * self._rest_s if before else _FEED_RETRY_S, self.watchdog.every_s)
            self._try_at = now + self._rest_s
            if problem != before:
                log.warning("%s %s", name, problem)
            if not before:
                self.trace.note(Step(StepKind.NOT_FED, f"{name} {problem}."))
        else:
            if before:
                log.info("%s is fed again", name)
            self._fed_at, self._fell_back = now, False
            self.hold = replace(self.hold, fed_ns=time.time_ns())
        self.hold = replace(self.hold, problem=problem)

    def _say_when_it_fell_back(self) -> None:
        if self.hold.problem and not self._fell_back and time.monotonic() - self._fed_at > self.watchdog.timeout_s:
            self._fell_back = True
            lost = f"Nobody could feed it for {self.watchdog.timeout_s:g} s. {self.watchdog.fallback}"
            self.trace.note(Step(StepKind.FELL_BACK, lost))

    async def _feed_once(self) -> str:
        """What went wrong, empty if nothing."""
        scanner, device = self._writing.scanner, self.target.device
        if scanner.is_out_of_service(device):
            return "is not fed: the device is out of service"
        async with self._lock:
            if self._stopped.is_set():  # while it waited for its turn
                return self.hold.problem
            try:
                shown = await self._writing.read(self.target, self.target.coded)
                if not is_same(self.target.coded, self.hold.value, shown):
                    return await self._set_again(shown)
                await scanner.on_line(device, lambda line: send(line, self.target, self.hold.value, UNRECORDED))
            except FieldError as error:
                return f"is not fed: {error.text}"
        if self.hold.problem:
            self.trace.note(Step(StepKind.FED_AGAIN, f"{self.target.name} is fed again.", self.hold.value))
        return ""

    async def _set_again(self, shown: float) -> str:
        """The device has lost the value: started anew, fallen back, or changed by hand. Looked at, then written.

        A device that goes on showing something else is tried again; only the first try is kept.
        """
        target, value = self.target, self.hold.value
        trace = UNRECORDED if self.hold.problem and self._differed else self.trace
        self._differed = True
        shows = "no value" if math.isnan(shown) else told(target.point, shown)
        said = f"The device shows {shows} instead of {told(target.point, value)}."
        trace.note(Step(StepKind.FELL_BACK, said, None if math.isnan(shown) else shown))
        outcome = await self._writing.carry_out(target, value, shown, trace)
        if outcome.result is not Result.DONE:
            return f"is not fed: {outcome.text.rstrip('.')}"
        self._differed = False
        self.trace.note(Step(StepKind.FED_AGAIN, outcome.text, outcome.read_back))
        return ""
