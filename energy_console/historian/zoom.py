"""Which spans answer a window, and from which tier: pure arithmetic on milliseconds."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Grid:
    """Spans of `width_ms`, counted from `origin_ms`, that start within [start_ms, end_ms)."""

    start_ms: int
    end_ms: int
    width_ms: int
    origin_ms: int
    step_ms: int  # cells they are joined from
    tier: str | None  # None: from the readings themselves


def fitting_grid(start_ms: int, end_ms: int, count: int) -> Grid:
    """At most `count` spans over the window, on borders that do not move with it, from the coarsest tier fine enough.

    Raises ValueError for an empty window or no spans.
    """
    if end_ms <= start_ms or count < 1:
        raise ValueError(
            f"a window needs an end after its start and at least one span, not {end_ms - start_ms} ms in {count}"
        )
    needed = max(1, -(-(end_ms - start_ms) // count))
    tier = next((name for name, step in reversed(TIERS_MS.items()) if step <= needed * ROUND_UP), None)
    unit = TIERS_MS[tier] if tier else (1000 if needed >= 1000 else 1)
    width = -(-needed // unit) * unit
    while -(-end_ms // width) - start_ms // width > count:  # borders are fixed, so a window may touch one span more
        width += unit
    first = start_ms // width * width
    return Grid(first, end_ms, width, 0, unit if tier else width, tier)


def grid_of(start_ms: int, end_ms: int, width_ms: int) -> Grid:
    """Spans of exactly `width_ms` counted from the start of the window; the last one is whole even past its end."""
    fits = (name for name, step in reversed(TIERS_MS.items()) if width_ms % step == 0 and start_ms % step == 0)
    tier = next(fits, None)
    step = TIERS_MS[tier] if tier else width_ms
    whole = start_ms + -(-(end_ms - start_ms) // width_ms) * width_ms
    return Grid(start_ms, whole, width_ms, start_ms, step, tier)
