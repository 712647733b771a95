"""The server's side of a delivery: a portion of records into their tables, in one transaction that remembers them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from energy_console.historian.columns import Columns, pack, unpack
from energy_console.historian.ledger import LedgerCommand, LedgerStep
from energy_console.historian.postgres.asking import has_readings
from energy_console.historian.postgres.copying import DAY_MS, copy_columns, make_partitions
from energy_console.historian.postgres.server import Connection, Place
from energy_console.historian.postgres.spool import Record, Spool
from energy_console.historian.postgres.writing import add_event, extend_ledger, finish_order, replace_state, tell
from energy_console.historian.renaming import declared, refuse_changed_units
from hardware.points import Point

LATE_NS = 30 * 10**9  # on its own machine: what the server gets later than this has waited for it
LedgerEntry = tuple[list[LedgerCommand], list[LedgerStep]]


class Taker:
    """Lives as long as its connection. Raises what the driver raises."""

    def __init__(self, connection: Connection, place: Place, spool: Spool, *, says_whose: bool = True) -> None:
        """`says_whose`: this engine serves now, so the areas that the spool tells of its points are true.

        Batches of one that does not come apart: between those of whoever serves its points meanwhile.
        """
        self._connection, self._place, self._spool, self._says_whose = connection, place, spool, says_whose
        self._stream = spool.stream
        self._days: set[int] = set()
        self._server_key = np.empty(0, np.int32)
        self._name_points()

    def taken(self) -> int:
        """The number up to which the server has taken the records of this spool; the two agree on its slot, too."""
        question = "select taken, slot from delivery where spool = %s"
        with self._connection.transaction():
            row = self._connection.execute(question, (self._spool.name,)).fetchone()
            if row is None:
                self._connection.execute(
                    "insert into delivery(spool, area, taken) values (%s, %s, 0)", (self._spool.name, self._stream)
                )
                row = (0, None)
            if row[1] is None:
                row = (row[0], self._slot_given())
        if not self._spool.has_slot or self._spool.slot != row[1]:
            self._spool.take_slot(int(row[1]))
        return int(row[0])

    def _slot_given(self) -> int:
        """The slot that the spool has drawn, unless another has it; else the next one."""
        drawn = self._spool.slot if self._spool.has_slot else None
        row = self._connection.execute(
            "update delivery set slot = coalesce((select %(drawn)s::integer where not exists "
            "(select from delivery where slot = %(drawn)s::integer)), nextval('ledger_slot')::integer) "
            "where spool = %(spool)s returning slot",
            {"drawn": drawn, "spool": self._spool.name},
        ).fetchone()
        assert row is not None
        return int(row[0])

    def take(self, records: list[Record]) -> dict[int, int]:
        """All of them or none, and that they are there; answers by number."""
        batches = {record.number: unpack(record.body) for record in records if record.kind == "batch"}
        if any(record.kind == "points" for record in records) or any(map(self._names_unknown, batches.values())):
            self._name_points()
        for record in records:
            if record.kind == "points":
                self._rename(record.content())
        for columns in batches.values():
            self._make_days(columns)
        answers: dict[int, int] = {}
        with self._connection.transaction():
            if batches:  # numbers of batches are given in the order of commits, whichever engine writes
                self._connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 1))", (self._place.schema,))
            for record in records:
                spooled = batches.get(record.number)
                answers[record.number] = self._write(record) if spooled is None else self._write_batch(spooled)
            self._connection.execute(
                "update delivery set taken = %s, area = %s where spool = %s",
                (records[-1].number, self._stream, self._spool.name),
            )
        return answers

    def _names_unknown(self, columns: Columns) -> bool:
        return int(columns.key.max()) >= len(self._server_key)

    def _name_points(self) -> None:
        """Names the points of the spool on the server, says whose they are, and learns their keys there."""
        points = self._spool.points()
        self._refuse_changed_units(points)
        whose = {key: area if self._says_whose else "" for key, *_, area in points}
        with self._connection.transaction():
            self._connection.cursor().executemany(
                "insert into point(id, unit, name, area) values (%s, %s, %s, nullif(%s, '')) on conflict (id) "
                "do update set unit = excluded.unit, name = excluded.name, area = excluded.area "
                "where excluded.area is not null and (point.unit, point.name, point.area) is distinct from "
                "(excluded.unit, excluded.name, excluded.area)",
                [(name, unit, words, whose[key]) for key, name, unit, words, _ in points],
            )
            rows = self._connection.execute("select id, key from point").fetchall()
        keys = {str(name): int(key) for name, key in rows}
        self._server_key = np.full(max((key for key, *_ in points), default=0) + 1, -1, np.int32)
        for key, name, *_ in points:
            self._server_key[key] = keys[name]

    def _refuse_changed_units(self, points: Sequence[tuple[int, str, str, str, str]]) -> None:
        """What was spooled while the server was away may be in another unit than what it keeps."""
        rows = self._connection.execute("select id, unit, key from point where unit != ''").fetchall()
        kept, keys = {str(name): str(unit) for name, unit, _ in rows}, {str(name): int(key) for name, _, key in rows}
        mine = [Point(name, "", "", unit, words) for _, name, unit, words, _ in points]
        refuse_changed_units(mine, kept, lambda point: not has_readings(self._connection, keys[point]))

    def _rename(self, told: Sequence[tuple[str, str, list[str]]]) -> None:
        """What is kept under older names belongs to the new ones from now on."""
        points = [Point(name, "", "", unit, "", was=tuple(was)) for name, unit, was in told]
        rows = self._connection.execute("select id, unit from point").fetchall()
        known = self._connection.execute("select old, point, factor from renamed").fetchall()
        fresh = [one for one in declared(points, {str(name): str(unit) for name, unit in rows}) if one not in known]
        for old, new, factor in fresh:
            self._connection.execute(
                "insert into renamed values (%s, %s, %s) on conflict (old) do update "
                "set point = excluded.point, factor = excluded.factor",
                (old, new, factor),
            )
        if fresh:
            self._connection.execute("update revision set number = number + 1")

    def _make_days(self, columns: Columns) -> None:
        days = set(np.unique(columns.time_ms // DAY_MS).tolist())
        if not days <= self._days:
            make_partitions(self._connection, "reading", columns.time_ms, 1, "point, ms")
            today = time.time_ns() // (DAY_MS * 1_000_000)
            self._days |= {day for day in days if day >= today - 1}  # older ones may be removed for their age

    def _write_batch(self, spooled: Columns) -> int:
        """Rows for every question, one packed row for those who follow."""
        columns = Columns(self._server_key[spooled.key], spooled.time_ms, spooled.value, spooled.status)
        row = self._connection.execute("select nextval('batch_number')").fetchone()
        assert row is not None
        sequence, size = int(row[0]), len(columns)
        span = (int(columns.time_ms.min()), int(columns.time_ms.max()))
        stored_ms = time.time_ns() // 1_000_000
        self._connection.execute(
            "insert into batch values (%s, %s, %s, %s, %s, %s, %s)",
            (sequence, self._stream, stored_ms, size, *span, pack(columns)),
        )
        copy_columns(
            self._connection,
            "reading",
            {
                "point": ("i4", columns.key),
                "status": ("i4", columns.status.astype(np.int32)),
                "ms": ("i8", columns.time_ms),
                "batch": ("i8", np.full(size, sequence, np.int64)),
                "value": ("f8", columns.value),
            },
        )
        days, counts = np.unique(columns.time_ms // DAY_MS, return_counts=True)
        self._connection.cursor().executemany(
            "insert into day(start_ms, written, readings) values (%s, %s, %s) on conflict (start_ms) do update "
            "set written = excluded.written, sorted = false, readings = day.readings + excluded.readings",
            [(day * DAY_MS, sequence, count) for day, count in zip(days.tolist(), counts.tolist(), strict=True)],
        )
        if not self._says_whose:
            self._connection.execute("insert into apart values (%s)", (sequence,))
        tell(self._connection, "batch")
        return sequence

    def _write(self, record: Record) -> int:
        match record.kind:
            case "event":
                return add_event(self._connection, *record.content())
            case "state":
                room, key, value, since_ns = record.content()
                late = time.time_ns() - since_ns > LATE_NS
                replace_state(self._connection, room, key, value, since_ns, self._spool.name, late=late)
            case "finish":
                number, result, time_ns = record.content()
                finish_order(self._connection, number, result, time_ns)
            case "ledger":
                commands, steps = _ledger(record.body)
                extend_ledger(self._connection, self._spool.name, self._stream, commands, steps)
        return 0


def _ledger(body: bytes) -> Any:
    return msgspec.json.decode(body, type=LedgerEntry)
