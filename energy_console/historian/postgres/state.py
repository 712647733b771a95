"""State, journal, commands and their ledger as tables that every process of the site may write."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from psycopg.types.json import Jsonb

from energy_console.historian.interface import Event
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from energy_console.historian.postgres.server import Connection

_COMMAND = "id, asked_ns, device, point, value, who, why, plan"


class StateTables:
    """Each call is one transaction on a connection of the pool."""

    def __init__(self, connection: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._connection = connection

    def _rows(self, question: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            cursor = connection.execute(question.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def write_event(self, time_ns: int, kind: str, source: str, text: str, data: Mapping[str, Any]) -> int:
        question = "insert into event(time_ns, kind, source, text, data) values (%s, %s, %s, %s, %s) returning id"
        return int(self._rows(question, (time_ns, kind, source, text, Jsonb(dict(data))))[0][0])

    def events(self, start_ns: int, end_ns: int, kinds: Sequence[str], limit: int) -> list[Event]:
        chosen = "and kind = any(%s)" if kinds else ""
        question = (
            "select id, time_ns, kind, source, text, data from event where time_ns >= %s and time_ns < %s "
            f"{chosen} order by time_ns desc, id desc limit %s"
        )
        names = [list(kinds)] if kinds else []
        return [Event(*row) for row in self._rows(question, (start_ns, end_ns, *names, limit))]

    def put_state(self, room: str, key: str, value: Any) -> None:
        now = time.time_ns()
        with self._connection() as connection, connection.transaction():
            connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (f"{room}/{key}",))
            connection.execute(
                "insert into audit(room, key, value, since_ns, until_ns) "
                "select room, key, value, since_ns, %s from state where room = %s and key = %s",
                (now, room, key),
            )
            connection.execute(
                "insert into state values (%s, %s, %s, %s) on conflict (room, key) "
                "do update set value = excluded.value, since_ns = excluded.since_ns",
                (room, key, Jsonb(value), now),
            )

    def get_state(self, room: str, key: str) -> Any | None:
        rows = self._rows("select value from state where room = %s and key = %s", (room, key))
        return rows[0][0] if rows else None

    def list_state(self, room: str) -> dict[str, Any]:
        rows = self._rows('select key, value from state where room = %s order by key collate "C"', (room,))
        return {str(key): value for key, value in rows}

    def past_state(self, room: str, key: str) -> list[tuple[int, int, Any]]:
        """What stood under room/key before, oldest first: (from, until, value), times in ns."""
        question = "select since_ns, until_ns, value from audit where room = %s and key = %s order by id"
        return [(since, until, value) for since, until, value in self._rows(question, (room, key))]

    # Orders

    def request_command(self, command: Mapping[str, Any]) -> int:
        question = "insert into command(body, asked_ns) values (%s, %s) returning id"
        return int(self._rows(question, (Jsonb(dict(command)), time.time_ns()))[0][0])

    def claim_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        """Takes every order that nobody has taken; rows under another's hand are left, so no two get the same one."""
        question = (
            "update command set owner = %s, claimed_ns = %s where id in "
            "(select id from command where owner is null order by id for update skip locked) returning id, body"
        )
        return sorted(((n, body) for n, body in self._rows(question, (owner, time.time_ns()))), key=lambda row: row[0])

    def finish_command(self, command_id: int, result: Mapping[str, Any]) -> None:
        question = "update command set result = %s, finished_ns = %s where id = %s and result is null"
        self._rows(question, (Jsonb(dict(result)), time.time_ns(), command_id))

    def command_result(self, command_id: int) -> Mapping[str, Any] | None:
        rows = self._rows("select result from command where id = %s and result is not null", (command_id,))
        return rows[0][0] if rows else None

    def claimed_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        question = "select id, body from command where owner = %s and result is null order by id"
        return [(number, body) for number, body in self._rows(question, (owner,))]

    # The ledger

    def append_ledger(self, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]) -> None:
        """A command handed over a second time, after a commit whose answer was lost, stays as it is."""
        with self._connection() as connection, connection.transaction():
            for command in commands:
                row = (command.id, command.asked_ns, command.device, command.point, command.value)
                added = connection.execute(
                    f"insert into ledger({_COMMAND}) values (%s, %s, %s, %s, %s, %s, %s, %s) "
                    "on conflict (id) do nothing returning id".encode(),
                    (*row, command.who, command.why, command.plan),
                ).fetchall()
                if added:
                    connection.execute("insert into ledger_open values (%s)", (command.id,))
            for step in steps:
                connection.execute(
                    "insert into ledger_step(command, time_ns, kind, text, value, closes) "
                    "values (%s, %s, %s, %s, %s, %s)",
                    (step.command, step.time_ns, step.kind, step.text, step.value, step.closes),
                )
                if step.closes:
                    connection.execute("delete from ledger_open where command = %s", (step.command,))

    def ledger(self, start_ns: int, end_ns: int, device: str, point: str, limit: int) -> list[LedgerRecord]:
        where, values = "asked_ns >= %s and asked_ns < %s", [start_ns, end_ns]
        chosen: list[Any] = [*values]
        for column, wanted in (("device", device), ("point", point)):
            if wanted:
                where += f" and {column} = %s"
                chosen.append(wanted)
        return self._records(f"where {where} order by id desc limit %s", (*chosen, limit))

    def open_ledger(self) -> list[LedgerRecord]:
        return self._records("where id in (select command from ledger_open) order by id", ())

    def _records(self, tail: str, values: Sequence[Any]) -> list[LedgerRecord]:
        commands = [LedgerCommand(*row) for row in self._rows(f"select {_COMMAND} from ledger {tail}", values)]
        question = (
            "select command, time_ns, kind, text, value, closes from ledger_step where command = any(%s) order by id"
        )
        steps = [LedgerStep(*row) for row in self._rows(question, ([command.id for command in commands],))]
        return [
            LedgerRecord(command, tuple(step for step in steps if step.command == command.id)) for command in commands
        ]
