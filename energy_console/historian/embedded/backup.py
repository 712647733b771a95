"""Copies a store while it is written, and puts a copy back. A copy is a store itself, sound as of one moment."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import apsw

from energy_console.historian.embedded.acts import write_spans
from energy_console.historian.embedded.database import store_faults
from energy_console.historian.embedded.folder import FORMAT, FORMAT_NAME, StoreFolder
from energy_console.historian.embedded.newest import NewestFile, SealedFile
from energy_console.historian.embedded.parquet import path_of
from energy_console.historian.embedded.recovery import sealed_paths
from energy_console.historian.errors import StoreBroken, StoreForeign

Progress = Callable[[str], None]
_TRIES = 10


def back_up(source: StoreFolder, target: StoreFolder, progress: Progress = lambda _: None) -> int:
    """Copies `source` into `target`, an empty folder or an older copy of it; files it has already are not copied
    again. Returns how many bytes were copied. Raises StoreError.

    The copy gets its mark last: one that was cut off is no store, and the next back-up goes on with it.
    """
    source.check()
    _make_room(source, target)
    copied = 0
    for _ in range(_TRIES):
        _copy_database(source.newest, target.newest)
        files = _listed(target)
        try:
            copied += _copy_files(source, target, files, progress)
        except FileNotFoundError:  # merged away between listing and copying: take the list that came of it
            continue
        break
    else:
        raise StoreBroken(source.root, "its files went on changing while it was copied")
    progress("journal, plans and commands")
    _copy_database(source.state, target.state)
    with store_faults(target.points):
        if source.points.exists():
            shutil.copyfile(source.points, target.points)
        _copy_spans(target)
        for path in set(sealed_paths(target)) - {path_of(target, file) for file in files}:
            path.unlink()
        _write_mark(target)
    return copied


def _copy_spans(target: StoreFolder) -> None:
    """What each correction replaces, as the copied list says it."""
    newest = NewestFile(target.newest, create=False)
    try:
        masks = newest.masks()
    finally:
        newest.close()
    for number, group in groupby(masks, key=lambda mask: mask.number):
        write_spans(target, number, list(group))


def restore(copy: StoreFolder, target: StoreFolder, progress: Progress = lambda _: None) -> int:
    """Puts a copy back as the store `target`, which must be missing or empty. Returns the bytes copied."""
    copy.check()
    if target.root.exists() and any(target.root.iterdir()):
        raise StoreForeign(target.root)
    return back_up(copy, target, progress)


def _make_room(source: StoreFolder, target: StoreFolder) -> None:
    """Raises StoreForeign for a folder that holds something else, or the store itself."""
    if target.root.resolve() == source.root.resolve() or source.root.resolve() in target.root.resolve().parents:
        raise StoreForeign(target.root)
    with store_faults(target.mark):
        target.root.mkdir(parents=True, exist_ok=True)
        unfinished = _unfinished(target)
        if not target.mark.exists() and not unfinished.exists() and any(target.root.iterdir()):
            raise StoreForeign(target.root)
        if target.mark.exists():
            target.check()
        unfinished.write_text(f"A back-up of {source.root} that is not finished.\n", "utf-8")
        target.mark.unlink(missing_ok=True)


def _unfinished(target: StoreFolder) -> Path:
    return target.root / "unfinished.txt"


def _write_mark(target: StoreFolder) -> None:
    mark = target.mark.with_suffix(".new")
    mark.write_text(json.dumps({"format": FORMAT_NAME, "version": FORMAT}) + "\n", "utf-8")
    os.replace(mark, target.mark)
    _unfinished(target).unlink(missing_ok=True)


def _copy_database(source: Path, target: Path) -> None:
    """One SQLite file as of one moment, whoever writes to it meanwhile."""
    for tail in ("", "-wal", "-shm"):
        target.with_name(target.name + tail).unlink(missing_ok=True)
    with store_faults(source):
        reading = apsw.Connection(str(source), apsw.SQLITE_OPEN_READWRITE)
    try:
        with store_faults(target):
            writing = apsw.Connection(str(target))
            try:
                reading.set_busy_timeout(10_000)
                with writing.backup("main", reading, "main") as copying:
                    while not copying.done:
                        copying.step(-1)
            finally:
                writing.close()
    finally:
        reading.close()


def _listed(target: StoreFolder) -> list[SealedFile]:
    newest = NewestFile(target.newest, create=False)
    try:
        return newest.files()
    finally:
        newest.close()


def _copy_files(source: StoreFolder, target: StoreFolder, files: Sequence[SealedFile], progress: Progress) -> int:
    """Raises FileNotFoundError where a listed file is gone by now."""
    copied = 0
    for file in files:
        original, path = path_of(source, file), path_of(target, file)
        with original.open("rb") as reading:
            facts = os.fstat(reading.fileno())
            if path.exists() and _same(path.stat(), facts):
                continue
            progress(str(original.relative_to(source.root)))
            with store_faults(path):
                _write_copy(reading, path)
                os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        copied += facts.st_size
    return copied


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return one.st_size == other.st_size and one.st_mtime_ns == other.st_mtime_ns


def _write_copy(reading: BinaryIO, path: Path) -> None:
    """Under a passing name until it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())
    os.replace(fresh, path)
