"""writes.csv: what may be written at this site beyond or below what the plan and the pages need, and when.

Rows decide in their order, the first that names a point; below them stand the rules every site begins with.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Sequence

from energy_console.site.faults import nearest
from energy_console.site.model import Condition, WriteRule
from energy_console.site.points import DevicePoints, why_nobody_reads
from energy_console.site.tables import Row, Table
from hardware.points import Allowed, Point
from hardware.profiles.switching import OPS, OPS_REQUESTS

# kind of profile -> quantities that the plan sets or a page asks for
NEEDED = ((OPS, OPS_REQUESTS), ("cabinet", ("level_command",)), ("charger", ("limit_a", "limit_kw")))
_CONDITION = re.compile(r"\s*(?P<point>\S+)\s+(?P<word>is|in)\s+(?P<wanted>.+?)\s*")
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)")


def write_rules(table: Table, have: DevicePoints, made: Sequence[Point]) -> tuple[WriteRule, ...]:
    """The rules of a site in the order they decide, the usual ones last."""
    known = {point.id: point for point in (*have.points, *made)}
    found: list[WriteRule] = []
    decided: set[str] = set()
    for row in table:
        rule = _rule(row, have, known)
        if rule.points and rule.points <= decided:
            row.fault(f"rule {row.id} decides nothing: earlier rows name all its points", "move it up or remove it")
        decided |= rule.points
        found.append(rule)
    return (*found, *_usual(have))


def _usual(have: DevicePoints) -> tuple[WriteRule, ...]:
    rules = []
    for kind, quantities in NEEDED:
        points = (p for p in have.points if p.writable and p.quantity in quantities)
        named = frozenset(p.id for p in points if have.kind_of.get(p.device) == kind)
        rules.append(WriteRule(f"usual for {kind}", True, named))
    return tuple(rules)


def _rule(row: Row, have: DevicePoints, known: dict[str, Point]) -> WriteRule:
    named = _named(row, have)
    low, high = row.optional_number("low"), row.optional_number("high")
    _check_range(row, [known[point] for point in sorted(named)], low, high)
    return WriteRule(
        id=row.id,
        may=row.flag("may"),
        points=named,
        low=-math.inf if low is None else low,
        high=math.inf if high is None else high,
        conditions=_conditions(row, named, have, known),
        why=row.text("why", ""),
    )


def _named(row: Row, have: DevicePoints) -> frozenset[str]:
    """Writable points of the devices and quantities that the row names by patterns, or `area:pattern`."""
    area, colon, pattern = row.text("device", "*").rpartition(":")
    quantity = row.text("quantity", "*")
    devices = {
        device.id
        for device in have.devices.values()
        if fnmatch.fnmatchcase(device.id, pattern) and (not colon or device.area == area)
    }
    fitting = [p for p in have.points if p.device in devices and fnmatch.fnmatchcase(p.quantity, quantity)]
    writable = frozenset(point.id for point in fitting if point.writable)
    if not devices:
        near = nearest(pattern, have.devices)
        row.fault(f"rule {row.id} names no device", f"did you mean {near}?" if near else "mend its pattern")
    elif not writable and all(device in have.of_device for device in devices):
        what = f"rule {row.id} names no point that can be written"
        row.fault(what, _writable_hint(quantity, devices, have))
    return writable


def _writable_hint(quantity: str, devices: set[str], have: DevicePoints) -> str:
    writable = sorted({p.quantity for p in have.points if p.device in devices and p.writable})
    if not writable:
        return "the profiles of these devices take no commands"
    near = nearest(quantity, writable)
    return f"did you mean {near}?" if near else f"use one of {', '.join(writable)}"


def _check_range(row: Row, points: Sequence[Point], low: float | None, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        row.fault(f"low {low:g} is above high {high:g}", "swap them")
        return
    for point in points:
        if (low is not None and point.low is not None and low < point.low) or (
            high is not None and point.high is not None and high > point.high
        ):
            least = "any" if point.low is None else f"{point.low:g}"
            most = "any" if point.high is None else f"{point.high:g}"
            what = f"rule {row.id} allows more than the profile of {point.device}: {least} to {most}"
            row.fault(what, "a site can only narrow a range")
            return


def _conditions(row: Row, named: frozenset[str], have: DevicePoints, known: dict[str, Point]) -> tuple[Condition, ...]:
    """`E01.1/step is supplied; M-GRID/power_kw in 0..5000`."""
    found = []
    for text in filter(None, (part.strip() for part in row.text("when", "").split(";"))):
        condition = _condition(row, text, have, known)
        if condition is not None and condition.point in named:
            row.fault(f"rule {row.id} waits for the point it is about", "name another point in when")
        elif condition is not None:
            found.append(condition)
    return tuple(found)


def _condition(row: Row, text: str, have: DevicePoints, known: dict[str, Point]) -> Condition | None:
    match = _CONDITION.fullmatch(text)
    if match is None:
        row.fault(
            f"when cannot be read at {text!r}", "write POINT is STATE, or POINT in LOW..HIGH, with ; between several"
        )
        return None
    point = known.get(match["point"])
    if point is None:
        if fault := why_nobody_reads(match["point"], have, known):
            row.fault(*fault)
        return None
    if match["word"] == "in":
        limits = _RANGE.fullmatch(match["wanted"])
        if limits is None or float(limits[1]) > float(limits[2]):
            row.fault(f"{match['wanted']} is no range for {point.id}", "write LOW..HIGH, such as 0..5000")
            return None
        return Condition(point.id, Allowed(low=float(limits[1]), high=float(limits[2])))
    return _state(row, point, match["wanted"])


def _state(row: Row, point: Point, wanted: str) -> Condition | None:
    named = {name: float(number) for number, name in point.states}
    if not named:
        row.fault(f"{point.id} has no states", f"write {point.id} in LOW..HIGH")
        return None
    values = []
    for name in (part.strip() for part in wanted.split("|")):
        if name not in named:
            near = nearest(name, named)
            row.fault(
                f"{point.id} has no state {name}", f"did you mean {near}?" if near else f"it has {', '.join(named)}"
            )
            return None
        values.append(named[name])
    return Condition(point.id, Allowed(tuple(values)))
