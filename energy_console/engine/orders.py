"""What attached consoles have put into the store to be done: claimed by exactly one engine, carried out, answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from energy_console.engine.link import CommandResult
from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.errors import StoreError
from energy_console.historian.interface import Historian

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
LEAST_BETWEEN_S = 0.1
CLAIMED_AS = "engine"
GIVEN_AT = "given_ns"  # key of an order: when the person gave it
CUT_OFF = {"ok": False, "text": "The engine was cut off while carrying that out: the ledger tells what became of it."}
TOO_OLD_S = 60.0  # whoever gave it was told long ago that nobody answers

CarryOut = Callable[[Mapping[str, Any]], Awaitable[CommandResult]]


class Orders:
    """Lives on the engine's loop."""

    def __init__(self, historian: Historian, writer: StoreWriter, carry_out: CarryOut) -> None:
        self._historian, self._writer, self._carry_out = historian, writer, carry_out
        self._trouble = ""

    async def run(self) -> None:
        """Looks when the store says so and once a second, until cancelled.

        A store that refuses is asked again: the writer tells of it.
        """
        await self._answer_cut_off()
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(news.set)

        self._historian.wake(wake)
        async with asyncio.TaskGroup() as under_way:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), LOOK_EVERY_S)
                await asyncio.sleep(LEAST_BETWEEN_S)  # what comes at once is taken at once
                news.clear()
                for number, order in await self._claimed():
                    # beside each other: a change in steps or a silent device must not hold up what others ask
                    under_way.create_task(self._fulfil(number, order), name=f"order {number}")

    async def _fulfil(self, number: int, order: Mapping[str, Any]) -> None:
        result = await self._answer(order)
        answer = {"ok": result.ok, "text": result.text, "detail": dict(result.detail)}
        self._writer.do(partial(self._historian.finish_command, number, answer))

    async def _answer_cut_off(self) -> None:
        """Orders that an engine took and did not finish are not carried out a second time: the ledger tells of them."""
        try:
            orders = await asyncio.to_thread(self._historian.claimed_commands, CLAIMED_AS)
        except StoreError as error:
            log.warning("orders of an earlier run cannot be looked at: %s", error)
            return
        for number, _ in orders:
            self._writer.do(partial(self._historian.finish_command, number, CUT_OFF))

    async def _claimed(self) -> list[tuple[int, Mapping[str, Any]]]:
        try:
            orders = await asyncio.to_thread(self._historian.claim_commands, CLAIMED_AS)
        except StoreError as error:
            if str(error) != self._trouble:
                log.warning("orders of other consoles cannot be taken: %s", error)
            self._trouble = str(error)
            return []
        self._trouble = ""
        return orders

    async def _answer(self, order: Mapping[str, Any]) -> CommandResult:
        waited_s = (time.time_ns() - order.get(GIVEN_AT, 0)) / 1e9
        if waited_s > TOO_OLD_S:
            return CommandResult(
                False, "That order lay here while no engine ran and was not carried out: give it again."
            )
        try:
            return await self._carry_out(order)
        except Exception as error:  # another console's order, whatever is in it, must not end the engine
            log.exception("an order failed")
            return CommandResult(False, f"That order could not be carried out: {error}")
