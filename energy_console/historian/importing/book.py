"""The book of imports of a store: each one act with a number, written whole, taken back whole, told in the journal."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from energy_console.historian.acts import Act, ActKind, ActSeries
from energy_console.historian.importing.faults import ImportRefused
from energy_console.historian.importing.preview import PointPreview, is_own
from energy_console.historian.interface import Acts, Historian, Series
from hardware.points import Point, Reason, status_of

ROOM, POINTS_ROOM = "imports", "import_points"
KIND = "import"
IMPORTED = status_of(Reason.SUBSTITUTED)


def stored_of(historian: Historian | None, point: str, first_ms: int, last_ms: int) -> Series | None:
    """What a store has of a point between two times, both included; None where there is no store yet."""
    if historian is None:
        return None
    return historian.read(point, first_ms * 1_000_000, (last_ms + 1) * 1_000_000)


class Book:
    """Imports of one store, written by whoever holds its `acts`."""

    def __init__(self, acts: Acts) -> None:
        self._acts, self.historian = acts, acts.historian

    def write(self, files: Sequence[Path], points: Sequence[PointPreview], who: str) -> tuple[int, int]:
        """Writes what the previews say as one act. Returns its number and how many readings it has. StoreError."""
        series = [_series(one) for one in points if one.point and len(one.time_ms)]
        if not series:
            raise ImportRefused("Nothing to write: every reading is in the store already, or no column has a point.")
        _refuse_beneath_corrections(self.historian, series)
        known = [int(key) for key in self.historian.list_state(ROOM)]  # a new book knows none of an older one's files
        number = max(max(known, default=0), self._acts.last_number(ActKind.IMPORT)) + 1
        entry = _entry(files, points, who)
        self._put(number, {**entry, "state": "begun"})
        count = self._acts.add(Act(ActKind.IMPORT, number), series)
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
        act = Act(ActKind.IMPORT, number)
        if entry is None and self.historian.readings_of(act):
            entry = {"state": "written", "files": [], "points": {}}  # the book was lost with the store's state
        if entry is None:
            known = ", ".join(str(int(key)) for key in self.historian.list_state(ROOM)) or "none"
            raise ImportRefused(f"The store has no import {number}: it has {known}.")
        if not self.historian.readings_of(act):
            was = "taken back already" if entry["state"] != "begun" else "cut off before any of it counted"
            if entry["state"] == "written":  # cut off between the files and this entry
                self._put(number, {**entry, "state": "taken back", "taken_back_ns": time.time_ns(), "by": who})
            raise ImportRefused(f"Import {number} was {was}: nothing of it is in the store.")
        _refuse_under_corrections(self.historian, entry)
        count = self._acts.take_back(act)
        self._put(number, {**entry, "state": "taken back", "taken_back_ns": time.time_ns(), "by": who})
        self._tell(number, f"Import {number} taken back: {count} readings", {"readings": count, "who": who})
        return count

    def _put(self, number: int, entry: Mapping[str, Any]) -> None:
        self.historian.put_state(ROOM, _key(number), entry)

    def _tell(self, number: int, text: str, data: Mapping[str, Any]) -> None:
        self.historian.write_event(time.time_ns(), KIND, f"import {number}", text, data)


def entries(historian: Historian) -> list[tuple[int, Mapping[str, Any]]]:
    """Every import with what holds of it now: written only where its readings count."""
    found: list[tuple[int, Mapping[str, Any]]] = []
    for key, entry in historian.list_state(ROOM).items():
        readings = historian.readings_of(Act(ActKind.IMPORT, int(key)))
        state = "written" if readings else ("taken back" if entry["state"] != "begun" else "cut off")
        found.append((int(key), {**entry, "state": state, "readings": readings}))
    return found


def _series(one: PointPreview) -> ActSeries:
    return ActSeries(one.point, one.unit, one.time_ms, one.value, np.full(len(one.time_ms), IMPORTED, np.uint16))


def _refuse_beneath_corrections(historian: Historian, series: Sequence[ActSeries]) -> None:
    """What goes beneath a correction would never be seen."""
    for one in series:
        for number, start_ns, end_ns in historian.corrected(one.point):
            time_ns = one.time_ms * 1_000_000
            if bool(((time_ns >= start_ns) & (time_ns < end_ns)).any()):
                raise ImportRefused(
                    f"{one.point} is corrected there (correction {number}), so that what is imported would not be "
                    f"seen: take that back first, or give the file to the correction (correct --file)."
                )


def _refuse_under_corrections(historian: Historian, entry: Mapping[str, Any]) -> None:
    """What a correction was made from stays until that is taken back."""
    for point, told in entry["points"].items():
        for number, start_ns, end_ns in historian.corrected(point):
            if start_ns <= told["last_ms"] * 1_000_000 and told["first_ms"] * 1_000_000 < end_ns:
                raise ImportRefused(
                    f"Correction {number} of {point} may be made from this import: take that back first."
                )


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
