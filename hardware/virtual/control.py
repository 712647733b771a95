"""A line-based control port on loopback: give and heal faults of a virtual site while it runs, and ask about it.

One command a line, one answer a line: a fault (`silent:OPS-E01.1`), `heal WHAT` (a fault's text, a device, a link or
`all`), `faults`, `time`, `speed X`, `values DEVICE`, `stop`. Answers begin with `ok` or `error`.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import math
import socket
import time
from typing import TYPE_CHECKING, Protocol

from hardware.virtual.faults import BadFault, FaultBoard, Targets, parse_fault
from hardware.virtual.listeners import PortInUse, why_not

if TYPE_CHECKING:
    from hardware.virtual.world import World

HOST = "127.0.0.1"
LONGEST_LINE = 1000
FASTEST = 10_000.0


class NobodyThere(OSError):
    """No virtual site listens on that control port."""


class ControlledSite(Protocol):
    """What the control port asks of the site that it speaks for, and what it may do to it."""

    world: World
    board: FaultBoard
    targets: Targets
    speed: float  # seconds of the site's time in a second of the wall's

    async def apply_faults(self) -> None:
        """Brings the site in line with the faults on its board."""

    def stop(self) -> None:
        """Ends the serving within a tick."""


class ControlPort:
    def __init__(self, site: ControlledSite, port: int) -> None:
        self._site = site
        self.port = port
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Raises PortInUse."""
        try:
            self._server = await asyncio.start_server(self._serve, HOST, self.port, limit=LONGEST_LINE)
        except OSError as error:
            raise PortInUse(
                f"Port {self.port} on {HOST} {why_not(error)}, so nobody could tell the virtual site "
                "anything; choose another --control-port."
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A desk that goes away in mid-sentence, or talks without end, loses its connection and nothing else.
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                writer.write((await self._answer(line.decode("utf-8", "replace").strip()) + "\n").encode())
                await writer.drain()
        writer.close()

    async def _answer(self, line: str) -> str:
        command, _, rest = line.partition(" ")
        rest = rest.strip()
        if command == "fault":
            command = rest
        try:
            return f"ok {await self._obey(command, rest)}".rstrip()
        except BadFault as error:
            return f"error {error}"

    async def _obey(self, command: str, rest: str) -> str:
        site = self._site
        if command == "heal":
            healed = site.board.heal(rest or "all")
            await site.apply_faults()
            return f"healed {healed}"
        if command == "faults":
            return "; ".join(fault.text for fault in site.board.listed()) or "none"
        if command == "time":
            return dt.datetime.fromtimestamp(site.world.time_s, dt.UTC).isoformat(timespec="seconds")
        if command == "speed":
            site.speed = parse_speed(rest)
            return f"speed {site.speed:g}"
        if command == "values":
            return self._values(rest)
        if command == "stop":
            asyncio.get_running_loop().call_soon(site.stop)
            return "stopping"
        return await self._give(command)

    async def _give(self, text: str) -> str:
        fault = parse_fault(text, self._site.targets, time.time())
        self._site.board.give(fault)
        await self._site.apply_faults()
        return f"given {fault.text}"

    def _values(self, device: str) -> str:
        fleet = self._site.world.fleet_of.get(device)
        if fleet is None:
            raise BadFault(f"There is no device '{device}' on this site.")
        row = fleet.rows[device]
        return " ".join(f"{quantity}={column[row]:.6g}" for quantity, column in sorted(fleet.columns.items()))


def parse_speed(text: str) -> float:
    """Raises BadFault."""
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0.0 < speed <= FASTEST:
        raise BadFault(f"'{text}' is not a speed; write a number above 0 and up to {FASTEST:g}.")
    return speed


def tell(port: int, line: str, timeout_s: float = 5.0) -> str:
    """Sends one command to the control port of a running virtual site; its answer. Raises NobodyThere."""
    try:
        if not 0 < port < 65_536:
            raise OSError("it is not a port")
        with socket.create_connection((HOST, port), timeout_s) as connection:
            connection.sendall(line.strip().encode() + b"\n")
            answer = connection.makefile("r", encoding="utf-8").readline()
    except OSError as error:
        raise NobodyThere(f"No virtual site listens on control port {port}: {error}.") from error
    if not answer:
        raise NobodyThere(f"What listens on port {port} is not a virtual site.")
    return answer.strip()
