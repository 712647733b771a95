"""A proxy between a console and devices that plays a bad line: over TCP, RTU over TCP or UDP, with faults by chance.

Requests go through as they are; each answer is given to a pair of dice (`line_faults`). Whoever puts a gateway into
service may set it in front of the gateway and see what the console makes of a line worse than the real one:
`main.py badline tcp://127.0.0.1:5020 tcp://10.0.0.5:502 --odds drop=0.01 --odds duplicate=0.02`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from hardware.virtual.framing import MBAP_HEAD
from hardware.virtual.line_faults import Dice, LineFault, Odds, spoiled

KINDS = ("tcp", "rtu+tcp", "udp")
_CONTENT = (
    LineFault.OTHER_FUNCTION, LineFault.OTHER_UNIT, LineFault.OTHER_TRANSACTION, LineFault.OTHER_COUNT,
    LineFault.GARBAGE, LineFault.FLIP, LineFault.EXCEPTION,
)  # fmt: skip
_PIECE_GAP_S = 0.003
_EXCEPTION = 0x80


class FaultProxy:
    """Listens at `host` (`port`, once it is open) and passes on to `target`. Lives in one event loop."""

    def __init__(self, kind: str, target: tuple[str, int], odds: Odds, seed: int = 0) -> None:
        if kind not in KINDS:
            raise ValueError(f"A bad line is one of {', '.join(KINDS)}, not '{kind}'.")
        self.kind = kind
        self.target = target
        self.dice = Dice(odds, rtu=kind == "rtu+tcp", udp=kind == "udp", seed=seed)
        self.answers = 0
        self.carried: list[bytes] = []  # answers that come out of the next connection
        self.callers: set[_Caller] = set()
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        if self._datagrams is not None:
            return int(self._datagrams.get_extra_info("sockname")[1])
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Port 0 takes a free one. `tls`: who asks has to do so inside it; the devices behind are asked without.

        Raises OSError where the port cannot be had.
        """
        loop = asyncio.get_running_loop()
        if self.kind == "udp":
            self._datagrams, _ = await loop.create_datagram_endpoint(
                lambda: _DatagramEntrance(self), local_addr=(host, port)
            )
        else:
            self._server = await loop.create_server(lambda: _StreamEntrance(self), host, port, ssl=tls)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._datagrams is not None:
            self._datagrams.close()
        for caller in list(self.callers):
            caller.end()

    def cut_answers(self, buffer: bytearray) -> list[bytes]:
        """Takes every whole answer out of a stream of them; what makes no sense is handed on as it is."""
        answers: list[bytes] = []
        while buffer:
            size = _rtu_size(buffer) if self.dice.rtu else _mbap_size(buffer)
            if not size or len(buffer) < size:
                break
            answers.append(bytes(buffer[:size]))
            del buffer[:size]
        return answers


class _Caller:
    """One connection of the console, or one address that datagrams come from: its way there and back."""

    def __init__(self, proxy: FaultProxy, send: Callable[[bytes], None], hang_up: Callable[[], None]) -> None:
        self._proxy = proxy
        self._send, self._hang_up = send, hang_up
        self._loop = asyncio.get_running_loop()
        self._exit: asyncio.BaseTransport | None = None
        self._waiting: list[bytes] = []
        self._joined, self._held = b"", b""  # answers kept for the next one: sent in front of it, behind it
        self._rest: list[bytes] = []  # pieces still to be sent; nothing comes between two pieces of one answer
        self._deaf = proxy.dice.is_mute()
        self._ended = False
        proxy.callers.add(self)
        self._task = self._loop.create_task(self._reach())
        carried, proxy.carried = proxy.carried, []
        for answer in carried:
            self._later(0.3 * proxy.dice.late_s(), answer)

    async def _reach(self) -> None:
        proxy = self._proxy
        try:
            if proxy.kind == "udp":
                await self._loop.create_datagram_endpoint(lambda: _Exit(self), remote_addr=proxy.target)
            else:
                await self._loop.create_connection(lambda: _Exit(self), *proxy.target)
        except OSError:
            self.end()

    def reached(self, transport: asyncio.BaseTransport) -> None:
        self._exit = transport
        for data in self._waiting:
            self._pass_on(data)
        self._waiting.clear()
        if self._ended:
            transport.close()

    def asked(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._exit is None:
            self._waiting.append(data)
        else:
            self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        if self._exit is None:
            return
        if self._proxy.kind == "udp":
            cast(asyncio.DatagramTransport, self._exit).sendto(data)
        else:
            cast(asyncio.Transport, self._exit).write(data)

    def answered(self, frame: bytes) -> None:
        """One answer of the device: on its way back it meets its fault, or none."""
        if self._deaf:
            return
        self._proxy.answers += 1
        fault = self._proxy.dice.of_answer()
        pieces = [frame] if fault is None else self._play(fault, frame)
        if not pieces:
            return
        pieces[0] = self._joined + pieces[0]
        if self._held:
            pieces.append(self._held)
        self._joined = self._held = b""
        for piece in pieces:
            self._say(piece, in_pieces=len(pieces) > 1)

    def _play(self, fault: LineFault, frame: bytes) -> list[bytes]:
        """What is said at once, piece by piece."""
        dice = self._proxy.dice
        if fault in _CONTENT:
            return [spoiled(frame, fault, dice)]
        cut = dice.random.randint(1, max(1, len(frame) - 1))
        match fault:
            case LineFault.SPLIT:
                return [frame[:cut], frame[cut:]]
            case LineFault.CUT:
                # A stream loses nothing in its middle: what stops in mid-frame over TCP has stopped for good.
                self._deaf = not dice.rtu and not dice.udp
                return [frame[:cut]]
            case LineFault.DUPLICATE if dice.random.random() < 0.5:
                return [frame + frame]
            case LineFault.DUPLICATE:
                self._later(0.3 * dice.late_s(), frame)
                return [frame]
            case LineFault.HANG_UP:
                self._say(frame[:cut])
                self.end()
            case LineFault.DELAY:
                self._later(dice.late_s(), frame)
            case LineFault.JOIN:
                self._joined += frame
            case LineFault.REORDER:
                self._held += frame
            case LineFault.CARRY_OVER:
                self._proxy.carried.append(frame)
            case LineFault.HALF_OPEN:
                self._deaf = True
        return []

    def _later(self, wait_s: float, data: bytes) -> None:
        self._loop.call_later(wait_s, lambda: None if self._deaf else self._say(data))

    def _say(self, data: bytes, in_pieces: bool = False) -> None:
        if self._ended or not data:
            return
        if self._rest:
            self._rest.append(data)
            return
        self._send(data)
        if in_pieces:
            self._rest.append(b"")
            self._loop.call_later(_PIECE_GAP_S, self._go_on)

    def _go_on(self) -> None:
        """The next piece after a pause; the first of `_rest` is the one that has been sent."""
        del self._rest[0]
        if self._ended or not self._rest:
            return
        self._send(self._rest[0])
        self._loop.call_later(_PIECE_GAP_S, self._go_on)

    def end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._proxy.callers.discard(self)
        if self._exit is not None:
            self._exit.close()
        self._hang_up()

    def cut_answers(self, buffer: bytearray) -> list[bytes]:
        return self._proxy.cut_answers(buffer)


class _StreamEntrance(asyncio.Protocol):
    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy
        self._caller: _Caller | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._caller = _Caller(self._proxy, transport.write, transport.close)

    def data_received(self, data: bytes) -> None:
        assert self._caller is not None
        self._caller.asked(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._caller is not None:
            self._caller.end()


class _DatagramEntrance(asyncio.DatagramProtocol):
    """One caller an address."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy
        self._callers: dict[tuple[str, int], _Caller] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's own datagram transport does not say that it is one.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        caller = self._callers.get(addr)
        if caller is None:
            caller = self._callers[addr] = _Caller(
                self._proxy, lambda answer: self._send(answer, addr), lambda: self._forget(addr)
            )
        caller.asked(data)

    def _send(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, addr)

    def _forget(self, addr: tuple[str, int]) -> None:
        self._callers.pop(addr, None)


class _Exit(asyncio.Protocol, asyncio.DatagramProtocol):
    """The way to the device and back."""

    def __init__(self, caller: _Caller) -> None:
        self._caller = caller
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._caller.reached(transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        for answer in self._caller.cut_answers(self._buffer):
            self._caller.answered(answer)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._caller.answered(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._caller.end()


def _mbap_size(buffer: bytearray) -> int:
    return 6 + int.from_bytes(buffer[4:6], "big") if len(buffer) >= MBAP_HEAD else 0


def _rtu_size(buffer: bytearray) -> int:
    if len(buffer) < 3:
        return 0
    if buffer[1] & _EXCEPTION:
        return 5
    return 8 if buffer[1] in (5, 6, 15, 16) else 5 + buffer[2]
