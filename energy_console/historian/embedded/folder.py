"""The folder of a store: what lies where, its format mark, and the one writer's lock."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import platformdirs

from energy_console.historian.embedded.database import Presence, store_faults
from energy_console.historian.errors import StoreBroken, StoreBusy, StoreError, StoreForeign, StoreMissing, StoreTooNew

FORMAT_NAME = "energy-console-store"
FORMAT = 2
"""1 had tiers of 1 min, 15 min and 3 h; the writer of such a store works the others out beside its work."""
FOLDER_VARIABLE = "ENERGY_CONSOLE_STORE"


def default_store(site_id: str, chosen: str | os.PathLike[str] | None = None) -> Path:
    """Where a site's store lies: the folder chosen, else ENERGY_CONSOLE_STORE/site, else the user's data folder."""
    if chosen is not None:
        return Path(chosen)
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named) / site_id
    return Path(platformdirs.user_data_dir("energy-console", appauthor=False)) / "stores" / site_id


@dataclass(frozen=True, slots=True)
class StoreFolder:
    """Paths inside one store."""

    root: Path

    @property
    def mark(self) -> Path:
        return self.root / "store.json"

    @property
    def newest(self) -> Path:
        return self.root / "newest.sqlite"

    @property
    def state(self) -> Path:
        return self.root / "state.sqlite"

    @property
    def points(self) -> Path:
        return self.root / "points.csv"

    @property
    def aside(self) -> Path:
        return self.root / "aside"

    @property
    def incoming(self) -> Path:
        """Files being written; never listed, emptied when a writer starts."""
        return self.root / "incoming"

    @property
    def corrections(self) -> Path:
        """Files of corrections, apart: whoever reads `readings/` with other tools reads what was read."""
        return self.root / "corrections"

    @property
    def spans(self) -> Path:
        """What each correction replaces, as tables."""
        return self.corrections / "spans"

    def sealed(self, kind: str, part: str, first: int, last: int) -> Path:
        """One sealed file: `readings/2026-11-22/000000000001-000000000900.parquet`."""
        room = self.corrections if part.startswith("correction-") else self.root
        return room / kind / part / f"{first:012d}-{last:012d}.parquet"

    def prepare(self) -> None:
        """Makes the folder a store, or checks that it is one that this program can write."""
        with store_faults(self.mark):
            self.root.mkdir(parents=True, exist_ok=True)
            if not self.mark.exists():
                self._begin()
        if self.check() < FORMAT:
            with store_faults(self.mark):
                self._write_mark()  # before anything else: from here on a program of that version leaves it alone
        with store_faults(self.incoming / "x"):
            self.incoming.mkdir(exist_ok=True)

    def _begin(self) -> None:
        if any(self.root.iterdir()):
            raise StoreForeign(self.root)
        self._write_mark()

    def _write_mark(self) -> None:
        mark = self.mark.with_suffix(".new")
        mark.write_text(json.dumps({"format": FORMAT_NAME, "version": FORMAT}) + "\n", "utf-8")
        os.replace(mark, self.mark)

    def check(self) -> int:
        """The store's version. Raises StoreMissing, StoreForeign, StoreBroken or StoreTooNew."""
        if not self.mark.exists():
            if self.root.is_dir() and any(self.root.iterdir()):
                raise StoreForeign(self.root)
            raise StoreMissing(self.root)
        with store_faults(self.mark):
            text = self.mark.read_text("utf-8", errors="replace")
        try:
            mark: dict[str, Any] = json.loads(text)
            name, version = mark["format"], int(mark["version"])
        except (ValueError, KeyError, TypeError) as fault:
            raise StoreBroken(
                self.mark, f'it should read {{"format": "{FORMAT_NAME}", "version": {FORMAT}}}'
            ) from fault
        if name != FORMAT_NAME:
            raise StoreForeign(self.mark)
        if version > FORMAT:
            raise StoreTooNew(self.mark, version, FORMAT)
        return version


class WriterLock:
    """Held by the one process that appends. The system drops it when that process ends, however it ends.

    SQLite's own file lock is used, since it is the same on every system; who holds it is told by a file beside it.
    `name`: the engine's is `writer`, imports beside it take turns with their own.
    """

    def __init__(self, folder: StoreFolder, name: str = "writer") -> None:
        self._told = folder.root / f"{name}.json"
        path = folder.root / f"{name}.lock"
        with store_faults(path):
            self._connection = apsw.Connection(str(path))
            self._place = Presence(path)
            try:
                self._connection.execute("begin exclusive")
                self._told.write_text(json.dumps(_myself()) + "\n", "utf-8")
            except apsw.BusyError as fault:
                self._connection.close()
                raise StoreBusy(folder.root, self._holder()) from fault
            except BaseException:
                self._connection.close()
                raise

    def _holder(self) -> str:
        try:
            told = json.loads(self._told.read_text("utf-8"))
            return f"process {told['process']} ({told['program']}) on {told['computer']} since {told['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

    def release(self) -> None:
        with contextlib.suppress(StoreError), self._place.faults():  # where it is gone, another may lie there
            self._told.unlink(missing_ok=True)
        self._connection.close()


def _myself() -> dict[str, Any]:
    return {
        "process": os.getpid(),
        "program": " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]]).strip(),
        "computer": socket.gethostname(),
        "since": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
