"""`sweep` from the command line: a table, and a killed one that goes on where it was."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from energy_console.app import main
from optimizer.document import write_problem
from tests.optimizer.cities import district

ROOT = Path(__file__).parents[2]


def _study(folder: Path, times: list[float]) -> Path:
    body = json.loads(write_problem(district(60, 40, 96)))["problem"]
    vary = [{"path": "tariff.import_eur_per_kwh", "times": times, "name": "price"}]
    path = folder / "study.json"
    path.write_text(json.dumps({"format": "plan-sweep", "version": 1, "problem": body, "vary": vary}))
    return path


def _kept(path: Path) -> list[tuple[str, str]]:
    if not path.exists():
        return []
    try:
        with sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True) as file:
            return file.execute("SELECT key, kept_at FROM result ORDER BY rowid").fetchall()
    except sqlite3.OperationalError:  # not made yet
        return []


def test_a_sweep_killed_goes_on_where_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study, out = _study(tmp_path, [0.7 + 0.02 * n for n in range(24)]), tmp_path / "study.sweep"
    command = [sys.executable, str(ROOT / "main.py"), "sweep", str(study), "--workers", "1"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(_kept(out)) < 2 and time.monotonic() < deadline and running.poll() is None:
        time.sleep(0.05)
    running.kill()
    running.wait()
    before = _kept(out)
    assert 2 <= len(before) < 24
    assert main(["sweep", str(study), "--workers", "2", "--json"]) == 0
    after = _kept(out)
    assert after[: len(before)] == before
    assert len(after) == 24
    cases = json.loads(capsys.readouterr().out)["cases"]
    costs = [case["cost_eur"] for case in cases]
    assert costs == sorted(costs)
    assert cases[0]["changes"] == ["price x 0.7"]


def test_its_table_names_each_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", str(_study(tmp_path, [1.0])), "--out", str(tmp_path / "x"), "--workers", "1"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["case", "status", "cost"]
    assert row.startswith("price x 1  optimal")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["missing.json"], "cannot be read"),
        (["study.json", "--workers", "0"], "solves nothing"),
        (["study.json", "--workers", "2", "--dask", "tcp://127.0.0.1:1"], "leave one of the two away"),
        (["study.json", "--out", "study.json"], "not a database"),
    ],
)
def test_bad_input_is_a_sentence(
    options: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _study(tmp_path, [1.0])
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", *options]) == 2
    assert words in capsys.readouterr().err
