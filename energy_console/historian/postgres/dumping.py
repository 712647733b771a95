"""A site's schema out of a server and into one, by the server's own programs: pg_dump and pg_restore."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from psycopg.conninfo import conninfo_to_dict

from energy_console.historian.errors import StoreError, StoreMissing
from energy_console.historian.postgres.server import Place, check, connect

SUFFIX = ".dump"


class ToolMissing(StoreError):
    """The server's programs are not on this machine, or are older than the server."""

    def __init__(self, program: str, version: int, found: str) -> None:
        super().__init__(
            f"{program} {version} or newer is needed on this machine ({found}): install the PostgreSQL client "
            f"(postgresql-client-{version}), or let the server's administrator make the copy."
        )


class ToolFailed(StoreError):
    """One of the server's programs has refused."""

    def __init__(self, program: str, said: str) -> None:
        super().__init__(f"{program} has failed ({said}): look at the rights of the store's user and at free space.")


def dump(place: Place, folder: Path) -> Path:
    """A new file in `folder` with everything of the site as of one moment. Raises StoreError."""
    with contextlib.closing(connect(place)) as connection:
        if not check(connection, place):
            raise StoreMissing(place.told)
        version = connection.info.server_version // 10_000
    program = _program("pg_dump", version)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{place.schema}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}{SUFFIX}"
    unfinished = target.with_name(f"{target.name}.part")
    try:
        _run(program, place, "--format=custom", f'--schema="{place.schema}"', "--no-owner", f"--file={unfinished}")
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def restore_dump(place: Place, source: Path) -> None:
    """Puts what `dump` made into a database that has nothing of this site yet. Raises StoreError."""
    with contextlib.closing(connect(place)) as connection:
        if check(connection, place):
            raise StoreError(
                f"The store {place.told} is there already and is not overwritten: restore into another database, "
                f'or have the schema renamed (ALTER SCHEMA "{place.schema}" RENAME TO ...).'
            )
        version = connection.info.server_version // 10_000
    _run(_program("pg_restore", version), place, "--no-owner", "--exit-on-error", "--single-transaction", str(source))


def _program(name: str, version: int) -> str:
    path = shutil.which(name)
    if path is None:
        raise ToolMissing(name, version, "none was found")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)(?:\.\d+)?", said)
    if found is None or int(found[1]) < version:
        raise ToolMissing(name, version, f"{path} is {said.strip() or 'of no known version'}")
    return path


def _run(program: str, place: Place, *arguments: str) -> None:
    """The password goes by the environment: a list of processes shows arguments to everybody."""
    parts = urlsplit(place.url)
    netloc = parts.netloc if parts.password is None else f"{parts.username}@{parts.netloc.rpartition('@')[2]}"
    password = conninfo_to_dict(place.conninfo()).get("password")
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    command = [program, f"--dbname={urlunsplit(parts._replace(netloc=netloc))}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise ToolFailed(Path(program).name, (done.stderr.strip().splitlines() or ["without a word"])[0])
