"""Readings from outside as files of their own beside the engine's: added whole, taken back whole, each in one act.

An import is a few sealed files whose part is called after it. Merging works on days and months, so it never touches
them; one transaction lists them all, one takes them all off the list. What the engine wrote is never rewritten.
Works beside a running engine: the list of files is the one thing both change, and SQLite serves them in turn.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from energy_console.historian.columns import Columns
from energy_console.historian.embedded.database import store_faults
from energy_console.historian.embedded.folder import StoreFolder, WriterLock
from energy_console.historian.embedded.newest import NewestFile, SealedFile
from energy_console.historian.embedded.parquet import KINDS, READINGS, Cover, Step, path_of
from energy_console.historian.embedded.sealing import DAY_MS, write_day
from energy_console.historian.errors import StoreBusy
from hardware.points import Float64Array, Int64Array, Reason, status_of

PIECE_READINGS = 1_000_000
"""In one file: a question about one hour unpacks no more than this of a point."""

IMPORTED = status_of(Reason.SUBSTITUTED)
_PART = re.compile(r"import-(\d{6})-\d{5}")


@dataclass(frozen=True, slots=True)
class ImportedSeries:
    """Readings of one point from outside: times in ms UTC, rising, each once; every value finite."""

    point: str
    time_ms: Int64Array
    value: Float64Array


@dataclass(frozen=True, slots=True)
class _ImportingFolder(StoreFolder):
    """The same store; unfinished files of an import lie where no starting engine clears them away."""

    @property
    def incoming(self) -> Path:
        return self.root / "importing"


def import_of(part: str) -> int | None:
    """Number of the import whose files lie in `part`; None for a day or a month."""
    found = _PART.fullmatch(part)
    return int(found[1]) if found else None


def lock_imports(folder: StoreFolder) -> WriterLock:
    """Held while an import is written or taken back: one at a time. Raises StoreBusy."""
    return WriterLock(folder, "import")


def files_of(newest: NewestFile, number: int) -> list[SealedFile]:
    """The files of one import that count; none where it was never finished, or taken back."""
    return [file for file in newest.files() if import_of(file.part) == number]


def add_import(
    folder: StoreFolder, newest: NewestFile, number: int, series: Sequence[ImportedSeries], step: Step = lambda _: None
) -> int:
    """Writes and lists everything, or nothing; whoever calls holds `lock_imports`. Returns the readings. StoreError."""
    room = _ImportingFolder(folder.root)
    series = sorted(series, key=lambda one: one.point)
    ranked = [one.point for one in series]
    files: list[SealedFile] = []
    try:
        with store_faults(room.incoming / "x"):
            room.incoming.mkdir(exist_ok=True)
            newest.add_points(ranked)
            newest.replace_files([], [])  # from now on the list is known to be no lost one, should this be cut off
            for piece, (start_ms, end_ms) in enumerate(_pieces(series)):
                cover = Cover(f"import-{number:06d}-{piece:05d}", 0, 0)
                files += write_day(room, [cover], _parts(series, start_ms, end_ms), ranked, step, level=0)
            step("before listing")
            newest.replace_files([], files)
            step("after listing")
    except BaseException:
        if not files_of(newest, number):
            _remove(folder, files)
        raise
    return sum(file.rows for file in files if file.kind == READINGS)


def take_back(folder: StoreFolder, newest: NewestFile, number: int, step: Step = lambda _: None) -> int:
    """Takes all of an import off the list in one transaction, then removes its files. Returns the readings gone.

    Whoever calls holds `lock_imports`. 0 where none of it counts (any more).
    """
    files = files_of(newest, number)
    if not files:
        return 0
    step("before unlisting")
    newest.replace_files(files, [])
    step("after unlisting")
    _remove(folder, files)
    return sum(file.rows for file in files if file.kind == READINGS)


def clear_unfinished(folder: StoreFolder, newest: NewestFile) -> None:
    """Removes files of imports that were cut off or taken back; none while an import is under way."""
    try:
        lock = lock_imports(folder)
    except StoreBusy:
        return
    try:
        listed = {path_of(folder, file) for file in newest.files()}
        left = [path for path in import_paths(folder) if path not in listed]
        left += _ImportingFolder(folder.root).incoming.glob("*.parquet")
        for path in left:
            with contextlib.suppress(OSError):  # Windows: a reader has it open; it does not count, and goes next time
                path.unlink(missing_ok=True)
                path.parent.rmdir()
    finally:
        lock.release()


def import_paths(folder: StoreFolder) -> Iterator[Path]:
    """Files of imports, listed or not."""
    for kind in KINDS:
        yield from (folder.root / kind).glob("import-*/*.parquet")


def last_number(folder: StoreFolder) -> int:
    """The highest number of an import that files are there of, 0 where there are none."""
    return max((import_of(path.parent.name) or 0 for path in import_paths(folder)), default=0)


def _remove(folder: StoreFolder, files: Sequence[SealedFile]) -> None:
    for file in files:
        path = path_of(folder, file)
        with contextlib.suppress(OSError):  # Windows: a reader still has it open; the next start removes it
            path.unlink(missing_ok=True)
            path.parent.rmdir()


def _pieces(series: Sequence[ImportedSeries]) -> Iterator[tuple[int, int]]:
    """Spans of whole UTC days, so that no cell of a tier lies in two, each of some `PIECE_READINGS` readings."""
    days, counts = np.unique(np.concatenate([one.time_ms // DAY_MS for one in series]), return_counts=True)
    piece = np.cumsum(counts) // PIECE_READINGS
    for number in np.unique(piece):
        inside = days[piece == number]
        yield int(inside[0]) * DAY_MS, (int(inside[-1]) + 1) * DAY_MS


def _parts(series: Sequence[ImportedSeries], start_ms: int, end_ms: int) -> Iterator[Columns]:
    for rank, one in enumerate(series):
        rows = slice(*np.searchsorted(one.time_ms, (start_ms, end_ms)))
        time_ms = one.time_ms[rows]
        if len(time_ms):
            status = np.full(len(time_ms), IMPORTED, np.uint16)
            yield Columns(np.full(len(time_ms), rank, np.int32), time_ms, one.value[rows], status)
