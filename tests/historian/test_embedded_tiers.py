"""Five tiers from 10 s to a day: exact on each way to them, kept where worth it, worked out where they lack."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.historian.embedded.checking import check_store
from energy_console.historian.embedded.folder import FORMAT, StoreFolder
from energy_console.historian.embedded.parquet import KINDS
from energy_console.historian.errors import StoreTooNew
from energy_console.historian.interface import Buckets
from energy_console.historian.tiers import cells_of, coarsened, different
from energy_console.historian.zoom import TIERS_MS, fitting_grid
from tests.historian.former_store import make_former
from tests.historian.series import POINTS, START_S, at, batch

FAST, SLOW = 0, 1
DAY_S = 86_400
LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
ALL_COLUMNS = ("minimum", "maximum", "first", "last", "held", "count", "good_count", "integral_h", "covered_h",
               "status", "last_ms", "from_ms", "to_ms")  # fmt: skip

readings = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 4 * 3_600_000), st.one_of(st.just(math.nan), st.integers(-9, 9))),
    min_size=1,
    max_size=80,
)


@settings(deadline=None)
@given(readings, st.sampled_from([(10_000, 60_000), (60_000, 900_000), (900_000, 3_600_000), (3_600_000, 86_400_000)]))
def test_cells_made_of_finer_cells_are_those_made_of_the_readings(
    rows: list[tuple[int, int, float]], steps: tuple[int, int]
) -> None:
    rows.sort(key=lambda row: row[:2])
    rank = np.array([row[0] for row in rows], np.int32)
    time_ms = np.array([row[1] for row in rows], np.int64)
    value = np.array([row[2] for row in rows], float)
    status = np.where(np.isnan(value), 64 << 8, 0).astype(np.uint16)
    fine = cells_of(rank, time_ms, value, status, steps[0])
    wide = cells_of(rank, time_ms, value, status, steps[1])
    found = coarsened(fine, *steps)
    assert (found.rank.tolist(), found.time_ms.tolist()) == (wide.rank.tolist(), wide.time_ms.tolist())
    assert not different(wide, found, ALL_COLUMNS).any()


def two_days(store: EmbeddedHistorian, *, seals: int = 3) -> None:
    """A point at 1 s beside one at 30 s, half an hour of each of two days, in several files."""
    store.register(POINTS)
    for day in range(2):
        for part in range(seals):
            start = day * DAY_S + part * 600
            fast = [(FAST, start + n, float(n % 37)) for n in range(600)]
            store.append(batch(fast + [(SLOW, start + n * 30, float(n)) for n in range(20)]))
            store.seal()


def every_span(store: EmbeddedHistorian) -> list[Buckets]:
    """The same two days through every tier, from borders that all of them have."""
    start_s = START_S // DAY_S * DAY_S
    return [
        store.spans(point.id, start_s * 10**9, (start_s + 3 * DAY_S) * 10**9, step_ms * 10**6)
        for point in POINTS[:2]
        for step_ms in TIERS_MS.values()
    ]


def same_answers(one: list[Buckets], other: list[Buckets]) -> bool:
    for left, right in zip(one, other, strict=True):
        for name in ("time_ns", "minimum", "maximum", "first", "last", "count", "good_count", "status"):
            np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
        np.testing.assert_allclose(left.integral_h, right.integral_h, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(left.mean, right.mean, rtol=1e-9, atol=1e-12)
    return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_a_fine_tier_holds_a_point_only_where_its_cells_stand_for_many_readings(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    two_days(store)
    unsealed_like = every_span(store)
    rows = {kind: sum(f.rows for f in store.sealed_files() if f.kind == kind) for kind in KINDS}
    store.merge(LATER)
    assert same_answers(unsealed_like, every_span(store))
    store.close()
    assert rows["readings"] == 2 * 3 * 620
    assert rows["tenseconds"] == 2 * 3 * 60  # of the fast point alone
    assert rows["minutes"] == 2 * 3 * 11
    assert rows["hours"] >= 4
    assert check_store(StoreFolder(folder)).faults == ()


def test_any_zoom_gets_at_most_the_spans_asked_for_from_at_most_a_few_cells_each() -> None:
    for exponent in np.linspace(0, 9, 200):
        window_ms, count = round(1600 * 10**exponent / 100), 1600
        grid = fitting_grid(0, max(window_ms, 1), count)
        assert -(-grid.end_ms // grid.width_ms) - grid.start_ms // grid.width_ms <= count
        if grid.tier is not None:
            assert window_ms / grid.step_ms <= 30 * count
        else:
            assert window_ms <= 8_000 * count


def test_a_store_of_the_first_format_is_led_forward_beside_the_engines_work(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    two_days(store)
    wanted = every_span(store)
    store.close()
    make_former(folder)
    looking = open_embedded(folder, writing=False)  # a console before any engine of today was started
    assert same_answers(wanted, every_span(looking))
    assert looking.span(POINTS[FAST].id) == (at(0), at(DAY_S + 1799))
    assert check_store(StoreFolder(folder)).faults == ()
    looking.close()
    store = open_embedded(folder, writing=True)
    assert json.loads((folder / "store.json").read_text())["version"] == FORMAT
    assert same_answers(wanted, every_span(store))  # whether or not a tier is there by now
    store.merge(LATER)
    assert same_answers(wanted, every_span(store))
    kinds = {file.kind for file in store.sealed_files()}
    assert not store.notices()
    store.close()
    assert kinds == set(KINDS)
    assert not (folder / "threehours").exists()
    report = check_store(StoreFolder(folder))
    assert (report.faults, report.notes) == ((), ())


def test_a_merge_before_the_missing_tiers_are_there_writes_them(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    two_days(store, seals=2)
    wanted = every_span(store)
    store.close()
    make_former(folder)
    store = open_embedded(folder, writing=True)
    store.register(POINTS)
    store.append(batch([(FAST, 700.5, 1.0), (SLOW, 3 * DAY_S, 1.0)]))  # a late one, too
    store.merge(LATER)
    store.seal()
    store.merge(LATER)
    counts = [
        int(found.count.sum()) - int(asked.count.sum()) for found, asked in zip(every_span(store), wanted, strict=True)
    ]
    store.close()
    assert counts == [1] * 5 + [0] * 5
    report = check_store(StoreFolder(folder))
    assert (report.faults, report.notes) == ((), ())


def test_a_program_of_the_first_format_refuses_the_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_embedded(folder, writing=True).close()
    monkeypatch.setattr("energy_console.historian.embedded.folder.FORMAT", 1)
    with pytest.raises(StoreTooNew, match="has format 2, this program knows 1: use the newer program that wrote it"):
        open_embedded(folder, writing=True)
    with pytest.raises(StoreTooNew):
        open_embedded(folder, writing=False)


def test_a_lost_list_is_made_anew_with_what_lacks(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    two_days(store)
    wanted = every_span(store)
    store.close()
    make_former(folder)
    (folder / "newest.sqlite").unlink()
    store = open_embedded(folder, writing=True)
    assert same_answers(wanted, every_span(store))
    store.merge(LATER)
    assert same_answers(wanted, every_span(store))
    store.close()
    assert check_store(StoreFolder(folder)).faults == ()
