"""Verifies a whole store: every reading there exactly once, every file whole, every tier as its readings say.

Reads only, also while an engine writes: files that are merged away meanwhile are looked at again under their new name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from energy_console.historian.acts import Mask
from energy_console.historian.embedded.acts import act_of, correction_of, read_spans
from energy_console.historian.embedded.checking_tiers import tier_faults
from energy_console.historian.embedded.database import connect_existing, rows_of, store_faults
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import Facts, Listing, NewestFile, SealedFile
from energy_console.historian.embedded.parquet import READINGS, Cover, path_of, points_in, read_note, to_numpy
from energy_console.historian.embedded.recovery import sealed_paths
from energy_console.historian.embedded.retiring import end_of
from energy_console.historian.errors import StoreBroken, StoreError
from hardware.points import FIRST_BAD_REASON

Progress = Callable[[str], None]
_BAD = FIRST_BAD_REASON << 8
_TRIES = 50


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What was looked at, and what is wrong. `faults` are sentences; a store without any is sound."""

    files: int
    readings: int  # sealed
    unsealed: int
    cells: int
    first_ms: int  # of the sealed readings; 0 where there are none
    last_ms: int
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def check_store(folder: StoreFolder, progress: Progress = lambda _: None) -> StoreReport:
    """Looks at everything. Raises StoreError where the folder is no store that this program can read."""
    folder.check()
    faults: list[str] = []
    for path in (folder.newest, folder.state):
        progress(f"{path.name}: every page")
        faults += _database_faults(path)
    newest = NewestFile(folder.newest, create=False)
    try:
        unsealed = _check_batches(newest, faults)
        sealed, listing = _check_files(folder, newest, faults, progress)
        files = listing.files
        faults += _coverage_faults(folder, listing, sealed)
        faults += tier_faults(folder, listing, _all_points(folder, newest, listing), progress)
        faults += _correction_faults(folder, newest.masks(), files)
    finally:
        newest.close()
    readings = [file for file in files if file.kind == READINGS]
    return StoreReport(
        files=len(files),
        readings=sum(file.rows for file in readings),
        unsealed=unsealed,
        cells=sum(file.rows for file in files if file.kind != READINGS),
        first_ms=min((file.start_ms for file in readings), default=0),
        last_ms=max((file.end_ms for file in readings), default=0),
        faults=tuple(faults),
        notes=(*_stray_notes(folder, files), *_lacking_notes(listing)),
    )


def _all_points(folder: StoreFolder, newest: NewestFile, listing: Listing) -> list[str]:
    """Points that the store knows, and those of imports: early ones named theirs nowhere else."""
    imported = [path_of(folder, file) for file in listing.of(READINGS) if act_of(file.part) is not None]
    with contextlib.suppress(pa.ArrowException, OSError):  # told with its file
        return [*{*newest.points(), *points_in(imported)}]
    return list(newest.points())


def _database_faults(path: Path) -> list[str]:
    try:
        with store_faults(path):
            connection = connect_existing(path)
            try:
                said = [str(row[0]) for row in rows_of(connection, "pragma integrity_check(5)")]
            finally:
                connection.close()
    except StoreError as fault:
        return [str(fault)]
    return [] if said == ["ok"] else [str(StoreBroken(path, "; ".join(said)))]


def _check_batches(newest: NewestFile, faults: list[str]) -> int:
    """Batches that are not sealed yet: all there, all whole. Returns how many readings they hold."""
    damaged = [sequence for sequence, _ in newest.damaged_batches()]
    faults += [
        f"Batch {sequence} does not unpack: its readings are lost unless a copy has them." for sequence in damaged
    ]
    facts = newest.facts()
    if damaged:
        return 0
    batches = newest.batches(facts.sealed)
    numbers = [sequence for sequence, _ in batches]
    if numbers and numbers != list(range(facts.sealed + 1, numbers[-1] + 1)):
        missing = sorted(set(range(facts.sealed + 1, numbers[-1] + 1)) - set(numbers))
        faults.append(f"{len(missing)} batches after {facts.sealed} are missing, the first is {missing[0]}.")
    return sum(len(columns) for _, columns in batches)


# -- files ----------------------------------------------------------------------------------------------------


def _check_files(folder: StoreFolder, newest: NewestFile, faults: list[str], progress: Progress) -> tuple[int, Listing]:
    """Opens every listed file and reads all of it. Returns up to which batch all is sealed, and in which files.

    While an engine goes on, files are merged away and others come: what counts is a list of one moment, all of whose
    files have been looked at. One that was gone when it was looked at is not in that list any more.
    """
    found: dict[SealedFile, list[str]] = {}
    sealed, listing = _listed(newest)
    for _ in range(_TRIES):
        for file in listing.files:
            if file not in found:
                progress(f"{path_of(folder, file).relative_to(folder.root)}: every page")
                found[file] = _file_faults(folder, file)
        sealed, listing = _listed(newest)
        if all(file in found for file in listing.files):
            break
    for file in listing.files:
        faults += found.get(file, [])
    return sealed, listing


def _listed(newest: NewestFile) -> tuple[int, Listing]:
    """Up to which batch all is sealed, and the files it is in, of one moment."""
    facts, listing, _ = newest.view(Facts(0, -1, 0), 2**62)
    assert listing is not None  # no list has the change number -1
    return facts.sealed, listing


def _file_faults(folder: StoreFolder, file: SealedFile) -> list[str]:
    path = path_of(folder, file)
    if not path.exists():
        return [f"{path} is listed and not there: restore it from a copy."]
    try:
        noted, _ = read_note(path)
        if noted != file:
            return [f"{path} says of itself {noted}, the list says {file}: restore it from a copy."]
        return _content_faults(path, file)
    except StoreError as fault:
        return [str(fault)]
    except (pa.ArrowException, OSError) as fault:
        return [str(StoreBroken(path, str(fault).splitlines()[0]))]


def _content_faults(path: Path, file: SealedFile) -> list[str]:
    """Every page with its checksum; the order of its rows, and their number."""
    rows, previous = 0, ("", -(2**62))
    with pq.ParquetFile(path, read_dictionary=["point"], page_checksum_verification=True) as parquet:
        for group in range(parquet.num_row_groups):
            table = parquet.read_row_group(group).combine_chunks()
            rows += table.num_rows
            point = table.column("point").chunk(0)
            names = point.dictionary.to_pylist()
            place = point.indices.to_numpy()
            time = to_numpy(table.column("time"))
            ordered = np.lexsort((time, place))
            first = (names[place[0]], int(time[0]))
            if names != sorted(names) or (np.diff(place[ordered]) < 0).any() or first < previous:
                return [f"{path} is not in order: start the engine on a restored copy."]
            if not np.array_equal(ordered, np.arange(len(time))) and file.kind == READINGS:
                return [f"{path} is not in order: start the engine on a restored copy."]
            previous = (names[place[-1]], int(time[-1]))
    return [] if rows == file.rows else [f"{path} holds {rows} rows, the list says {file.rows}."]


def _stray_notes(folder: StoreFolder, files: Sequence[SealedFile]) -> Iterable[str]:
    listed = {path_of(folder, file) for file in files}
    strays = [path for path in sealed_paths(folder) if path not in listed]
    if strays:
        yield (
            f"{len(strays)} files are not listed, such as {strays[0]}: they do not count; "
            "the engine removes them or sets them aside at its next start."
        )
    aside = list(folder.aside.iterdir()) if folder.aside.is_dir() else []
    if aside:
        yield f"{len(aside)} damaged files lie in {folder.aside}."


def _lacking_notes(listing: Listing) -> Iterable[str]:
    if files := {gap[1:] for gap in listing.missing}:
        yield (
            f"{len(files)} files of readings lack tiers: the engine works them out while it runs; "
            "until then their spans come from finer ones."
        )


# -- exactly once ---------------------------------------------------------------------------------------------


def _coverage_faults(folder: StoreFolder, listing: Listing, sealed: int) -> list[str]:
    """Each batch is answered for once a part by each kind; no batch up to `sealed` is answered for by none."""
    faults = []
    covers: dict[str, list[Cover]] = {}
    for file in listing.files:
        try:
            covers.setdefault(file.kind, []).extend(read_note(path_of(folder, file))[1])
        except StoreError:
            return []  # told with its file; what it answers for is not known
    for kind, given in covers.items():
        given.sort(key=lambda cover: (cover.part, cover.first))
        for part, group in groupby(given, key=lambda cover: cover.part):
            day = list(group)
            for before, after in pairwise(day):
                if after.first <= before.last:
                    twice = f"batches {after.first} to {min(before.last, after.last)}"
                    faults.append(f"{kind} of {part} hold {twice} twice: their readings count double.")
    base_ms = listing.kept.get(READINGS)
    if base_ms is None:
        return faults + _missing(covers.get(READINGS, []), sealed)
    removed = [  # for their age: what a tier tells of them is all there is
        cover
        for kind, given in covers.items()
        if kind != READINGS
        for cover in given
        if act_of(cover.part) is None and end_of(cover.part) <= base_ms
    ]
    left = [*covers.get(READINGS, []), *removed]
    return faults + _missing(left, sealed, min((cover.first for cover in left), default=sealed + 1) - 1)


def _missing(covers: Sequence[Cover], sealed: int, reached: int = 0) -> list[str]:
    """Stretches of sealed batches after `reached` that are in no file of readings."""
    lost = []
    for cover in sorted(covers, key=lambda cover: cover.first):
        if cover.first > reached + 1:
            lost.append(f"Batches {reached + 1} to {cover.first - 1} are in no file: their readings are missing.")
        reached = max(reached, cover.last)
    if reached < sealed:
        lost.append(f"Batches {reached + 1} to {sealed} are in no file: their readings are missing.")
    return lost


def _correction_faults(folder: StoreFolder, masks: Sequence[Mask], files: Sequence[SealedFile]) -> list[str]:
    """What a correction replaces, and what it puts there: one without the other would hide readings, or double them."""
    there = {correction_of(file) for file in files} - {0}
    masked = {mask.number for mask in masks}
    faults = [f"Correction {n} hides readings and has none of its own: restore it from a copy." for n in masked - there]
    faults += [f"Correction {n} replaces nothing: restore the list from a copy." for n in there - masked]
    for number in sorted(there & masked):
        try:
            if read_spans(folder, number) != [mask for mask in masks if mask.number == number]:
                faults.append(f"The spans of correction {number} in {folder.spans} are not those that hold.")
        except StoreError as fault:
            faults.append(str(fault))
    return faults
