"""A writer killed at any line leaves each reading it acknowledged once; at any moment: tests/soak/test_kills.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def script(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.historian.crash_script", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork; tests/soak/test_kills.py covers Windows")
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
