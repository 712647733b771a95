"""The historian on PostgreSQL: rows by COPY into daily partitions, tiers by the engine that wrote the readings.

A batch is there twice for a while: as rows, which answer every question, and as one packed row, by which consoles
follow. What is rolled up into tiers and what is not yet is one number an engine (`engine.sealed`).

Whoever only reads asks the server. An engine writes into its spool first (`engine_side`), also while it is away.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from psycopg_pool import ConnectionPool, PoolTimeout

from energy_console.historian.acts import Act
from energy_console.historian.errors import HistoryAway, StoreAway, StoreAwayStill, StoreError, StoreMissing
from energy_console.historian.interface import Buckets, Event, Series
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from energy_console.historian.newest import Newest
from energy_console.historian.postgres.asking import (
    PointView,
    cells_in,
    fitting_view,
    last_readings,
    masks_of,
    readings_of,
    span_of,
    view_of,
)
from energy_console.historian.postgres.following import Follower
from energy_console.historian.postgres.listening import Listener
from energy_console.historian.postgres.outbox_history import OutboxHistory
from energy_console.historian.postgres.server import (
    CONNECT_S,
    LINE,
    Connection,
    Place,
    check,
    connect,
    prepare,
    server_faults,
)
from energy_console.historian.postgres.state import StateTables
from energy_console.historian.renaming import refuse_changed_units
from energy_console.historian.rolling import MS, buckets_of
from energy_console.historian.share import WHOLE, EnginePresence
from energy_console.historian.zoom import NOTHING_GONE, Grid, Kept, fitting_grid, grid_of
from hardware.points import Float64Array, Int64Array, Point, ScanBatch, UInt16Array

RECONNECT_S = 5.0
GONE_FOR_S = 10.0
GONE_CONNECT_S = 0.5  # whoever asks within GONE_FOR_S after one has waited in vain waits only so long

NEWEST_ONLY = "Until then only what waits on this machine is shown, the newest."

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # each try to reconnect is a warning there; ours tell once


class PostgresReader:
    """`Historian` in one schema of a database, for whoever writes no readings. Safe to use from several threads."""

    def __init__(self, place: Place, outboxes: Path | None = None, *, looked: bool = False) -> None:
        """`looked`: the schema is known to be there, or its server to be away. Raises StoreError.

        `outboxes`: where engines of this machine keep what the server has not yet.
        """
        self._place = place
        self._outboxes = OutboxHistory(outboxes, place.schema)
        self._notices: list[str] = []
        if not looked:
            self._look()
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            place.conninfo,
            min_size=1,
            max_size=4,
            timeout=CONNECT_S,
            reconnect_timeout=RECONNECT_S,
            open=True,
            kwargs={"autocommit": True, **LINE},
            configure=lambda connection: prepare(connection, place),
            check=ConnectionPool.check_connection,
        )
        self._gone_s = -math.inf  # when a connection was last waited for in vain
        self._why_gone: StoreAway | None = None
        self._tables = StateTables(self._reading)
        self._follower = Follower(self._moment)
        self._listeners: list[Listener] = []

    def _look(self) -> None:
        """Whether the site's schema is there and one that this program reads. Raises StoreError."""
        with contextlib.closing(connect(self._place)) as connection:
            if not check(connection, self._place):
                raise StoreMissing(self._place.told)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        recently = time.monotonic() - self._gone_s < GONE_FOR_S
        with server_faults(self._place):
            try:
                with self._pool.connection(GONE_CONNECT_S if recently else CONNECT_S) as connection:
                    yield connection
            except PoolTimeout as fault:
                raise self._why(recently=recently) from fault

    def _why(self, *, recently: bool) -> StoreAway:
        """Why no connection was to be had in time; whoever asks soon after one who has found out is told the same."""
        if not recently or self._why_gone is None:
            self._why_gone = StoreAway(self._place.told, "no connection in time")
            try:
                self._look()
            except StoreAway as fault:
                self._why_gone = fault
            except StoreError as fault:
                self._why_gone = StoreAwayStill(str(fault))
        self._gone_s = time.monotonic()
        return StoreAwayStill(str(self._why_gone)) if recently else self._why_gone

    @contextlib.contextmanager
    def _moment(self) -> Iterator[Connection]:
        """A connection on which everything asked belongs to one moment."""
        with self._reading() as connection, connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            connection.execute("lock table reading in access share mode")  # no day is exchanged before this ends
            yield connection

    # Readings

    def register(self, points: Sequence[Point]) -> None:
        with contextlib.suppress(StoreAway):  # then whoever delivers looks at them
            refuse_changed_units(points, self.units(), lambda point: self.span(point) is None)
        self._follower.register([point.id for point in points])

    def units(self) -> dict[str, str]:
        with self._reading() as connection:
            rows = connection.execute("select id, unit from point where unit != ''").fetchall()
        return {str(name): str(unit) for name, unit in rows}

    def append(self, batch: ScanBatch) -> None:
        raise StoreError("This store was opened for reading: open it with writing=True to append.")

    def newest(self) -> tuple[Int64Array, Float64Array, UInt16Array]:
        return _as_arrays(self._follower.newest())

    def since(self, sequence: int) -> tuple[int, list[ScanBatch]]:
        return self._follower.since(sequence)

    def wake(self, call: Callable[[], None]) -> None:
        self._listeners.append(Listener(self._place, call))

    def read(self, point: str, start_ns: int, end_ns: int, original: bool = False) -> Series:
        with (
            self._else(lambda: self._outboxes.read(point, start_ns, end_ns)),
            self._viewing(point, original) as (connection, view),
        ):
            columns = readings_of(connection, view, -(-start_ns // MS), -(-end_ns // MS))
        return Series(point, columns.time_ms * MS, columns.value, columns.status)

    @contextlib.contextmanager
    def _viewing(self, point: str, original: bool = False) -> Iterator[tuple[Connection, PointView]]:
        """A connection and where the point is kept, of one moment."""
        self._follower.key(point)
        with self._moment() as connection:
            view = view_of(connection, point, self._follower.known())
            yield connection, view.original if original else view

    def as_of(
        self, points: Sequence[str], moment_ns: int, look_back_ns: int
    ) -> tuple[Int64Array, Float64Array, UInt16Array]:
        start_ms, end_ms = (moment_ns - look_back_ns) // MS + 1, moment_ns // MS + 1
        with self._else(lambda: _as_arrays(self._outboxes.as_of(points, start_ms, end_ms))):
            keys = dict(zip(points, self._follower.keys(points), strict=True))
            with self._moment() as connection:
                last = last_readings(connection, keys, start_ms, end_ms)
        rows = [list(keys).index(point) for point in points] if len(keys) < len(points) else slice(None)
        return _as_arrays(Newest(last.time_ms[rows], last.value[rows], last.status[rows]))

    def buckets(self, point: str, start_ns: int, end_ns: int, count: int) -> Buckets:
        start_ms, end_ms = start_ns // MS, -(-end_ns // MS)
        return self._rolled(point, lambda kept: fitting_grid(start_ms, end_ms, count, kept))

    def spans(self, point: str, start_ns: int, end_ns: int, every_ns: int, original: bool = False) -> Buckets:
        start_ms, end_ms, every_ms = start_ns // MS, -(-end_ns // MS), max(every_ns // MS, 1)
        return self._rolled(point, lambda kept: grid_of(start_ms, end_ms, every_ms, kept), original)

    def _rolled(self, point: str, fitting: Callable[[Kept], Grid], original: bool = False) -> Buckets:
        """`fitting`: the grid to answer with, given from when on each kind is there."""
        with (
            self._else(lambda: self._outboxes.rolled(point, fitting(NOTHING_GONE))),
            self._viewing(point, original) as (connection, view),
        ):
            answered = cells_in(connection, view, fitting_view(connection, view, fitting))
        return buckets_of(point, *answered)

    @contextlib.contextmanager
    def _else(self, known: Callable[[], object]) -> Iterator[None]:
        """While the server is away a question ends in HistoryAway, with what this machine knows of its answer."""
        try:
            yield
        except StoreAway as fault:
            raise HistoryAway(f"{fault} {NEWEST_ONLY}", known()) from fault

    def span(self, point: str) -> tuple[int, int] | None:
        with self._viewing(point) as (connection, view):
            found = span_of(connection, view)
        return found and (found[0] * MS, found[1] * MS)

    def revision(self) -> int:
        with self._reading() as connection:
            row = connection.execute("select number from revision").fetchone()
        return int(row[0]) if row else 0

    def readings_of(self, act: Act) -> int:
        with self._reading() as connection:
            row = connection.execute(
                "select readings from act where kind = %s and number = %s", (act.kind.value, act.number)
            ).fetchone()
        return int(row[0]) if row else 0

    def corrected(self, point: str) -> list[tuple[int, int, int]]:
        with self._viewing(point) as (connection, view):
            masks = masks_of(connection, [key for key, _ in view.keys])
        return [(mask.number, mask.start_ms * MS, mask.end_ms * MS) for mask in masks]

    # State, journal, orders

    def write_event(self, time_ns: int, kind: str, source: str, text: str, data: Mapping[str, Any]) -> int:
        return self._tables.write_event(time_ns, kind, source, text, data)

    def events(self, start_ns: int, end_ns: int, kinds: Sequence[str] = (), limit: int = 1000) -> list[Event]:
        return self._tables.events(start_ns, end_ns, kinds, limit)

    def put_state(self, room: str, key: str, value: Any, at_ns: int | None = None) -> None:
        self._tables.put_state(room, key, value, at_ns)

    def get_state(self, room: str, key: str) -> Any | None:
        return self._tables.get_state(room, key)

    def list_state(self, room: str) -> dict[str, Any]:
        return self._tables.list_state(room)

    def state_at(self, room: str, key: str, moment_ns: int) -> Any | None:
        return self._tables.state_at(room, key, moment_ns)

    def past_state(self, room: str, key: str) -> list[tuple[int, int, Any]]:
        return self._tables.past_state(room, key)

    def request_command(self, command: Mapping[str, Any]) -> int:
        return self._tables.request_command(command)

    def claim_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        return self._tables.claim_commands(owner, WHOLE, leads=True)

    def finish_command(self, command_id: int, result: Mapping[str, Any]) -> None:
        self._tables.finish_command(command_id, result)

    def claimed_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        return self._tables.claimed_commands(owner, WHOLE)

    def command_result(self, command_id: int) -> Mapping[str, Any] | None:
        return self._tables.command_result(command_id)

    def append_ledger(self, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]) -> None:
        raise StoreError("This store was opened for reading: only the engine writes its ledger.")

    def ledger(
        self, start_ns: int, end_ns: int, device: str = "", point: str = "", limit: int = 200
    ) -> list[LedgerRecord]:
        return self._tables.ledger(start_ns, end_ns, device, point, limit)

    def open_ledger(self) -> list[LedgerRecord]:
        return self._tables.open_ledger(WHOLE)

    def last_number(self) -> int:
        raise StoreError("This store was opened for reading: only the engine writes its ledger.")

    # Engines

    def leads(self) -> bool:
        return False

    def engines(self) -> list[EnginePresence]:
        return self._tables.engines()

    # Housekeeping

    def keep(self, days: Mapping[str, float]) -> None:
        """Only an engine removes anything."""

    def notices(self) -> list[str]:
        said, self._notices[:] = list(self._notices), []
        return said

    def trouble(self) -> str:
        return ""

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._pool.close()


def _as_arrays(newest: Newest) -> tuple[Int64Array, Float64Array, UInt16Array]:
    return newest.time_ms * MS, newest.value, newest.status
