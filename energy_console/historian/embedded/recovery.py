"""What a writer does before it starts: damaged files aside, unfinished files away, a lost list of files made anew.

Nothing is deleted unless what it holds is listed elsewhere; whatever cannot be explained is set aside, not thrown away.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from energy_console.historian.acts import Mask
from energy_console.historian.embedded.acts import act_of, clear_unfinished, correction_of, read_spans
from energy_console.historian.embedded.database import set_aside, store_faults
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import Facts, Gap, NewestFile, SealedFile
from energy_console.historian.embedded.parquet import (
    FORMER,
    KINDS,
    MONTHLY,
    READINGS,
    Cover,
    path_of,
    points_in,
    read_note,
)
from energy_console.historian.embedded.retiring import end_of
from energy_console.historian.embedded.sealing import DAY_MS
from energy_console.historian.embedded.state import StateFile
from energy_console.historian.errors import StoreBroken, StoreError
from energy_console.historian.zoom import NOTHING_GONE, Kept

_TELLING = (READINGS, KINDS[-1])
"""Kinds that together name every point: readings may have been removed for their age."""


def open_state(folder: StoreFolder, notices: list[str]) -> StateFile:
    """The state file for the writer; a damaged one is set aside and a new one begun."""
    try:
        return StateFile(folder.state, create=True)
    except StoreBroken as fault:
        aside = set_aside(folder.state, folder.aside)
        notices.append(
            f"{fault.path.name} was damaged ({fault.what}) and lies now in {aside}: a new one was begun; "
            "plans, journal and commands kept in it are to be restored from a copy."
        )
        return StateFile(folder.state, create=True)


def open_newest(folder: StoreFolder, notices: list[str]) -> NewestFile:
    """The newest batches for the writer; a damaged file is set aside and the list of sealed files made anew."""
    try:
        newest = NewestFile(folder.newest, create=True)
    except StoreBroken as fault:
        aside = set_aside(folder.newest, folder.aside)
        notices.append(
            f"{fault.path.name} was damaged ({fault.what}) and lies now in {aside}: the readings of the last minutes "
            "before are in it; all sealed history is still there."
        )
        newest = NewestFile(folder.newest, create=True)
    with store_faults(folder.incoming):
        for left in folder.incoming.iterdir():
            left.unlink()
    _drop_damaged_batches(folder, newest, notices)
    _clear_former_tiers(folder)
    if newest.facts() == Facts(0, 0, 0):
        rebuild_list(folder, newest, notices)
    else:
        clear_unfinished(folder, newest)
        tidy(folder, newest, notices)
    return newest


def bring_along(gone: NewestFile, back: NewestFile, notices: list[str]) -> None:
    """Appends the batches of a file that is gone from its place which the one there now, such as a copy, has not."""
    last = back.facts().newest
    points, batches = gone.left_behind(last)
    if batches:
        back.add_points(points)
        keys = back.points()
        key_there = np.full(max(points.values()) + 1, -1, np.int32)
        for name, key in points.items():
            key_there[key] = keys[name]
        for number, (_, columns) in enumerate(batches, last + 1):
            back.append(number, replace(columns, key=key_there[columns.key]))
    readings = sum(len(columns) for _, columns in batches)
    notices.append(f"The store was gone and is back; {readings} readings that it had not were brought along.")


def clear_failed(folder: StoreFolder, newest: NewestFile, notices: list[str]) -> None:
    """Removes what a sealing or merge that failed has left, so that a full disk does not fill up with attempts."""
    with contextlib.suppress(StoreError, OSError):  # what refuses now is removed at the next start
        for left in folder.incoming.iterdir():
            left.unlink()
        tidy(folder, newest, notices)


def _clear_former_tiers(folder: StoreFolder) -> None:
    """Removes tiers of earlier formats: what they told is told by those of today, or by the readings until then."""
    for kind in FORMER:
        for path in (folder.root / kind).glob("*/*.parquet"):
            with contextlib.suppress(OSError):  # Windows: somebody has it open; the next start removes it
                path.unlink()
        for room in (*(folder.root / kind).glob("*"), folder.root / kind):
            with contextlib.suppress(OSError):
                room.rmdir()


def _drop_damaged_batches(folder: StoreFolder, newest: NewestFile, notices: list[str]) -> None:
    """A batch that does not unpack would stop every sealing: its bytes go aside, the others stay."""
    for sequence, body in newest.damaged_batches():
        folder.aside.mkdir(exist_ok=True)
        aside = folder.aside / f"batch-{sequence}"
        with store_faults(aside):
            aside.write_bytes(body)
        newest.remove_batch(sequence)
        notices.append(f"Batch {sequence} was damaged; its bytes lie now in {aside}: its readings are missing.")


def sealed_paths(folder: StoreFolder) -> Iterable[Path]:
    for kind in KINDS:
        for room in (folder.root, folder.corrections):
            yield from sorted((room / kind).glob("*/*.parquet"))


def rebuild_list(folder: StoreFolder, newest: NewestFile, notices: list[str]) -> None:
    """Lists every sealed file that no other one answers for; their own notes say what each holds."""
    found = _read_notes(folder, sealed_paths(folder), notices)
    if not found:
        return
    listed = [
        file
        for file, covers in found
        if not any(
            other is not file and other.kind == file.kind and _answers_for(theirs, covers) for other, theirs in found
        )
    ]
    listed, masks = _with_spans(folder, listed, notices)
    listed, missing = _matched(listed, dict(found))
    newest.add_points(points_in(path_of(folder, file) for file in listed if file.kind in _TELLING))
    last = max((file.last for file in listed), default=0)
    newest.replace_files([], listed, sealed=last, missing=missing, masks=masks, kept=_kept_from(listed))
    notices.append(
        f"The list of sealed files was missing and was made anew from {len(listed)} files: "
        "readings of the minutes before may be missing."
    )
    gone = {path_of(folder, file) for file, _ in found} - {path_of(folder, file) for file in listed}
    for path in gone:
        path.unlink(missing_ok=True)


def _with_spans(
    folder: StoreFolder, listed: list[SealedFile], notices: list[str]
) -> tuple[list[SealedFile], list[Mask]]:
    """The files that may count, and what the corrections among them replace; one that cannot say it goes aside."""
    masks: list[Mask] = []
    aside: set[int] = set()
    for number in sorted({correction_of(file) for file in listed} - {0}):
        try:
            masks += read_spans(folder, number)
        except StoreBroken as fault:
            aside.add(number)
            notices.append(f"{fault} Correction {number} was set aside: make it again.")
    for file in [file for file in listed if correction_of(file) in aside]:
        set_aside(path_of(folder, file), folder.aside)
    return [file for file in listed if correction_of(file) not in aside], masks


def _matched(listed: list[SealedFile], covers: Mapping[SealedFile, list[Cover]]) -> tuple[list[SealedFile], list[Gap]]:
    """Tiers held against the readings: those that belong to them, and what lacks."""
    readings = {(file.part, file.first, file.last): file for file in listed if file.kind == READINGS}
    days = {part for part, _, _ in readings}
    kept = [
        file
        for file in listed
        if file.kind in (READINGS, *MONTHLY)
        or (file.part, file.first, file.last) in readings
        or file.part not in days  # its readings were removed for their age
    ]
    lacking: list[Gap] = []
    for kind in KINDS[1:]:
        held = sorted((cover for file in kept if file.kind == kind for cover in covers[file]), key=lambda c: c.first)
        for part, first, last in readings:
            inside = [cover for cover in held if cover.part == part and first <= cover.first and cover.last <= last]
            whole = any(cover.holds(Cover(part, first, last)) for cover in held)
            if not whole and not (inside and (inside[0].first, inside[-1].last) == (first, last)):
                lacking.append((kind, part, first, last))
    return kept, lacking


def _kept_from(listed: Sequence[SealedFile]) -> Kept:
    """From when on each kind is there, as its files and those of coarser tiers tell: what they lack before was old."""
    first_ms = {
        kind: min(
            (file.start_ms // DAY_MS * DAY_MS for file in listed if file.kind == kind and not file.is_act),
            default=2**62,
        )
        for kind in KINDS
    }
    if first_ms[READINGS] <= min(first_ms[kind] for kind in MONTHLY):
        return NOTHING_GONE
    now_gone = [kind for place, kind in enumerate(KINDS) if first_ms[kind] > min(first_ms[k] for k in KINDS[place:])]
    return {kind: min(first_ms[kind], first_ms[READINGS]) for kind in now_gone}


def tidy(folder: StoreFolder, newest: NewestFile, notices: list[str]) -> None:
    """Removes files that a crash left unlisted; adopts or sets aside what is unlisted for another cause."""
    listing = newest.listing()
    listed = {path_of(folder, file): file for file in listing.files}
    strays = [path for path in sealed_paths(folder) if path not in listed and act_of(path.parent.name) is None]
    if not strays:
        return
    facts = newest.facts()
    waiting = {sequence for sequence, _ in newest.batches(facts.sealed)}
    notes = {path: read_note(path)[1] for path in listed if path.exists()}
    readings = [cover for path, theirs in notes.items() if listed[path].kind == READINGS for cover in theirs]
    for file, covers in _read_notes(folder, strays, notices):
        path = path_of(folder, file)
        unfinished_seal = all(number in waiting for number in range(file.first, file.last + 1))
        merged = any(_answers_for(theirs, covers) for other, theirs in notes.items() if listed[other].kind == file.kind)
        parts = [
            other for other, theirs in notes.items() if listed[other].kind == file.kind and _answers_for(covers, theirs)
        ]
        derived = file.kind != READINGS and all(any(cover.meets(own) for own in readings) for cover in covers)
        retired = end_of(file.part) <= listing.kept.get(file.kind, -(2**62))
        if unfinished_seal or merged or parts or derived or retired:
            path.unlink()
        else:
            aside = set_aside(path, folder.aside)
            notices.append(
                f"{path} belongs to no batch this store knows and lies now in {aside}: look where it came from."
            )


def _answers_for(wide: list[Cover], narrow: list[Cover]) -> bool:
    return all(any(cover.holds(other) for cover in wide) for other in narrow)


def _read_notes(folder: StoreFolder, paths: Iterable[Path], notices: list[str]) -> list[tuple[SealedFile, list[Cover]]]:
    found = []
    for path in paths:
        try:
            found.append(read_note(path))
        except StoreBroken as fault:
            aside = set_aside(path, folder.aside)
            notices.append(f"{path} was damaged ({fault.what}) and lies now in {aside}: restore it from a copy.")
    return found


def export_points(folder: StoreFolder, rows: Iterable[tuple[str, ...]]) -> None:
    """Writes points.csv anew, for people who read the store with other tools."""
    fresh = folder.points.with_suffix(".new")
    with store_faults(folder.points):
        with fresh.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("point", "device", "quantity", "unit", "name", "counter"), *rows])
        with contextlib.suppress(PermissionError):  # Windows: somebody has it open; the next start writes it
            fresh.replace(folder.points)
