"""Verifies tiers: every cell in every column as the readings it is made of say, worked out anew.

A tier of a day lies beside its readings, file for file, and is held against each; one that is gathered by month is held
against the readings of all its days together, point by point, so that no more than a few points are in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from energy_console.historian.columns import Columns
from energy_console.historian.embedded.acts import act_of
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.merging import merged_rows
from energy_console.historian.embedded.newest import Listing, SealedFile
from energy_console.historian.embedded.parquet import READINGS, WORTH, Cover, cells_from, path_of, read_note
from energy_console.historian.embedded.retiring import end_of
from energy_console.historian.embedded.sealing import DAY_MS, whole_tiers
from energy_console.historian.errors import StoreError
from energy_console.historian.rolling import all_tiers
from energy_console.historian.tiers import (
    Cells,
    coarsened,
    different,
    in_order,
    overtaken_rows,
    worth_keeping,
)
from energy_console.historian.zoom import TIERS_MS
from hardware.points import BoolArray, Int32Array, Int64Array

Progress = Callable[[str], None]
SURE = ("count", "good_count", "minimum", "maximum", "status")
"""Columns that hold also where a late reading lies between two that a cell took for neighbours."""

JOINED = (*SURE, "first", "last", "held", "integral_h", "covered_h")
ALL = (*JOINED, "last_ms", "from_ms", "to_ms")


def tier_faults(folder: StoreFolder, listing: Listing, points: Sequence[str], progress: Progress) -> list[str]:
    """Sentences on every tier that is missing or differs. `points`: all that the store knows.

    A day of which part of a tier lies in a month's file and another part is still to be filled in is looked at later.
    """
    checker = _Checker(folder, listing, sorted(points), progress)
    faults: list[str] = []
    by_month: dict[tuple[str, str], set[str]] = {}
    for file in listing.of(READINGS):
        kinds = [kind for kind in TIERS_MS if (kind, file.part, file.first, file.last) not in listing.missing]
        beside = [kind for kind in kinds if checker.is_beside(kind, file) or kind not in whole_tiers(file.part)]
        faults += checker.beside(file, beside)
        for kind in set(kinds) - set(beside) - {kind for kind in kinds if file.part in listing.gaps(kind)}:
            by_month.setdefault((kind, file.part[:7]), set()).add(file.part)
    for (kind, month), days in sorted(by_month.items()):
        faults += checker.gathered(kind, month, days)
    for fine, coarse in pairwise(TIERS_MS):
        for day in sorted(checker.lone_days(fine) & checker.lone_days(coarse)):
            faults += checker.against_each_other(fine, coarse, day)
    return faults


@dataclass(slots=True)
class _Checker:
    folder: StoreFolder
    listing: Listing
    ranked: Sequence[str]
    progress: Progress

    def is_beside(self, kind: str, readings: SealedFile) -> bool:
        return self._twin(kind, readings) is not None

    def _twin(self, kind: str, readings: SealedFile) -> SealedFile | None:
        wanted = (kind, readings.part, readings.first, readings.last)
        return next((f for f in self.listing.files if (f.kind, f.part, f.first, f.last) == wanted), None)

    def beside(self, readings: SealedFile, kinds: Sequence[str]) -> list[str]:
        """Tiers of one file of readings, each in a file of the same batches or, where nothing is worth it, in none."""
        self.progress(f"tiers of {readings.part}: against its readings")
        twins = {kind: self._twin(kind, readings) for kind in kinds}
        wrong: dict[str, Counter[int]] = {kind: Counter() for kind in kinds}
        try:
            rows = {kind: _Rows(self._rows([twin], kind)) for kind, twin in twins.items() if twin}
            for columns in self._readings([readings]):
                for kind, wanted in all_tiers(columns):
                    if kind in kinds:
                        through = int(columns.key[-1])
                        given = rows[kind].through(through) if kind in rows else Cells.nothing()
                        _compare(wanted, given, kind in whole_tiers(readings.part), wrong[kind])
            for kind, left in rows.items():
                wrong[kind].update(left.through(2**31 - 1).rank.tolist())
        except (StoreError, pa.ArrowException, OSError):
            return []  # told with its file
        return [self._sentence(kind, readings.part, wrong[kind], twins[kind] is None) for kind in kinds if wrong[kind]]

    def gathered(self, kind: str, month: str, days: set[str]) -> list[str]:
        """A tier of which these days lie in a file of the month."""
        self.progress(f"{kind} of {month}: against the readings of {len(days)} days")
        files = [f for f in self.listing.of(kind) if f.part.partition("~")[0] == month or f.part in days]
        readings = [f for f in self.listing.of(READINGS) if f.part in days]
        step_ms = TIERS_MS[kind]
        wrong: Counter[int] = Counter()
        try:
            lacking = sorted(day for day in days if not self._held(files, day))
            if lacking:
                return [f"{kind} of {day} are missing: spans of that day are wrong." for day in lacking]
            rows = _Rows(self._rows(files, kind))
            for columns in self._readings(readings):
                given = rows.through(int(columns.key[-1]))
                given = in_order(given.take(_within(given.time_ms, days)))
                wanted = dict(all_tiers(columns))[kind]
                late = np.unique(_keys(given)[overtaken_rows(given)])
                # what a late reading holds reaches across the borders of its cell, too
                late = np.concatenate([late + aside for aside in (-step_ms // 1000, 0, step_ms // 1000)])
                _compare_joined(wanted, coarsened(given, step_ms, step_ms), late, wrong)
        except (StoreError, pa.ArrowException, OSError):
            return []
        return [self._sentence(kind, month, wrong, False)] if wrong else []

    def lone_days(self, kind: str) -> set[str]:
        """Days whose readings are gone for their age and whose cells, all of one making, are still there."""
        base_ms = self.listing.kept.get(READINGS, -(2**62))
        covers = Counter(cover.part for file in self.listing.of(kind) for cover in self._covers(file))
        late = {file.part for file in self.listing.of(READINGS)}
        return {
            part
            for part, times in covers.items()
            if times == 1 and part not in late and act_of(part) is None and end_of(part) <= base_ms
        }

    def against_each_other(self, fine: str, coarse: str, day: str) -> list[str]:
        """One day of a tier against the next finer one, for points that both hold."""
        self.progress(f"{coarse} of {day}: against {fine}")
        wrong: Counter[int] = Counter()
        month = day[:7]
        files = {
            kind: [f for f in self.listing.of(kind) if f.part == day or f.part.partition("~")[0] == month]
            for kind in (fine, coarse)
        }
        try:
            rows = _Rows(self._rows(files[fine], fine))
            for part in self._rows(files[coarse], coarse):
                wide = cells_from(*part)
                wide = wide.take(_within(wide.time_ms, {day}))
                given = rows.through(int(part[0][-1]))
                given = given.take(_within(given.time_ms, {day}))
                made = coarsened(given, TIERS_MS[fine], TIERS_MS[coarse])
                _count(made, wide.take(np.isin(wide.rank, made.rank)), JOINED, wrong)
        except (StoreError, pa.ArrowException, OSError):
            return []
        return [self._sentence(coarse, day, wrong, False, fine)] if wrong else []

    def _covers(self, file: SealedFile) -> list[Cover]:
        try:
            return read_note(path_of(self.folder, file))[1]
        except StoreError:
            return []  # told with its file

    def _held(self, files: Sequence[SealedFile], day: str) -> bool:
        covers: list[Cover] = [cover for file in files for cover in read_note(path_of(self.folder, file))[1]]
        return any(cover.part == day for cover in covers)

    def _readings(self, files: Sequence[SealedFile]) -> Iterator[Columns]:
        for rank, arrays in self._rows(files, READINGS):
            yield Columns(rank, arrays["time"], arrays["value"], arrays["status"])

    def _rows(self, files: Sequence[SealedFile], kind: str) -> Iterator[tuple[Int32Array, dict[str, np.ndarray]]]:
        paths = [path_of(self.folder, file) for file in files]
        for rank, arrays in merged_rows(paths, kind, self.ranked, lambda: None):
            yield rank, dict(arrays)

    def _sentence(self, kind: str, part: str, wrong: Counter[int], missing: bool, base: str = "their readings") -> str:
        (rank, _), cells = wrong.most_common(1)[0], sum(wrong.values())
        if missing:
            return f"{kind} of {part} are missing, {cells} cells: spans of that day come slowly, from its readings."
        return (
            f"{kind} of {part} differ from {base} in {cells} cells, most of {self.ranked[rank]}: "
            "restore them from a copy."
        )


class _Rows:
    """Cells in the order of their points, handed out up to a point at a time."""

    def __init__(self, rows: Iterator[tuple[Int32Array, dict[str, np.ndarray]]]) -> None:
        self._rows = rows
        self._waiting: list[Cells] = []

    def through(self, rank: int) -> Cells:
        """Cells of all points up to `rank` that were not handed out before."""
        while not self._waiting or int(self._waiting[-1].rank[-1]) <= rank:
            part = next(self._rows, None)
            if part is None:
                break
            self._waiting.append(cells_from(*part))
        if not self._waiting:
            return Cells.nothing()
        cells = Cells.join(self._waiting)
        cut = int(np.searchsorted(cells.rank, rank, side="right"))
        rest = cells.take(slice(cut, None))
        self._waiting = [rest] if len(rest) else []
        return cells.take(slice(0, cut))


def _keys(cells: Cells) -> Int64Array:
    """One number a point and cell: starts of cells, in seconds, are far below 2**35."""
    return (cells.rank.astype(np.int64) << 36) + cells.time_ms // 1000


def _within(time_ms: Int64Array, days: set[str]) -> BoolArray:
    numbers = [int(np.datetime64(day, "D").astype(np.int64)) for day in days]
    return np.isin(time_ms // DAY_MS, numbers)


def _compare(wanted: Cells, given: Cells, whole: bool, wrong: Counter[int]) -> None:
    """Counts the cells of one file that differ, by point. Unless `whole`, points not worth it may lack altogether."""
    if not whole:
        wanted = wanted.take(worth_keeping(wanted, WORTH) | np.isin(wanted.rank, given.rank))
    _count(wanted, given, ALL, wrong)


def _compare_joined(wanted: Cells, given: Cells, late: Int64Array, wrong: Counter[int]) -> None:
    """The same of cells joined from several files; those that a late reading overtook are asked for less."""
    sure = ~np.isin(_keys(wanted), late), ~np.isin(_keys(given), late)
    _count(wanted.take(sure[0]), given.take(sure[1]), JOINED, wrong)
    _count(wanted.take(~sure[0]), given.take(~sure[1]), SURE, wrong)


def _count(wanted: Cells, given: Cells, columns: Sequence[str], wrong: Counter[int]) -> None:
    ours, theirs = _keys(wanted), _keys(given)
    _, left, right = np.intersect1d(ours, theirs, assume_unique=True, return_indices=True)
    wrong.update(np.delete(wanted.rank, left).tolist())
    wrong.update(np.delete(given.rank, right).tolist())
    apart = different(wanted.take(left), given.take(right), columns)
    wrong.update(wanted.rank[left][apart].tolist())
