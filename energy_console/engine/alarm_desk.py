"""Runs the alarm rules and the alarm machine over the newest values, journals every change and keeps what is open."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from energy_console.alarms.machine import Alarm, AlarmMachine, AlarmState, Condition, Transition
from energy_console.alarms.rules import RuleBook
from energy_console.engine.link import AlarmView
from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.site.model import Site

log = logging.getLogger(__name__)

ROOM, KEY = "alarms", "open"
FORMAT = 1
WORDS = {
    AlarmState.NEW: "raised",
    AlarmState.ACKNOWLEDGED: "acknowledged",
    AlarmState.RETURNED: "returned, not acknowledged",
    AlarmState.NORMAL: "over",
}


class AlarmDesk:
    """Used on the engine's thread only. What was open when the engine stopped is open again when it starts."""

    def __init__(self, site: Site, live: LiveTable, historian: Historian, writer: StoreWriter) -> None:
        self._rules = RuleBook(site, live)
        self._historian = historian
        self._writer = writer
        self._machine = AlarmMachine(*restored(historian.get_state(ROOM, KEY)))

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
    def views(self) -> tuple[AlarmView, ...]:
        return views_of(self._machine.alarms)

    def _journal(self, changes: Sequence[Transition]) -> None:
        """One line a change; what is open is kept once, since many alarms may change in one look."""
        if not changes:
            return
        kept = to_state(self._machine)
        lines = [partial(self._historian.write_event, *line_of(change)) for change in changes]
        at_ns = max(change.time_ns for change in changes)
        self._writer.do(*lines, partial(self._historian.put_state, ROOM, KEY, kept, at_ns))


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
