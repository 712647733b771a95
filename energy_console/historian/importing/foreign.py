"""Foreign files as tables: text of any delimiter and encoding, Parquet, workbooks. Nothing is interpreted yet."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from energy_console.historian.importing.faults import ImportRefused, listed
from hardware.points import Int64Array

DELIMITERS = (";", "\t", "|", ",")
"""In the order believed: where a comma is the decimal sign, it separates as evenly as the real delimiter."""

WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}
SAMPLE_LINES = 60
EVEN = 0.8
TIME_LIKE = re.compile(r"^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})")


@dataclass(frozen=True, slots=True)
class Table:
    """One table: cells as text, or as the types that a Parquet file states. `line` as the file counts them."""

    path: Path
    frame: pd.DataFrame
    line: Int64Array
    delimiter: str = ""  # empty where the format has none
    encoding: str = ""
    header: int = 0  # line of the names, 0: there is none
    sheet: str = ""

    @property
    def columns(self) -> list[str]:
        return [str(name) for name in self.frame.columns]

    def text(self, column: str) -> pd.Series[str]:
        return self.frame[column].astype("string").fillna("").str.strip()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person said of how a file is to be read; empty or None: to be found out."""

    delimiter: str = ""
    header: int | None = None
    sheet: str = ""


def read_table(path: Path, said: Reading) -> Table:
    """Raises ImportRefused."""
    if not path.is_file():
        raise ImportRefused(f"{path} is no file: name a CSV, Parquet or Excel file.")
    suffix = path.suffix.lower()
    try:
        if suffix in WORKBOOKS:
            table = _read_workbook(path, said)
        elif suffix in (".parquet", ".pq"):
            frame = pd.read_parquet(path)
            frame = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
            frame.columns = [str(name) for name in frame.columns]
            table = Table(path, frame, np.arange(1, len(frame) + 1, dtype=np.int64))
        else:
            table = _read_text(path, said)
    except ImportRefused:
        raise
    except (OSError, ValueError, EOFError, pd.errors.ParserError) as fault:
        why = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
        raise ImportRefused(
            f"{path} cannot be read ({why}): save it again, or say --delimiter and --header."
        ) from fault
    if not len(table.frame):
        raise ImportRefused(f"{path} holds no rows: look at the file, or say which line has the names with --header.")
    return table


# -- text -----------------------------------------------------------------------------------------------------


def _read_text(path: Path, said: Reading) -> Table:
    raw = _start_of(path)
    encoding = _encoding_of(raw)
    lines = raw.decode(encoding, errors="replace").splitlines()
    if len(raw) == _START and len(lines) > 1:
        lines = lines[:-1]  # cut off in the middle
    lines = lines[: SAMPLE_LINES * 10]
    delimiter = said.delimiter or _delimiter_of(path, lines)
    rows = list(csv.reader(lines[:SAMPLE_LINES], delimiter=delimiter))
    if not rows:
        raise ImportRefused(f"{path} is empty: look where it came from.")
    top = said.header - 1 if said.header else _top_of(rows)
    names = next(csv.reader(lines[top : top + 1], delimiter=delimiter))
    headed = said.header != 0 and not any(TIME_LIKE.match(name) for name in names)
    frame = pd.read_csv(
        path,
        sep=delimiter,
        header=None,
        names=_told_apart(names if headed else [f"column {n}" for n in range(1, len(names) + 1)]),
        index_col=False,
        skiprows=top + headed,
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=False,
        skipinitialspace=True,
        encoding=encoding,
        encoding_errors="replace",
        compression="gzip" if path.suffix.lower() == ".gz" else None,
    ).fillna("")
    line = np.arange(len(frame), dtype=np.int64) + top + headed + 1
    filled = (frame != "").any(axis=1).to_numpy()
    return Table(
        path, frame[filled].reset_index(drop=True), line[filled], delimiter, encoding, top + 1 if headed else 0
    )


def _top_of(rows: list[list[str]]) -> int:
    """The first row as long as most and filled by more than half; titles above a table are neither."""
    usual = Counter(len(row) for row in rows[-len(rows) // 2 - 1 :]).most_common(1)[0][0]
    whole = [number for number, row in enumerate(rows) if len(row) == usual]
    return next((number for number in whole if 2 * sum(map(bool, rows[number])) > usual), whole[0])


_START = 1 << 18


def _start_of(path: Path) -> bytes:
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as packed:
            return packed.read(_START)
    with path.open("rb") as file:
        return file.read(_START)


def _encoding_of(raw: bytes) -> str:
    """UTF-8 where it is; UTF-16 by its mark; else what western Windows writes."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        raw[: raw.rfind(b"\n") + 1 or None].decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8"


def _delimiter_of(path: Path, lines: list[str]) -> str:
    """The first that cuts most lines into equally many fields, more than one."""
    for delimiter in DELIMITERS:
        sizes = [len(row) for row in csv.reader(lines[:SAMPLE_LINES], delimiter=delimiter) if row]
        size, often = Counter(sizes).most_common(1)[0] if sizes else (0, 0)
        if size > 1 and often >= EVEN * len(sizes) - 2:
            return delimiter
    raise ImportRefused(f"{path}: no delimiter cuts its lines into equally many fields; say it with --delimiter.")


def _told_apart(names: list[str]) -> list[str]:
    """Names as they stand, empty and repeated ones made different."""
    seen: Counter[str] = Counter()
    different = []
    for number, raw in enumerate(names, 1):
        name = raw.strip().lstrip("\ufeff") or f"column {number}"
        seen[name] += 1
        different.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return different


# -- workbooks ------------------------------------------------------------------------------------------------


def _read_workbook(path: Path, said: Reading) -> Table:
    """One sheet; the names are in the first row that is filled as far as those below it."""
    with pd.ExcelFile(path, engine="calamine") as book:
        sheets = [str(name) for name in book.sheet_names]
        if said.sheet and said.sheet not in sheets:
            raise ImportRefused(f"{path} has no sheet {said.sheet}: it has {listed(sheets)}.")
        sheet = said.sheet or sheets[0]
        cells = pd.read_excel(book, sheet_name=sheet, header=None, dtype=object)
    text = cells.map(_as_text)
    filled = (text != "").sum(axis=1).to_numpy()
    if not len(filled) or filled.max() < 2:
        raise ImportRefused(f"{path}, sheet {sheet}, holds no table: name another with --sheet ({listed(sheets)}).")
    top = said.header - 1 if said.header else int(np.flatnonzero(filled >= np.median(filled[filled > 1]) * EVEN)[0])
    body = text.iloc[top + 1 :].set_axis(_told_apart([str(name) for name in text.iloc[top]]), axis=1)
    kept = filled[top + 1 :] > 0
    line = np.arange(len(body), dtype=np.int64) + top + 2
    return Table(path, body[kept].reset_index(drop=True), line[kept], header=top + 1, sheet=sheet)


def _as_text(cell: Any) -> str:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat(" ") if isinstance(cell, dt.datetime) else cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()
