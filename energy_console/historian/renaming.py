"""Points that were called otherwise before: under which names their readings are kept, and in whose unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from energy_console.historian.columns import Columns
from energy_console.historian.errors import StoreUnits
from energy_console.historian.tiers import Cells
from energy_console.site.units import unit_named
from hardware.points import Point


@dataclass(frozen=True, slots=True)
class Name:
    """Readings kept as `kept_as`, times `factor`, are in the unit that the point has now."""

    kept_as: str
    factor: float


def names_of(point: str, renamed: Mapping[str, tuple[str, float]]) -> tuple[Name, ...]:
    """The point's own name and every older one, the newest first. `renamed`: old -> (name after it, factor)."""
    found = [Name(point, 1.0)]
    for known in found:  # grows while it is walked: a name may have had one before it
        older = [(old, factor) for old, (new, factor) in renamed.items() if new == known.kept_as]
        found += [
            Name(old, factor * known.factor) for old, factor in older if all(old != name.kept_as for name in found)
        ]
    return tuple(found)


def scaled(columns: Columns, factor: float) -> Columns:
    return columns if factor == 1.0 else replace(columns, value=columns.value * factor)


def scaled_cells(cells: Cells, factor: float) -> Cells:
    if factor == 1.0:
        return cells
    values = ("minimum", "maximum", "first", "last", "held", "integral_h")
    return replace(cells, **{name: getattr(cells, name) * factor for name in values})


def changed_units(points: Iterable[Point], kept: Mapping[str, str]) -> list[Point]:
    """Points whose readings are kept in another unit than they have now. `kept`: unit by id, where it is known."""
    return [point for point in points if kept.get(point.id, point.unit) != point.unit]


def refuse_changed_units(
    points: Sequence[Point], kept: Mapping[str, str], is_empty: Callable[[str], bool] = lambda _: False
) -> list[Point]:
    """Raises StoreUnits, unless nothing is kept of the points at all; returns those.

    `is_empty` tells whether a point has no reading.
    """
    changed = changed_units(points, kept)
    mixed = [point for point in changed if not is_empty(point.id)]
    if mixed:
        raise StoreUnits(mixed[0].id, kept[mixed[0].id], mixed[0].unit, len(mixed) - 1)
    return changed


def declared(points: Iterable[Point], kept: Mapping[str, str]) -> list[tuple[str, str, float]]:
    """Renames that points declare of what is kept, as (old, new, factor to the new unit). `kept`: unit by id, or "".

    Raises StoreUnits where the units do not convert.
    """
    return [(old, point.id, _factor(point, old, kept[old])) for point in points for old in point.was if old in kept]


def _factor(point: Point, old: str, kept: str) -> float:
    if kept in ("", point.unit):
        return 1.0
    was, now = unit_named(kept), unit_named(point.unit)
    if not was.is_like(now) or was.is_point:
        raise StoreUnits(point.id, kept, point.unit, old=old)
    return was.factor / now.factor
