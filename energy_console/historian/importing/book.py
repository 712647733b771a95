"""The book of imports of a store: each one act with a number, written whole, taken back whole, told in the journal."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from energy_console.historian.embedded import open_embedded
from energy_console.historian.embedded.folder import FORMAT, StoreFolder
from energy_console.historian.embedded.imports import (
    ImportedSeries,
    add_import,
    files_of,
    last_number,
    lock_imports,
    take_back,
)
from energy_console.historian.embedded.newest import NewestFile
from energy_console.historian.errors import StoreMissing
from energy_console.historian.importing.faults import ImportRefused
from energy_console.historian.importing.preview import PointPreview, is_own
from energy_console.historian.interface import Historian, Series
from hardware.points import Point

ROOM, POINTS_ROOM = "imports", "import_points"
KIND = "import"


def stored_of(historian: Historian | None, point: str, first_ms: int, last_ms: int) -> Series | None:
    """What a store has of a point between two times, both included; None where there is no store yet."""
    if historian is None:
        return None
    return historian.read(point, first_ms * 1_000_000, (last_ms + 1) * 1_000_000)


@contextlib.contextmanager
def reading_store(folder: Path) -> Iterator[Historian | None]:
    """The store for looking, None where there is none yet. Raises StoreError."""
    try:
        historian = open_embedded(folder, writing=False)
    except StoreMissing:
        yield None
        return
    try:
        yield historian
    finally:
        historian.close()


@contextlib.contextmanager
def writing_imports(folder: Path) -> Iterator[Book]:
    """One import at a time; makes the store where it is missing. An engine may go on writing. Raises StoreError."""
    try:
        current = StoreFolder(folder).check() == FORMAT
    except StoreMissing:
        current = False
    if not current:
        open_embedded(folder, writing=True).close()  # makes it, or leads it forward
    lock = lock_imports(StoreFolder(folder))
    try:
        historian = open_embedded(folder, writing=False)
        try:
            newest = NewestFile(StoreFolder(folder).newest, create=False)
            try:
                yield Book(StoreFolder(folder), newest, historian)
            finally:
                newest.close()
        finally:
            historian.close()
    finally:
        lock.release()


class Book:
    """Made by `writing_imports`, which holds the lock over it."""

    def __init__(self, folder: StoreFolder, newest: NewestFile, historian: Historian) -> None:
        self._folder, self._newest, self.historian = folder, newest, historian

    def write(self, files: Sequence[Path], points: Sequence[PointPreview], who: str) -> tuple[int, int]:
        """Writes what the previews say as one act. Returns its number and how many readings it has. StoreError."""
        series = [ImportedSeries(one.point, one.time_ms, one.value) for one in points if one.point and len(one.time_ms)]
        if not series:
            raise ImportRefused("Nothing to write: every reading is in the store already, or no column has a point.")
        known = [int(key) for key in self.historian.list_state(ROOM)]  # a new book knows none of an older one's files
        number = max(max(known, default=0), last_number(self._folder)) + 1
        entry = _entry(files, points, who)
        self._put(number, {**entry, "state": "begun"})
        count = add_import(self._folder, self._newest, number, series)
        for one in points:
            if one.point and is_own(one.point):
                self.historian.put_state(POINTS_ROOM, one.point, {"unit": one.unit, "name": one.source})
        self._put(number, {**entry, "state": "written", "readings": count})
        text = (
            f"Import {number}: {count} readings of {len(series)} points from {', '.join(path.name for path in files)}"
        )
        self._tell(number, text, {"readings": count, "who": who})
        return number, count

    def undo(self, number: int, who: str) -> int:
        """Takes exactly the readings of one import back, once. Returns how many. Raises ImportRefused, StoreError."""
        entry = self.historian.get_state(ROOM, _key(number))
        if entry is None and files_of(self._newest, number):
            entry = {"state": "written", "files": [], "points": {}}  # the book was lost with the store's state
        if entry is None:
            known = ", ".join(str(int(key)) for key in self.historian.list_state(ROOM)) or "none"
            raise ImportRefused(f"The store has no import {number}: it has {known}.")
        if not files_of(self._newest, number):
            was = "taken back already" if entry["state"] != "begun" else "cut off before any of it counted"
            if entry["state"] == "written":  # cut off between the files and this entry
                self._put(number, {**entry, "state": "taken back", "taken_back_ns": time.time_ns(), "by": who})
            raise ImportRefused(f"Import {number} was {was}: nothing of it is in the store.")
        count = take_back(self._folder, self._newest, number)
        self._put(number, {**entry, "state": "taken back", "taken_back_ns": time.time_ns(), "by": who})
        self._tell(number, f"Import {number} taken back: {count} readings", {"readings": count, "who": who})
        return count

    def _put(self, number: int, entry: Mapping[str, Any]) -> None:
        self.historian.put_state(ROOM, _key(number), entry)

    def _tell(self, number: int, text: str, data: Mapping[str, Any]) -> None:
        self.historian.write_event(time.time_ns(), KIND, f"import {number}", text, data)


def entries(historian: Historian, folder: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """Every import with what holds of it now: written only where its files count."""
    newest = NewestFile(StoreFolder(folder).newest, create=False)
    try:
        found: list[tuple[int, Mapping[str, Any]]] = []
        for key, entry in historian.list_state(ROOM).items():
            files = files_of(newest, int(key))
            readings = sum(file.rows for file in files if file.kind == "readings")
            state = "written" if files else ("taken back" if entry["state"] != "begun" else "cut off")
            found.append((int(key), {**entry, "state": state, "readings": readings}))
        return found
    finally:
        newest.close()


def imported_points(historian: Historian) -> list[Point]:
    """Points that only imports write, as the store knows them."""
    found = []
    for name, told in historian.list_state(POINTS_ROOM).items():
        device, _, quantity = name.partition("/")
        found.append(Point(name, device, quantity, told["unit"], told["name"]))
    return found


def _key(number: int) -> str:
    return f"{number:06d}"


def _entry(files: Sequence[Path], points: Sequence[PointPreview], who: str) -> dict[str, Any]:
    return {
        "when_ns": time.time_ns(),
        "who": who,
        "files": [{"name": path.name, "sha256": _digest(path), "bytes": path.stat().st_size} for path in files],
        "points": {
            one.point: {
                "source": one.source,
                "file_unit": one.file_unit,
                "unit": one.unit,
                "readings": len(one.time_ms),
                "first_ms": int(one.time_ms[0]),
                "last_ms": int(one.time_ms[-1]),
            }
            for one in points
            if one.point and len(one.time_ms)
        },
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
