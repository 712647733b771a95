"""A store as it was known at a moment, on every store."""

from __future__ import annotations

import numpy as np
import pytest

from energy_console.historian.interface import Historian
from energy_console.historian.until import as_known_at
from tests.historian.series import POINTS, at, batch

EVERY = 60 * 10**9


@pytest.mark.parametrize("second", [0.5, 59.9, 60.0, 200.0, 431.7, 900.0])
def test_spans_hold_nothing_of_what_came_after(store: Historian, second: float) -> None:
    store.register(POINTS)
    store.append(batch([(0, float(s), float(s)) for s in range(0, 600, 7)]))
    spans = as_known_at(store, at(second)).spans("M0/power_kw", at(0), at(900), EVERY)
    known = [s for s in range(0, 600, 7) if s < second]
    assert int(spans.count.sum()) == len(known)
    assert spans.every_ns == EVERY
    assert len(set(spans.time_ns.tolist())) == len(spans.time_ns)
    assert ((spans.time_ns - at(0)) % EVERY == 0).all()
    if known:
        assert float(np.nanmax(spans.maximum)) == max(known)


def test_a_span_that_is_over_is_the_same_for_whoever_asks(store: Historian) -> None:
    store.register(POINTS)
    store.append(batch([(0, float(s), float(s % 13)) for s in range(300)]))
    plain = store.spans("M0/power_kw", at(0), at(240), EVERY)
    known = as_known_at(store, at(250)).spans("M0/power_kw", at(0), at(300), EVERY)
    for name in ("time_ns", "minimum", "maximum", "mean", "count", "integral_h"):
        np.testing.assert_array_equal(getattr(known, name)[:4], getattr(plain, name))
    assert as_known_at(store, at(250)).events(0, 1) == []
