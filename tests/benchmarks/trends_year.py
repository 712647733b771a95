"""A year of seconds for `bench trends`: an embedded store, as many points as asked, a scripted field.

One point's year is really kept: 31,536,000 readings go through `append`, are sealed day by day and rolled up in tiers.
The other points of the page are that same year with another factor and offset, so every question of the page goes
through the store's own files and tiers, on its own threads, as it does in the console.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from energy_console.historian.embedded import open_embedded
from energy_console.historian.interface import Buckets, Historian, Series
from energy_console.site.model import Area, Device, Site
from hardware.field import DeviceSpec
from hardware.points import Point, ScanBatch
from tests.gui.scripted_engine import ScriptedEngine
from tests.gui.small_site import small_site

DAY_S = 86_400
START_S = int(dt.datetime(2025, 11, 1, tzinfo=dt.UTC).timestamp())
KEPT = Point("YEAR/power_kw", "YEAR", "power_kw", "kW", "A year of seconds")


def day_of_power(number: int) -> np.ndarray:
    """A day at 1 s, kW as a meter rounds it: seasons, days, a load that comes and goes, noise, some spikes."""
    random = np.random.default_rng(number)
    second = np.arange(DAY_S)
    base = 500 + 150 * np.cos(2 * np.pi * number / 365) - 120 * np.cos(2 * np.pi * second / DAY_S)
    steps = 80.0 * ((second // 1800 + number) % 3 == 0)
    values = base + steps + np.cumsum(random.normal(0, 0.05, DAY_S)) + random.normal(0, 4, DAY_S)
    values[random.integers(0, DAY_S, 3)] += 600
    return cast(np.ndarray, values.round(1))


def fill(folder: Path, days: int, said: Callable[[int], None]) -> None:
    """Keeps so many days of the one point, sealed and merged; `said` hears of each day."""
    store = open_embedded(folder, writing=True)
    store.register([KEPT])
    index, status = np.zeros(DAY_S, np.int32), np.zeros(DAY_S, np.uint16)
    for number in range(days):
        time_ns = (START_S + number * DAY_S + np.arange(DAY_S)) * 1_000_000_000
        store.append(ScanBatch(number + 1, index, time_ns, day_of_power(number), status))
        store.seal()
        said(number)
    store.merge()
    store.close()


class OneYearForAll:
    """The store of the page: whatever point is asked for, the kept one answers, scaled. All else goes to the store."""

    def __init__(self, store: Historian, points: Sequence[Point]) -> None:
        self._store = store
        self._place = {point.id: place for place, point in enumerate(points)}
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def register(self, points: Sequence[Point]) -> None:
        """The year is there already."""

    def _scale(self, point: str) -> tuple[float, float]:
        place = self._place[point]
        return 1.0 + 0.01 * (place % 7), 130.0 * place

    def read(self, point: str, start_ns: int, end_ns: int) -> Series:
        self.asked += 1
        found = self._store.read(KEPT.id, start_ns, end_ns)
        factor, offset = self._scale(point)
        return replace(found, point=point, value=found.value * factor + offset)

    def buckets(self, point: str, start_ns: int, end_ns: int, count: int) -> Buckets:
        self.asked += 1
        found = self._store.buckets(KEPT.id, start_ns, end_ns, count)
        factor, offset = self._scale(point)
        scaled = {
            name: getattr(found, name) * factor + offset for name in ("minimum", "maximum", "mean", "first", "last")
        }
        return replace(found, point=point, **scaled)


def site_with(curves: int, every_s: float) -> Site:
    """The small site, with one point a device."""
    points = tuple(Point(f"C-{n:03d}/power_kw", f"C-{n:03d}", "power_kw", "kW", f"Power {n}") for n in range(curves))
    devices = tuple(
        Device(
            point.device, f"Feeder {n}", Area.GRID,
            DeviceSpec(point.device, "gw-quay-1", n % 200 + 1, "eastron_sdm630", every_s), "grid", None, None, 500.0,
        )
        for n, point in enumerate(points)
    )  # fmt: skip
    return replace(small_site(), devices=devices, points=points)


def engine_over(store: Historian, site: Site, now_s: float) -> ScriptedEngine:
    return ScriptedEngine(site, cast(Historian, OneYearForAll(store, site.points)), round(now_s * 1e9))
