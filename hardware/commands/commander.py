"""Guarded writes: checked, sent once, read back; and held against the device's own watchdog until released."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import dataclass

from hardware.commands.guard import is_same, told, why_not
from hardware.modbus import DeviceLine, FieldError
from hardware.points import Point, Reason
from hardware.profiles import NotEncodable, Profile, ProfilePoint, Watchdog
from hardware.scanner import Scanner

log = logging.getLogger(__name__)

_READ_BACKS = 3  # a device may take a moment to show what it took
_SETTLE_S = 0.05
_FEED_RETRY_S = 1.0  # after a feeding that failed
_STILL_WORKING = 5  # Modbus exception 05: accepted, takes a while
_MAY_HAVE_TAKEN = (Reason.TIMEOUT, Reason.DROPPED, Reason.WRONG_ANSWER)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a write went. `text` is a sentence for a person; `read_back` None where the device could not be read."""

    ok: bool
    point: str
    value: float
    read_back: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A set-point kept alive. `problem` is a sentence while it cannot be fed, empty otherwise."""

    point: str
    value: float
    since_ns: int
    fed_ns: int
    problem: str


@dataclass(frozen=True, slots=True)
class _Target:
    device: str
    point: Point
    coded: ProfilePoint
    profile: Profile

    @property
    def watchdog(self) -> Watchdog | None:
        return self.profile.watchdog(self.coded.quantity)


class Commander:
    """Writes to the devices of a running scanner, in its loop; each device takes one command at a time."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._points = {point.id: point for point in scanner.points}
        self._locks: dict[str, asyncio.Lock] = {}
        self._written: dict[str, float] = {}  # device -> monotonic time of its last write
        self._holds: dict[str, Hold] = {}
        self._feeders: dict[str, asyncio.Task[None]] = {}

    async def write(self, point_id: str, value: float) -> Outcome:
        """Writes `value` (in the point's unit) and reads it back; never raises for what the field does.

        A set-point with a watchdog is held from then on: fed until it is released or another value is written.
        """
        target = self._target(point_id)
        if target is None:
            return Outcome(False, point_id, value, None, f"There is no point {point_id} to write to.")
        refused = why_not(target.profile, target.point, target.coded, value) or self._out_of_service(target)
        if refused:
            return Outcome(False, point_id, value, None, refused)
        async with self._locks.setdefault(target.device, asyncio.Lock()):
            result = await self._write_checked(target, value)
        if result.ok and target.watchdog is not None:
            self._start_hold(target, target.watchdog, value)
        self._scanner.read_soon(target.device)
        return result

    async def release(self, point_id: str) -> Outcome:
        """Lets go of a held set-point: the device is told where it can be, else left to fall back by itself."""
        hold = self._holds.get(point_id)
        target = self._target(point_id)
        if hold is None or target is None or target.watchdog is None:
            return Outcome(True, point_id, math.nan, None, f"{point_id} is not held.")
        self._end_hold(point_id)
        watchdog = target.watchdog
        if watchdog.release_value is None:
            text = f"{point_id} is no longer fed. {watchdog.fallback}"
            return Outcome(True, point_id, hold.value, None, text)
        result = await self.write(f"{target.device}/{watchdog.feed}", watchdog.release_value)
        text = f"{point_id} is released. {watchdog.fallback}" if result.ok else result.text
        return Outcome(result.ok, point_id, watchdog.release_value, result.read_back, text)

    def holds(self) -> tuple[Hold, ...]:
        return tuple(self._holds.values())

    async def release_all(self) -> tuple[Outcome, ...]:
        """Releases every hold, all at once."""
        return tuple(await asyncio.gather(*(self.release(point_id) for point_id in list(self._holds))))

    async def run(self) -> None:
        """Until cancelled; nothing is fed after that."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Stops feeding; the devices fall back by themselves. Call `release_all` before to let go at once."""
        feeders = list(self._feeders.values())
        for point_id in list(self._holds):
            self._end_hold(point_id)
        await asyncio.gather(*feeders, return_exceptions=True)

    # -- one write --------------------------------------------------------------------------------------------

    def _target(self, point_id: str) -> _Target | None:
        point = self._points.get(point_id)
        if point is None:
            return None
        profile = self._scanner.profile_of(point.device)
        return _Target(point.device, point, profile.point(point.quantity), profile)

    def _out_of_service(self, target: _Target) -> str:
        if self._scanner.is_out_of_service(target.device):
            return f"{target.device} is out of service; put it back before writing to it."
        return ""

    async def _write_checked(self, target: _Target, value: float) -> Outcome:
        await self._wait_for_turn(target)
        lost = ""
        try:
            await self._scanner.on_line(target.device, lambda line: _send(line, target, value))
        except NotEncodable as error:
            return self._failed(target, value, str(error))
        except FieldError as error:
            if error.reason is Reason.EXCEPTION and error.detail == _STILL_WORKING:
                lost = ""
            elif error.reason in _MAY_HAVE_TAKEN:
                lost = error.text
            else:
                return self._failed(target, value, f"{_name(target)} was not written: the device {error.text}.")
        finally:
            self._written[target.device] = time.monotonic()
        return await self._read_back(target, value, lost)

    async def _wait_for_turn(self, target: _Target) -> None:
        last = self._written.get(target.device)
        if last is not None:
            await asyncio.sleep(max(0.0, last + target.profile.write.every_min_s - time.monotonic()))

    async def _read_back(self, target: _Target, value: float, lost: str) -> Outcome:
        """Reads until the value shows. A write whose answer was lost is never sent again: it is looked at instead."""
        settle_s = max(target.profile.write.settle_ms / 1000.0, _SETTLE_S)
        read = math.nan
        why = ""
        for _ in range(_READ_BACKS):
            await asyncio.sleep(settle_s)
            try:
                read, _status = await self._scanner.on_line(target.device, lambda line: line.read_point(target.coded))
            except FieldError as error:
                why = error.text
                if lost:  # neither the write nor the look at it got an answer: the device is gone
                    break
                continue
            if is_same(target.coded, value, read):
                text = f"{_name(target)} is set to {told(target.point, value)}, and reads back so."
                return Outcome(True, target.point.id, value, read, text)
        if why and math.isnan(read):
            return self._failed(target, value, f"{_name(target)} was written but cannot be read back: {why}.")
        shows = "no value" if math.isnan(read) else told(target.point, read)
        because = f"the write got no good answer ({lost}) and the" if lost else "the"
        text = f"{_name(target)} did not take {told(target.point, value)}: {because} device shows {shows}."
        return Outcome(False, target.point.id, value, read, text)

    def _failed(self, target: _Target, value: float, text: str) -> Outcome:
        return Outcome(False, target.point.id, value, None, text)

    # -- holding ----------------------------------------------------------------------------------------------

    def _start_hold(self, target: _Target, watchdog: Watchdog, value: float) -> None:
        point_id = target.point.id
        self._end_hold(point_id)
        now = time.time_ns()
        self._holds[point_id] = Hold(point_id, value, now, now, "")
        feeding = self._feed(target, watchdog, value)
        self._feeders[point_id] = asyncio.create_task(feeding, name=f"feed {point_id}")

    def _end_hold(self, point_id: str) -> None:
        self._holds.pop(point_id, None)
        feeder = self._feeders.pop(point_id, None)
        if feeder is not None:
            feeder.cancel()

    async def _feed(self, target: _Target, watchdog: Watchdog, value: float) -> None:
        """Writes the set-point and its feed again and again; a device that was away gets both when it is back."""
        while True:
            hold = self._holds[target.point.id]
            await asyncio.sleep(min(watchdog.every_s, _FEED_RETRY_S) if hold.problem else watchdog.every_s)
            problem = await self._feed_once(target, value)
            if problem != hold.problem:
                log.log(logging.WARNING if problem else logging.INFO, "%s %s", _name(target), problem or "is fed again")
            fed = hold.fed_ns if problem else time.time_ns()
            self._holds[target.point.id] = Hold(hold.point, value, hold.since_ns, fed, problem)

    async def _feed_once(self, target: _Target, value: float) -> str:
        """What went wrong, empty if nothing."""
        if self._scanner.is_out_of_service(target.device):
            return "is not fed: the device is out of service"
        if reason := self._scanner.lost_because(target.device):
            # The scan finds out when it is back, without taking its neighbours' time for it.
            return f"is not fed: {reason}"
        async with self._locks.setdefault(target.device, asyncio.Lock()):
            try:
                await self._scanner.on_line(target.device, lambda line: _send(line, target, value))
            except FieldError as error:
                return f"is not fed: {error.text}"
        return ""


async def _send(line: DeviceLine, target: _Target, value: float) -> None:
    """Keys first, then the set-point, then what keeps it alive."""
    for key in target.profile.write.keys_for(target.coded.quantity):
        await line.write_key(key)
    await line.write_point(target.coded, value)
    watchdog = target.watchdog
    if watchdog is not None and watchdog.feed != watchdog.command and watchdog.feed_value is not None:
        await line.write_point(target.profile.point(watchdog.feed), watchdog.feed_value)


def _name(target: _Target) -> str:
    return f"{target.point.name} of {target.device}"
