"""Whatever comes in which order, and whenever it is sealed and merged: the same readings and the same spans."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from hardware.points import ScanBatch
from tests.historian.plain_spans import plain_spans
from tests.historian.series import POINTS, START_S, at, batch

LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
MINUTE_NS = 60_000_000_000
BASE_MS = START_S // 86_400 * 86_400_000  # a border of every tier

value = st.one_of(st.just(math.nan), st.integers(-50, 50).map(float))
steady = st.builds(
    lambda first, every, values: [(0, first + n * every, v) for n, v in enumerate(values)],
    st.integers(0, 40_000),
    st.sampled_from([1, 7, 60, 300, 900]),
    st.lists(value, min_size=1, max_size=30),
)
scattered = st.lists(
    st.tuples(st.sampled_from([0, 1]), st.integers(0, 200_000).map(lambda n: n / 4), value), min_size=1, max_size=20
)
acts = st.lists(st.one_of(steady, scattered, st.just("seal"), st.just("merge")), min_size=1, max_size=12)


def replay(
    store: EmbeddedHistorian, script: list[str | list[tuple[int, float, float]]]
) -> list[tuple[int, float, int]]:
    """Acts on the store; returns what its first point should hold, in time order."""
    kept: list[tuple[int, float, int]] = []
    for act in script:
        if act == "seal":
            store.seal()
        elif act == "merge":
            store.merge(LATER)
        else:
            assert not isinstance(act, str)
            scan: ScanBatch = batch(act)
            store.append(scan)
            rows = zip(scan.index, scan.time_ns // 10**6, scan.value, scan.status, strict=True)
            kept += [(int(t), float(v), int(s)) for i, t, v, s in rows if i == 0]
    return sorted(kept, key=lambda row: row[0])


def same(left: float, right: float) -> bool:
    return (math.isnan(left) and math.isnan(right)) or left == right


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(acts)
def test_every_reading_is_there_exactly_once_however_it_was_sealed(script: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_embedded(Path(folder) / "store", writing=True)
        store.register(POINTS)
        kept = replay(store, script)
        series = store.read(POINTS[0].id, 0, at(10**6))
        span = store.span(POINTS[0].id)
        store.close()
    found = sorted(zip((series.time_ns // 10**6).tolist(), series.status.tolist(), map(str, series.value), strict=True))
    assert found == sorted((t, s, str(v)) for t, v, s in kept)
    assert span == ((kept[0][0] * 10**6, kept[-1][0] * 10**6) if kept else None)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(acts, st.sampled_from([1 / 6, 1, 5, 15, 60, 180, 1440]))
def test_spans_of_any_width_are_what_their_definition_says(script: list, minutes: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_embedded(Path(folder) / "store", writing=True)
        store.register(POINTS)
        kept = [row for row in replay(store, script) if row]
        end_ms = BASE_MS + 48 * 3_600_000
        spans = store.spans(POINTS[0].id, BASE_MS * 10**6, end_ms * 10**6, round(minutes * MINUTE_NS))
        store.close()
    wanted = plain_spans(kept, BASE_MS, end_ms, round(minutes * 60_000))
    assert (spans.time_ns // 10**6).tolist() == sorted(wanted)
    for row, start in enumerate(sorted(wanted)):
        plain = wanted[start]
        assert (spans.count[row], spans.good_count[row]) == (plain.count, len(plain.values))
        assert spans.status[row] == plain.worst
        assert spans.integral_h[row] == pytest.approx(plain.integral_h, abs=1e-9)
        assert same(spans.minimum[row], min(plain.values, default=math.nan))
        assert same(spans.maximum[row], max(plain.values, default=math.nan))
        if plain.covered_h > 0 and plain.values:
            assert spans.mean[row] == pytest.approx(plain.integral_h / plain.covered_h, abs=1e-9)
