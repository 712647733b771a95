"""What an engine keeps on its own machine until the server has it: everything it writes, in order, in one SQLite file.

Each record has a number that is never given twice. The server remembers up to which number it has taken, in the
transaction that took it: a record is delivered exactly once, whatever breaks in between.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from energy_console.historian.columns import Columns, pack
from energy_console.historian.embedded.database import (
    Presence,
    Schema,
    open_database,
    rows_of,
    set_aside,
    store_faults,
    transaction,
)
from energy_console.historian.errors import StoreBroken
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from energy_console.historian.share import WHOLE_SITE
from hardware.points import Point

FILE = "outbox.sqlite"
SLOT_SIZE = 10**9  # commands of one outbox; its number before the last nine digits
KEPT_RECORDS, KEPT_READINGS = 1200, 2_000_000  # after the server has them: ten minutes as a rule, some 20 MB
SIZES = "select number, size from record order by number"
FIRST_DRAWN, LAST_DRAWN = 10**6, 9 * 10**6  # all numbers stay below 2^53, exact in any program that reads JSON
SCHEMA = Schema(
    0x45434F42,  # "ECOB"
    (
        """
        create table fact(name text primary key, value not null) without rowid;
        create table point(key integer primary key, id text not null unique, unit text not null, name text not null);
        create table record(number integer primary key autoincrement, kind text not null, size integer not null,
                            body blob not null);
        create table refused(number integer primary key, kind text not null, body blob not null, why text not null);
        create table state(room text not null, key text not null, value blob not null, primary key(room, key))
            without rowid;
        create table open_command(id integer primary key, body blob not null);
        """,
        "alter table point add column area text not null default ''",
    ),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One write on its way. `kind`: points, batch, event, state, ledger, finish. `size`: readings, for a batch."""

    number: int
    kind: str
    size: int
    body: bytes

    def content(self) -> Any:
        return msgspec.json.decode(self.body)


class Spool:
    """Safe to use from several threads; each call is one transaction, on the disk before it returns."""

    def __init__(self, path: Path) -> None:
        self._connection = open_database(path, SCHEMA, create=True, full_sync=True)
        self._place = Presence(path)
        self._lock = threading.RLock()
        self._there = deque((int(n), int(size)) for n, size in self._rows(SIZES))  # number and readings of each record
        self._readings_there = sum(size for _, size in self._there)
        if not self._rows("select 1 from fact where name = 'name'"):
            self.take_new_name()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock, self._place.faults():
            return rows_of(self._connection, sql, values)

    @property
    def name(self) -> str:
        """Under which the server remembers what it has taken from here."""
        return str(self._rows("select value from fact where name = 'name'")[0][0])

    def take_new_name(self) -> None:
        """Another outbox from now on, for the server: numbers of its commands begin elsewhere, too."""
        self._rows("replace into fact values ('name', ?)", (uuid.uuid4().hex,))
        self._rows("delete from fact where name in ('slot', 'command')")

    @property
    def slot(self) -> int:
        """Numbers of this outbox's commands are `slot` x SLOT_SIZE and up; the server gives each outbox its own.

        One that was never connected yet draws a high one, which the server takes on unless another has it.
        """
        rows = self._rows("select value from fact where name = 'slot'")
        if not rows:
            self.take_slot(random.SystemRandom().randrange(FIRST_DRAWN, LAST_DRAWN))
        return int(rows[0][0]) if rows else self.slot

    @property
    def has_slot(self) -> bool:
        return bool(self._rows("select 1 from fact where name = 'slot'"))

    def take_slot(self, slot: int) -> None:
        self._rows("replace into fact values ('slot', ?)", (slot,))

    @property
    def stream(self) -> str:
        """The area under which its batches are written."""
        return self._fact("stream") or WHOLE_SITE

    @property
    def site(self) -> str:
        """Whose it is; empty where only an earlier program has used it."""
        return self._fact("site")

    def _fact(self, name: str) -> str:
        rows = self._rows("select value from fact where name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def belong_to(self, site: str, stream: str) -> None:
        """Told by the engine that opens it."""
        self._rows("replace into fact values ('site', ?), ('stream', ?)", (site, stream))

    # Points: numbered here, since the server's numbers are not known while it is away

    def register(self, points: Sequence[Point], area_of: Callable[[str], str]) -> dict[str, int]:
        """Keys of all points ever named here. `area_of`: whose a point is; that of others is no longer told."""
        with self._lock, self._place.faults(), transaction(self._connection):
            self._connection.execute("update point set area = ''")
            self._connection.executemany(
                "insert into point(id, unit, name, area) values (?, ?, ?, ?) "
                "on conflict(id) do update set unit = excluded.unit, name = excluded.name, area = excluded.area",
                [(point.id, point.unit, point.name, area_of(point.id)) for point in points],
            )
            return dict(rows_of(self._connection, "select id, key from point"))

    def keys(self) -> dict[str, int]:
        """Keys of all points ever named here, by id."""
        return dict(self._rows("select id, key from point"))

    def points(self) -> list[tuple[int, str, str, str, str]]:
        """Key, id, unit, name, area; the area is empty where it is not this engine's to tell."""
        return self._rows("select key, id, unit, name, area from point order by key")

    # Records

    def add_batch(self, columns: Columns, taken: int) -> int:
        """Keeps a batch and returns its number; lets go of what the server has `taken`, in the same commit."""
        return self._add("batch", len(columns), pack(columns), taken)

    def add(self, kind: str, content: Any, taken: int, also: Callable[[], None] = lambda: None) -> int:
        """`also` changes what is remembered here, in the same commit."""
        return self._add(kind, 0, msgspec.json.encode(content), taken, also)

    def _add(self, kind: str, size: int, body: bytes, taken: int, also: Callable[[], None] = lambda: None) -> int:
        with self._lock, self._place.faults(), transaction(self._connection):
            self._connection.execute("delete from record where number <= ?", (self._may_go(taken),))
            self._connection.execute("insert into record(kind, size, body) values (?, ?, ?)", (kind, size, body))
            number = self._connection.last_insert_rowid()
            also()
            self._there.append((number, size))
            self._readings_there += size
            return number

    def _may_go(self, taken: int) -> int:
        """The number up to which records may be let go of where the server has `taken` that many.

        The newest stay for a while: a server that takes over from one that died may not have them yet, and while there
        is none they are what is known of the newest.
        """
        gone = 0
        while self._there and self._there[0][0] <= taken and self._is_plenty():
            gone, size = self._there.popleft()
            self._readings_there -= size
        return gone

    def _is_plenty(self) -> bool:
        return len(self._there) > KEPT_RECORDS or self._readings_there > KEPT_READINGS

    @property
    def last(self) -> int:
        """The highest number ever given."""
        rows = self._rows("select seq from sqlite_sequence where name = 'record'")
        return int(rows[0][0]) if rows else 0

    def after(self, number: int, readings: int, records: int) -> list[Record]:
        """The next records in order, at least one where there is any, together about so many readings."""
        sizes = self._rows(
            "select number, size from record where number > ? order by number limit ?", (number, records)
        )
        taken, last = 0, number
        for one, size in sizes:
            if taken and taken + size > readings:
                break
            taken, last = taken + size, one
        sql = "select number, kind, size, body from record where number > ? and number <= ? order by number"
        return [Record(*row) for row in self._rows(sql, (number, last))]

    def newest_batches(self, readings: int) -> list[bytes]:
        """Bodies of the newest batches, oldest first, together about so many readings."""
        sizes = self._rows("select number, size from record where kind = 'batch' order by number desc")
        taken, first = 0, 0
        for number, size in sizes:
            if taken and taken + size > readings:
                break
            taken, first = taken + size, number
        sql = "select body from record where kind = 'batch' and number >= ? order by number"
        return [body for (body,) in self._rows(sql, (first,))]

    def waiting(self, number: int) -> int:
        """Readings after `number`."""
        return int(self._rows("select coalesce(sum(size), 0) from record where number > ?", (number,))[0][0])

    def waiting_records(self, number: int) -> int:
        """Records after `number`."""
        return int(self._rows("select count(*) from record where number > ?", (number,))[0][0])

    def let_go(self, taken: int) -> None:
        """Of what the server has taken, but for the newest."""
        with self._lock:
            self._rows("delete from record where number <= ?", (self._may_go(taken),))

    def clear(self) -> None:
        """Of everything: this outbox is not used any more."""
        with self._lock:
            self._rows("delete from record")
            self._there.clear()
            self._readings_there = 0

    def put_by(self, record: Record, why: str) -> None:
        """Keeps a record that the server will never take out of the way of those after it."""
        with self._lock, self._place.faults(), transaction(self._connection):
            row = (record.number, record.kind, record.body, why)
            self._connection.execute("replace into refused values (?, ?, ?, ?)", row)
            self._connection.execute("delete from record where number = ?", (record.number,))

    # What is remembered here, to be known while the server is away

    def state(self, room: str, key: str) -> Any | None:
        rows = self._rows("select value from state where room = ? and key = ?", (room, key))
        return msgspec.json.decode(rows[0][0]) if rows else None

    def states(self, room: str) -> dict[str, Any]:
        rows = self._rows("select key, value from state where room = ? order by key", (room,))
        return {key: msgspec.json.decode(value) for key, value in rows}

    def remember_state(self, room: str, key: str, value: Any) -> None:
        body = msgspec.json.encode(value)
        sql = "insert into state values (?, ?, ?) on conflict do update set value = excluded.value where value != ?"
        self._rows(sql, (room, key, body, body))

    def remember_ledger(self, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]) -> None:
        """Keeps the open commands with their steps, and the last one."""
        for command in commands:
            self._keep_open(LedgerRecord(command, ()))
            self.remember_last(command)
        for step in steps:
            rows = self._rows("select body from open_command where id = ?", (step.command,))
            if step.closes:
                self._rows("delete from open_command where id = ?", (step.command,))
            elif rows:
                before = msgspec.json.decode(rows[0][0], type=LedgerRecord)
                self._keep_open(LedgerRecord(before.command, (*before.steps, step)))

    def remember_open(self, records: Sequence[LedgerRecord]) -> None:
        """Takes what the server says is open for what is open."""
        with self._lock, self._place.faults(), transaction(self._connection):
            self._connection.execute("delete from open_command")
            for record in records:
                self._keep_open(record)

    def _keep_open(self, record: LedgerRecord) -> None:
        self._rows("insert into open_command values (?, ?) on conflict do update set body = excluded.body",
                   (record.command.id, msgspec.json.encode(record)))  # fmt: skip

    def open_commands(self) -> list[LedgerRecord]:
        rows = self._rows("select body from open_command order by id")
        return [msgspec.json.decode(body, type=LedgerRecord) for (body,) in rows]

    def remember_last(self, command: LedgerCommand) -> None:
        """Keeps the command with the highest number: the next one's number follows it."""
        if (last := self.last_command()) is None or command.id > last.id:
            self._rows("replace into fact values ('command', ?)", (msgspec.json.encode(command),))

    @property
    def last_number(self) -> int:
        """Of the commands that were numbered here; the next one's follows."""
        first, last = self.slot * SLOT_SIZE, self.last_command()
        return last.id if last is not None and first < last.id < first + SLOT_SIZE else first

    def last_command(self) -> LedgerCommand | None:
        rows = self._rows("select value from fact where name = 'command'")
        return msgspec.json.decode(rows[0][0], type=LedgerCommand) if rows else None

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def open_spool(folder: Path, notices: list[str]) -> Spool:
    """The spool in `folder`; a damaged one is set aside whole and a new one begun. Raises StoreError."""
    path = folder / FILE
    try:
        return Spool(path)
    except StoreBroken as fault:
        with store_faults(path):
            aside = set_aside(path, folder / "aside")
        notices.append(f"{fault} It was moved to {aside}; what in it had not reached the server is there.")
        return Spool(path)


def spools_in(folder: Path) -> list[Path]:
    """The outboxes of this machine's engines, each once, whatever links lead there."""
    return sorted({path.resolve() for path in folder.glob(f"*/{FILE}")})
