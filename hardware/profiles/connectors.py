"""Device types that repeat: several connectors behind one unit, each with the same registers some way further up.

The profile is written for the first; `NAME:3` is the profile of the third, its registers moved up by twice the stride.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hardware.profiles.faults import FaultList
from hardware.profiles.model import Connectors, Profile, ProfilePoint, Span
from hardware.profiles.section import Section


def connectors_of(document: Mapping[str, Any], faults: FaultList) -> Connectors | None:
    """`[connectors]` with `stride` and `most`."""
    if "connectors" not in document:
        return None
    section = Section("connectors", document["connectors"], faults)
    found = Connectors(
        section.integer("stride", required=True, low=1, high=65535),
        section.integer("most", required=True, low=1, high=65535),
    )
    section.refuse_unknown()
    return found


def check_connectors(profile: Profile, faults: FaultList) -> None:
    repeats = profile.connectors
    if repeats is None:
        return
    ends = [max(point.end, point.written.end) for point in profile.points]
    starts = [min(point.address, point.written.address) for point in profile.points]
    if ends and max(ends) + (repeats.most - 1) * repeats.stride > 65536:
        text = f"The last of {repeats.most} connectors would end behind register 65535; mend stride or most."
        faults.add("connectors", "most", text)
    if ends and max(ends) - min(starts) > repeats.stride:
        text = f"One connector spans {max(ends) - min(starts)} registers, more than {repeats.stride}; mend stride."
        faults.add("connectors", "stride", text)


def split_name(name: str) -> tuple[str, int]:
    """`phoenix_charx:2` -> phoenix_charx, 2. The number is 1 where none is given, 0 where it is none."""
    base, colon, number = name.partition(":")
    if not colon:
        return base, 1
    return base, int(number) if number.isascii() and number.isdigit() and not number.startswith("0") else 0


def has_connector(profile: Profile, nth: int) -> bool:
    return nth == 1 or (profile.connectors is not None and 1 <= nth <= profile.connectors.most)


def connector(profile: Profile, nth: int) -> Profile:
    """The profile of the nth connector, called NAME:nth; the first is the profile itself."""
    if nth == 1 or profile.connectors is None:
        return profile
    up = (nth - 1) * profile.connectors.stride
    read = replace(profile.read, blocks=tuple(_moved(block, up) for block in profile.read.blocks))
    return replace(
        profile,
        name=f"{profile.name}:{nth}",
        title=f"{profile.title}, number {nth}",
        points=tuple(_moved_point(point, up) for point in profile.points),
        read=read,
        fixed=tuple(replace(fixed, address=fixed.address + up) for fixed in profile.fixed),
    )


def can_share_a_unit(first: Profile, second: Profile) -> bool:
    """Whether devices of these types may answer at one unit: no register belongs to both."""
    mine, others = _registers(first), _registers(second)
    return not any(
        one.table is other.table and one.address < other.end and other.address < one.end
        for one in mine
        for other in others
    )


def _registers(profile: Profile) -> list[Span]:
    points = [part for point in profile.points for part in (point, point.written)]
    return [Span(point.table, point.address, point.words) for point in points]


def _moved(span: Span, up: int) -> Span:
    return replace(span, address=span.address + up)


def _moved_point(point: ProfilePoint, up: int) -> ProfilePoint:
    at = point.write_at
    return replace(
        point,
        address=point.address + up,
        scale_register=None if point.scale_register is None else point.scale_register + up,
        write_at=None if at is None else replace(at, address=at.address + up),
    )
