"""How the store keeps a point: what may be left out of it (points.csv), and what it was called before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from energy_console.site.tables import Row, Table
from energy_console.site.units import is_known_unit, unit_named
from hardware.points import Point

LONGEST_S = 600.0
MOST_S = 900.0
"""A value stands for twenty minutes at most where nothing follows: what is left out must not become a gap."""

_BAND = re.compile(r"([\d.eE+-]+)\s*(\S*)")


@dataclass(frozen=True, slots=True)
class KeepRule:
    """Readings left out of the store: none of them further than `band` from what the store draws.

    `is_corridor`: it draws a line between kept readings, else the kept value on until the next.
    """

    band: float  # in the point's unit
    is_corridor: bool
    longest_s: float = LONGEST_S  # between two kept readings, where more were read

    def __post_init__(self) -> None:
        if not self.band >= 0 or not 0 < self.longest_s <= MOST_S:
            raise ValueError(f"a band of {self.band} for at most {self.longest_s} s keeps no shape")


def keep_rules(table: Table, points: Sequence[Point]) -> dict[str, KeepRule]:
    """The rules of points.csv by point; what makes no sense is noted there."""
    known = {point.id: point for point in points}
    found: dict[str, KeepRule] = {}
    for row in table:
        texts = {name: row.text(name, "") for name in ("store_deadband", "store_corridor")}
        said = {name: text for name, text in texts.items() if text}
        longest_s = row.optional_number("store_longest_s", low=1.0, high=MOST_S)
        if len(said) > 1:
            row.fault(f"{row.id} has a store_deadband and a store_corridor", "leave one of them empty")
        elif not said and longest_s is not None:
            row.fault(f"{row.id} has store_longest_s and leaves nothing out", "give it a store_deadband, or empty it")
        elif said and row.id in known:
            (name, text), *_ = said.items()
            band = _band(row, name, text, known[row.id])
            if band is not None:
                chosen_s = longest_s if longest_s and 1.0 <= longest_s <= MOST_S else LONGEST_S  # else noted already
                found[row.id] = KeepRule(band, name == "store_corridor", chosen_s)
    return found


def _band(row: Row, column: str, text: str, point: Point) -> float | None:
    """`0.5`, or `500 W` in another size of the point's unit; None, and a fault noted, where it is neither."""
    match = _BAND.fullmatch(text)
    try:
        number, unit = (float(match[1]), match[2]) if match else (-1.0, "")
    except ValueError:
        number, unit = -1.0, ""
    if not 0 < number < float("inf"):
        row.fault(f"{column} {text} is no width above zero", f"write a number in {point.unit or '1'}, such as 0.5")
        return None
    if point.states or point.bits or not point.unit:
        row.fault(f"{row.id} has no unit to be near in", f"leave {column} empty: such points are kept whole")
        return None
    if unit in ("", point.unit):
        return number
    given, own = unit_named(unit), unit_named("K" if point.unit == "degC" else point.unit)
    if not is_known_unit(unit) or given.powers != own.powers:
        row.fault(f"{column} {text} is no width in {point.unit}", f"write it in {point.unit}")
        return None
    return number * given.factor / own.factor


def with_former_names(points: Sequence[Point], rows: Table, devices: Table) -> tuple[Point, ...]:
    """The points, each with what it was called before: by its own row, and by its device's."""
    known = {point.id for point in points}
    of_point = _former(rows, known, "point")
    of_device = _former(devices, {point.device for point in points}, "device")
    if not of_point and not of_device:
        return tuple(points)
    return tuple(_named(point, of_point, of_device) for point in points)


def _named(point: Point, of_point: Mapping[str, str], of_device: Mapping[str, str]) -> Point:
    was = [of_point[point.id]] if point.id in of_point else []
    if point.device in of_device:
        was.append(f"{of_device[point.device]}/{point.quantity}")
    return replace(point, was=tuple(was)) if was else point


def _former(table: Table, known: set[str], what: str) -> dict[str, str]:
    """`was` by id; one that is still there, or that two claim, is a fault."""
    found: dict[str, str] = {}
    for row in table:
        was = row.text("was", "")
        if not was:
            continue
        if was in known:
            row.fault(f"{row.id} was {was}, and {was} is still there", f"name a {what} that this site has no longer")
        elif was in found.values():
            row.fault(f"{was} is claimed by two {what}s", "its history can belong to one of them only")
        else:
            found[row.id] = was
    return found
