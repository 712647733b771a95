"""Registers of virtual devices: a whole fleet's values written into words at once, and words written back to values.

One `Bank` a profile holds a row of words for each device and each span of addresses that the profile answers. It is
filled when somebody reads and something has changed since; 100 devices of 25 values take about 0.3 ms.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hardware.points import Float64Array
from hardware.profiles import Profile, ProfilePoint, RegisterType, Table, layout_of
from hardware.virtual.column_coding import decode_words, encode_column, shown
from hardware.virtual.fleet import Fleet
from hardware.virtual.framing import ILLEGAL_ADDRESS, ILLEGAL_VALUE, WireFault
from hardware.virtual.unplayed import Rule, rule_for, steady_value
from hardware.virtual.value_faults import Distortion

OTHER_THING = 0x0670  # 1648, the device code of an EM340
SET_BACK_SHARE, OTHER_SHARE = 0.25, 0.9  # what a look-alike shows of a counter, and of anything else
HEADROOM = 1.5  # over rated power, before a register runs over
LEAST_V = 200.0
Words = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one value sits in the bank: the span's words, and the column of its first word."""

    point: ProfilePoint
    words: Words  # [device, word] of the span, big-endian
    column: int
    exponent: Float64Array | float  # of the scale register, one a device


class Bank:
    """All devices of one profile. `fleet_rows[row]` is the row of the bank's device in its fleet."""

    def __init__(self, profile: Profile, fleet: Fleet, devices: Sequence[str], rated_kw: Float64Array) -> None:
        self.profile = profile
        self.fleet = fleet
        self.devices = tuple(devices)
        self.fleet_rows = np.array([fleet.rows[device] for device in devices], dtype=np.int64)
        self.stale = True
        self.spans = [(span, np.zeros((len(devices), span.count), dtype=">u2")) for span in layout_of(profile)]
        self.hears = any(dog.fed_by_any_request for dog in profile.watchdogs)
        for fixed in (fixed for fixed in profile.fixed if not fixed.alone):
            words, column = self._place(fixed.table, fixed.address, len(fixed.words))
            words[:, column : column + len(fixed.words)] = fixed.words
        self._alone = _answered_alone(profile)
        self.slots = [self._slot(point, rated_kw) for point in profile.points]
        self._look_alikes = self._find_look_alikes()
        self._shared = [(slot.words, slot.column) for slot in self.slots if slot.point.bit is not None]
        self.missing = np.zeros((len(profile.points), len(devices)), dtype=bool)  # broken sensors
        self._rules = self._work_out_unplayed()
        self.distortion = Distortion(profile.points, devices)
        self._keys = {key.address + at for _, keys in profile.write.keys for key in keys for at in range(key.words)}

    def shown_now(self, number: int) -> Float64Array:
        """The values of a point, by its number, before any fault bends them."""
        return self.fleet.columns[self.slots[number].point.quantity][self.fleet_rows]

    def shown(self, slot: Slot) -> Float64Array:
        """What a reader would get for this point of every device of the bank."""
        return shown(slot.point, self.fleet.columns[slot.point.quantity][self.fleet_rows], slot.exponent)

    def refresh(self) -> None:
        """Brings the words up to date with the fleet."""
        if not self.stale:
            return
        self.stale = False
        columns = self.fleet.columns
        for quantity, rule in self._rules:
            columns[quantity] = rule.value(*(columns[need] for need in rule.needs))
        for words, column in self._shared:
            words[:, column] = 0
        for number, slot in enumerate(self.slots):
            values = self.fleet.columns[slot.point.quantity][self.fleet_rows]
            if self.missing[number].any():
                values = np.where(self.missing[number], np.nan, values)
            values = self.distortion.applied(number, values)
            coded = encode_column(slot.point, values, slot.exponent)
            target = slot.words[:, slot.column : slot.column + slot.point.words]
            for row, face in self.distortion.faces.get(number, ()):
                coded[row] = face
            if slot.point.bit is None:
                target[:] = coded
            else:
                target[:] |= coded
        for slot, words, column in self._look_alikes:
            values = self.fleet.columns[slot.point.quantity][self.fleet_rows]
            share = SET_BACK_SHARE if slot.point.counter else OTHER_SHARE
            words[:, column : column + slot.point.words] = encode_column(slot.point, values * share, slot.exponent)

    def read(self, row: int, table: Table, address: int, count: int) -> bytes:
        """The answer's bytes. Raises WireFault where the profile has no such registers."""
        if (table, address, count) in self._alone:
            return self._alone[table, address, count]
        for span, words in self.spans:
            if span.table is table and span.address <= address and address + count <= span.end:
                self.refresh()
                first = address - span.address
                if row in self.distortion.shifted or row in self.distortion.reordered:
                    words = self._moved(row, words)
                    return words[first : first + count].tobytes()
                return words[row, first : first + count].tobytes()
        raise WireFault(ILLEGAL_ADDRESS)

    def has(self, table: Table, address: int, written: bool = False) -> bool:
        """Whether this register is one of the type's, to read or, where `written`, to write."""
        if written and self._writable_at(table, address) is not None:
            return True
        return any(span.table is table and span.address <= address < span.end for span, _ in self.spans)

    def write(self, row: int, address: int, words: Sequence[int], table: Table = Table.HOLDING) -> None:
        """Takes holding registers, or coils as words 0 and 1. Raises WireFault for what cannot be written, and Refused
        from the fleet.
        """
        if row in self.distortion.shifted:
            address -= 1
        end = address + len(words)
        while address < end:
            point = self._writable_at(table, address) or self._key_shown_at(table, address)
            if point is None:
                self._write_key(row, table, address, words[len(words) - (end - address)])
                address += 1
                continue
            first = len(words) - (end - address)
            written = point.written
            if first + written.words > len(words):
                raise WireFault(ILLEGAL_ADDRESS)
            value = decode_words(written, words[first : first + written.words], self._exponent(row, point))
            # A device that wants a key first takes the words and does nothing with them.
            if self._is_unlocked(row, point):
                self._take(int(self.fleet_rows[row]), point, value)
            address += written.words
        self.stale = True

    def _moved(self, row: int, words: Words) -> Words:
        """The device's words of one span as a firmware update has left them: words turned round, or all up by one."""
        moved: Words = words[row].copy()
        if row in self.distortion.reordered:
            for slot in self.slots:
                if slot.words is words and slot.point.type is not RegisterType.STRING:
                    part = slice(slot.column, slot.column + slot.point.words)
                    moved[part] = moved[part][::-1].copy()
        if row in self.distortion.shifted:
            moved[1:], moved[0] = moved[:-1].copy(), 0
        return moved

    def restart(self, row: int) -> None:
        """The device starts anew: set-points and settings that nobody keeps are what they were as delivered."""
        fleet_row = int(self.fleet_rows[row])
        for point in self.profile.points:
            if point.writable and point.quantity in self.fleet.steady:
                self.fleet.steady[point.quantity][fleet_row] = steady_value(point)
        self.fleet.restart(fleet_row)
        self.stale = True

    def _take(self, fleet_row: int, point: ProfilePoint, value: float) -> None:
        """Gives a set-point to the physics; a setting that no physics knows is kept as it was written."""
        between = point.never_between
        if between is not None and between[0] < value < between[1]:
            raise WireFault(ILLEGAL_VALUE)
        if point.quantity not in self.fleet.steady:
            self.fleet.write(fleet_row, point.quantity, value)
        elif not _is_within(point, value):
            raise WireFault(ILLEGAL_VALUE)
        else:
            self.fleet.steady[point.quantity][fleet_row] = value

    def _work_out_unplayed(self) -> list[tuple[str, Rule]]:
        """Gives the fleet columns for what it does not play; those that follow from others are worked out anew each
        time the words are.
        """
        rules: list[tuple[str, Rule]] = []
        played = self.fleet.columns
        for point in self.profile.points:
            own = point.quantity in self.fleet.steady or point.quantity in self.fleet.worked_out
            if point.quantity in played and not own:
                continue
            rule = rule_for(point.quantity, played)
            if rule is not None and not point.writable and point.quantity not in self.fleet.steady:
                rules.append((point.quantity, rule))
                self.fleet.worked_out.add(point.quantity)
                played[point.quantity] = rule.value(*(played[need] for need in rule.needs))
                continue
            column = self.fleet.steady.setdefault(point.quantity, self.fleet.full(math.nan))
            column[self.fleet_rows] = steady_value(point)
            played[point.quantity] = column
        return rules

    def _exponent(self, row: int, point: ProfilePoint) -> float:
        """What the point's scale register shows; 0 where it has none."""
        exponent = self.slots[self.profile.points.index(point)].exponent
        return float(np.broadcast_to(exponent, len(self.devices))[row])

    def _writable_at(self, table: Table, address: int) -> ProfilePoint | None:
        for point in self.profile.points:
            if point.writable and point.table is table and point.written.address == address:
                return point
        return None

    def _key_shown_at(self, table: Table, address: int) -> ProfilePoint | None:
        """The point that shows a register which is also a write key."""
        if table is not Table.HOLDING or address not in self._keys:
            return None
        return next((point for point in self.profile.points if (point.table, point.address) == (table, address)), None)

    def _is_unlocked(self, row: int, point: ProfilePoint) -> bool:
        """Whether the keys of the point have been written. What SunSpec wants set before is a setting, not a lock."""
        if self.profile.sunspec:
            return True
        self.refresh()  # a key may be a register that is shown
        for key in self.profile.write.keys_for(point.quantity):
            words, column = self._place(Table.HOLDING, key.address, 1)
            if words[row, column] != key.value:
                return False
        return True

    def _write_key(self, row: int, table: Table, address: int, word: int) -> None:
        if table is not Table.HOLDING or address not in self._keys:
            raise WireFault(ILLEGAL_ADDRESS)
        words, column = self._place(Table.HOLDING, address, 1)
        words[row, column] = word

    def _find_look_alikes(self) -> list[tuple[Slot, Words, int]]:
        """Registers that read much like a point: they show a part of its value, as a counter that was set back does."""
        return [
            (slot, *self._place(slot.point.table, alike.address, slot.point.words))
            for slot in self.slots
            for alike in slot.point.look_alikes
            if not any(_meet(point, slot.point, alike.address) for point in self.profile.points)
        ]

    def _slot(self, point: ProfilePoint, rated_kw: Float64Array) -> Slot:
        words, column = self._place(point.table, point.address, point.words)
        exponent: Float64Array | float = 0.0
        if point.scale_register is not None:
            scales, at = self._place(point.table, point.scale_register, 1)
            exponent = self._fit_scale(point, scales, at, rated_kw)
        return Slot(point, words, column, exponent)

    @staticmethod
    def _fit_scale(point: ProfilePoint, scales: Words, at: int, rated_kw: Float64Array) -> Float64Array:
        """Scale factors as fixed by the profile, larger for devices whose power would not fit 16 bits."""
        fixed = scales[:, at].astype(np.int16).astype(np.float64)
        if point.words > 1 or not point.quantity.endswith(("_kw", "_kvar", "_a")):
            return fixed
        largest = rated_kw * (1000.0 / 3.0 / LEAST_V if point.quantity.endswith("_a") else 1.0)
        needed = np.ceil(np.log10(np.maximum(largest, 1e-3) * HEADROOM / (point.scale * 32_000.0)))
        fitted = np.maximum(fixed, needed)
        scales[:, at] = fitted.astype(np.int16).view(np.uint16)
        return fitted

    def _place(self, table: Table, address: int, count: int) -> tuple[Words, int]:
        for span, words in self.spans:
            if span.table is table and span.address <= address and address + count <= span.end:
                return words, address - span.address
        raise ValueError(f"{self.profile.name}: {table.value} {address} lies outside its own layout")


def _answered_alone(profile: Profile) -> dict[tuple[Table, int, int], bytes]:
    """What a request for exactly these registers gets: the words of `[[fixed]]` that say so, and for a point that may
    not be asked for alone the code that stands for some other thing.
    """
    words = {(p.table, p.address, p.words): [OTHER_THING] * p.words for p in profile.points if not p.alone}
    words |= {(f.table, f.address, len(f.words)): list(f.words) for f in profile.fixed if f.alone}
    return {place: struct.pack(f">{len(found)}H", *found) for place, found in words.items()}


def _meet(point: ProfilePoint, alike: ProfilePoint, address: int) -> bool:
    return point.table is alike.table and point.address < address + alike.words and address < point.end


def _is_within(point: ProfilePoint, value: float) -> bool:
    return (point.low is None or value >= point.low) and (point.high is None or value <= point.high)
