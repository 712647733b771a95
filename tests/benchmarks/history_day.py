"""5,000 readings a second on one desk, and a day of many points, against the bare libraries.

commit   5,000 readings each second, committed each second; processor time of everything, sealing and merging included.
         Bare: apsw, `executemany` of the same rows into a table in WAL mode, one transaction a second.
room     bytes a sealed reading, with its rolled-up tiers, over a day at 1 s of values as meters give them.
         Bare: the same readings as DuckDB writes them to Parquet with zstd.
zoom     a day of one point at 1 s to 1,600 spans: while the day runs (several files) and once it is merged.
         Bare: DuckDB with `time_bucket` over that plain Parquet file, sorted by point and time.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw
import duckdb
import numpy as np
import pyarrow as pa

from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.historian.interface import Historian
from hardware.points import Point, ScanBatch
from tests.benchmarks.history_server import POINTS as SERVER_POINTS
from tests.benchmarks.history_server import ServerFigures, measure_server

DAY_S = 86_400
READINGS_A_SECOND = 5_000
SPANS = 1_600
ASKED = 25  # points asked one after the other


@dataclass(frozen=True, slots=True)
class DayFigures:
    seconds: int
    points: int
    commit_core_share: float
    commit_ms: float
    commit_worst_ms: float
    bare_commit_ms: float
    bytes_a_reading: float
    bytes_of_readings_alone: float
    bare_bytes_a_reading: float
    zoom_running_day_ms: float
    zoom_ms: float
    bare_zoom_ms: float
    readings_day_ms: float
    files_running_day: int
    server: ServerFigures | None


def points_of(count: int) -> list[Point]:
    return [
        Point(f"M{n // 10:03d}/quantity_{n % 10}", f"M{n // 10:03d}", f"quantity_{n % 10}", "kW", f"Point {n}")
        for n in range(count)
    ]


def meter_values(random: np.random.Generator, count: int, seconds: int) -> np.ndarray:
    """Shape (count, seconds): powers, voltages, currents, counters, temperatures and states, rounded as meters round.

    Three of ten travel as float32, the others as scaled integers; a state stands still.
    """
    noise = random.normal(0, 1, (count, seconds))
    walk = np.cumsum(noise, axis=1)
    values = np.empty((count, seconds))
    for n in range(count):
        base, drift, jitter = random.uniform(20, 400), walk[n], noise[n]
        match n % 10:
            case 0:
                values[n] = np.abs(base + 0.8 * drift + 1.5 * jitter).round(1)
            case 1:
                values[n] = np.abs(base + 0.1 * drift + 0.2 * jitter).astype(np.float32)
            case 2:
                values[n] = (230 + 0.02 * drift + 0.4 * jitter).round(1)
            case 3:
                values[n] = (230 + 0.02 * drift + 0.4 * jitter).astype(np.float32)
            case 4:
                values[n] = (50 + 0.01 * jitter).round(2)
            case 5:
                values[n] = (base * 1000 + np.cumsum(np.abs(base + 0.8 * drift)) / 3600).round(2)
            case 6:
                values[n] = (base * 1000 + np.cumsum(np.abs(base + 0.1 * drift)) / 3600).round(2).astype(np.float32)
            case 7:
                values[n] = np.abs(base + 0.9 * drift + 2 * jitter).round(2)
            case 8:
                values[n] = (18 + 0.002 * drift).round(1)
            case _:
                values[n] = float(n % 7)
    return values


def scans(count: int, start_s: int, seconds: int, each: int) -> Iterator[ScanBatch]:
    """Batches of `each` seconds of all points, answers a few ms late as on a real bus."""
    random = np.random.default_rng(7)
    lag_ms = random.integers(0, 90, count)
    index = np.tile(np.arange(count, dtype=np.int32), each)
    status = np.zeros(count * each, np.uint16)
    for begin in range(0, seconds, 1800):
        length = min(1800, seconds - begin)
        values = meter_values(random, count, length)
        for second in range(0, length - each + 1, each):
            moments = (start_s + begin + second + np.arange(each)) * 1000
            late_ms = np.clip(random.normal(4, 2, (each, count)), 0, 40).astype(np.int64)
            times = (moments[:, None] + lag_ms + late_ms).ravel() * 1_000_000
            yield ScanBatch(0, index.copy(), times, values[:, second : second + each].T.ravel(), status.copy())


def commit_each_second(folder: Path, seconds: int) -> tuple[float, float, float]:
    """Share of a core, mean and worst ms a commit, at one batch of 5,000 readings a second."""
    store = open_embedded(folder, writing=True)
    store.register(points_of(READINGS_A_SECOND))
    taken_s: list[float] = []
    waiting = list(scans(READINGS_A_SECOND, int(time.time()), seconds, 1))  # made before: only keeping them is measured
    cpu, began = time.process_time(), time.monotonic()
    for number, scan in enumerate(waiting):
        time.sleep(max(0.0, began + number - time.monotonic()))
        before = time.perf_counter()
        store.append(scan)
        taken_s.append(time.perf_counter() - before)
    store.seal()
    store.merge()
    store.close()
    spent_s = time.process_time() - cpu
    return spent_s / seconds, statistics.mean(taken_s) * 1e3, max(taken_s) * 1e3


def bare_commit_ms(path: Path, batches: int = 40) -> float:
    """Processor ms a batch of 5,000 rows with apsw alone."""
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.execute("create table reading(point integer, time integer, value real, status integer)")
    spent_s = 0.0
    for scan in scans(READINGS_A_SECOND, 0, batches, 1):
        rows = list(zip(*(c.tolist() for c in (scan.index, scan.time_ns, scan.value, scan.status)), strict=True))
        cpu = time.process_time()
        with connection:
            connection.executemany("insert into reading values (?, ?, ?, ?)", rows)
        spent_s += time.process_time() - cpu
    connection.close()
    return spent_s / batches * 1e3


def bytes_under(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def midnight_s() -> int:
    return int(dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def fill_day(store: EmbeddedHistorian, points: int) -> None:
    """A whole day at 1 s through `append`, as it would come in, only faster."""
    store.register(points_of(points))
    for scan in scans(points, midnight_s(), DAY_S, 20):
        store.append(scan)
    store.seal()
    store.merge()


def write_bare(path: Path, points: int) -> None:
    """The same day as one Parquet file by DuckDB, sorted by point and time."""
    parts = list(scans(points, midnight_s(), DAY_S, 900))
    rows = pa.table(
        {
            "point": np.concatenate([part.index for part in parts]),
            "time": pa.array(np.concatenate([part.time_ns for part in parts]), pa.timestamp("ns")),
            "value": np.concatenate([part.value for part in parts]),
            "status": np.concatenate([part.status for part in parts]),
        }
    )
    connection = duckdb.connect(config={"threads": 2})
    connection.register("rows", rows)
    connection.execute(f"copy (from rows order by point, time) to '{path}' (format parquet, compression zstd)")
    connection.close()


def median_ms(question: Callable[[int], object], points: int) -> float:
    """Median over points asked for the first time each, after one to open the files."""
    question(0)
    taken = []
    for n in range(1, ASKED + 1):
        before = time.perf_counter()
        question(n * 37 % points)
        taken.append((time.perf_counter() - before) * 1e3)
    return statistics.median(taken)


def zoom(store: Historian, points: int) -> float:
    ids = [point.id for point in points_of(points)]
    start_ns, end_ns = midnight_s() * 10**9, (midnight_s() + DAY_S) * 10**9
    return median_ms(lambda n: store.buckets(ids[n], start_ns, end_ns, SPANS), points)


def read_day(store: Historian, points: int) -> float:
    ids = [point.id for point in points_of(points)]
    start_ns, end_ns = midnight_s() * 10**9, (midnight_s() + DAY_S) * 10**9
    return median_ms(lambda n: store.read(ids[n], start_ns, end_ns), points)


def bare_zoom(path: Path, points: int) -> float:
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("set parquet_metadata_cache = true")
    sql = (
        "select time_bucket(interval 54 seconds, time) as span, min(value), max(value), avg(value), "
        f"first(value), last(value), count(*) from '{path}' where point = ? group by span order by span"
    )
    answer = median_ms(lambda n: connection.execute(sql, [n]).fetchnumpy(), points)
    connection.close()
    return answer


def measure_day(root: Path, seconds: int, points: int) -> DayFigures:
    share, commit_ms, worst_ms = commit_each_second(root / "commit", seconds)
    bare_ms = bare_commit_ms(root / "bare.sqlite")
    store = open_embedded(root / "day", writing=True)
    fill_day(store, points)
    running_files = sum(file.kind == "readings" for file in store.sealed_files())
    running_ms = zoom(store, points)
    store.merge(dt.datetime.now(dt.UTC) + dt.timedelta(days=2))
    merged_ms, read_ms = zoom(store, points), read_day(store, points)
    store.close()
    write_bare(root / "bare.parquet", points)
    readings = points * DAY_S
    return DayFigures(
        seconds=seconds,
        points=points,
        commit_core_share=share,
        commit_ms=commit_ms,
        commit_worst_ms=worst_ms,
        bare_commit_ms=bare_ms,
        bytes_a_reading=bytes_under(root / "day") / readings,
        bytes_of_readings_alone=bytes_under(root / "day" / "readings") / readings,
        bare_bytes_a_reading=(root / "bare.parquet").stat().st_size / readings,
        zoom_running_day_ms=running_ms,
        zoom_ms=merged_ms,
        bare_zoom_ms=bare_zoom(root / "bare.parquet", points),
        readings_day_ms=read_ms,
        files_running_day=running_files,
        server=measure_server(points_of, list(scans(SERVER_POINTS, midnight_s(), DAY_S, 900)), zoom, read_day),
    )


def day_in_words(found: DayFigures) -> str:
    core_ms = found.commit_core_share * 1e3
    return f"""\
commit  5,000 readings a second for {found.seconds} s, each second committed, sealing and merging included:
        {found.commit_core_share:.1%} of a core ({core_ms:.1f} ms a second, bare apsw {found.bare_commit_ms:.1f}: \
x {core_ms / found.bare_commit_ms:.2f}); a commit {found.commit_ms:.1f} ms, at worst {found.commit_worst_ms:.0f}
room    {found.bytes_a_reading:.2f} bytes a reading with its tiers, {found.bytes_of_readings_alone:.2f} without \
(bare DuckDB Parquet {found.bare_bytes_a_reading:.2f})
zoom    a day of one of {found.points} points at 1 s to {SPANS:,} spans: {found.zoom_ms:.1f} ms merged, \
{found.zoom_running_day_ms:.1f} ms over the {found.files_running_day} files of a running day
        (bare DuckDB {found.bare_zoom_ms:.1f}); all its 86,400 readings {found.readings_day_ms:.1f} ms
{_server_in_words(found.server)}"""


def _server_in_words(found: ServerFigures | None) -> str:
    if found is None:
        return "server  no PostgreSQL on this machine to measure with"
    return f"""\
server  PostgreSQL: {found.ingest_a_second:,.0f} readings a second, durable in outbox and server; the day of one of \
{SERVER_POINTS} points {found.zoom_ms:.1f} ms
        ({found.zoom_sorted_ms:.1f} once sorted), its readings {found.readings_day_ms:.0f} ms \
({found.readings_day_sorted_ms:.0f}), {found.bytes_a_reading:.0f} bytes each ({found.bytes_a_reading_sorted:.0f})"""
