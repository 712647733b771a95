"""Values as they stood, from a real store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from energy_console.historian.embedded import open_embedded
from energy_console.live.moment import LOOK_BACK_NS, table_at
from hardware.points import GOOD_STATUS, Reason, ScanBatch, reason_of
from tests.live.harbour_site import make_harbour

SECOND = 1_000_000_000
START = 1_795_354_328 * SECOND


@pytest.mark.parametrize("sealed", [False, True])
def test_a_moment_has_the_last_value_before_it_and_tells_stale_from_never_read(tmp_path: Path, sealed: bool) -> None:
    site = make_harbour()
    store = open_embedded(tmp_path / "store", writing=True)
    try:
        store.register(site.points)
        for number, second in enumerate((0, 30, 60)):
            row = np.array([0], np.int32)
            time_ns = np.array([START + second * SECOND], np.int64)
            status = np.array([GOOD_STATUS], np.uint16)
            store.append(ScanBatch(number + 1, row, time_ns, np.array([float(second)]), status))
        if sealed:
            store.seal()
        first, other = site.points[0].id, site.points[-1].id
        table = table_at(store, site.points, [first, other], START + 45 * SECOND)
        assert table.reading(first).value == 30.0
        assert reason_of(table.reading(other).status) is Reason.NOT_READ_YET
        late = table_at(store, site.points, [first], START + 60 * SECOND + LOOK_BACK_NS + SECOND)
        assert reason_of(late.reading(first).status) is Reason.STALE
        early = table_at(store, site.points, [first], START - SECOND)
        assert reason_of(early.reading(first).status) is Reason.NOT_READ_YET
    finally:
        store.close()
