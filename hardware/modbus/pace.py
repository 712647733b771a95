"""How fast a link and each unit behind it may be asked: silences, least times between reads and between writes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from hardware.modbus.errors import FieldError
from hardware.points import Reason
from hardware.profiles import Profile, Table
from hardware.profiles.model import MODBUS_LONGEST_READ

_ILLEGAL_VALUE = 3  # what a device answers that is asked for more than it gives

Begins = tuple[Table, int]  # table and address of the first register of a read


@dataclass(frozen=True, slots=True)
class UnitPace:
    """How one unit wants to be asked, whoever asks it."""

    silence_s: float = 0.0  # rest between one request and the next
    read_every_s: float = 0.0  # least time between two reads that begin at the same register
    write_every_s: float = 0.0  # least time between two conversations that write
    longest: int = MODBUS_LONGEST_READ  # registers in one read


def pace_of(profile: Profile) -> UnitPace:
    """What a device type asks for."""
    read, write = profile.read, profile.write
    return UnitPace(read.silence_ms / 1000.0, read.every_min_s, write.every_min_s, read.longest)


class _Unit:
    """One unit with rules: who asks it holds `turn`, so that its times are nobody else's to change."""

    __slots__ = ("pace", "quiet_until", "read_at", "turn", "written_at")

    def __init__(self, pace: UnitPace) -> None:
        self.pace = pace
        self.turn = asyncio.Lock()
        self.quiet_until = 0.0  # monotonic
        self.read_at: dict[Begins, float] = {}
        self.written_at: float | None = None


class Pace:
    """One a link, shared by its connections. Times are monotonic seconds.

    Behind a TCP gateway the silence of one unit is kept for that unit alone. On one wire (RTU) every unit hears every
    frame, so it is kept for all of them: `wire_quiet_until` is then moved too.
    """

    def __init__(self, one_wire: bool = False, silence_s: float = 0.0) -> None:
        """`silence_s`: rest between two requests on the same connection, whichever unit they are for."""
        self.one_wire = one_wire
        self.silence_s = silence_s
        self.wire_quiet_until = 0.0
        self._units: dict[int, _Unit] = {}

    def agree(self, unit: int, pace: UnitPace) -> None:
        """From now on this unit is asked in this pace; a later word replaces an earlier one."""
        known = self._units.get(unit)
        if known is not None:
            known.pace = pace
        elif pace != UnitPace():
            self._units[unit] = _Unit(pace)

    def keep_silence(self, unit: int, silence_s: float) -> None:
        """At least this rest for this unit, besides what was agreed."""
        known = self._units.get(unit)
        if known is None:
            self._units[unit] = _Unit(UnitPace(silence_s))
        elif known.pace.silence_s < silence_s:
            pace = known.pace
            known.pace = UnitPace(silence_s, pace.read_every_s, pace.write_every_s, pace.longest)

    def rests(self, unit: int) -> bool:
        """True where asking this unit may mean waiting for it alone."""
        known = self._units.get(unit)
        if known is None:
            return False
        pace = known.pace
        alone = pace.read_every_s > 0 or pace.write_every_s > 0
        return alone or (pace.silence_s > 0 and not self.one_wire)

    def readable_at(self, unit: int) -> float:
        """When whatever was read of this unit may be read again."""
        known = self._units.get(unit)
        if known is None or not known.read_at:
            return 0.0
        return max(known.read_at.values()) + known.pace.read_every_s

    def of(self, unit: int) -> _Unit | None:
        """The unit's own times; None where it takes requests as they come."""
        return self._units.get(unit)

    def check_length(self, unit: int, table: Table, count: int) -> None:
        """Raises FieldError, as the device would, for a read that is longer than it gives; nothing is sent then."""
        known = self._units.get(unit)
        longest = MODBUS_LONGEST_READ if known is None else known.pace.longest
        if count > longest and not table.is_bits:
            text = f"gives at most {longest} registers in one read, {count} were asked for"
            raise FieldError(Reason.EXCEPTION, text, _ILLEGAL_VALUE)

    async def wait_to_ask(self, unit: _Unit, begins: Begins | None) -> None:
        """Until this unit may be asked; `begins` is where a read begins. The caller holds the unit's turn."""
        until = unit.quiet_until
        if begins is not None and unit.pace.read_every_s:
            until = max(until, unit.read_at.get(begins, 0.0) + unit.pace.read_every_s)
        await _sleep_until(until)

    async def wait_to_write(self, unit: int) -> None:
        """Before the first write of a conversation: until the last conversation that wrote is long enough ago."""
        known = self._units.get(unit)
        if known is None or not known.pace.write_every_s:
            return
        while known.written_at is not None and known.written_at + known.pace.write_every_s > time.monotonic():
            await _sleep_until(known.written_at + known.pace.write_every_s)
        known.written_at = time.monotonic()  # whoever comes meanwhile waits from here

    def asked(self, unit: int, begins: Begins | None, sent_at: float) -> None:
        """After a request that was sent at `sent_at`, however it went; `begins` is None for a write."""
        now = time.monotonic()
        known = self._units.get(unit)
        silence_s = 0.0 if known is None else known.pace.silence_s
        if known is not None:
            known.quiet_until = now + silence_s
            if begins is None:
                known.written_at = now
            elif known.pace.read_every_s:
                known.read_at[begins] = sent_at
        if self.one_wire:
            self.wire_quiet_until = now + silence_s


async def _sleep_until(moment: float) -> None:
    wait_s = moment - time.monotonic()
    if wait_s > 0:
        await asyncio.sleep(wait_s)
