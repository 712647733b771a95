"""What is older than it is to be kept goes by whole days, not before the coarser tiers have it, and never by itself."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import math
import os
import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_console.historian.acts import Act, ActKind, ActSeries, Mask
from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.historian.embedded.acts import add_act, take_back
from energy_console.historian.embedded.checking import check_store
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import NewestFile
from energy_console.historian.embedded.parquet import METADATA_KEY
from energy_console.historian.interface import Buckets
from energy_console.historian.zoom import TIERS_MS, fitting_grid, grid_of
from tests.historian.plain_spans import plain_spans
from tests.historian.series import POINTS, START_S, at, batch

FAST, SLOW = POINTS[0].id, POINTS[1].id
DAY_S = 86_400
FIRST_S = START_S // DAY_S * DAY_S - START_S  # midnight before the first reading, as a second of these tests
HOUR_NS = 3_600_000_000_000


def noon(day: int) -> dt.datetime:
    """Noon of so many days after the first."""
    return dt.datetime.fromtimestamp(START_S + FIRST_S + (day + 0.5) * DAY_S, dt.UTC)


def fill_days(store: EmbeddedHistorian, days: int) -> None:
    """Twenty minutes each day: a point at 1 s and one at 30 s; a day in two files, the second between the first."""
    store.register(POINTS)
    for day in range(days):
        start = day * DAY_S
        rows = [(0, start + n, float(n % 61 + day)) for n in range(1200)]
        rows += [(1, start + n * 30, float(n)) for n in range(40)]
        for part in range(2):
            store.append(batch([row for row in rows if int(row[1] - start) // 60 % 2 == part]))
            store.seal()


def days_of(store: EmbeddedHistorian, kind: str) -> list[str]:
    return sorted({file.part for file in store.sealed_files() if file.kind == kind})


def spans(store: EmbeddedHistorian, point: str, kind: str, days: int) -> Buckets:
    start = at(FIRST_S)
    return store.spans(point, start, start + days * 24 * HOUR_NS, TIERS_MS[kind] * 10**6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_nothing_goes_unless_it_is_asked_for(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 3)
    store.merge(noon(4000))
    assert len(store.read(FAST, 0, at(10**6)).value) == 3 * 1200
    store.keep({"readings": 5000})
    store.merge(noon(4000))
    assert len(store.read(FAST, 0, at(10**6)).value) == 3 * 1200
    assert store.notices() == []
    store.close()


def test_readings_go_by_whole_days_and_every_tier_answers_as_before(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 4)
    wanted = {(p, kind): spans(store, p, kind, 4) for p in (FAST, SLOW) for kind in ("quarters", "hours", "days")}
    wanted[FAST, "tenseconds"] = spans(store, FAST, "tenseconds", 4)
    store.keep({"readings": 2})
    store.merge(noon(4))
    assert store.read(FAST, 0, at(10**6)).time_ns.min() == at(2 * DAY_S)
    for (point, kind), was in wanted.items():
        found = spans(store, point, kind, 4)
        for name in ("time_ns", "count", "minimum", "maximum", "first", "last", "status"):
            np.testing.assert_array_equal(getattr(found, name), getattr(was, name), err_msg=f"{name} of {kind}")
        np.testing.assert_allclose(found.integral_h, was.integral_h, rtol=1e-9)
    assert store.span(FAST) == (at(0), at(3 * DAY_S + 1199))
    day = str(noon(0).date()), str(noon(1).date())
    assert store.notices() == [
        f"readings of {day[0]} to {day[1]} are older than they are to be kept: 2480 readings were removed."
    ]
    store.close()
    assert check_store(StoreFolder(folder)).faults == ()
    assert not list((folder / "readings" / day[0]).glob("*"))


def test_a_zoom_past_the_base_gets_the_finest_tier_that_has_the_point(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 3)
    store.keep({"readings": 1, "tenseconds": 1})
    store.merge(noon(3))
    window = at(0), at(600)
    fast, slow = store.buckets(FAST, *window, 300), store.buckets(SLOW, *window, 300)
    later = store.buckets(FAST, at(2 * DAY_S), at(2 * DAY_S + 600), 300)
    all_of_it = store.buckets(SLOW, at(0), at(3 * DAY_S), 10)
    store.close()
    assert (fast.every_ns, int(fast.count.sum())) == (60 * 10**9, 640)  # whole minutes around the window
    assert slow.every_ns == 900 * 10**9  # its minutes were never worth keeping
    assert slow.count.tolist() == [4, 30]
    assert later.every_ns == 2 * 10**9
    assert int(all_of_it.count.sum()) == 120


def test_tiers_go_by_their_own_age_and_a_day_is_left_of_all(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 6)
    store.keep({"readings": 1, "tenseconds": 1, "minutes": 2, "quarters": 3, "hours": 4})
    store.merge(noon(6))
    kept = {kind: len(days_of(store, kind)) for kind in ("readings", *TIERS_MS)}
    spans_of_days = spans(store, FAST, "days", 6)
    oldest = store.buckets(FAST, at(0), at(1200), 100)
    store.close()
    assert kept == {"readings": 1, "tenseconds": 1, "minutes": 2, "quarters": 3, "hours": 4, "days": 6}
    assert spans_of_days.count.tolist() == [1200] * 6
    assert (oldest.every_ns, oldest.count.tolist()) == (24 * HOUR_NS, [1200])
    assert check_store(StoreFolder(folder)).faults == ()


def test_readings_stay_while_a_coarser_tier_lacks_them(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 2)
    store.merge(noon(2))
    part, first, last = next((f.part, f.first, f.last) for f in store.sealed_files() if f.kind == "hours")
    store.close()
    newest = NewestFile(folder / "newest.sqlite", create=False)
    old = [f for f in newest.files() if (f.kind, f.part) == ("hours", part)]
    newest.replace_files(old, [], missing=[("hours", part, first, last)])
    newest.close()
    store = open_embedded(folder, writing=True)
    store.keep({"readings": 1})
    store.merge(noon(1000))  # works the hours out first, then lets the readings go
    assert days_of(store, "readings") == []
    assert spans(store, SLOW, "hours", 2).count.sum() == 80
    store.close()
    assert check_store(StoreFolder(folder)).faults == ()


def test_late_readings_of_a_day_in_a_months_file_are_exact_in_every_tier_once_the_base_is_gone(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 12)
    store.merge(noon(14))
    assert any(len(part) == 7 for part in days_of(store, "hours"))
    store.append(batch([(0, 3 * DAY_S + 600.5, 1000.0), (0, 3 * DAY_S + 1900, math.nan)]))
    store.seal()
    wanted = {kind: spans(store, FAST, kind, 14) for kind in ("quarters", "hours", "days")}
    store.keep({"readings": 1})
    store.merge(noon(14))
    assert days_of(store, "readings") == []
    for kind, was in wanted.items():
        found = spans(store, FAST, kind, 14)
        np.testing.assert_array_equal(found.count, was.count)
        np.testing.assert_array_equal(found.maximum, was.maximum)
        np.testing.assert_array_equal(found.last, was.last)
        np.testing.assert_allclose(found.integral_h, was.integral_h, rtol=1e-9)
    store.append(batch([(0, 3 * DAY_S + 30.5, 2000.0)]))  # now there is no base to work a cell out anew
    store.seal()
    late = spans(store, FAST, "hours", 14)
    assert late.count.sum() == wanted["hours"].count.sum() + 1
    assert late.maximum.max() == 2000.0
    assert (late.mean <= late.maximum).all()
    store.merge(noon(14))
    store.close()
    assert check_store(StoreFolder(folder)).faults == ()


def test_imports_stay(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 2)
    newest = NewestFile(folder / "newest.sqlite", create=False)
    times = np.arange(5000, dtype=np.int64) * 1000 + at(0) // 10**6
    add_act(
        StoreFolder(folder),
        newest,
        Act(ActKind.IMPORT, 1),
        [ActSeries("W1/flow_m3h", "m3/h", times, np.arange(5000.0), np.zeros(5000, np.uint16))],
    )
    newest.close()
    store.keep({"readings": 1, "minutes": 1, "tenseconds": 1})
    store.merge(noon(100))
    assert len(store.read("W1/flow_m3h", 0, at(10**6)).value) == 5000
    assert store.buckets("W1/flow_m3h", at(0), at(1000), 1600).count.sum() == 1000
    assert store.buckets("W1/flow_m3h", at(0), at(30_000), 1600).count.sum() == 5000
    store.close()


def test_a_lost_list_knows_what_was_removed_for_its_age(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 3)
    store.keep({"readings": 1})
    store.merge(noon(3))
    wanted = spans(store, FAST, "minutes", 3)
    store.close()
    for left in folder.glob("newest.sqlite*"):
        os.unlink(left)
    store = open_embedded(folder, writing=True)
    found = spans(store, FAST, "minutes", 3)
    np.testing.assert_array_equal(found.count, wanted.count)
    assert store.buckets(FAST, at(0), at(600), 600).every_ns == 10 * 10**9
    store.close()
    assert check_store(StoreFolder(folder)).faults == ()


def test_a_tier_that_differs_from_the_finer_one_is_found_where_the_readings_are_gone(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 3)
    store.keep({"readings": 1})
    store.merge(noon(3))
    store.close()
    path = next((folder / "hours" / str(noon(0).date())).glob("*.parquet"))
    note = pq.read_metadata(path).metadata[METADATA_KEY]
    table = pq.read_table(path, read_dictionary=["point"])
    for column in ("first", "integral_h"):
        place = table.schema.get_field_index(column)
        values = table.column(column).to_numpy() + 1.0
        changed = table.set_column(place, table.schema.field(column), pa.chunked_array([pa.array(values)]))
        with pq.ParquetWriter(path, table.schema) as writer:
            writer.write_table(changed)
            writer.add_key_value_metadata({METADATA_KEY: note})
        faults = check_store(StoreFolder(folder)).faults
        assert any(f"hours of {noon(0).date()} differ from quarters in 2 cells" in fault for fault in faults), faults


def test_a_day_that_a_correction_stands_on_stays_until_that_is_taken_back(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    fill_days(store, 3)
    newest = NewestFile(folder / "newest.sqlite", create=False)
    start_ms = at(100) // 10**6
    values = ActSeries(FAST, "kW", np.array([start_ms], np.int64), np.array([7.0]), np.zeros(1, np.uint16))
    act = Act(ActKind.CORRECTION, 1)
    add_act(StoreFolder(folder), newest, act, [values], [Mask(1, FAST, start_ms, start_ms + 60_000)])
    wanted = spans(store, FAST, "hours", 3)
    store.keep({"readings": 1})
    store.merge(noon(3))
    assert len(days_of(store, "readings")) == 3  # the first, the last, and the correction's own
    np.testing.assert_allclose(spans(store, FAST, "hours", 3).integral_h, wanted.integral_h, rtol=1e-9)
    take_back(StoreFolder(folder), newest, act)
    newest.close()
    store.merge(noon(3))
    assert len(days_of(store, "readings")) == 1
    assert spans(store, FAST, "hours", 3).count.sum() == 3 * 1200
    store.close()
    assert check_store(StoreFolder(folder)).faults == ()


class Gone(BaseException):
    """The process, at some line."""


def retired_until(folder: Path, place: tuple[str, int] | None) -> collections.Counter[str]:
    """Lets readings and two tiers go, stopped at one occurrence of a step; returns the steps that were reached."""
    seen: collections.Counter[str] = collections.Counter()
    retiring = threading.Event()

    def step(name: str) -> None:
        if retiring.is_set():
            seen[name] += 1
            if (name, seen[name]) == place:
                raise Gone

    store = open_embedded(folder, writing=True, step=step)
    retiring.set()
    store.keep({"readings": 1, "tenseconds": 1, "minutes": 4})
    with contextlib.suppress(Gone):
        store.merge(noon(14))
    store.close()
    return seen


def test_a_crash_at_any_step_of_removing_leaves_a_store_that_goes_on(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    store = open_embedded(whole, writing=True)
    fill_days(store, 9)
    store.merge(noon(14))
    store.append(batch([(0, 3 * DAY_S + 600.5, 1000.0)]))  # late, of a day that lies in months' files
    store.seal()
    wanted = spans(store, FAST, "hours", 14)
    store.close()
    shutil.copytree(whole, tmp_path / "counted")
    steps = retired_until(tmp_path / "counted", None)
    assert {"before swap", "after swap", "removed", "named hours", "written days"} <= set(steps)
    for name, times in steps.items():
        for occurrence in sorted({times} if name.split()[-1] in TIERS_MS else {1, times}):
            folder = tmp_path / f"{name}-{occurrence}"
            shutil.copytree(whole, folder)
            retired_until(folder, (name, occurrence))
            where = f"{name} {occurrence}"
            assert check_store(StoreFolder(folder)).faults == (), where
            store = open_embedded(folder, writing=True)
            for again in range(2):
                found = spans(store, FAST, "hours", 14)
                np.testing.assert_array_equal(found.count, wanted.count, err_msg=where)
                np.testing.assert_allclose(found.integral_h, wanted.integral_h, rtol=1e-9, err_msg=where)
                store.keep({"readings": 1, "tenseconds": 1, "minutes": 4})
                store.merge(noon(14))
                assert not any("look where it came from" in notice for notice in store.notices()), (where, again)
            assert days_of(store, "readings") == [], where
            store.close()
            report = check_store(StoreFolder(folder))
            assert (report.faults, report.notes) == ((), ()), where
            shutil.rmtree(folder)


acts = st.lists(
    st.one_of(
        st.tuples(st.just("rows"), st.integers(0, 4), st.sampled_from([1, 20, 400]), st.integers(1, 40)),
        st.just("seal"),
        st.tuples(st.just("merge"), st.integers(1, 6)),
    ),
    min_size=2,
    max_size=12,
)


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(acts, st.integers(0, 3), st.integers(0, 2))
def test_whatever_is_removed_when_coarse_spans_are_what_the_readings_said(script: list, keep: int, more: int) -> None:
    """Readings come before their day is removed, in any order; afterwards all that a tier says is as it was."""
    kept: list[tuple[int, float, int]] = []
    gone_before = -math.inf
    with tempfile.TemporaryDirectory() as name:
        store = open_embedded(Path(name) / "store", writing=True)
        store.register(POINTS)
        store.keep({"readings": keep, "tenseconds": keep, "minutes": keep + more})
        for act in script:
            if act == "seal":
                store.seal()
            elif act[0] == "merge":
                store.merge(noon(act[1]))
                gone_before = max(gone_before, FIRST_S + (act[1] - keep) * DAY_S)
            else:
                _, day, every, count = act
                start = FIRST_S + day * DAY_S + 100 * len(kept) % 7919
                if start < gone_before:
                    continue
                store.append(batch([(0, start + n * every, float(n)) for n in range(count)]))
                kept += [((START_S + start + n * every) * 1000, float(n), 0) for n in range(count)]
        start_ms, end_ms = (START_S + FIRST_S) * 1000, (START_S + FIRST_S + 6 * DAY_S) * 1000
        found = store.spans(FAST, start_ms * 10**6, end_ms * 10**6, HOUR_NS)
        store.close()
        report = check_store(StoreFolder(Path(name) / "store"))
    wanted = plain_spans(sorted(kept, key=lambda row: row[0]), start_ms, end_ms, 3_600_000)
    assert (found.time_ns // 10**6).tolist() == sorted(wanted)
    for row, start in enumerate(sorted(wanted)):
        assert found.count[row] == wanted[start].count
        assert found.minimum[row] == min(wanted[start].values)
        assert found.integral_h[row] == pytest.approx(wanted[start].integral_h, abs=1e-9)
    assert report.faults == ()


def test_a_window_is_answered_by_the_finest_kind_that_reaches_back_to_its_start() -> None:
    kept = {"readings": 1_000, "tenseconds": 1_000, "minutes": 500}
    assert fitting_grid(2_000, 12_000, 100, kept).tier is None
    assert fitting_grid(600, 12_000, 100, kept).tier == "minutes"
    assert fitting_grid(0, 12_000, 100, kept).tier == "quarters"
    assert fitting_grid(0, 6_000_000, 100, {"minutes": 500}).tier == "tenseconds"  # finer, and still there
    assert fitting_grid(0, 10, 1, dict.fromkeys(("readings", *TIERS_MS), 99)).tier == "days"
    assert grid_of(0, 3_600_000, 60_000, {"minutes": 1, "tenseconds": 1}).tier is None
    assert grid_of(0, 7_200_000, 3_600_000, {"readings": 1, "hours": 1}).tier == "quarters"


def test_a_day_of_which_a_reading_waits_to_be_sealed_is_not_removed_yet(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    store.register(POINTS)
    store.keep({"readings": 0, "tenseconds": 0, "minutes": 0})
    store.append(batch([(0, FIRST_S + DAY_S + n, float(n)) for n in range(2)]))
    store.seal()
    store.append(batch([(0, FIRST_S + DAY_S + 300, 0.0)]))
    store.merge(noon(3))
    assert days_of(store, "readings") != []
    store.seal()
    store.merge(noon(3))
    assert days_of(store, "readings") == []
    found = spans(store, FAST, "hours", 3)
    assert found.integral_h[0] == pytest.approx(299.0 / 3600.0)
    store.close()
