"""What a profile says about a point that is written otherwise than it is read: other registers, a gap in its range."""

from __future__ import annotations

from hardware.profiles.faults import FaultList
from hardware.profiles.model import ProfilePoint, RegisterType, Table, WriteAt
from hardware.profiles.section import Section

_NUMBERS = [kind.value for kind in RegisterType if kind not in (RegisterType.STRING, RegisterType.BIT)]


def write_at_of(section: Section) -> WriteAt | None:
    """`write_at = { address = 5004, type = "uint16", scale = 0.001 }`."""
    values = section.mapping("write_at")
    if not values:
        return None
    address, kind, scale = values.get("address"), values.get("type"), values.get("scale", 1.0)
    unknown = sorted(set(values) - {"address", "type", "scale"})
    if type(address) is not int or not 0 <= address <= 65535:
        section.fault("write_at", "The address is missing; write one, 0..65535.")
    elif kind not in _NUMBERS:
        section.fault("write_at", f"It needs a type, one of {', '.join(_NUMBERS)}.")
    elif isinstance(scale, bool) or not isinstance(scale, int | float) or scale == 0:
        section.fault("write_at", "Its scale has to be a number other than 0.")
    elif unknown:
        section.fault("write_at", f"'{unknown[0]}' is not known; known are address, scale, type.")
    else:
        return WriteAt(address, RegisterType(kind), float(scale))
    return None


def never_between_of(section: Section) -> tuple[float, float] | None:
    """`never_between = [0, 6]`."""
    pair = section.values.get("never_between")
    section.asked.add("never_between")
    if pair is None:
        return None
    numbers = [float(n) for n in pair if type(n) in (int, float)] if isinstance(pair, list) else []
    if not isinstance(pair, list) or len(pair) != 2 or len(numbers) != 2 or numbers[0] >= numbers[1]:
        section.fault("never_between", "This is no gap; write two numbers, the lower first, for example [0, 6].")
        return None
    return numbers[0], numbers[1]


def check_written(point: ProfilePoint, faults: FaultList) -> None:
    table = f"point.{point.quantity}"
    for key, is_there in (("write_at", point.write_at), ("never_between", point.never_between)):
        if is_there and not point.writable:
            faults.add(table, key, "This is for a point that can be written; add writable = true or remove it.")
    if point.write_at and (point.table is not Table.HOLDING or point.scale_register is not None):
        faults.add(table, "write_at", "Only a holding register without a scale register can be written elsewhere.")
    if point.write_at and point.written.end > 65536:
        faults.add(table, "write_at", "The value ends behind register 65535.")
    if point.mask is not None and (point.words != 1 or point.type.kind != "u" or point.bit is not None):
        faults.add(
            table, "mask", "A mask takes its bits out of one unsigned register; mend the type, or drop mask or bit."
        )
    if point.mask is not None and point.writable:
        faults.add(table, "mask", "A part of a word cannot be written without the rest; write the word.")
