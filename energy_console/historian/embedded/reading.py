"""Questions to the sealed files: of one point by reading its row groups, of many points by an in-memory DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np

from energy_console.historian.columns import Columns
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.groups import FileGone, GroupReader
from energy_console.historian.embedded.newest import SealedFile
from energy_console.historian.embedded.parquet import (
    CELL_SCHEMA,
    READINGS,
    Arrays,
    cells_from,
    path_of,
    read_note,
)
from energy_console.historian.errors import StoreBroken
from energy_console.historian.tiers import Cells

_TIMES = {"time", "last_time", "from_time", "to_time"}


DUCK_FAULTS = (duckdb.Error, UnicodeDecodeError)
"""The second is a message of the first that quotes a damaged file."""


class SealedReader:
    """Safe to use from several threads: every question has its own cursor."""

    def __init__(self, folder: StoreFolder) -> None:
        self._folder = folder
        self._groups = GroupReader()
        duck = duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "512MB"})
        duck.execute("set parquet_metadata_cache = true")
        self._duck: duckdb.DuckDBPyConnection | None = duck

    def close(self) -> None:
        """May be called twice. Lets go of the connection: the binding complains at exit about one still held."""
        duck, self._duck = self._duck, None
        if duck is not None:
            duck.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if (duck := self._duck) is None:
            raise duckdb.ConnectionException("the store is closed")
        return duck.cursor()

    def readings(self, files: Sequence[SealedFile], point: str, start_ms: int, end_ms: int) -> Columns:
        """Readings of one point with start <= time < end, in file order. Raises FileGone, StoreBroken."""
        rows, _ = self._ask(("time", "value", "status"), files, point, start_ms, end_ms)
        keys = np.zeros(len(rows["time"]), np.int32)
        return Columns(keys, rows["time"], rows["value"], rows["status"])

    def last_readings(self, files: Sequence[SealedFile], points: Sequence[str], start_ms: int, end_ms: int) -> Columns:
        """The last reading of each point with start <= time < end; keys count into `points`. As `readings` raises."""
        chosen = [file for file in files if file.start_ms < end_ms and file.end_ms >= start_ms]
        if not chosen or not points:
            return Columns(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint16))
        sql = (
            "select point, epoch_ms(max(time)) as time, arg_max(value, time) as value, arg_max(status, time) as status "
            "from read_parquet(?) where point in (select unnest(?)) and epoch_ms(time) >= ? and epoch_ms(time) < ? "
            "group by point"
        )
        paths = [str(path_of(self._folder, file)) for file in chosen]
        try:
            rows = self._cursor().execute(sql, [paths, list(points), start_ms, end_ms]).fetchnumpy()
        except DUCK_FAULTS as fault:
            self._blame(chosen, fault)
        place = {point: key for key, point in enumerate(points)}
        keys = np.array([place[str(point)] for point in np.ma.getdata(rows["point"])], np.int32)
        time, value, status = (np.ma.getdata(rows[name]) for name in ("time", "value", "status"))
        return Columns(keys, time.astype(np.int64), value.astype(np.float64), status.astype(np.uint16))

    def cells(
        self, files: Sequence[SealedFile], point: str, start_ms: int, end_ms: int
    ) -> tuple[Cells, list[SealedFile]]:
        """Cells of one point that start within [start, end), and the files that hold any of it.

        Raises FileGone, StoreBroken.
        """
        parts, holding = self._ask(CELL_SCHEMA.names[1:], files, point, start_ms, end_ms)
        return cells_from(np.zeros(len(parts["time"]), np.int32), parts), holding

    def _ask(
        self, columns: Sequence[str], files: Sequence[SealedFile], point: str, start_ms: int, end_ms: int
    ) -> tuple[Arrays, list[SealedFile]]:
        """Rows with start <= time < end, and the files that hold any of the point."""
        parts: list[Arrays] = []
        holding = []
        for file in files:
            if file.start_ms < end_ms and file.end_ms >= start_ms:
                found = self._groups.rows(path_of(self._folder, file), point, columns)
                parts += (_within(part, start_ms, end_ms) for part in found)
                holding += [file] if found else []
        if len(parts) == 1:
            return parts[0], holding
        parts = parts or [CELL_OR_READING]
        return {name: np.concatenate([part[name] for part in parts]) for name in columns}, holding

    def _blame(self, files: Sequence[SealedFile], fault: Exception) -> None:
        """Finds out which file was the trouble; always raises."""
        paths = [path_of(self._folder, file) for file in files]
        if gone := [path for path in paths if not path.exists()]:
            raise FileGone(gone[0]) from fault
        for path in paths:
            read_note(path)
        raise StoreBroken(paths[0] if len(paths) == 1 else self._folder.root, str(fault).splitlines()[0]) from fault

    def first_and_last(self, files: Sequence[SealedFile], point: str) -> tuple[int, int] | None:
        """Times in ms of the first and last reading of a point in these files, all of one kind."""
        if not files:
            return None
        paths = [str(path_of(self._folder, file)) for file in files]
        first, last = ("time", "time") if files[0].kind == READINGS else ("from_time", "last_time")
        sql = f"select epoch_ms(min({first})), epoch_ms(max({last})) from read_parquet(?) where point = ?"
        try:
            row = self._cursor().execute(sql, [paths, point]).fetchone()
        except DUCK_FAULTS as fault:
            self._blame(files, fault)
        return None if row is None or row[0] is None else (int(row[0]), int(row[1]))


def _within(rows: Arrays, start_ms: int, end_ms: int) -> Arrays:
    """Rows in order of time, of which those in [start, end) are wanted."""
    inside = slice(*np.searchsorted(rows["time"], (start_ms, end_ms)))
    return {name: array[inside] for name, array in rows.items()}


CELL_OR_READING: Arrays = {
    **{name: np.empty(0, np.int64) for name in _TIMES},
    **{name: np.empty(0) for name in ("value", "minimum", "maximum", "first", "last", "held")},
    **{name: np.empty(0) for name in ("integral_h", "covered_h")},
    **{name: np.empty(0, np.int32) for name in ("count", "good_count")},
    "status": np.empty(0, np.uint16),
}
"""An empty column of each name, for where no file falls into the window."""
