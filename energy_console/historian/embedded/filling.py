"""Tiers that a file of readings lacks (one sealed by an earlier version, or whose tier was damaged), worked out anew.

A file at a time, the newest first, point by point, in bounded memory and beside everything else: until a tier is there,
questions are answered by the next finer one, in the end by the readings themselves.
"""

from __future__ import annotations

from energy_console.historian.columns import Columns
from energy_console.historian.embedded.acts import act_of
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.merging import Pause, merged_rows, swap
from energy_console.historian.embedded.newest import Listing, NewestFile, SealedFile
from energy_console.historian.embedded.parquet import READINGS, Step, path_of, points_in, read_note
from energy_console.historian.embedded.sealing import ranks, write_kinds


def next_fill(listing: Listing) -> tuple[SealedFile, list[str]] | None:
    """The newest file of readings that lacks tiers, and which; None when all is there."""
    lacking: dict[tuple[str, int, int], list[str]] = {}
    for kind, part, first, last in listing.missing:
        lacking.setdefault((part, first, last), []).append(kind)
    files = (file for file in listing.of(READINGS) if (file.part, file.first, file.last) in lacking)
    newest = max(files, key=lambda file: file.end_ms, default=None)
    if newest is None:
        return None
    return newest, sorted(lacking[newest.part, newest.first, newest.last])


def fill(folder: StoreFolder, newest: NewestFile, file: SealedFile, kinds: list[str], step: Step, pause: Pause) -> None:
    """Works out `kinds` of one file of readings and lists them. A crash before leaves files that count for nothing."""
    path = path_of(folder, file)
    ranked = ranks(newest)[0] if act_of(file.part) is None else sorted(points_in([path]))  # early ones named none
    rows = merged_rows([path], READINGS, ranked, pause)
    parts = (Columns(rank, arrays["time"], arrays["value"], arrays["status"]) for rank, arrays in rows)
    fresh = write_kinds(folder, kinds, read_note(path)[1], parts, ranked, step, file.level)
    swap(folder, newest, [], fresh, step, found=[(kind, file.part, file.first, file.last) for kind in kinds])
