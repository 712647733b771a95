"""What has to hold inside a profile beyond the type of each key."""

from __future__ import annotations

from hardware.profiles.faults import FaultList
from hardware.profiles.model import MOST_LONELY, Profile, ProfilePoint, RegisterType, Table
from hardware.profiles.span_rules import check_blocks, check_fixed, check_forbidden, check_overlaps
from hardware.profiles.write_rules import check_keys, check_watchdogs, check_writing, why_not_encodable
from hardware.profiles.written_reader import check_written


def check_profile(profile: Profile, faults: FaultList) -> None:
    """Reports everything that contradicts itself. The profile may lack points that could not be read at all."""
    for point in profile.points:
        _check_point(point, profile, faults)
        _check_range(point, faults)
        check_written(point, faults)
        _check_scale_register(point, profile, faults)
    check_overlaps(profile, faults)
    check_blocks(profile, faults)
    check_forbidden(profile, faults)
    check_fixed(profile, faults)
    check_watchdogs(profile, faults)
    check_keys(profile, faults)
    for point in profile.points:
        check_writing(point, profile, faults)


def _check_point(point: ProfilePoint, profile: Profile, faults: FaultList) -> None:
    table = f"point.{point.quantity}"
    longest = profile.read.longest_in(point.table)
    if point.end > 65536:
        faults.add(table, "address", "The value ends behind register 65535; mend the address.")
    if point.words > longest:
        faults.add(table, "type", f"It takes {point.words} registers; raise [read] longest, which is {longest}.")
    if not point.alone and point.words > MOST_LONELY:
        faults.add(table, "alone", f"Only up to {MOST_LONELY} registers get a neighbour; read it in a block.")
    if point.writable and point.table in (Table.INPUT, Table.DISCRETE):
        faults.add(
            table,
            "writable",
            f"The {point.table.value} table cannot be written; remove writable, or name the table that can.",
        )
    if point.writable and point.bit is not None:
        faults.add(table, "writable", "One bit of a word cannot be written without its neighbours; write the word.")
    if point.writable and point.counter:
        faults.add(table, "writable", "A counter only grows by itself; one that may be written is none: drop a key.")
    if (point.type is RegisterType.STRING) != bool(point.texts):
        faults.add(
            table, "texts", "A string needs texts, the list that gives each text its number; nothing else has it."
        )
    if point.table.is_bits != (point.type is RegisterType.BIT):
        faults.add(table, "type", "Only coils and discrete inputs have type bit, and no other; mend type or table.")
    if any(alike.address == point.address for alike in point.look_alikes):
        faults.add(table, "look_alikes", f"{point.address} is the point itself; name only registers that are not it.")
    if point.bit is not None and (point.scale, point.offset) != (1.0, 0.0):
        faults.add(table, "bit", "One bit is 0 or 1; scale and offset have no meaning with it.")


def _check_range(point: ProfilePoint, faults: FaultList) -> None:
    table = f"point.{point.quantity}"
    if point.scale == 0.0:
        faults.add(table, "scale", "A scale of 0 makes every value 0; give another.")
        return
    if point.low is not None and point.high is not None and point.low >= point.high:
        faults.add(table, "low", f"low {point.low:g} is not below high {point.high:g}; mend one.")
        return
    if len({sentinel.raw for sentinel in point.sentinels}) < len(point.sentinels):
        faults.add(table, "no_value", "One bit pattern stands here twice; it can have only one meaning.")
    if not point.writable or point.scale_register is not None:
        return
    for key, limit in (("low", point.low), ("high", point.high)):
        if limit is not None and (why := why_not_encodable(point, limit)):
            faults.add(table, key, f"The point may be written up to this, and it cannot be; mend the limit: {why}")


def _check_scale_register(point: ProfilePoint, profile: Profile, faults: FaultList) -> None:
    """A scale factor is a plain signed word: not part of a value, and not scaled by anything in its turn."""
    register, table = point.scale_register, f"point.{point.quantity}"
    if register is None:
        return
    if point.address <= register < point.end:
        faults.add(table, "scale_register", f"Register {register} is the value itself; it cannot scale itself.")
        return
    for other in profile.points:
        if other.table is not point.table or not other.address <= register < other.end:
            continue
        if other.scale_register is not None:
            text = (
                f"Register {register} is '{other.quantity}', which another register scales; an exponent stands alone."
            )
            faults.add(table, "scale_register", text)
        elif other.words > 1 or (other.scale, other.offset) != (1.0, 0.0) or other.type.kind == "f":
            text = f"Register {register} belongs to '{other.quantity}', which is no plain exponent of ten; mend one."
            faults.add(table, "scale_register", text)
