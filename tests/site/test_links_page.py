"""docs/links.md word for word: its bench is a sound site, its commands start it, and each kind of link answers."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from energy_console.app import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "links.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)


def neighbouring_ports(count):
    """The first of `count` ports side by side that are free now; other processes that look begin elsewhere."""
    slots = 200
    for slot in range(slots):
        first = 21_000 + 50 * ((os.getpid() + slot) % slots)
        try:
            for port in range(first, first + count):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    pytest.skip("no free ports side by side")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """The bench of the page as it says, but in a folder and on ports of this test; what turns its words into these."""
    folder = tmp_path_factory.mktemp("page")
    base = neighbouring_ports(5)

    def placed(text):
        text = re.sub(r"150(2\d)", lambda found: str(base + int(found[1]) - 20), text)
        return text.replace("/tmp/bench-", f"{folder}/bench-")

    (folder / "bench").mkdir()
    part = PAGE.partition("## A bench with every kind")[2].partition("## Modbus TCP")[0]
    for name, text in re.findall(r"`([\w.]+)`\n```\w+\n(.*?)```", part, re.DOTALL):
        (folder / "bench" / name).write_text(placed(text), encoding="utf-8")

    def arguments(command):
        words = shlex.split(placed(command))
        assert words[:2] == ["python", "main.py"]
        return [sys.executable, str(ROOT / "main.py"), *words[2:]], base

    return folder, placed, arguments


def run(bench, command):
    folder, _, arguments = bench
    words, _ = arguments(command)
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def served(bench):
    folder, placed, arguments = bench
    assert run(bench, next(c for c in COMMANDS if " certificates " in c)).returncode == 0
    cable = None
    command = next(c for c in COMMANDS if " simulate " in c)
    if shutil.which("socat"):
        cable = subprocess.Popen(shlex.split(placed(next(c for c in COMMANDS if c.startswith("socat")))))
        deadline = time.monotonic() + 60
        while not (folder / "bench-device").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    else:
        command = command.partition(" --serial")[0]
    words, base = arguments(command)
    words += ["--json", "--history", "1h", "--port-base", str(base)]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=60)
        if cable is not None:
            cable.terminate()
            cable.wait()


def test_the_bench_of_the_page_is_sound_and_every_link_is_served_in_its_own_way(bench, served):
    checked = run(bench, next(c for c in COMMANDS if " check " in c))
    assert checked.returncode == 0, checked.stdout
    kinds = [link["url"].partition(":")[0] for link in served["links"]]
    assert kinds == ["tcp", "rtu+tcp", "udp", "tls", "serial" if shutil.which("socat") else "rtu+tcp"]


@pytest.mark.parametrize("command", [command for command in COMMANDS if " probe " in command])
def test_each_link_of_the_page_answers_the_command_of_the_page(bench, served, command, monkeypatch, capsys):
    if "serial:" in command and not shutil.which("socat"):
        pytest.skip("needs socat for a pair of serial ports (apt-get install socat)")
    folder, _, arguments = bench
    monkeypatch.chdir(folder)
    words, _ = arguments(command)
    assert main([*words[2:], "--timeout", "10s", "--json"]) == 0, capsys.readouterr().err
    high, low = json.loads(capsys.readouterr().out)["words"]
    assert 0x4300 <= high < 0x4400  # a mains voltage as a 32-bit float
    assert 0 <= low <= 0xFFFF


def test_the_page_has_a_command_for_every_kind_of_link():
    kinds = {re.search(r'probe "?([a-z+]+)://', command)[1] for command in COMMANDS if " probe " in command}
    assert kinds == {"tcp", "rtu+tcp", "udp", "tls", "serial"}
