"""What else a year of seconds could be kept in: plain SQLite rows, a DuckDB file, a PostgreSQL table.

Each commits as durably as it can be told to, has the index that the questions need, and is asked in its own SQL.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import apsw
import duckdb
import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv

from hardware.points import ScanBatch
from tests.historian.postgres_server import Server, carried_programs

SECOND_NS = 1_000_000_000
_COLUMNS = "point integer, time bigint, value double precision, status integer"
_SPANS = (
    "select point, time / {width} as span, min(value), max(value), avg(value), count(*) from reading "
    "where {which} and time >= {start} and time < {end} group by point, span order by point, span"
)


def spans_sql(which: str, start_ms: int, end_ms: int, count: int) -> str:
    """Spans of equal width over a window, as every one of them understands."""
    return _SPANS.format(which=which, start=start_ms, end=end_ms, width=max(1, -(-(end_ms - start_ms) // count)))


class Rival(Protocol):
    name: str

    def commit(self, scan: ScanBatch) -> None:
        """Returns when it is on the disk."""

    def settle(self) -> None:
        """Whatever it recommends after a lot was written."""

    def ask(self, sql: str) -> int:
        """How many rows came."""


def columns_of(scan: ScanBatch) -> tuple[np.ndarray, ...]:
    return scan.index, scan.time_ns // 1_000_000, scan.value, scan.status.astype(np.int32)


class SqliteRows:
    name = "SQLite rows"

    def __init__(self, path: Path) -> None:
        self._connection = apsw.Connection(str(path))
        self._connection.pragma("journal_mode", "wal")
        self._connection.pragma("synchronous", "full")
        self._connection.execute(f"create table reading({_COLUMNS}, primary key(point, time)) without rowid")

    def commit(self, scan: ScanBatch) -> None:
        rows = zip(*(column.tolist() for column in columns_of(scan)), strict=True)
        with self._connection:
            self._connection.executemany("insert or replace into reading values (?, ?, ?, ?)", rows)

    def settle(self) -> None:
        self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def ask(self, sql: str) -> int:
        return len(self._connection.execute(sql).fetchall())

    def close(self) -> None:
        self._connection.close()


class DuckFile:
    name = "DuckDB file"

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(str(path), config={"threads": 2})
        self._connection.execute(f"create table reading({_COLUMNS})")

    def commit(self, scan: ScanBatch) -> None:
        rows = pa.table(dict(zip(("point", "time", "value", "status"), columns_of(scan), strict=True)))
        self._connection.register("rows", rows)
        self._connection.execute("insert into reading select * from rows")
        self._connection.unregister("rows")

    def settle(self) -> None:
        self._connection.execute("checkpoint")

    def ask(self, sql: str) -> int:
        return len(self._connection.execute(sql.replace("time /", "time //")).fetchall())

    def close(self) -> None:
        self._connection.close()


class PostgresTable:
    name = "PostgreSQL table"

    def __init__(self, url: str, table: str = "reading") -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute(f"create table {table}({_COLUMNS})")
        self._connection.execute(f"create index on {table}(point, time)")

    def commit(self, scan: ScanBatch) -> None:
        rows = pa.table(dict(zip(("point", "time", "value", "status"), columns_of(scan), strict=True)))
        text = io.BytesIO()
        pa_csv.write_csv(rows, text, pa_csv.WriteOptions(include_header=False))
        with self._connection.cursor().copy("copy reading from stdin (format csv)") as copy:
            copy.write(text.getbuffer())

    def settle(self) -> None:
        self._connection.execute("vacuum analyze reading")

    def ask(self, sql: str) -> int:
        return len(self._connection.execute(sql.encode()).fetchall())

    def close(self) -> None:
        self._connection.execute("drop table reading")
        self._connection.close()


@contextlib.contextmanager
def server_here() -> Iterator[Server | None]:
    """A server that really writes to the disk; None where there is none to measure with."""
    programs = carried_programs()
    server = None if programs is None else Server(programs, durable=True)
    try:
        yield server
    finally:
        if server is not None:
            server.remove()


@contextlib.contextmanager
def rivals(folder: Path, server: Server | None) -> Iterator[list[Any]]:
    """One of each, empty."""
    made: list[Any] = [SqliteRows(folder / "rows.sqlite"), DuckFile(folder / "file.duckdb")]
    if server is not None:
        made.append(PostgresTable(server.url))
    try:
        yield made
    finally:
        for one in made:
            one.close()


def taken_ms(rival: Rival, sql: str) -> float:
    before = time.perf_counter()
    rival.ask(sql)
    return (time.perf_counter() - before) * 1e3
