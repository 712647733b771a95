"""The walk of docs/import.md, word for word, and what `history` then shows of it."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from energy_console.app import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "import.md").read_text("utf-8")
WALK = PAGE[PAGE.index("## A walk") : PAGE.index("## What is told")]
FILES = re.findall(r"`([\w.]+)`:\n\n```(?:csv|toml)\n(.*?)```", WALK, re.DOTALL)
STEPS = re.findall(r"```\n(python main.py .*?)\n(.*?)```", WALK, re.DOTALL)


def test_the_walk_says_what_the_program_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "sites" / "one-meter", tmp_path / "sites" / "one-meter")
    for name, text in FILES:
        (tmp_path / name).write_text(text, "utf-8")
    assert len(FILES) == 2
    assert len(STEPS) == 7
    for command, wanted in STEPS:
        code = main(shlex.split(command)[2:])
        said = capsys.readouterr()
        assert (said.out + said.err).replace("\r\n", "\n") == wanted, command
        assert code == (2 if "refused" in command or "Nothing was written:" in wanted else 0)


def test_every_option_is_in_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["import", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options <= set(re.findall(r"--[a-z-]+", PAGE))
