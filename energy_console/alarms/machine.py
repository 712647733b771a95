"""The states of an alarm after ISA-18.2, as a pure machine: conditions and a time go in, transitions come out."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

SECOND_NS = 1_000_000_000


class AlarmState(enum.StrEnum):
    NEW = "new"  # present, not acknowledged
    ACKNOWLEDGED = "acknowledged"  # present, a person has seen it
    RETURNED = "returned"  # gone again before a person saw it
    NORMAL = "normal"  # gone and seen: no longer listed


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong now. `key` tells it from all others and stays the same while it lasts."""

    key: str
    priority: int  # 1 critical .. 4 advisory
    source: str  # device, point or node id
    text: str  # what and where, short
    detail: str  # what follows, what it means
    on_delay_s: float = 0.0  # must last this long before it is an alarm
    off_delay_s: float = 0.0  # must be gone this long before it has returned

    def __post_init__(self) -> None:
        if not 1 <= self.priority <= 4:
            raise ValueError(f"alarm {self.key}: the priority is 1 to 4, not {self.priority}")


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm and how it stands."""

    id: int
    condition: Condition
    state: AlarmState
    since_ns: int  # when it was raised
    acknowledged_by: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    alarm: Alarm
    before: AlarmState
    time_ns: int
    who: str = ""  # the person, where a person did it


class AlarmMachine:
    """All alarms of a site. Holds no clock: every call is given its time, which may also go backwards."""

    def __init__(self, alarms: Iterable[Alarm] = (), next_id: int = 1) -> None:
        self._alarms: dict[str, Alarm] = {alarm.condition.key: alarm for alarm in alarms}
        self._pending_on: dict[str, int] = {}
        self._pending_off: dict[str, int] = {}
        self.next_id = max([next_id, *(alarm.id + 1 for alarm in self._alarms.values())])

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Open alarms, most urgent first: unacknowledged before acknowledged, then by priority, then the oldest."""
        return tuple(sorted(self._alarms.values(), key=urgency))

    def step(self, now_ns: int, present: Mapping[str, Condition]) -> list[Transition]:
        """Compares what is wrong now with what was; returns every change, in order of urgency."""
        changes = [change for key, condition in present.items() if (change := self._seen(now_ns, key, condition))]
        for key in [key for key in self._pending_on if key not in present]:
            del self._pending_on[key]
        for key in [key for key in self._alarms if key not in present]:
            if change := self._missing(now_ns, key):
                changes.append(change)
        return sorted(changes, key=lambda change: urgency(change.alarm))

    def acknowledge(self, alarm_id: int, who: str, now_ns: int) -> Transition | None:
        """Puts a person's name on an alarm. None if it is not open or was acknowledged before."""
        for key, alarm in self._alarms.items():
            if alarm.id != alarm_id:
                continue
            if alarm.state is AlarmState.NEW:
                return self._move(key, replace(alarm, state=AlarmState.ACKNOWLEDGED, acknowledged_by=who), now_ns, who)
            if alarm.state is AlarmState.RETURNED:
                del self._alarms[key]
                seen = replace(alarm, state=AlarmState.NORMAL, acknowledged_by=who)
                return Transition(seen, AlarmState.RETURNED, now_ns, who)
        return None

    def _seen(self, now_ns: int, key: str, condition: Condition) -> Transition | None:
        self._pending_off.pop(key, None)
        alarm = self._alarms.get(key)
        if alarm is None:
            first = self._pending_on[key] = min(self._pending_on.get(key, now_ns), now_ns)
            if now_ns - first < condition.on_delay_s * SECOND_NS:
                return None
            del self._pending_on[key]
            alarm = Alarm(self.next_id, condition, AlarmState.NEW, now_ns)
            self.next_id += 1
            self._alarms[key] = alarm
            return Transition(alarm, AlarmState.NORMAL, now_ns)
        current = replace(alarm, condition=condition)
        if alarm.state is AlarmState.RETURNED:
            return self._move(key, replace(current, state=AlarmState.NEW), now_ns)
        worse = condition.priority < alarm.condition.priority
        if worse and alarm.state is AlarmState.ACKNOWLEDGED:
            return self._move(key, replace(current, state=AlarmState.NEW), now_ns)
        self._alarms[key] = current
        return None

    def _missing(self, now_ns: int, key: str) -> Transition | None:
        alarm = self._alarms[key]
        if alarm.state is AlarmState.RETURNED:
            return None
        gone = self._pending_off[key] = min(self._pending_off.get(key, now_ns), now_ns)
        if now_ns - gone < alarm.condition.off_delay_s * SECOND_NS:
            return None
        del self._pending_off[key]
        if alarm.state is AlarmState.ACKNOWLEDGED:
            del self._alarms[key]
            return Transition(replace(alarm, state=AlarmState.NORMAL), AlarmState.ACKNOWLEDGED, now_ns)
        return self._move(key, replace(alarm, state=AlarmState.RETURNED), now_ns)

    def _move(self, key: str, after: Alarm, now_ns: int, who: str = "") -> Transition:
        before = self._alarms[key].state
        self._alarms[key] = after
        return Transition(after, before, now_ns, who)


def urgency(alarm: Alarm) -> tuple[bool, int, int]:
    """What alarms are sorted by, the most urgent first."""
    return alarm.state is AlarmState.ACKNOWLEDGED, alarm.condition.priority, alarm.since_ns
