"""Runs the alarm rules and the alarm machine over the newest values, journals every change and keeps what is open."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from energy_console.alarms.machine import Alarm, AlarmMachine, AlarmState, Condition, Transition
from energy_console.alarms.rules import RuleBook
from energy_console.engine.link import AlarmView
from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.site.model import Site

ROOM, KEY = "alarms", "open"
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
        for change in changes:
            self._journal(change)
        return bool(changes)

    def acknowledge(self, alarm_id: int, who: str, now_ns: int) -> bool:
        change = self._machine.acknowledge(alarm_id, who, now_ns)
        if change:
            self._journal(change)
        return change is not None

    @property
    def views(self) -> tuple[AlarmView, ...]:
        return views_of(self._machine.alarms)

    def _journal(self, change: Transition) -> None:
        condition = change.alarm.condition
        text = f"P{condition.priority} {condition.text}: {WORDS[change.alarm.state]}"
        data = {"alarm": change.alarm.id, "state": change.alarm.state.value, "priority": condition.priority}
        if change.who:
            text, data = f"{text} by {change.who}", data | {"who": change.who}
        kept = to_state(self._machine)
        self._writer.do(
            lambda: self._historian.write_event(change.time_ns, "alarm", condition.source, text, data),
            lambda: self._historian.put_state(ROOM, KEY, kept),
        )


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
    return {"next_id": machine.next_id, "alarms": alarms}


def restored(state: Mapping[str, Any] | None) -> tuple[list[Alarm], int]:
    """Open alarms and the next id out of what `to_state` kept; none of a store that has none."""
    if not state:
        return [], 1
    alarms = [
        Alarm(
            entry["id"],
            Condition(**entry["condition"]),
            AlarmState(entry["state"]),
            entry["since_ns"],
            entry["acknowledged_by"],
        )
        for entry in state["alarms"]
    ]
    return alarms, state["next_id"]
