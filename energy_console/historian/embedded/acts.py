"""Acts as files of their own beside the engine's: added whole, taken back whole, each in one transaction.

An act is a few sealed files whose part is called after it. Merging works on days and months, so it never touches
them; one transaction lists them all, one takes them all off the list. What the engine wrote is never rewritten.
Works beside a running engine: the list of files is the one thing both change, and SQLite serves them in turn.
"""

from __future__ import annotations

import contextlib
import csv
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from energy_console.historian.acts import Act, ActKind, ActSeries, Mask
from energy_console.historian.columns import Columns
from energy_console.historian.embedded.database import store_faults
from energy_console.historian.embedded.folder import StoreFolder, WriterLock
from energy_console.historian.embedded.newest import NewestFile, SealedFile
from energy_console.historian.embedded.parquet import KINDS, READINGS, Cover, Step, path_of
from energy_console.historian.embedded.sealing import DAY_MS, write_day
from energy_console.historian.errors import StoreBroken, StoreBusy

PIECE_READINGS = 1_000_000
"""In one file: a question about one hour unpacks no more than this of a point."""

_PART = re.compile(r"(import|correction)-(\d{6})-\d{5}")


@dataclass(frozen=True, slots=True)
class _ActingFolder(StoreFolder):
    """The same store; unfinished files of an act lie where no starting engine clears them away."""

    @property
    def incoming(self) -> Path:
        return self.root / "importing"


def act_of(part: str) -> Act | None:
    """The act whose files lie in `part`; None for a day or a month."""
    found = _PART.fullmatch(part)
    return Act(ActKind(found[1]), int(found[2])) if found else None


def correction_of(file: SealedFile) -> int:
    """The number of the correction a file belongs to, 0 for every other file."""
    act = act_of(file.part)
    return act.number if act is not None and act.kind is ActKind.CORRECTION else 0


def lock_acts(folder: StoreFolder) -> WriterLock:
    """Held while an act is written or taken back: one at a time. Raises StoreBusy."""
    return WriterLock(folder, "import")


def files_of(newest: NewestFile, act: Act) -> list[SealedFile]:
    """The files of one act that count; none where it was never finished, or taken back."""
    return [file for file in newest.files() if act_of(file.part) == act]


def add_act(
    folder: StoreFolder,
    newest: NewestFile,
    act: Act,
    series: Sequence[ActSeries],
    masks: Sequence[Mask] = (),
    step: Step = lambda _: None,
) -> int:
    """Writes and lists everything, or nothing; whoever calls holds `lock_acts`. Returns the readings. StoreError."""
    room = _ActingFolder(folder.root)
    series = sorted(series, key=lambda one: one.point)
    ranked = [one.point for one in series]
    files: list[SealedFile] = []
    try:
        with store_faults(room.incoming / "x"):
            room.incoming.mkdir(exist_ok=True)
            newest.keep_units({one.point: one.unit for one in series})
            newest.replace_files([], [])  # from now on the list is known to be no lost one, should this be cut off
            for piece, (start_ms, end_ms) in enumerate(_pieces(series)):
                cover = Cover(f"{act.kind}-{act.number:06d}-{piece:05d}", 0, 0)
                files += write_day(room, [cover], _parts(series, start_ms, end_ms), ranked, step, level=0)
            if masks:
                write_spans(folder, act.number, masks)
            step("before listing")
            newest.replace_files([], files, masks=masks)
            step("after listing")
    except BaseException:
        if not files_of(newest, act):
            _remove(folder, act, files)
        raise
    return sum(file.rows for file in files if file.kind == READINGS)


def take_back(folder: StoreFolder, newest: NewestFile, act: Act, step: Step = lambda _: None) -> int:
    """Takes all of an act off the list in one transaction, then removes its files. Returns the readings gone.

    Whoever calls holds `lock_acts`. 0 where none of it counts (any more).
    """
    files = files_of(newest, act)
    if not files:
        return 0
    step("before unlisting")
    newest.replace_files(files, [], unmask=act.number if act.kind is ActKind.CORRECTION else 0)
    step("after unlisting")
    _remove(folder, act, files)
    return sum(file.rows for file in files if file.kind == READINGS)


def clear_unfinished(folder: StoreFolder, newest: NewestFile) -> None:
    """Removes files of acts that were cut off or taken back; none while one is under way."""
    try:
        lock = lock_acts(folder)
    except StoreBusy:
        return
    try:
        files = newest.files()
        listed = {path_of(folder, file) for file in files}
        left = [path for path in act_paths(folder) if path not in listed]
        left += _ActingFolder(folder.root).incoming.glob("*.parquet")
        kept = {correction_of(file) for file in files}
        left += [path for path in folder.spans.glob("*.csv") if int(path.stem) not in kept]
        for path in left:
            with contextlib.suppress(OSError):  # Windows: a reader has it open; it does not count, and goes next time
                path.unlink(missing_ok=True)
                path.parent.rmdir()
    finally:
        lock.release()


def act_paths(folder: StoreFolder) -> Iterator[Path]:
    """Files of acts, listed or not."""
    for kind in KINDS:
        yield from (folder.root / kind).glob("import-*/*.parquet")
        yield from (folder.corrections / kind).glob("correction-*/*.parquet")


def last_number(folder: StoreFolder, kind: ActKind) -> int:
    """The highest number of an act that files are there of, 0 where there are none."""
    acts = (act_of(path.parent.name) for path in act_paths(folder))
    return max((act.number for act in acts if act is not None and act.kind is kind), default=0)


# -- what a correction replaces, beside its files: for a list made anew, and for people with other tools -----------


def write_spans(folder: StoreFolder, number: int, masks: Sequence[Mask]) -> None:
    """Writes `corrections/spans/000001.csv`, on the disk before the correction counts."""
    path = _spans_path(folder, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        rows = [(mask.point, _iso(mask.start_ms), _iso(mask.end_ms)) for mask in masks]
        csv.writer(file).writerows([("point", "from", "to"), *rows])
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def read_spans(folder: StoreFolder, number: int) -> list[Mask]:
    """What `write_spans` wrote. Raises StoreBroken where it is not there, or not whole."""
    path = _spans_path(folder, number)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            _, *rows = csv.reader(file)
        return [Mask(number, point, _ms(start), _ms(end)) for point, start, end in rows]
    except (OSError, ValueError) as fault:
        raise StoreBroken(path, str(fault) or type(fault).__name__) from fault


def _spans_path(folder: StoreFolder, number: int) -> Path:
    return folder.spans / f"{number:06d}.csv"


def _iso(ms: int) -> str:
    return f"{np.datetime64(ms, 'ms')}Z"


def _ms(text: str) -> int:
    return int(np.datetime64(text.removesuffix("Z"), "ms").astype(np.int64))


# -- files ----------------------------------------------------------------------------------------------------


def _remove(folder: StoreFolder, act: Act, files: Sequence[SealedFile]) -> None:
    paths = [path_of(folder, file) for file in files]
    if act.kind is ActKind.CORRECTION:
        paths.append(_spans_path(folder, act.number))
    for path in paths:
        with contextlib.suppress(OSError):  # Windows: a reader still has it open; the next start removes it
            path.unlink(missing_ok=True)
            path.parent.rmdir()


def _pieces(series: Sequence[ActSeries]) -> Iterator[tuple[int, int]]:
    """Spans of whole UTC days, so that no cell of a tier lies in two, each of some `PIECE_READINGS` readings."""
    days, counts = np.unique(np.concatenate([one.time_ms // DAY_MS for one in series]), return_counts=True)
    piece = np.cumsum(counts) // PIECE_READINGS
    for number in np.unique(piece):
        inside = days[piece == number]
        yield int(inside[0]) * DAY_MS, (int(inside[-1]) + 1) * DAY_MS


def _parts(series: Sequence[ActSeries], start_ms: int, end_ms: int) -> Iterator[Columns]:
    for rank, one in enumerate(series):
        rows = slice(*np.searchsorted(one.time_ms, (start_ms, end_ms)))
        time_ms = one.time_ms[rows]
        if len(time_ms):
            yield Columns(np.full(len(time_ms), rank, np.int32), time_ms, one.value[rows], one.status[rows])
