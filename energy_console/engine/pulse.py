"""From scanned batches to one piece of news a second: live table, calculated points, staleness, store."""

from __future__ import annotations

import time

import numpy as np

from energy_console.engine.own_points import OwnPoints
from energy_console.engine.store_writer import StoreWriter, merge
from energy_console.live.calculated import Calculator
from energy_console.live.staleness import NEVER, Staleness, allowed_silence_ns, stale_batch
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.points import ScanBatch, is_usable


class Pulse:
    """Takes batches as they come and gives out what came since the last beat. Used on the engine's thread only.

    Batches count as the site does; what is kept of them is this engine's `own`.
    """

    def __init__(self, site: Site, live: LiveTable, writer: StoreWriter | None, own: OwnPoints) -> None:
        self._live, self._writer, self._own = live, writer, own
        self._calculator = Calculator(own.site.calculated, live.index, {point.id: point.unit for point in site.points})
        allowed_ns = np.where(own.mine, allowed_silence_ns(site), NEVER)  # of others, their engines say so
        self._staleness = Staleness(allowed_ns, time.monotonic_ns())
        self._since: list[ScanBatch] = []
        self.readings = 0
        self.bad_readings = 0

    def take(self, batch: ScanBatch) -> None:
        """One batch of the scanner: shown, extended by what is calculated of it, and handed to the store."""
        if not len(batch):
            return
        self._staleness.renew(batch, time.monotonic_ns())
        self.readings += len(batch)
        self.bad_readings += int(np.count_nonzero(~is_usable(batch.status)))
        whole = self._calculator.extend(batch)
        self._live.apply(whole)
        self._since.append(whole)
        if self._writer:
            self._writer.keep(self._own.in_store(whole))

    def take_of_others(self, batch: ScanBatch) -> None:
        """Readings of other engines: shown, and kept by them; only what is worked out of them here is kept here."""
        if not len(batch):
            return
        whole = self._calculator.extend(batch)
        self._live.apply(whole)
        self._since.append(whole)
        if self._writer and len(made := self._own.in_store(whole)):
            self._writer.keep(made)

    def beat(self) -> ScanBatch | None:
        """Marks what has gone stale, and returns all that came since the last beat as one batch; None if nothing."""
        gone = self._staleness.expire(time.monotonic_ns())
        if len(gone):
            self.take(stale_batch(gone, time.time_ns(), self._live.sequence))
        batches, self._since = self._since, []
        return merge(batches) if batches else None
