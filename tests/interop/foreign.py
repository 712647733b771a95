"""Modbus servers made by others, each in a process of its own, all holding the same registers.

`REGISTERS` is worked out here with `struct` from the makers' papers, not with this project's own coding.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
READY_WITHIN_S = 20.0


def float_words(value: float) -> tuple[int, ...]:
    return struct.unpack(">2H", struct.pack(">f", value))


def low_word_first(value: int) -> tuple[int, ...]:
    return struct.unpack(">2H", struct.pack(">i", value))[::-1]


# Two devices of different addresses in one server: an Eastron SDM630 in the input registers (32-bit floats, high word
# first; power in W), and an Alfen charging point in the holding registers (floats, 64-bit energy in Wh).
INPUT = {
    0: float_words(230.5),  # V L1
    6: float_words(10.25),  # A L1
    52: float_words(-1234.5),  # total W
    70: float_words(49.98),  # Hz
    72: float_words(1234567.0),  # kWh imported
}
HOLDING = {
    344: float_words(7360.0),  # W
    374: struct.unpack(">4H", struct.pack(">d", 987654321.0)),  # Wh
    1201: struct.unpack(">5H", b"C2".ljust(10, b"\0")),
    1206: float_words(16.0),  # A in force
    1212: float_words(6.0),  # safe current
}
READ = {
    "eastron_sdm630": {
        "voltage_l1_v": 230.5,
        "current_l1_a": 10.25,
        "power_kw": -1.2345,
        "frequency_hz": 49.98,
        "energy_import_kwh": 1234567.0,
    },
    "alfen_ng9": {"power_kw": 7.36, "energy_import_kwh": 987654.321, "mode3_state": 4.0, "safe_current_a": 6.0},
}
SIZE = 1400
LIMIT_A = 1210  # of the charging point: the set-point the tests write


def image() -> dict[str, list[int]]:
    """All registers from 0 on, as every server is given them."""
    return {"input": _flat(INPUT), "holding": _flat(HOLDING)}


def _flat(blocks: dict[int, tuple[int, ...]]) -> list[int]:
    words = [0] * SIZE
    for address, values in blocks.items():
        words[address : address + len(values)] = values
    return words


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str] | None = None) -> Iterator[int]:
    """The server's port; it reads its registers from standard input as JSON and prints its port when it listens."""
    server = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    late = threading.Timer(READY_WITHIN_S, server.kill)
    late.start()
    try:
        assert server.stdin is not None
        assert server.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it has died; what it said is told below
            server.stdin.write(json.dumps(image()) + "\n")
            server.stdin.flush()
        line = server.stdout.readline()
        late.cancel()
        if not line.strip().isdigit():
            server.kill()
            pytest.fail(f"{command} did not listen: {line}{server.communicate()[1]}")
        yield int(line)
    finally:
        late.cancel()
        server.kill()
        server.communicate()


def python_server(name: str) -> list[str]:
    """A server of a Python library, one of those in servers.py."""
    return [sys.executable, str(HERE / "servers.py"), name]


def node_modules(tmp: Path) -> Path:
    """A folder with the two Node libraries; skips where they cannot be had."""
    given = os.environ.get("INTEROP_NODE_MODULES")
    if given and Path(given).is_dir():
        return Path(given)
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not on this machine")
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--prefix", str(tmp)]
    try:
        done = subprocess.run(
            [*install, "modbus-serial@8", "jsmodbus@4"], capture_output=True, text=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not bring modbus-serial and jsmodbus within a minute")
    if done.returncode:
        pytest.skip(f"npm could not bring modbus-serial and jsmodbus: {done.stderr.strip().splitlines()[-1:]}")
    return tmp / "node_modules"


def compiled(tmp: Path) -> Path:
    """The libmodbus server, built here; skips where there is no compiler or no libmodbus."""
    compiler = shutil.which("cc")
    header = Path("/usr/include/modbus/modbus.h")
    if compiler is None or not header.exists():
        pytest.skip("libmodbus (libmodbus-dev) and a C compiler are not on this machine")
    program = tmp / "libmodbus_server"
    subprocess.run([compiler, str(HERE / "libmodbus_server.c"), "-o", str(program), "-lmodbus"], check=True, timeout=60)
    return program
