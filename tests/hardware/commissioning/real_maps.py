"""Registers of every profile with values as a site has them, read a few times; and how often the right way of reading
them is found by somebody who knows the address from a paper and nothing else.

Prints the table of docs/commissioning.md:  python -m tests.hardware.commissioning.real_maps
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from hardware.commissioning.candidates import Candidate, Expectation, Reader, Window
from hardware.profiles import (
    NotEncodable,
    Profile,
    ProfilePoint,
    RegisterType,
    Table,
    encode_value,
    layout_of,
    profile,
    profile_names,
)

SECONDS = (0.0, 2.5, 5.0, 7.5, 10.0)
AROUND = 9  # registers read on either side
# unit -> (lowest, highest, what a person calls it); drawn evenly, or by decades where highest >= 100 x lowest
USUAL = {
    "V": (226.0, 237.0, "voltage"),
    "Hz": (49.97, 50.03, "frequency"),
    "A": (0.8, 160.0, "current"),
    "kW": (0.4, 120.0, "power"),
    "kvar": (0.2, 40.0, "power"),
    "kVA": (0.5, 130.0, "power"),
    "kWh": (800.0, 900_000.0, "energy"),
    "kvarh": (800.0, 200_000.0, "energy"),
    "degC": (4.0, 78.0, "temperature"),
    "m3/h": (0.2, 25.0, "flow"),
    "m3": (300.0, 90_000.0, "volume"),
    "hPa": (995.0, 1030.0, "pressure"),
    "m/s": (0.5, 14.0, "wind"),
    "deg": (5.0, 355.0, "angle"),
    "dB": (35.0, 80.0, "sound"),
    "ppm": (420.0, 1100.0, "gas"),
}
FACTORS = {"power_factor": (0.82, 0.99, "power factor")}
PHASE_TO_PHASE = ("voltage_l1_l2_v", "voltage_l2_l3_v", "voltage_l3_l1_v", "voltage_v")


@dataclass(frozen=True, slots=True)
class Case:
    """One value of one profile, and the registers around it."""

    profile: str
    point: ProfilePoint
    address: int
    value: float
    measure: str
    window: Window


@dataclass(frozen=True, slots=True)
class Found:
    """Where the right way stood (1 is first, 0 is not among the twelve)."""

    case: Case
    rank: int


def usual_of(point: ProfilePoint) -> tuple[float, float, str] | None:
    if point.quantity in FACTORS:
        return FACTORS[point.quantity]
    return USUAL.get(point.unit)


def drawn(point: ProfilePoint, dice: random.Random) -> list[float]:
    """Values at SECONDS: a counter grows, a measured value wavers by a few thousandths."""
    low, high, _ = usual_of(point) or (0.0, 1.0, "")
    value = dice.uniform(low, high) if high < 100 * low else low * (high / low) ** dice.random()
    if point.counter:
        rate = dice.uniform(2.0, 60.0) / 3600.0  # kWh or m3 in a second
        return [value + rate * second for second in SECONDS]
    waver = 0.0001 if point.unit == "Hz" else 0.003
    return [value * (1.0 + dice.gauss(0.0, waver)) for _ in SECONDS]


def registers_of(loaded: Profile, dice: random.Random) -> Iterator[dict[tuple[Table, int], int]]:
    """What the device answers at each of SECONDS: layout, fixed words and values; one dict a reading."""
    drawings = {point.quantity: drawn(point, dice) for point in loaded.points if usual_of(point)}
    for number in range(len(SECONDS)):
        words = {
            (span.table, span.address + at): 0
            for span in layout_of(loaded)
            if not span.table.is_bits
            for at in range(span.count)
        }
        for fixed in loaded.fixed:
            words.update({(fixed.table, fixed.address + at): word for at, word in enumerate(fixed.words)})
        for point in loaded.points:
            if point.quantity not in drawings:
                continue
            exponent = 0
            if point.scale_register is not None:
                raw = words.get((point.table, point.scale_register), 0)
                exponent = struct.unpack(">h", struct.pack(">H", raw))[0]
            try:
                coded = encode_value(point, drawings[point.quantity][number], exponent)
            except NotEncodable:
                continue
            words.update({(point.table, point.address + at): word for at, word in enumerate(coded)})
        yield words


def cases(names: Iterable[str], most: int = 8, seed: int = 20261122) -> Iterator[Case]:
    """Up to `most` numbers of each profile, told apart from states, bits and texts."""
    for name in names:
        dice = random.Random(f"{seed} {name}")
        loaded = profile(name)
        readings = list(registers_of(loaded, dice))
        numbers = [
            point
            for point in loaded.points
            if usual_of(point)
            and point.bit is None
            and not point.table.is_bits
            and point.type is not RegisterType.STRING
        ]
        dice.shuffle(numbers)
        for point in numbers[:most]:
            address = point.address
            known = [(point.table, address + at) in readings[0] for at in range(-AROUND, point.words + AROUND)]
            words = [
                [reading.get((point.table, address + at), 0) for at in range(-AROUND, point.words + AROUND)]
                for reading in readings
            ]
            window = Window(address - AROUND, np.array(words, np.uint16), np.array(known), SECONDS)
            yield Case(name, point, address, decoded(point, window), usual_of(point)[2], window)


def decoded(point: ProfilePoint, window: Window) -> float:
    """The number the registers hold at the last reading, before scale and offset."""
    words = [int(word) for word in window.words[-1, AROUND : AROUND + point.words]]
    ordered = words[::-1] if point.low_word_first else words
    data = struct.pack(f">{point.words}H", *ordered)
    if point.type.kind == "f":
        return float(struct.unpack(">f" if point.words == 2 else ">d", data)[0])
    return float(int.from_bytes(data, "big", signed=point.type.kind == "i"))


def is_right(case: Case, found: Candidate) -> bool:
    """The same registers in the same order give the same number. Scale and unit are not judged here."""
    same_place = found.address == case.address and found.words == case.point.words
    same_sort = found.type.startswith("float") == (case.point.type.kind == "f")
    order = found.low_word_first == case.point.low_word_first or case.point.words == 1
    return same_place and same_sort and order and found.raw == case.value


def ranked(case: Case, *, told: bool) -> Found:
    reader = Reader(case.window, Expectation(case.measure) if told else None)
    ways = reader.candidates(case.address)
    return Found(case, next((rank for rank, way in enumerate(ways, 1) if is_right(case, way)), 0))


def shares(found: Iterable[Found]) -> tuple[int, float, float]:
    """Cases, and the share in which the right way stood first, and among the first three."""
    ranks = [one.rank for one in found]
    first, three = sum(rank == 1 for rank in ranks), sum(1 <= rank <= 3 for rank in ranks)
    return len(ranks), first / max(1, len(ranks)), three / max(1, len(ranks))


def main() -> None:
    total: dict[bool, list[Found]] = {False: [], True: []}
    print("| profile | values | first | first three | told what it is: first | first three |")
    print("|---|---|---|---|---|---|")
    for name in profile_names():
        of_profile = {told: [ranked(case, told=told) for case in cases([name])] for told in (False, True)}
        for told, found in of_profile.items():
            total[told] += found
        print(_line(f"`{name}`", of_profile))
    print(_line("**all**", total))


def _line(name: str, found: dict[bool, list[Found]]) -> str:
    count = len(found[False])
    cells = [f"{100 * share:.0f} %" for told in (False, True) for share in shares(found[told])[1:]]
    return f"| {name} | {count} | {' | '.join(cells if count else ['–'] * 4)} |"


if __name__ == "__main__":
    main()
