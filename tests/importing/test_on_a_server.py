"""An import into a store on a server: written whole, corrected and taken back exactly, by the same commands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

from energy_console.app import main
from tests.historian.conftest import own_server, server

SITE = str(Path(__file__).parents[2] / "sites" / "one-meter")
__all__ = ["own_server", "server"]


def test_a_file_goes_into_a_server_and_out_again(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(tmp_path / f"stores-{os.getpid()}"))
    with psycopg.connect(server, autocommit=True) as connection:  # other tests have this site there, too
        connection.execute('drop schema if exists "one-meter" cascade')
    path = tmp_path / "theirs.csv"
    path.write_text("time,p_w\n" + "".join(f"2026-01-01T00:{n:02d}Z,{1000 * n}\n" for n in range(60)), "utf-8")

    def done(*words: str, code: int = 0) -> Any:
        got = main([words[0], "--site", SITE, "--store", server, *words[1:], "--json"])
        said = capsys.readouterr()
        assert got == code, said.err
        return json.loads(said.out) if not code else said.err

    hour = ("--from", "2026-01-01T00:00Z", "--to", "2026-01-01T01:00Z")
    ours = (str(path), "--map", "p_w=import.theirs/p_kw:W")
    assert done("import", *ours, "--write")["written"] == 60
    assert "Nothing to write" in done("import", *ours, "--write", code=2)
    told = done("history", "import.theirs/p_kw", *hour, "--every", "30min")["points"][0]
    assert [row[6] for row in told["rows"]] == [30, 30]
    ten = ("--from", "2026-01-01T00:10Z", "--to", "2026-01-01T00:20Z")
    assert done("correct", "import.theirs/p_kw", *ten, "--invalid", "--why", "x", "--yes")["correction"] == 1
    halves = done("history", "import.theirs/p_kw", *hour, "--every", "30min")["points"][0]["rows"]
    assert [row[7] for row in halves] == [20, 30]
    assert "Correction 1 of import.theirs/p_kw may be made from this import" in done("import", "--undo", "1", code=2)
    assert done("correct", "--undo", "1")["taken_back"] == 10
    assert done("import", "--undo", "1") == {"import": 1, "taken_back": 60}
    assert [(one["import"], one["state"]) for one in done("import", "--list")] == [(1, "taken back")]
    assert done("history", "import.theirs/p_kw", *hour)["points"][0]["rows"] == []
