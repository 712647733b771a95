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

_FEED_RETRY_S = 1.0  # after a feeding that failed


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
        self._fell_back = False
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
            every_s = min(self.watchdog.every_s, _FEED_RETRY_S) if self.hold.problem else self.watchdog.every_s
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), every_s)
                return
            problem = await self._feed_once()
            self._tell(problem)

    def _tell(self, problem: str) -> None:
        """Keeps and logs the change, never the repetition."""
        name, before = self.target.name, self.hold.problem
        if problem and problem != before:
            log.warning("%s %s", name, problem)
            self.trace.note(Step(StepKind.NOT_FED, f"{name} {problem}."))
        elif before and not problem:
            log.info("%s is fed again", name)
        if problem and not self._fell_back and time.monotonic() - self._fed_at > self.watchdog.timeout_s:
            self._fell_back = True
            lost = f"Nobody could feed it for {self.watchdog.timeout_s:g} s. {self.watchdog.fallback}"
            self.trace.note(Step(StepKind.FELL_BACK, lost))
        if not problem:
            self._fed_at, self._fell_back = time.monotonic(), False
            self.hold = replace(self.hold, fed_ns=time.time_ns())
        self.hold = replace(self.hold, problem=problem)

    async def _feed_once(self) -> str:
        """What went wrong, empty if nothing."""
        scanner, device = self._writing.scanner, self.target.device
        if scanner.is_out_of_service(device):
            return "is not fed: the device is out of service"
        if reason := scanner.lost_because(device):
            # The scan finds out when it is back, without taking its neighbours' time for it.
            return f"is not fed: {reason}"
        async with self._lock:
            if self._stopped.is_set():  # while it waited for its turn
                return self.hold.problem
            try:
                shown = await self._writing.read(self.target, self.target.coded)
                if is_same(self.target.coded, self.hold.value, shown):
                    await scanner.on_line(device, lambda line: send(line, self.target, self.hold.value, UNRECORDED))
                else:
                    return await self._set_again(shown)
            except FieldError as error:
                return f"is not fed: {error.text}"
        if self.hold.problem:
            self.trace.note(Step(StepKind.FED_AGAIN, f"{self.target.name} is fed again.", self.hold.value))
        return ""

    async def _set_again(self, shown: float) -> str:
        """The device has lost the value: started anew, fallen back, or changed by hand. Looked at, then written."""
        target, value = self.target, self.hold.value
        shows = "no value" if math.isnan(shown) else told(target.point, shown)
        said = f"The device shows {shows} instead of {told(target.point, value)}."
        self.trace.note(Step(StepKind.FELL_BACK, said, None if math.isnan(shown) else shown))
        outcome = await self._writing.carry_out(target, value, shown, self.trace)
        if outcome.result is not Result.DONE:
            return f"is not fed: {outcome.text.rstrip('.')}"
        self.trace.note(Step(StepKind.FED_AGAIN, outcome.text, outcome.read_back))
        return ""
