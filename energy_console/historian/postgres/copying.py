"""Whole columns into a table at once, in the server's own binary form, without a loop over rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import sql

from energy_console.historian.postgres.server import Connection

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_WIRE = {"i4": ">i4", "i8": ">i8", "f8": ">f8"}
_SEND = {"i4": "int4send", "i8": "int8send", "f8": "float8send"}
DAY_MS = 86_400_000


def copy_columns(connection: Connection, table: str, columns: Mapping[str, tuple[str, npt.NDArray[Any]]]) -> None:
    """Adds equally long columns to `table`; each with its type (i4, i8, f8). Nothing may be null."""
    size = len(next(iter(columns.values()))[1])
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for number, (kind, _) in enumerate(columns.values()):
        fields += [(f"length{number}", ">i4"), (f"value{number}", _WIRE[kind])]
    rows = np.zeros(size, np.dtype(fields))
    rows["fields"] = len(columns)
    for number, (kind, values) in enumerate(columns.values()):
        rows[f"length{number}"] = int(kind[1])
        rows[f"value{number}"] = values
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    order = sql.SQL("copy {} ({}) from stdin (format binary)").format(sql.Identifier(table), names)
    with connection.cursor().copy(order) as copy:
        copy.write(_HEADER + rows.tobytes() + _TRAILER)


def fetch_columns(
    connection: Connection, question: str, values: Sequence[Any], kinds: Sequence[str]
) -> list[npt.NDArray[Any]]:
    """The columns of an answer, each with its type (i4, i8, f8), as one value each: no loop over rows here either.

    Nothing may be null.
    """
    names = [f"column{number}" for number in range(len(kinds))]
    packed = ", ".join(f"string_agg({_SEND[kind]}({name}), '')" for name, kind in zip(names, kinds, strict=True))
    row = connection.execute(
        f"select {packed} from ({question}) answer({', '.join(names)})".encode(), values, binary=True
    ).fetchone()
    assert row is not None
    return [np.frombuffer(body or b"", _WIRE[kind]).astype(kind) for body, kind in zip(row, kinds, strict=True)]


def make_partitions(
    connection: Connection, table: str, time_ms: npt.NDArray[np.int64], days: int, index: str = ""
) -> None:
    """Partitions of `days` for all of these times, where they are missing.

    Each is made beside the table and attached then: nobody who reads has to wait. Two engines take turns.
    `index`: columns of an index that only the partitions have, each for itself.
    """
    width = days * DAY_MS
    wanted = {partition_name(table, number * width): number * width for number in np.unique(time_ms // width).tolist()}
    if wanted.keys() <= partitions_of(connection, [table]):
        return
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtextextended(current_schema(), 2))")
        there = partitions_of(connection, [table])
        for name, start_ms in wanted.items():
            if name not in there:
                names = {"name": sql.Identifier(name), "table": sql.Identifier(table)}
                connection.execute(sql.SQL("create table {name} (like {table} including indexes)").format(**names))
                if index:
                    connection.execute(
                        sql.SQL("create index on {name} ({index})").format(index=sql.SQL(index), **names)
                    )
                attach(connection, table, name, start_ms, start_ms + width)


def partition_name(table: str, start_ms: int) -> str:
    return f"{table}_{str(np.datetime64(start_ms, 'ms'))[:10].replace('-', '')}"


def attach(connection: Connection, table: str, name: str, start_ms: int, end_ms: int) -> None:
    """Makes a table of its own the partition for start <= ms < end."""
    connection.execute(
        sql.SQL("alter table {} attach partition {} for values from ({}) to ({})").format(
            sql.Identifier(table), sql.Identifier(name), start_ms, end_ms
        )
    )


def partitions_of(connection: Connection, tables: Sequence[str]) -> set[str]:
    """Names of the partitions there are."""
    rows = connection.execute(
        "select child.relname from pg_inherits join pg_class child on child.oid = inhrelid "
        "join pg_class parent on parent.oid = inhparent where parent.relname = any(%s) "
        "and parent.relnamespace = current_schema()::regnamespace",
        (list(tables),),
    ).fetchall()
    return {str(row[0]) for row in rows}
