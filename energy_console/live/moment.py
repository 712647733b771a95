"""The values of all points of a site as they stood at a moment of the past, in the same table as the live ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from energy_console.historian.interface import Historian
from energy_console.live.staleness import NEVER, allowed_silence_ns
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.points import BoolArray, Int64Array, Point, Reason, ScanBatch, status_of

SECOND_NS = 1_000_000_000
LOOK_BACK_NS = 60 * SECOND_NS  # a value older than this was stale at the moment asked for, unless it is read seldom
SIMULATED_STANDS_NS = 360 * SECOND_NS  # the past that comes with virtual devices has a moment every five minutes
LONGEST_NS = 3600 * SECOND_NS


class MomentReader:
    """Built once for a site and a store, and used on one thread at a time: it remembers what was ever read."""

    def __init__(self, site: Site, historian: Historian) -> None:
        self._points = site.points
        self._ids = [point.id for point in site.points]
        self._historian = historian
        allowed = np.array(allowed_silence_ns(site))
        # what is calculated follows its inputs while it lives; here it stands as long as they may
        allowed[allowed == NEVER] = LOOK_BACK_NS
        self._stands_ns = np.clip(allowed, LOOK_BACK_NS, LONGEST_NS)
        self._first_ns: dict[str, int] = {}  # device -> its first reading; those without one are asked again

    def table(self, moment_ns: int) -> LiveTable:
        """Every point with its last reading at or before `moment_ns`, if that still stood.

        Else it is STALE where its device was read before and nothing of it stood, and NOT_READ_YET otherwise. Blocks;
        raises StoreError.
        """
        time_ns, value, status = self._historian.as_of(self._ids, moment_ns, LOOK_BACK_NS)
        seldom = self._stands_ns > SIMULATED_STANDS_NS
        for look_back_ns, wanted in ((SIMULATED_STANDS_NS, time_ns == 0), (LONGEST_NS, seldom)):
            rows = np.flatnonzero(wanted & (time_ns == 0))
            if len(rows):
                asked = [self._ids[row] for row in rows]
                time_ns[rows], value[rows], status[rows] = self._historian.as_of(asked, moment_ns, look_back_ns)
        stands_ns = np.where((status >> 8) == int(Reason.SIMULATED), SIMULATED_STANDS_NS, self._stands_ns)
        over = (time_ns == 0) | (moment_ns - time_ns > stands_ns)
        value[over] = np.nan
        status[over] = self._absence(over, moment_ns)[over]
        time_ns[over] = 0
        table = LiveTable(self._points)
        table.apply(ScanBatch(1, np.arange(len(self._points), dtype=np.int32), time_ns, value, status))
        return table

    def _absence(self, over: BoolArray, moment_ns: int) -> Int64Array:
        """Why each point of those has no reading. A device is asked for once, by its first point."""
        why = np.full(len(over), status_of(Reason.NOT_READ_YET), np.int64)
        for first, last in _devices(self._points):
            if over[first:last].all() and self._was_read(first, moment_ns):
                why[first:last] = status_of(Reason.STALE)
        return why

    def _was_read(self, row: int, moment_ns: int) -> bool:
        device = self._points[row].device
        if device not in self._first_ns:
            span = self._historian.span(self._ids[row])
            if span is None:
                return False
            self._first_ns[device] = span[0]
        return self._first_ns[device] <= moment_ns


def _devices(points: Sequence[Point]) -> list[tuple[int, int]]:
    """First row and the row after the last of every device; its points stand together."""
    edges = [row for row, point in enumerate(points) if row == 0 or point.device != points[row - 1].device]
    return list(zip(edges, [*edges[1:], len(points)], strict=True))
