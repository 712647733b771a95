"""Row groups of sealed files, read point by point and kept unpacked for the next question: sealed files never change.

A question about one point wants a few hundred rows of each of a few files. What that costs is opening the file, its
footer, and unpacking one group of each column, so footers and the groups used last stay in memory.
"""

from __future__ import annotations

import bisect
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from energy_console.historian.embedded.parquet import Arrays, columns_of, read_note
from energy_console.historian.errors import StoreBroken

MOST_BYTES = 64 << 20
"""Unpacked groups kept: a year of hours of some 60 points, or a day of minutes of 600."""

MOST_FOOTERS = 4_000

Version = tuple[Path, int, int]
"""A file as it lies there: one put in its place under the same name is another."""

Kept = TypeVar("Kept")


class FileGone(Exception):
    """A listed file was merged away after the list was read: read the list again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(str(path))


@dataclass(frozen=True, slots=True)
class Footer:
    """What a file says of its groups; `last_points` rises."""

    metadata: Any
    first_points: tuple[str, ...]
    last_points: tuple[str, ...]

    def groups_of(self, point: str) -> range:
        """Groups that may hold rows of a point."""
        return range(bisect.bisect_left(self.last_points, point), bisect.bisect_right(self.first_points, point))


@dataclass(frozen=True, slots=True)
class Group:
    """One row group, unpacked. Rows of `names[n]` are those from `starts[n]` to `starts[n + 1]`."""

    names: Sequence[str]
    starts: Sequence[int]
    arrays: Arrays
    size: int  # bytes

    def rows_of(self, point: str) -> slice:
        place = bisect.bisect_left(self.names, point)
        if place == len(self.names) or self.names[place] != point:
            return slice(0, 0)
        return slice(self.starts[place], self.starts[place + 1])


class Recent(OrderedDict[Any, Kept]):
    """What was used last, up to a size; safe to use from several threads."""

    def __init__(self, most: int, size_of: Callable[[Kept], int]) -> None:
        super().__init__()
        self._most, self._size_of, self._size = most, size_of, 0
        self._guard = threading.Lock()

    def or_made(self, key: object, make: Callable[[], Kept]) -> Kept:
        """What is kept under `key`; made, outside of the lock, where nothing is."""
        with self._guard:
            if key in self:
                self.move_to_end(key)
                return self[key]
        made = make()
        with self._guard:
            if key not in self:
                self[key] = made
                self._size += self._size_of(made)
            while self._size > self._most and len(self) > 1:
                self._size -= self._size_of(self.popitem(last=False)[1])
        return made


class GroupReader:
    """Reads one point from sealed files. Safe to use from several threads."""

    def __init__(self) -> None:
        self._footers: Recent[Footer] = Recent(MOST_FOOTERS, lambda _: 1)
        self._groups: Recent[Group] = Recent(MOST_BYTES, lambda group: group.size)

    def rows(self, path: Path, point: str, columns: Sequence[str]) -> list[Arrays]:
        """Rows of a point in the order of the file, in parts; none where it holds nothing of it.

        Raises FileGone, StoreBroken, StoreTooNew.
        """
        try:
            version = _version(path)
            footer = self._footers.or_made(version, lambda: _footer(path))
            parts: list[Arrays] = []
            for number in footer.groups_of(point):
                group = self._groups.or_made(
                    (version, number, tuple(columns)), partial(_group, path, footer, number, columns)
                )
                rows = group.rows_of(point)
                if rows.stop > rows.start:
                    parts.append({name: group.arrays[name][rows] for name in columns})
        except FileNotFoundError as fault:
            raise FileGone(path) from fault
        except (pa.ArrowException, OSError, ValueError, IndexError) as fault:
            read_note(path)  # tells what else may be the matter with the file as a whole
            raise StoreBroken(path, (str(fault) or type(fault).__name__).splitlines()[0]) from fault
        return parts


def _version(path: Path) -> Version:
    found = os.stat(path)
    return path, found.st_mtime_ns, found.st_size


def _footer(path: Path) -> Footer:
    metadata = pq.read_metadata(path)
    points = [metadata.row_group(number).column(0).statistics for number in range(metadata.num_row_groups)]
    return Footer(metadata, tuple(point.min for point in points), tuple(point.max for point in points))


def _group(path: Path, footer: Footer, number: int, columns: Sequence[str]) -> Group:
    with pq.ParquetFile(
        path, metadata=footer.metadata, read_dictionary=["point"], page_checksum_verification=True
    ) as file:
        table = file.read_row_group(number, columns=["point", *columns], use_threads=False).combine_chunks()
    point = table.column("point").chunk(0)
    place = point.indices.to_numpy()
    names: list[str] = point.dictionary.to_pylist()
    starts = np.searchsorted(place, np.arange(len(names) + 1)).tolist()
    arrays = columns_of(table, columns)
    for array in arrays.values():
        array.setflags(write=False)  # whoever asks next is given the same
    return Group(names, starts, arrays, table.nbytes)
