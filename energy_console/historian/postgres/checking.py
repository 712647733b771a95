"""Holds the tables of a site on a server against each other: every delivered reading once, every tier as they say.

Works in the server, a day at a time, each day as of one moment; an engine may write meanwhile.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from energy_console.historian.errors import StoreMissing
from energy_console.historian.postgres.copying import DAY_MS, partitions_of
from energy_console.historian.postgres.server import Connection, Place, check, connect, server_faults
from energy_console.historian.zoom import TIERS_MS
from hardware.points import FIRST_BAD_REASON

FINEST = next(iter(TIERS_MS))
MOST_TOLD = 20

_SEALED = "batch not in (select sequence from batch join engine using (area) where sequence > sealed)"
_LEFT_OUT = (
    "exists (select 1 from without_tenseconds without where without.point = reading.point "
    "and batch between without.first and without.last) and not exists (select 1 from apart where apart.batch = "
    "reading.batch)"
)
_USABLE = f"status < {FIRST_BAD_REASON << 8} and value <> 'NaN' and abs(value) <> 'Infinity'"


@dataclass(slots=True)
class ServerReport:
    """What was found. `faults`: sentences, none where all is sound; `notes`: what could not be known."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    days: int = 0
    readings: int = 0
    cells: int = 0
    unsealed: int = 0


def check_server(place: Place, said: Callable[[str], None] = lambda _: None) -> ServerReport:
    """`said` hears of progress. Raises StoreError where there is nothing to check."""
    report = ServerReport()
    with contextlib.closing(connect(place)) as connection, server_faults(place):
        if not check(connection, place):
            raise StoreMissing(place.told)
        days = sorted(int(name[-8:]) for name in partitions_of(connection, ["reading"]) if re.search(r"_\d{8}$", name))
        for number, day in enumerate(days, 1):
            said(f"{number} of {len(days)} days")
            with connection.transaction():
                connection.execute("set transaction isolation level repeatable read, read only")
                connection.execute("lock table reading in access share mode")
                _check_day(connection, day, report)
        with connection.transaction():
            _check_ledger(connection, report)
            _count_rest(connection, report)
    return report


def _check_day(connection: Connection, day: int, report: ServerReport) -> None:
    name = f"{day // 10_000}-{day // 100 % 100:02d}-{day % 100:02d}"
    start_ms = int(_one(connection, "select (extract(epoch from %s::date) * 1000)::bigint", (name,)))
    span = {"start": start_ms, "end": start_ms + DAY_MS}
    there = int(_one(connection, "select count(*) from reading where ms >= %(start)s and ms < %(end)s", span))
    row = connection.execute("select readings from day where start_ms = %(start)s", span).fetchone()
    delivered = row[0] if row else None
    report.days += 1
    report.readings += there
    if delivered is None:
        report.notes.append(f"{name}: how many readings were delivered is not known (written by an earlier program).")
    elif delivered != there:
        what = "are missing" if there < delivered else "are there twice"
        report.faults.append(f"{name}: {abs(there - delivered):,} of {delivered:,} delivered readings {what}.")
    for tier, step_ms in TIERS_MS.items():
        _check_tier(connection, tier, step_ms, name, span, report)


def _check_tier(
    connection: Connection, tier: str, step_ms: int, name: str, span: dict[str, int], report: ServerReport
) -> None:
    """Count, usable count, least, greatest and worst status of each cell, worked out anew from the readings."""
    from_ms = connection.execute("select from_ms from tier where name = %s", (tier,)).fetchone()
    if from_ms is not None and from_ms[0] > span["start"]:
        report.notes.append(f"{name}: {tier} are kept from a later day on.")
        return
    chosen = f"and not ({_LEFT_OUT})" if tier == FINEST else ""
    row = connection.execute(
        f"""
        with base as (
            select point, ms - mod(ms, {step_ms}) as ms, count(*) as n, count(*) filter (where {_USABLE}) as good,
                   min(value) filter (where {_USABLE}) as low, max(value) filter (where {_USABLE}) as high,
                   max(status) as worst
            from reading where ms >= %(start)s and ms < %(end)s and {_SEALED} {chosen} group by 1, 2
        ), kept as (
            select point, ms, sum(count) as n, sum(good_count) as good, min(nullif(minimum, 'NaN')) as low,
                   max(nullif(maximum, 'NaN')) as high, max(status) as worst
            from {tier} where ms >= %(start)s and ms < %(end)s group by 1, 2
        )
        select count(*) filter (where kept.n is not null), count(*) filter (where
            (base.n, base.good, base.low, base.high, base.worst)
            is distinct from (kept.n, kept.good, kept.low, kept.high, kept.worst)), min(point.id) filter (where
            (base.n, base.good, base.low, base.high, base.worst)
            is distinct from (kept.n, kept.good, kept.low, kept.high, kept.worst))
        from base full join kept on base.point = kept.point and base.ms = kept.ms
        left join point on point.key = coalesce(base.point, kept.point)
        """.encode(),
        span,
    ).fetchone()
    assert row is not None
    cells, wrong, example = row
    report.cells += int(cells)
    if wrong and len(report.faults) < MOST_TOLD:
        report.faults.append(f"{name}: {int(wrong):,} cells of {tier} differ from their readings, such as {example}.")


def _check_ledger(connection: Connection, report: ServerReport) -> None:
    closed = "exists (select 1 from ledger_step s where (s.book, s.command) = (ledger.book, ledger.id) and closes)"
    listed = "(book, id) in (select book, command from ledger_open)"
    wrong = int(_one(connection, f"select count(*) from ledger where ({listed}) = ({closed})"))
    if wrong:
        report.faults.append(f"Ledger: {wrong:,} commands are listed as open and have ended, or the other way round.")


def _count_rest(connection: Connection, report: ServerReport) -> None:
    waiting = "select coalesce(sum(size), 0) from batch join engine using (area) where sequence > sealed"
    report.unsealed = int(_one(connection, waiting))
    for table in TIERS_MS:
        row = connection.execute("select to_regclass(%s)", (table,)).fetchone()
        if row is None or row[0] is None:
            report.faults.append(f"The table {table} is not there.")


def _one(connection: Connection, question: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    row = connection.execute(question.encode(), values).fetchone()
    assert row is not None
    return int(row[0])
