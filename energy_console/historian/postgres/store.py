"""The historian on PostgreSQL: rows by COPY into daily partitions, tiers by the engine that wrote the readings.

A batch is there twice for a while: as rows, which answer every question, and as one packed row, by which consoles
follow. What is rolled up into tiers and what is not yet is one number an engine (`engine.sealed`).
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from energy_console.historian.columns import Columns, pack, unpack
from energy_console.historian.errors import StoreAway, StoreBusy, StoreError, StoreMissing
from energy_console.historian.interface import Buckets, Event, Series
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from energy_console.historian.newest import Newest
from energy_console.historian.postgres.copying import copy_columns, make_partitions
from energy_console.historian.postgres.keeper import Keeper
from energy_console.historian.postgres.rollup import seal, sealed_cells
from energy_console.historian.postgres.server import (
    CONNECT_S,
    Connection,
    Place,
    check,
    connect,
    migrate,
    prepare,
    server_faults,
)
from energy_console.historian.postgres.state import StateTables
from energy_console.historian.rolling import MS, buckets_of, cells_from, reach, settled
from energy_console.historian.tiers import Cells, in_order
from energy_console.historian.zoom import Grid, fitting_grid, grid_of
from hardware.points import Float64Array, Int64Array, Point, ScanBatch, UInt16Array

WHOLE_SITE = "site"
NEWS = "energy_console_batch"


class PostgresHistorian:
    """`Historian` in one schema of a database. Safe to use from several threads."""

    def __init__(self, place: Place, writing: bool, area: str) -> None:
        self._place, self._area = place, area
        self._notices: list[str] = []
        self._guard = threading.RLock()  # over what is held in memory, below
        self._append_lock = threading.Lock()
        self._writer: Connection | None = None
        self._keeper: Keeper | None = None
        if writing:
            self._writer = self._become_engine()
        else:
            with contextlib.closing(connect(place)) as connection:
                if not check(connection, place):
                    raise StoreMissing(place.told)
        self._pool = ConnectionPool(
            place.url,
            min_size=1,
            max_size=4,
            timeout=CONNECT_S,
            open=True,
            kwargs={"autocommit": True, "application_name": "energy-console"},
            configure=lambda connection: prepare(connection, place),
        )
        self._tables = StateTables(self._reading)
        self._partitions: set[int] = set()
        self._points: tuple[str, ...] = ()
        self._keys: dict[str, int] = {}
        self._key_of_index = np.empty(0, np.int32)
        self._index_of_key = np.empty(0, np.int32)
        self._newest = Newest.nothing(0)
        self._folded = -1  # newest readings above: as of this batch
        if writing:
            self._keeper = Keeper(self.seal, self._notices)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with server_faults(self._place):
            try:
                with self._pool.connection() as connection:
                    yield connection
            except PoolTimeout as fault:
                raise StoreAway(self._place.told, "no connection in time") from fault

    @contextlib.contextmanager
    def _moment(self) -> Iterator[Connection]:
        """A connection on which everything asked belongs to one moment."""
        with self._reading() as connection, connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            yield connection

    # Writing

    def _become_engine(self) -> Connection:
        """The writing connection, which holds the right to write for its area as long as it lives."""
        connection = connect(self._place)
        try:
            migrate(connection, self._place)
            with server_faults(self._place):
                name = f"{self._place.schema}/{self._area}"
                row = connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (name,)).fetchone()
                if row != (True,):
                    holder = connection.execute("select holder from engine where area = %s", (self._area,)).fetchone()
                    raise StoreBusy(self._place.told, str(holder[0]) if holder else "another process")
                connection.execute(
                    "insert into engine(area, holder) values (%s, %s) on conflict (area) do update set "
                    "holder = excluded.holder",
                    (self._area, _myself()),
                )
        except BaseException:
            connection.close()
            raise
        return connection

    def register(self, points: Sequence[Point]) -> None:
        with self._guard:
            if self._writer is not None:
                with self._append_lock, server_faults(self._place), self._writer.transaction():
                    self._writer.cursor().executemany(
                        "insert into point(id, unit, name) values (%s, %s, %s) on conflict (id) "
                        "do update set unit = excluded.unit, name = excluded.name",
                        [(point.id, point.unit, point.name) for point in points],
                    )
            self._points = tuple(point.id for point in points)
            self._take_keys()

    def _take_keys(self) -> None:
        """Keys of the registered points (-1: not stored yet), and back."""
        with self._reading() as connection:
            rows = connection.execute("select id, key from point").fetchall()
        self._keys = {str(name): int(key) for name, key in rows}
        self._key_of_index = np.array([self._keys.get(name, -1) for name in self._points], np.int32)
        self._index_of_key = np.full(max(self._keys.values(), default=0) + 1, -1, np.int32)
        known = np.flatnonzero(self._key_of_index >= 0)
        self._index_of_key[self._key_of_index[known]] = known

    def append(self, batch: ScanBatch) -> None:
        if self._writer is None or self._keeper is None:
            raise StoreError("This store was opened for reading: open it with writing=True to append.")
        if not len(batch):
            return
        columns = Columns(self._key_of_index[batch.index], batch.time_ns // MS, batch.value, batch.status)
        with self._append_lock, server_faults(self._place):
            self._make_days(self._writer, columns.time_ms)
            self._write(self._writer, columns)
        self._keeper.appended(len(columns))

    def _make_days(self, writer: Connection, time_ms: Int64Array) -> None:
        days = set(np.unique(time_ms // 86_400_000).tolist())
        if not days <= self._partitions:
            with writer.transaction():
                make_partitions(writer, "reading", time_ms, 1)
            self._partitions |= days

    def _write(self, writer: Connection, columns: Columns) -> None:
        """Rows for every question, one packed row for those who follow; numbers are given in the order of commits."""
        with writer.transaction():
            writer.execute("select pg_advisory_xact_lock(hashtextextended(%s, 1))", (self._place.schema,))
            row = writer.execute("select nextval('batch_number')").fetchone()
            assert row is not None
            sequence = int(row[0])
            size = len(columns)
            span = (int(columns.time_ms.min()), int(columns.time_ms.max()))
            writer.execute(
                "insert into batch values (%s, %s, %s, %s, %s, %s, %s)",
                (sequence, self._area, time.time_ns() // MS, size, *span, pack(columns)),
            )
            copy_columns(
                writer,
                "reading",
                {
                    "point": ("i4", columns.key),
                    "status": ("i4", columns.status.astype(np.int32)),
                    "ms": ("i8", columns.time_ms),
                    "batch": ("i8", np.full(size, sequence, np.int64)),
                    "value": ("f8", columns.value),
                },
            )
            writer.execute("select pg_notify(%s, %s)", (NEWS, f"{self._place.schema}/{sequence}"))

    def seal(self) -> None:
        """Rolls everything up now; normally the store does so by itself."""
        with self._reading() as connection:
            seal(connection, self._area)

    # Following

    def newest(self) -> tuple[Int64Array, Float64Array, UInt16Array]:
        with self._guard:
            self._fold()
            if (self._key_of_index < 0).any():
                self._take_keys()
            size = max(len(self._newest.time_ms), int(self._key_of_index.max(initial=-1)) + 1) + 1
            held = self._newest.grown(size)  # the last row stays empty: key -1 points there
        rows = self._key_of_index
        return held.time_ms[rows] * MS, held.value[rows], held.status[rows]

    def _fold(self) -> None:
        """Takes in the batches that came since; the caller holds the guard."""
        with self._moment() as connection:
            if self._folded < 0:
                for (body,) in connection.execute("select newest from engine where newest is not null").fetchall():
                    held = Newest.unpacked(body)
                    keys = np.arange(len(held.time_ms), dtype=np.int32)
                    read = held.time_ms > 0
                    self._newest = self._newest.renewed(
                        Columns(keys[read], held.time_ms[read], held.value[read], held.status[read])
                    )
            rows = connection.execute(
                "select sequence, body from batch where sequence > %s order by sequence", (self._folded,)
            ).fetchall()
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

    # Reading

    def _key(self, point: str) -> int:
        with self._guard:
            if point not in self._keys:
                self._take_keys()
            return self._keys.get(point, -1)

    def read(self, point: str, start_ns: int, end_ns: int) -> Series:
        key = self._key(point)
        with self._reading() as connection:
            columns = _readings(connection, key, -(-start_ns // MS), -(-end_ns // MS))
        return Series(point, columns.time_ms * MS, columns.value, columns.status)

    def as_of(
        self, points: Sequence[str], moment_ns: int, look_back_ns: int
    ) -> tuple[Int64Array, Float64Array, UInt16Array]:
        keys = [self._key(point) for point in points]
        start_ms, end_ms = (moment_ns - look_back_ns) // MS + 1, moment_ns // MS + 1
        with self._reading() as connection:
            rows = connection.execute(
                "select asked.place, last.ms, last.value, last.status "
                "from unnest(%s::integer[]) with ordinality as asked(key, place) cross join lateral "
                "(select ms, value, status from reading where point = asked.key and ms >= %s and ms < %s "
                "order by ms desc, batch desc limit 1) as last",
                (keys, start_ms, end_ms),
            ).fetchall()
        found = Newest.nothing(len(points))
        for place, ms, value, status in rows:
            row = int(place) - 1
            found.time_ms[row], found.value[row], found.status[row] = ms, value, status
        return found.time_ms * MS, found.value, found.status

    def buckets(self, point: str, start_ns: int, end_ns: int, count: int) -> Buckets:
        return self._rolled(point, fitting_grid(start_ns // MS, -(-end_ns // MS), count))

    def spans(self, point: str, start_ns: int, end_ns: int, every_ns: int) -> Buckets:
        return self._rolled(point, grid_of(start_ns // MS, -(-end_ns // MS), max(every_ns // MS, 1)))

    def _rolled(self, point: str, grid: Grid) -> Buckets:
        key = self._key(point)
        with self._moment() as connection:
            cells = _cells(connection, key, grid)
        return buckets_of(point, grid, cells)

    def span(self, point: str) -> tuple[int, int] | None:
        key = self._key(point)
        with self._reading() as connection:
            row = connection.execute("select min(ms), max(ms) from reading where point = %s", (key,)).fetchone()
        if row is None or row[0] is None:
            return None
        return int(row[0]) * MS, int(row[1]) * MS

    # State, journal, commands

    def write_event(self, time_ns: int, kind: str, source: str, text: str, data: Mapping[str, Any]) -> int:
        return self._tables.write_event(time_ns, kind, source, text, data)

    def events(self, start_ns: int, end_ns: int, kinds: Sequence[str] = (), limit: int = 1000) -> list[Event]:
        return self._tables.events(start_ns, end_ns, kinds, limit)

    def put_state(self, room: str, key: str, value: Any) -> None:
        self._tables.put_state(room, key, value)

    def get_state(self, room: str, key: str) -> Any | None:
        return self._tables.get_state(room, key)

    def list_state(self, room: str) -> dict[str, Any]:
        return self._tables.list_state(room)

    def past_state(self, room: str, key: str) -> list[tuple[int, int, Any]]:
        return self._tables.past_state(room, key)

    def request_command(self, command: Mapping[str, Any]) -> int:
        return self._tables.request_command(command)

    def claim_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        return self._tables.claim_commands(owner)

    def finish_command(self, command_id: int, result: Mapping[str, Any]) -> None:
        self._tables.finish_command(command_id, result)

    def claimed_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        return self._tables.claimed_commands(owner)

    def command_result(self, command_id: int) -> Mapping[str, Any] | None:
        return self._tables.command_result(command_id)

    def append_ledger(self, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]) -> None:
        self._tables.append_ledger(commands, steps)

    def ledger(
        self, start_ns: int, end_ns: int, device: str = "", point: str = "", limit: int = 200
    ) -> list[LedgerRecord]:
        return self._tables.ledger(start_ns, end_ns, device, point, limit)

    def open_ledger(self) -> list[LedgerRecord]:
        return self._tables.open_ledger()

    # Housekeeping

    def notices(self) -> list[str]:
        said, self._notices[:] = list(self._notices), []
        return said

    def close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
        self._pool.close()
        if self._writer is not None:
            with contextlib.suppress(psycopg.Error):
                self._writer.close()


def _readings(connection: Connection, key: int, start_ms: int, end_ms: int) -> Columns:
    """Readings of one point with start <= time < end, those of one time in the order they came."""
    rows = connection.execute(
        "select ms, value, status from reading where point = %s and ms >= %s and ms < %s order by ms, batch",
        (key, start_ms, end_ms),
        binary=True,
    ).fetchall()
    if not rows:
        return Columns(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint16))
    ms, value, status = zip(*rows, strict=True)
    return Columns(
        np.zeros(len(rows), np.int32),
        np.array(ms, np.int64),
        np.array(value, np.float64),
        np.array(status, np.int64).astype(np.uint16),
    )


def _cells(connection: Connection, key: int, grid: Grid) -> Cells:
    """Cells of one point in order: rolled up ones, and those of readings that are not rolled up yet."""
    start_ms, end_ms = reach(grid)
    if grid.tier is None:
        return cells_from(_readings(connection, key, start_ms, end_ms), grid)
    sealed = sealed_cells(connection, grid.tier, key, start_ms, end_ms)
    cells = in_order(Cells.join([sealed, cells_from(_unsealed(connection, key, start_ms, end_ms), grid)]))
    return settled(cells, grid, lambda start, end: _readings(connection, key, start, end))


def _unsealed(connection: Connection, key: int, start_ms: int, end_ms: int) -> Columns:
    """Readings of one point that no tier holds yet."""
    waiting = connection.execute(
        "select min(first_ms), max(last_ms) from batch join engine using (area) where sequence > sealed"
    ).fetchone()
    if waiting is None or waiting[0] is None:
        return _readings(connection, key, 0, 0)
    first_ms, last_ms = max(start_ms, int(waiting[0])), min(end_ms, int(waiting[1]) + 1)
    rows = connection.execute(
        "select ms, value, reading.status from reading join batch on batch.sequence = reading.batch "
        "join engine using (area) where sequence > sealed and point = %s and ms >= %s and ms < %s order by ms, batch",
        (key, first_ms, last_ms),
        binary=True,
    ).fetchall()
    if not rows:
        return _readings(connection, key, 0, 0)
    ms, value, status = zip(*rows, strict=True)
    return Columns(
        np.zeros(len(rows), np.int32),
        np.array(ms, np.int64),
        np.array(value, np.float64),
        np.array(status, np.int64).astype(np.uint16),
    )


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}"
