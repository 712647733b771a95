"""On PostgreSQL, too: the same readings and the same spans, whatever comes in which order, and however it is kept."""

from __future__ import annotations

import itertools
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_console.historian.interface import Buckets
from energy_console.historian.postgres import PostgresEngine, engine_of
from tests.historian.plain_spans import plain_spans
from tests.historian.series import POINTS, at, batch
from tests.historian.test_embedded_model import BASE_MS, LATER, MINUTE_NS, acts, replay, same

_NUMBERS = itertools.count()
LATER_MS = round(LATER.timestamp() * 1000)
POWER = POINTS[0].id


class Tidied(PostgresEngine):
    """Merging means here: days that are over get sorted."""

    def merge(self, _now: object) -> None:
        self.tidy(LATER_MS)


@contextmanager
def opened(server: str) -> Iterator[PostgresEngine]:
    with tempfile.TemporaryDirectory() as folder:
        store = engine_of(server, f"model-{os.getpid()}-{next(_NUMBERS)}", Path(folder))
        store.__class__ = Tidied
        store.register(POINTS)
        yield store
        store.close()


@settings(deadline=None, max_examples=25, suppress_health_check=[*HealthCheck])
@given(script=acts, minutes=st.sampled_from([1 / 6, 1, 5, 15, 60, 180, 1440]))
def test_readings_are_there_once_and_spans_are_what_their_definition_says(
    server: str, script: list, minutes: float
) -> None:
    end_ms = BASE_MS + 48 * 3_600_000
    with opened(server) as store:
        kept = replay(store, script)  # type: ignore[arg-type]
        series = store.read(POWER, 0, at(10**6))
        span = store.span(POWER)
        spans = store.spans(POWER, BASE_MS * 10**6, end_ms * 10**6, round(minutes * MINUTE_NS))
    found = sorted(zip((series.time_ns // 10**6).tolist(), series.status.tolist(), map(str, series.value), strict=True))
    assert found == sorted((t, s, str(v)) for t, v, s in kept)
    assert span == ((kept[0][0] * 10**6, kept[-1][0] * 10**6) if kept else None)
    wanted = plain_spans(kept, BASE_MS, end_ms, round(minutes * 60_000))
    assert (spans.time_ns // 10**6).tolist() == sorted(wanted)
    for row, start in enumerate(sorted(wanted)):
        plain = wanted[start]
        assert (spans.count[row], spans.good_count[row]) == (plain.count, len(plain.values))
        assert spans.status[row] == plain.worst
        assert spans.integral_h[row] == pytest.approx(plain.integral_h, abs=1e-9)
        assert same(spans.minimum[row], min(plain.values, default=math.nan))
        assert same(spans.maximum[row], max(plain.values, default=math.nan))


def test_a_day_that_is_over_is_sorted_and_takes_late_readings_and_is_sorted_again(server: str) -> None:
    with opened(server) as store:
        store.append(batch([(n % 3, second, float(second)) for second in range(0, 3000, 10) for n in range(3)]))
        before = store.read(POWER, at(0), at(3000)).value.tolist()
        store.tidy(LATER_MS)
        assert indexes(store) == ["brin"]
        assert store.read(POWER, at(0), at(3000)).value.tolist() == before
        store.append(batch([(0, 5, -1.0)]))
        store.append(batch([(0, 86_400, 1.0)]))
        assert store.as_of([POWER], at(6), at(100) - at(0))[1].tolist() == [-1.0]
        store.tidy(at(90_000) // 10**6)
        assert indexes(store) == ["brin", "btree"]
        assert store.read(POWER, at(0), at(20)).value.tolist() == [0.0, -1.0, 10.0]
        assert store.span(POWER) == (at(0), at(86_400))


def test_what_need_not_be_kept_longer_goes_by_whole_days_and_the_tiers_stay(server: str) -> None:
    with opened(server) as store:
        store.append(batch([(0, 86_400 * day, float(day)) for day in range(5)]))
        store.seal()
        store.put_state("store", "keep_days", {"reading": 2})
        store.tidy(at(86_400 * 4) // 10**6)
        assert store.read(POWER, at(0), at(10**6)).value.tolist() == [2.0, 3.0, 4.0]
        assert store.spans(POWER, BASE_MS * 10**6, at(86_400 * 5), 86_400 * 10**9).count.sum() == 5
        assert any("readings of 2026-09-21" in notice for notice in store.notices())
        span = store.span(POWER)
        assert span is not None
        assert span[0] <= at(0)
        assert span[1] == at(86_400 * 4)


def rows_in(store: PostgresEngine, tier: str) -> int:
    with store._reading() as connection:
        row = connection.execute(f"select count(*) from {tier}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def hourly(store: PostgresEngine, days: int = 6) -> Buckets:
    return store.spans(POWER, BASE_MS * 10**6, BASE_MS * 10**6 + days * 86_400 * 10**9, 3_600 * 10**9)


def same_spans(one: Buckets, other: Buckets) -> bool:
    for name in ("time_ns", "minimum", "maximum", "first", "last", "count", "good_count", "status"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_allclose(one.integral_h, other.integral_h, rtol=1e-9)
    return True


def three_days(store: PostgresEngine) -> None:
    """A point at 1 s beside one at 30 s, twenty minutes a day; a day rolled up in two parts that lie in each other."""
    for day in range(3):
        start = day * 86_400
        rows = [(0, start + n, float(n % 61 + day)) for n in range(1200)]
        rows += [(1, start + n * 30, float(n)) for n in range(40)]
        for part in range(2):
            store.append(batch([row for row in rows if int(row[1] - start) // 60 % 2 == part]))
            store.seal()


def test_a_day_that_is_over_has_one_row_a_cell_and_late_readings_are_gathered_again(server: str) -> None:
    with opened(server) as store:
        three_days(store)
        wanted = hourly(store)
        assert rows_in(store, "days") == 3 * 2 * 2
        store.tidy(LATER_MS)
        assert rows_in(store, "days") == 3 * 2
        assert same_spans(hourly(store), wanted)
        store.append(batch([(0, 600.5, 1000.0)]))
        store.seal()
        late = hourly(store)
        assert late.maximum.max() == 1000.0
        store.tidy(LATER_MS)
        assert rows_in(store, "hours") == 3 * 2
        assert same_spans(hourly(store), late)


def test_readings_go_from_a_server_once_their_tiers_are_settled_and_zooms_go_on(server: str) -> None:
    with opened(server) as store:
        three_days(store)
        store.append(batch([(0, 600.5, 1000.0)]))  # late, between readings that a cell took for neighbours
        store.seal()
        wanted = [hourly(store), store.spans(POWER, at(-200), at(1600), 60 * 10**9)]
        store.keep({"readings": 1})
        store.tidy(at(3 * 86_400) // 10**6)
        assert store.read(POWER, 0, at(10**6)).time_ns.min() == at(2 * 86_400)
        assert same_spans(hourly(store), wanted[0])
        assert same_spans(store.spans(POWER, at(-200), at(1600), 60 * 10**9), wanted[1])
        assert any("readings of 2026-09-21 to 2026-09-22 are older" in notice for notice in store.notices())
        window = at(86_400), at(86_400 + 600), 60
        fine, slow = (store.buckets(point.id, *window) for point in POINTS[:2])
        assert fine.every_ns == 10 * 10**9
        assert slow.every_ns == 60 * 10**9  # it was never worth the finest tier
        assert slow.count.sum() == 22
        store.append(batch([(0, 30.5, 2000.0)]))  # later than late: counts in the tiers, until it goes, too
        store.seal()
        assert hourly(store).count.sum() == wanted[0].count.sum() + 1
        store.tidy(at(3 * 86_400) // 10**6)
        assert hourly(store).count.sum() == wanted[0].count.sum() + 1
        assert hourly(store).maximum.max() == 2000.0


def test_tiers_of_a_schema_without_hours_and_days_are_led_back_to_the_first_day(server: str) -> None:
    with opened(server) as store:
        three_days(store)
        wanted = hourly(store)
        days = store.spans(POWER, BASE_MS * 10**6, BASE_MS * 10**6 + 6 * 86_400 * 10**9, 86_400 * 10**9)
        border_ms = BASE_MS + 3 * 86_400_000
        with store._reading() as connection:  # as the migration of an earlier schema leaves it
            connection.execute(b"delete from hours; delete from days")
            connection.execute("update tier set from_ms = %s where name in ('hours', 'days')", (border_ms,))
            connection.execute("delete from day where start_ms = %s", (BASE_MS,))  # and once let go its readings
            connection.execute(b"drop table reading_20260921")
            connection.execute("update tier set from_ms = %s where name = 'readings'", (BASE_MS + 86_400_000,))
        np.testing.assert_array_equal(hourly(store).count, wanted.count)
        store.tidy(LATER_MS)
        with store._reading() as connection:
            found = dict(connection.execute("select name, from_ms from tier").fetchall())
        assert found["hours"] == found["days"] == found["quarters"]
        assert rows_in(store, "days") == 3 * 2
        np.testing.assert_array_equal(hourly(store).count, wanted.count)
        np.testing.assert_array_equal(hourly(store).maximum, wanted.maximum)
        np.testing.assert_allclose(hourly(store).integral_h[1:], wanted.integral_h[1:], rtol=1e-9)
        again = store.spans(POWER, BASE_MS * 10**6, BASE_MS * 10**6 + 6 * 86_400 * 10**9, 86_400 * 10**9)
        np.testing.assert_array_equal(again.count, days.count)


def indexes(store: PostgresEngine) -> list[str]:
    """Kinds of the indexes on partitions of readings, in the order of their days."""
    with store._reading() as connection:
        rows = connection.execute(
            "select amname from pg_inherits join pg_index on indrelid = inhrelid join pg_class on pg_class.oid = "
            "indexrelid join pg_am on pg_am.oid = relam where inhparent = 'reading'::regclass order by inhrelid::text"
        ).fetchall()
    return sorted(row[0] for row in rows)
