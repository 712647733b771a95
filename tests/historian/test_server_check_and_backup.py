"""check-store, backup and restore of a store on a server: what is wrong is found, what is copied comes back."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from pathlib import Path

import pytest

from energy_console.app import main
from energy_console.historian.errors import StoreError
from energy_console.historian.postgres import engine_of, reader_of
from energy_console.historian.postgres.checking import check_server
from energy_console.historian.postgres.dumping import ToolMissing, dump, restore_dump
from energy_console.historian.postgres.server import Place, connect
from energy_console.historian.share import Share
from tests.historian.postgres_server import carried_programs
from tests.historian.series import POINTS, at, batch

ONE = Path(__file__).resolve().parents[2] / "sites" / "one-meter"
NAN = float("nan")


@pytest.fixture
def place(server: str, tmp_path: Path) -> Place:
    """Two days of two engines, rolled up, one day sorted, and some readings that are not yet."""
    there = Place(server, f"checked-{uuid.uuid4().hex[:8]}")
    for areas, first in ((("port",), 0), (("heat",), 2)):
        engine = engine_of(server, there.schema, tmp_path / areas[0], Share(areas))
        engine.register(POINTS[first : first + 2])
        for start in (0, 50_000):
            rows = [(n % 2, start + n * 3, NAN if n % 7 == 0 else float(n)) for n in range(400)]
            engine.append(batch(rows))
        engine.seal()
        engine.tidy(at(2 * 86_400) // 10**6)
        engine.append(batch([(0, 60_000, 1.0), (0, 60_000, 2.0)]))
        engine.close()
    return there


def spoil(place: Place, *statements: str) -> None:
    with contextlib.closing(connect(place)) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_sound_store_is_sound_however_its_readings_came(place: Place) -> None:
    report = check_server(place)
    assert report.faults == []
    assert report.notes == []
    assert (report.days, report.readings, report.unsealed) == (2, 1604, 2)
    assert report.cells > 100


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("delete from reading where ctid = (select min(ctid) from reading where tableoid = {day})", "1 of .* missing"),
        ("insert into {day_name} select * from {day_name} limit 1", "1 of .* delivered readings are there twice"),
        ("update minutes set count = count + 1 where ms = (select min(ms) from minutes)", "cells of minutes differ"),
        ("delete from hours", r"cells of hours differ from their readings, such as M\d/power_kw"),
        ("insert into ledger_open values (1, 'x')", ""),
    ],
)
def test_what_is_wrong_is_found(place: Place, statement: str, told: str) -> None:
    day = "reading_20260921"
    spoil(place, statement.format(day=f"'{day}'::regclass", day_name=day))
    faults = " ".join(check_server(place).faults)
    assert bool(faults) is bool(told)
    if told:
        import re

        assert re.search(told, faults), faults


def test_a_copy_is_made_while_an_engine_writes_and_comes_back_whole(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = carried_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: the wheel that carries one is not for this machine")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    engine = engine_of(place.url, place.schema, tmp_path / "port", Share(("port",)))
    made = dump(place, tmp_path / "copies")
    before = check_server(place)
    with pytest.raises(StoreError, match="is there already and is not overwritten"):
        restore_dump(place, made)
    engine.close()
    spoil(place, f'alter schema "{place.schema}" rename to "{place.schema}-old"')
    restore_dump(place, made)
    after = check_server(place)
    assert after.faults == []
    assert after.readings == before.readings == 1604
    reader = reader_of(place.url, place.schema)
    assert len(reader.read(POINTS[2].id, at(0), at(86_400)).time_ns) == 402
    reader.close()
    again = engine_of(place.url, place.schema, tmp_path / "port", Share(("port",)))
    again.register(POINTS[:2])
    again.append(batch([(0, 70_000, 3.0)]))
    assert len(again.read(POINTS[0].id, at(60_000), at(80_000)).time_ns) == 3
    again.close()


def test_without_the_servers_programs_it_is_told_what_to_install(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"pg_dump \d+ or newer is needed .*none was found"):
        dump(place, tmp_path)
    if shutil.which("sh", path="/bin") is None:
        pytest.skip("no shell to write an old program for")
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n", "utf-8")
    old.chmod(0o755)
    with pytest.raises(ToolMissing, match=r"is pg_dump \(PostgreSQL\) 9\.6\.1"):
        dump(place, tmp_path)


def test_the_commands_take_a_site_on_a_server(server: str, tmp_path: Path, monkeypatch, capsys) -> None:
    programs = carried_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: the wheel that carries one is not for this machine")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(tmp_path))
    folder = tmp_path / "site"
    shutil.copytree(ONE, folder)
    site_id = f"commands-{uuid.uuid4().hex[:8]}"
    toml = (folder / "site.toml").read_text("utf-8").replace('id = "one-meter"', f'id = "{site_id}"')
    (folder / "site.toml").write_text(toml, "utf-8")
    here = ["--site", str(folder), "--store", server]
    assert main(["check-store", *here]) == 1
    assert "start the engine once" in capsys.readouterr().err
    engine = engine_of(server, site_id, tmp_path / "box")
    engine.register(POINTS)
    engine.append(batch([(0, 1, 1.0)]))
    engine.close()
    assert main(["check-store", *here]) == 0
    assert "is sound: 1 readings of 1 days" in capsys.readouterr().out
    assert main(["backup", *here, "--to", str(tmp_path / "copies")]) == 0
    (made,) = (tmp_path / "copies").iterdir()
    assert str(made) in capsys.readouterr().out
    spoil(Place(server, site_id), f'drop schema "{site_id}" cascade')
    assert main(["restore", str(made), *here]) == 0
    assert "is restored from" in capsys.readouterr().out
    assert main(["check-store", "--store", server]) == 2
    assert "name the one that is meant with --site" in capsys.readouterr().err
