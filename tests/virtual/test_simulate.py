"""The command in a process of its own: ready document, faults, past, parent, ports, wrong input."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerType

from energy_console.app import main

ONE = "sites/one-meter"
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "main.py"), "simulate", "--site", ONE, "--json", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


@contextlib.contextmanager
def simulating(*arguments: str) -> Iterator[dict[str, Any]]:
    process = start("--port-base", str(free_port()), *arguments)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield json.loads(line)
    finally:
        process.terminate()
        out, err = process.communicate(timeout=60)
        assert (out, err) == ("", "")


def power_kw(ready: dict[str, Any]) -> float | None:
    """Power of the one meter, read over RTU framing; None where it does not answer."""
    port = int(ready["links"][0]["url"].rsplit(":", 1)[1])
    client = ModbusTcpClient("127.0.0.1", port=port, framer=FramerType.RTU, timeout=0.5, retries=0)
    client.connect()
    with contextlib.closing(client):
        try:
            answer = client.read_input_registers(52, count=2, device_id=1)
        except ModbusException:
            return None
        if answer.isError():
            return None
        return float(client.convert_from_registers(answer.registers, client.DATATYPE.FLOAT32)) / 1000


def test_the_one_meter_is_served_and_its_plug_can_be_pulled(capsys: pytest.CaptureFixture[str]) -> None:
    with simulating() as ready:
        assert (ready["ready"], ready["site"], ready["devices"]) == (True, "One meter", 1)
        assert ready["links"][0]["url"].startswith("rtu+tcp://127.0.0.1:")
        power = power_kw(ready)
        assert power is not None
        assert 0.03 < power < 12
        control = str(ready["control"])
        assert main(["simulate", "--tell", control, "silent:meter"]) == 0
        assert power_kw(ready) is None
        assert main(["simulate", "--tell", ONE, "heal meter"]) == 0
        assert power_kw(ready) is not None
        assert main(["simulate", "--tell", ONE, "silent:metre"]) == 2
        told = capsys.readouterr()
        assert told.out == "given silent:meter\nhealed 1\n"
        assert "did you mean 'meter'?" in told.err


def test_a_fault_given_at_the_start_holds_and_the_past_is_written(tmp_path: Path) -> None:
    import pandas as pd

    past = tmp_path / "past.parquet"
    with simulating("--fault", "silent:meter", "--history", "6h", "--history-out", str(past)) as ready:
        assert power_kw(ready) is None
    table = pd.read_parquet(past)
    assert list(table.columns) == ["time", "point", "value"]
    counted = table[table["point"] == "meter/energy_import_kwh"]
    assert 72 <= len(counted) <= 74
    assert counted["value"].is_monotonic_increasing
    assert abs(table["time"].max().timestamp() - time.time()) < 60


def test_it_ends_by_itself_when_its_parent_is_gone() -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = start("--port-base", str(free_port()), "--parent", str(parent.pid))
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["ready"]
    assert psutil.Process(process.pid).is_running()
    parent.kill()
    parent.wait()
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 0


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--port-base", str(port))
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert err.startswith(f"Port {port} on 127.0.0.1 is in use, so link meter-cupboard cannot be served there; ")
    assert err.count("\n") == 1


def test_a_control_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--port-base", str(free_port()), "--control-port", str(port))
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"Port {port} on 127.0.0.1 is in use, so nobody could tell the virtual site anything; ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "Name the site to play"),
        (("--site", "sites/nowhere"), 2, "there is no such folder"),
        (("--site", ONE, "--speed", "fast"), 2, "'fast' is not a speed"),
        (("--site", ONE, "--speed", "-1"), 2, "'-1' is not a speed"),
        (("--site", ONE, "--fault", "silent:nobody"), 2, "There is no device 'nobody'"),
        (("--site", ONE, "--history", "long"), 2, "'long' is not a span"),
        (("--site", ONE, "--replay", "none.csv"), 2, "none.csv cannot be read as a recording"),
        (("--site", ONE, "--port-base", "65535"), 2, "--port-base 65535 leaves no room"),
        (("--site", ONE, "--history-out", "nowhere/past.csv"), 1, "could not be written to nowhere/past.csv"),
        (("--tell", "70000", "faults"), 1, "No virtual site listens on control port 70000"),
        (("--tell", ONE, "faults"), 1, "No virtual site 'one-meter' is known to run"),
        (("--tell", "sites/nowhere", "faults"), 2, "there is no such folder"),
    ],
)
def test_wrong_input_is_one_sentence(
    arguments: tuple[str, ...], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    port = () if "--port-base" in arguments else ("--port-base", str(free_port()))
    assert main(["simulate", *arguments, *port]) == code
    told = capsys.readouterr()
    assert sentence in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


def test_nobody_at_the_control_port_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert main(["simulate", "--tell", str(port), "faults"]) == 1
    assert f"No virtual site listens on control port {port}" in capsys.readouterr().err
