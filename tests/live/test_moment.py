"""Values as they stood, from a real store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.live.moment import LOOK_BACK_NS, SIMULATED_STANDS_NS, MomentReader
from hardware.points import GOOD_STATUS, Reason, ScanBatch, reason_of, status_of
from tests.live.harbour_site import make_harbour

SECOND = 1_000_000_000
START = 1_795_354_328 * SECOND


def keep(store: EmbeddedHistorian, row: int, second: float, value: float, status: int = GOOD_STATUS) -> None:
    time_ns = np.array([START + round(second * SECOND)], np.int64)
    store.append(ScanBatch(1, np.array([row], np.int32), time_ns, np.array([value]), np.array([status], np.uint16)))


@pytest.mark.parametrize("sealed", [False, True])
def test_a_moment_has_the_last_value_before_it_and_tells_stale_from_never_read(tmp_path: Path, sealed: bool) -> None:
    site = make_harbour()
    store = open_embedded(tmp_path / "store", writing=True)
    try:
        store.register(site.points)
        for second in (0, 30, 60):
            keep(store, 0, second, float(second))
        if sealed:
            store.seal()
        first, other = site.points[0].id, site.points[-1].id
        moments = MomentReader(site, store)
        table = moments.table(START + 45 * SECOND)
        assert table.reading(first).value == 30.0
        assert reason_of(table.reading(other).status) is Reason.NOT_READ_YET
        late = moments.table(START + 60 * SECOND + LOOK_BACK_NS + SECOND)
        assert reason_of(late.reading(first).status) is Reason.STALE
        early = moments.table(START - SECOND)
        assert reason_of(early.reading(first).status) is Reason.NOT_READ_YET
    finally:
        store.close()


def test_a_simulated_value_stands_until_the_next_one_and_a_bad_reading_stays_bad(tmp_path: Path) -> None:
    site = make_harbour()
    store = open_embedded(tmp_path / "store", writing=True)
    try:
        store.register(site.points)
        keep(store, 0, 0, 5.0, status_of(Reason.SIMULATED))
        keep(store, 1, 0, 6.0)
        keep(store, 1, 10, float("nan"), status_of(Reason.TIMEOUT))
        moments, first, second = MomentReader(site, store), site.points[0].id, site.points[1].id
        table = moments.table(START + 290 * SECOND)
        assert (table.reading(first).value, reason_of(table.reading(first).status)) == (5.0, Reason.SIMULATED)
        assert reason_of(moments.table(START + 20 * SECOND).reading(second).status) is Reason.TIMEOUT
        assert moments.table(START + 5 * SECOND).reading(second).value == 6.0
        assert np.isnan(moments.table(START + SIMULATED_STANDS_NS + SECOND).reading(first).value)
    finally:
        store.close()
