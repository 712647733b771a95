"""What is written to a site's tables, each act on a connection and in a transaction of its caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from energy_console.historian.ledger import LedgerCommand, LedgerStep
from energy_console.historian.postgres.server import Connection

NEWS = "energy_console_batch"


def as_json(value: Any) -> Jsonb:
    """What is no number (NaN) becomes null, as in the store on this machine."""
    return Jsonb(value, dumps=lambda body: msgspec.json.encode(body).decode())


def add_event(connection: Connection, time_ns: int, kind: str, source: str, text: str, data: Mapping[str, Any]) -> int:
    row = connection.execute(
        "insert into event(time_ns, kind, source, text, data) values (%s, %s, %s, %s, %s) returning id",
        (time_ns, kind, source, text, as_json(dict(data))),
    ).fetchone()
    assert row is not None
    return int(row[0])


def replace_state(
    connection: Connection, room: str, key: str, value: Any, since_ns: int, writer: str = "", *, late: bool = False
) -> None:
    """What stood there goes into the audit. `writer`: the outbox it comes from, empty for a console.

    `late`: it has waited while its server was away. It goes into the audit itself where another has written since.
    """
    connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (f"{room}/{key}",))
    names = {"room": room, "key": key, "value": as_json(value), "since_ns": since_ns, "writer": writer}
    if late:
        overtaken = connection.execute(
            "insert into audit(room, key, value, since_ns, until_ns) "
            "select room, key, %(value)s, %(since_ns)s, since_ns from state "
            " where room = %(room)s and key = %(key)s and since_ns > %(since_ns)s and writer <> %(writer)s "
            "returning id",
            names,
        ).fetchall()
        if overtaken:
            return
    connection.execute(
        "insert into audit(room, key, value, since_ns, until_ns) "
        "select room, key, value, since_ns, %(since_ns)s from state where room = %(room)s and key = %(key)s",
        names,
    )
    connection.execute(
        "insert into state(room, key, value, since_ns, writer) "
        "values (%(room)s, %(key)s, %(value)s, %(since_ns)s, %(writer)s) on conflict (room, key) "
        "do update set value = excluded.value, since_ns = excluded.since_ns, writer = excluded.writer",
        names,
    )
    tell(connection, "state")


def tell(connection: Connection, what: str) -> None:
    """Wakes whoever listens to this site, once the transaction is committed."""
    connection.execute("select pg_notify(%s, current_schema() || '/' || %s)", (NEWS, what))


def finish_order(connection: Connection, command_id: int, result: Mapping[str, Any], time_ns: int) -> None:
    """The first result stays."""
    connection.execute(
        "update command set result = %s, finished_ns = %s where id = %s and result is null",
        (as_json(dict(result)), time_ns, command_id),
    )
    tell(connection, "answer")


def extend_ledger(
    connection: Connection, book: str, area: str, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]
) -> None:
    """A command handed over a second time stays as it is. `book`: whose numbers these are."""
    for command in commands:
        row = (command.id, command.asked_ns, command.device, command.point, command.value)
        added = connection.execute(
            "insert into ledger(book, area, id, asked_ns, device, point, value, who, why, plan) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (book, id) do nothing returning id",
            (book, area, *row, command.who, command.why, command.plan),
        ).fetchall()
        if added:
            connection.execute("insert into ledger_open(book, command) values (%s, %s)", (book, command.id))
    for step in steps:
        meant = _book_of(connection, book, area, step.command)
        connection.execute(
            "insert into ledger_step(book, command, time_ns, kind, text, value, closes) "
            "values (%s, %s, %s, %s, %s, %s, %s)",
            (meant, step.command, step.time_ns, step.kind, step.text, step.value, step.closes),
        )
        if step.closes:
            connection.execute("delete from ledger_open where book = %s and command = %s", (meant, step.command))


def _book_of(connection: Connection, book: str, area: str, command: int) -> str:
    """This outbox's own book, else the one that has the command: begun by an engine whose area was taken over.

    Numbers of two outboxes differ; only those given by an earlier program may be alike, and there the area decides.
    """
    row = connection.execute(
        "select book from ledger where id = %s order by book = %s desc, area = %s desc, asked_ns desc limit 1",
        (command, book, area),
    ).fetchone()
    return str(row[0]) if row else book
