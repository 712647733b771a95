"""A writer killed at any line leaves every reading it acknowledged exactly once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from energy_console.historian.embedded import open_embedded
from tests.historian.crash_script import END_NS
from tests.historian.series import POINTS

ROOT = Path(__file__).parents[2]


def script(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.historian.crash_script", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork; the next test covers Windows")
def test_a_crash_at_any_step_of_sealing_and_merging_leaves_every_reading_exactly_once(tmp_path: Path) -> None:
    with script("steps", str(tmp_path)) as process:
        results = json.loads(process.communicate()[0])
    assert len({result["step"] for result in results}) >= 11
    for result in results:
        where = f"crash at {result['step']} {result['occurrence']}"
        assert "trouble" not in result, f"{where}: {result['trouble']}"
        unsaid = set(result["found"]) - set(result["kept"])
        assert sorted(result["found"]) == sorted({*result["kept"], *unsaid}), where
        assert len(unsaid) <= 1, where
        assert result["after"] == sorted([*result["found"], 1000]), where
        assert result["strays"] == [], where
        assert result["notices"] == [], where


def test_a_writer_killed_at_any_moment_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(5)
    acknowledged: list[int] = []
    for _ in range(3):
        with script("go", str(tmp_path / "store"), str(max(acknowledged, default=-1) + 2)) as process:
            assert process.stdout is not None
            for line in process.stdout:
                acknowledged.append(int(line))
                if chance.random() < 0.07:
                    process.kill()
                    break
            acknowledged += [int(line) for line in process.stdout]
    store = open_embedded(tmp_path / "store", writing=False)
    found = [int(value) for value in store.read(POINTS[0].id, 0, END_NS).value]
    store.close()
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)
    assert len(found) - len(acknowledged) <= 3  # one each time that was kept and not told any more
