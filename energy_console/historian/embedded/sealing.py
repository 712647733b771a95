"""Moves the newest batches into sealed files: files first, the one transaction that makes them count last."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from energy_console.historian.embedded.blob import Columns
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import NewestFile, SealedFile
from energy_console.historian.embedded.parquet import (
    READINGS,
    Cover,
    SealedWriter,
    Step,
    cell_arrays,
    reading_arrays,
)
from energy_console.historian.tiers import cells_of
from energy_console.historian.zoom import TIERS_MS
from hardware.points import Int32Array

DAY_MS = 86_400_000


def seal(folder: StoreFolder, newest: NewestFile, step: Step, most_readings: int = 2_000_000) -> int:
    """Seals the oldest unsealed batches, up to about `most_readings`. Returns how many readings went.

    A crash before the last line leaves files that no list names, removed at the next start; after it, all is done.
    """
    columns, last = _oldest_unsealed(newest, most_readings)
    if not len(columns):
        return 0
    first = newest.facts().sealed + 1
    ranked, rank_of_key = ranks(newest)
    rank = rank_of_key[columns.key]
    files: list[SealedFile] = []
    for day, rows in _by_day(columns, rank):
        part = Columns(rank[rows], columns.time_ms[rows], columns.value[rows], columns.status[rows])
        files += write_day(folder, [Cover(day_name(day), first, last)], [part], ranked, step, level=0)
    after = newest.newest_sealed().renewed(columns)
    step("before commit")
    newest.replace_files([], files, sealed=last, newest=after)
    step("after commit")
    return len(columns)


def _oldest_unsealed(newest: NewestFile, most_readings: int) -> tuple[Columns, int]:
    sealed = newest.facts().sealed
    parts: list[Columns] = []
    last = sealed
    for sequence, columns in newest.batches(sealed, newest.last_within(sealed, most_readings)):
        parts.append(columns)
        last = sequence
    if not parts:
        return Columns(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint16)), last
    names = ("key", "time_ms", "value", "status")
    return Columns(*(np.concatenate([getattr(part, name) for part in parts]) for name in names)), last


def ranks(newest: NewestFile) -> tuple[list[str], Int32Array]:
    """Sorted ids, and for every key its place among them."""
    keys = newest.points()
    ranked = sorted(keys)
    rank_of_key = np.zeros(max(keys.values(), default=0) + 1, np.int32)
    rank_of_key[[keys[name] for name in ranked]] = np.arange(len(ranked), dtype=np.int32)
    return ranked, rank_of_key


def _by_day(columns: Columns, rank: Int32Array) -> Iterator[tuple[int, np.ndarray[tuple[int], np.dtype[np.intp]]]]:
    """Rows of each UTC day, sorted by point and time, readings of equal time in the order they came."""
    order = np.lexsort((columns.time_ms, rank))
    day = columns.time_ms[order] // DAY_MS
    for number in np.unique(day):
        yield int(number), order[day == number]


def day_name(day: int) -> str:
    return str(np.datetime64(day, "D"))


def write_day(
    folder: StoreFolder,
    covers: list[Cover],
    parts: list[Columns] | Iterator[Columns],
    ranked: list[str],
    step: Step,
    level: int,
) -> list[SealedFile]:
    """Writes readings and every tier of one day. Each of `parts` holds whole points, `key` being the rank."""
    part = covers[0].part
    writers = {kind: SealedWriter(folder, kind, covers, part, level) for kind in (READINGS, *TIERS_MS)}
    try:
        for columns in parts:
            writers[READINGS].write(columns.key, reading_arrays(columns), ranked)
            for kind, step_ms in TIERS_MS.items():
                cells = cells_of(columns.key, columns.time_ms, columns.value, columns.status, step_ms)
                writers[kind].write(cells.rank, cell_arrays(cells), ranked)
        return [writer.finish(step) for writer in writers.values()]
    finally:
        for writer in writers.values():
            writer.give_up()
