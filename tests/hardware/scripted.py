"""A Modbus server that is a script of bytes: for each request it is told exactly which bytes to answer."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from pymodbus.framer import FramerRTU

CLOSE = object()  # in a reply: close the connection here


@dataclass(frozen=True)
class Request:
    """What the client asked, taken apart; `number` counts from 0 over all connections."""

    number: int
    transaction: int
    unit: int
    function: int
    body: bytes

    @property
    def address(self) -> int:
        return struct.unpack(">H", self.body[:2])[0]

    @property
    def count(self) -> int:
        return struct.unpack(">H", self.body[2:4])[0]


Part = bytes | float | object  # bytes to send, seconds to wait, or CLOSE
Script = Callable[[Request], list[Part]]


@dataclass
class Server:
    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)


def tcp(request: Request, pdu: bytes, *, unit: int | None = None, transaction: int | None = None) -> bytes:
    tid = request.transaction if transaction is None else transaction
    return struct.pack(">HHHB", tid, 0, len(pdu) + 1, request.unit if unit is None else unit) + pdu


def rtu(unit: int, pdu: bytes) -> bytes:
    frame = bytes([unit]) + pdu
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")


def registers(function: int, words: list[int]) -> bytes:
    return bytes([function, 2 * len(words)]) + struct.pack(f">{len(words)}H", *words)


def counting(request: Request) -> bytes:
    """A right answer: each register holds its own address."""
    return registers(request.function, [(request.address + offset) & 0xFFFF for offset in range(request.count)])


async def _tcp_request(reader: asyncio.StreamReader, number: int) -> Request:
    header = await reader.readexactly(7)
    transaction, _, length, unit = struct.unpack(">HHHB", header)
    pdu = await reader.readexactly(length - 1)
    return Request(number, transaction, unit, pdu[0], pdu[1:])


async def _rtu_request(reader: asyncio.StreamReader, number: int) -> Request:
    head = await reader.readexactly(7)
    if head[1] == 16:
        head += await reader.readexactly(head[6])
    else:
        head = head[:6] + head[6:]
    frame = head + await reader.readexactly(2 if head[1] == 16 else 1)
    return Request(number, 0, frame[0], frame[1], frame[2:-2])


@contextlib.asynccontextmanager
async def serving(script: Script, framing: str = "tcp", port: int = 0, ssl=None) -> AsyncIterator[Server]:
    """Serves `script` on a free port of 127.0.0.1 until left; all connections are cut then."""
    read: Callable[[asyncio.StreamReader, int], Awaitable[Request]] = _tcp_request if framing == "tcp" else _rtu_request
    state = Server(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        state.open.add(writer)
        try:
            while True:
                request = await read(reader, len(state.requests))
                state.requests.append(request)
                for part in script(request):
                    if part is CLOSE:
                        return
                    if isinstance(part, bytes):
                        writer.write(part)
                        await writer.drain()
                    elif isinstance(part, int | float):
                        await asyncio.sleep(part)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            state.open.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=ssl)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for writer in list(state.open):
            writer.transport.abort()
        await asyncio.sleep(0)
