"""The site's points and the newest of each, kept up with the batches of all engines in the order of their commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np

from energy_console.historian.columns import Columns, finite, unpack
from energy_console.historian.newest import Newest
from energy_console.historian.postgres.server import Connection
from energy_console.historian.rolling import MS
from hardware.points import ScanBatch

Moment = Callable[[], AbstractContextManager[Connection]]


class Follower:
    """Safe to use from several threads. `moment`: a connection on which everything asked belongs to one moment."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._guard = threading.RLock()
        self._points: tuple[str, ...] = ()
        self._keys: dict[str, int] = {}
        self._key_of_index = np.empty(0, np.int32)
        self._index_of_key = np.empty(0, np.int32)
        self._newest = Newest.nothing(0)
        self._folded = -1  # newest readings above: as of this batch

    def register(self, points: Sequence[str]) -> None:
        with self._guard:
            self._points = tuple(points)
            self._map_keys()

    def _take_keys(self) -> None:
        with self._moment() as connection:
            rows = connection.execute("select id, key from point").fetchall()
        self._keys = {str(name): int(key) for name, key in rows}
        self._map_keys()

    def _map_keys(self) -> None:
        """Keys of the registered points (-1: not stored yet), and back."""
        self._key_of_index = np.array([self._keys.get(name, -1) for name in self._points], np.int32)
        self._index_of_key = np.full(max(self._keys.values(), default=0) + 1, -1, np.int32)
        known = np.flatnonzero(self._key_of_index >= 0)
        self._index_of_key[self._key_of_index[known]] = known

    def key(self, point: str) -> int:
        with self._guard:
            if point not in self._keys:
                self._take_keys()
            return self._keys.get(point, -1)

    def keys(self, points: Sequence[str]) -> list[int]:
        with self._guard:
            if any(point not in self._keys for point in points):
                self._take_keys()
            return [self._keys.get(point, -1) for point in points]

    def known(self) -> dict[str, int]:
        """Keys of all points that were known when one unknown was last asked for."""
        with self._guard:
            return self._keys

    def newest(self) -> Newest:
        """One row a registered point."""
        with self._guard:
            self._fold()
            if (self._key_of_index < 0).any():
                self._take_keys()
            return _rows(self._newest, self._key_of_index)

    def _fold(self) -> None:
        """Takes in the batches that came since; the caller holds the guard."""
        with self._moment() as connection:
            held = []
            if self._folded < 0:
                held = connection.execute("select newest from engine where newest is not null").fetchall()
            rows = connection.execute(
                "select sequence, body from batch where sequence > %s order by sequence", (self._folded,)
            ).fetchall()
        for (body,) in held:
            one = Newest.unpacked(body)
            read = one.time_ms > 0
            keys = np.arange(len(read), dtype=np.int32)[read]
            self._newest = self._newest.renewed(Columns(keys, one.time_ms[read], one.value[read], one.status[read]))
        for sequence, body in rows:
            self._newest = self._newest.renewed(unpack(body))
            self._folded = int(sequence)
        self._folded = max(self._folded, 0)

    def since(self, sequence: int) -> tuple[int, list[ScanBatch]]:
        with self._guard:
            with self._moment() as connection:
                row = connection.execute(
                    "select greatest((select max(sequence) from batch), (select max(sealed) from engine), 0)"
                ).fetchone()
                rows = connection.execute(
                    "select sequence, body from batch where sequence > %s order by sequence", (sequence,)
                ).fetchall()
            batches = [(int(n), unpack(body)) for n, body in rows]
            if any(int(columns.key.max()) >= len(self._index_of_key) for _, columns in batches):
                self._take_keys()
            newest = max(sequence, int(row[0]) if row else 0)
            return newest, [self._batch(number, columns) for number, columns in batches]

    def _batch(self, sequence: int, columns: Columns) -> ScanBatch:
        index = self._index_of_key[columns.key]
        known = index >= 0
        return ScanBatch(
            sequence, index[known], columns.time_ms[known] * MS, columns.value[known], columns.status[known]
        )


class Tail:
    """The newest of each point as this engine has written it while the server was away, by the spool's keys."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._key_of_index = np.empty(0, np.int32)
        self._newest = Newest.nothing(0)

    def register(self, key_of_index: Sequence[int]) -> None:
        with self._guard:
            self._key_of_index = np.array(key_of_index, np.int32)

    def columns(self, batch: ScanBatch) -> Columns:
        return finite(Columns(self._key_of_index[batch.index], batch.time_ns // MS, batch.value, batch.status))

    def extend(self, columns: Columns) -> None:
        with self._guard:
            self._newest = self._newest.renewed(columns)

    def newest(self) -> Newest:
        """One row a registered point."""
        with self._guard:
            return _rows(self._newest, self._key_of_index)


def _rows(newest: Newest, keys: np.ndarray) -> Newest:
    size = max(len(newest.time_ms), int(keys.max(initial=-1)) + 1) + 1
    held = newest.grown(size)  # the last row stays empty: key -1 points there
    return Newest(held.time_ms[keys], held.value[keys], held.status[keys])


def later_of(one: Newest, other: Newest) -> Newest:
    """Row by row the later reading."""
    rows = np.flatnonzero(other.time_ms > one.time_ms).astype(np.int32)
    return one.renewed(Columns(rows, other.time_ms[rows], other.value[rows], other.status[rows]))
