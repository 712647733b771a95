"""One SQLite file of the store: opened, checked, migrated forward, its faults turned into the store's own errors."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from energy_console.historian.errors import (
    StoreBroken,
    StoreError,
    StoreForeign,
    StoreFull,
    StoreGone,
    StoreTooNew,
    StoreUnwritable,
)

BUSY_MS = 10_000
NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}


@dataclass(frozen=True, slots=True)
class Schema:
    """What a file must be: its mark and the scripts that lead from each version to the next."""

    application_id: int
    steps: tuple[str, ...]


@contextlib.contextmanager
def store_faults(path: Path) -> Iterator[None]:
    """Turns faults of SQLite and of the file system at `path` into StoreError, the cause kept."""
    try:
        yield
    except StoreError:
        raise
    except apsw.FullError as fault:
        raise StoreFull(path.parent) from fault
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError) as fault:
        raise StoreBroken(path, str(fault)) from fault
    except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError) as fault:
        raise StoreUnwritable(path.parent, str(fault)) from fault
    except apsw.IOError as fault:
        raise _io_fault(path, fault) from fault
    except OSError as fault:
        raise os_fault(path, fault) from fault


class Presence:
    """That an open file still lies where it was opened: SQLite goes on for ever with one that was removed or moved."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._there()

    def _there(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextlib.contextmanager
    def faults(self) -> Iterator[None]:
        """As `store_faults`; raises StoreGone first where the file is not there any more, or is another."""
        if self._there() != self._file:
            raise StoreGone(self._path.parent)
        with store_faults(self._path):
            yield


def os_fault(path: Path, fault: OSError) -> StoreError:
    if fault.errno in NO_ROOM:
        return StoreFull(path.parent)
    return StoreUnwritable(path.parent, fault.strerror or str(fault))


def _io_fault(path: Path, fault: apsw.IOError) -> StoreError:
    """A failed write means no room (a limit on file size ends here, too); anything else is the disk's own trouble."""
    if getattr(fault, "extendedresult", 0) in {
        apsw.SQLITE_IOERR_WRITE,
        apsw.SQLITE_IOERR_SHMSIZE,
        apsw.SQLITE_IOERR_TRUNCATE,
    }:
        return StoreFull(path.parent)
    return StoreBroken(path, str(fault))


def open_database(path: Path, schema: Schema, *, create: bool, full_sync: bool) -> apsw.Connection:
    """Opens `path` in WAL mode. With `create`, makes it where missing, checks it and migrates it forward."""
    with store_faults(path):
        connection = apsw.Connection(str(path)) if create else connect_existing(path)
    try:
        with store_faults(path):
            connection.set_busy_timeout(BUSY_MS)
            _check(connection, path, schema, create)
            if create:
                connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", "full" if full_sync else "normal")
            if create:
                _migrate(connection, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_existing(path: Path) -> apsw.Connection:
    """Opens a file that is there, on a disk that may only be read as well, where nobody writes to it."""
    connection = apsw.Connection(str(path), apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.pragma("schema_version")
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        connection.close()
        journal = path.with_name(f"{path.name}-wal")
        if journal.exists() and journal.stat().st_size:  # what is in it would be overlooked
            raise
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        return apsw.Connection(f"{path.absolute().as_uri()}?immutable=1", flags)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: apsw.Connection, path: Path, schema: Schema, thorough: bool) -> None:
    mark = connection.pragma("application_id")
    version = int(connection.pragma("user_version"))
    try:
        empty = not rows_of(connection, "select 1 from sqlite_schema limit 1")
    except apsw.SQLError as fault:  # what SQLite says of a header that asks for a format it never had
        raise StoreBroken(path, str(fault)) from fault
    if mark != schema.application_id and not empty:
        raise StoreForeign(path)
    if version > len(schema.steps):
        raise StoreTooNew(path, version, len(schema.steps))
    if thorough and (answer := rows_of(connection, "pragma quick_check(1)")[0][0]) != "ok":
        raise StoreBroken(path, str(answer))


def _migrate(connection: apsw.Connection, schema: Schema) -> None:
    for version in range(int(connection.pragma("user_version")), len(schema.steps)):
        with transaction(connection):
            connection.execute(schema.steps[version])
            connection.pragma("application_id", schema.application_id)
            connection.pragma("user_version", version + 1)


def rows_of(connection: apsw.Connection, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """All rows of one question, as tuples."""
    return connection.execute(sql, tuple(values)).fetchall()


@contextlib.contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """All or nothing; takes the right to write at once, so that no two processes wait for each other."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(apsw.Error):  # the first fault is the one to tell; SQLite may have rolled back itself
            connection.execute("rollback")
        raise


@contextlib.contextmanager
def snapshot(connection: apsw.Connection) -> Iterator[None]:
    """Everything read inside belongs to one moment."""
    connection.execute("begin")
    try:
        yield
    finally:
        with contextlib.suppress(apsw.Error):
            connection.execute("rollback")


def set_aside(path: Path, folder: Path) -> Path:
    """Moves a damaged file with its journals out of the way, under a name with the time; nothing is overwritten."""
    folder.mkdir(exist_ok=True)
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%f")
    target = folder / f"{path.name}-{stamp}"
    for tail in ("-wal", "-shm", ""):
        source = path.with_name(path.name + tail)
        if source.exists():
            os.replace(source, target.with_name(target.name + tail))
    return target
