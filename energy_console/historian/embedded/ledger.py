"""The command ledger in the state file: appended in one transaction, never changed, read newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw

from energy_console.historian.embedded.database import rows_of, transaction
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep

SCHEMA_STEP = """
create table ledger(id integer primary key, asked_ns integer not null, device text not null, point text not null,
                    value real, who text not null, why text not null, plan text not null);
create index ledger_device on ledger(device, id);
create index ledger_asked on ledger(asked_ns);
create table ledger_step(id integer primary key, command integer not null references ledger(id),
                         time_ns integer not null, kind text not null, text text not null, value real,
                         closes integer not null);
create index ledger_step_command on ledger_step(command, id);
create table ledger_open(command integer primary key);
create trigger ledger_stays before update on ledger begin select raise(abort, 'the ledger only grows'); end;
create trigger ledger_kept before delete on ledger begin select raise(abort, 'the ledger only grows'); end;
create trigger ledger_step_stays before update on ledger_step begin select raise(abort, 'the ledger only grows'); end;
create trigger ledger_step_kept before delete on ledger_step begin select raise(abort, 'the ledger only grows'); end;
"""

_COMMAND = "id, asked_ns, device, point, value, who, why, plan"


def append(connection: apsw.Connection, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]) -> None:
    """All or nothing. A command handed over a second time, after a commit whose answer was lost, stays as it is."""
    with transaction(connection):
        for command in commands:
            if rows_of(connection, "select 1 from ledger where id = ?", (command.id,)):
                continue
            row = (command.id, command.asked_ns, command.device, command.point, command.value)
            connection.execute(
                f"insert into ledger({_COMMAND}) values (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, command.who, command.why, command.plan),
            )
            connection.execute("insert into ledger_open values (?)", (command.id,))
        for step in steps:
            connection.execute(
                "insert into ledger_step(command, time_ns, kind, text, value, closes) values (?, ?, ?, ?, ?, ?)",
                (step.command, step.time_ns, step.kind, step.text, step.value, step.closes),
            )
            if step.closes:
                connection.execute("delete from ledger_open where command = ?", (step.command,))


def records(
    connection: apsw.Connection, start_ns: int, end_ns: int, device: str, point: str, limit: int
) -> list[LedgerRecord]:
    """Commands asked in the window, newest first, at most `limit`."""
    where, values = "asked_ns >= ? and asked_ns < ?", [start_ns, end_ns]
    chosen: list[Any] = [*values]
    for column, wanted in (("device", device), ("point", point)):
        if wanted:
            where += f" and {column} = ?"
            chosen.append(wanted)
    return _records(connection, f"where {where} order by id desc limit ?", (*chosen, limit))


def last_number(connection: apsw.Connection) -> int:
    if not rows_of(connection, "select 1 from sqlite_schema where name = 'ledger'"):
        return 0
    return int(rows_of(connection, "select coalesce(max(id), 0) from ledger")[0][0])


def unfinished(connection: apsw.Connection) -> list[LedgerRecord]:
    """Commands whose last step is still to come, oldest first."""
    return _records(connection, "where id in (select command from ledger_open) order by id", ())


def _records(connection: apsw.Connection, tail: str, values: Sequence[Any]) -> list[LedgerRecord]:
    if not rows_of(connection, "select 1 from sqlite_schema where name = 'ledger'"):
        return []  # an engine of before the ledger writes this store; there is none yet
    commands = [LedgerCommand(*row) for row in rows_of(connection, f"select {_COMMAND} from ledger {tail}", values)]
    return [LedgerRecord(command, _steps(connection, command.id)) for command in commands]


def _steps(connection: apsw.Connection, command: int) -> tuple[LedgerStep, ...]:
    sql = "select command, time_ns, kind, text, value, closes from ledger_step where command = ? order by id"
    return tuple(
        LedgerStep(number, time_ns, kind, text, value, bool(closes))
        for number, time_ns, kind, text, value, closes in rows_of(connection, sql, (command,))
    )
