"""The short form of the memory soak (`make soak` watches the whole engine for an hour)."""

from __future__ import annotations

import statistics
import sys

from tests.soak.memory import growth_of, kept_after, store_for

CYCLES = 150  # points of the ten devices: about as many readings as one cycle gives

MOST_BYTES_A_READING = 2.0  # some 0.2; a pointer kept of each would be 8

MOST_KEPT_MB = 93.0  # over an empty store; some 75, and some 112 where what is freed is not given back


def test_thousands_of_readings_leave_nothing_behind() -> None:
    _, early, late = kept_after([40 * CYCLES, 80 * CYCLES, 400 * CYCLES])  # the first for warming up
    assert late.readings > 4 * early.readings
    assert late.objects - early.objects < 300, (early, late)
    assert (late.allocated - early.allocated) / (late.readings - early.readings) < MOST_BYTES_A_READING, (early, late)


def test_many_sealings_and_merges_take_no_more_memory_than_a_few() -> None:
    empty, *after = store_for(9)
    few, many = statistics.median(after[:3]), statistics.median(after[-3:])
    assert many < 1.1 * few, after
    if sys.platform == "linux":
        assert many < empty + MOST_KEPT_MB, (empty, after)


def test_growth_is_told_from_warming_up() -> None:
    warm = [(float(at), 100.0 + 50.0 * min(at, 20) / 20.0) for at in range(100)]
    assert growth_of(warm) == 0.0
    leaking = [(float(at), 100.0 + at) for at in range(100)]
    assert growth_of(leaking) > 0.3
