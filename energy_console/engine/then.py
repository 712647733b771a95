"""Everything that stood at one moment of the past: values, how devices answered, alarms, and the plan in force."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from energy_console.alarms.machine import urgency
from energy_console.engine.alarm_desk import PAST_KEY, ROOM, key_of, restored, views_of
from energy_console.engine.answering import Answering
from energy_console.engine.link import AlarmView, DeviceState, EngineHealth
from energy_console.engine.planner import IN_FORCE
from energy_console.engine.planner import ROOM as PLAN_ROOM
from energy_console.historian.interface import Historian
from energy_console.live.moment import MomentReader
from energy_console.live.table import LiveTable
from energy_console.planning.proposal import Followed, PlanNews
from energy_console.planning.schedule import Schedule, ScheduleTooNew
from energy_console.planning.setpoints import SetPoint, followed_share, plugged_in, setpoints_at
from energy_console.site.areas import areas_of
from energy_console.site.model import Site
from hardware.points import is_usable

SAME = 0.02  # of a level, or an ampere: devices round what they are told


@dataclass(frozen=True, slots=True, eq=False)
class Then:
    """Immutable by agreement: the table is filled once and only read from then on."""

    moment_ns: int
    table: LiveTable
    devices: Mapping[str, DeviceState]
    health: EngineHealth
    alarms: tuple[AlarmView, ...]
    alarms_known: bool  # False where nobody watched for alarms at that time
    plan: PlanNews

    @property
    def moment(self) -> dt.datetime:
        """UTC, aware."""
        return dt.datetime.fromtimestamp(self.moment_ns / 1e9, dt.UTC)


class ThenReader:
    """Used on one thread at a time: what it has read of plans and devices is kept for the next moment."""

    def __init__(self, site: Site, historian: Historian) -> None:
        self._site, self._historian = site, historian
        self._moments = MomentReader(site, historian)
        self._answering = Answering(site)
        self._alarm_keys = [key_of(area) for area in areas_of(site) or ("",)]
        self._schedule: tuple[str, Schedule | None] = ("", None)

    def at(self, moment_ns: int) -> Then:
        """Blocks. Raises StoreError."""
        table = self._moments.table(moment_ns)
        plan = self._plan(moment_ns, table)
        alarms = self._alarms(moment_ns)
        newest_ns = int(table.time_ns.max(initial=0))
        behind_s = (moment_ns - newest_ns) / 1e9 if newest_ns else 0.0
        name = plan.in_force.name if plan.in_force else ""
        health = self._answering.health(table, running=newest_ns > 0, behind_s=behind_s, plan_name=name)
        return Then(moment_ns, table, self._answering.states(table), health, alarms or (), alarms is not None, plan)

    def _alarms(self, moment_ns: int) -> tuple[AlarmView, ...] | None:
        """As the engines kept them then; else as they were worked out of a past that came with virtual devices."""
        for keys in (self._alarm_keys, [PAST_KEY]):
            states = [self._historian.state_at(ROOM, key, moment_ns) for key in keys]
            if any(state is not None for state in states):
                return views_of(sorted((alarm for state in states for alarm in restored(state)[0]), key=urgency))
        return None

    def _plan(self, moment_ns: int, table: LiveTable) -> PlanNews:
        schedule = self._read_schedule(self._historian.state_at(PLAN_ROOM, IN_FORCE, moment_ns))
        moment = dt.datetime.fromtimestamp(moment_ns / 1e9, dt.UTC)
        if schedule is None or schedule.end <= moment:
            return PlanNews()

        def shown(point: str) -> float:
            row = table.index.get(point)
            if row is None or not is_usable(table.status[row : row + 1])[0]:
                return math.nan
            return float(table.value[row])

        wanted = setpoints_at(self._site, schedule, moment, plugged_in(self._site, moment))
        assets = tuple(_followed(setpoint, shown(setpoint.point)) for setpoint in wanted)
        return PlanNews(in_force=schedule, followed=followed_share(wanted, shown), assets=assets)

    def _read_schedule(self, state: Any) -> Schedule | None:
        """The same object for the same plan, so that who draws it knows it again; None for one of a later program."""
        if not state:
            return None
        if self._schedule[0] != state.get("id"):
            try:
                self._schedule = (str(state.get("id")), Schedule.from_state(state))
            except (ScheduleTooNew, KeyError, TypeError, ValueError):
                self._schedule = (str(state.get("id")), None)
        return self._schedule[1]


def _followed(setpoint: SetPoint, shown: float) -> Followed:
    """Whether the device showed the set-point then; not known where its reading was not kept."""
    if not math.isfinite(shown):
        return Followed(setpoint.asset, setpoint.kind, setpoint.value, None, "")
    taken = math.isclose(shown, setpoint.value, rel_tol=0.01, abs_tol=SAME)
    text = "" if taken else f"{setpoint.point} showed {shown:g}, not {setpoint.value:g}."
    return Followed(setpoint.asset, setpoint.kind, setpoint.value, taken, text)
