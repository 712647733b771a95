"""docs/control-room.md: its statements, its files and its commands, run as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psycopg
import pytest

from energy_console.app import COMMANDS, main
from energy_console.site.areas import areas_of
from energy_console.site.loader import load_site
from tests.control_room.conftest import ROOT, Room

PAGE = (ROOT / "docs" / "control-room.md").read_text("utf-8")
SITE = "sites/harbour"
LINES = re.findall(r"^python main\.py (.*)$", PAGE, re.MULTILINE)
WITHIN_S = 120.0


def test_the_statements_of_the_page_make_a_database_that_takes_a_store(server: str) -> None:
    (statements,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    name = f"energy_{uuid.uuid4().hex[:8]}"
    role = f"console_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements.replace("energy", name).replace("console", role).strip().split(";"):
            if statement.strip():
                connection.execute(statement.encode())
        try:
            from energy_console.historian.postgres.server import Place, connect, migrate

            place = Place(re.sub(r"//[^@]*@(.*)/.*$", rf"//{role}@\1/{name}", server), "harbour")
            made = connect(place)
            migrate(made, place)
            made.close()
        finally:
            connection.execute(f"drop database {name}".encode())
            connection.execute(f"drop role {role}".encode())


def test_the_links_of_the_page_are_a_site_in_two_areas(room: Room, tmp_path: Path) -> None:
    (table,) = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    folder = tmp_path / "harbour"
    folder.mkdir()
    for path in room.folder.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "links.csv").write_text(table, "utf-8")
    assert areas_of(load_site(folder)) == ("quayside", "town")
    assert main(["check", str(folder)]) == 0


def test_every_command_of_the_page_is_one_of_the_program() -> None:
    assert len(LINES) == 9
    assert {shlex.split(line)[0] for line in LINES} <= set(COMMANDS)


@pytest.mark.skipif(sys.platform == "win32", reason="engines are asked to stop by a signal")
def test_the_walk(room: Room, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(room.home)
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(room.home / "desk"))
    quay, town, both = (shlex.split(line) for line in LINES if line.startswith("serve"))
    first, second = (start(room, line, machine) for line, machine in ((quay, "quay"), (town, "town")))
    with_both = None
    try:
        wait_until_read(room, {"meter", "quay-socket", "town-socket"})
        second.kill()
        second.wait(30)
        first.terminate()
        first.wait(60)
        with_both = start(room, both, "quay")
        wait_until_read(room, {"meter", "quay-socket", "town-socket"})
        late = start(room, town, "town")
        assert late.wait(WITHIN_S) == 1
        for line in ("check-store", "journal", "ledger"):
            (command,) = [shlex.split(one) for one in LINES if one.startswith(line)]
            assert main([part.replace(SITE, str(room.folder)) for part in command]) == 0, line
        assert "is sound" in capsys.readouterr().out
    finally:
        for process in (first, second, with_both):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(30)


def start(room: Room, line: list[str], machine: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "main.py"), *(part.replace(SITE, str(room.folder)) for part in line)]
    environment = os.environ | {"ENERGY_CONSOLE_STORE": str(room.home / machine)}
    with (room.home / f"{machine}.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def wait_until_read(room: Room, devices: set[str]) -> None:
    """Each of these has a reading of the last seconds."""
    question = (
        f'select distinct p.device from "{room.site.id}".reading join '
        f"(select key, split_part(id, '/', 1) as device from \"{room.site.id}\".point) p on p.key = point where ms > %s"
    )
    began_ms = time.time_ns() // 10**6
    until = time.monotonic() + WITHIN_S
    found: set[str] = set()
    while not devices <= found:
        assert time.monotonic() < until, f"{found}; {room.said('quay')}; {room.said('town')}"
        time.sleep(0.2)
        try:
            with psycopg.connect(room.url) as connection:
                found = {str(row[0]) for row in connection.execute(question.encode(), (began_ms,)).fetchall()}
        except psycopg.errors.UndefinedTable:
            continue
