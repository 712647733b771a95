"""When the engine plans: at its fixed times, and in between when what is watched says so for long enough."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from energy_console.live.table import LiveTable
from energy_console.planning.outside import times_of_files
from energy_console.planning.rolling import Expected, Standing, next_time, why_again
from energy_console.planning.watching import Watch
from energy_console.site.model import Site

FIRST_S = 12.0  # by then every device of a site has been read once
AFTER_TIME_S = 5.0  # the quarter hour just over has been stored
SETTLED_S = 20.0  # a reason has to last so long: what flickers is no reason


class PlanClock:
    """`seconds` is a clock that never goes back, `now` the one on the wall, which may."""

    def __init__(self, site: Site, live: LiveTable, now: dt.datetime, seconds: float) -> None:
        self._site, self._times = site, site.plan_times
        self._watch = Watch(site, live)
        self._next = now + dt.timedelta(seconds=FIRST_S)
        self._longest = dt.timedelta(days=1) if self._times.at else dt.timedelta(minutes=self._times.every_min)
        self._planned_s = seconds
        self._stood: Standing | None = None  # when the newest plan was made
        self._since: float | None = None  # when a reason was first seen

    def due(self, now: dt.datetime, seconds: float, expected: Expected) -> str | None:
        """None: not yet. Empty: it is time. Else why a plan is wanted before its time."""
        standing = self._watch.look(seconds, times_of_files(Path(self._site.folder)))
        was_set_back = self._next - now > self._longest + dt.timedelta(seconds=FIRST_S)
        if now >= self._next or was_set_back:
            self._set(now, seconds, standing)
            return ""
        if self._stood is None or seconds - self._planned_s < 60.0 * self._times.again_after_min:
            return None
        reason = why_again(self._stood, standing, expected, self._times)
        if not reason:
            self._since = None
            return None
        if self._since is None:
            self._since = seconds
        if seconds - self._since < SETTLED_S:
            return None
        self._set(now, seconds, standing)
        return reason

    def _set(self, now: dt.datetime, seconds: float, standing: Standing) -> None:
        zone = self._site.place.zone
        self._next = next_time(self._times, now, zone) + dt.timedelta(seconds=AFTER_TIME_S)
        self._planned_s, self._stood, self._since = seconds, standing, None
