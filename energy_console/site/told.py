"""Tables of a site that others keep fresh while the console runs: a column of times, and what is told of each."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from energy_console.site.faults import suggest
from hardware.points import Float64Array, Int64Array

TIME = "time"
Columns = Mapping[str, tuple[float, float]]  # name -> least and greatest value that makes sense


class TableUnreadable(ValueError):
    """What is wrong first. `line` 0 stands for the file as a whole."""

    def __init__(self, file: str, line: int, what: str, remedy: str) -> None:
        self.file, self.line, self.what, self.remedy = file, line, what, remedy
        super().__init__(f"{file}{f':{line}' if line else ''}: {what}; {remedy}")


def read_told(path: Path, columns: Columns) -> tuple[Int64Array, dict[str, Float64Array]] | None:
    """Times (UTC, ns, rising) and each column, NaN where a cell is empty or a column is not there.

    None where there is no such file. Raises TableUnreadable.
    """
    if not path.is_file():
        return None
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            return _Reader(path.name, columns).read(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableUnreadable(path.name, 0, f"it cannot be read ({error})", "write it as a UTF-8 table") from error


class _Reader:
    def __init__(self, file: str, columns: Columns) -> None:
        self._file, self._columns, self._line = file, columns, 1

    def read(self, rows: csv.DictReader[str]) -> tuple[Int64Array, dict[str, Float64Array]]:
        names = [name.strip() for name in rows.fieldnames or ()]
        self._check_header(names)
        rows.fieldnames = names
        times: list[int] = []
        told: dict[str, list[float]] = {name: [] for name in self._columns}
        for row in rows:
            self._line = rows.line_num
            times.append(self._time_ns(row[TIME] or ""))
            if len(times) > 1 and times[-1] <= times[-2]:
                raise self._fault(f"{row[TIME]} is not after the row before", "put the rows in order of time")
            for name, column in told.items():
                column.append(self._value(name, (row.get(name) or "").strip()))
        return np.array(times, np.int64), {name: np.array(column) for name, column in told.items()}

    def _check_header(self, names: list[str]) -> None:
        for name in names:
            if name != TIME and name not in self._columns:
                remedy = suggest(name, (TIME, *self._columns), "leave it out")
                raise self._fault(f"there is no column {name}", remedy)
        if TIME not in names or len(names) < 2:
            remedy = f"name {TIME}, and of {', '.join(self._columns)} what is known"
            raise self._fault(f"{TIME} and one column more at least have to be there", remedy)

    def _time_ns(self, text: str) -> int:
        try:
            moment = dt.datetime.fromisoformat(text.strip())
        except ValueError:
            raise self._fault(f"{text!r} is no time", "write it like 2026-11-23T06:00:00Z") from None
        if moment.tzinfo is None:
            raise self._fault(f"{text} has no zone", "write it like 2026-11-23T06:00:00Z or with +01:00")
        return int(moment.timestamp()) * 1_000_000_000

    def _value(self, name: str, text: str) -> float:
        if not text:
            return math.nan
        low, high = self._columns[name]
        try:
            value = float(text)
        except ValueError:
            raise self._fault(f"{name} {text!r} is no number", "write a number with a point") from None
        if not low <= value <= high:
            raise self._fault(f"{name} {text} cannot be", f"give {low:g} to {high:g}")
        return value

    def _fault(self, what: str, remedy: str) -> TableUnreadable:
        return TableUnreadable(self._file, self._line, what, remedy)
