"""Turns a store into what a program of format 1 would have left: other tiers, in the older layout of their files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import apsw
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.parquet import CELL_SCHEMA, METADATA_KEY, cell_arrays
from energy_console.historian.tiers import cells_of

FORMER_TIERS_MS = {"minutes": 60_000, "quarters": 900_000, "threehours": 10_800_000}


def make_former(folder: Path) -> None:
    """`folder`: a store of today that nobody has open. Each of its files of readings gets the three tiers of then."""
    for kind in ("tenseconds", "minutes", "quarters", "hours", "days"):
        shutil.rmtree(folder / kind, ignore_errors=True)
    store = StoreFolder(folder)
    store.mark.write_text(json.dumps({"format": "energy-console-store", "version": 1}))
    newest = apsw.Connection(str(store.newest))
    newest.execute("drop table missing; drop table kept; pragma user_version = 1")
    newest.execute("delete from file where kind != 'readings'")
    newest.execute("drop table mask; drop table renamed; alter table point drop column unit")
    newest.execute("delete from fact where name = 'revised'")
    listed = newest.execute("select part, first, last, level from file").fetchall()
    for part, first, last, level in listed:
        name = f"{first:012d}-{last:012d}.parquet"
        readings = pq.read_table(folder / "readings" / part / name, read_dictionary=["point"])
        for kind, step_ms in FORMER_TIERS_MS.items():
            row = _write_former(readings, folder / kind / part / name, kind, step_ms, (part, first, last, level))
            newest.execute("insert into file values (?, ?, ?, ?, ?, ?, ?, ?)", row)
    newest.close()


def _write_former(
    readings: pa.Table, path: Path, kind: str, step_ms: int, named: tuple[str, int, int, int]
) -> tuple[object, ...]:
    part, first, last, level = named
    names = readings.column("point").to_pylist()
    ranked = sorted(set(names))
    rank = np.array([ranked.index(name) for name in names], np.int32)
    time_ms = readings.column("time").cast(pa.int64()).to_numpy()
    cells = cells_of(rank, time_ms, readings.column("value").to_numpy(), readings.column("status").to_numpy(), step_ms)
    arrays = cell_arrays(cells)
    point = pa.DictionaryArray.from_arrays(pa.array(cells.rank), pa.array(ranked))
    rest = [pa.array(arrays[field.name], field.type) for field in CELL_SCHEMA if field.name != "point"]
    table = pa.Table.from_arrays([point, *rest], schema=CELL_SCHEMA)
    span = int(cells.time_ms.min()), int(cells.last_ms.max())
    note = {"format": 1, "kind": kind, "level": level, "start_ms": span[0], "end_ms": span[1]}
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({METADATA_KEY: json.dumps({**note, "covers": [[part, first, last]]}).encode()})
    return kind, part, first, last, level, table.num_rows, *span
