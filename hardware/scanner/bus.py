"""The owner of one link: its connections, whose turn it is on them, and what a lost device may cost the others."""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from hardware.field import LinkSpec
from hardware.modbus import Connection, DeviceLine, FieldError, parse_link
from hardware.modbus.pace import Pace, pace_of
from hardware.points import Reason
from hardware.scanner.admission import Admission
from hardware.scanner.lateness import Lateness
from hardware.scanner.reading import is_partly_answered, read_device
from hardware.scanner.task import DeviceTask

log = logging.getLogger(__name__)
T = TypeVar("T")

_MOST_ASIDE = 16  # turns that wait at once for the rests of their devices; more would hold up the errands
_TROUBLE_SHARE = 0.1  # of a bus's time that devices which do not answer may take from those that do


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
    """`connections` workers share one heap of due devices; RTU links have one, since there is one wire behind."""

    def __init__(self, link: LinkSpec, lateness: Lateness, changed: Callable[[DeviceTask], None]) -> None:
        """Raises BadLink."""
        self.link = link
        self.address = parse_link(link.url)
        self.tasks: list[DeviceTask] = []
        self._lateness = lateness
        self._changed = changed
        self._heap: list[tuple[float, int]] = []  # (due, number of the task)
        self._errands: deque[_Errand] = deque()
        self._sleepers: set[asyncio.Future[None]] = set()
        self._connections = 1 if self.address.is_rtu else max(1, link.connections)
        self._troubled_now = 0  # connections busy with a device that did not answer last time
        self._trouble_after = 0.0  # monotonic: no troubled device is asked before
        self._link_down = False
        self._stopping = False
        self._pace = Pace(self.address.is_rtu, link.silence_ms / 1000.0)
        self._admission = Admission(link.id, ())
        self._aside: set[asyncio.Task[None]] = set()  # turns and errands that wait for the pace of their own device

    @property
    def is_slow(self) -> bool:
        """True where one request takes a noticeable part of a second, so that readings are better spread."""
        return self.address.is_rtu or self.link.silence_ms > 0 or any(task.silence_s for task in self.tasks)

    def add(self, task: DeviceTask) -> None:
        task.number = len(self.tasks)
        self.tasks.append(task)
        self._pace.agree(task.spec.unit, pace_of(task.group.decoder.profile))

    async def run(self) -> None:
        """Until cancelled; the connections are closed then, and errands still waiting are told."""
        self._heap = [(task.due, task.number) for task in self.tasks]
        heapq.heapify(self._heap)
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
        """Makes a device due now: put back into service, or its link has come back."""
        task.due = time.monotonic()
        heapq.heappush(self._heap, (task.due, task.number))
        self._wake()

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
        """Here and now; or aside, where the device has rests that its neighbours behind the gateway need not share."""
        full = self.address.is_rtu or len(self._aside) >= _MOST_ASIDE
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
        """Takes the device whose turn it is off the heap."""
        now = time.monotonic()
        while self._heap and self._heap[0][0] <= now:
            due, number = heapq.heappop(self._heap)
            task = self.tasks[number]
            if due != task.due or task.record.out_of_service:
                continue  # it has been given another time since, or none
            if not task.is_troubled:
                return task
            later = self._not_before(now)
            if later <= now:
                return task
            task.due = later
            heapq.heappush(self._heap, (later, number))
        return None

    def _not_before(self, now: float) -> float:
        """When a troubled device may be tried: at once if nobody who does answer waits for this bus."""
        if all(task.is_troubled for task in self.tasks):
            return now
        connections = self._admission.taken
        if connections > 1 and self._troubled_now >= connections - 1:
            return now + 0.05
        return self._trouble_after

    async def _turn(self, connection: Connection, task: DeviceTask) -> None:
        began, troubled = time.monotonic(), task.is_troubled
        if not troubled:
            self._lateness.add(began - task.due)
        self._troubled_now += troubled
        try:
            error = await read_device(connection, task)
        finally:
            self._troubled_now -= troubled
        now = time.monotonic()
        self._admission.was_used(connection)
        if error is not None and self._admission.is_to_blame(connection, error):
            self.hurry(task)
            return
        if error is None or is_partly_answered(task, error):
            task.next_after_success(now)
            if self._link_down:
                self._link_is_back()
        else:
            self._lost(task, error, began, now, connection.resting_s)
        heapq.heappush(self._heap, (task.due, task.number))
        if error is not None or task.record.problem is not None:
            self._note(task, error)

    def _lost(self, task: DeviceTask, error: FieldError, began: float, now: float, resting_s: float) -> None:
        task.next_after_failure(now, now - began)
        task.displace()
        if error.reason is Reason.REFUSED:
            # It is not the device's fault: it is due again when the connection is tried again.
            task.due = now + max(resting_s, 0.05)
            if not self._link_down:
                self._link_down = True
                log.warning("Link %s: %s; its %d devices are not read", self.link.id, error.text, len(self.tasks))
        self._trouble_after = now + (now - began) * (1.0 / _TROUBLE_SHARE - 1.0)

    def _link_is_back(self) -> None:
        """Who was lost with the link is asked now, not after its rest."""
        self._link_down = False
        self._admission.try_again()
        log.info("Link %s is back", self.link.id)
        for task in self.tasks:
            problem = task.record.problem
            if task.is_troubled and problem is not None and problem.reason is Reason.REFUSED:
                task.failures = 0
                self.hurry(task)

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
        wait_s = self._heap[0][0] - time.monotonic() if self._heap else 3600.0
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
