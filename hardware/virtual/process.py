"""A virtual site while it is served: clock, lines, faults, control port, until stopped."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hardware.virtual.column_coding import has_no_value
from hardware.virtual.control import ControlPort
from hardware.virtual.faults import Fault, FaultBoard, Targets
from hardware.virtual.listeners import CannotServe
from hardware.virtual.memory import remember, save
from hardware.virtual.server import Line, make_lines, play_line_faults
from hardware.virtual.value_faults import FACES, can_show
from hardware.virtual.world import World

log = logging.getLogger(__name__)

TICK_S = 1.0  # between two steps of the physics
FAULT_TICK_S = 0.1  # between two looks at the faults
KEEP_EVERY_S = 10.0  # between two savings of what has been counted
FINE_S = 60.0  # longest single step of the physics where time is sped up


@dataclass(frozen=True, slots=True)
class Ready:
    """What is served where, once it is."""

    links: tuple[tuple[str, str, int], ...]  # link, url, devices on it
    control_port: int
    devices: int


class VirtualSite:
    """Serves a world on the links of its field. `speed`: seconds of the site's time in a second of the wall's."""

    def __init__(
        self,
        world: World,
        speed: float = 1.0,
        control_port: int = 0,
        memory_file: Path | None = None,
        listeners: Mapping[str, socket.socket] | None = None,
    ) -> None:
        self.world = world
        self._memory_file = memory_file
        self._kept_at = time.monotonic()
        self.board = FaultBoard()
        self.lines: list[Line] = make_lines(world.spec.field, world.banks, listeners)
        self.targets = _targets(world, self.lines)
        self.speed = speed
        self._control = ControlPort(self, control_port)
        self._stop: asyncio.Event | None = None
        self._faults_now: list[Fault] = []
        self._restarted: set[Fault] = set()
        self._playing = asyncio.Lock()
        self._shut_out = False

    async def run(self, ready: Callable[[Ready], None], alive: Callable[[], bool] = lambda: True) -> None:
        """Serves until `stop` is called or `alive` turns False. Raises CannotServe before anything is served."""
        self._stop = asyncio.Event()
        served = False
        try:
            await self._open()
            ready(self._ready())
            served = True
            await asyncio.gather(self._keep_time(alive), self._keep_faults())
        finally:
            for line in self.lines:
                line.close()
            self._control.close()
            if served:
                self._keep_counters()

    @property
    def control_port(self) -> int:
        return self._control.port

    def stop(self) -> None:
        """Ends `run` within a tick; call it on the loop's own thread."""
        if self._stop is not None:
            self._stop.set()

    async def _open(self) -> None:
        await self._play(self.board.active(time.time()))
        await self._control.open()

    def _ready(self) -> Ready:
        links = tuple((line.id, line.url, len(line.everyone())) for line in self.lines)
        return Ready(links, self._control.port, sum(devices for _, _, devices in links))

    async def _keep_time(self, alive: Callable[[], bool]) -> None:
        """Steps the physics once a tick, by what the wall's clock says has passed."""
        before = time.monotonic()
        while not await self._stopped_within(TICK_S):
            now = time.monotonic()
            self._advance(now - before)
            before = now
            if now - self._kept_at >= KEEP_EVERY_S:
                self._keep_counters()
            if not alive():
                self.stop()

    def _keep_counters(self) -> None:
        self._kept_at = time.monotonic()
        if self._memory_file is not None:
            save(remember(self.world), self._memory_file)

    def _advance(self, wall_s: float) -> None:
        dt_s = wall_s * self.speed
        steps = max(1, math.ceil(dt_s / FINE_S))
        for _ in range(steps):
            self.world.step(dt_s / steps, wall_s / steps)

    async def _keep_faults(self) -> None:
        while not await self._stopped_within(FAULT_TICK_S):
            await self.apply_faults()

    async def apply_faults(self) -> None:
        """Brings lines and physics in line with the faults that hold now; does nothing while they are the same."""
        async with self._playing:
            active = self.board.active(time.time())
            if active == self._faults_now and not self._shut_out:
                return
            try:
                await self._play(active)
            except CannotServe as error:
                # Somebody took the port of a link while it refused; it is tried again until it is free.
                if not self._shut_out:
                    log.warning("%s", error)
                self._shut_out = True
            else:
                self._shut_out = False

    async def _play(self, active: list[Fault]) -> None:
        self._faults_now = active
        await play_line_faults(self.lines, active)
        self._play_physics(active)

    def _play_physics(self, active: list[Fault]) -> None:
        world = self.world
        for fleet in world.tripping:
            fleet.trip({fleet.rows[f.target] for f in active if f.kind == "trip" and f.target in fleet.rows})
        world.lamps.fail_lamps(self._numbers(active, "lamps", world.lamps.rows))
        world.water.leak(self._numbers(active, "leak", world.water.rows))
        broken = {(fault.target, fault.argument) for fault in active if fault.kind == "sensor"}
        for bank in world.banks:
            for number, point in enumerate(bank.profile.points):
                bank.missing[number] = [(device, point.quantity) in broken for device in bank.devices]
            bank.distortion.set(active, bank.shown_now)
        self._restart(active)
        world.step(0.0, 0.0)  # so that what follows from the faults shows at once

    def _restart(self, active: list[Fault]) -> None:
        """Devices that have begun to restart forget what they were told, once a restart."""
        starting = {fault for fault in active if fault.kind == "restart"}
        for fault in starting - self._restarted:
            bank = next(bank for bank in self.world.banks if fault.target in bank.devices)
            bank.restart(bank.devices.index(fault.target))
        self._restarted = starting

    @staticmethod
    def _numbers(active: list[Fault], kind: str, rows: dict[str, int]) -> dict[int, float]:
        return {rows[f.target]: f.number for f in active if f.kind == kind and f.target in rows}

    async def _stopped_within(self, seconds: float) -> bool:
        assert self._stop is not None
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _targets(world: World, lines: Sequence[Line]) -> Targets:
    fitting = {
        "trip": {d for fleet in world.tripping for d in fleet.devices},
        "lamps": set(world.lamps.devices),
        "leak": set(world.water.devices),
    }
    sensors = {
        device: {point.quantity for point in bank.profile.points if has_no_value(point)}
        for bank in world.banks
        for device in bank.devices
    }
    of_device = [(device, bank.profile.points) for bank in world.banks for device in bank.devices]
    faces = {
        (device, point.quantity): {face for face in FACES if can_show(point, face)}
        for device, points in of_device
        for point in points
        if point.sentinels
    }
    return Targets(
        {line.id for line in lines},
        set(world.fleet_of),
        fitting,
        sensors,
        faces,
        {device: {point.quantity for point in points} for device, points in of_device},
        {device: {point.quantity for point in points if point.counter} for device, points in of_device},
    )
