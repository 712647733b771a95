"""Guarded writes: checked, sent once, read back; and held against the device's own watchdog until released."""

from __future__ import annotations

import asyncio
import math

from hardware.commands.guard import told, why_not
from hardware.commands.holding import Hold, Holding
from hardware.commands.ramp import LEAST_PACE_S, stages
from hardware.commands.steps import UNRECORDED, Step, StepKind, Trace
from hardware.commands.target import Outcome, Result, Target
from hardware.commands.writing import Writing
from hardware.modbus import FieldError
from hardware.scanner import Scanner

_FINAL = {
    Result.DONE: StepKind.READ_BACK,
    Result.REFUSED: StepKind.REFUSED,
    Result.NOT_TAKEN: StepKind.NOT_TAKEN,
    Result.UNKNOWN: StepKind.UNKNOWN,
    Result.OVERTAKEN: StepKind.OVERTAKEN,
}


class Commander:
    """Writes to the devices of a running scanner, in its loop; each device takes one command at a time."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._points = {point.id: point for point in scanner.points}
        self._locks: dict[str, asyncio.Lock] = {}
        self._writing = Writing(scanner)
        self._holdings: dict[str, Holding] = {}
        self._newest: dict[str, int] = {}  # point -> how many commands it was given

    async def write(self, point_id: str, value: float, trace: Trace = UNRECORDED) -> Outcome:
        """Writes `value` (in the point's unit) and reads it back; never raises for what the field does.

        A set-point with a watchdog is held from then on: fed until it is released or another value is written.
        """
        target = self.target(point_id)
        if target is None:
            outcome = Outcome(Result.REFUSED, point_id, value, None, f"There is no point {point_id} to write to.")
        elif refused := why_not(target.profile, target.point, target.coded, value) or self._out_of_service(target):
            outcome = target.outcome(Result.REFUSED, value, refused)
        else:
            outcome = await self._write(target, value, trace)
            self._scanner.read_soon(target.device)
        watchdog = target.watchdog if target is not None and outcome.ok else None
        trace.note(Step(_FINAL[outcome.result], outcome.text, _known(outcome.read_back), closes=watchdog is None))
        if target is not None and watchdog is not None:
            trace.note(Step(StepKind.HELD, f"Fed every {watchdog.every_s:g} s.", _known(outcome.read_back)))
            self._end_hold(target)  # one that a command beside this one has begun in the meantime
            holding = Holding(target, watchdog, outcome.value, trace, self._writing, self._lock(target))
            self._holdings[point_id] = holding
        return outcome

    async def release(self, point_id: str, because: str = "") -> Outcome:
        """Lets go of a held set-point: the device is told where it can be, else left to fall back by itself.

        `because` is a sentence for the ledger: who lets go, and why.
        """
        self._newest[point_id] = self._newest.get(point_id, 0) + 1  # a change in steps goes no further
        holding = self._holdings.pop(point_id, None)
        if holding is None:
            return Outcome(Result.DONE, point_id, math.nan, None, f"{point_id} is not held.")
        await holding.stop()
        outcome = await self._tell_release(holding)
        kind = StepKind.RELEASED if outcome.read_back is not None else StepKind.LEFT
        holding.trace.note(Step(kind, f"{because} {outcome.text}".strip(), closes=True))
        self._scanner.read_soon(holding.target.device)
        return outcome

    def holds(self) -> tuple[Hold, ...]:
        return tuple(holding.hold for holding in self._holdings.values())

    async def release_all(self, because: str = "") -> tuple[Outcome, ...]:
        """Releases every hold, all at once; changes in steps go no further."""
        for point_id in self._newest:
            self._newest[point_id] += 1
        return tuple(await asyncio.gather(*(self.release(point_id, because) for point_id in list(self._holdings))))

    async def read(self, point_id: str) -> float:
        """What the device shows now, NaN for no good value. Raises KeyError, FieldError."""
        target = self.target(point_id)
        if target is None:
            raise KeyError(point_id)
        async with self._lock(target):
            return await self._writing.read(target, target.coded)

    def why_lost(self, point_id: str) -> str:
        """Why the device of a point does not answer at the moment; empty while it does, or where there is none."""
        target = self.target(point_id)
        return "" if target is None else self._scanner.lost_because(target.device)

    async def close(self) -> None:
        """Stops feeding; the devices fall back by themselves. Call `release_all` before to let go at once."""
        holdings, self._holdings = list(self._holdings.values()), {}
        for holding in holdings:
            text = f"No longer fed. {holding.watchdog.fallback}"
            holding.trace.note(Step(StepKind.LEFT, text, closes=True))
        await asyncio.gather(*(holding.cancel() for holding in holdings), return_exceptions=True)

    def target(self, point_id: str) -> Target | None:
        point = self._points.get(point_id)
        if point is None:
            return None
        profile = self._scanner.profile_of(point.device)
        return Target(point.device, point, profile.point(point.quantity), profile)

    # -- one command ------------------------------------------------------------------------------------------

    def _lock(self, target: Target) -> asyncio.Lock:
        return self._locks.setdefault(target.device, asyncio.Lock())

    def _out_of_service(self, target: Target) -> str:
        if self._scanner.is_out_of_service(target.device):
            return f"{target.device} is out of service; put it back before writing to it."
        return ""

    async def _write(self, target: Target, value: float, trace: Trace) -> Outcome:
        """The interlocks, then the value, in as many steps as the point's rate asks for."""
        number = self._newest[target.point.id] = self._newest.get(target.point.id, 0) + 1
        async with self._lock(target):
            try:
                if locked := await self._writing.why_locked(target, value):
                    return target.outcome(Result.REFUSED, value, locked)
                before = await self._writing.read(target, target.coded)
            except FieldError as error:
                text = f"{target.name} was not written: the device cannot be asked first, {error.text}."
                return target.outcome(Result.REFUSED, value, text)
            pace_s = max(LEAST_PACE_S, target.profile.write.every_min_s) if target.coded.rate_per_s else 0.0
            start = _start(target, before)
            if target.coded.rate_per_s and math.isnan(start):
                text = f"{target.name} was not written: it shows no value, so nobody knows how far it would change."
                return target.outcome(Result.REFUSED, value, text)
            way = stages(start, value, target.coded.rate_per_s, pace_s, target.coded.never_between)
            self._note_check(target, before, way, pace_s, trace)
            outcome = await self._writing.carry_out(target, way[0], before, trace, pace_s)
            if outcome.result is not Result.REFUSED:
                self._end_hold(target)
        for stage in way[1:]:
            if not outcome.ok or self._newest[target.point.id] != number:
                break
            trace.note(Step(StepKind.READ_BACK, outcome.text, _known(outcome.read_back)))
            async with self._lock(target):
                outcome = await self._next_stage(target, stage, outcome, trace, pace_s)
        if outcome.ok and outcome.value != value:
            text = f"{target.name} is at {told(target.point, outcome.value)}: a newer command goes on from there."
            return target.outcome(Result.OVERTAKEN, value, text, outcome.read_back)
        return outcome

    async def _next_stage(self, target: Target, stage: float, last: Outcome, trace: Trace, pace_s: float) -> Outcome:
        outcome = await self._writing.carry_out(target, stage, last.value, trace, pace_s)
        if outcome.result is Result.REFUSED:  # on its way already, so it is not as if nothing had been sent
            return target.outcome(Result.NOT_TAKEN, stage, outcome.text, last.read_back)
        return outcome

    def _note_check(self, target: Target, before: float, way: tuple[float, ...], pace_s: float, trace: Trace) -> None:
        shows = "no value" if math.isnan(before) else told(target.point, before)
        trace.note(Step(StepKind.CHECKED, f"It may be written; the device shows {shows}.", _known(before)))
        if len(way) > 1:
            text = f"Faster than it may change: in {len(way)} steps over {(len(way) - 1) * pace_s:g} s."
            trace.note(Step(StepKind.IN_STEPS, text))

    def _end_hold(self, target: Target) -> None:
        """What was held before is not fed on: feeding it would undo what has just been sent. Called under the lock."""
        before = self._holdings.pop(target.point.id, None)
        if before is not None:
            before.end()
            before.trace.note(Step(StepKind.OVERTAKEN, "Another value was commanded.", closes=True))

    async def _tell_release(self, holding: Holding) -> Outcome:
        """Writes what lets go at once, where the device has such a thing. `read_back` None: it was not told."""
        target, watchdog = holding.target, holding.watchdog
        falls_back = f"within {watchdog.timeout_s:g} s: {watchdog.fallback}"
        if watchdog.fed_by_any_request:  # it is read on, and that feeds it
            falls_back = f"once the console reads it no more, {falls_back}"
        if watchdog.release_value is None:
            return target.outcome(Result.DONE, holding.hold.value, f"{target.point.id} is no longer fed; {falls_back}")
        feed = self.target(f"{target.device}/{watchdog.feed}")
        assert feed is not None  # the loader refuses a watchdog whose feed is no point
        if lost := self._scanner.lost_because(target.device):
            text = f"{target.point.id} is no longer fed, and cannot be told so ({lost}); {falls_back}"
            return target.outcome(Result.UNKNOWN, watchdog.release_value, text)
        async with self._lock(target):
            try:
                before = await self._writing.read(feed, feed.coded)
            except FieldError as error:
                text = f"{target.point.id} is no longer fed, but cannot be told so ({error.text}); {falls_back}"
                return target.outcome(Result.UNKNOWN, watchdog.release_value, text)
            outcome = await self._writing.carry_out(feed, watchdog.release_value, before, UNRECORDED)
        if not outcome.ok:
            text = f"{outcome.text} It is no longer fed; {falls_back}"
            return target.outcome(outcome.result, watchdog.release_value, text)
        text = f"{target.point.id} is released. {watchdog.fallback}"
        return target.outcome(Result.DONE, watchdog.release_value, text, outcome.read_back)


def _start(target: Target, before: float) -> float:
    """Where a ramp begins: what the device shows, else what holds when nobody commands."""
    if math.isnan(before) and target.coded.fallback_value is not None:
        return target.coded.fallback_value
    return before


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
