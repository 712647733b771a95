"""One value written to one device: keys first, then the value, then what keeps it alive; and looked at afterwards.

A write is never sent again blind. Only where its answer was lost, the device then still shows what it showed before,
and writing twice is the same as writing once, is it sent a second time; never a third.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field

from hardware.commands.guard import is_same, told
from hardware.commands.steps import Step, StepKind, Trace
from hardware.commands.target import Outcome, Result, Target
from hardware.modbus import DeviceLine, FieldError
from hardware.points import Quality, Reason, quality_of
from hardware.profiles import NotEncodable, ProfilePoint
from hardware.scanner import Scanner

_STILL_WORKING = 5  # Modbus exception 05: accepted, takes a while
_MAY_HAVE_TAKEN = (Reason.TIMEOUT, Reason.DROPPED, Reason.WRONG_ANSWER)


@dataclass(frozen=True, slots=True)
class _Answer:
    """How the device answered a write. `lost` and `denied` in words, empty where it confirmed."""

    lost: str = ""
    denied: str = ""
    has_it: bool = False  # it said that it is working on it


@dataclass(frozen=True, slots=True)
class _Look:
    """What the device shows; `shows`: as wanted, and alive. `value` None: it could not be read, `why` says so."""

    shows: bool
    value: float | None
    why: str = ""
    half: bool = False  # the value is there, what keeps it alive is not


@dataclass(slots=True)
class Writing:
    """Writes through a running scanner; the caller lets one command at a time to a device."""

    scanner: Scanner
    _written: dict[str, float] = field(default_factory=dict)  # device -> monotonic time of its last write

    async def read(self, target: Target, coded: ProfilePoint, *, surely: bool = False) -> float:
        """Reads one point now; NaN where the device gives it no value, or with `surely` none that is plainly good.

        Raises FieldError.
        """
        value, status = await self.scanner.on_line(target.device, lambda line: line.read_point(coded))
        least = Quality.GOOD if surely else Quality.UNCERTAIN
        return value if quality_of(status) <= least else math.nan

    async def why_locked(self, target: Target, value: float) -> str:
        """Which interlock of the device forbids the write, as a sentence; empty where none does. Raises FieldError.

        Going back to the fallback of the point is always allowed: it is what would hold without any command.
        """
        if value == target.coded.fallback_value:
            return ""
        for need in target.coded.needs:
            coded = target.profile.point(need.quantity)
            now = await self.read(target, coded, surely=True)
            if not (allowed := need.allowed).holds(now):
                states = dict(coded.states)
                shown = "not known" if math.isnan(now) else states.get(int(now), f"{now:g} {coded.unit}".strip())
                wanted = " or ".join(states.get(int(v), f"{v:g}") for v in allowed.values)
                wanted = wanted or f"{allowed.low:g} to {allowed.high:g} {coded.unit}".strip()
                return f"{target.name} was not written: {coded.name} is {shown}, and has to be {wanted}."
        return ""

    async def carry_out(
        self, target: Target, value: float, before: float, trace: Trace, pace_s: float = 0.0
    ) -> Outcome:
        """Sends `value` and reads it back. `before` is what the device showed just now, NaN for no value."""
        await self._wait_for_turn(target, pace_s)
        trace.note(Step(StepKind.SENDING, f"{told(target.point, value)} is being written."))
        if unkept := await trace.sure():
            return target.outcome(Result.REFUSED, value, f"{target.name} was not written: {unkept}")
        try:
            answer = await self._send(target, value, trace)
            look = await self._look(target, value, answer)
            if self._is_to_be_sent_again(target, answer, look, before):
                trace.note(Step(StepKind.SENT_AGAIN, "It still shows what it showed before: sent a second time."))
                answer = await self._send(target, value, trace)
                look = await self._look(target, value, answer)
        except NotEncodable as error:
            return target.outcome(Result.REFUSED, value, str(error))
        return _judged(target, value, answer, look)

    def _is_to_be_sent_again(self, target: Target, answer: _Answer, look: _Look, before: float) -> bool:
        if not answer.lost or answer.has_it or look.shows or look.value is None or not target.may_repeat:
            return False
        return look.half or is_same(target.coded, before, look.value) or (math.isnan(before) and math.isnan(look.value))

    async def _wait_for_turn(self, target: Target, pace_s: float) -> None:
        last = self._written.get(target.device)
        rest_s = max(target.profile.write.every_min_s, pace_s)
        if last is not None:
            await asyncio.sleep(max(0.0, last + rest_s - time.monotonic()))

    async def _send(self, target: Target, value: float, trace: Trace) -> _Answer:
        try:
            await self.scanner.on_line(target.device, lambda line: send(line, target, value, trace))
        except FieldError as error:
            if error.reason is Reason.EXCEPTION and error.detail == _STILL_WORKING:
                return _Answer(lost="it is still working on it", has_it=True)
            if error.reason in _MAY_HAVE_TAKEN:
                trace.note(Step(StepKind.ANSWER_LOST, f"The write got no good answer: {error.text}."))
                return _Answer(lost=error.text)
            trace.note(Step(StepKind.DENIED, f"The device {error.text}."))
            return _Answer(denied=error.text)
        finally:
            self._written[target.device] = time.monotonic()
        trace.note(Step(StepKind.WRITTEN, "The device confirmed the write."))
        return _Answer()

    async def _look(self, target: Target, value: float, answer: _Answer) -> _Look:
        """Reads until the value shows or the time for it is over; once only where the device said no."""
        rules = target.profile.write
        until = time.monotonic() + (0.0 if answer.denied else rules.read_back_within_s)
        look = _Look(False, None)
        while True:
            await asyncio.sleep(rules.settle_s)
            try:
                read = await self.read(target, target.coded)
                there = is_same(target.coded, value, read)
                alive = there and await self._is_alive(target, answer)
                look = _Look(alive, read, half=there and not alive)
            except FieldError as error:
                if answer.lost:  # neither the write nor the look at it got an answer: the device is gone
                    return _Look(False, None, error.text)
                look = _Look(False, look.value, error.text)
            if look.shows or time.monotonic() >= until:
                return look

    async def _is_alive(self, target: Target, answer: _Answer) -> bool:
        """Whether what keeps the value alive has arrived too, where nobody confirmed it. Raises FieldError."""
        watchdog = target.watchdog
        if not answer.lost or watchdog is None or watchdog.feed == watchdog.command or watchdog.feed_value is None:
            return True
        feed = target.profile.point(watchdog.feed)
        return is_same(feed, watchdog.feed_value, await self.read(target, feed))


async def send(line: DeviceLine, target: Target, value: float, trace: Trace) -> None:
    """Keys first, then the value, then what keeps it alive. Raises FieldError, NotEncodable."""
    for key in target.profile.write.keys_for(target.coded.quantity):
        await line.write_key(key)
        trace.note(Step(StepKind.KEY_WRITTEN, f"Key {key.value} was written into register {key.address}."))
    await line.write_point(target.coded, value)
    watchdog = target.watchdog
    if watchdog is not None and watchdog.feed != watchdog.command and watchdog.feed_value is not None:
        await line.write_point(target.profile.point(watchdog.feed), watchdog.feed_value)


def _judged(target: Target, value: float, answer: _Answer, look: _Look) -> Outcome:
    """What is known after the look, in a sentence. Where it is not known, that is what is said."""
    wanted = told(target.point, value)
    if look.shows and not answer.denied:
        text = f"{target.name} is set to {wanted}, and reads back so."
        return target.outcome(Result.DONE, value, text, look.value)
    if look.value is None:
        text = f"{target.name} was written but cannot be read back: {look.why}."
        if answer.denied:
            text = f"{target.name} was not written: the device {answer.denied}; it cannot be read back: {look.why}."
        return target.outcome(Result.UNKNOWN, value, text)
    shows = "no value" if math.isnan(look.value) else told(target.point, look.value)
    if answer.denied:
        text = f"{target.name} was not written: the device {answer.denied}; it shows {shows}."
        return target.outcome(Result.NOT_TAKEN, value, text, look.value)
    if answer.lost:
        text = (
            f"{target.name} was sent {wanted}, the write got no good answer ({answer.lost}) "
            f"and the device shows {shows}: it may take it later."
        )
        return target.outcome(Result.UNKNOWN, value, text, look.value)
    text = f"{target.name} did not take {wanted}: the device shows {shows}."
    return target.outcome(Result.NOT_TAKEN, value, text, look.value)
