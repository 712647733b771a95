"""What is left out of the store lies within the band of what it draws; pauses and changes of quality are all kept."""

from __future__ import annotations

import math
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.embedded import open_embedded
from energy_console.historian.thinning import Course, Row, Thinning, thinning_of
from energy_console.site.keeping import KeepRule
from hardware.points import Reason, ScanBatch, status_of
from tests.historian.series import POINTS, at, batch

SHARED = Path(__file__).parents[3] / "shared" / "data"
DATA = Path(os.environ.get("ENERGY_CONSOLE_RECORDINGS", SHARED)) / "03_load"
LONGEST_S = 60.0
TIMEOUT = status_of(Reason.TIMEOUT)

steps = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 1, 5, 61, 200]),
        st.one_of(st.floats(-5, 5), st.just(math.nan)),
        st.sampled_from([0, 0, 0, 0, status_of(Reason.NOT_PLAUSIBLE)]),
    ),
    max_size=80,
)


def course_of(script: list[tuple[int, float, int]]) -> list[Row]:
    """Readings one after the other: seconds since the one before, how far the value went, status."""
    rows, time_ns, value = [], 0, 0.0
    for wait_s, rise, status in script:
        time_ns += wait_s * 10**9
        if math.isnan(rise):
            rows.append((time_ns, math.nan, TIMEOUT))
        else:
            value += rise
            rows.append((time_ns, value, status))
    return rows


def kept_of(rows: list[Row], rule: KeepRule) -> list[Row]:
    course = Course(rule)
    return [kept for row in rows for kept in course.take(row)] + course.end()


def same(one: Row, other: Row) -> bool:
    return one[0] == other[0] and one[2] == other[2] and (one[1] == other[1] or math.isnan(one[1] + other[1]))


@pytest.mark.parametrize("is_corridor", [False, True])
@given(script=steps, band=st.sampled_from([0.0, 0.5, 3.0, 20.0]))
def test_every_reading_left_out_lies_within_the_band_of_what_is_drawn(
    is_corridor: bool, script: list[tuple[int, float, int]], band: float
) -> None:
    rows = course_of(script)
    kept = kept_of(rows, KeepRule(band, is_corridor, LONGEST_S))
    assert [row[0] for row in kept] == sorted({row[0] for row in kept})
    assert all(any(same(row, other) for other in rows) for row in kept)
    if rows:
        assert same(kept[0], rows[0])
        assert same(kept[-1], rows[-1])
    for start, end in pairwise(kept):
        between = [row for row in rows if start[0] < row[0] < end[0]]
        if not between:
            continue
        assert end[0] - start[0] <= LONGEST_S * 1e9  # never a gap where there was none
        for time_ns, value, status in between:
            assert status == start[2]
            if math.isnan(start[1]):
                assert math.isnan(value)
            elif is_corridor:
                assert end[2] == start[2]
                line = start[1] + (end[1] - start[1]) * (time_ns - start[0]) / (end[0] - start[0])
                assert abs(value - line) <= band + 1e-9
            else:
                assert abs(value - start[1]) <= band
                line = start[1] + (end[1] - start[1]) * (time_ns - start[0]) / (end[0] - start[0])
                if end[2] == start[2]:  # who draws a line all the same is within twice the band
                    assert abs(value - line) <= 2 * band + 1e-9


def test_both_sides_of_a_pause_and_of_a_change_of_quality_are_kept() -> None:
    rows = [(0, 1.0, 0), (10**9, 1.0, 0), (2 * 10**9, math.nan, TIMEOUT), (3 * 10**9, 1.0, 0), (400 * 10**9, 1.0, 0)]
    assert all(map(same, kept_of(rows, KeepRule(5.0, False)), rows))


def test_a_reading_that_comes_late_is_kept_and_changes_nothing_else() -> None:
    course = Course(KeepRule(1.0, False))
    assert course.take((10, 1.0, 0)) == [(10, 1.0, 0)]
    assert course.take((20, 1.5, 0)) == []
    assert course.take((15, 9.0, 0)) == [(15, 9.0, 0)]
    assert course.take((30, 9.0, 0)) == [(20, 1.5, 0), (30, 9.0, 0)]


def test_points_without_a_rule_are_kept_whole_and_there_is_no_thinning_without_any() -> None:
    assert thinning_of(["a/x", "b/x"], {}) is None
    thinning = thinning_of(["a/x", "b/x"], {"b/x": KeepRule(1.0, False)})
    assert isinstance(thinning, Thinning)
    kept = [thinning.kept(batch([(0, second, 1.0), (1, second, 1.0)])) for second in range(5)]
    assert [part.index.tolist() for part in kept] == [[0, 1], [0], [0], [0], [0]]
    assert thinning.end().time_ns.tolist() == [at(4)]


def test_the_writer_stores_what_is_kept_and_at_its_end_the_last_reading(tmp_path: Path) -> None:
    store = open_embedded(tmp_path / "store", writing=True)
    store.register(POINTS)
    writer = StoreWriter(store, 0.01, Thinning([KeepRule(1.0, False), None, None, None]))
    writer.start()
    for second in range(50):
        writer.keep(batch([(0, second, 5.0 + second % 2 * 0.5)]))
    writer.stop()
    assert store.read(POINTS[0].id, at(0), at(60)).time_ns.tolist() == [at(0), at(49)]
    assert store.buckets(POINTS[0].id, at(0), at(60), 1).mean.tolist() == pytest.approx([5.0], abs=1.0)
    store.close()


def real_load() -> np.ndarray:
    """A household's power, a reading a minute (kW)."""
    path = DATA / "uci_household_1min_2007-02.csv.gz"
    if not path.is_file():
        pytest.skip("the measured load is not on this machine")
    load = pd.to_numeric(pd.read_csv(path)["p_kw"], errors="coerce").dropna()
    return load.to_numpy(float)


@pytest.mark.parametrize(("rule", "most"), [(KeepRule(0.05, False), 0.8), (KeepRule(0.05, True), 0.8)])
def test_a_measured_load_takes_less_room_and_keeps_its_shape(tmp_path: Path, rule: KeepRule, most: float) -> None:
    load = real_load()
    sizes, counts, means = [], [], []
    for number, rules in enumerate(([None], [rule])):
        store = open_embedded(tmp_path / str(number), writing=True)
        store.register(POINTS[:1])
        thinning = Thinning(rules)
        times = at(0) + np.arange(len(load), dtype=np.int64) * 60_000_000_000
        whole = ScanBatch(0, np.zeros(len(load), np.int32), times, load, np.zeros(len(load), np.uint16))
        for part in (thinning.kept(whole), thinning.end()):
            store.append(part)
        store.seal()
        counts.append(len(store.read(POINTS[0].id, 0, 2**62).value))
        means.append(store.buckets(POINTS[0].id, at(0), int(times[-1]), 1).mean[0])
        store.close()
        files = (tmp_path / str(number) / "readings").rglob("*.parquet")
        sizes.append(sum(path.stat().st_size for path in files))
    print(f"{rule}: {counts[1]:,} of {counts[0]:,} readings, {sizes[1]:,} of {sizes[0]:,} bytes, mean {means}")
    assert counts[1] < most * counts[0]
    assert sizes[1] < sizes[0]
    if not rule.is_corridor:
        assert abs(means[1] - means[0]) <= rule.band


def test_what_is_left_out_is_no_gap_to_the_tiers(tmp_path: Path) -> None:
    """A value stands for twenty minutes, and nothing is left out for longer than fifteen."""
    store = open_embedded(tmp_path / "store", writing=True)
    store.register(POINTS[:1])
    thinning = Thinning([KeepRule(1.0, False, 900.0)])
    for second in range(0, 7200, 10):
        if len(part := thinning.kept(batch([(0, second, 5.0)]))):
            store.append(part)
    store.append(thinning.end())
    spans = store.spans(POINTS[0].id, at(0), at(7200), 7_200_000_000_000)
    assert spans.integral_h[0] == pytest.approx(5.0 * 7190 / 3600, abs=0.05 + 5 * 10 / 3600)
    assert spans.count[0] < 15
    store.close()
