"""Whose turn it is on one link: those that answer when they are due, those that do not in the time that is left."""

from __future__ import annotations

import heapq
import random

from hardware.scanner.task import DeviceTask

LINK_ROUND_S = 2.0  # a link of several devices none of which answers is tried this often, one device after the other
FORCED_AFTER_S = 10.0  # a probe that finds no free time for so long takes it, within its share
FIRST_FORCED_AFTER_S = 0.5  # after the first loss, twice as long after each further one
PROBE_SHARE = 0.1  # of a link's time that devices which do not answer may then take from those that do
_LEAST_PATIENCE_S = 0.05
_LEAST_PATIENCE_RTU_S = 0.3  # serial devices think longer, and a wire has no transaction numbers
_TIMES_SLOWEST = 4.0  # patience over the slowest round trip of those that answer
_TIMES_OWN = 2.0  # and over the device's own, while it answered
_OF_A_CYCLE = 0.75  # the longest a probe waits as a rule: it fits between two rounds of the others
_FULL_WAIT_EACH = 16  # every so many losses a device is given its whole time, in case it has become that slow
_FORGETS = 0.999  # of the slowest round trip, each turn

_Entry = tuple[float, int]  # (due, number of the task)


class Turns:
    """Belongs to one bus. Takes times (monotonic seconds) as arguments and reads no clock.

    A device that has not answered is *troubled*: it is probed with one request after growing rests, on a link with one
    connection only in a gap before the next healthy device is due, and with a patience that fits into it.
    """

    def __init__(self, timeout_s: float, is_rtu: bool) -> None:
        self.tasks: list[DeviceTask] = []
        self.connections = 1  # that the link takes
        self.is_patient = (
            False  # a gateway that loses what comes after an unanswered request: waits are never cut short
        )
        self._timeout_s = timeout_s
        self._least_s = min(timeout_s, _LEAST_PATIENCE_RTU_S if is_rtu else _LEAST_PATIENCE_S)
        self._healthy: list[_Entry] = []
        self._troubled: list[_Entry] = []
        self._probing = 0  # connections busy with a troubled device
        self._forced_not_before = 0.0
        self._round_at = 0.0
        self._slowest_s = 0.0
        self._shortest_cycle_s = 3600.0

    def add(self, task: DeviceTask) -> None:
        task.number = len(self.tasks)
        self.tasks.append(task)
        self._shortest_cycle_s = min(self._shortest_cycle_s, task.every_s)

    def put(self, task: DeviceTask) -> None:
        """Queues a task for its `due`; what was queued for it before no longer counts."""
        heapq.heappush(self._troubled if task.is_troubled else self._healthy, (task.due, task.number))

    def next(self, now: float) -> DeviceTask | None:
        """Takes the device whose turn it is; None where nobody's is yet."""
        healthy, troubled = self._first(self._healthy, False), self._first(self._troubled, True)
        if troubled is not None and self._may_be_probed(troubled, healthy, now):
            heapq.heappop(self._troubled)
            return troubled
        if healthy is not None and healthy.due <= now:
            heapq.heappop(self._healthy)
            return healthy
        return None

    def wake_at(self, now: float) -> float:
        """When `next` may give something, if nothing changes before."""
        healthy, troubled = self._first(self._healthy, False), self._first(self._troubled, True)
        wake = healthy.due if healthy is not None else now + 3600.0
        if troubled is None or (healthy is not None and self._probing >= max(1, self.connections - 1)):
            return wake
        if healthy is None:
            return min(troubled.due, self._round_at) if len(self.tasks) > 1 else troubled.due
        if troubled.due > now:
            return min(wake, troubled.due)
        return min(wake, self._forced_at(troubled))

    @property
    def is_everybody_troubled(self) -> bool:
        return self._first(self._healthy, False) is None

    def patience_s(self, task: DeviceTask) -> float:
        """How long a probe of a troubled device waits: longer after each loss, but not into the others' time."""
        if self.connections > 1 or self.is_patient or self.is_everybody_troubled:
            return self._timeout_s
        if task.failures % _FULL_WAIT_EACH == 0:
            return self._timeout_s
        own_s = task.record.round_trip_ms / 1000.0  # what it took while it answered
        least = max(self._least_s, _TIMES_SLOWEST * self._slowest_s, _TIMES_OWN * own_s)
        wanted = min(least * 2.0 ** min(task.failures - 1, 10), max(least, _OF_A_CYCLE * self._shortest_cycle_s))
        return min(self._timeout_s, wanted)

    def answered_in(self, round_trip_s: float) -> None:
        """What a healthy device took: the slowest of late is what patience is measured by."""
        self._slowest_s = max(round_trip_s, self._slowest_s * _FORGETS)

    def probe_begins(self) -> None:
        self._probing += 1

    def probe_ends(self, began: float, now: float, answered: bool) -> None:
        """A probe that found its device took nothing from anybody: it was that device's turn."""
        self._probing -= 1
        if not answered:
            self._forced_not_before = now + (now - began) * (1.0 / PROBE_SHARE - 1.0)
        self._round_at = now + LINK_ROUND_S * random.uniform(0.8, 1.0)

    def _may_be_probed(self, troubled: DeviceTask, healthy: DeviceTask | None, now: float) -> bool:
        if healthy is None:  # nobody is delayed
            return troubled.due <= now or (len(self.tasks) > 1 and self._round_at <= now and not self._probing)
        if troubled.due > now or self._probing >= max(1, self.connections - 1):
            return False
        if self.connections > 1 or healthy.due - now >= self.patience_s(troubled):
            return True
        return now >= self._forced_at(troubled)

    def _forced_at(self, task: DeviceTask) -> float:
        """When a probe is made though the others leave no gap: soon for who was only just lost."""
        waits_s = min(FIRST_FORCED_AFTER_S * 2.0 ** min(task.failures - 1, 10), FORCED_AFTER_S)
        return max(task.due + waits_s, self._forced_not_before)

    def _first(self, heap: list[_Entry], troubled: bool) -> DeviceTask | None:
        """The task at the top of a heap; entries that no longer hold are thrown away."""
        while heap:
            due, number = heap[0]
            task = self.tasks[number]
            if due == task.due and task.is_troubled is troubled and not task.record.out_of_service:
                return task
            heapq.heappop(heap)
        return None
