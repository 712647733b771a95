"""Every profile there is: a virtual device of the type shows a value of its own for each point, and is read back right.

Over real Modbus on loopback, through the connection, the read plan and the decoder that the scanner uses, and once
more through the scanner itself; raw words are also read by a decoder of this file's own. New profiles are taken in by
being there. The rests that devices ask for are left out here: `test_traps.py` and `test_scanner.py` hold them.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace

import numpy as np
import pytest

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.modbus import Connection, Decoder, DeviceLine, Readout, parse_link
from hardware.points import GOOD_STATUS, Reason, ScanBatch, quality_of, reason_of, status_of
from hardware.profiles import Profile, ProfilePoint, RegisterType, profile, profile_names
from hardware.profiles.model import Coding
from hardware.scanner import Scanner
from hardware.virtual.fleet import Fleet
from hardware.virtual.images import Bank, Slot
from hardware.virtual.server import Line, make_lines

PATIENCE_S = 5.0
RATED_KW = 60.0
MOST_RAW = 30_000.0  # of numbers that are told apart by counting up; every register type holds it


class Shown(Fleet):
    """One device that shows the values it was given, and no physics."""

    def __init__(self, loaded: Profile) -> None:
        super().__init__(["D"], 0)
        self.columns = {point.quantity: self.full(0.0) for point in loaded.points}

    def show(self, quantity: str, value: float) -> None:
        self.columns[quantity] = self.full(value)


def unhurried(name: str) -> Profile:
    """The type without its rests."""
    loaded = profile(name)
    return replace(
        loaded,
        read=replace(loaded.read, silence_ms=0.0, every_min_s=0.0),
        points=tuple(replace(point, every_s=0.0) for point in loaded.points),
    )


def bank_of(loaded: Profile) -> Bank:
    return Bank(loaded, Shown(loaded), ["D"], np.array([RATED_KW]))


def own_value(slot: Slot, number: int, count: int) -> float:
    """A value that the point can show exactly, another for each point where its range allows."""
    point = slot.point
    if point.bit is not None or point.type is RegisterType.BIT:
        return float(number % 2)
    if point.texts:
        return float(number % len(point.texts))
    if point.states:
        return float(point.states[number % len(point.states)][0])
    step = abs(point.scale) * 10.0 ** float(np.broadcast_to(slot.exponent, 1)[0])
    low, high = range_of(point, step)
    wanted = low + (high - low) * (number + 1) / (count + 2)
    value = round((wanted - point.offset) / step) * step + point.offset
    if any(raw_of(point, value, step) == sentinel.raw for sentinel in point.sentinels):
        value += step
    return value


def range_of(point: ProfilePoint, step: float) -> tuple[float, float]:
    """Within the point's own limits, and within what sixteen bits count."""
    least = -MOST_RAW if point.type.kind in "if" else 0.0
    most = min(MOST_RAW, 2.0 ** len(point.bits) - 1.0) if point.bits else MOST_RAW
    low = point.offset + least * step if point.low is None else point.low
    high = point.offset + most * step if point.high is None else point.high
    if point.low is not None and point.high is None:
        high = max(high, low + 100.0 * step)
    if point.coding is Coding.FOUR_QUADRANT:
        low, high = -0.99, 0.99
    return low, min(high, point.offset + MOST_RAW * step) if point.words == 1 else high


def raw_of(point: ProfilePoint, value: float, step: float) -> int:
    number = (value - point.offset) / step
    if point.type.kind == "f":
        return int.from_bytes(struct.pack(">f" if point.words == 2 else ">d", number), "big")
    return round(number) % (1 << 16 * point.words)


def show_own_values(bank: Bank) -> list[float]:
    """Gives every point its value; what each point is then expected to read."""
    fleet = bank.fleet
    assert isinstance(fleet, Shown)
    values = []
    for number, slot in enumerate(bank.slots):
        values.append(own_value(slot, number, len(bank.slots)))
        fleet.show(slot.point.quantity, values[-1])
    bank.stale = True
    return values


def field_of(names: list[str]) -> FieldSpec:
    devices = tuple(DeviceSpec(f"D{unit}", "L", unit, name, 0.5) for unit, name in enumerate(names, start=1))
    return FieldSpec((LinkSpec("L", "tcp://127.0.0.1:0"),), devices)


def with_line(banks: list[Bank], field: FieldSpec, conversation: Callable[[Line], Awaitable[None]]) -> None:
    async def main() -> None:
        (line,) = make_lines(field, banks)
        await line.open()
        try:
            await conversation(line)
        finally:
            line.close()

    asyncio.run(main())


def reading(bank: Bank, conversation: Callable[[Callable[[], Awaitable[Readout]]], Awaitable[None]]) -> None:
    """Serves the bank as unit 1 and hands over a way to read all of it."""

    async def talk(line: Line) -> None:
        connection = Connection(parse_link(line.url), PATIENCE_S)
        device = DeviceLine(connection, Decoder(bank.profile), 1)
        try:
            await conversation(device.read_all)
        finally:
            connection.close()

    with_line([bank], FieldSpec((LinkSpec("L", "tcp://127.0.0.1:0"),), (DeviceSpec("D", "L", 1, "any"),)), talk)


def own_decoding(point: ProfilePoint, words: tuple[int, ...]) -> float:
    """What the words say, by this file alone, before scale."""
    ordered = words[::-1] if point.low_word_first else words
    data = struct.pack(f">{len(ordered)}H", *ordered)
    if point.type.kind == "f":
        return float(struct.unpack(">f" if len(ordered) == 2 else ">d", data)[0])
    number = int.from_bytes(data, "big", signed=point.type.kind == "i")
    if point.mask:
        return float((number & point.mask) // (point.mask & -point.mask))
    return float(number)


@pytest.mark.parametrize("name", profile_names())
def test_every_value_is_read_back_as_it_was_shown(name: str) -> None:
    bank = bank_of(unhurried(name))
    wanted = show_own_values(bank)

    async def look(read_all: Callable[[], Awaitable[Readout]]) -> None:
        readout = await read_all()
        assert [answer.error for answer in readout.answers if answer.error] == []
        for slot, value, got, status in zip(bank.slots, wanted, readout.value, readout.status, strict=True):
            what = f"{slot.point.quantity}: {got} for {value}"
            assert got == pytest.approx(value, rel=1e-6, abs=1e-9), what
            assert status == GOOD_STATUS, f"{what}: {reason_of(int(status)).name}"

    reading(bank, look)


@pytest.mark.parametrize("name", profile_names())
def test_the_words_on_the_wire_are_what_the_profile_says_they_are(name: str) -> None:
    bank = bank_of(unhurried(name))
    wanted = show_own_values(bank)

    async def look(read_all: Callable[[], Awaitable[Readout]]) -> None:
        start = (await read_all()).answers
        for slot, value in zip(bank.slots, wanted, strict=True):
            point = slot.point
            if point.bit is not None or point.texts or point.type is RegisterType.BIT:
                continue
            words = next(
                answer.words[point.address - answer.span.address :][: point.words]
                for answer in start
                if answer.span.table is point.table
                and answer.span.address <= point.address
                and point.end <= answer.span.end
            )
            exponent = float(np.broadcast_to(slot.exponent, 1)[0])
            shown = own_decoding(point, words) * point.scale * 10.0**exponent + point.offset
            assert shown == pytest.approx(value, rel=1e-6, abs=1e-9), point.quantity

    if not bank.profile.sunspec:  # its addresses count from wherever the model stands
        reading(bank, look)


@pytest.mark.parametrize("name", profile_names())
def test_every_face_of_no_value_is_told_with_what_it_means(name: str) -> None:
    bank = bank_of(unhurried(name))
    show_own_values(bank)
    most = max((len(slot.point.sentinels) for slot in bank.slots), default=0)

    async def look(read_all: Callable[[], Awaitable[Readout]]) -> None:
        for nth in range(most):
            bank.stale = True
            bank.refresh()
            told = [_put_face(slot, nth) for slot in bank.slots]
            readout = await read_all()
            for slot, wanted, value, status in zip(bank.slots, told, readout.value, readout.status, strict=True):
                if wanted is not None:
                    assert status == wanted, slot.point.quantity
                    assert math.isnan(value), slot.point.quantity

    reading(bank, look)


def _put_face(slot: Slot, nth: int) -> int | None:
    """Writes the nth face of "no value" into the point's registers; the status it must be read with."""
    point = slot.point
    if nth >= len(point.sentinels) or point.bit is not None:
        return None
    sentinel = point.sentinels[nth]
    words = struct.unpack(f">{point.words}H", sentinel.raw.to_bytes(2 * point.words, "big"))
    slot.words[0, slot.column : slot.column + point.words] = words[::-1] if point.low_word_first else words
    return status_of(Reason.NO_VALUE, sentinel.means)


def test_all_types_together_are_read_right_by_the_scanner() -> None:
    names = list(profile_names())
    loaded = {name: unhurried(name) for name in names}
    field = field_of(names)
    banks = []
    wanted: dict[str, float] = {}
    for device in field.devices:
        bank = bank_of(loaded[device.profile])
        for slot, value in zip(bank.slots, show_own_values(bank), strict=True):
            wanted[f"{device.id}/{slot.point.quantity}"] = value
        bank.devices = (device.id,)
        banks.append(bank)
    got: dict[str, tuple[float, int]] = {}

    async def talk(line: Line) -> None:
        served = replace(field, links=(LinkSpec("L", line.url, timeout_s=PATIENCE_S),))

        def take(batch: ScanBatch) -> None:
            for row, value, status in zip(batch.index, batch.value, batch.status, strict=True):
                got[scanner.points[row].id] = (float(value), int(status))
            if len(got) == len(scanner.points):
                scanner.stop()

        scanner = Scanner(served, take, tick_s=0.1, profiles=lambda name: loaded[name])
        await asyncio.wait_for(scanner.run(), 60.0)

    with_line(banks, field, talk)
    assert set(got) == set(wanted)
    wrong = {
        point: (value, wanted[point])
        for point, (value, status) in got.items()
        if quality_of(status).name != "GOOD" or value != pytest.approx(wanted[point], rel=1e-6, abs=1e-9)
    }
    assert wrong == {}
