"""Answers Modbus requests for virtual devices: one listening socket a link, asyncio protocols, no threads.

An own server rather than pymodbus's: that one answers only the first of requests that arrive together (1 of 10
measured, this one all 10), cannot be made to lie, be late or hang up, and takes 57 us of CPU a request of 125
registers where this one takes 17 us (`python -m tests.benchmarks.virtual_server`, two cores of an AMD EPYC, Python
3.11, pymodbus 3.16). That it speaks Modbus is held by tests that read and write it with pymodbus's client.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from hardware.field import FieldSpec, LinkSpec
from hardware.virtual.datagrams import DatagramEnd
from hardware.virtual.device import VirtualDevice
from hardware.virtual.faults import Fault
from hardware.virtual.framing import ILLEGAL_FUNCTION, BrokenStream, MbapFraming, Request, RtuFraming, exception_body
from hardware.virtual.images import Bank
from hardware.virtual.listeners import kind_of, listen, place_of
from hardware.virtual.manners import BUSY
from hardware.virtual.security import ALL_FUNCTIONS, functions_allowed, server_context
from hardware.virtual.serial_end import SerialEnd

READS = (1, 2, 3, 4)
GATEWAY_NO_ANSWER = 11
PIECES = 8  # that a slow device sends its answer in
ON_THE_WIRE = ("silent", "exception", "late", "wrong", "busy", "slow", "restart")


class Closable(Protocol):
    """What serves a link: a server, a datagram transport or the end of a serial line."""

    def close(self) -> None: ...


class Line:
    """One link: its socket or serial port, its connections, its devices by unit, and the faults it has to play."""

    def __init__(
        self, link: LinkSpec, devices: Mapping[int, VirtualDevice], listener: socket.socket | None = None
    ) -> None:
        self.id = link.id
        self.kind = kind_of(link)
        self.host, self.port = place_of(link)
        self.rtu = self.kind in ("rtu+tcp", "serial")
        self.devices = dict(devices)
        self.connections: set[_Connection] = set()
        self.faults: dict[str, list[Fault]] = {}  # by device
        self.drops = False
        self._link = link
        self._server: Closable | None = None
        self._listener = listener

    @property
    def url(self) -> str:
        """Where the link is served, without its options."""
        return self._link.url.partition("?")[0] if self.kind == "serial" else f"{self.kind}://{self.host}:{self.port}"

    def everyone(self) -> list[VirtualDevice]:
        """All devices of the line, also those that share a unit."""
        return [played for first in self.devices.values() for played in (first, *first.neighbours)]

    @property
    def listening(self) -> bool:
        return self._server is not None

    async def open(self) -> None:
        """Starts serving; port 0 takes a free one and keeps it. Raises CannotServe."""
        if self._server is not None:
            return
        if self.kind == "serial":
            end = SerialEnd(self._link, lambda: _Connection(self))
            await end.open()
            self._server = end
            return
        security = server_context(self._link) if self.kind == "tls" else None
        listener = self._listener or listen(self._link, self.port)
        self._listener = None
        self.port = listener.getsockname()[1]
        loop = asyncio.get_running_loop()
        if self.kind == "udp":
            self._server, _ = await loop.create_datagram_endpoint(
                lambda: DatagramEnd(lambda: _Connection(self)), sock=listener
            )
        else:
            self._server = await loop.create_server(lambda: _Connection(self), sock=listener, ssl=security)

    def close(self) -> None:
        """Stops listening and hangs up on everybody."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self.connections):
            connection.hang_up()


class _Connection(asyncio.Protocol):
    def __init__(self, line: Line) -> None:
        self._line = line
        self._framing = RtuFraming() if line.rtu else MbapFraming()
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._lies = 0
        self._allowed = ALL_FUNCTIONS
        self._asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer.clear()
        if self._line.kind == "tls":
            self._allowed = functions_allowed(transport.get_extra_info("ssl_object"))
        self._line.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._line.connections.discard(self)

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            requests = self._framing.cut(self._buffer)
        except BrokenStream:
            self.hang_up()
            return
        answers = [answer for request in requests if (answer := self._answer(request))]
        if answers and self._transport is not None:
            self._transport.write(answers[0] if len(answers) == 1 else b"".join(answers))

    def _answer(self, request: Request) -> bytes:
        """The frame to send now; empty where nothing is said (yet)."""
        if request.function not in self._allowed:
            return self._framing.frame(request, request.unit, exception_body(request.function, ILLEGAL_FUNCTION))
        line = self._line
        device = line.devices.get(request.unit)
        if device is None:
            # A gateway tells that nobody answers; on a bare bus there is nobody to tell it.
            body = b"" if line.rtu else exception_body(request.function, GATEWAY_NO_ANSWER)
            return self._framing.frame(request, request.unit, body) if body else b""
        if device.neighbours:
            device = device.meant(request.body)
        if line.drops:
            return self._drop(self._framing.frame(request, request.unit, device.answer(request.body)))
        faults = line.faults.get(device.id)
        if faults:
            return self._play(faults, request, device)
        body = device.answer(request.body)
        return self._framing.frame(request, request.unit, body) if body else b""

    def _drop(self, frame: bytes) -> bytes:
        """Half an answer, then the line is dead."""
        if self._transport is not None:
            self._transport.write(frame[: len(frame) // 2])
            self._transport.close()
        return b""

    def _play(self, faults: Sequence[Fault], request: Request, device: VirtualDevice) -> bytes:
        kinds = {fault.kind: fault for fault in faults}
        if "silent" in kinds or ("restart" in kinds and _is_away(kinds["restart"])):
            return b""
        self._asked += 1
        if "exception" in kinds:
            body = exception_body(request.function, int(kinds["exception"].number))
        elif "busy" in kinds and self._asked % 2:
            body = exception_body(request.function, BUSY)
        else:
            body = device.answer(request.body)
        if not body:
            return b""
        frame = self._lie(request, body) if "wrong" in kinds else self._framing.frame(request, request.unit, body)
        if "late" in kinds:
            asyncio.get_running_loop().call_later(kinds["late"].number, self._send_late, frame)
            return b""
        if "slow" in kinds:
            self._send_slowly(frame, kinds["slow"].number)
            return b""
        return frame

    def _send_slowly(self, frame: bytes, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        size = -(-len(frame) // PIECES)
        for number, at in enumerate(range(0, len(frame), size), start=1):
            loop.call_later(seconds * number / PIECES, self._send_late, frame[at : at + size])

    def _send_late(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)

    def _lie(self, request: Request, body: bytes) -> bytes:
        """An answer that belongs to nobody: in turn another unit, function, count or transaction."""
        self._lies += 1
        match self._lies % 4:
            case 0:
                return self._framing.frame(request, request.unit % 247 + 1, body)
            case 1:
                return self._framing.frame(request, request.unit, bytes([body[0] ^ 7]) + body[1:])
            case 2 if len(body) > 4 and body[0] in READS:
                return self._framing.frame(request, request.unit, bytes([body[0], body[1] - 2]) + body[2:-2])
            case _:
                other = Request(request.unit, request.body, request.transaction ^ 0x5A5A)
                return self._framing.frame(other, request.unit % 247 + 1 if self._line.rtu else request.unit, body)


def make_lines(
    field: FieldSpec, banks: Sequence[Bank], listeners: Mapping[str, socket.socket] | None = None
) -> list[Line]:
    """A line for every link of the field, with its devices; on the sockets given, else on those it opens itself."""
    bank_of = {device: bank for bank in banks for device in bank.devices}
    units: dict[str, dict[int, VirtualDevice]] = {link.id: {} for link in field.links}
    for device in field.devices:
        if device.link in units and device.id in bank_of:
            played = VirtualDevice(device.id, bank_of[device.id])
            first = units[device.link].setdefault(device.unit, played)
            if first is not played:
                first.neighbours.append(played)
    return [Line(link, units[link.id], (listeners or {}).get(link.id)) for link in field.links]


def _is_away(restart: Fault) -> bool:
    return time.time() < restart.start_s + restart.number


async def play_line_faults(lines: Sequence[Line], active: Sequence[Fault]) -> None:
    """Puts these faults onto the lines: who is silent, late or lying, which link refuses or drops. Links that do not
    refuse listen. Raises CannotServe.
    """
    refused = {fault.target for fault in active if fault.kind == "refuse"}
    dropped = {fault.target for fault in active if fault.kind == "drop"}
    by_device: dict[str, list[Fault]] = {}
    for fault in active:
        if fault.kind in ON_THE_WIRE:
            by_device.setdefault(fault.target, []).append(fault)
    for line in lines:
        line.drops = line.id in dropped
        line.faults = {d.id: by_device[d.id] for d in line.everyone() if d.id in by_device}
        if line.id in refused:
            line.close()
        else:
            await line.open()
