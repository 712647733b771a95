"""Clients of others read and write our virtual devices: mbpoll, pyModbusTCP, modbus-tk."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import struct
import subprocess
from collections.abc import Callable

import pytest

from tests.virtual.sites import spec, value
from tests.virtual.wire import serving

DEVICES = {"M1": "eastron_sdm630", "C1": "lighting_cabinet"}
VOLTAGE_L1, LEVEL_COMMAND = 0, 20  # input register of the meter, holding register of the cabinet


def test_mbpoll_reads_a_float_and_writes_a_register() -> None:
    mbpoll = shutil.which("mbpoll")
    if mbpoll is None:
        pytest.skip("mbpoll is not on this machine")

    def ask(port: int) -> tuple[float, str]:
        common = [mbpoll, "-m", "tcp", "-p", str(port), "-0", "-1", "-q"]
        read = _said([*common, "-a", "1", "-t", "3:float", "-B", "-r", str(VOLTAGE_L1), "-c", "1", "127.0.0.1"])
        wrote = _said([*common, "-a", "2", "-t", "4", "-r", str(LEVEL_COMMAND), "127.0.0.1", "400"])
        line = next(line for line in read.splitlines() if line.startswith(f"[{VOLTAGE_L1}]"))
        return float(line.split(":")[1]), wrote

    (read, wrote), voltage, level = _with_site(ask)
    assert read == pytest.approx(voltage, abs=5.0)  # it moves while it is read
    assert "Written 1 references" in wrote
    assert level == pytest.approx(0.4)


def test_pymodbustcp_reads_a_float_and_writes_a_register() -> None:
    client_module = pytest.importorskip("pyModbusTCP.client")

    def ask(port: int) -> float:
        client = client_module.ModbusClient("127.0.0.1", port, unit_id=1, timeout=5.0)
        words = client.read_input_registers(VOLTAGE_L1, 2)
        client.unit_id = 2
        assert client.write_multiple_registers(LEVEL_COMMAND, [400])
        client.close()
        return _float(words)

    read, voltage, level = _with_site(ask)
    assert read == pytest.approx(voltage, abs=5.0)
    assert level == pytest.approx(0.4)


def test_modbus_tk_reads_a_float_and_writes_a_register() -> None:
    modbus_tcp = pytest.importorskip("modbus_tk.modbus_tcp")
    define = importlib.import_module("modbus_tk.defines")

    def ask(port: int) -> float:
        master = modbus_tcp.TcpMaster("127.0.0.1", port, timeout_in_sec=5.0)
        words = master.execute(1, define.READ_INPUT_REGISTERS, VOLTAGE_L1, 2)
        master.execute(2, define.WRITE_SINGLE_REGISTER, LEVEL_COMMAND, output_value=400)
        master.close()
        return _float(words)

    read, voltage, level = _with_site(ask)
    assert read == pytest.approx(voltage, abs=5.0)
    assert level == pytest.approx(0.4)


def _with_site(ask: Callable[[int], object]) -> tuple[object, float, float]:
    """What `ask(port)` says of a virtual site; the meter's voltage in its physics; the level that was written."""

    async def scenario() -> tuple[object, float, float]:
        async with serving(spec(DEVICES)) as served:
            said = await asyncio.to_thread(ask, served.ports["link"])
            world = served.site.world
            return said, value(world, "M1/voltage_l1_v"), value(world, "C1/level_command")

    return asyncio.run(scenario())


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _float(words: list[int]) -> float:
    return struct.unpack(">f", struct.pack(">2H", *words))[0]
