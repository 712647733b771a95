"""A virtual site served on free ports, with pymodbus's clients to talk to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.framer import FramerType

from hardware.virtual.control import tell
from hardware.virtual.process import VirtualSite
from hardware.virtual.spec import VirtualSpec
from hardware.virtual.world import World
from tests.virtual.sites import at

START = "2026-01-14T21:00"


class Served:
    """A running virtual site."""

    def __init__(self, site: VirtualSite) -> None:
        self.site = site
        self.ports = {line.id: line.port for line in site.lines}
        self.control = site.control_port

    @contextlib.asynccontextmanager
    async def client(self, link: str = "link", timeout_s: float = 2.0) -> AsyncIterator[AsyncModbusTcpClient]:
        rtu = next(line.rtu for line in self.site.lines if line.id == link)
        client = AsyncModbusTcpClient(
            "127.0.0.1",
            port=self.ports[link],
            framer=FramerType.RTU if rtu else FramerType.SOCKET,
            timeout=timeout_s,
            retries=0,
            reconnect_delay=0,
        )
        await client.connect()
        try:
            yield client
        finally:
            client.close()

    async def tell(self, command: str) -> str:
        return await asyncio.to_thread(tell, self.control, command)


@contextlib.asynccontextmanager
async def serving(spec: VirtualSpec, start: str = START, speed: float = 1.0) -> AsyncIterator[Served]:
    site = VirtualSite(World(spec, at(start)), speed)
    ready = asyncio.Event()
    running = asyncio.create_task(site.run(lambda _: ready.set()))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        waiting.cancel()
        await running
    try:
        yield Served(site)
    finally:
        site.stop()
        await running
