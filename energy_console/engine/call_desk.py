"""Ship calls as they come about, into the journal; how they stand is kept over a restart."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.interface import Historian
from energy_console.live.call_watch import CallAct, CallChange, CallWatch
from energy_console.live.port import fleet_now, fleet_rows
from energy_console.live.table import LiveTable
from energy_console.site.model import ShipCall, Site
from energy_console.site.timetable import ship_calls

ROOM, KEY = "calls", "there"
FORMAT = 1
TIMETABLE_EVERY_S = 60.0
LOOK_EVERY_S = 5.0
WORDS = {
    CallAct.ARRIVED: "{ship} has arrived at {station}",
    CallAct.CONNECTED: "{ship} is supplied from the shore at {station}",
    CallAct.RELEASED: "{ship} is released from shore power at {station}",
    CallAct.LEFT: "{ship} has left {station}",
}
Line = tuple[int, str, str, str, dict[str, Any]]  # time, kind, source, text, data


class CallClerk:
    """Turns moments of the fleet into lines of the journal. Holds no clock; used for the present and for a past."""

    def __init__(self, site: Site, kept: Mapping[str, Any] | None = None) -> None:
        self._site = site
        self._rows: Any = None
        self._watch = CallWatch(site, kept)
        self._calls: tuple[ShipCall, ...] = ()
        self._calls_from_ns = self._calls_until_ns = 0
        self._devices = {point.id: point.device for point in site.access_points}

    @property
    def state(self) -> dict[str, Any]:
        return {"format": FORMAT, "calls": self._watch.state}

    def step(self, now_ns: int, table: LiveTable) -> list[Line]:
        """What came about since the last look."""
        if not self._site.access_points:
            return []
        if self._rows is None:
            self._rows = fleet_rows(self._site, table.index)
        now = dt.datetime.fromtimestamp(now_ns / 1e9, dt.UTC)
        if not self._calls_from_ns <= now_ns < self._calls_until_ns:
            self._calls = ship_calls(self._site, now, now + dt.timedelta(seconds=TIMETABLE_EVERY_S))
            self._calls_from_ns, self._calls_until_ns = now_ns, now_ns + round(TIMETABLE_EVERY_S * 1e9)
        there = [call for call in self._calls if call.arrives <= now < call.leaves]
        return [self._line(change) for change in self._watch.step(now_ns, there, fleet_now(self._rows, table))]

    def _line(self, change: CallChange) -> Line:
        call = change.call
        text = WORDS[change.act].format(ship=call.ship, station=call.station)
        data: dict[str, Any] = {"act": change.act.value, "call": call.id, "ship": call.ship, "station": call.station}
        if math.isfinite(change.energy_kwh):
            text = f"{text}: {change.energy_kwh:.0f} kWh"
            data["energy_kwh"] = round(change.energy_kwh, 1)
        source = self._devices[call.points[0]] if call.points else call.station
        return change.time_ns, "call", source, text, data


class CallDesk:
    """Used on the engine's thread only."""

    def __init__(self, site: Site, live: LiveTable, historian: Historian, writer: StoreWriter) -> None:
        kept = historian.get_state(ROOM, KEY)
        known = kept["calls"] if kept and kept.get("format") == FORMAT else None
        self._clerk = CallClerk(site, known)
        self._live, self._historian, self._writer = live, historian, writer
        self._kept = self._clerk.state if known is not None else None
        self._looked_ns = 0

    def step(self, now_ns: int) -> None:
        """Looks at the fleet every few seconds; what has changed is told and kept."""
        if abs(now_ns - self._looked_ns) < LOOK_EVERY_S * 1e9:
            return
        self._looked_ns = now_ns
        lines = self._clerk.step(now_ns, self._live)
        state = self._clerk.state
        if lines or state != self._kept:
            self._kept = state
            works = [partial(self._historian.write_event, *line) for line in lines]
            self._writer.do(*works, partial(self._historian.put_state, ROOM, KEY, state, now_ns))
