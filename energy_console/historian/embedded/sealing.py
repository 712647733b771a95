"""Moves the newest batches into sealed files: files first, the one transaction that makes them count last."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from energy_console.historian.columns import Columns
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import NewestFile, SealedFile
from energy_console.historian.embedded.parquet import (
    MONTHLY,
    READINGS,
    WORTH,
    Cover,
    SealedWriter,
    Step,
    cell_arrays,
    reading_arrays,
)
from energy_console.historian.rolling import all_tiers
from energy_console.historian.tiers import worth_keeping
from energy_console.historian.zoom import TIERS_MS
from hardware.points import Int32Array

DAY_MS = 86_400_000
MOST_READINGS = 2_000_000
"""In one go: some 150 MB while they are sorted."""


def seal_all(folder: StoreFolder, newest: NewestFile, step: Step) -> int:
    """Seals every batch there is now (not those that come meanwhile). Returns how many readings went."""
    through = newest.facts().newest
    gone = 0
    while newest.facts().sealed < through:
        gone += _seal_some(folder, newest, step, through)
    return gone


def _seal_some(folder: StoreFolder, newest: NewestFile, step: Step, through: int) -> int:
    """Seals the oldest unsealed batches, as many as fit into memory comfortably.

    A crash before the last line leaves files that no list names, removed at the next start; after it, all is done.
    """
    first = newest.facts().sealed + 1
    columns, last = _oldest_unsealed(newest, first - 1, through)
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


def _oldest_unsealed(newest: NewestFile, sealed: int, through: int) -> tuple[Columns, int]:
    """Readings of the next batches to seal, and the last of these batches."""
    batches = newest.batches(sealed, min(through, newest.last_within(sealed, MOST_READINGS)))
    names = ("key", "time_ms", "value", "status")
    joined = (np.concatenate([getattr(columns, name) for _, columns in batches]) for name in names)
    return Columns(*joined), batches[-1][0]


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
    return write_kinds(folder, (READINGS, *TIERS_MS), covers, parts, ranked, step, level)


def write_kinds(
    folder: StoreFolder,
    kinds: Collection[str],
    covers: Sequence[Cover],
    parts: Iterable[Columns],
    ranked: list[str],
    step: Step,
    level: int,
) -> list[SealedFile]:
    """Writes readings, tiers or both of one part, as `write_day`; a tier of which nothing is worth it gets no file."""
    part = covers[0].part
    with contextlib.ExitStack() as undo:
        writers: dict[str, SealedWriter] = {}
        for kind in kinds:
            writers[kind] = SealedWriter(folder, kind, covers, part, level, ranked)
            undo.callback(writers[kind].give_up)
        for columns in parts:
            if READINGS in writers:
                writers[READINGS].write(columns.key, reading_arrays(columns))
            for kind, cells in all_tiers(columns):
                if kind in writers:
                    kept = cells if kind in whole_tiers(part) else cells.take(worth_keeping(cells, WORTH))
                    writers[kind].write(kept.rank, cell_arrays(kept))
        return [writer.finish(step) for writer in writers.values() if not writer.empty]


def whole_tiers(part: str) -> tuple[str, ...]:
    """Tiers that hold every point of a part: of a day, those that are gathered by month; of an import, none."""
    return MONTHLY if part[0].isdigit() else ()
