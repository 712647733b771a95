"""What would mix is refused or kept apart: units that change, points renamed, numbers that are none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from energy_console.app import main
from energy_console.historian.embedded import open_embedded
from energy_console.historian.errors import StoreUnits
from energy_console.historian.interface import Historian
from hardware.points import Point, Reason, ScanBatch, detail_of, reason_of
from tests.historian.conftest import StoreOpener
from tests.historian.series import POINTS, at, batch
from tests.historian.test_acts import correct

OLD = POINTS[0]
HOUR_NS = 3_600_000_000_000
NEW = Point("N0/power_kw", "N0", "power_kw", "kW", "Power of N0", was=(OLD.id,))


def written(opener: StoreOpener, points: Sequence[Point], rows: list[tuple[int, float, float]]) -> Historian:
    store = opener(True)
    store.register(points)
    store.append(batch(rows))
    return store


def closed(opener: StoreOpener) -> None:
    for store in opener.opened:
        store.close()
    opener.opened.clear()


def test_a_point_in_another_unit_is_refused_with_a_sentence(open_store: StoreOpener) -> None:
    written(open_store, POINTS, [(0, 0, 1.0), (1, 0, 2.0)])
    closed(open_store)
    changed = [replace(point, unit="W") for point in POINTS[:2]]
    for writing in (True, False):
        store = open_store(writing)
        sentence = r"M0/power_kw is in W, what is kept is in kW \(and 1 more points\): one curve would be of two units"
        with pytest.raises(StoreUnits, match=sentence):
            store.register(changed)
    closed(open_store)
    store = open_store(True)
    store.register(POINTS)
    assert store.units()[OLD.id] == "kW"
    assert store.read(OLD.id, at(0), at(9)).value.tolist() == [1.0]


def test_the_unit_of_a_point_of_which_nothing_is_kept_may_change(open_store: StoreOpener) -> None:
    written(open_store, POINTS, [(0, 0, 1.0)])
    closed(open_store)
    changed = [POINTS[0], replace(POINTS[1], unit="W")]
    store = written(open_store, changed, [(1, 5, 7.0)])
    assert store.units()[POINTS[1].id] == "W"


def test_a_declared_rename_carries_the_history_over(open_store: StoreOpener) -> None:
    store = written(open_store, POINTS, [(0, second, float(second)) for second in range(0, 3600, 60)])
    store.seal()  # type: ignore[attr-defined]
    correct(open_store, 1, 600, 1200, [(600, 100.0)])
    closed(open_store)
    store = written(open_store, [NEW, *POINTS[1:]], [(0, 3600, 1.0), (0, 3660, 2.0)])
    values = store.read(NEW.id, at(0), at(9999)).value.tolist()
    assert values == [*range(0, 600, 60), 100.0, *range(1200, 3600, 60), 1.0, 2.0]
    assert store.span(NEW.id) == (at(0), at(3660))
    assert store.spans(NEW.id, at(0), at(7200), HOUR_NS).count.tolist() == [51, 2]
    assert store.as_of([POINTS[1].id, NEW.id], at(3599), 2 * HOUR_NS)[1].tolist()[1] == 3540.0
    assert store.corrected(NEW.id) == [(1, at(600), at(1200))]
    assert store.buckets(NEW.id, at(0), at(7200), 1).maximum.tolist() == [3540.0]
    reader = open_store(False)
    assert len(reader.read(NEW.id, at(0), at(9999)).value) == len(values)


def test_a_rename_converts_what_is_kept_in_another_size_of_the_unit(open_store: StoreOpener) -> None:
    watts = Point("M0/power_w", "M0", "power_w", "W", "Power")
    written(open_store, [watts], [(0, 0, 1500.0), (0, 60, 2500.0)])
    closed(open_store)
    store = written(open_store, [replace(NEW, was=(watts.id,))], [(0, 120, 3.5)])
    assert store.read(NEW.id, at(0), at(999)).value.tolist() == [1.5, 2.5, 3.5]
    spans = store.spans(NEW.id, at(0), at(120), 120_000_000_000)
    assert spans.maximum.tolist() == [2.5]
    assert spans.integral_h[0] == pytest.approx((1.5 + 2.5) / 60)


def test_a_rename_to_a_unit_that_does_not_convert_is_refused(open_store: StoreOpener) -> None:
    written(open_store, POINTS, [(0, 0, 1.0)])
    closed(open_store)
    energy = Point("N0/energy_import_kwh", "N0", "energy_import_kwh", "kWh", "Energy", was=(OLD.id,))
    store = open_store(True)
    with pytest.raises(StoreUnits, match=r"what is kept as M0/power_kw is in kW"):
        store.register([energy])


def test_a_name_of_a_name_is_followed(open_store: StoreOpener) -> None:
    written(open_store, POINTS[:1], [(0, 0, 1.0)])
    closed(open_store)
    written(open_store, [NEW], [(0, 10, 2.0)])
    closed(open_store)
    newest = Point("P0/power_kw", "P0", "power_kw", "kW", "Power", was=(NEW.id,))
    store = written(open_store, [newest], [(0, 20, 3.0)])
    assert store.read(newest.id, at(0), at(99)).value.tolist() == [1.0, 2.0, 3.0]


def test_infinities_and_nan_become_bad_readings_with_their_reason_and_reach_no_sum(open_store: StoreOpener) -> None:
    store = open_store(True)
    store.register(POINTS)
    value = np.array([1.0, math.inf, -math.inf, math.nan, 3.0])
    times = np.array([at(second) for second in range(0, 300, 60)], np.int64)
    store.append(ScanBatch(0, np.zeros(5, np.int32), times, value, np.zeros(5, np.uint16)))
    series = store.read(OLD.id, at(0), at(999))
    assert np.isnan(series.value).tolist() == [False, True, True, True, False]
    told = [(reason_of(int(s)), detail_of(int(s))) for s in series.status]
    assert told == [(Reason.GOOD, 0), *[(Reason.NO_VALUE, 3)] * 2, (Reason.NO_VALUE, 0), (Reason.GOOD, 0)]
    store.seal()  # type: ignore[attr-defined]
    spans = store.spans(OLD.id, at(0), at(300), 300_000_000_000)
    assert (spans.minimum[0], spans.maximum[0], spans.good_count[0], spans.count[0]) == (1.0, 3.0, 2, 5)
    assert math.isfinite(spans.integral_h[0])


SITE = Path(__file__).parents[2] / "sites" / "one-meter"


@pytest.mark.parametrize(
    "words",
    [
        ["history", "meter/power_kw", "--from", "2026-01-01T00:00", "--to", "2026-01-02T00:00Z"],
        ["history", "meter/power_kw", "--from", "2026-01-01T00:00Z", "--to", "2026-01-02T00:00"],
        ["correct", "meter/power_kw", "--from", "2026-01-01", "--to", "2026-01-02", "--invalid", "--why", "x"],
        ["plan", "--start", "2026-01-01T00:00"],
        ["ledger", "--from", "2026-01-01T00:00", "--to", "2026-01-02T00:00Z"],
        ["journal", "--from", "2026-01-01T00:00", "--to", "2026-01-02T00:00Z"],
    ],
)
def test_every_command_refuses_a_time_without_its_zone(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_embedded(tmp_path / "store", writing=True).close()
    store = ["--store", str(tmp_path / "store")]
    assert main([words[0], "--site", str(SITE), *store, *words[1:]]) == 2
    err = capsys.readouterr().err
    assert "says no time zone" in err
    assert len(err.strip().splitlines()) == 1
