"""The command ledger on its way into the store: numbers given, steps in order, and a promise of what is kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time

from energy_console.historian.errors import StoreError
from energy_console.historian.interface import Historian
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from hardware.commands import Step

log = logging.getLogger(__name__)

RETRY_S = 2.0
SURE_WITHIN_S = 10.0  # a disk that takes longer to keep one line is as good as gone


class Entry:
    """One command's place in the ledger: a `Trace` of the commander."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        self.number = number
        self._ledger = ledger

    def note(self, step: Step) -> None:
        value = None if step.value is None or math.isnan(step.value) else step.value
        self._ledger.add(LedgerStep(self.number, time.time_ns(), step.kind.value, step.text, value, step.closes))

    async def sure(self) -> str:
        return await self._ledger.sure()


class Ledger:
    """Lives on the engine's loop; the store is asked on another thread, everything that waits in one transaction."""

    def __init__(self, historian: Historian) -> None:
        """Blocks for two questions to the store. Raises StoreError."""
        self._historian = historian
        self.cut_off: list[LedgerRecord] = historian.open_ledger()  # what an earlier run did not see the end of
        self._last = historian.last_number()
        self._commands: list[LedgerCommand] = []
        self._steps: list[LedgerStep] = []
        self._asking: list[asyncio.Future[str]] = []
        self._something = asyncio.Event()
        self._ending = False
        self.trouble = ""  # a sentence while the store takes nothing

    def begin(self, point: str, value: float, who: str, why: str, plan: str = "") -> Entry:
        self._last += 1
        device = point.partition("/")[0]
        asked = value if math.isfinite(value) else None
        self._commands.append(LedgerCommand(self._last, time.time_ns(), device, point, asked, who, why, plan))
        self._something.set()
        return Entry(self, self._last)

    def entry(self, number: int) -> Entry:
        """The place of a command that is there already."""
        return Entry(self, number)

    def add(self, step: LedgerStep) -> None:
        self._steps.append(step)
        self._something.set()

    async def sure(self) -> str:
        """Returns when everything added so far survives a crash; a sentence where the store does not take it."""
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asking.append(waiting)
        self._something.set()
        try:
            async with asyncio.timeout(SURE_WITHIN_S):
                return await waiting
        except TimeoutError:
            return f"the ledger could not be kept within {SURE_WITHIN_S:g} s; look at the store."

    async def run(self) -> None:
        """Writes what is added, until `end`."""
        while not self._ending:
            await self._something.wait()
            self._something.clear()
            if not await self._write() and not self._ending:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._something.wait(), RETRY_S)
                self._something.set()
        if (self._commands or self._steps) and not await self._write():
            log.error("%d steps of commands could not be kept in the ledger. %s", len(self._steps), self.trouble)

    def end(self) -> None:
        """`run` writes what is left and returns."""
        self._ending = True
        self._something.set()

    async def _write(self) -> bool:
        commands, self._commands = self._commands, []
        steps, self._steps = self._steps, []
        asking, self._asking = self._asking, []
        trouble = ""
        try:
            if commands or steps:
                await asyncio.to_thread(self._historian.append_ledger, commands, steps)
        except StoreError as error:
            trouble = str(error)
        except Exception as error:  # ours or the store's: it is kept and tried again, and told as the store's trouble
            log.exception("the ledger was not taken")
            trouble = f"The ledger cannot be kept: {error!r}."
        if trouble:
            self._commands, self._steps = commands + self._commands, steps + self._steps
            if trouble != self.trouble:
                log.error("ledger: %s", trouble)
        self.trouble = trouble
        for waiting in asking:
            if not waiting.done():
                waiting.set_result(trouble)
        return not trouble
