"""Rolls an engine's batches up into tiers, and tells at any time which readings are in them and which are not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from energy_console.historian.columns import Columns, unpack
from energy_console.historian.newest import Newest
from energy_console.historian.postgres.copying import copy_columns, fetch_columns, make_partitions
from energy_console.historian.postgres.server import Connection
from energy_console.historian.rolling import all_tiers
from energy_console.historian.tiers import Cells, in_order, worth_keeping
from energy_console.historian.zoom import TIERS_MS
from hardware.points import Int32Array

FOLLOW_MS = 120_000
"""Batches stay this long after they were rolled up, for consoles that follow by `since`."""

FINEST = next(iter(TIERS_MS))
WORTH = 8
"""The finest tier holds a point only where a cell stands for so many of its readings: a cell takes two rows' room."""

MOST_READINGS = 2_000_000  # in one go: some 150 MB while they are sorted
TIER_DAYS = 32  # one partition of a tier
FIELDS = tuple(field.name for field in fields(Cells) if field.name not in ("rank", "time_ms"))
_KINDS: dict[str, str] = {
    "count": "i4",
    "good_count": "i4",
    "status": "i4",
    "last_ms": "i8",
    "from_ms": "i8",
    "to_ms": "i8",
}


NOT_HELD = 2**62


def seal(connection: Connection, area: str, held_from: int = NOT_HELD) -> None:
    """Rolls up everything that was written in the stream of `area` by now, each portion in one transaction.

    `held_from`: the batch after which nobody but the caller has written points of this stream.
    """
    while _seal_some(connection, area, held_from):
        pass


def newest_batch(connection: Connection) -> int:
    """The highest number that was ever given to a batch."""
    row = connection.execute("select case when is_called then last_value else 0 end from batch_number").fetchone()
    assert row is not None
    return int(row[0])


def _seal_some(connection: Connection, area: str, held_from: int) -> bool:
    with connection.transaction():
        row = connection.execute("select sealed, newest from engine where area = %s for update", (area,)).fetchone()
        assert row is not None
        batches, more = _oldest(connection, area, int(row[0]))
        if not batches:
            return False
        last = batches[-1][0]
        parts = [columns for _, columns in batches]
        joined = Columns(*(np.concatenate([getattr(c, f.name) for c in parts]) for f in fields(Columns)))
        without = _write_tiers(connection, joined, _apart(connection, batches))
        if int(row[0]) >= held_from:
            _leave_out(connection, without.tolist(), int(row[0]), last)
        else:
            _leave_out_exactly(connection, without, batches)
        body = row[1]
        newest = Newest.nothing(0) if body is None else Newest.unpacked(body)
        connection.execute(
            "update engine set sealed = %s, newest = %s where area = %s", (last, newest.renewed(joined).packed(), area)
        )
        oldest = time.time_ns() // 1_000_000 - FOLLOW_MS
        connection.execute(
            "delete from batch where area = %s and sequence <= %s and stored_ms < %s", (area, last, oldest)
        )
    return more


def _oldest(connection: Connection, area: str, sealed: int) -> tuple[list[tuple[int, Columns]], bool]:
    """The next batches to roll up, as many as fit into memory comfortably, and whether there are more."""
    sizes = connection.execute(
        "select sequence, size from batch where area = %s and sequence > %s order by sequence", (area, sealed)
    ).fetchall()
    taken, last = 0, sealed
    for sequence, size in sizes:
        if taken and taken + int(size) > MOST_READINGS:
            break
        taken, last = taken + int(size), int(sequence)
    rows = connection.execute(
        "select sequence, body from batch where area = %s and sequence > %s and sequence <= %s order by sequence",
        (area, sealed, last),
    ).fetchall()
    return [(int(n), unpack(body)) for n, body in rows], len(rows) < len(sizes)


def _apart(connection: Connection, batches: list[tuple[int, Columns]]) -> Int32Array:
    """Keys in batches that came from an outbox left behind: their numbers lie among those of other streams."""
    numbers = [number for number, _ in batches]
    rows = connection.execute("select batch from apart where batch = any(%s)", (numbers,)).fetchall()
    apart = {int(number) for (number,) in rows}
    keys = [columns.key for number, columns in batches if number in apart]
    return np.unique(np.concatenate(keys)) if keys else np.empty(0, np.int32)


def _write_tiers(connection: Connection, columns: Columns, always: Int32Array) -> Int32Array:
    """Returns the keys that were not worth the finest tier. `always`: those that are kept in it in any case."""
    order = np.lexsort((columns.time_ms, columns.key))
    rows = Columns(columns.key[order], columns.time_ms[order], columns.value[order], columns.status[order])
    without: Int32Array = np.empty(0, np.int32)
    for tier, cells in all_tiers(rows):
        if tier == FINEST:
            worth = worth_keeping(cells, WORTH) | np.isin(cells.rank, always)
            without = np.unique(cells.rank[~worth])
            write_cells(connection, tier, cells.take(worth))
        else:
            write_cells(connection, tier, cells)
    return without


def write_cells(connection: Connection, tier: str, cells: Cells) -> None:
    """Adds cells to a tier, their `rank` being the key of the point."""
    if not len(cells):
        return
    make_partitions(connection, tier, cells.time_ms, TIER_DAYS)
    copy_columns(connection, tier, cell_columns(cells))


def cell_columns(cells: Cells) -> dict[str, tuple[str, npt.NDArray[Any]]]:
    """Cells as columns of a table of a tier; their rank is the point's key."""
    values = {name: (_KINDS.get(name, "f8"), getattr(cells, name)) for name in FIELDS}
    return {"point": ("i4", cells.rank), "ms": ("i8", cells.time_ms), **values}


def _leave_out(connection: Connection, keys: list[int], sealed: int, last: int) -> None:
    """Notes points of which the batches after `sealed` up to `last` are not worth the finest tier."""
    connection.execute(
        "with gone_on as (update without_tenseconds set last = %(last)s "
        "where point = any(%(keys)s) and last = %(sealed)s returning point) "
        "insert into without_tenseconds select key, %(sealed)s + 1, %(last)s from unnest(%(keys)s::integer[]) key "
        "where key not in (select point from gone_on)",
        {"keys": keys, "sealed": sealed, "last": last},
    )


def _leave_out_exactly(connection: Connection, keys: Int32Array, batches: list[tuple[int, Columns]]) -> None:
    """The same where others have written points of this stream before: from a key's first batch to its last."""
    seen = [np.unique(columns.key[np.isin(columns.key, keys)]) for _, columns in batches]
    key = np.concatenate(seen)
    number = np.repeat([number for number, _ in batches], [len(one) for one in seen])
    order = np.argsort(key, kind="stable")  # batches come in the order of their numbers
    key, number = key[order], number[order]
    borders = np.flatnonzero(np.diff(key, prepend=-1, append=-1)) if len(key) else np.empty(0, np.int64)
    rows = zip(key[borders[:-1]].tolist(), number[borders[:-1]].tolist(), number[borders[1:] - 1].tolist(), strict=True)
    connection.cursor().executemany("insert into without_tenseconds values (%s, %s, %s)", list(rows))


def sealed_cells(connection: Connection, tier: str, key: int, start_ms: int, end_ms: int) -> Cells:
    """Cells of one point that start within [start, end), as they were rolled up."""
    return cells_from_columns(connection, tier, "true", (key, start_ms, end_ms))


def cells_of_all(connection: Connection, tier: str, start_ms: int, end_ms: int) -> Cells:
    """Cells of every point that start within [start, end), in order; their rank is the point's key."""
    question = f"select point, ms, {', '.join(FIELDS)} from {tier} where ms >= %s and ms < %s"
    kinds = ["i4", "i8", *(_KINDS.get(name, "f8") for name in FIELDS)]
    key, time_ms, *columns = fetch_columns(connection, question, (start_ms, end_ms), kinds)
    arrays = dict(zip(FIELDS, columns, strict=True))
    arrays["status"] = arrays["status"].astype(np.uint16)
    return in_order(Cells(rank=key, time_ms=time_ms, **arrays))


def cells_from_columns(connection: Connection, source: str, condition: str, values: Sequence[Any]) -> Cells:
    """Cells of one point from a table of them. `values`: its key, start and end, then those of the condition."""
    question = (
        f"select ms, {', '.join(FIELDS)} from {source} "
        f"where point = %s and ms >= %s and ms < %s and {condition} order by ms"
    )
    kinds = [_KINDS.get(name, "f8") for name in FIELDS]
    time_ms, *columns = fetch_columns(connection, question, values, ["i8", *kinds])
    arrays = dict(zip(FIELDS, columns, strict=True))
    arrays["status"] = arrays["status"].astype(np.uint16)
    return Cells(rank=np.zeros(len(time_ms), np.int32), time_ms=time_ms, **arrays)
