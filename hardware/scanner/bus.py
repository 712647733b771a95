"""The owner of one link: its connections, whose turn it is on them, and what a lost device may cost the others."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from hardware.field import LinkSpec
from hardware.modbus import Connection, DeviceLine, FieldError, address_of
from hardware.modbus.pace import Pace, pace_of
from hardware.points import Reason
from hardware.scanner.admission import Admission
from hardware.scanner.lateness import Lateness
from hardware.scanner.reading import hand_over_loss, is_partly_answered, probe_device, read_device
from hardware.scanner.task import DeviceTask
from hardware.scanner.turns import Turns

log = logging.getLogger(__name__)
T = TypeVar("T")

_MOST_ASIDE = 16  # turns that wait at once for the rests of their devices; more would hold up the errands
_TELL_AGAIN_S = 5.0  # a device that is lost says so this often (or at its own pace), whether it was asked or not
_SETTLING_S = 5.0  # so long after its return a link may still be finding its feet, and losses on it count little
_AGAIN_S = 0.5
_AFTER_A_DROP_S = 0.2  # the first time a connection breaks it is hardly the device that was just asked


@dataclass(frozen=True, slots=True)
class _Errand:
    """Work that goes before the scan: a command, a probe, or a question to a unit nobody knows yet."""

    task: DeviceTask | None  # the device it is about, where it is one of the site
    work: Callable[[Connection], Awaitable[Any]]
    done: asyncio.Future[Any]

    def end(self, _work: asyncio.Task[None]) -> None:
        """Whoever waits is told even where the work was cancelled before it began."""
        self.done.cancel()


class Bus:
    """`connections` workers share the turns of the devices; RTU links have one, since there is one wire behind."""

    def __init__(self, link: LinkSpec, lateness: Lateness, changed: Callable[[DeviceTask], None]) -> None:
        """Raises BadLink."""
        self.link = link
        self.address = address_of(link)
        self.turns = Turns(link.timeout_s, self.address.is_rtu)
        self._lateness = lateness
        self._changed = changed
        self._errands: deque[_Errand] = deque()
        self._sleepers: set[asyncio.Future[None]] = set()
        self._connections = 1 if self.address.is_rtu else max(1, link.connections)
        self._lost_because: FieldError | None = None  # the link as a whole, when no connection can be made
        self._back_at = -_SETTLING_S  # monotonic
        self._closed_until = 0.0  # monotonic: nobody is asked before, since no connection would be tried
        self._gateway_busy_until = 0.0  # monotonic: behind a probe whose wait was cut short it may still be waiting
        self._stopping = False
        self._pace = Pace(self.address.is_rtu, link.silence_ms / 1000.0)
        self._admission = Admission(link.id, ())
        self._aside: set[asyncio.Task[None]] = set()  # turns and errands that wait for the pace of their own device

    @property
    def is_slow(self) -> bool:
        """True where one request takes a noticeable part of a second, so that readings are better spread."""
        return self.address.is_rtu or self.link.silence_ms > 0 or any(task.silence_s for task in self.tasks)

    @property
    def tasks(self) -> list[DeviceTask]:
        return self.turns.tasks

    def add(self, task: DeviceTask) -> None:
        self.turns.add(task)
        self._pace.agree(task.spec.unit, pace_of(task.group.decoder.profile))

    async def run(self) -> None:
        """Until cancelled; the connections are closed then, and errands still waiting are told."""
        for task in self.tasks:
            self.turns.put(task)
        connections = [Connection(self.address, self.link.timeout_s, self._pace) for _ in range(self._connections)]
        self._admission = Admission(self.link.id, connections)
        workers = [
            asyncio.create_task(self._work(connection), name=f"bus {self.link.id}") for connection in connections
        ]
        try:
            ended, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            for worker in ended:
                worker.result()
        finally:
            # Python 3.11 loses a cancellation that meets the end of a wait_for (in pymodbus), hence the flag too,
            # and hence no gather above, which would wait for a worker that missed it.
            self._stopping = True
            for worker in (*workers, *self._aside):
                worker.cancel()
            await asyncio.gather(*workers, *self._aside, return_exceptions=True)
            for connection in connections:
                connection.close()
            for errand in self._errands:
                errand.done.cancel()

    async def call(self, task: DeviceTask, work: Callable[[DeviceLine], Awaitable[T]]) -> T:
        """Does `work` on this bus as soon as a connection is free, before the scan. Raises what it raises."""

        def with_device(connection: Connection) -> Awaitable[T]:
            return work(DeviceLine(connection, task.group.decoder, task.spec.unit, task.placement))

        return await self._errand(task, with_device)

    async def visit(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """The same with the bare connection, for units that no device of the site has."""
        return await self._errand(None, work)

    async def _errand(self, task: DeviceTask | None, work: Callable[[Connection], Awaitable[T]]) -> T:
        if self._stopping:
            raise FieldError(Reason.REFUSED, "is not reached: the scan has ended")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._errands.append(_Errand(task, work, done))
        self._wake()
        return await done

    def hurry(self, task: DeviceTask) -> None:
        """Makes a device due now, or as soon as it may be read again: written to, or put back into service."""
        task.due = max(time.monotonic(), self._pace.readable_at(task.spec.unit))
        task.read_all_next()
        self.turns.put(task)
        self._wake()

    def tell_again(self, now: float, now_ns: int) -> None:
        """Who is lost stays bad: said again and again, so that nothing that is made of it goes on with an old value."""
        for task in self.tasks:
            lost = task.failures or self._lost_because is not None
            if lost and not task.record.out_of_service and now - task.told_at >= max(_TELL_AGAIN_S, task.every_s):
                task.told_at = now
                task.group.tell_again(task.row, now_ns)

    # -- whose turn it is -------------------------------------------------------------------------------------

    async def _work(self, connection: Connection) -> None:
        while not self._stopping:
            await self._admission.wait_until_allowed(connection)
            if self._errands:
                errand = self._errands.popleft()
                if errand.done.done():
                    continue  # whoever asked has given up
                aside = await self._do(_run_errand(connection, errand), errand.task)
                if aside is not None:
                    aside.add_done_callback(errand.end)
                continue
            task = self._next()
            if task is not None:
                await self._do(self._turn(connection, task), task)
            else:
                await self._sleep()

    async def _do(self, work: Coroutine[Any, Any, None], task: DeviceTask | None) -> asyncio.Task[None] | None:
        """Here and now; or aside, where the device has rests that its neighbours need not share."""
        full = len(self._aside) >= _MOST_ASIDE
        if task is None or full or not self._pace.rests(task.spec.unit):
            await work
            return None
        aside = asyncio.create_task(work, name=f"{task.spec.id} on {self.link.id}")
        self._aside.add(aside)
        aside.add_done_callback(self._end_aside)
        return aside

    def _end_aside(self, aside: asyncio.Task[None]) -> None:
        self._aside.discard(aside)
        self._wake()  # what it put back on the heap may be due before what is slept for
        if not aside.cancelled() and (error := aside.exception()) is not None:
            log.error("A turn on link %s ended with %r", self.link.id, error, exc_info=error)

    def _next(self) -> DeviceTask | None:
        now = time.monotonic()
        self.turns.connections = self._admission.taken
        return None if now < self._closed_until else self.turns.next(now)

    async def _turn(self, connection: Connection, task: DeviceTask) -> None:
        began, troubled = time.monotonic(), task.is_troubled
        alone = troubled and len(self.tasks) > 1 and self.turns.is_everybody_troubled
        if troubled:
            error = await self._probe(connection, task, began)
        else:
            self._lateness.add(began - task.due)
            error = await self._read(connection, task, began)
        now = time.monotonic()
        self._admission.was_used(connection)
        if error is not None and self._admission.is_to_blame(connection, error):
            self.hurry(task)
            return
        if error is None or is_partly_answered(task, error):
            task.next_after_success(now)
            self.turns.answered_in(task.record.round_trip_ms / 1000.0)
            if alone or self._lost_because is not None:
                self._link_is_back(task, now)
        else:
            self._lost(task, error, now, connection.resting_s)
        self.turns.put(task)
        if error is not None or task.record.problem is not None:
            self._note(task, error)

    async def _probe(self, connection: Connection, task: DeviceTask, began: float) -> FieldError | None:
        patience_s = self.turns.patience_s(task)
        answered = False
        self.turns.probe_begins()
        try:
            error = await probe_device(connection, task, patience_s)
            answered = error is None or is_partly_answered(task, error)
        finally:
            self.turns.probe_ends(began, time.monotonic(), answered)
        if error is not None and error.reason is Reason.TIMEOUT and patience_s < self.link.timeout_s:
            self._gateway_busy_until = began + self.link.timeout_s
        return error

    async def _read(self, connection: Connection, task: DeviceTask, began: float) -> FieldError | None:
        waits_s = self._gateway_busy_until - began
        if waits_s <= 0:
            return await read_device(connection, task, began)
        # A gateway that asks one after the other is still waiting for the device that was probed; that is not this
        # one's fault, so it has as much more time.
        unit = task.spec.unit
        connection.patience_s[unit] = self.link.timeout_s + waits_s
        try:
            error = await read_device(connection, task, began)
        finally:
            connection.patience_s.pop(unit, None)
        if error is None or error.reason is not Reason.TIMEOUT or self.turns.is_patient:
            return error
        self.turns.is_patient = True
        log.info("Link %s loses what is asked behind a silent device: it is waited for in full", self.link.id)
        return await read_device(connection, task, time.monotonic())

    # -- losses -----------------------------------------------------------------------------------------------

    def _lost(self, task: DeviceTask, error: FieldError, now: float, resting_s: float) -> None:
        task.displace()
        if error.reason is Reason.REFUSED:
            # It is not the device's fault: it is asked again when the connection is tried again.
            self._link_is_lost(error, now, resting_s)
            return
        task.next_after_failure(now, random.random())
        if error.reason is Reason.DROPPED and task.failures == 1:
            task.due = now + min(_AFTER_A_DROP_S, task.rests.first_s)
        elif now < self._back_at + _SETTLING_S:
            task.due = now + min(_AGAIN_S, task.rests.first_s)

    def _link_is_lost(self, error: FieldError, now: float, resting_s: float) -> None:
        self._closed_until = now + max(resting_s, 0.05)
        if self._lost_because is not None:
            return
        self._lost_because = error
        log.warning("Link %s: %s; its %d devices are not read", self.link.id, error.text, len(self.tasks))
        for task in self.tasks:
            if not task.record.out_of_service:
                hand_over_loss(task, error)
                self._note(task, error)

    def _link_is_back(self, first: DeviceTask, now: float) -> None:
        """All its devices are asked now, not after their rests; those that had been well keep their places in time.

        `first` is the one that has just answered.
        """
        self._closed_until, self._back_at = 0.0, now
        if self._lost_because is not None:
            self._lost_because = None
            self._admission.try_again()
            log.info("Link %s is back", self.link.id)
        for task in self.tasks:
            if task is first:
                continue
            if task.is_troubled:
                task.failures = 1
            elif task.place_in_time is None:
                task.place_in_time = task.due
            task.due = now
            task.read_all_next()
            self.turns.put(task)
        self._wake()

    def _note(self, task: DeviceTask, error: FieldError | None) -> None:
        """Tells the change, never the repetition; a link that is lost is told once, not for each of its devices."""
        before, task.record.problem = task.record.problem, error
        if error is None:
            if before is not None and before.reason is not Reason.REFUSED:
                log.info("%s on %s is back", task.spec.id, self.link.id)
        elif before is None:
            if error.reason is not Reason.REFUSED:
                log.warning("%s on %s: %s", task.spec.id, self.link.id, error.text)
        elif before.text == error.text:
            return
        self._changed(task)

    # -- sleeping ---------------------------------------------------------------------------------------------

    async def _sleep(self) -> None:
        """Until the next device is due or somebody wakes the bus."""
        loop = asyncio.get_running_loop()
        sleeper: asyncio.Future[None] = loop.create_future()
        now = time.monotonic()
        wait_s = max(self.turns.wake_at(now), self._closed_until) - now
        alarm = loop.call_later(max(0.0, wait_s), _ring, sleeper)
        self._sleepers.add(sleeper)
        try:
            await sleeper
        finally:
            self._sleepers.discard(sleeper)
            alarm.cancel()

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            _ring(sleeper)


def _ring(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


async def _run_errand(connection: Connection, errand: _Errand) -> None:
    try:
        result = await errand.work(connection)
    except asyncio.CancelledError:
        errand.done.cancel()
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is belongs to whoever asked, not to the scan
        if not errand.done.done():
            errand.done.set_exception(error)
    else:
        if not errand.done.done():
            errand.done.set_result(result)
