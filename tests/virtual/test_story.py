"""The story of a virtual site is the same whoever plays it, and goes on where its past ends."""

from __future__ import annotations

import numpy as np
import pytest

from energy_console.site.loader import load_site
from energy_console.site.twin import virtual_spec
from hardware.virtual.recall import play_until, recall
from hardware.virtual.world import story_start
from tests.virtual.sites import at, value

END = "2026-11-20T18:32"


def test_the_past_ends_where_the_live_site_begins() -> None:
    spec = virtual_spec(load_site("sites/port-demo"))
    history = recall(spec, at(END), hours=6)
    live, none = play_until(spec, at(END), hours=6)
    assert none is None
    column = {point: k for k, point in enumerate(history.points)}
    counters = {
        f"{d}/{p.quantity}" for bank in live.banks for p in bank.profile.points if p.counter for d in bank.devices
    }
    powers = {f"{d}/power_kw" for bank in live.banks for d in bank.devices if "power_kw" in bank.fleet.columns}
    assert counters | powers <= set(history.points)
    for point in ("M-GRID/energy_import_kwh", "E01.1/power_kw", "L-01/level", "S-01.m/volume_m3", "W-02/flow_m3h"):
        shown = history.value[-1, column[point]]
        assert shown == pytest.approx(value(live, point), rel=1e-3, abs=1.0)
    live.step(1.0, 1.0)
    counter = column["M-GRID/energy_import_kwh"]
    assert value(live, "M-GRID/energy_import_kwh") >= history.value[-1, counter] - 0.1


def test_counters_of_the_past_never_run_back() -> None:
    spec = virtual_spec(load_site("sites/port-demo"))
    history = recall(spec, at(END), hours=12)
    counters = [k for k, point in enumerate(history.points) if point.endswith(("_kwh", "/volume_m3"))]
    assert len(counters) > 300
    assert (np.diff(history.value[:, counters], axis=0) >= 0).all()


def test_the_past_is_spaced_by_the_step_and_ends_now() -> None:
    spec = virtual_spec(load_site("sites/one-meter"))
    history = recall(spec, at(END), hours=24)
    assert history.points[0] == "meter/power_kw"
    assert history.time_ns[-1] == int(at(END) * 1e9)
    assert set(np.diff(history.time_ns[:-1])) == {300 * 10**9}
    assert 24 * 12 <= len(history.time_ns) <= 24 * 12 + 2
    assert 0.05 < np.nanmean(history.value[:, 0]) < 5.0  # a home


def test_two_processes_of_one_day_begin_their_story_at_the_same_midnight() -> None:
    assert story_start(at("2026-11-20T09:00")) == story_start(at("2026-11-20T23:00"))
    assert story_start(at("2026-11-20T09:00")) % 86_400 == 0
    assert at("2026-11-20T09:00") - story_start(at("2026-11-20T09:00")) >= 24 * 3600


def test_another_seed_is_another_story() -> None:
    spec = virtual_spec(load_site("sites/one-meter"))
    from dataclasses import replace

    own = recall(spec, at(END), hours=2).value
    again = recall(spec, at(END), hours=2).value
    other = recall(replace(spec, seed=spec.seed + 1), at(END), hours=2).value
    np.testing.assert_array_equal(own, again)
    assert not np.allclose(own[:, 0], other[:, 0])
