"""Results of a sweep in one SQLite file, each kept for good before the next: what is there is not solved again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from optimizer.sweep import Case, CaseResult

_APPLICATION = 0x53574550  # of SQLite files that are sweeps
_VERSION = 1
_SCHEMA = """
CREATE TABLE result (
    key TEXT PRIMARY KEY,
    changes TEXT NOT NULL, -- a JSON list of words
    result TEXT NOT NULL, -- a JSON object, the fields of CaseResult
    document TEXT NOT NULL, -- the problem that was solved
    kept_at TEXT NOT NULL -- UTC
) STRICT
"""


class SweepFileRefused(ValueError):
    """A file that is no sweep's, or of a newer program; the message is a sentence."""


class SweepFile:
    """See `optimizer.sweep.Kept`. Close it in the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        new = not path.exists() or path.stat().st_size == 0
        try:
            self._file = sqlite3.connect(path, isolation_level=None)
            self._open(new)
        except sqlite3.Error as error:
            raise SweepFileRefused(f"{path} cannot hold a sweep ({error}): name another file.") from error

    def _open(self, new: bool) -> None:
        if new:
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute(_SCHEMA)
            self._file.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._file.execute(f"PRAGMA user_version = {_VERSION}")
            return
        (application,) = self._file.execute("PRAGMA application_id").fetchone()
        (version,) = self._file.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION:
            raise SweepFileRefused(f"{self._path} is not a sweep's file: name another one.")
        if version > _VERSION:
            raise SweepFileRefused(f"{self._path} was written by a newer program: use that one, or name another file.")

    def known(self) -> Mapping[str, CaseResult]:
        """See Kept."""
        rows = self._file.execute("SELECT key, result FROM result").fetchall()
        return {key: CaseResult(**json.loads(result)) for key, result in rows}

    def keep(self, case: Case, result: CaseResult) -> None:
        """See Kept."""
        self._file.execute(
            "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?)",
            (
                case.key,
                json.dumps(case.changes),
                json.dumps(dataclasses.asdict(result)),
                case.document.decode(),
                dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            ),
        )

    def close(self) -> None:
        """Lets the file go."""
        self._file.close()
