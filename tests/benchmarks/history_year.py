"""A year of seconds: how fast it is taken in, and what one question over all of it costs.

ingest   300,000 readings of 5,000 points a commit, one commit after the other, until all is durable and sealed.
year     one point, 365 days at 1 s (31.5 million readings) to 1,600 spans. Cold: a store just opened, its pages
         dropped by the system where it can be told to; warm: asked again.
day      50 points, one day at 1 s each, to 1,600 spans, one after the other.
Plain SQLite rows, a DuckDB file and a PostgreSQL table take in the same commits, and are asked for the same day, in the
same run and on the same disk. A year would take them a quarter of an hour to fill, so what they are asked beside it is
the last 30 days of that point, and so is ours.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from hardware.points import Point, ScanBatch
from tests.benchmarks.history_rivals import Rival, rivals, server_here, spans_sql, taken_ms

COMMIT_READINGS = 300_000
INGEST_POINTS = 5_000
SPANS = 1_600
DAY_S = 86_400
DAY_POINTS = 50
RIVAL_DAYS = 30
COLD, WARM = 7, 21  # how often each is asked
START_S = int(dt.datetime(2025, 9, 1, tzinfo=dt.UTC).timestamp())
AT_ONCE_S = 3 * DAY_S  # of the year in one batch


@dataclass(frozen=True, slots=True)
class YearFigures:
    days: int
    commits: int
    ingest_a_second: float
    durable_a_second: float  # before all is sealed
    rival_ingest_a_second: dict[str, float]
    build_s: float
    year_cold_ms: float
    year_warm_ms: float
    month_days: int
    month_cold_ms: float
    rival_month_ms: dict[str, float]
    day_cold_ms: float
    day_warm_ms: float
    rival_day_ms: dict[str, float]


def ingest_points() -> list[Point]:
    return [Point(f"I{n}/power_kw", f"I{n}", "power_kw", "kW", f"Point {n}") for n in range(INGEST_POINTS)]


def commits(count: int) -> list[ScanBatch]:
    """Made before anything is measured: meters read once a second, values rounded to tenths."""
    random = np.random.default_rng(11)
    seconds = COMMIT_READINGS // INGEST_POINTS
    index = np.tile(np.arange(INGEST_POINTS, dtype=np.int32), seconds)
    status = np.zeros(COMMIT_READINGS, np.uint16)
    base = random.uniform(20, 400, INGEST_POINTS)
    made = []
    for number in range(count):
        second = START_S + number * seconds + np.repeat(np.arange(seconds), INGEST_POINTS)
        value = (np.tile(base, seconds) + random.normal(0, 1.5, COMMIT_READINGS)).round(1)
        made.append(ScanBatch(number + 1, index, second * 1_000_000_000, value, status))
    return made


def day_points() -> list[Point]:
    year = Point("Y/power_kw", "Y", "power_kw", "kW", "A year")
    return [year, *(Point(f"D{n:02}/power_kw", f"D{n:02}", "power_kw", "kW", f"Day {n}") for n in range(DAY_POINTS))]


def year_scans(days: int, first_day: int = 0) -> Iterator[ScanBatch]:
    """The year's point from `first_day` on, a few days at a time; then the last day of all the others, hour by hour."""
    random = np.random.default_rng(5)
    for begin in range(first_day * DAY_S, days * DAY_S, AT_ONCE_S):
        seconds = np.arange(begin, min(begin + AT_ONCE_S, days * DAY_S))
        drift = 120 * np.cos(2 * np.pi * seconds / DAY_S) + np.cumsum(random.normal(0, 0.05, len(seconds)))
        value = (500 - drift + random.normal(0, 3, len(seconds))).round(1)
        times = (START_S + seconds) * 1_000_000_000
        yield ScanBatch(0, np.zeros(len(seconds), np.int32), times, value, np.zeros(len(seconds), np.uint16))
    for begin in range((days - 1) * DAY_S, days * DAY_S, 3600):
        index = np.tile(np.arange(1, DAY_POINTS + 1, dtype=np.int32), 3600)
        times = (START_S + begin + np.repeat(np.arange(3600), DAY_POINTS)) * 1_000_000_000
        value = (index + random.normal(0, 2, len(index)) + 100).round(1)
        yield ScanBatch(0, index, times, value, np.zeros(len(index), np.uint16))


def measure_year(folder: Path, days: int, count: int) -> YearFigures:
    waiting = commits(count)
    durable, sealed = _ingested(folder / "ingest", waiting)
    began = time.monotonic()
    _build(folder / "year", days)
    build_s = time.monotonic() - began
    with server_here() as server, rivals(folder, server) as others:
        ingest = {one.name: _rival_ingest(one, waiting) for one in others}
    first_day = max(0, days - RIVAL_DAYS)
    year_cold, year_warm = _asked(folder / "year", lambda store: _ask_point(store, 0, days))
    month_cold, _ = _asked(folder / "year", lambda store: _ask_point(store, first_day, days))
    day_cold, day_warm = _asked(folder / "year", lambda store: _ask_day(store, days))
    for left in (folder / "rows.sqlite", folder / "file.duckdb"):
        left.unlink()
    with server_here() as server, rivals(folder, server) as others:
        for one in others:
            _fill(one, days, first_day)
        month = {one.name: taken_ms(one, _point_sql(first_day, days)) for one in others}
        day = {one.name: taken_ms(one, _day_sql(days)) for one in others}
    return YearFigures(
        days=days,
        commits=count,
        ingest_a_second=sealed,
        durable_a_second=durable,
        rival_ingest_a_second=ingest,
        build_s=build_s,
        year_cold_ms=year_cold,
        year_warm_ms=year_warm,
        month_days=days - first_day,
        month_cold_ms=month_cold,
        rival_month_ms=month,
        day_cold_ms=day_cold,
        day_warm_ms=day_warm,
        rival_day_ms=day,
    )


def _ingested(folder: Path, waiting: list[ScanBatch]) -> tuple[float, float]:
    """Readings a second until all were durable, and until all were sealed into files with their tiers, too."""
    readings = sum(map(len, waiting))
    with contextlib.closing(open_embedded(folder, writing=True)) as store:
        store.register(ingest_points())
        began = time.perf_counter()
        for scan in waiting:
            store.append(scan)
        durable = readings / (time.perf_counter() - began)
        store.seal()
        return durable, readings / (time.perf_counter() - began)


def _rival_ingest(rival: Rival, waiting: list[ScanBatch]) -> float:
    began = time.perf_counter()
    for scan in waiting:
        rival.commit(scan)
    return sum(map(len, waiting)) / (time.perf_counter() - began)


def _build(folder: Path, days: int) -> None:
    with contextlib.closing(open_embedded(folder, writing=True)) as store:
        store.register(day_points())
        for scan in year_scans(days):
            store.append(scan)
        store.seal()
        store.merge(dt.datetime.fromtimestamp(START_S + (days + 40) * DAY_S, dt.UTC))


def _fill(rival: Rival, days: int, first_day: int) -> None:
    for scan in year_scans(days, first_day):
        rival.commit(scan)
    rival.settle()


def _asked(folder: Path, ask: Callable[[EmbeddedHistorian], None]) -> tuple[float, float]:
    """Median ms of the first question to a store just opened, and of the ones after it."""
    cold, warm = [], []
    for _ in range(COLD):
        forget_pages(folder)
        with contextlib.closing(open_embedded(folder, writing=False)) as store:
            cold.append(_timed_ms(ask, store))
            warm += [_timed_ms(ask, store) for _ in range(WARM // COLD)]
    return statistics.median(cold), statistics.median(warm)


def _timed_ms(ask: Callable[[EmbeddedHistorian], None], store: EmbeddedHistorian) -> float:
    before = time.perf_counter()
    ask(store)
    return (time.perf_counter() - before) * 1e3


def forget_pages(folder: Path) -> None:
    """Asks the system to drop what it has of these files in memory; where it cannot be asked, they stay."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in folder.rglob("*.parquet"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _ask_point(store: EmbeddedHistorian, first_day: int, days: int) -> None:
    start_ns, end_ns = ((START_S + day * DAY_S) * 10**9 for day in (first_day, days))
    found = store.buckets(day_points()[0].id, start_ns, end_ns, SPANS)
    assert int(found.count.sum()) >= (days - first_day) * DAY_S, "it is not whole"


def _ask_day(store: EmbeddedHistorian, days: int) -> None:
    start_ns, end_ns = ((START_S + day * DAY_S) * 10**9 for day in (days - 1, days))
    for point in day_points()[1:]:
        found = store.buckets(point.id, start_ns, end_ns, SPANS)
        assert int(found.count.sum()) == DAY_S, "the day is not whole"


def _point_sql(first_day: int, days: int) -> str:
    return spans_sql("point = 0", (START_S + first_day * DAY_S) * 1000, (START_S + days * DAY_S) * 1000, SPANS)


def _day_sql(days: int) -> str:
    start_s = START_S + (days - 1) * DAY_S
    return spans_sql("point between 1 and 50", start_s * 1000, (start_s + DAY_S) * 1000, SPANS)
