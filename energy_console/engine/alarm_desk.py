"""Runs the alarm rules and the alarm machine over the newest values, journals every change and keeps what is open."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from energy_console.alarms.machine import Alarm, AlarmMachine, AlarmState, Condition, Transition, urgency
from energy_console.alarms.rules import RuleBook
from energy_console.engine.link import AlarmView
from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.site.areas import areas_of, number_of, part_of
from energy_console.site.model import Site

log = logging.getLogger(__name__)

ROOM, KEY = "alarms", "open"
PAST_KEY = "of a past"  # those of a past that came with virtual devices: nobody watched then
FORMAT = 1
IDS_OF_AN_AREA = 10**9
WORDS = {
    AlarmState.NEW: "raised",
    AlarmState.ACKNOWLEDGED: "acknowledged",
    AlarmState.RETURNED: "returned, not acknowledged",
    AlarmState.NORMAL: "over",
}


class AlarmDesk:
    """Used on the engine's thread only. What was open when the engine stopped is open again when it starts.

    `area`: the part of the site that `site` is, empty where it is the whole. Its alarms are kept by themselves, so that
    whichever engine serves it goes on with them.
    """

    def __init__(self, site: Site, live: LiveTable, historian: Historian, writer: StoreWriter, area: str = "") -> None:
        self._rules = RuleBook(site, live)
        self._historian = historian
        self._writer = writer
        self._key = key_of(area)
        alarms, next_id = restored(historian.get_state(ROOM, self._key))
        self._machine = AlarmMachine(alarms, max(next_id, first_id(area)))

    def step(self, now_ns: int, silent: Mapping[str, str], more: Iterable[Condition] = ()) -> bool:
        """Looks once. `more`: conditions of the engine itself. True when an alarm changed its state."""
        present = self._rules.conditions(silent) | {condition.key: condition for condition in more}
        changes = self._machine.step(now_ns, present)
        self._journal(changes)
        return bool(changes)

    def acknowledge(self, alarm_id: int, who: str, now_ns: int) -> bool:
        change = self._machine.acknowledge(alarm_id, who, now_ns)
        if change:
            self._journal([change])
        return change is not None

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        return self._machine.alarms

    @property
    def views(self) -> tuple[AlarmView, ...]:
        return views_of(self._machine.alarms)

    def _journal(self, changes: Sequence[Transition]) -> None:
        """One line a change; what is open is kept once, since many alarms may change in one look."""
        if not changes:
            return
        kept = to_state(self._machine)
        lines = [partial(self._historian.write_event, *line_of(change)) for change in changes]
        at_ns = max(change.time_ns for change in changes)
        self._writer.do(*lines, partial(self._historian.put_state, ROOM, self._key, kept, at_ns))


class AlarmDesks:
    """A desk for each area that an engine serves, or one for a site without areas. Looks and answers as one."""

    def __init__(
        self, site: Site, live: LiveTable, historian: Historian, writer: StoreWriter, areas: Sequence[str]
    ) -> None:
        """`areas`: those served; none means all that the site has."""
        areas = areas or areas_of(site)
        self._desks = [AlarmDesk(part_of(site, [area]).site, live, historian, writer, area) for area in areas] or [
            AlarmDesk(site, live, historian, writer)
        ]

    def step(self, now_ns: int, silent: Mapping[str, str], more: Iterable[Condition] = ()) -> bool:
        """As a desk does; what is wrong with the engine itself is the first one's."""
        first, *others = self._desks
        changed = first.step(now_ns, silent, more)
        return any([changed, *(desk.step(now_ns, silent) for desk in others)])

    def acknowledge(self, alarm_id: int, who: str, now_ns: int) -> bool:
        return any(desk.acknowledge(alarm_id, who, now_ns) for desk in self._desks)

    def acknowledged_by(self, alarm_id: int) -> str:
        """Whose name is on an open alarm; empty where nobody's is, or it is not open."""
        return next((alarm.acknowledged_by for alarm in self._alarms() if alarm.id == alarm_id), "")

    @property
    def views(self) -> tuple[AlarmView, ...]:
        return views_of(sorted(self._alarms(), key=urgency))

    def _alarms(self) -> Iterator[Alarm]:
        for desk in self._desks:
            yield from desk.alarms


def key_of(area: str) -> str:
    """Under which the open alarms of an area are kept; of none: those of a site without areas."""
    return f"{KEY} {area}" if area else KEY


def first_id(area: str) -> int:
    """Of an area's alarms, so that no two areas give one number."""
    return number_of(area) * IDS_OF_AN_AREA + 1 if area else 1


def area_of_alarm(alarm_id: int, areas: Sequence[str]) -> str:
    """Whose alarm it is by its number; empty on a site without areas."""
    return next((area for area in areas if number_of(area) == alarm_id // IDS_OF_AN_AREA), "")


def line_of(change: Transition) -> tuple[int, str, str, str, dict[str, Any]]:
    """A change as the journal keeps it: time, kind, source, text, data."""
    condition = change.alarm.condition
    text = f"P{condition.priority} {condition.text}: {WORDS[change.alarm.state]}"
    data: dict[str, Any] = {
        "alarm": change.alarm.id,
        "state": change.alarm.state.value,
        "priority": condition.priority,
        "words": condition.text,
    }
    if change.who:
        text, data = f"{text} by {change.who}", data | {"who": change.who}
    return change.time_ns, "alarm", condition.source, text, data


def views_of(alarms: Iterable[Alarm]) -> tuple[AlarmView, ...]:
    """Alarms as the strip and the lists show them, in the same order."""
    return tuple(
        AlarmView(
            alarm.id,
            alarm.condition.priority,
            alarm.state.value,
            alarm.condition.source,
            alarm.condition.text,
            alarm.condition.detail,
            alarm.since_ns,
        )
        for alarm in alarms
    )


def to_state(machine: AlarmMachine) -> dict[str, Any]:
    alarms = [dataclasses.asdict(alarm) | {"state": alarm.state.value} for alarm in machine.alarms]
    return {"format": FORMAT, "next_id": machine.next_id, "alarms": alarms}


def restored(state: Mapping[str, Any] | None) -> tuple[list[Alarm], int]:
    """Open alarms and the next id out of what `to_state` kept; none of a store that has none.

    What a later program kept is left out: what is still wrong is raised anew at the first look.
    """
    if not state:
        return [], 1
    if state.get("format", FORMAT) != FORMAT:
        log.warning("The alarms in the store have format %s, this program knows %d.", state["format"], FORMAT)
        return [], 1
    return [_alarm(entry) for entry in state["alarms"]], state["next_id"]


def _alarm(entry: Mapping[str, Any]) -> Alarm:
    return Alarm(
        entry["id"],
        Condition(**entry["condition"]),
        AlarmState(entry["state"]),
        entry["since_ns"],
        entry["acknowledged_by"],
    )
