"""`badline`: what it passes on, what it tells at its end, and wrong input in a sentence."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from energy_console.app import main
from hardware.modbus import Connection, parse_link
from hardware.profiles import Table
from tests.hardware.scripted import counting, serving, tcp

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Name where to listen and what is behind"),
        (["tcp://127.0.0.1:0", "udp://127.0.0.1:1"], "are of two kinds"),
        (["http://127.0.0.1:0", "tcp://127.0.0.1:1"], "is not KIND://HOST:PORT"),
        (["tcp://127.0.0.1:99999", "tcp://127.0.0.1:1"], "is not KIND://HOST:PORT"),
        (["tcp://127.0.0.1:0", "tcp://127.0.0.1:1", "--odds", "drop=lots"], "is not FAULT=CHANCE"),
        (["tcp://127.0.0.1:0", "tcp://127.0.0.1:1", "--all", "0.2"], "together are more than 1"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(arguments, says, capsys) -> None:
    assert main(["badline", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_the_faults_are_listed(capsys) -> None:
    assert main(["badline", "--faults"]) == 0
    assert "carry_over" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="a process is asked to stop by a signal")
def test_it_passes_answers_on_and_tells_at_its_end_what_it_played() -> None:
    async def scenario() -> str:
        async with serving(lambda request: [tcp(request, counting(request))]) as server:
            command = [sys.executable, "main.py", "badline", "tcp://127.0.0.1:0", f"tcp://127.0.0.1:{server.port}"]
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
            assert process.stdout is not None
            first = (await process.stdout.readline()).decode()
            port = int(first.split(" ->")[0].rpartition(":")[2])
            connection = Connection(parse_link(f"tcp://127.0.0.1:{port}"), 5.0)
            assert await connection.read(5, Table.HOLDING, 10, 1) == b"\0\x0a"
            connection.close()
            process.send_signal(signal.SIGTERM)
            rest = (await process.stdout.read()).decode()
            assert await process.wait() == 0
            return rest

    assert asyncio.run(scenario()) == "1 answers; no faults.\n"
