"""Puts together what the page shows at one moment, and keeps what need not be worked out anew every second."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from energy_console.engine.link import AlarmView
from energy_console.gui.pages.port.attention import Scene
from energy_console.live.port import Tight, fleet_now, fleet_rows, ships_now, supplies, tightest
from energy_console.live.table import LiveTable
from energy_console.site.model import AccessPoint, ShipCall, Site
from energy_console.site.timetable import ship_calls

_CALLS_AROUND = dt.timedelta(hours=48)
_TIGHT_EVERY_S = 60.0


class Scenes:
    """Makes scenes of one site. Calls are made anew every hour, the tightest moment every minute."""

    def __init__(self, site: Site, table: LiveTable) -> None:
        self.site = site
        self.supplies = supplies(site)
        self.points = {point.id: point for point in site.access_points}
        self.row_of = {point.id: row for row, point in enumerate(site.access_points)}
        self.calls: tuple[ShipCall, ...] = ()
        self._rows = fleet_rows(site, table.index)
        self._devices = {point.device for point in site.access_points}
        self._calls_for: dt.datetime | None = None
        self._tight: Tight | None = None
        self._tight_at_s = -1e9

    def make(self, table: LiveTable, now: dt.datetime, alarms: Sequence[AlarmView]) -> Scene:
        """All there is to show of a table at an aware time."""
        self._read_timetable(now)
        fleet = fleet_now(self._rows, table)
        ships = ships_now(self.site, fleet, self.calls, now)
        return Scene(self.site, fleet, ships, self.calls, self._worst(alarms), self._tight, now)

    def call(self, call_id: str) -> ShipCall | None:
        return next((call for call in self.calls if call.id == call_id), None)

    def points_of(self, point: AccessPoint, call: ShipCall | None) -> tuple[AccessPoint, ...]:
        """The point, before all other points of its call."""
        if call is None or not call.points:
            return (point,)
        others = [self.points[name] for name in call.points if name != point.id]
        return (point, *others) if point.id in call.points else tuple(others)

    def points_at(self, station: str) -> list[str]:
        return [point.id for point in self.site.access_points if point.station == station]

    def _read_timetable(self, now: dt.datetime) -> None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._calls_for:
            self._calls_for, self._tight_at_s = hour, -1e9
            self.calls = ship_calls(self.site, hour - _CALLS_AROUND, hour + _CALLS_AROUND)
        if abs(now.timestamp() - self._tight_at_s) > _TIGHT_EVERY_S:
            self._tight_at_s = now.timestamp()
            self._tight = tightest(self.site, self.supplies, self.calls, now)

    def _worst(self, alarms: Sequence[AlarmView]) -> dict[str, AlarmView]:
        """Worst alarm by device of the fleet."""
        worst: dict[str, AlarmView] = {}
        for alarm in alarms:
            device = alarm.source.split("/")[0]
            if device in self._devices and (device not in worst or alarm.priority < worst[device].priority):
                worst[device] = alarm
        return worst
