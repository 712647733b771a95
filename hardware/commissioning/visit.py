"""How a link is asked: in turn with whoever owns it, or over a connection of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from hardware.modbus import Connection, FieldError
from hardware.points import Reason

T = TypeVar("T")


class Visit(Protocol):
    """Does one piece of work with a connection of a link. Raises FieldError, and whatever the work raises.

    Work is one question, so that devices which are read on the same link wait for one question and no more.
    """

    async def __call__(self, work: Callable[[Connection], Awaitable[T]]) -> T: ...


class OwnVisit:
    """A visit over a connection that nobody else has; for links that no engine reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def __call__(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._turn:
            return await work(self._connection)


def within(patience_s: float, work: Callable[[Connection], Awaitable[T]]) -> Callable[[Connection], Awaitable[T]]:
    """The same work, given up sooner than the link's own timeout where `patience_s` is shorter."""

    async def hurried(connection: Connection) -> T:
        if patience_s >= connection.timeout_s:
            return await work(connection)
        try:
            async with asyncio.timeout(patience_s):
                return await work(connection)
        except TimeoutError as error:
            raise FieldError(Reason.TIMEOUT, f"no answer in {patience_s:g} s") from error

    return hurried
