"""Devices whose every register says whose it is, where it stands and when it was given out, and the judge of answers.

A value is two registers, high word first: table (1 bit), unit (7), place (8), and which answer of its unit it was part
of (16, running round). Any value delivered can thus be told to be that point's own, and not older than its request.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

from hardware.profiles import Table
from hardware.virtual.framing import MbapFraming, Request, RtuFraming, exception_body

UNITS = 12
CELLS = 250  # values a table of each unit holds
_TABLES = {3: Table.HOLDING, 4: Table.INPUT}
_ROUND = 1 << 16


@dataclass(frozen=True, slots=True)
class Block:
    """What is asked for in one request: `cells` values from place `first` on."""

    unit: int
    table: Table
    first: int
    cells: int


def tag(unit: int, table: Table, place: int) -> int:
    """The upper 16 bits of a value."""
    return (table is Table.INPUT) << 15 | unit << 8 | place


class TaggedDevices:
    """Units 1..UNITS behind one socket; `given[unit]` counts their answers."""

    def __init__(self, kind: str) -> None:
        self.framing = RtuFraming() if kind == "rtu+tcp" else MbapFraming()
        self.given = [0] * (UNITS + 1)
        self._udp = kind == "udp"
        self._server: asyncio.Server | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._open: set[asyncio.BaseTransport] = set()

    async def open(self) -> int:
        """The port they are served on."""
        loop = asyncio.get_running_loop()
        if self._udp:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=("127.0.0.1", 0)
            )
            return int(self._transport.get_extra_info("sockname")[1])
        self._server = await loop.create_server(lambda: _Stream(self), "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        for thing in (self._server, self._transport, *self._open):
            if thing is not None:
                thing.close()

    def answer(self, request: Request) -> bytes:
        if request.function not in _TABLES or not 1 <= request.unit <= UNITS:
            return self.framing.frame(request, request.unit, exception_body(request.function, 1))
        address, count = struct.unpack(">HH", request.body[1:5])
        self.given[request.unit] += 1
        number = self.given[request.unit] % _ROUND
        first = tag(request.unit, _TABLES[request.function], address // 2)
        values = struct.pack(f">{count}H", *(word for cell in range(count // 2) for word in (first + cell, number)))
        return self.framing.frame(request, request.unit, bytes([request.function, 2 * count]) + values)


class _Stream(asyncio.Protocol):
    def __init__(self, devices: TaggedDevices) -> None:
        self._devices = devices
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._devices._open.add(transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        for request in self._devices.framing.cut(self._buffer):
            self._transport.write(self._devices.answer(request))

    def connection_lost(self, exc: Exception | None) -> None:
        self._devices._open.discard(self._transport)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, devices: TaggedDevices) -> None:
        self._devices = devices

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        for request in self._devices.framing.cut(bytearray(data)):
            self._transport.sendto(self._devices.answer(request), addr)


def wrong_point(block: Block, payload: bytes) -> str:
    """What in `payload` belongs to another point than asked for; empty where nothing does."""
    words = struct.unpack(f">{len(payload) // 2}H", payload)
    first = tag(block.unit, block.table, block.first)
    if len(words) != 2 * block.cells:
        return f"{len(words)} registers for {block}"
    for cell, found in enumerate(words[::2]):
        if found != first + cell:
            return f"{found:#06x} in place of {first + cell:#06x} for {block}"
    return "" if len(set(words[1::2])) == 1 else f"values of several answers for {block}"


def is_old(payload: bytes, given_before: int) -> bool:
    """True where the unit had given out this answer before it was asked."""
    number = int.from_bytes(payload[2:4], "big")
    return not 1 <= (number - given_before) % _ROUND < _ROUND // 2
