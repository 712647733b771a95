"""The same store on PostgreSQL, beside the embedded one: a row of `bench history`.

ingest   readings a second through `append`, durable in the outbox and on the server (fsync on) when it returns.
zoom     a day of one point at 1 s to 1,600 spans, rolled up; and all its readings, before and after the day was sorted.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from energy_console.historian.postgres import PostgresEngine, engine_of
from hardware.points import Point, ScanBatch
from tests.historian.postgres_server import Server, carried_programs

POINTS = 20  # of the day that is asked; ingest does not depend on it
AT_ONCE = 300_000  # readings a call


@dataclass(frozen=True, slots=True)
class ServerFigures:
    ingest_a_second: float
    zoom_ms: float
    zoom_sorted_ms: float
    readings_day_ms: float
    readings_day_sorted_ms: float
    bytes_a_reading: float  # rows and index
    bytes_a_reading_sorted: float


def measure_server(
    points_of: Callable[[int], list[Point]], day: list[ScanBatch], zoom: Callable[[PostgresEngine, int], float],
    read_day: Callable[[PostgresEngine, int], float],
) -> ServerFigures | None:  # fmt: skip
    """`day`: a day of `POINTS` points. None where there is no server to measure with."""
    programs = carried_programs()
    if programs is None:
        return None
    server = Server(programs, durable=True)
    try:
        with tempfile.TemporaryDirectory(prefix="history-bench-") as folder:
            store = engine_of(server.url, "bench", Path(folder))
            try:
                return _measured(store, points_of(POINTS), day, zoom, read_day)
            finally:
                store.close()
    finally:
        server.remove()


def _measured(
    store: PostgresEngine, points: list[Point], day: list[ScanBatch], zoom: Callable[[PostgresEngine, int], float],
    read_day: Callable[[PostgresEngine, int], float],
) -> ServerFigures:  # fmt: skip
    store.register(points)
    parts = [np.concatenate([getattr(scan, name) for scan in day]) for name in ("index", "time_ns", "value", "status")]
    readings = len(parts[0])
    began = time.perf_counter()
    for first in range(0, readings, AT_ONCE):
        store.append(ScanBatch(0, *(part[first : first + AT_ONCE] for part in parts)))
    taken_s = time.perf_counter() - began
    store.seal()
    zoom_ms, read_ms, size = zoom(store, len(points)), read_day(store, len(points)), _bytes(store)
    store.tidy(time.time_ns() // 1_000_000 + 3 * 86_400_000)
    return ServerFigures(
        ingest_a_second=readings / taken_s,
        zoom_ms=zoom_ms,
        zoom_sorted_ms=zoom(store, len(points)),
        readings_day_ms=read_ms,
        readings_day_sorted_ms=read_day(store, len(points)),
        bytes_a_reading=size / readings,
        bytes_a_reading_sorted=_bytes(store) / readings,
    )


def _bytes(store: PostgresEngine) -> int:
    with store._reading() as connection:
        row = connection.execute(
            "select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'reading'::regclass"
        ).fetchone()
    assert row is not None
    return int(row[0])
