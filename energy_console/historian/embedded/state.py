"""State, journal and commands in one small SQLite file that every process of the site may write."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from energy_console.historian.embedded import ledger
from energy_console.historian.embedded.database import (
    Presence,
    Schema,
    open_database,
    rows_of,
    snapshot,
    transaction,
)
from energy_console.historian.interface import Event
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep

SCHEMA = Schema(
    0x45435354,  # "ECST"
    (
        """
        create table event(id integer primary key, time_ns integer not null, kind text not null,
                           source text not null, text text not null, data blob not null);
        create index event_time on event(time_ns);
        create table state(room text not null, key text not null, value blob not null, since_ns integer not null,
                           primary key(room, key)) without rowid;
        create table audit(id integer primary key, room text not null, key text not null, value blob not null,
                           since_ns integer not null, until_ns integer not null);
        create table command(id integer primary key, body blob not null, asked_ns integer not null, owner text,
                             claimed_ns integer, result blob, finished_ns integer);
        create index command_open on command(id) where owner is null;
        """,
        ledger.SCHEMA_STEP,
        "create index audit_place on audit(room, key, since_ns)",
    ),
)


class StateFile:
    """Safe to use from several threads; each call is one transaction."""

    def __init__(self, path: Path, *, create: bool) -> None:
        self._path = path
        self._connection = open_database(path, SCHEMA, create=create, full_sync=True)
        self._place = Presence(path)
        self._lock = threading.Lock()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock, self._place.faults():
            return rows_of(self._connection, sql, values)

    def write_event(self, time_ns: int, kind: str, source: str, text: str, data: Mapping[str, Any]) -> int:
        sql = "insert into event(time_ns, kind, source, text, data) values (?, ?, ?, ?, ?) returning id"
        return int(self._rows(sql, (time_ns, kind, source, text, _encode(data)))[0][0])

    def events(self, start_ns: int, end_ns: int, kinds: Sequence[str], limit: int) -> list[Event]:
        """Newest first within the window, at most `limit`."""
        chosen = f"and kind in ({','.join('?' * len(kinds))})" if kinds else ""
        sql = (
            "select id, time_ns, kind, source, text, data from event where time_ns >= ? and time_ns < ? "
            f"{chosen} order by time_ns desc, id desc limit ?"
        )
        rows = self._rows(sql, (start_ns, end_ns, *kinds, limit))
        return [Event(n, time_ns, kind, source, text, _decode(data)) for n, time_ns, kind, source, text, data in rows]

    def put_state(self, room: str, key: str, value: Any, at_ns: int | None = None) -> None:
        now = time.time_ns() if at_ns is None else at_ns
        with self._lock, self._place.faults(), transaction(self._connection):
            self._connection.execute(
                "insert into audit(room, key, value, since_ns, until_ns) "
                "select room, key, value, since_ns, ? from state where room = ? and key = ?",
                (now, room, key),
            )
            self._connection.execute("replace into state values (?, ?, ?, ?)", (room, key, _encode(value), now))

    def get_state(self, room: str, key: str) -> Any | None:
        rows = self._rows("select value from state where room = ? and key = ?", (room, key))
        return _decode(rows[0][0]) if rows else None

    def list_state(self, room: str) -> dict[str, Any]:
        rows = self._rows("select key, value from state where room = ? order by key", (room,))
        return {key: _decode(value) for key, value in rows}

    def state_at(self, room: str, key: str, moment_ns: int) -> Any | None:
        """What stood under room/key at a moment, None where nothing did."""
        sql = (
            "select since_ns, value from state where room = ? and key = ? and since_ns <= ? union all "
            "select since_ns, value from (select since_ns, value from audit where room = ? and key = ? "
            "and since_ns <= ? order by since_ns desc, id desc limit 1) order by since_ns desc limit 1"
        )
        rows = self._rows(sql, (room, key, moment_ns) * 2)
        return _decode(rows[0][1]) if rows else None

    def past_state(self, room: str, key: str) -> list[tuple[int, int, Any]]:
        """What stood under room/key before, oldest first: (from, until, value), times in ns."""
        rows = self._rows(
            "select since_ns, until_ns, value from audit where room = ? and key = ? order by id", (room, key)
        )
        return [(since, until, _decode(value)) for since, until, value in rows]

    def request_command(self, command: Mapping[str, Any]) -> int:
        sql = "insert into command(body, asked_ns) values (?, ?) returning id"
        return int(self._rows(sql, (_encode(command), time.time_ns()))[0][0])

    def claim_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        """Takes every command that nobody has taken; one statement, so no two owners get the same one."""
        if not self._rows("select 1 from command where owner is null limit 1"):
            return []
        sql = "update command set owner = ?, claimed_ns = ? where owner is null returning id, body"
        return [(number, _decode(body)) for number, body in sorted(self._rows(sql, (owner, time.time_ns())))]

    def finish_command(self, command_id: int, result: Mapping[str, Any]) -> None:
        sql = "update command set result = ?, finished_ns = ? where id = ? and result is null"
        self._rows(sql, (_encode(result), time.time_ns(), command_id))

    def command_result(self, command_id: int) -> Mapping[str, Any] | None:
        rows = self._rows("select result from command where id = ? and result is not null", (command_id,))
        return _decode(rows[0][0]) if rows else None

    def claimed_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        sql = "select id, body from command where owner = ? and result is null order by id"
        return [(number, _decode(body)) for number, body in self._rows(sql, (owner,))]

    def append_ledger(self, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]) -> None:
        with self._lock, self._place.faults():
            ledger.append(self._connection, commands, steps)

    def ledger(self, start_ns: int, end_ns: int, device: str, point: str, limit: int) -> list[LedgerRecord]:
        with self._lock, self._place.faults(), snapshot(self._connection):
            return ledger.records(self._connection, start_ns, end_ns, device, point, limit)

    def open_ledger(self) -> list[LedgerRecord]:
        with self._lock, self._place.faults(), snapshot(self._connection):
            return ledger.unfinished(self._connection)

    def last_number(self) -> int:
        with self._lock, self._place.faults():
            return ledger.last_number(self._connection)

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _decode(value: bytes | str) -> Any:
    return msgspec.json.decode(value)
