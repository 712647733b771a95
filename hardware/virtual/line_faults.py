"""What a bad line, gateway or device does to answers: each kind of fault with its own chance, drawn from a seed.

delay       comes late, perhaps after nobody waits any more
drop        never comes
cut         only its first bytes come
hang_up     only its first bytes come, then the connection ends
split       comes in pieces
join        comes together with the next answer, in one piece
duplicate   comes twice, the second time at once or a little later
reorder     comes after the next answer
other_function, other_unit, other_transaction, other_count    answers something else than was asked
garbage     bytes without a meaning come instead
flip        bits are turned over on the wire (RTU alone: over TCP and UDP the network's checksums see to that)
exception   a gateway answers that the device does not
carry_over  comes out of the next connection (a serial gateway that still had it)
half_open   from here on the connection takes everything and says nothing
mute        a connection is taken and never answers at all
"""

from __future__ import annotations

import enum
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from hardware.virtual.framing import MBAP_HEAD, crc


class LineFault(enum.StrEnum):
    DELAY = "delay"
    DROP = "drop"
    CUT = "cut"
    HANG_UP = "hang_up"
    SPLIT = "split"
    JOIN = "join"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    OTHER_FUNCTION = "other_function"
    OTHER_UNIT = "other_unit"
    OTHER_TRANSACTION = "other_transaction"
    OTHER_COUNT = "other_count"
    GARBAGE = "garbage"
    FLIP = "flip"
    EXCEPTION = "exception"
    CARRY_OVER = "carry_over"
    HALF_OPEN = "half_open"
    MUTE = "mute"


OF_A_CONNECTION = (LineFault.MUTE,)
ONLY_RTU = (LineFault.FLIP,)
ONLY_MBAP = (LineFault.OTHER_TRANSACTION,)
NOT_UDP = (LineFault.HANG_UP, LineFault.CARRY_OVER)
_EXCEPTIONS = (4, 6, 10, 11)


class BadOdds(ValueError):
    """Chances that cannot be played; the text says why."""


@dataclass(frozen=True, slots=True)
class Odds:
    """Chance of each fault per answer (of `mute`: per connection); together at most 1.

    `latest_s`: how late a late answer comes at most.
    """

    chance: Mapping[LineFault, float]
    latest_s: float = 2.0

    def __post_init__(self) -> None:
        if any(not 0.0 <= chance <= 1.0 for chance in self.chance.values()):
            raise BadOdds("The chance of a fault is a number from 0 to 1.")
        if sum(chance for fault, chance in self.chance.items() if fault not in OF_A_CONNECTION) > 1.0:
            raise BadOdds("The chances of all faults of an answer together are more than 1.")


def parse_odds(texts: list[str], latest_s: float = 2.0) -> Odds:
    """Odds of `drop=0.01` and the like. Raises BadOdds."""
    chance: dict[LineFault, float] = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            chance[LineFault(name)] = float(number)
        except ValueError:
            known = ", ".join(LineFault)
            raise BadOdds(f"'{text}' is not FAULT=CHANCE, for example drop=0.01; faults are {known}.") from None
    return Odds(chance, latest_s)


@dataclass(slots=True)
class Dice:
    """Draws faults, and counts those drawn."""

    odds: Odds
    rtu: bool
    udp: bool
    seed: int = 0
    random: random.Random = field(init=False)
    drawn: dict[LineFault, int] = field(default_factory=dict)
    _of_answers: list[tuple[LineFault, float]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        left_out = OF_A_CONNECTION + (ONLY_MBAP if self.rtu else ONLY_RTU) + (NOT_UDP if self.udp else ())
        self._of_answers = [(f, chance) for f, chance in self.odds.chance.items() if f not in left_out]

    def of_answer(self) -> LineFault | None:
        ball = self.random.random()
        for fault, chance in self._of_answers:
            ball -= chance
            if ball < 0.0:
                return self._count(fault)
        return None

    def is_mute(self) -> bool:
        return self.random.random() < self.odds.chance.get(LineFault.MUTE, 0.0) and bool(self._count(LineFault.MUTE))

    def late_s(self) -> float:
        return self.random.uniform(0.05, 1.0) * self.odds.latest_s

    def _count(self, fault: LineFault) -> LineFault:
        self.drawn[fault] = self.drawn.get(fault, 0) + 1
        return fault


def spoiled(frame: bytes, fault: LineFault, dice: Dice) -> bytes:
    """An answer whose content the fault has changed; as a device would send it, with a right length and checksum."""
    if fault is LineFault.GARBAGE:
        return dice.random.randbytes(dice.random.randint(1, 40))
    if fault is LineFault.FLIP:
        return _flipped(frame, dice.random)
    at = 0 if dice.rtu else MBAP_HEAD - 1
    unit, body = frame[at], bytearray(frame[at + 1 : -2] if dice.rtu else frame[at + 1 :])
    transaction = frame[:2]
    match fault:
        case LineFault.OTHER_UNIT:
            unit = (unit + dice.random.randint(0, 245)) % 247 + 1
        case LineFault.OTHER_FUNCTION:
            body[0] = (body[0] & 0x7F) % 4 + 1
        case LineFault.EXCEPTION:
            body = bytearray([body[0] | 0x80, dice.random.choice(_EXCEPTIONS)])
        case LineFault.OTHER_COUNT:
            body = _recounted(body, dice.random)
        case LineFault.OTHER_TRANSACTION:
            number = int.from_bytes(transaction, "big") + dice.random.choice((-1, 1, dice.random.randint(2, 65000)))
            transaction = (number & 0xFFFF).to_bytes(2, "big")
    if dice.rtu:
        whole = bytes([unit]) + bytes(body)
        return whole + crc(whole)
    return transaction + b"\0\0" + (len(body) + 1).to_bytes(2, "big") + bytes([unit]) + bytes(body)


def _recounted(body: bytearray, chance: random.Random) -> bytearray:
    """A read answered with another number of registers, or one that holds other bytes than it counts."""
    held = len(body) - 2
    other = chance.choice([size for size in (0, held - 4, held - 2, held + 2, held + 4) if 0 <= size <= 250])
    values = (bytes(body[2:]) + bytes(body[-2:]) * 2)[:other]
    counted = other if chance.random() < 0.5 else held
    return bytearray([body[0], counted]) + values


def _flipped(frame: bytes, chance: random.Random) -> bytes:
    """A burst of at most 16 bits, as sent (lowest bit first): a CRC-16 finds every one, but not every longer one."""
    width = chance.randint(1, min(16, 8 * len(frame)))
    burst = 1 | (chance.getrandbits(width) if width > 1 else 0) | 1 << width - 1
    shift = chance.randint(0, 8 * len(frame) - width)
    number = int.from_bytes(frame, "little") ^ (burst << shift)
    return number.to_bytes(len(frame), "little")
