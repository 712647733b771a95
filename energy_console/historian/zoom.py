"""Which spans answer a window, and from which tier: pure arithmetic on milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TIERS_MS: dict[str, int] = {
    "tenseconds": 10_000,
    "minutes": 60_000,
    "quarters": 900_000,
    "hours": 3_600_000,
    "days": 86_400_000,
}
"""Rolled-up tiers, finest first. Each is 4 to 24 times coarser, so no question reads more than some 30,000 rows.

A day is one of UTC, so that every cell is made of whole cells of the tier before it, the same ones for every reader.
Days of a site begin elsewhere, and twice a year one is longer: whoever asks for them gets them from hours or quarters.
"""

ROUND_UP = 1.25
"""A tier this much coarser than asked for still serves: a day in 1,600 spans (54 s) is answered by the minutes."""


READINGS = "readings"
Kept = Mapping[str, int]
"""Kind (readings or a tier) -> ms from which on all of it is there; not named: all there ever was."""

NOTHING_GONE: Kept = {}


@dataclass(frozen=True, slots=True)
class Grid:
    """Spans of `width_ms`, counted from `origin_ms`, that start within [start_ms, end_ms)."""

    start_ms: int
    end_ms: int
    width_ms: int
    origin_ms: int
    step_ms: int  # cells they are joined from
    tier: str | None  # None: from the readings themselves


def fitting_grid(start_ms: int, end_ms: int, count: int, kept: Kept = NOTHING_GONE) -> Grid:
    """At most `count` spans over the window, on borders that do not move with it, from the coarsest tier fine enough.

    Where that tier does not reach back to the start any more, a finer one serves, else the next coarser that does: then
    there are fewer spans. Raises ValueError for an empty window or no spans.
    """
    if end_ms <= start_ms or count < 1:
        raise ValueError(
            f"a window needs an end after its start and at least one span, not {end_ms - start_ms} ms in {count}"
        )
    needed = max(1, -(-(end_ms - start_ms) // count))
    wanted = next((name for name, step in reversed(TIERS_MS.items()) if step <= needed * ROUND_UP), None)
    tier = reaching(wanted, start_ms, kept)
    unit = max(TIERS_MS[wanted] if wanted else (1000 if needed >= 1000 else 1), TIERS_MS[tier] if tier else 1)
    width = -(-needed // unit) * unit
    while -(-end_ms // width) - start_ms // width > count:  # borders are fixed, so a window may touch one span more
        width += unit
    first = start_ms // width * width
    return Grid(first, end_ms, width, 0, TIERS_MS[tier] if tier else width, tier)


def reaching(tier: str | None, start_ms: int, kept: Kept) -> str | None:
    """The tier (None: readings) to ask instead of `tier` where that is gone at `start_ms`: finer if it can be."""
    kinds = [None, *TIERS_MS]
    place = kinds.index(tier)
    for kind in (*reversed(kinds[: place + 1]), *kinds[place + 1 :]):
        if start_ms >= kept.get(kind or READINGS, start_ms):
            return kind
    return min(kinds[::-1], key=lambda kind: kept[kind or READINGS])


def grid_of(start_ms: int, end_ms: int, width_ms: int, kept: Kept = NOTHING_GONE) -> Grid:
    """Spans of exactly `width_ms` counted from the start of the window; the last one is whole even past its end.

    Where only tiers coarser than that are left, spans are missing: a cell cannot be cut.
    """
    fits = [name for name, step in reversed(TIERS_MS.items()) if width_ms % step == 0 and start_ms % step == 0]
    tier = reaching(fits[0] if fits else None, start_ms, kept)
    if tier is not None and tier not in fits:
        tier = min((*fits, None), key=lambda kind: kept.get(kind or READINGS, start_ms))
    step = TIERS_MS[tier] if tier else width_ms
    whole = start_ms + -(-(end_ms - start_ms) // width_ms) * width_ms
    return Grid(start_ms, whole, width_ms, start_ms, step, tier)
