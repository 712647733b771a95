"""Staleness as a script of seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from energy_console.live.staleness import NEVER, Staleness, allowed_silence_ns, stale_batch
from energy_console.site.loader import load_site
from hardware.points import Reason, ScanBatch, reason_of

SECOND = 1_000_000_000
SITES = Path(__file__).parents[2] / "sites"


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


def test_a_point_may_be_silent_for_three_cycles_and_a_sum_for_ever() -> None:
    site = load_site(SITES / "port-demo")
    allowed_ns = dict(zip((point.id for point in site.points), allowed_silence_ns(site).tolist(), strict=True))
    for device in site.devices[:50]:
        wanted_s = max(3 * device.spec.every_s, 10.0)
        ours = [ns for point, ns in allowed_ns.items() if point.startswith(f"{device.id}/")]
        assert ours
        assert set(ours) == {round(wanted_s * SECOND)}
    assert {allowed_ns[made.point.id] for made in site.calculated} == {NEVER}


def test_a_stale_reading_has_no_value_and_says_why() -> None:
    batch = stale_batch(np.array([3, 7], np.int32), 123, 9)
    assert np.isnan(batch.value).all()
    assert {reason_of(int(status)) for status in batch.status} == {Reason.STALE}
    assert batch.time_ns.tolist() == [123, 123]


def test_a_point_may_have_a_patience_of_its_own() -> None:
    site = load_site(SITES / "one-meter")
    own = site.points[0].id
    patient = replace(site, stale_after_s={own: 90.0})
    allowed_ns = allowed_silence_ns(patient)
    assert allowed_ns[0] == 90 * SECOND
    assert allowed_ns[1] == allowed_silence_ns(site)[1] != 90 * SECOND
