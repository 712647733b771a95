"""Areas of a site whose engine is away, and how that is told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from energy_console.alarms.machine import Alarm, AlarmState, Condition
from energy_console.historian.share import WHOLE_SITE, EnginePresence
from energy_console.site.areas import area_of_points, areas_of
from energy_console.site.model import Site
from hardware.points import Int32Array


class AreaWatch:
    """What a console knows of the engines that serve the areas of its site. On a site without areas it knows nothing.

    Where no engine is there to keep the alarm that one is away, this desk does; such alarms have negative numbers.
    """

    def __init__(self, site: Site) -> None:
        self.areas = areas_of(site)
        whose = area_of_points(site)
        self._rows = {area: rows_of(site, whose, area) for area in self.areas}
        self._area_of_device = {point.device: whose[point.id] for point in site.points if whose}
        self._since_ns: dict[str, int] = {}
        self._names: dict[str, str] = {}  # whose name is on an alarm of this desk, by area
        self.away: dict[str, str] = {}  # areas without an engine, and what is known of their last one
        self.nobody_is_there = False  # no engine at all, as far as the store can tell

    def look(self, engines: Sequence[EnginePresence], now_ns: int) -> None:
        self.nobody_is_there = bool(engines) and not any(engine.is_there for engine in engines)
        self.away = away_from(engines, self.areas) if engines else {}
        self._since_ns = {area: self._since_ns.get(area, now_ns) for area in self.away}
        self._names = {area: who for area, who in self._names.items() if area in self.away}

    def rows_away(self) -> Int32Array:
        """Points of which nothing is known, by their rows of the site."""
        return np.concatenate([np.empty(0, np.int32), *(self._rows[area] for area in self.away)])

    def why_not(self, name: str) -> str:
        """Why nothing can be sent to a point or device now; empty where an engine is there for it."""
        area = self._area_of_device.get(name.partition("/")[0], "")
        if area not in self.away:
            return ""
        why = f"The engine of area {area} is away ({self.away[area]})"
        return f"{why}: nothing was sent to {name}; start one, then ask again."

    def own_alarms(self, kept: Iterable[Alarm]) -> list[Alarm]:
        """Engines that are away and of which no engine's alarm tells."""
        told = {alarm.condition.key for alarm in kept}
        conditions = [(area, away_condition(area, last)) for area, last in self.away.items()]
        return [self._alarm(area, condition) for area, condition in conditions if condition.key not in told]

    def _alarm(self, area: str, condition: Condition) -> Alarm:
        who = self._names.get(area, "")
        state = AlarmState.ACKNOWLEDGED if who else AlarmState.NEW
        return Alarm(-1 - self.areas.index(area), condition, state, self._since_ns[area], who)

    def acknowledge(self, alarm_id: int, who: str) -> bool:
        """Puts a name on an alarm of this desk; False for one that an engine keeps."""
        if alarm_id < 0:
            self._names[self.areas[-1 - alarm_id]] = who
        return alarm_id < 0


def rows_of(site: Site, whose: Mapping[str, str], area: str) -> Int32Array:
    """Where the points of an area stand. `whose`: the area of each point."""
    return np.array([row for row, point in enumerate(site.points) if whose[point.id] == area], np.int32)


def away_from(engines: Iterable[EnginePresence], areas: Sequence[str]) -> dict[str, str]:
    """Those of `areas` that no engine serves now, each with what is known of its last one."""
    known = {engine.area: engine for engine in engines}
    if WHOLE_SITE in known and known[WHOLE_SITE].is_there:
        return {}
    return {area: _told(known.get(area)) for area in areas if area not in known or not known[area].is_there}


def away_condition(area: str, last: str) -> Condition:
    """`last`: what is known of its last engine."""
    return Condition(
        key=f"engine:{area}",
        priority=1,
        source=area,
        text=f"Engine of area {area} is away",
        detail=f"{last}; nothing of the area is known or commanded until one serves it",
    )


def _told(engine: EnginePresence | None) -> str:
    if engine is None:
        return "none has ever served it"
    if math.isinf(engine.silent_s):
        return f"{engine.holder} has stopped"
    return f"{engine.holder} is silent"
