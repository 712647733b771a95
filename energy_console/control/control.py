"""Commands of persons and plans: allowed by the site, written by the commander, kept in the ledger, let go in order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from energy_console.control import recovery
from energy_console.control.ledger import Entry, Ledger
from energy_console.control.permission import why_not_here
from energy_console.historian.ledger import LedgerRecord
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.commands import Commander, Hold, Outcome, Result, Step, StepKind
from hardware.modbus import FieldError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
FINISH_WITHIN_S = 3.0  # commands under way, when the engine ends
LET_GO_WITHIN_S = 6.0  # holds, when the engine ends
STORE_GONE_S = 60.0  # without a ledger for so long nothing is held any more
PLAN_GONE_S = 300.0  # nobody has followed the plan for so long


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for. `plan`: the id of the plan that asks, empty where a person does."""

    point: str
    value: float
    who: str
    why: str
    plan: str = ""


class Control:
    """Lives on the engine's loop.

    `ails` tells why the store does not take what it is given, empty while it does. `plan_age_s` tells how long ago the
    plan in force was last followed. `dropped` hears of points that were let go without whoever asked having said so.
    """

    def __init__(
        self,
        site: Site,
        live: LiveTable,
        commander: Commander,
        ledger: Ledger,
        ails: Callable[[], str],
        plan_age_s: Callable[[], float],
        dropped: Callable[[Iterable[str]], None],
    ) -> None:
        self._site, self._live, self._commander, self._ledger = site, live, commander, ledger
        self._ails, self._plan_age_s, self._dropped = ails, plan_age_s, dropped
        self._cut_off: dict[str, list[LedgerRecord]] = {}
        for record in ledger.cut_off:
            self._cut_off.setdefault(record.command.point, []).append(record)
        self._of_plan: set[str] = set()  # points that a plan holds
        self._under_way: set[asyncio.Task[Outcome]] = set()
        self._silent: dict[str, tuple[float, bool]] = {}  # point -> value a plan asked for last, and was it lost then
        self._ends_because = ""
        self._ailing_since: float | None = None

    async def command(self, ask: Ask) -> Outcome:
        """Writes what is asked if rules and device let it. Goes on to its end also where the asker is cancelled."""
        if ask.plan and (known := self._known_to_fail(ask)):
            return known
        entry = self._ledger.begin(ask.point, ask.value, ask.who, ask.why, ask.plan)
        refused = self._ends_because or why_not_here(self._site, self._live, ask.point, ask.value)
        if refused:
            entry.note(Step(StepKind.REFUSED, refused, closes=True))
            return Outcome(Result.REFUSED, ask.point, ask.value, None, refused)
        task = asyncio.create_task(self._carry_out(ask, entry), name=f"command {entry.number}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def release(self, point: str, because: str) -> Outcome:
        self._of_plan.discard(point)
        return await self._commander.release(point, because)

    def holds(self) -> tuple[Hold, ...]:
        """What is kept alive now."""
        return self._commander.holds()

    async def run(self) -> None:
        """Settles what an earlier run left open, and lets go where nobody is in charge any more; until cancelled."""
        self._settle_unsent()
        while True:
            for point in list(self._cut_off):
                await self._settle(point)
            await self._let_go_of_orphans()
            await asyncio.sleep(LOOK_EVERY_S)

    async def end(self, because: str) -> None:
        """Takes no more commands, lets those under way finish and lets go of everything held; within a bounded time."""
        self._ends_because = because
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FINISH_WITHIN_S)
        try:
            async with asyncio.timeout(LET_GO_WITHIN_S):
                await self._commander.release_all(because)
        except TimeoutError:
            log.warning("Not every device could be told in time that it is let go; they fall back by themselves")
        await self.close()

    async def close(self) -> None:
        """At once: nothing is fed after this, what is still held is left to fall back."""
        await self._commander.close()

    def _known_to_fail(self, ask: Ask) -> Outcome | None:
        """A plan asks again and again while a device is silent, or the store gone: kept once, or not at all."""
        if trouble := self._ledger.trouble:
            return Outcome(Result.REFUSED, ask.point, ask.value, None, f"{ask.point} was not written: {trouble}")
        reason = self._commander.why_lost(ask.point)
        before, self._silent[ask.point] = self._silent.get(ask.point), (ask.value, bool(reason))
        if not reason or before != (ask.value, True):
            return None
        return Outcome(Result.REFUSED, ask.point, ask.value, None, f"{ask.point} is not written while {reason}.")

    # -- one command ------------------------------------------------------------------------------------------

    async def _carry_out(self, ask: Ask, entry: Entry) -> Outcome:
        await self._settle(ask.point)
        outcome = await self._commander.write(ask.point, ask.value, entry)
        if outcome.ok:
            (self._of_plan.add if ask.plan else self._of_plan.discard)(ask.point)
            for left in self._cut_off.pop(ask.point, ()):
                self._ledger.entry(left.command.id).note(Step(StepKind.OVERTAKEN, "A newer command came.", closes=True))
        return outcome

    # -- after a crash ----------------------------------------------------------------------------------------

    def _settle_unsent(self) -> None:
        for point, records in list(self._cut_off.items()):
            sent = [record for record in records if recovery.was_sent(record)]
            for record in records:
                if record not in sent:
                    self._ledger.entry(record.command.id).note(recovery.never_sent())
            if sent:
                self._cut_off[point] = sent
            else:
                del self._cut_off[point]

    async def _settle(self, point: str) -> None:
        """Looks at the device of commands that were cut off, and says what became of them. Tried again where it is
        silent; nothing is written.
        """
        if point not in self._cut_off or self._commander.why_lost(point):
            return
        target = self._commander.target(point)
        shown = None
        if target is not None:
            try:
                shown = await self._commander.read(point)
            except FieldError:
                return
        for record in self._cut_off.pop(point, ()):
            last = recovery.gone() if target is None or shown is None else recovery.settled(record, target, shown)
            self._ledger.entry(record.command.id).note(last)
            log.info("Command %d to %s: %s", record.command.id, point, last.text)

    # -- nobody in charge -------------------------------------------------------------------------------------

    async def _let_go_of_orphans(self) -> None:
        now = time.monotonic()
        if trouble := self._ails():
            self._ailing_since = self._ailing_since or now
            if now - self._ailing_since > STORE_GONE_S:
                await self._drop({hold.point for hold in self._commander.holds()}, f"No ledger can be kept: {trouble}")
        else:
            self._ailing_since = None
        if self._of_plan and self._plan_age_s() > PLAN_GONE_S:
            await self._drop(self._of_plan, f"The plan has not been followed for {PLAN_GONE_S:g} s.")

    async def _drop(self, points: Iterable[str], because: str) -> None:
        held = {hold.point for hold in self._commander.holds()} & set(points)
        if not held:
            return
        log.warning("%d set-points are let go. %s", len(held), because)
        await asyncio.gather(*(self.release(point, because) for point in sorted(held)))
        self._dropped(held)
