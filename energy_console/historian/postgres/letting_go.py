"""What is older than it is to be kept goes from a server by whole partitions; tiers are settled before."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import psycopg
from psycopg import sql

from energy_console.historian.postgres.copying import DAY_MS, partition_name, partitions_of
from energy_console.historian.postgres.gathering import GATHERED, WAIT_FOR_OTHERS, gather, tiers_from
from energy_console.historian.postgres.schema import ALWAYS_MS
from energy_console.historian.postgres.server import Connection
from energy_console.historian.zoom import READINGS, TIERS_MS


def let_go(connection: Connection, keep_days: Mapping[str, float], now_ms: int) -> list[str]:
    """Removes days of readings and partitions of tiers older than `keep_days` says; a sentence on each kind."""
    said = []
    for kind in (READINGS, *TIERS_MS):
        if kind in keep_days:
            border_ms = round(now_ms - keep_days[kind] * DAY_MS)
            gone = _readings(connection, border_ms) if kind == READINGS else _cells(connection, kind, border_ms)
            if gone:
                days = [str(np.datetime64(ms, "ms"))[:10] for ms in (min(gone)[0], max(gone)[1] - 1)]
                span = " to ".join(dict.fromkeys(days))
                said.append(f"{kind} of {span} are older than they are to be kept: they were removed.")
    return said


def _readings(connection: Connection, border_ms: int) -> list[tuple[int, int]]:
    rows = connection.execute(
        "select start_ms from day where start_ms <= %s and not exists (select 1 from act_mask "
        "where act_mask.start_ms < day.start_ms + %s and end_ms > day.start_ms) order by start_ms",
        (border_ms - DAY_MS, DAY_MS),
    ).fetchall()
    gone = []
    for (start_ms,) in rows:
        kept = tiers_from(connection)
        whole = start_ms >= kept.get(READINGS, ALWAYS_MS)  # else late readings of a day whose others are gone
        lacking = any(kept[tier] > start_ms for tier in GATHERED)
        if whole and (lacking or not gather(connection, start_ms, tuple(TIERS_MS))):
            continue
        if _drop(connection, READINGS, partition_name("reading", start_ms), start_ms + DAY_MS, start_ms):
            gone.append((int(start_ms), int(start_ms) + DAY_MS))
    return gone


def _cells(connection: Connection, tier: str, border_ms: int) -> list[tuple[int, int]]:
    """Partitions of a tier that are wholly older, and of which every coarser tier that holds all points is there."""
    kept = tiers_from(connection)
    coarser = [name for name in GATHERED if TIERS_MS[name] > TIERS_MS[tier]]
    gone = []
    for name in sorted(partitions_of(connection, [tier])):
        start_ms, end_ms = _span_of(connection, name)
        lacking = any(kept[other] > max(start_ms, kept[tier]) for other in coarser)
        if end_ms <= border_ms and not lacking and _drop(connection, tier, name, end_ms):
            gone.append((start_ms, end_ms))
    return gone


def _drop(connection: Connection, kind: str, partition: str, end_ms: int, day_ms: int | None = None) -> bool:
    """Removes one partition and notes from when on its kind is there, in one transaction; False if readers hold it."""
    try:
        with connection.transaction():
            connection.execute(sql.SQL("set local lock_timeout = {}").format(WAIT_FOR_OTHERS))
            connection.execute("select pg_advisory_xact_lock(hashtextextended(current_schema(), 1))")  # no writer now
            if day_ms is not None:
                row = connection.execute(
                    "delete from day where start_ms = %s and (gathered = written or start_ms < "
                    "(select from_ms from tier where name = %s)) returning 1",
                    (day_ms, READINGS),
                ).fetchone()
                if row is None:  # it was written to just now
                    return False
            connection.execute(sql.SQL("drop table {}").format(sql.Identifier(partition)))
            connection.execute("update tier set from_ms = greatest(from_ms, %s) where name = %s", (end_ms, kind))
            return True
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        pass
    return False


def _span_of(connection: Connection, name: str) -> tuple[int, int]:
    """The borders of a partition."""
    row = connection.execute(
        "select pg_get_expr(relpartbound, oid) from pg_class where oid = %s::regclass", (f'"{name}"',)
    ).fetchone()
    assert row is not None
    start_ms, end_ms = map(int, re.findall(r"'(-?\d+)'", str(row[0])))
    return start_ms, end_ms
