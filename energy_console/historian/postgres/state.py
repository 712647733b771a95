"""State, journal, orders and the command ledger as tables, asked by every process of the site."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from energy_console.historian.interface import Event
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from energy_console.historian.postgres.engine_rights import presences
from energy_console.historian.postgres.server import Connection
from energy_console.historian.postgres.writing import add_event, as_json, finish_order, replace_state, tell
from energy_console.historian.share import EnginePresence, Share

_COMMAND = "id, asked_ns, device, point, value, who, why, plan"
_MINE = "(%s or area = any(%s) or (area is null and %s))"


class StateTables:
    """Each call is one transaction on a connection of the pool."""

    def __init__(self, connection: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._connection = connection

    def _rows(self, question: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            cursor = connection.execute(question.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def write_event(self, time_ns: int, kind: str, source: str, text: str, data: Mapping[str, Any]) -> int:
        with self._connection() as connection:
            return add_event(connection, time_ns, kind, source, text, data)

    def events(self, start_ns: int, end_ns: int, kinds: Sequence[str], limit: int) -> list[Event]:
        chosen = "and kind = any(%s)" if kinds else ""
        question = (
            "select id, time_ns, kind, source, text, data from event where time_ns >= %s and time_ns < %s "
            f"{chosen} order by time_ns desc, id desc limit %s"
        )
        names = [list(kinds)] if kinds else []
        return [Event(*row) for row in self._rows(question, (start_ns, end_ns, *names, limit))]

    def put_state(self, room: str, key: str, value: Any, at_ns: int | None = None) -> None:
        with self._connection() as connection, connection.transaction():
            replace_state(connection, room, key, value, time.time_ns() if at_ns is None else at_ns)

    def get_state(self, room: str, key: str) -> Any | None:
        rows = self._rows("select value from state where room = %s and key = %s", (room, key))
        return rows[0][0] if rows else None

    def list_state(self, room: str) -> dict[str, Any]:
        rows = self._rows('select key, value from state where room = %s order by key collate "C"', (room,))
        return {str(key): value for key, value in rows}

    def state_at(self, room: str, key: str, moment_ns: int) -> Any | None:
        """What stood under room/key at a moment, None where nothing did."""
        question = (
            "select value from ("
            "(select since_ns, value from state where room = %s and key = %s and since_ns <= %s) union all "
            "(select since_ns, value from audit where room = %s and key = %s and since_ns <= %s "
            "order by since_ns desc, id desc limit 1)) as stood order by since_ns desc limit 1"
        )
        rows = self._rows(question, (room, key, moment_ns) * 2)
        return rows[0][0] if rows else None

    def past_state(self, room: str, key: str) -> list[tuple[int, int, Any]]:
        """What stood under room/key before, oldest first: (from, until, value), times in ns."""
        question = "select since_ns, until_ns, value from audit where room = %s and key = %s order by id"
        return [(since, until, value) for since, until, value in self._rows(question, (room, key))]

    # Orders

    def request_command(self, command: Mapping[str, Any]) -> int:
        """For the area it names, or that of its point or device; without any, for the engine that leads."""
        named = str(command.get("point") or command.get("device") or "").partition("/")[0]
        with self._connection() as connection, connection.transaction():
            row = connection.execute(
                "insert into command(body, asked_ns, area) values (%s, %s, coalesce(%s::text, "
                "(select min(area) from point where split_part(id, '/', 1) = %s))) returning id",
                (as_json(dict(command)), time.time_ns(), command.get("area"), named),
            ).fetchone()
            tell(connection, "order")
        assert row is not None
        return int(row[0])

    def claim_commands(self, owner: str, share: Share, *, leads: bool) -> list[tuple[int, Mapping[str, Any]]]:
        """Takes the orders for `share` that nobody has taken; rows under another's hand are left to it."""
        question = (
            "update command set owner = %s, claimed_ns = %s, area = coalesce(area, %s) where id in "
            f"(select id from command where owner is null and {_MINE} order by id "
            "for update skip locked) returning id, body"
        )
        rows = self._rows(question, (owner, time.time_ns(), share.stream, *_mine(share, leads=leads)))
        return sorted(((n, body) for n, body in rows), key=lambda row: row[0])

    def finish_command(self, command_id: int, result: Mapping[str, Any]) -> None:
        with self._connection() as connection, connection.transaction():
            finish_order(connection, command_id, result, time.time_ns())

    def command_result(self, command_id: int) -> Mapping[str, Any] | None:
        rows = self._rows("select result from command where id = %s and result is not null", (command_id,))
        return rows[0][0] if rows else None

    def claimed_commands(self, owner: str, share: Share) -> list[tuple[int, Mapping[str, Any]]]:
        question = f"select id, body from command where owner = %s and {_MINE} and result is null order by id"
        return [(number, body) for number, body in self._rows(question, (owner, *_mine(share, leads=False)))]

    def engines(self) -> list[EnginePresence]:
        with self._connection() as connection:
            return presences(connection)

    # The ledger

    def ledger(self, start_ns: int, end_ns: int, device: str, point: str, limit: int) -> list[LedgerRecord]:
        """Newest first by time: numbers of several engines do not follow each other."""
        where, chosen = "asked_ns >= %s and asked_ns < %s", [start_ns, end_ns]
        values: list[Any] = [*chosen]
        for column, wanted in (("device", device), ("point", point)):
            if wanted:
                where += f" and {column} = %s"
                values.append(wanted)
        return self._records(f"where {where} order by asked_ns desc, id desc limit %s", (*values, limit))

    def open_ledger(self, share: Share) -> list[LedgerRecord]:
        """Of devices that are the share's now, whoever has begun the command."""
        mine = (
            "and (%s or device in (select split_part(id, '/', 1) from point where area = any(%s)))"
            " and (book, id) in (select book, command from ledger_open)"
        )
        return self._records(f"where true {mine} order by asked_ns, id", (share.is_whole, list(share.areas)))

    def _records(self, tail: str, values: Sequence[Any]) -> list[LedgerRecord]:
        rows = self._rows(f"select book, {_COMMAND} from ledger {tail}", values)
        question = (
            "select book, command, time_ns, kind, text, value, closes from ledger_step "
            "where (book, command) in (select * from unnest(%s::text[], %s::bigint[])) order by id"
        )
        steps: dict[tuple[str, int], list[LedgerStep]] = {}
        for book, *step in self._rows(question, ([row[0] for row in rows], [row[1] for row in rows])):
            steps.setdefault((book, step[0]), []).append(LedgerStep(*step))
        return [LedgerRecord(LedgerCommand(*row), tuple(steps.get((book, row[0]), ()))) for book, *row in rows]


def _mine(share: Share, *, leads: bool) -> tuple[bool, list[str], bool]:
    """What `_MINE` asks for: everything, what is of these areas, what is of none."""
    return share.is_whole, list(share.held), leads
