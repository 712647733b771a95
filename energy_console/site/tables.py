"""CSV tables of a site folder: rows with their line numbers, cells read as what they must be, faults collected."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from energy_console.site.faults import FaultList, suggest

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NUMBER_WITH_UNIT = re.compile(r"^\s*[-+]?[\d.]+\s*[a-zA-Z°%/³²]+\s*$")
_DECIMAL_COMMA = re.compile(r"^\s*[-+]?\d+,\d+\s*$")


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Which columns a table has. The first one names the row and must be unique."""

    file: str
    thing: str  # what one row is: "device"
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return self.required + self.optional


@dataclass(slots=True)
class Row:
    """One row of a table. Getters read a cell; a wrong one is noted as a fault and gives a harmless stand-in."""

    table: Table
    line: int
    cells: dict[str, str]
    broken: bool = False  # cells do not match the header: that is its one fault

    @property
    def id(self) -> str:
        return self.cells.get(self.table.layout.required[0], "")

    def fault(self, what: str, remedy: str) -> None:
        if not self.broken:
            self.table.faults.add(self.table.layout.file, self.line, what, remedy)

    def text(self, column: str, default: str | None = None) -> str:
        value = self.cells.get(column, "").strip()
        if value:
            return value
        if default is None:
            self._missing(column)
            return ""
        return default

    def number(
        self, column: str, default: float | None = None, low: float = -math.inf, high: float = math.inf
    ) -> float:
        """A finite number within [low, high]; NaN stands in for a wrong one."""
        value = self.cells.get(column, "").strip()
        if not value:
            if default is None:
                self._missing(column)
                return math.nan
            return default
        return self._parsed(column, value, low, high)

    def optional_number(self, column: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        value = self.cells.get(column, "").strip()
        return self._parsed(column, value, low, high) if value else None

    def whole(self, column: str, default: int | None = None, low: int = 0, high: int = 2**31) -> int:
        value = self.number(column, default, low, high)
        if math.isnan(value):
            return low
        if value != int(value):
            self.fault(f"{column} must be a whole number, not {value:g}", "round it")
        return int(value)

    def choice(self, column: str, choices: Collection[str], default: str | None = None) -> str:
        value = self.text(column, default)
        if value and value not in choices:
            known = ", ".join(choices)
            self.fault(f"{column} {value} is not known", suggest(value, choices, f"use one of {known}"))
        return value

    def flag(self, column: str, default: bool | None = None) -> bool:
        given = None if default is None else ("yes" if default else "no")
        return self.choice(column, ("yes", "no"), given) == "yes"

    def reference(self, column: str, known: Collection[str] | None, thing: str, default: str | None = None) -> str:
        """A name of another row. `known` None: the other table could not be read, so anything goes."""
        value = self.text(column, default)
        if value and known is not None and value not in known:
            self.unknown(thing, value, known)
        return value

    def unknown(self, thing: str, value: str, known: Collection[str]) -> None:
        self.fault(f"{thing} {value} is not known", suggest(value, known, f"add it, or name a {thing} of this site"))

    def days(self, column: str) -> frozenset[int]:
        """`daily`, `Mon-Fri` or `Mon Wed Sun`; 0 is Monday."""
        value = self.text(column)
        days = parse_days(value)
        if days is None:
            self.fault(f"{column} {value!r} names no days", "write daily, Mon-Fri or Mon Wed Sun")
            return frozenset()
        return days

    def clock(self, column: str) -> float:
        """A time of day HH:MM as hours after midnight, local."""
        value = self.text(column)
        hours = parse_clock(value)
        if value and (hours is None or hours >= 24):
            self.fault(f"{column} {value!r} is not a time of day", "write it as HH:MM, from 00:00 to 23:59")
            return 0.0
        return hours or 0.0

    def moment(self, column: str) -> dt.datetime | None:
        """An ISO 8601 time with its zone; None where the cell is empty."""
        value = self.cells.get(column, "").strip()
        if not value:
            return None
        moment, complaint = parse_moment(value)
        if complaint:
            self.fault(f"{column} {value} {complaint[0]}", complaint[1])
        return moment

    def _parsed(self, column: str, value: str, low: float, high: float) -> float:
        try:
            number = float(value)
        except ValueError:
            self.fault(f"{column} {value!r} is not a number", _number_remedy(column, value))
            return math.nan
        if not math.isfinite(number):
            self.fault(f"{column} is {value}", "write a finite number")
            return math.nan
        if not low <= number <= high:
            self.fault(f"{column} is {number:g}", _range_remedy(low, high))
        return number

    def _missing(self, column: str) -> None:
        if column in self.cells:  # else the header or the length of the row is at fault, and said so once
            self.fault(f"{column} is empty", "fill it in")


@dataclass(slots=True)
class Table:
    """All rows of one file. `readable` is False if the file could not be read as a table at all."""

    layout: TableLayout
    faults: FaultList
    rows: list[Row] = field(default_factory=list)
    readable: bool = True

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def ids(self) -> dict[str, Row] | None:
        """The first row of every name; None if the table could not be read, so that references are not blamed."""
        return {row.id: row for row in reversed(self.rows)} if self.readable else None


def read_table(folder: Path, layout: TableLayout, faults: FaultList) -> Table:
    """Reads one CSV file. A table that is not there has no rows; faults go to `faults`."""
    table = Table(layout, faults)
    text = read_text(folder / layout.file, faults)
    if text is None:
        table.readable = not (folder / layout.file).exists()
        return table
    records = _records(text, layout, faults)
    header = _header(records, layout, faults)
    if header is None:
        table.readable = False
        return table
    for line, cells in records[1:]:
        broken = len(cells) != len(header)
        if broken:
            faults.add(layout.file, line, f"has {len(cells)} cells, the header has {len(header)}", _cells_remedy(cells))
        table.rows.append(Row(table, line, dict(zip(header, (cell.strip() for cell in cells), strict=False)), broken))
    _check_ids(table)
    return table


def read_text(path: Path, faults: FaultList) -> str | None:
    """The text of a UTF-8 file (with or without a byte order mark); None if it is not there or not readable."""
    if not path.exists():
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        faults.add(path.name, 0, f"cannot be read ({error.strerror})", "check who may read it")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.add(path.name, line, f"is not UTF-8 (byte 0x{data[error.start]:02x})", "save the file as UTF-8")
        return None
    if "\0" in text:
        faults.add(path.name, text.count("\n", 0, text.index("\0")) + 1, "holds a NUL byte", "save the file as UTF-8")
        return None
    return text


def _records(text: str, layout: TableLayout, faults: FaultList) -> list[tuple[int, list[str]]]:
    """Records with the line each starts on; a fault of quoting ends the list there."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return records
        except csv.Error as error:
            faults.add(layout.file, line, f"cannot be split into cells ({error})", 'close every " and double it inside')
            return records
        if any(cell.strip() for cell in cells):
            records.append((line, cells))


def _header(records: Sequence[tuple[int, list[str]]], layout: TableLayout, faults: FaultList) -> list[str] | None:
    if not records:
        faults.add(layout.file, 1, "has no header", f"start with {','.join(layout.required)}")
        return None
    line, cells = records[0]
    header = [cell.strip() for cell in cells]
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        faults.add(layout.file, line, "columns are not separated by commas", "save it as CSV with commas")
        return None
    misspelt: set[str] = set()
    for column in header:
        if column not in layout.columns:
            missing = [name for name in layout.columns if name not in header] or list(layout.columns)
            remedy = suggest(column, missing, f"use {', '.join(layout.columns)}")
            misspelt.update(name for name in missing if name in remedy.rstrip("?").split())
            faults.add(layout.file, line, f"column {column} is not known", remedy)
    for column in sorted(set(header)):
        if header.count(column) > 1:
            faults.add(layout.file, line, f"column {column} is there twice", "keep one")
    for column in layout.required:
        if column not in header and column not in misspelt:
            faults.add(layout.file, line, f"column {column} is missing", "add it")
    return header if layout.required[0] in header else None


def _check_ids(table: Table) -> None:
    seen: dict[str, int] = {}
    for row in table.rows:
        if not row.id:
            row.fault(f"the {table.layout.thing} has no name", f"fill in {table.layout.required[0]}")
        elif row.id in seen:
            row.fault(f"{table.layout.thing} {row.id} is there twice (line {seen[row.id]})", "rename or remove one")
        else:
            seen[row.id] = row.line


def parse_days(text: str) -> frozenset[int] | None:
    """Days of the week from `daily`, `Mon-Fri` (may wrap: `Sat-Mon`) or a list; None if it is none of these."""
    if text.strip().casefold() == "daily":
        return frozenset(range(7))
    index = {name.casefold(): day for day, name in enumerate(DAY_NAMES)}
    days: set[int] = set()
    for word in text.split():
        first, dash, last = word.casefold().partition("-")
        if first not in index or (dash and last not in index):
            return None
        span = (index[last] - index[first]) % 7 if dash else 0
        days.update((index[first] + step) % 7 for step in range(span + 1))
    return frozenset(days) if days else None


def parse_clock(text: str) -> float | None:
    """Hours after midnight from HH:MM, 00:00 to 24:00; None if it is no such time."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip())
    if match is None:
        return None
    hours, minutes = int(match[1]), int(match[2])
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        return None
    return hours + minutes / 60


def parse_moment(text: str) -> tuple[dt.datetime | None, tuple[str, str] | None]:
    """An aware time from ISO 8601, and what is wrong with it: (what, remedy)."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None, ("is not a time", "write it as 2026-10-25T02:30+02:00")
    if moment.tzinfo is None:
        return None, ("has no time zone, so nobody knows when it is", f"write its offset, as in {text}+01:00")
    return moment, None


def _number_remedy(column: str, value: str) -> str:
    unit = column.rsplit("_", 1)[-1] if "_" in column else ""
    if _DECIMAL_COMMA.match(value):
        return f"write {value.replace(',', '.')} with a point"
    if _NUMBER_WITH_UNIT.match(value):
        return f"write the bare number in {unit}" if unit else "write the bare number"
    return "write a number such as 12.5"


def _range_remedy(low: float, high: float) -> str:
    if math.isinf(high):
        return f"it must be {low:g} or more"
    if math.isinf(low):
        return f"it must be {high:g} or less"
    return f"it must lie between {low:g} and {high:g}"


def _cells_remedy(cells: Sequence[str]) -> str:
    return 'put text that holds a comma in "quotes"' if len(cells) > 1 else "separate the cells by commas"
