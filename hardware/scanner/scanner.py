"""Reads a field: every device at its own pace, one batch of everything new at each tick."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from hardware.field import DeviceSpec, DeviceState, FieldSpec
from hardware.modbus import Connection, Decoder, DeviceLine, FieldError, Readout, wire_of
from hardware.points import Point, Reason, ScanBatch, status_of
from hardware.profiles import Profile, WireCost, points_of
from hardware.scanner.bus import Bus
from hardware.scanner.group import Columns, Group, Member
from hardware.scanner.lateness import Lateness
from hardware.scanner.reading import hand_over_loss
from hardware.scanner.record import Record
from hardware.scanner.task import USUAL_RESTS, DeviceTask, Rests

log = logging.getLogger(__name__)
T = TypeVar("T")
_Kind = tuple[str, WireCost]  # profile and wire: what a read plan depends on

_FIRST_WITHIN_S = 0.4  # of the start every device has had its first turn, as far as its link is fast enough


@dataclass(frozen=True, slots=True)
class ScanStats:
    """Counts since the start. Lateness: from when a reading was due to when it began."""

    devices: int
    answering: int
    points: int
    batches: int
    readings: int
    bad_readings: int
    requests: int
    lost: int
    wrong_answers: int
    late_p50_ms: float
    late_p99_ms: float
    late_worst_ms: float
    tick_late_p99_ms: float  # how late batches were published


@dataclass(slots=True)
class _Counts:
    batches: int = 0
    readings: int = 0
    bad: int = 0
    tick_late: Lateness = field(default_factory=Lateness)


class Scanner:
    """Lives in one event loop; `points`, `states`, `stats` and `stop` may be used from any thread.

    `on_batch` gets every batch on the loop's thread and must not block. `points` gives other names or ranges than the
    profiles' (a site's): those of its devices are taken, in any order. Batches count in `self.points`: devices in the
    order of `field_spec`, each with its profile's points.
    """

    def __init__(
        self,
        field_spec: FieldSpec,
        on_batch: Callable[[ScanBatch], None],
        on_change: Callable[[DeviceState], None] | None = None,
        points: Sequence[Point] = (),
        tick_s: float = 0.5,
        profiles: Callable[[str], Profile] | None = None,
        rests: Rests = USUAL_RESTS,
    ) -> None:
        """Raises UnknownProfile, ProfileFaults, BadLink, and ValueError for a device on a link that is not there."""
        self._on_batch = on_batch
        self._on_change = on_change
        self._tick_s = tick_s
        self._rests = rests
        self._lateness = Lateness()
        self._counts = _Counts()
        own = {point.id: point for point in points}
        named = profiles or field_spec.library.profile
        loaded = {name: named(name) for name in dict.fromkeys(device.profile for device in field_spec.devices)}
        made = [point for device in field_spec.devices for point in points_of(loaded[device.profile], device.id)]
        self.points: tuple[Point, ...] = tuple(own.get(point.id, point) for point in made)
        self._buses = {link.id: Bus(link, self._lateness, self._tell) for link in field_spec.links}
        self._groups = self._make_groups(field_spec.devices, loaded)
        self._tasks = self._make_tasks(field_spec.devices)
        self._bus_of = {task.spec.id: self._buses[task.spec.link] for task in self._tasks.values()}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._stop_asked = False

    async def run(self) -> None:
        """Scans until `stop`; what has been read by then is still published."""
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        if self._stop_asked:
            return
        self._stagger()
        async with asyncio.TaskGroup() as owners:
            tasks = [owners.create_task(bus.run(), name=f"link {bus.link.id}") for bus in self._buses.values()]
            await self._publish_until_stopped()
            for task in tasks:
                task.cancel()
        self._publish()

    def stop(self) -> None:
        """From any thread; `run` returns soon after, or at once if it has not begun."""
        self._stop_asked = True
        loop, stopped = self._loop, self._stopped
        if loop is not None and stopped is not None and not loop.is_closed():
            loop.call_soon_threadsafe(stopped.set)

    def states(self) -> dict[str, DeviceState]:
        return {name: task.record.state() for name, task in self._tasks.items()}

    def stats(self) -> ScanStats:
        records = [task.record for task in self._tasks.values()]
        counts, late = self._counts, self._lateness
        return ScanStats(
            devices=len(records),
            answering=sum(record.state_name in ("answering", "slow") for record in records),
            points=len(self.points),
            batches=counts.batches,
            readings=counts.readings,
            bad_readings=counts.bad,
            requests=sum(record.requests for record in records),
            lost=sum(record.lost for record in records),
            wrong_answers=sum(record.wrong for record in records),
            late_p50_ms=1000.0 * late.quantile_s(0.50),
            late_p99_ms=1000.0 * late.quantile_s(0.99),
            late_worst_ms=1000.0 * late.worst_s,
            tick_late_p99_ms=1000.0 * counts.tick_late.quantile_s(0.99),
        )

    def count_lateness_anew(self) -> None:
        """From now on, for a measurement that leaves the start out. Only in the loop."""
        self._lateness.begin()

    async def on_line(self, device: str, work: Callable[[DeviceLine], Awaitable[T]]) -> T:
        """Does `work` with the device, on its bus and in turn with the scan but before it. Only in the loop.

        Raises KeyError for a device that is not there, FieldError, and whatever `work` raises.
        """
        return await self._bus_of[device].call(self._tasks[device], work)

    async def on_link(self, link: str, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Does `work` with a connection of a link, in turn with its scan but before it. Only in the loop.

        One question a call: what takes long keeps the devices of the link waiting. Raises KeyError for a link that
        is not there, FieldError, and whatever `work` raises.
        """
        return await self._buses[link].visit(work)

    async def probe(self, device: str) -> Readout:
        """Reads the whole profile of a device once, out of turn."""
        return await self.on_line(device, DeviceLine.read_all)

    def read_soon(self, device: str) -> None:
        """Makes a device due now, for example after a write. Only in the loop."""
        self._bus_of[device].hurry(self._tasks[device])

    def profile_of(self, device: str) -> Profile:
        return self._tasks[device].group.decoder.profile

    def is_out_of_service(self, device: str) -> bool:
        return self._tasks[device].record.out_of_service

    def lost_because(self, device: str) -> str:
        """Why a device is not answering at the moment; empty while it does."""
        task = self._tasks[device]
        problem = task.record.problem
        lost = problem is not None and (task.is_troubled or problem.reason is Reason.REFUSED)
        return problem.text if lost and problem is not None else ""

    def set_out_of_service(self, device: str, out: bool) -> None:
        """Takes a device out of the scan, or puts it back. Only in the loop."""
        task = self._tasks[device]
        if task.record.out_of_service == out:
            return
        task.record.out_of_service = out
        if out:
            hand_over_loss(task, FieldError(Reason.OUT_OF_SERVICE, "taken out by a person"))
        else:
            self._bus_of[device].hurry(task)
        self._tell(task)

    # -- making -----------------------------------------------------------------------------------------------

    def _make_groups(self, devices: Sequence[DeviceSpec], loaded: Mapping[str, Profile]) -> dict[_Kind, Group]:
        """Devices of one type on one kind of wire share a read plan, so they are decoded together."""
        members: dict[_Kind, list[Member]] = {}
        first = 0
        for device in devices:
            members.setdefault(self._kind(device), []).append(Member(device.id, first))
            first += len(loaded[device.profile].points)
        points = {point.id: point for point in self.points}
        return {kind: Group(Decoder(loaded[kind[0]], kind[1]), of_kind, points) for kind, of_kind in members.items()}

    def _make_tasks(self, devices: Sequence[DeviceSpec]) -> dict[str, DeviceTask]:
        tasks: dict[str, DeviceTask] = {}
        rows = dict.fromkeys(self._groups, 0)
        for device in devices:
            bus, kind = self._buses[device.link], self._kind(device)
            record = Record(device.id, bus.link.timeout_s)
            task = DeviceTask(device, self._groups[kind], rows[kind], record, self._rests)
            rows[kind] += 1
            tasks[device.id] = task
            bus.add(task)
        return tasks

    def _kind(self, device: DeviceSpec) -> _Kind:
        if device.link not in self._buses:
            raise ValueError(f"Device {device.id} is on link {device.link}, which is not there; name one that is.")
        return device.profile, wire_of(self._buses[device.link].address)

    def _stagger(self) -> None:
        """Everything is read once soon after the start; from then on readings are spread over their periods.

        Links begin one after the other. A fast link reads its devices in one go, which costs one sleep a period;
        on a slow one they are spread evenly.
        """
        now = time.monotonic()
        for place, bus in enumerate(self._buses.values()):
            share = place / len(self._buses)
            for number, task in enumerate(bus.tasks):
                within = task.every_s * number / len(bus.tasks) if bus.is_slow else 0.0
                task.due = now + min(_FIRST_WITHIN_S, task.every_s) * share
                task.place_in_time = now + (task.every_s * share + within) % task.every_s

    # -- publishing -------------------------------------------------------------------------------------------

    async def _publish_until_stopped(self) -> None:
        assert self._stopped is not None
        due = time.monotonic() + self._tick_s
        while not self._stopped.is_set():
            try:
                async with asyncio.timeout(max(0.0, due - time.monotonic())):
                    await self._stopped.wait()
            except TimeoutError:
                now = time.monotonic()
                self._counts.tick_late.add(now - due)
                self._publish()
                due = max(due + self._tick_s, now)

    def _publish(self) -> None:
        now, now_ns = time.monotonic(), time.time_ns()
        for bus in self._buses.values():
            bus.tell_again(now, now_ns)
        parts = [columns for group in self._groups.values() for columns in group.collect()]
        if not parts:
            return
        batch = _batch(self._counts.batches + 1, parts)
        self._counts.batches += 1
        self._counts.readings += len(batch)
        self._counts.bad += int(np.count_nonzero(batch.status >= status_of(Reason.TIMEOUT)))
        try:
            self._on_batch(batch)
        except Exception:  # whoever listens may fail; the field is read on, and it is told
            log.exception("A batch of %d readings was not taken", len(batch))

    def _tell(self, task: DeviceTask) -> None:
        if self._on_change is not None:
            self._on_change(task.record.state())


def _batch(sequence: int, parts: Sequence[Columns]) -> ScanBatch:
    index, time_ns, value, status = zip(*parts, strict=True)
    return ScanBatch(
        sequence, np.concatenate(index), np.concatenate(time_ns), np.concatenate(value), np.concatenate(status)
    )
