"""Readings and spans as CSV, JSON or Parquet, written piece by piece."""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from energy_console.app.history_question import Question
from energy_console.historian.interface import Buckets, Series
from energy_console.site.keeping import KeepRule
from energy_console.site.model import Site
from hardware.points import Reason, UInt16Array, quality_of, reason_of

SPAN_COLUMNS = ("minimum", "maximum", "mean", "first", "last", "count", "good_count", "integral_h")


class TableWriter(ABC):
    """Takes readings or spans point by point; `close` ends the document, the file stays open."""

    def __init__(self, file: BinaryIO, site: Site, question: Question) -> None:
        self.file, self._site, self._question = file, site, question
        self._units = {point.id: point.unit for point in site.points}
        self._keep = {point: _rule_told(rule) for point, rule in site.keep.items()}
        self._corrected: list[dict[str, Any]] = []

    def corrections(self, point: str, corrected: Sequence[tuple[int, int, int]]) -> None:
        """What of the next point is corrected, as (number, start, end), times in ns."""
        inside = [c for c in corrected if c[1] < self._question.end_ns and self._question.start_ns < c[2]]
        self._corrected = [
            {"correction": number, "from": ends[0], "to": ends[1]}
            for number, start_ns, end_ns in inside
            if (ends := _times(np.array([start_ns, end_ns], np.int64)))
        ]

    def readings(self, series: Series) -> None:
        self._write(series.point, series.time_ns, {"value": series.value}, series.status)

    def spans(self, buckets: Buckets) -> None:
        columns = {name: getattr(buckets, name) for name in SPAN_COLUMNS}
        self._write(buckets.point, buckets.time_ns, columns, buckets.status)

    @property
    def _names(self) -> Sequence[str]:
        return SPAN_COLUMNS if self._question.every_ns is not None else ("value",)

    @abstractmethod
    def _write(
        self, point: str, time_ns: npt.NDArray[np.int64], columns: dict[str, npt.NDArray[Any]], status: UInt16Array
    ) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


def _times(time_ns: npt.NDArray[np.int64]) -> list[str]:
    """ISO 8601 in UTC to the millisecond."""
    return [f"{text}Z" for text in np.datetime_as_string(time_ns.astype("datetime64[ns]"), unit="ms")]


def _words(status: UInt16Array) -> tuple[list[str], list[str]]:
    """Quality and reason of each status in words; a good one needs no reason."""
    numbers, place = np.unique(status, return_inverse=True)
    qualities = np.array([quality_of(number).name.lower() for number in numbers], object)
    reasons = [reason_of(number) for number in numbers]
    texts = np.array([r.name.lower() if r is not Reason.GOOD else "" for r in reasons], object)
    return qualities[place].tolist(), texts[place].tolist()


def _rows(
    time_ns: npt.NDArray[np.int64], columns: Iterable[npt.NDArray[Any]], status: UInt16Array
) -> Iterable[tuple[Any, ...]]:
    """Rows of plain values, None where there is no number."""
    plain = [[None if item != item else item for item in column.tolist()] for column in columns]
    return zip(_times(time_ns), *plain, *_words(status), strict=True)


def _rule_told(rule: KeepRule) -> dict[str, Any]:
    """What of a point is not stored now; it may have been another rule when a reading came."""
    band = "corridor" if rule.is_corridor else "deadband"
    return {band: rule.band, "longest_s": rule.longest_s}


class CsvWriter(TableWriter):
    """One line a reading or span; an empty field where there is no number."""

    def __init__(self, file: BinaryIO, site: Site, question: Question) -> None:
        super().__init__(file, site, question)
        self._lines([("point", "time", *self._names, "quality", "reason")])

    def _lines(self, rows: Iterable[Sequence[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        self.file.write(text.getvalue().encode())

    def _write(
        self, point: str, time_ns: npt.NDArray[np.int64], columns: dict[str, npt.NDArray[Any]], status: UInt16Array
    ) -> None:
        self._lines((point, *row) for row in _rows(time_ns, columns.values(), status))

    def close(self) -> None:
        """A CSV needs no end."""


class JsonWriter(TableWriter):
    """One document: what was asked, and per point its unit and rows."""

    def __init__(self, file: BinaryIO, site: Site, question: Question) -> None:
        super().__init__(file, site, question)
        start, end = _times(np.array([question.start_ns, question.end_ns], np.int64))
        head = {
            "version": 1,
            "site": site.id,
            "from": start,
            "to": end,
            "original": self._question.original,
            "every_s": None if question.every_ns is None else question.every_ns / 1e9,
            "columns": ["time", *self._names, "quality", "reason"],
        }
        self._open: str | None = None
        self.file.write(json.dumps(head)[:-1].encode() + b', "points": [')

    def _write(
        self, point: str, time_ns: npt.NDArray[np.int64], columns: dict[str, npt.NDArray[Any]], status: UInt16Array
    ) -> None:
        rows = [json.dumps(row) for row in _rows(time_ns, columns.values(), status)]
        if point != self._open:
            head = json.dumps(self._head(point))[:-1]
            self.file.write((("]}, " if self._open else "") + f'{head}, "rows": [').encode())
            self._open, self._first = point, True
        if rows:
            self.file.write(("" if self._first else ", ").encode() + ", ".join(rows).encode())
            self._first = False

    def _head(self, point: str) -> dict[str, Any]:
        """What is told of a point before its rows."""
        kept = {"left_out": self._keep[point]} if point in self._keep else {}
        return {"point": point, "unit": self._units[point], **kept, "corrected": self._corrected}

    def close(self) -> None:
        self.file.write((("]}" if self._open else "") + "]}\n").encode())


class ParquetWriter(TableWriter):
    """Columns point, time (UTC), numbers, quality and reason; no number is a null."""

    def __init__(self, file: BinaryIO, site: Site, question: Question) -> None:
        super().__init__(file, site, question)
        kinds = {name: pa.int64() if name.endswith("count") else pa.float64() for name in self._names}
        word = pa.dictionary(pa.int32(), pa.string())
        self._schema = pa.schema(
            {"point": word, "time": pa.timestamp("ms", "UTC"), **kinds, "quality": word, "reason": word}
        )
        self._parquet = pq.ParquetWriter(file, self._schema, compression="zstd")

    def _write(
        self, point: str, time_ns: npt.NDArray[np.int64], columns: dict[str, npt.NDArray[Any]], status: UInt16Array
    ) -> None:
        if not len(time_ns):
            return
        numbers = [pa.array(column, from_pandas=True) for column in columns.values()]
        words = [pa.array(column).dictionary_encode() for column in ([point] * len(time_ns), *_words(status))]
        times = pa.array(time_ns // 1_000_000, pa.timestamp("ms", "UTC"))
        self._parquet.write_table(pa.Table.from_arrays([words[0], times, *numbers, *words[1:]], schema=self._schema))

    def close(self) -> None:
        self._parquet.close()


FORMATS: dict[str, Callable[[BinaryIO, Site, Question], TableWriter]] = {
    "csv": CsvWriter,
    "json": JsonWriter,
    "parquet": ParquetWriter,
}
