"""What has to hold inside a profile beyond the type of each key."""

from __future__ import annotations

import itertools

from hardware.profiles.faults import FaultList
from hardware.profiles.model import Profile, ProfilePoint, Purpose, RegisterType, Table
from hardware.profiles.switching import why_never


def check_profile(profile: Profile, faults: FaultList) -> None:
    for point in profile.points:
        _check_point(point, profile, faults)
    _check_overlaps(profile, faults)
    _check_blocks(profile, faults)
    _check_watchdogs(profile, faults)
    _check_keys(profile, faults)
    for point in profile.points:
        _check_writing(point, profile, faults)


def _check_point(point: ProfilePoint, profile: Profile, faults: FaultList) -> None:
    table = f"point.{point.quantity}"
    if point.end > 65536:
        faults.add(table, "address", "The value ends behind register 65535.")
    if point.words > profile.read.longest:
        faults.add(table, "type", f"It takes {point.words} registers, but [read] longest is {profile.read.longest}.")
    if point.writable and point.table in (Table.INPUT, Table.DISCRETE):
        faults.add(table, "writable", f"The {point.table.value} table cannot be written.")
    if point.writable and point.bit is not None:
        faults.add(table, "writable", "One bit of a word cannot be written without its neighbours; write the word.")
    if point.low is not None and point.high is not None and point.low >= point.high:
        faults.add(table, "low", f"low {point.low:g} is not below high {point.high:g}.")
    if point.scale == 0.0:
        faults.add(table, "scale", "A scale of 0 makes every value 0.")
    if (point.type is RegisterType.STRING) != bool(point.texts):
        faults.add(
            table, "texts", "A string needs texts, the list that gives each text its number; nothing else has it."
        )
    if point.table.is_bits != (point.type is RegisterType.BIT):
        faults.add(table, "type", "Coils and discrete inputs have type bit, registers have any other type.")


def _check_overlaps(profile: Profile, faults: FaultList) -> None:
    """Two values may share an address only where both take single bits of the same word."""
    ordered = sorted(profile.points, key=lambda point: (point.table, point.address, point.end))
    for first, second in itertools.pairwise(ordered):
        if first.table is not second.table or second.address >= first.end:
            continue
        if first.address == second.address and first.words == second.words and None not in (first.bit, second.bit):
            continue
        text = f"It overlaps '{first.quantity}' in {first.table.value} {first.address}..{first.end - 1}."
        faults.add(f"point.{second.quantity}", "address", text)


def _check_blocks(profile: Profile, faults: FaultList) -> None:
    for nth, block in enumerate(profile.read.blocks):
        if block.count > profile.read.longest:
            text = (
                f"{block.count} registers are more than [read] longest ({profile.read.longest}) allows in one request."
            )
            faults.add("block", "count", text, nth)
        for point in profile.points:
            inside = block.address <= point.address and point.end <= block.end
            touches = point.address < block.end and point.end > block.address
            if point.table is block.table and touches and not inside:
                faults.add(f"point.{point.quantity}", "address", f"It lies across the border of block {block.address}.")


def _check_watchdogs(profile: Profile, faults: FaultList) -> None:
    writable = {point.quantity for point in profile.points if point.writable}
    for nth, watchdog in enumerate(profile.watchdogs):
        for key, quantity in (("command", watchdog.command), ("feed", watchdog.feed)):
            if quantity not in writable:
                faults.add("watchdog", key, f"'{quantity}' is not a writable point of this profile.", nth)
        if watchdog.every_s >= watchdog.timeout_s:
            text = f"Feeding every {watchdog.every_s:g} s is too late for a timeout of {watchdog.timeout_s:g} s."
            faults.add("watchdog", "every_s", text, nth)


def _check_keys(profile: Profile, faults: FaultList) -> None:
    writable = {point.quantity for point in profile.points if point.writable}
    for quantity, _ in profile.write.keys:
        if quantity != "*" and quantity not in writable:
            faults.add("write", "keys", f"'{quantity}' is not a writable point of this profile.")


def _check_writing(point: ProfilePoint, profile: Profile, faults: FaultList) -> None:
    """What a writable point has to declare, and what nobody may declare writable."""
    table = f"point.{point.quantity}"
    if not point.writable:
        told = (("rate_per_s", point.rate_per_s is not None), ("fallback", bool(point.fallback)))
        for key in [key for key, is_there in (*told, ("needs", bool(point.needs))) if is_there]:
            faults.add(table, key, "This is for a point that can be written; add writable = true or remove it.")
        return
    if never := why_never(profile, point):
        faults.add(table, "writable", never)
    if not profile.fallback(point.quantity):
        text = "Say with fallback what holds when nobody commands this point, as a sentence."
        faults.add(table, "writable", text)
    if point.rate_per_s is not None and point.rate_per_s <= 0.0:
        faults.add(table, "rate_per_s", f"A change of at most {point.rate_per_s:g} a second never gets anywhere.")
    if point.rate_per_s is not None and (point.states or point.purpose is Purpose.REQUEST):
        faults.add(table, "rate_per_s", "States and requests have no steps between; remove the rate.")
    if point.fallback_value is not None and not _is_in_range(point, point.fallback_value):
        faults.add(table, "fallback_value", f"{point.fallback_value:g} is outside what may be written here.")


def _is_in_range(point: ProfilePoint, value: float) -> bool:
    if point.states and value not in dict(point.states):
        return False
    return (point.low is None or value >= point.low) and (point.high is None or value <= point.high)
