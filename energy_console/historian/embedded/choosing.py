"""Which sealed files answer a question, where some tiers are not worked out yet and others leave points out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from energy_console.historian.embedded.newest import Listing, SealedFile
from energy_console.historian.embedded.parquet import KINDS, MONTHLY, READINGS
from energy_console.historian.embedded.sealing import DAY_MS, day_name, whole_tiers
from energy_console.historian.zoom import TIERS_MS, Grid


def answerable(listing: Listing, grid: Grid, start_ms: int, end_ms: int) -> Grid:
    """The same spans, from a finer tier where the one wanted lacks some of [start, end)."""
    tier = grid.tier
    while tier in MONTHLY and any(_inside(part, start_ms, end_ms) for part in listing.gaps(tier)):
        tier = KINDS[KINDS.index(tier) - 1]
    return grid if tier == grid.tier else replace(grid, tier=tier, step_ms=TIERS_MS[tier] if tier else grid.width_ms)


def _inside(part: str, start_ms: int, end_ms: int) -> bool:
    """Whether a day reaches into a window; what an import lacks is told by its files."""
    return part[0].isdigit() and day_name(start_ms // DAY_MS) <= part <= day_name((end_ms - 1) // DAY_MS)


def without_cells(listing: Listing, tier: str, holding: Collection[SealedFile]) -> list[SealedFile]:
    """Files of readings to ask for a point that a tier leaves out: all but those whose cells were found, in `holding`.

    Tiers that hold every point need none.
    """
    answered = {(file.part, file.first, file.last) for file in holding}
    return [
        file
        for file in listing.of(READINGS)
        if tier not in whole_tiers(file.part) and (file.part, file.first, file.last) not in answered
    ]


def telling_ends(listing: Listing) -> list[list[SealedFile]]:
    """Files, of one kind each, that together hold the first and the last time of every point."""
    days_lacking = {kind for kind, part, _, _ in listing.missing if whole_tiers(part)}
    kind = next((kind for kind in reversed(MONTHLY) if kind not in days_lacking), READINGS)
    days = [file for file in listing.of(kind) if whole_tiers(file.part)]
    return [days, [file for file in listing.of(READINGS) if not whole_tiers(file.part)]]
