"""One device as the scan sees it: when it is due, what to ask, and how long to leave it alone after a loss."""

from __future__ import annotations

import math

from hardware.field import DeviceSpec
from hardware.modbus import Placement, as_written
from hardware.profiles import Span
from hardware.scanner.group import Group
from hardware.scanner.record import Record

LONGEST_REST_S = 15.0  # a silent device is asked again at least this often
LONGEST_CHEAP_REST_S = 5.0  # where finding out takes no time: refused, dropped, or answered wrongly at once
_CHEAP_S = 0.2


class DeviceTask:
    """Belongs to one bus. Times are monotonic seconds."""

    __slots__ = (
        "answered_last", "due", "every_s", "failures", "group", "number", "place_in_time", "placement", "record",
        "requests", "row", "silence_s", "spec",
    )  # fmt: skip

    def __init__(self, spec: DeviceSpec, group: Group, row: int, record: Record, due: float) -> None:
        self.spec = spec
        self.group = group
        self.row = row
        self.record = record
        self.due = due
        rules = group.decoder.profile.read
        self.every_s = max(spec.every_s, rules.every_min_s)
        self.silence_s = rules.silence_ms / 1000.0
        self.number = 0  # on its bus
        self.place_in_time: float | None = None  # where its readings shall lie, once the first one is done
        self.failures = 0  # in a row
        self.answered_last = False  # at least one request of the newest reading
        self.placement: Placement | None = None  # None: a SunSpec device whose models have still to be found
        self.requests: tuple[Span, ...] = ()
        if not group.decoder.profile.sunspec:
            self.place(as_written(group.decoder))

    def place(self, placement: Placement) -> None:
        """Fixes where the device has its registers, and so what it is asked and which points it has."""
        self.placement = placement
        self.requests = placement.requests
        if placement.models:
            self.group.fit(self.row, placement.not_fitted)

    def displace(self) -> None:
        """After a loss a SunSpec device is looked through again: it may have been swapped or updated."""
        if self.group.decoder.profile.sunspec:
            self.placement, self.requests = None, ()

    @property
    def is_troubled(self) -> bool:
        return self.failures > 0

    def next_after_success(self, now: float) -> None:
        """Due again one period after it was due, not after it was read: no drift. Periods gone by are left out."""
        self.failures = 0
        if self.place_in_time is not None:
            self.due, self.place_in_time = self.place_in_time - self.every_s, None
        self.due += self.every_s
        if self.due <= now:
            self.due += self.every_s * math.ceil((now - self.due) / self.every_s + 1e-9)

    def next_after_failure(self, now: float, took_s: float) -> None:
        """Rests twice as long after each loss in a row, up to a limit; `took_s` is what the loss cost its bus."""
        self.failures += 1
        longest = LONGEST_REST_S if took_s > _CHEAP_S else LONGEST_CHEAP_REST_S
        rest = min(self.every_s * 2.0 ** min(self.failures - 1, 10), max(longest, self.every_s))
        self.due = now + rest
