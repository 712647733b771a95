"""A virtual site while it is served: clock, lines, faults, control port, until stopped."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from hardware.virtual.control import ControlPort
from hardware.virtual.faults import Fault, FaultBoard, Targets
from hardware.virtual.images import has_no_value
from hardware.virtual.server import Line, make_lines, play_line_faults
from hardware.virtual.world import World

TICK_S = 1.0  # between two steps of the physics
FAULT_TICK_S = 0.1  # between two looks at the faults
FINE_S = 60.0  # longest single step of the physics where time is sped up


@dataclass(frozen=True, slots=True)
class Ready:
    """What is served where, once it is."""

    links: tuple[tuple[str, str, int], ...]  # link, url, devices on it
    control_port: int
    devices: int


class VirtualSite:
    """Serves a world on the links of its field. `speed`: seconds of the site's time in a second of the wall's."""

    def __init__(self, world: World, speed: float = 1.0, control_port: int = 0) -> None:
        self.world = world
        self.board = FaultBoard()
        self.lines: list[Line] = make_lines(world.spec.field, world.banks)
        self.targets = Targets({line.id for line in self.lines}, set(world.fleet_of))
        self.speed = speed
        self._control = ControlPort(self, control_port)
        self._stop: asyncio.Event | None = None
        self._board_version = -1
        self._faults_now: list[Fault] = []

    async def run(self, ready: Callable[[Ready], None], alive: Callable[[], bool] = lambda: True) -> None:
        """Serves until `stop` is called or `alive` turns False. Raises PortInUse before anything is served."""
        self._stop = asyncio.Event()
        try:
            await self._open()
            ready(self._ready())
            await asyncio.gather(self._keep_time(alive), self._keep_faults())
        finally:
            for line in self.lines:
                line.close()
            self._control.close()

    def stop(self) -> None:
        """Ends `run` within a tick; call it on the loop's own thread."""
        if self._stop is not None:
            self._stop.set()

    async def _open(self) -> None:
        for line in self.lines:
            await line.open()
        await self._control.open()

    def _ready(self) -> Ready:
        links = tuple((line.id, line.url, len(line.devices)) for line in self.lines)
        return Ready(links, self._control.port, sum(devices for _, _, devices in links))

    async def _keep_time(self, alive: Callable[[], bool]) -> None:
        """Steps the physics once a tick, by what the wall's clock says has passed."""
        before = time.monotonic()
        while not await self._stopped_within(TICK_S):
            now = time.monotonic()
            self._advance(now - before)
            before = now
            if not alive():
                self.stop()

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
        wall_s = time.time()
        active = self.board.active(wall_s)
        if active == self._faults_now:
            return
        self._faults_now = active
        await play_line_faults(self.lines, self.board)
        self._play_physics(active)

    def _play_physics(self, active: list[Fault]) -> None:
        world = self.world
        for fleet in (world.ships, world.lamps, world.chargers, world.generators):
            fleet.trip({fleet.rows[f.target] for f in active if f.kind == "trip" and f.target in fleet.rows})
        world.lamps.fail_lamps(self._numbers(active, "lamps", world.lamps.rows))
        world.water.leak(self._numbers(active, "leak", world.water.rows))
        broken = {(fault.target, fault.argument) for fault in active if fault.kind == "sensor"}
        for bank in world.banks:
            for number, point in enumerate(bank.profile.points):
                bank.missing[number] = [(device, point.quantity) in broken for device in bank.devices]
        world.step(0.0, 0.0)  # so that what follows from the faults shows at once

    @staticmethod
    def _numbers(active: list[Fault], kind: str, rows: dict[str, int]) -> dict[int, float]:
        return {rows[f.target]: f.number for f in active if f.kind == kind and f.target in rows}

    def can_lose(self, device: str, quantity: str) -> bool:
        """Whether this device type has a way to say that it has no value for the quantity."""
        for bank in self.world.banks:
            if device in bank.devices:
                return any(p.quantity == quantity and has_no_value(p) for p in bank.profile.points)
        return False

    async def _stopped_within(self, seconds: float) -> bool:
        assert self._stop is not None
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return False
        return True
