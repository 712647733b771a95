"""How many connections a gateway really takes: found out once, not tried for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from hardware.modbus import Connection, FieldError
from hardware.points import Reason

log = logging.getLogger(__name__)

_SILENT_REQUESTS = 3  # on a connection that never answered, while others do: the gateway has taken it and forgotten it
_AT_ONCE_S = 1.0  # a connection that breaks so soon after another was opened has made room for it
_PUSHED_OUT = 3  # times, since a gateway may also hang up by chance


class Admission:
    """The connections of one link. The first one opens the way; the others are given up where the gateway refuses them.

    A gateway refuses a connection too many in four ways: it does not take it, it takes it and hangs up, it takes it and
    never answers, or it hangs up on the oldest one instead. None of them is the fault of the device that was to be
    asked.
    """

    def __init__(self, link: str, connections: Sequence[Connection]) -> None:
        self._link = link
        self._connections = tuple(connections)
        self._given_up: set[Connection] = set()
        self._strikes: dict[Connection, int] = {}
        self._pushed_out = 0  # connections that broke when another one was opened
        self._seen_opened_at: dict[Connection, float] = {}
        self._changed = asyncio.Event()

    @property
    def taken(self) -> int:
        """Connections that may be used."""
        return len(self._connections) - len(self._given_up)

    async def wait_until_allowed(self, connection: Connection) -> None:
        """At once for the first connection; the others follow when one is open, unless they were given up."""
        while not self._is_allowed(connection):
            self._changed.clear()
            await self._changed.wait()

    def _is_allowed(self, connection: Connection) -> bool:
        if connection in self._given_up:
            return False
        return connection is self._connections[0] or connection.answers > 0 or self._another_is_open(connection)

    def _another_is_open(self, connection: Connection) -> bool:
        # Over UDP opening asks nobody, so only an answer shows that a connection is one.
        return any(
            other.is_open and (other.answers > 0 or other.address.kind != "udp")
            for other in self._connections
            if other is not connection
        )

    def was_used(self, connection: Connection) -> None:
        """After every turn: others may be waiting for a connection to be open."""
        if len(self._connections) < 2 or not connection.is_open:
            return
        self._changed.set()
        if self._seen_opened_at.get(connection) != connection.opened_at:
            self._seen_opened_at[connection] = connection.opened_at
            self._look_for_pushed_out(connection)

    def _look_for_pushed_out(self, newest: Connection) -> None:
        for other in self._connections:
            if other is not newest and 0.0 <= other.broken_at - newest.opened_at <= _AT_ONCE_S:
                self._pushed_out += 1
        if self._pushed_out >= _PUSHED_OUT and self.taken > 1:
            self._pushed_out = 0
            self._give_up(newest)

    def is_to_blame(self, connection: Connection, error: FieldError) -> bool:
        """True where the loss is the connection's own, one too many for its gateway: the device is asked again."""
        if connection.answers > 0 or not self._another_is_open(connection):
            return False
        if error.reason in (Reason.REFUSED, Reason.DROPPED):
            self._give_up(connection)
            return True
        if error.reason is not Reason.TIMEOUT:
            return False
        strikes = self._strikes[connection] = self._strikes.get(connection, 0) + 1
        if strikes >= _SILENT_REQUESTS:
            self._give_up(connection)
        return True

    def _give_up(self, connection: Connection) -> None:
        if connection is self._connections[0]:
            # The first worker never waits, so the place that is lost is another one's.
            self._connections = (*self._connections[1:], connection)
        self._given_up.add(connection)
        connection.close()
        log.warning(
            "Link %s takes %d connections at once, not %d; the rest is not tried again before the link has been lost",
            self._link, self.taken, len(self._connections),
        )  # fmt: skip

    def try_again(self) -> None:
        """The link was lost and is back: its gateway may take more now."""
        self._given_up.clear()
        self._strikes.clear()
        self._pushed_out = 0
        self._changed.set()
