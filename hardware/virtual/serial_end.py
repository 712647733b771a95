"""The device's end of a real serial line: RTU served on a port of this computer, opened again when it comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from hardware.link_address import address_of
from hardware.virtual.listeners import CannotServe

if TYPE_CHECKING:
    from hardware.field import LinkSpec

log = logging.getLogger(__name__)
_AGAIN_S = 0.5  # between two attempts to open a port that is gone


class SerialEnd:
    """Serves one port until closed."""

    def __init__(self, link: LinkSpec, answering: Callable[[], asyncio.Protocol]) -> None:
        self._link = link
        self._answering = answering
        self._transport: asyncio.Transport | None = None
        self._again: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Raises CannotServe."""
        # Loaded where a link needs it: no other virtual link takes pymodbus or pyserial.
        from pymodbus.transport.serialtransport import create_serial_connection

        from hardware.modbus.serial_ports import CANNOT_OPEN, serial_sentence

        address = address_of(self._link)
        try:
            self._transport, _ = await create_serial_connection(
                asyncio.get_running_loop(), lambda: _Watched(self._answering(), self._lost), address.host,
                baudrate=address.baud, bytesize=8, parity=address.parity, stopbits=address.stop_bits, timeout=0,
            )  # fmt: skip
        except CANNOT_OPEN as error:
            raise CannotServe(
                f"Link {self._link.id} cannot be served: {serial_sentence(error, address.host)}; "
                "free it or name another port."
            ) from error

    def close(self) -> None:
        if self._again is not None:
            self._again.cancel()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _lost(self) -> None:
        log.warning("The serial port of link %s is gone; it is opened again when it is back", self._link.id)
        self._transport = None
        self._again = asyncio.get_running_loop().create_task(self._open_again())

    async def _open_again(self) -> None:
        while self._transport is None:
            await asyncio.sleep(_AGAIN_S)
            try:
                await self.open()
            except CannotServe:
                continue
            log.info("The serial port of link %s is back", self._link.id)


class _Watched(asyncio.Protocol):
    """Passes everything on, and tells when the port is gone."""

    def __init__(self, inner: asyncio.Protocol, lost: Callable[[], None]) -> None:
        self._inner = inner
        self._told = lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
        if exc is not None:
            self._told()
