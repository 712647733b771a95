"""Many small sealed files become few large ones, in passes of bounded memory, while readers go on reading.

Two files of one level and day become one of the next level, so each reading is rewritten once for every doubling of its
file, and a day in progress has four files on average and nine at most: what a question costs is the files it opens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from energy_console.historian.columns import Columns
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import Gap, Listing, NewestFile, SealedFile
from energy_console.historian.embedded.parquet import (
    KINDS,
    MONTHLY,
    READINGS,
    Arrays,
    Cover,
    SealedWriter,
    Step,
    columns_of,
    path_of,
    read_note,
    schema_of,
)
from energy_console.historian.embedded.sealing import ranks, write_day
from energy_console.historian.errors import StoreBroken
from energy_console.historian.zoom import NOTHING_GONE, Kept
from hardware.points import Int32Array

FANOUT = 2
MOST_ROWS = 200_000_000
"""A file of some 450 MB: larger ones would take minutes to rewrite."""

CROWD = 8
"""So many files of a day that is over, or of days of one month, are merged whatever their sizes."""

Pause = Callable[[], None]


def next_day_merge(files: Sequence[SealedFile], today: str) -> list[SealedFile]:
    """The files of readings to merge next, of one day and in order; empty when all is well."""
    readings = sorted((f for f in files if f.kind == READINGS), key=lambda f: (f.part, f.first))
    for part, group in groupby(readings, key=lambda f: f.part):
        day = list(group)
        chosen = _same_level(day) or (_worth_it(day) if part < today else [])
        if chosen and _fit(chosen):
            return chosen
    return []


def _fit(files: Sequence[SealedFile]) -> bool:
    return sum(file.rows for file in files) <= MOST_ROWS


def _same_level(day: list[SealedFile]) -> list[SealedFile]:
    """Two neighbours of one level; neighbours, so that the merged file answers for one stretch of batches."""
    for start in range(len(day) - FANOUT + 1):
        run = day[start : start + FANOUT]
        if len({file.level for file in run}) == 1 and _fit(run):
            return run
    return []


def _worth_it(files: list[SealedFile]) -> list[SealedFile]:
    """All files of a day or month that is over, unless that rewrote a large one for a trickle of late readings."""
    largest = max(file.rows for file in files)
    rest = sum(file.rows for file in files) - largest
    return files if len(files) > 1 and (rest * 4 >= largest or len(files) >= CROWD) else []


def next_month_merge(files: Sequence[SealedFile], today: str, missing: Collection[Gap] = ()) -> list[SealedFile]:
    """Files of one coarse tier and month, days that are over, to merge into one for the month; none that has gaps."""
    for kind in MONTHLY:
        waiting = {part[:7] for tier, part, _, _ in missing if tier == kind}
        over = sorted((f for f in files if f.kind == kind and f.part < today[: len(f.part)]), key=lambda f: f.part[:7])
        for month, group in groupby(over, key=lambda f: f.part[:7]):
            if month in waiting:
                continue
            crowd = sorted(group, key=lambda f: f.start_ms)
            chosen = _worth_it(crowd) if month < today[:7] else (crowd if len(crowd) >= CROWD else [])
            if chosen and _fit(chosen):
                return chosen
    return []


def merge_day(folder: StoreFolder, newest: NewestFile, chosen: list[SealedFile], step: Step, pause: Pause) -> None:
    """Replaces files of one day by one; its tiers are worked out anew, which settles late readings for good."""
    part, first, last = chosen[0].part, chosen[0].first, chosen[-1].last
    ranked, _ = ranks(newest)
    rows = merged_rows([path_of(folder, file) for file in chosen], READINGS, ranked, pause)
    parts = (Columns(rank, arrays["time"], arrays["value"], arrays["status"]) for rank, arrays in rows)
    level = max(file.level for file in chosen) + 1
    fresh = write_day(folder, [Cover(part, first, last)], parts, ranked, step, level)
    listing = newest.listing()
    kinds = {kind for kind in KINDS if kind not in MONTHLY or _by_day(listing, kind, chosen)}
    old = [f for f in listing.files if f.kind in kinds and f.part == part and first <= f.first and f.last <= last]
    swap(folder, newest, old, [file for file in fresh if file.kind in kinds], step)
    for file in fresh:
        if file.kind not in kinds:  # part of that tier's day lies in a month's file: the new one would count it twice
            path_of(folder, file).unlink()


def half_gathered(listing: Listing, chosen: Sequence[SealedFile]) -> tuple[SealedFile, list[str]] | None:
    """What has to be filled in before these files are merged: a tier partly in a month's file and partly missing.

    The merge leaves that tier as it is, and nobody would know any more that a part of it is missing.
    """
    for kind in MONTHLY:
        lacking = [file for file in chosen if (kind, file.part, file.first, file.last) in listing.missing]
        if lacking and not _by_day(listing, kind, chosen):
            return lacking[0], [kind]
    return None


def _by_day(listing: Listing, kind: str, readings: Sequence[SealedFile]) -> bool:
    """Whether all that a tier has of these files of readings lies in files of the same day."""
    own = {(file.part, file.first, file.last) for file in listing.of(kind)}
    return all(
        (file.part, file.first, file.last) in own or (kind, file.part, file.first, file.last) in listing.missing
        for file in readings
    )


def merge_month(folder: StoreFolder, newest: NewestFile, chosen: list[SealedFile], step: Step, pause: Pause) -> None:
    """Replaces the files of one coarse tier by one for the month."""
    kind = chosen[0].kind
    paths = [path_of(folder, file) for file in chosen]
    covers = [cover for path in paths for cover in read_note(path)[1]]
    ranked, _ = ranks(newest)
    month = free_month(folder, chosen, covers)
    writer = SealedWriter(folder, kind, covers, month, max(file.level for file in chosen) + 1, ranked)
    try:
        for rank, arrays in merged_rows(paths, kind, ranked, pause):
            writer.write(rank, arrays)
        fresh = writer.finish(step)
    finally:
        writer.give_up()
    swap(folder, newest, chosen, [fresh], step)


def free_month(folder: StoreFolder, old: Sequence[SealedFile], covers: Sequence[Cover]) -> str:
    """A name for a month's part under which none of the files lies that are to be replaced."""
    month = old[0].part[:7]
    first, last = min(cover.first for cover in covers), max(cover.last for cover in covers)
    taken = folder.sealed(old[0].kind, month, first, last) in {path_of(folder, file) for file in old}
    return f"{month}~2" if taken else month


def swap(
    folder: StoreFolder,
    newest: NewestFile,
    old: Sequence[SealedFile],
    new: Sequence[SealedFile],
    step: Step,
    found: Collection[Gap] = (),
    kept: Kept = NOTHING_GONE,
) -> None:
    """Lists `new` instead of `old` in one transaction, then removes the old files. Else as `replace_files`."""
    step("before swap")
    newest.replace_files(old, new, found=found, kept=kept)
    step("after swap")
    listed = {path_of(folder, file) for file in newest.files()}
    for path in {path_of(folder, file) for file in old} - listed:
        with contextlib.suppress(OSError):  # Windows: a reader still has it open; the next start removes it
            path.unlink(missing_ok=True)
        step("removed")


@contextlib.contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as fault:
        raise StoreBroken(path, str(fault).splitlines()[0]) from fault


class _Cursor:
    """Walks through one sealed file, a row group at a time."""

    def __init__(self, path: Path, kind: str, rank_of: dict[str, int]) -> None:
        self._path = path
        with _damage(path):
            self._file = pq.ParquetFile(path, read_dictionary=["point"], page_checksum_verification=True)
        self._groups: int = self._file.num_row_groups
        self._names = schema_of(kind).names[1:]
        self._rank_of = rank_of
        self._group = 0
        self._rank: Int32Array = np.empty(0, np.int32)
        self._arrays: Arrays = {}

    @property
    def more(self) -> bool:
        return self._group < self._groups

    @property
    def last_rank(self) -> int:
        return int(self._rank[-1])

    @property
    def empty(self) -> bool:
        return not len(self._rank)

    def load(self) -> None:
        """Adds the next row group to what waits."""
        with _damage(self._path):
            table = self._file.read_row_group(self._group, use_threads=False).combine_chunks()
        self._group += 1
        point = table.column("point").chunk(0)
        names = np.array([self._rank_of[name] for name in point.dictionary.to_pylist()], np.int32)
        rank = names[point.indices.to_numpy()]
        arrays = dict(columns_of(table, self._names))
        if not self.empty:
            rank = np.concatenate((self._rank, rank))
            arrays = {name: np.concatenate((self._arrays[name], array)) for name, array in arrays.items()}
        self._rank, self._arrays = rank, arrays

    def take(self, below: int | None) -> tuple[Int32Array, Arrays]:
        """Hands out the rows of points before `below` (None: all)."""
        cut = len(self._rank) if below is None else int(np.searchsorted(self._rank, below))
        taken = self._rank[:cut], {name: array[:cut] for name, array in self._arrays.items()}
        self._rank, self._arrays = self._rank[cut:], {name: array[cut:] for name, array in self._arrays.items()}
        return taken

    def close(self) -> None:
        self._file.close()


def merged_rows(
    paths: Sequence[Path], kind: str, ranked: Sequence[str], pause: Pause
) -> Iterator[tuple[Int32Array, Arrays]]:
    """Rows of several sorted files in one order, whole points at a time; of equal times the earlier file's first."""
    rank_of = {name: rank for rank, name in enumerate(ranked)}
    cursors = [_Cursor(path, kind, rank_of) for path in paths]
    by = "time" if kind == READINGS else "from_time"
    try:
        while any(cursor.more or not cursor.empty for cursor in cursors):
            for cursor in cursors:
                if cursor.empty and cursor.more:
                    cursor.load()
            limit = min((cursor.last_rank for cursor in cursors if cursor.more), default=None)
            taken = [cursor.take(limit) for cursor in cursors if not cursor.empty]
            if any(len(rank) for rank, _ in taken):
                yield _in_order([part for part in taken if len(part[0])], by)
                pause()
            else:  # one point reaches past what is loaded: get the rest of it first
                for cursor in cursors:
                    if cursor.more and cursor.last_rank == limit:
                        cursor.load()
    finally:
        for cursor in cursors:
            cursor.close()


def _in_order(parts: list[tuple[Int32Array, Arrays]], by: str) -> tuple[Int32Array, Arrays]:
    rank = np.concatenate([part[0] for part in parts])
    arrays = {name: np.concatenate([part[1][name] for part in parts]) for name in parts[0][1]}
    order = np.lexsort((arrays[by], rank))
    return rank[order], {name: array[order] for name, array in arrays.items()}
