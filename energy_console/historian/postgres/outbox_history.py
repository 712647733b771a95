"""Readings that wait in outboxes of this machine: all that is known of the newest while the server is away."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from energy_console.historian.columns import Columns, unpack
from energy_console.historian.errors import StoreError
from energy_console.historian.interface import Buckets, Series
from energy_console.historian.newest import Newest
from energy_console.historian.postgres.spool import Spool, spools_in
from energy_console.historian.rolling import MS, buckets_of, cells_from, reach
from energy_console.historian.tiers import in_order
from energy_console.historian.zoom import Grid

MOST_READINGS = 3_000_000  # looked through for one answer: a second or so


class OutboxHistory:
    """Answers as a store does, from what waits. `site`: whose outboxes count among those in `folder`."""

    def __init__(self, folder: Path | None, site: str) -> None:
        self._folder, self._site = folder, site

    @contextlib.contextmanager
    def _spools(self) -> Iterator[list[Spool]]:
        with contextlib.ExitStack() as opened:
            spools: list[Spool] = []
            for path in spools_in(self._folder) if self._folder is not None else []:
                with contextlib.suppress(StoreError):  # a damaged one is its engine's to tell
                    spool = opened.enter_context(contextlib.closing(Spool(path)))
                    spools += [spool] if spool.site == self._site else []
            yield spools

    def read(self, point: str, start_ns: int, end_ns: int) -> Series:
        columns = self._columns(point, -(-start_ns // MS), -(-end_ns // MS))
        return Series(point, columns.time_ms * MS, columns.value, columns.status)

    def rolled(self, point: str, grid: Grid) -> Buckets:
        return buckets_of(point, grid, in_order(cells_from(self._columns(point, *reach(grid)), grid)))

    def as_of(self, points: Sequence[str], start_ms: int, end_ms: int) -> Newest:
        """The last reading of each point with start <= time < end."""
        found = Newest.nothing(len(points))
        with self._spools() as spools:
            for spool in spools:
                keys = spool.keys()
                place = np.full(max(keys.values(), default=0) + 1, -1, np.int32)
                for row, point in enumerate(points):
                    if point in keys:
                        place[keys[point]] = row
                for columns in _batches(spool):
                    rows = place[columns.key]
                    inside = (rows >= 0) & (columns.time_ms >= start_ms) & (columns.time_ms < end_ms)
                    found = found.renewed(_chosen(columns, inside, rows[inside]))
        return found

    def _columns(self, point: str, start_ms: int, end_ms: int) -> Columns:
        """Readings of one point in time order; its key counts for nothing here."""
        parts = [Columns(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint16))]
        with self._spools() as spools:
            for spool in spools:
                if (key := spool.keys().get(point)) is not None:
                    parts += [_of_point(columns, key, start_ms, end_ms) for columns in _batches(spool)]
        joined = [
            np.concatenate(column) for column in zip(*((p.time_ms, p.value, p.status) for p in parts), strict=True)
        ]
        order = np.argsort(joined[0], kind="stable")
        return Columns(np.zeros(len(order), np.int32), *(column[order] for column in joined))


def _of_point(columns: Columns, key: int, start_ms: int, end_ms: int) -> Columns:
    inside = (columns.key == key) & (columns.time_ms >= start_ms) & (columns.time_ms < end_ms)
    return _chosen(columns, inside, columns.key[inside])


def _chosen(columns: Columns, rows: np.ndarray, key: np.ndarray) -> Columns:
    return Columns(key, columns.time_ms[rows], columns.value[rows], columns.status[rows])


def _batches(spool: Spool) -> Iterator[Columns]:
    """The newest that wait, oldest first, as many as are looked through for one answer."""
    for body in spool.newest_batches(MOST_READINGS):
        yield unpack(body)
