"""One device as the scan sees it: when it is due, what to ask, and how long to leave it alone after a loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hardware.field import DeviceSpec
from hardware.modbus import Placement, as_written
from hardware.profiles import Span
from hardware.scanner.group import Group
from hardware.scanner.record import Record

_GOLDEN = 0.618034  # multiples of it modulo 1 lie evenly however many there are


@dataclass(frozen=True, slots=True)
class Rests:
    """How long a device that does not answer is left alone: `first_s`, then twice as long each time, up to `most_s`."""

    first_s: float = 2.0
    most_s: float = 300.0

    def after(self, failures: int, spread: float) -> float:
        """Seconds after so many losses in a row. `spread` (0..1) keeps devices lost together from being asked so."""
        return min(self.first_s * 2.0 ** min(failures - 1, 20), self.most_s) * (0.8 + 0.2 * spread)


USUAL_RESTS = Rests()


class DeviceTask:
    """Belongs to one bus. Times are monotonic seconds."""

    __slots__ = (
        "answered_last", "due", "every_s", "failures", "group", "next_read", "number", "place_in_time", "placement",
        "record", "requests", "rests", "row", "silence_s", "spec", "told_at",
    )  # fmt: skip

    def __init__(self, spec: DeviceSpec, group: Group, row: int, record: Record, rests: Rests) -> None:
        self.spec = spec
        self.group = group
        self.row = row
        self.record = record
        self.rests = rests
        self.due = 0.0
        rules = group.decoder.profile.read
        self.every_s = max(spec.every_s, rules.every_min_s)
        self.silence_s = rules.silence_ms / 1000.0
        self.number = 0  # on its bus
        self.place_in_time: float | None = None  # where its readings shall lie, once the first one is done
        self.failures = 0  # in a row
        self.told_at = 0.0  # when its newest reading, good or bad, was handed over; kept while it is lost
        self.answered_last = False  # at least one request of the newest reading
        self.placement: Placement | None = None  # None: a SunSpec device whose models have still to be found
        self.requests: tuple[Span, ...] = ()
        paces = group.decoder.every_s
        self.next_read: list[float] | None = [0.0] * len(paces) if any(pace > self.every_s for pace in paces) else None
        if group.decoder.profile.sunspec:
            self.next_read = None  # its requests are those of the models it turns out to have
        else:
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

    # -- what to ask ------------------------------------------------------------------------------------------

    def wanted(self, now: float) -> Sequence[int] | None:
        """Numbers of the requests to ask in this turn; None for all.

        A slow one is left out until its time, and up to one period longer where the link does not keep up.
        """
        if self.next_read is None:
            return None
        paces, soon = self.group.decoder.every_s, now + 0.5 * self.every_s
        behind = now - self.due > self.every_s
        return [
            number
            for number, at in enumerate(self.next_read)
            if at <= soon and not (behind and at > 0.0 and now < at + paces[number])
        ]

    def was_read(self, numbers: Sequence[int], now: float) -> None:
        """Sets when the slow ones of these requests are asked next: evenly spread over their period at first."""
        if self.next_read is None:
            return
        for number in numbers:
            pace_s = self.group.decoder.every_s[number]
            if pace_s <= self.every_s:
                continue
            first = self.next_read[number] == 0.0
            share = 0.5 + 0.5 * ((self.row + 1) * _GOLDEN % 1.0) if first else 1.0
            self.next_read[number] = now + share * pace_s

    # -- when ---------------------------------------------------------------------------------------------------

    def next_after_success(self, now: float) -> None:
        """Due again one period after it was due, not after it was read: no drift. Periods gone by are left out."""
        self.failures = 0
        if self.place_in_time is not None:
            self.due, self.place_in_time = self.place_in_time - self.every_s, None
        self.due += self.every_s
        if self.due <= now:
            self.due += self.every_s * math.ceil((now - self.due) / self.every_s + 1e-9)

    def next_after_failure(self, now: float, spread: float) -> None:
        """Rests, and everything is read again as soon as it answers."""
        self.failures += 1
        self.due = now + self.rests.after(self.failures, spread)
        self.read_all_next()

    def read_all_next(self) -> None:
        if self.next_read is not None:
            self.next_read = [0.0] * len(self.next_read)
