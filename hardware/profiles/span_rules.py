"""What has to hold between the registers that a profile names: values, blocks, fixed words, forbidden ones."""

from __future__ import annotations

import itertools

from hardware.profiles.faults import FaultList
from hardware.profiles.model import FixedWords, Forbidden, Profile, ProfilePoint, Table


def check_overlaps(profile: Profile, faults: FaultList) -> None:
    """Two values may share an address only where both take single bits of the same word."""
    for table in Table:
        ordered = sorted((p for p in profile.points if p.table is table), key=lambda point: (point.address, point.end))
        widest: ProfilePoint | None = None
        for point in ordered:
            if widest is not None and point.address < widest.end and not _share_a_word(widest, point):
                text = f"It overlaps '{widest.quantity}' in {table.value} {widest.address}..{widest.end - 1}; mend one."
                faults.add(f"point.{point.quantity}", "address", text)
            if widest is None or point.end > widest.end:
                widest = point


def _share_a_word(first: ProfilePoint, second: ProfilePoint) -> bool:
    same_word = first.address == second.address and first.words == second.words
    return same_word and first.bit is not None and second.bit is not None and first.bit != second.bit


def check_blocks(profile: Profile, faults: FaultList) -> None:
    for nth, block in enumerate(profile.read.blocks):
        longest = profile.read.longest_in(block.table)
        if block.count > longest:
            text = f"{block.count} registers are more than [read] longest ({longest}); split the block."
            faults.add("block", "count", text, nth)
        if block.end > 65536:
            faults.add("block", "count", "The block ends behind register 65535; make it shorter.", nth)
        for other in profile.read.blocks[:nth]:
            if other.table is block.table and other.address < block.end and block.address < other.end:
                text = f"It overlaps the block at {other.address}; each register is read once."
                faults.add("block", "address", text, nth)
        for point in profile.points:
            inside = block.address <= point.address and point.end <= block.end
            touches = point.address < block.end and point.end > block.address
            if point.table is block.table and touches and not inside:
                faults.add(
                    f"point.{point.quantity}",
                    "address",
                    f"It lies across the border of block {block.address}; move the border.",
                )


def check_forbidden(profile: Profile, faults: FaultList) -> None:
    """Nothing that would be read may lie in a span that must never be read."""
    for nth, forbidden in enumerate(profile.read.forbidden):
        if forbidden.span.end > 65536:
            faults.add("forbidden", "count", "The span ends behind register 65535; make it shorter.", nth)
        for number, block in enumerate(profile.read.blocks):
            if _bars(forbidden, block.table, block.address, block.end):
                text = f"The block holds forbidden register {forbidden.span.address} ({forbidden.why}); read around it."
                faults.add("block", "address", text, number)
        for point in profile.points:
            if _bars(forbidden, point.table, point.address, point.end):
                text = f"It lies in the forbidden span from {forbidden.span.address} on ({forbidden.why}); drop one."
                faults.add(f"point.{point.quantity}", "address", text)
            register = point.scale_register
            if register is not None and _bars(forbidden, point.table, register, register + 1):
                text = f"Scale register {register} is forbidden ({forbidden.why}); drop one."
                faults.add(f"point.{point.quantity}", "scale_register", text)


def _bars(forbidden: Forbidden, table: Table, address: int, end: int) -> bool:
    return forbidden.span.table is table and forbidden.span.address < end and address < forbidden.span.end


def check_fixed(profile: Profile, faults: FaultList) -> None:
    """Fixed words lie beside each other and under no value, unless they are answered only when asked for alone."""
    together = [(nth, fixed) for nth, fixed in enumerate(profile.fixed) if not fixed.alone]
    for nth, fixed in enumerate(profile.fixed):
        if fixed.end > 65536:
            faults.add("fixed", "address", "The words end behind register 65535; mend the address.", nth)
    for (_, first), (nth, second) in itertools.combinations(together, 2):
        if _meet(first, second.table, second.address, second.end):
            faults.add("fixed", "address", f"It overlaps the fixed words at {first.address}; mend one.", nth)
    for nth, fixed in together:
        for point in profile.points:
            if _meet(fixed, point.table, point.address, point.end):
                text = f"The words lie under '{point.quantity}', which changes; drop one, or write alone = true."
                faults.add("fixed", "address", text, nth)


def _meet(fixed: FixedWords, table: Table, address: int, end: int) -> bool:
    return fixed.table is table and fixed.address < end and address < fixed.end
