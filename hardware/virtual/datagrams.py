"""The UDP end of a virtual link: each datagram is one frame, answered to where it came from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

Peer = tuple[str, int]

_MOST_PEERS = 256  # remembered; a peer that comes back is taken as a new one


class DatagramEnd(asyncio.DatagramProtocol):
    """Gives every peer a protocol of its own, made by `answering`, as if it had connected."""

    def __init__(self, answering: Callable[[], asyncio.Protocol]) -> None:
        self._answering = answering
        self._transport: asyncio.DatagramTransport | None = None
        self._peers: dict[Peer, asyncio.Protocol] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own is one by its methods only until Python 3.13.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Peer) -> None:
        assert self._transport is not None
        if addr not in self._peers:
            if len(self._peers) >= _MOST_PEERS:
                self._forget(next(iter(self._peers)))
            self._peers[addr] = self._answering()
        peer = self._peers[addr]
        # Made anew for every datagram: what one leaves over is no part of the next.
        peer.connection_made(_Reply(self._transport, addr))
        peer.data_received(data)

    def error_received(self, exc: Exception) -> None:
        """Somebody went away before his answer came; nothing is lost by it."""

    def connection_lost(self, exc: Exception | None) -> None:
        for peer in list(self._peers):
            self._forget(peer)

    def _forget(self, addr: Peer) -> None:
        self._peers.pop(addr).connection_lost(None)


class _Reply(asyncio.Transport):
    """The way back to one peer. Hanging up means nothing over UDP, so closing it only stops this answer."""

    def __init__(self, transport: asyncio.DatagramTransport, peer: Peer) -> None:
        super().__init__()
        self._transport = transport
        self._peer = peer

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(bytes(data), self._peer)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass
