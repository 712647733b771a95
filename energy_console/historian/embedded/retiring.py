"""What is older than it is to be kept goes: whole days and months, each in one transaction, never unasked.

Before the readings of a day go, they are one file, every coarser tier has them, and no late reading has left a cell in
two parts: from then on cells cannot be worked out anew. Imports and corrections stay until they are taken back, and so
does a day that a correction stands on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from energy_console.historian.columns import Columns
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.merging import Pause, free_month, merge_day, merged_rows, swap
from energy_console.historian.embedded.newest import Listing, NewestFile, SealedFile
from energy_console.historian.embedded.parquet import (
    KINDS,
    MONTHLY,
    READINGS,
    Arrays,
    Cover,
    SealedWriter,
    Step,
    path_of,
    read_note,
)
from energy_console.historian.embedded.sealing import DAY_MS, ranks, write_kinds
from hardware.points import Int32Array


@dataclass(frozen=True, slots=True)
class Retirement:
    """Files of one kind and one day or month to remove; all of that kind before `end_ms` is gone then."""

    files: tuple[SealedFile, ...]
    end_ms: int


def next_retirement(listing: Listing, keep_days: Mapping[str, float], now: dt.datetime) -> Retirement | None:
    """The oldest day or month that need not be kept and of which all coarser tiers are there; None if there is none."""
    for kind in KINDS:
        if kind not in keep_days:
            continue
        border_ms = round(now.timestamp() * 1000 - keep_days[kind] * DAY_MS)
        files = sorted((f for f in listing.of(kind) if not f.is_act), key=lambda f: f.part)
        waiting = {part for tier, part, _, _ in listing.missing if KINDS.index(tier) > KINDS.index(kind)}
        for part, group in groupby(files, key=lambda f: f.part):
            end_ms = end_of(part)
            days = part.partition("~")[0]
            corrected = kind == READINGS and _is_corrected(listing, end_ms - DAY_MS, end_ms)
            if end_ms <= border_ms and not corrected and not any(day.startswith(days) for day in waiting):
                return Retirement(tuple(group), end_ms)
    return None


def _is_corrected(listing: Listing, start_ms: int, end_ms: int) -> bool:
    """Whether a correction stands on a day: cells at its edges are made of what was measured beside it."""
    return any(mask.start_ms < end_ms and start_ms < mask.end_ms for mask in listing.masks)


def end_of(part: str) -> int:
    """Where a day or month ends, in ms."""
    if len(part) == len("2026-11-22"):
        return int(np.datetime64(part, "ms").astype(np.int64)) + DAY_MS
    year, month = int(part[:4]), int(part[5:7])
    return int(np.datetime64(f"{year + month // 12:04d}-{month % 12 + 1:02d}", "ms").astype(np.int64))


def retire(folder: StoreFolder, newest: NewestFile, old: Retirement, step: Step, pause: Pause) -> list[SealedFile]:
    """Removes one day or month, or prepares that; returns what is gone. A crash anywhere leaves it there or not there.

    Asked again, it goes on where it was.
    """
    kind, part = old.files[0].kind, old.files[0].part
    listing = newest.listing()
    if kind == READINGS and _is_whole(folder, listing, part):
        if len(old.files) > 1:
            merge_day(folder, newest, list(old.files), step, pause)
            return []
        for tier in MONTHLY:
            covers = _covers(folder, listing, tier, part)
            if len(covers) > 1:
                settle(folder, newest, old.files[0], tier, step, pause)
                return []
            if not covers and old.end_ms > listing.kept.get(tier, -(2**62)):  # was lost: it is worked out anew first
                newest.replace_files([], [], missing=[(tier, part, old.files[0].first, old.files[0].last)])
                return []
    swap(folder, newest, old.files, [], step, kept={kind: old.end_ms})
    return list(old.files)


def _is_whole(folder: StoreFolder, listing: Listing, day: str) -> bool:
    """Whether all that tiers have of a day is in its readings; else these are late ones, and the others gone before."""
    held = [(file.first, file.last) for file in listing.of(READINGS) if file.part == day]
    covers = [cover for tier in MONTHLY for _, cover in _covers(folder, listing, tier, day)]
    return all(any(first <= cover.first and cover.last <= last for first, last in held) for cover in covers)


def _covers(folder: StoreFolder, listing: Listing, tier: str, day: str) -> list[tuple[SealedFile, Cover]]:
    """What a tier has of a day, and in which files."""
    files = (file for file in listing.of(tier) if file.part[:7] == day[:7])
    return [(f, cover) for f in files for cover in read_note(path_of(folder, f))[1] if cover.part == day]


def settle(folder: StoreFolder, newest: NewestFile, readings: SealedFile, tier: str, step: Step, pause: Pause) -> None:
    """Works a tier of one day out anew and takes the day out of the files that had it, a month's among them."""
    ranked, _ = ranks(newest)
    rows = merged_rows([path_of(folder, readings)], READINGS, ranked, pause)
    parts = (Columns(rank, arrays["time"], arrays["value"], arrays["status"]) for rank, arrays in rows)
    cover = Cover(readings.part, readings.first, readings.last)
    old = list(dict.fromkeys(file for file, _ in _covers(folder, newest.listing(), tier, readings.part)))
    fresh = write_kinds(folder, [tier], [cover], parts, ranked, step, readings.level + 1)
    for file in old:
        covers = [kept for kept in read_note(path_of(folder, file))[1] if kept.part != readings.part]
        if covers:
            part = free_month(folder, [file], covers)
            writer = SealedWriter(folder, tier, covers, part, file.level + 1, ranked)
            try:
                for rank, arrays in _without_day(folder, file, readings.part, ranked, pause):
                    writer.write(rank, arrays)
                fresh.append(writer.finish(step))
            finally:
                writer.give_up()
    swap(folder, newest, old, fresh, step)


def _without_day(
    folder: StoreFolder, file: SealedFile, day: str, ranked: Sequence[str], pause: Pause
) -> Iterator[tuple[Int32Array, Arrays]]:
    end_ms = end_of(day)
    for rank, arrays in merged_rows([path_of(folder, file)], file.kind, ranked, pause):
        other = (arrays["time"] < end_ms - DAY_MS) | (arrays["time"] >= end_ms)
        if other.any():
            yield rank[other], {name: array[other] for name, array in arrays.items()}


def gone_in_words(files: Sequence[SealedFile]) -> list[str]:
    """One sentence a kind on what was removed for its age."""
    said = []
    for kind in KINDS:
        parts = sorted(file.part[:10] for file in files if file.kind == kind)
        if parts:
            what = "readings" if kind == READINGS else "cells"
            rows = sum(file.rows for file in files if file.kind == kind)
            span = parts[0] if parts[0] == parts[-1] else f"{parts[0]} to {parts[-1]}"
            said.append(f"{kind} of {span} are older than they are to be kept: {rows} {what} were removed.")
    return said
