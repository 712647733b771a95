"""A past that comes with a new site's virtual devices: kept a part at a time while the field is read already."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from energy_console.alarms.machine import AlarmMachine, AlarmState, Transition
from energy_console.alarms.rules import RuleBook
from energy_console.engine.alarm_desk import PAST_KEY, ROOM, line_of, to_state
from energy_console.engine.call_desk import CallClerk, Line
from energy_console.engine.store_writer import StoreWriter, merge
from energy_console.historian.interface import Historian
from energy_console.live.calculated import Calculator
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.points import ScanBatch

log = logging.getLogger(__name__)

AT_ONCE = 100_000  # readings, so that memory stays small
LOOK_EVERY_S = 0.2  # whether the engine still runs, while the store takes its time
FIRST_ALARM = 10**15  # numbers of alarms of a past are apart from those of the engine
OF_A_PAST = {"past": True}  # in the data of every line: nobody watched when it was so


class PastKeeper:
    """Writes what `past` gives, and what is calculated of it; nothing of it is shown as live."""

    def __init__(
        self,
        site: Site | None,
        historian: Historian,
        writer: StoreWriter,
        calculator: Calculator,
        ours: Callable[[ScanBatch], ScanBatch] = lambda batch: batch,
    ) -> None:
        """`site`: whose alarms and calls are worked out; None where another engine does. `ours`: what of a batch is
        kept, as the store counts.
        """
        self._historian, self._writer, self._calculator, self._ours = historian, writer, calculator, ours
        self._clerk = PastClerk(site) if site is not None else None

    def keep(self, past: Callable[[], Iterable[ScanBatch]], stopping: Callable[[], bool]) -> None:
        """Blocks until all is stored or `stopping`. A past that cannot be read is logged: the engine runs without."""
        try:
            waiting: list[ScanBatch] = []
            for moment in past():
                whole = self._calculator.extend(moment)
                waiting.append(self._ours(whole))
                if self._clerk is not None:
                    self._write_down(self._clerk.step(whole))
                if sum(map(len, waiting)) >= AT_ONCE:
                    self._store(merge(waiting), stopping)
                    waiting = []
                if stopping():
                    return
            if waiting:
                self._store(merge(waiting), stopping)
            if self._clerk is not None:
                self._write_down(self._clerk.end())
        except Exception:  # a demo without its past is still a demo, an engine that ends is not
            log.exception("the past of the virtual devices could not be kept")

    def _write_down(self, told: PastLines) -> None:
        works: list[Callable[[], object]] = [partial(self._historian.write_event, *line) for line in told.lines]
        if told.alarms is not None:
            works.append(partial(self._historian.put_state, ROOM, PAST_KEY, told.alarms, told.at_ns))
        self._writer.do(*works)

    def _store(self, batch: ScanBatch, stopping: Callable[[], bool]) -> None:
        """Waits for the store, but not longer than the engine runs: a full disk must not hold up its end."""
        kept = threading.Event()
        self._writer.do(partial(self._historian.append, batch), kept.set)
        while not kept.wait(LOOK_EVERY_S) and not stopping():
            pass


@dataclass(frozen=True, slots=True)
class PastLines:
    """What one moment adds to the journal; `alarms`: those open from `at_ns` on, None where they are as before."""

    lines: tuple[Line, ...]
    alarms: dict[str, Any] | None
    at_ns: int


class PastClerk:
    """What the alarm rules and the ship calls make of a past, moment by moment. Holds no clock.

    Nobody was there to acknowledge: an alarm that is over is over.
    """

    def __init__(self, site: Site) -> None:
        self._table = LiveTable(site.points)
        self._rules = RuleBook(site, self._table)
        self._machine = AlarmMachine(next_id=FIRST_ALARM)
        self._calls = CallClerk(site)
        self._last_ns = 0

    def step(self, batch: ScanBatch) -> PastLines:
        """Takes in one moment."""
        self._table.apply(batch)
        first = not self._last_ns
        self._last_ns = int(batch.time_ns.max(initial=0))
        changes = list(self._settled(self._machine.step(self._last_ns, self._rules.conditions({}))))
        told = [line_of(change) for change in changes] + self._calls.step(self._last_ns, self._table)
        lines = tuple((*line[:4], line[4] | OF_A_PAST) for line in told)
        return PastLines(lines, to_state(self._machine) if changes or first else None, self._last_ns)

    def end(self) -> PastLines:
        """From here on the engine itself watches: nothing of the past is open any more."""
        return PastLines((), to_state(AlarmMachine(next_id=self._machine.next_id)), self._last_ns + 1)

    def _settled(self, changes: Iterable[Transition]) -> Iterator[Transition]:
        for change in changes:
            if change.alarm.state is AlarmState.RETURNED:
                yield self._machine.acknowledge(change.alarm.id, "", change.time_ns) or change
            else:
                yield change
