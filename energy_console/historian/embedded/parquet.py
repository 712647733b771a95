"""Sealed files: written sorted by point and time, in full before they get their name; read back one point at a time.

Plain values under zstd take less room than dictionary or byte-split ones on meter data (2.4 against 3.1 and 2.6 bytes a
reading), since a meter's rounded values repeat as whole eight-byte words; times are differences. Integrals repeat
nowhere: they are split by bytes and kept to 13 digits, 4.0 bytes instead of 6.1.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from energy_console.historian.columns import Columns
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import SealedFile
from energy_console.historian.errors import StoreBroken, StoreTooNew
from energy_console.historian.tiers import Cells
from energy_console.historian.zoom import READINGS as READINGS
from energy_console.historian.zoom import TIERS_MS
from hardware.points import Float64Array, Int32Array

FORMAT = 2
"""1 had `held` in every row, and a tier of three hours."""
METADATA_KEY = b"energy-console"
GROUP_ROWS = 65_536
"""Few groups keep the footer small, and the footer is what a query of one point pays for."""

CELL_GROUP_ROWS = 8_192
"""Cells have many columns, all of them asked for: smaller groups leave less to unpack beside the point wanted."""

KINDS = (READINGS, *TIERS_MS)
FORMER = ("threehours",)
"""Tiers of earlier formats: nobody reads them any more, and nobody misses them."""

MONTHLY = ("quarters", "hours", "days")
"""Tiers of which days that are over become one file a month. They hold every point."""

WORTH = 8
"""The others, and all of an import, hold a point only where a cell stands for so many of its readings.

A cell takes some 16 bytes, so no such tier costs more than 2 bytes a reading; where there is no cell, there are few
readings to ask instead.
"""

LEAVING_OUT = tuple(kind for kind in TIERS_MS if kind not in MONTHLY)

INTEGRAL_BITS = 44

Arrays = Mapping[str, npt.NDArray[Any]]
Step = Callable[[str], None]

_TIME = pa.timestamp("ms", "UTC")
_POINT = pa.dictionary(pa.int32(), pa.string())
READING_SCHEMA = pa.schema(
    {"point": _POINT, "time": _TIME, "value": pa.float64(), "status": pa.uint16()}  # as `hardware.points` says
)
CELL_SCHEMA = pa.schema(
    {
        "point": _POINT,
        "time": _TIME,
        "minimum": pa.float64(),
        "maximum": pa.float64(),
        "first": pa.float64(),
        "last": pa.float64(),
        "held": pa.float64(),
        "count": pa.int32(),
        "good_count": pa.int32(),
        "integral_h": pa.float64(),
        "covered_h": pa.float64(),
        "status": pa.uint16(),
        "last_time": _TIME,
        "from_time": _TIME,
        "to_time": _TIME,
    }
)
CELL_FIELDS = {"time": "time_ms", "last_time": "last_ms", "from_time": "from_ms", "to_time": "to_ms"}
"""Column of the file -> field of Cells, where they differ."""


def schema_of(kind: str) -> pa.Schema:
    return READING_SCHEMA if kind == READINGS else CELL_SCHEMA


def reading_arrays(columns: Columns) -> Arrays:
    return {"time": columns.time_ms, "value": columns.value, "status": columns.status}


def cell_arrays(cells: Cells) -> Arrays:
    arrays = {name: getattr(cells, CELL_FIELDS.get(name, name)) for name in CELL_SCHEMA.names[1:]}
    return {**arrays, "integral_h": _rounded(cells.integral_h)}


def _rounded(values: Float64Array) -> Float64Array:
    """Within 6e-14 of itself: what lies beyond is the rounding of the sum, and takes two bytes."""
    mantissa, exponent = np.frexp(values)
    rounded: Float64Array = np.ldexp(np.round(np.ldexp(mantissa, INTEGRAL_BITS)), exponent - INTEGRAL_BITS)
    return rounded


def cells_from(rank: Int32Array, arrays: Arrays) -> Cells:
    named = {CELL_FIELDS.get(name, name): array for name, array in arrays.items()}
    return Cells(rank=rank, **named)


@dataclass(frozen=True, slots=True)
class Cover:
    """What a file answers for: everything of `part` that came in batches first to last."""

    part: str
    first: int
    last: int

    def holds(self, other: Cover) -> bool:
        return self.part == other.part and self.first <= other.first and other.last <= self.last

    def meets(self, other: Cover) -> bool:
        """Whether both answer for some batch."""
        return self.part == other.part and self.first <= other.last and other.first <= self.last


class SealedWriter:
    """Writes one sealed file under a passing name; `finish` gives it its real one. Left unfinished, nothing remains."""

    def __init__(
        self, folder: StoreFolder, kind: str, covers: Sequence[Cover], part: str, level: int, ranked: Sequence[str]
    ) -> None:
        self._folder, self._kind, self._part, self._level = folder, kind, part, level
        self._covers = list(covers)
        self._first, self._last = min(c.first for c in covers), max(c.last for c in covers)
        self._path = folder.incoming / f"{kind}-{part}-{self._first}-{self._last}.parquet"
        self._rows = 0
        self._waiting: list[tuple[Int32Array, Arrays]] = []
        self._ranked = ranked
        self._group_rows = GROUP_ROWS if kind == READINGS else CELL_GROUP_ROWS
        self._span = (2**62, -(2**62))
        schema = schema_of(kind)
        self._schema = schema
        self._writer: pq.ParquetWriter | None = pq.ParquetWriter(
            self._path,
            schema,
            compression="zstd",
            compression_level=3,
            use_dictionary=["point", "status"],
            column_encoding={f.name: _encoding(f) for f in schema if f.name not in {"point", "status"}},
            write_statistics=["point", "time"],
            write_page_checksum=True,
        )

    def write(self, rank: Int32Array, arrays: Arrays) -> None:
        """Adds rows sorted by point and time; `rank` counts in the sorted ids given at the start."""
        self._waiting.append((rank, arrays))
        if sum(len(part) for part, _ in self._waiting) >= self._group_rows:
            self._write_waiting(self._group_rows)

    def _write_waiting(self, least: int) -> None:
        """Writes what waits in full groups; a rest of fewer than `least` rows goes on waiting."""
        rank = np.concatenate([part for part, _ in self._waiting])
        arrays = {name: np.concatenate([part[name] for _, part in self._waiting]) for name in self._waiting[0][1]}
        start = 0
        while len(rank) - start >= least:
            rows = slice(start, min(start + self._group_rows, len(rank)))
            self._write_group(rank[rows], {name: array[rows] for name, array in arrays.items()})
            start = rows.stop
        rest = {name: array[start:] for name, array in arrays.items()}
        self._waiting = [(rank[start:], rest)] if start < len(rank) else []

    def _write_group(self, rank: Int32Array, arrays: Arrays) -> None:
        assert self._writer is not None
        lowest = int(rank[0])
        names = pa.array(self._ranked[lowest : int(rank[-1]) + 1], pa.string())
        point = pa.DictionaryArray.from_arrays(pa.array(rank - lowest, pa.int32()), names)
        rest = [pa.array(arrays[f.name], f.type) for f in self._schema if f.name not in {"point", "held"}]
        if "held" in arrays:
            rest.insert(self._schema.get_field_index("held") - 1, _held(arrays))
        table = pa.Table.from_arrays([point, *rest], schema=self._schema)
        self._writer.write_table(table, self._group_rows)
        self._rows += len(rank)
        ends = arrays["last_time"] if "last_time" in arrays else arrays["time"]
        self._span = (min(self._span[0], int(arrays["time"].min())), max(self._span[1], int(ends.max())))

    @property
    def empty(self) -> bool:
        return not self._rows and not any(len(rank) for rank, _ in self._waiting)

    def finish(self, step: Step) -> SealedFile:
        """Closes the file, makes sure that it is on the disk, and gives it its name."""
        assert self._writer is not None
        if self._waiting:
            self._write_waiting(1)
        sealed = SealedFile(self._kind, self._part, self._first, self._last, self._level, self._rows, *self._span)
        self._writer.add_key_value_metadata({METADATA_KEY: _note(sealed, self._covers)})
        self._writer.close()
        self._writer = None
        _flush(self._path)
        step(f"written {self._kind}")
        target = path_of(self._folder, sealed)
        is_new_part = not target.parent.exists()
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self._path, target)
        _flush_names(target.parent)
        if is_new_part:
            _flush_names(target.parent.parent)
        step(f"named {self._kind}")
        return sealed

    def give_up(self) -> None:
        if self._writer is not None:
            with contextlib.suppress(OSError):
                self._writer.close()
            self._writer = None
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _encoding(field: pa.Field) -> str:
    if field.name == "integral_h":
        return "BYTE_STREAM_SPLIT"
    return "DELTA_BINARY_PACKED" if pa.types.is_timestamp(field.type) or field.type == pa.int32() else "PLAIN"


def _held(arrays: Arrays) -> pa.Array:
    """What stands after each cell, null where that is its last value: nearly always, and then it takes no room."""
    return pa.array(arrays["held"], pa.float64(), mask=arrays["held"] == arrays["last"])


def points_in(paths: Iterable[Path]) -> set[str]:
    """Every point that sealed files hold."""
    found: set[str] = set()
    for path in paths:
        with pq.ParquetFile(path, read_dictionary=["point"]) as file:
            for group in range(file.num_row_groups):
                point = file.read_row_group(group, columns=["point"]).combine_chunks().column("point").chunk(0)
                found.update(point.dictionary.to_pylist())
    return found


def path_of(folder: StoreFolder, file: SealedFile) -> Path:
    return folder.sealed(file.kind, file.part, file.first, file.last)


def _note(file: SealedFile, covers: Sequence[Cover]) -> bytes:
    note = {
        "format": FORMAT,
        "kind": file.kind,
        "level": file.level,
        "start_ms": file.start_ms,
        "end_ms": file.end_ms,
        "covers": [[cover.part, cover.first, cover.last] for cover in covers],
    }
    return json.dumps(note).encode()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_names(folder: Path) -> None:
    """Makes sure that a name given in `folder` outlives a power cut; Windows does so by itself."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_note(path: Path) -> tuple[SealedFile, list[Cover]]:
    """What a sealed file says of itself. Raises StoreBroken, StoreTooNew."""
    try:
        footer = pq.read_metadata(path)
        note = json.loads((footer.metadata or {})[METADATA_KEY])
        covers = [Cover(str(part), int(first), int(last)) for part, first, last in note["covers"]]
        version = int(note["format"])
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as fault:
        raise StoreBroken(path, str(fault) or type(fault).__name__) from fault
    if version > FORMAT:
        raise StoreTooNew(path, version, FORMAT)
    first, last = min(c.first for c in covers), max(c.last for c in covers)
    times = (int(note["start_ms"]), int(note["end_ms"]))
    file = SealedFile(str(note["kind"]), path.parent.name, first, last, int(note["level"]), footer.num_rows, *times)
    return file, covers


def columns_of(table: pa.Table, names: Sequence[str]) -> Arrays:
    """Columns of a sealed file as numpy arrays."""
    arrays = {name: to_numpy(table.column(name)) for name in names}
    if "held" in names:
        same = np.asarray(table.column("held").is_null().to_numpy())
        arrays["held"] = np.where(same, to_numpy(table.column("last")), arrays["held"])
    return arrays


def to_numpy(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """A column as a numpy array, times as integer milliseconds."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return np.asarray(column.to_numpy())
