"""Points that were called otherwise before: under which names their readings are kept, and in whose unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from energy_console.historian.columns import Columns
from energy_console.historian.tiers import Cells


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
