"""Staleness as a script of seconds."""

from __future__ import annotations

import numpy as np

from energy_console.live.staleness import NEVER, Staleness, stale_batch
from hardware.points import Reason, ScanBatch, reason_of

SECOND = 1_000_000_000


def renewed(index: int) -> ScanBatch:
    return ScanBatch(1, np.array([index], np.int32), np.zeros(1, np.int64), np.ones(1), np.zeros(1, np.uint16))


def test_a_point_turns_stale_once_when_its_time_runs_out_and_again_after_it_came_back() -> None:
    staleness = Staleness(np.array([10 * SECOND, 60 * SECOND, NEVER]), 0)
    told: list[tuple[int, list[int]]] = []
    for second in range(100):
        if second in {5, 40}:
            staleness.renew(renewed(0), second * SECOND)
        over = staleness.expire(second * SECOND).tolist()
        if over:
            told.append((second, over))
    assert told == [(16, [0]), (51, [0]), (61, [1])]


def test_a_stale_reading_has_no_value_and_says_why() -> None:
    batch = stale_batch(np.array([3, 7], np.int32), 123, 9)
    assert np.isnan(batch.value).all()
    assert {reason_of(int(status)) for status in batch.status} == {Reason.STALE}
    assert batch.time_ns.tolist() == [123, 123]
