"""What engines of other areas have read, followed through the store, so that this one sees the whole site.

Its plan, its limits and what it works out need values of other areas; an area whose engine is away has none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from energy_console.alarms.machine import Condition
from energy_console.engine.own_points import OwnPoints
from energy_console.engine.presence import away_condition, away_from, rows_of
from energy_console.historian.errors import StoreError
from energy_console.historian.interface import Historian
from energy_console.historian.share import EnginePresence
from energy_console.live.staleness import stale_batch
from energy_console.live.table import LiveTable
from energy_console.site.areas import area_of_points, areas_of
from energy_console.site.model import Site
from hardware.points import Float64Array, Int64Array, ScanBatch, UInt16Array, is_usable

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
RETRY_S = 5.0
JUST_STARTED_S = 20.0  # an engine that starts at the same time gets so long before it is missed


class Neighbours:
    """Lives on the engine's loop. `take` gets readings of other areas, as the site counts."""

    def __init__(
        self,
        site: Site,
        live: LiveTable,
        own: OwnPoints,
        open_reader: Callable[[], Historian],
        take: Callable[[ScanBatch], None],
    ) -> None:
        self._site, self._live, self._own, self._open_reader, self._take = site, live, own, open_reader, take
        whose = area_of_points(site)
        self._rows = {area: rows_of(site, whose, area) for area in areas_of(site) if area not in own.areas}
        self._away: dict[str, str] = {}
        self._began_s = time.monotonic()
        self._trouble = ""

    async def run(self) -> None:
        """Follows until cancelled. While the store cannot be had no value of another area is known to be true."""
        while True:
            try:
                reader = await asyncio.to_thread(self._open_reader)
            except StoreError as error:
                self._lose_sight(str(error))
            else:
                try:
                    await self._follow(reader)
                except StoreError as error:
                    self._lose_sight(str(error))
                finally:
                    await asyncio.shield(asyncio.to_thread(reader.close))
            await asyncio.sleep(RETRY_S)

    async def _follow(self, reader: Historian) -> None:
        """Raises StoreError."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        reader.register(self._site.points)

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(news.set)

        reader.wake(wake)
        sequence, _ = await asyncio.to_thread(reader.since, 0)
        self._take_newest(await asyncio.to_thread(reader.newest))
        while True:
            self._look_who_is_away(await asyncio.to_thread(reader.engines))
            sequence, batches = await asyncio.to_thread(reader.since, sequence)
            for batch in batches:
                self._take(self._own.of_others(batch))
            self._trouble = ""
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), LOOK_EVERY_S)
            news.clear()

    def _take_newest(self, newest: tuple[Int64Array, Float64Array, UInt16Array]) -> None:
        """Once: the newest of every point, however long ago it was read."""
        time_ns, value, status = newest
        rows = np.flatnonzero(~self._own.mine & (time_ns > 0)).astype(np.int32)
        self._take(ScanBatch(0, rows, time_ns[rows], value[rows], status[rows]))

    def _look_who_is_away(self, engines: list[EnginePresence]) -> None:
        self._away = away_from(engines, tuple(self._rows))
        self._mark_stale(self._away)

    def _lose_sight(self, trouble: str) -> None:
        """Nothing is known of the others."""
        if trouble != self._trouble:
            log.warning("readings of other areas cannot be followed: %s", trouble)
        self._trouble = trouble
        self._mark_stale(self._rows)

    def _mark_stale(self, areas: Iterable[str]) -> None:
        for area in areas:
            rows = self._rows[area]
            usable = rows[is_usable(self._live.status[rows])]
            self._take(stale_batch(usable, time.time_ns(), self._live.sequence))

    def conditions(self) -> Iterator[Condition]:
        """Areas whose engine is away, for the one engine that tells of them."""
        if time.monotonic() - self._began_s > JUST_STARTED_S:
            for area, last in self._away.items():
                yield away_condition(area, last)
