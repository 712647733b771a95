"""Counters go on where they stood when the virtual site was stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from energy_console.site.loader import load_site
from energy_console.site.twin import virtual_spec
from hardware.virtual.memory import Memory, load, remember, save
from hardware.virtual.process import VirtualSite
from hardware.virtual.recall import play_until
from hardware.virtual.world import World
from tests.virtual.sites import at, pass_time, spec, value

STOPPED = "2026-11-19T22:40:17"


def all_counters(world: World) -> np.ndarray:
    return np.concatenate([column for fleet in world.fleets for column in fleet.counters.values()])


@pytest.mark.parametrize("again", ["2026-11-19T22:41:00", "2026-11-20T02:00:00", "2026-11-23T09:00:00"])
def test_a_site_started_again_counts_on(again: str) -> None:
    demo = virtual_spec(load_site("sites/port-demo"))
    first, _ = play_until(demo, at("2026-11-19T22:30:00"))
    pass_time(first, 617, 61.7)
    for fleet in first.fleets:  # as if people had dimmed and shifted all day
        for quantity, column in fleet.counters.items():
            fleet.set_counter(quantity, column + 40.0)
    memory = remember(first)
    second, _ = play_until(demo, at(again), memory=memory)
    gone_h = (at(again) - memory.time_s) / 3600
    grown = all_counters(second) - all_counters(first)
    assert (grown >= -1e-6).all()
    grid = value(second, "M-GRID/energy_import_kwh") - value(first, "M-GRID/energy_import_kwh")
    assert 1_000 * gone_h < grid < 15_000 * gone_h


def test_the_memory_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    world = World(spec({"M": "abb_b23", "W": "water_meter"}), at(STOPPED))
    memory = remember(world)
    save(memory, tmp_path / "memory.json")
    assert load(tmp_path / "memory.json") == memory
    assert list(tmp_path.iterdir()) == [tmp_path / "memory.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "time_s": "now", "counters": 3}'])
def test_a_memory_that_cannot_be_read_is_passed_over_with_a_warning(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "memory.json").write_text(text, encoding="utf-8")
    assert load(tmp_path / "memory.json") is None
    assert "cannot be read" in caplog.text
    caplog.clear()
    assert load(tmp_path / "none.json") is None
    assert not caplog.text


def test_a_device_new_to_the_site_keeps_its_own_counter() -> None:
    old = remember(World(spec({"M": "abb_b23"}), at(STOPPED)))
    both = spec({"M": "abb_b23", "N": "abb_b23"})
    plain, _ = play_until(both, at(STOPPED), 2)
    recovered, _ = play_until(both, at(STOPPED), 2, memory=Memory(old.time_s, {"M": {"energy_import_kwh": 5e6}}))
    assert value(recovered, "M/energy_import_kwh") == pytest.approx(5e6)
    assert value(recovered, "N/energy_import_kwh") == value(plain, "N/energy_import_kwh")


def test_counters_are_kept_when_the_site_is_stopped(tmp_path: Path) -> None:
    site = VirtualSite(World(spec({"M": "abb_b23"}), at(STOPPED)), memory_file=tmp_path / "memory.json")
    asyncio.run(site.run(lambda _: site.stop()))
    kept = load(tmp_path / "memory.json")
    assert kept is not None
    assert kept.counters["M"]["energy_import_kwh"] == value(site.world, "M/energy_import_kwh")
