"""The view's data as a file: readings of every point drawn, or minutes where there would be too many. On a worker."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from energy_console.historian.interface import Historian
from hardware.points import Point, Reason, UInt16Array, quality_of, reason_of

_NS = 1_000_000_000
_PIECE_S = 6 * 3600.0
_MOST_READINGS = 4_000_000
_MINUTE_NS = 60 * _NS

_FIRST = [pa.field("point", pa.string()), pa.field("unit", pa.string()), pa.field("time", pa.timestamp("ms", "UTC"))]
_LAST = [pa.field("quality", pa.string()), pa.field("reason", pa.string())]
_SPAN_COLUMNS = ("minimum", "mean", "maximum", "good_count")


@dataclass(frozen=True, slots=True)
class Export:
    """What to write where. Times UTC seconds; `every_s`: how often each point is read."""

    points: tuple[Point, ...]
    every_s: tuple[float, ...]
    start_s: float
    end_s: float
    path: Path

    @property
    def in_minutes(self) -> bool:
        """Whether the readings would be more than four million, so that minutes are written instead."""
        return sum((self.end_s - self.start_s) / every_s for every_s in self.every_s) > _MOST_READINGS


def write_data(store: Historian, export: Export) -> int:
    """Writes CSV, or Parquet if the name ends so; returns the number of rows.

    The file appears under its name only when it is whole. Raises OSError, StoreError.
    """
    columns = [pa.field(name, pa.float64()) for name in (_SPAN_COLUMNS if export.in_minutes else ("value",))]
    schema = pa.schema([*_FIRST, *columns, *_LAST], metadata={"energy_console.format": "1"})
    unfinished = export.path.with_name(f".{export.path.name}.part")
    try:
        rows = _write(store, export, schema, unfinished)
        unfinished.replace(export.path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    return rows


def _write(store: Historian, export: Export, schema: pa.Schema, path: Path) -> int:
    parquet = export.path.suffix.lower() == ".parquet"
    writer: Any = pa_parquet.ParquetWriter(path, schema) if parquet else pa_csv.CSVWriter(path, schema)
    rows = 0
    with writer:
        for table in _tables(store, export, schema):
            writer.write_table(table)
            rows += table.num_rows
    return rows


def _tables(store: Historian, export: Export, schema: pa.Schema) -> Iterator[pa.Table]:
    """Quarter days of one point after the other, so that a year fits into little memory."""
    for point in export.points:
        for piece in range(math.ceil((export.end_s - export.start_s) / _PIECE_S)):
            start_s = export.start_s + piece * _PIECE_S
            end_s = min(export.end_s, start_s + _PIECE_S)
            start_ns, end_ns = round(start_s * _NS), round(end_s * _NS)
            if export.in_minutes:
                spans = store.spans(point.id, start_ns // _MINUTE_NS * _MINUTE_NS, end_ns, _MINUTE_NS)
                columns: list[Any] = [getattr(spans, name).astype(float) for name in _SPAN_COLUMNS]
                yield _table(point, spans.time_ns, columns, spans.status, schema)
            else:
                series = store.read(point.id, start_ns, end_ns)
                yield _table(point, series.time_ns, [series.value], series.status, schema)


def _table(
    point: Point, time_ns: np.ndarray, columns: Sequence[np.ndarray], status: UInt16Array, schema: pa.Schema
) -> pa.Table:
    size = len(time_ns)
    numbers, place = np.unique(status, return_inverse=True)
    qualities = np.array([quality_of(number).name.lower() for number in numbers], object)
    reasons = [reason_of(number) for number in numbers]
    texts = np.array(["" if reason is Reason.GOOD else reason.name.lower() for reason in reasons], object)
    arrays = [
        pa.array([point.id] * size, pa.string()),
        pa.array([point.unit] * size, pa.string()),
        pa.array(time_ns // 1_000_000, pa.timestamp("ms", "UTC")),
        *(pa.array(column, pa.float64(), from_pandas=True) for column in columns),
        pa.array(qualities[place].tolist(), pa.string()),
        pa.array(texts[place].tolist(), pa.string()),
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
