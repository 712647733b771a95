"""How a device type wants to be asked, and what a virtual one does to those who ask otherwise.

a request within the rest after an answer     is not heard (SDM630: 60 ms, KEBA P40: 500 ms)
the same values again too soon                exception 6, busy
a write too soon after the last               exception 6, busy (KEBA P40: 5 s)
a read that cuts a value in two               exception 2, where the type minds (Siemens PAC, KEBA P40)
a read over forbidden registers               exception 2
"""

from __future__ import annotations

import struct
import time

from hardware.profiles import Profile, Table
from hardware.virtual.framing import ILLEGAL_ADDRESS

BUSY = 6
NOT_HEARD = 0
READS = {1: Table.COIL, 2: Table.DISCRETE, 3: Table.HOLDING, 4: Table.INPUT}
WRITES = (5, 6, 15, 16, 22, 23)
FORGIVEN = 0.9  # of a time that has to pass: clocks tick coarsely, and a device does not measure to the millisecond


def manners_of(profile: Profile) -> Manners | None:
    """None for a type that does not mind how it is asked."""
    read, write = profile.read, profile.write
    minds_time = read.silence_ms > 0 or read.every_min_s > 0 or write.every_min_s > 0
    return Manners(profile) if minds_time or read.whole_values or read.forbidden else None


class Manners:
    """Of one device: keeps when it was last asked."""

    def __init__(self, profile: Profile) -> None:
        self._read = profile.read
        self._rest_s = FORGIVEN * profile.read.silence_ms / 1000.0
        self._every_s = FORGIVEN * profile.read.every_min_s
        self._write_every_s = FORGIVEN * profile.write.every_min_s
        # Keys and signs of life belong to the write they come with: there only the same register again is too soon.
        self._in_company = bool(profile.write.keys) or any(dog.feed != dog.command for dog in profile.watchdogs)
        self._inside = {
            (point.table, address)
            for point in profile.points
            if profile.read.whole_values
            for address in range(point.address + 1, point.end)
        }
        self._quiet_until = 0.0
        self._asked: dict[tuple[int, int, int], float] = {}  # function, address, count -> when last answered

    def minds(self, body: bytes) -> int | None:
        """None where the request is fine; NOT_HEARD, or the exception it is answered with."""
        now = time.monotonic()
        if now < self._quiet_until:
            return NOT_HEARD
        if len(body) < 5:
            return None
        function = body[0]
        address, count = struct.unpack_from(">HH", body, 1)
        if function in READS:
            return self._minds_read(READS[function], address, count, (function, address, count), now)
        if function in WRITES and self._write_every_s:
            return self._too_soon((0, address if self._in_company else 0, 0), self._write_every_s, now)
        return None

    def answered(self) -> None:
        if self._rest_s:
            self._quiet_until = time.monotonic() + self._rest_s

    def _minds_read(self, table: Table, address: int, count: int, what: tuple[int, int, int], now: float) -> int | None:
        if (table, address) in self._inside or (table, address + count) in self._inside:
            return ILLEGAL_ADDRESS
        if self._read.forbidden and self._read.is_forbidden(table, address, address + count):
            return ILLEGAL_ADDRESS
        return self._too_soon(what, self._every_s, now) if self._every_s else None

    def _too_soon(self, what: tuple[int, int, int], every_s: float, now: float) -> int | None:
        if now - self._asked.get(what, -1e9) < every_s:
            return BUSY
        self._asked[what] = now
        return None
