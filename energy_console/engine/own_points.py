"""Which points of the site this engine reads and works out, and how the site, the scanner and the store count them."""

from __future__ import annotations

import numpy as np

from energy_console.site.areas import Part
from energy_console.site.model import Site
from hardware.points import BoolArray, Int32Array, ScanBatch


class OwnPoints:
    """Of an engine that serves the whole site everything is its own, and counted one way."""

    def __init__(self, whole: Site, part: Part | None = None) -> None:
        self.site = whole if part is None else part.site  # what is read and worked out here
        self.areas = () if part is None else part.areas
        self._rows: Int32Array | None = None if part is None else part.rows
        self.mine: BoolArray = np.ones(len(whole.points), np.bool_)
        if part is not None:
            self.mine[:] = False
            self.mine[part.rows] = True
        self._place = np.cumsum(self.mine, dtype=np.int32) - 1  # of each row of the site among the own ones

    def in_site(self, batch: ScanBatch) -> ScanBatch:
        """A batch of the scanner, as the whole site counts."""
        return batch if self._rows is None else _recounted(batch, self._rows[batch.index])

    def in_store(self, batch: ScanBatch) -> ScanBatch:
        """What of a batch is this engine's to keep, as its store counts."""
        if self._rows is None:
            return batch
        own = _chosen(batch, self.mine[batch.index])
        return _recounted(own, self._place[own.index])

    def of_others(self, batch: ScanBatch) -> ScanBatch:
        """What of a batch other engines have read, as the site counts."""
        return _chosen(batch, ~self.mine[batch.index])


def _chosen(batch: ScanBatch, rows: BoolArray) -> ScanBatch:
    return ScanBatch(batch.sequence, batch.index[rows], batch.time_ns[rows], batch.value[rows], batch.status[rows])


def _recounted(batch: ScanBatch, index: Int32Array) -> ScanBatch:
    return ScanBatch(batch.sequence, index, batch.time_ns, batch.value, batch.status)
