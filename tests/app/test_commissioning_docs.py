"""The walk of docs/commissioning.md, word for word, against the demo site's virtual devices."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from energy_console.app import main
from energy_console.app.virtual_site import VirtualSite
from energy_console.site.loader import load_site

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "commissioning.md").read_text(encoding="utf-8")
BLOCKS = [block.strip() for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)]
FIRST_PORT = 15020  # what simulate takes where nothing else is said


@pytest.fixture(scope="module")
def port_base():
    virtual = VirtualSite(load_site(ROOT / "sites" / "port-demo"), with_past=False)
    virtual.wait()
    yield virtual.port_base
    virtual.stop()


def shape(line: str) -> str:
    """A line of an output without its figures, which are others each time."""
    return " ".join(re.sub(r"\d[\d.,e+]*", "#", line).split())


def test_each_command_of_the_walk_does_what_the_page_shows(port_base, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "sites" / "one-meter", "my-site")
    shown, ran = "", 0
    for block in BLOCKS:
        if not block.startswith("python main.py"):
            got = {shape(line) for line in shown.splitlines()}
            for line in block.splitlines():
                if not line.startswith("cp "):
                    wanted = shape(line)
                    assert any(wanted in other for other in got), f"{line!r} is not in\n{shown}"
            continue
        for command in block.splitlines():
            words = shlex.split(command)[2:]
            if words[0] == "simulate":
                continue
            ported = [re.sub(r"127\.0\.0\.1:(\d+)", lambda found: moved(found[1], port_base), word) for word in words]
            assert main(ported) == 0, command
            shown, ran = capsys.readouterr().out, ran + 1
    assert ran == 8
    assert load_site("my-site").device("M7").spec.profile == "abb_b23"


def moved(port: str, port_base: int) -> str:
    return f"127.0.0.1:{int(port) - FIRST_PORT + port_base}"
