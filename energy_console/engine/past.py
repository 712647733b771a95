"""A past that comes with a new site's virtual devices: kept a part at a time while the field is read already."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from functools import partial

from energy_console.engine.store_writer import StoreWriter, merge
from energy_console.historian.interface import Historian
from energy_console.live.calculated import Calculator
from hardware.points import ScanBatch

log = logging.getLogger(__name__)

AT_ONCE = 100_000  # readings, so that memory stays small
LOOK_EVERY_S = 0.2  # whether the engine still runs, while the store takes its time


class PastKeeper:
    """Writes what `past` gives, and what is calculated of it; nothing of it is shown as live."""

    def __init__(
        self,
        historian: Historian,
        writer: StoreWriter,
        calculator: Calculator,
        ours: Callable[[ScanBatch], ScanBatch] = lambda batch: batch,
    ) -> None:
        """`ours`: what of a batch is kept, as the store counts."""
        self._historian, self._writer, self._calculator, self._ours = historian, writer, calculator, ours

    def keep(self, past: Callable[[], Iterable[ScanBatch]], stopping: Callable[[], bool]) -> None:
        """Blocks until all is stored or `stopping`. A past that cannot be read is logged: the engine runs without."""
        try:
            waiting: list[ScanBatch] = []
            for moment in past():
                waiting.append(self._ours(self._calculator.extend(moment)))
                if sum(map(len, waiting)) >= AT_ONCE:
                    self._store(merge(waiting), stopping)
                    waiting = []
                if stopping():
                    return
            if waiting:
                self._store(merge(waiting), stopping)
        except Exception:  # a demo without its past is still a demo, an engine that ends is not
            log.exception("the past of the virtual devices could not be kept")

    def _store(self, batch: ScanBatch, stopping: Callable[[], bool]) -> None:
        """Waits for the store, but not longer than the engine runs: a full disk must not hold up its end."""
        kept = threading.Event()
        self._writer.do(partial(self._historian.append, batch), kept.set)
        while not kept.wait(LOOK_EVERY_S) and not stopping():
            pass
