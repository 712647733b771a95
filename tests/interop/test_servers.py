"""Our scanner and our commands against Modbus servers of others: libmodbus, and libraries for Python and Node."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from pymodbus.client import ModbusTcpClient

from hardware.commands import Commander
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import Reason, reason_of
from hardware.scanner import Scanner
from tests.interop.foreign import HERE, LIMIT_A, READ, compiled, node_modules, python_server, running

SERVERS = ("libmodbus", "pyModbusTCP", "modbus-tk", "uModbus", "modbus-serial", "jsmodbus")
WITHIN_S = 20.0


@pytest.fixture(scope="module", params=SERVERS)
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with _server(request.param, tmp_path_factory) as port:
        yield port


def _server(name: str, tmp: pytest.TempPathFactory) -> AbstractContextManager[int]:
    if name == "libmodbus":
        return running([str(compiled(tmp.mktemp("libmodbus")))])
    if name in ("modbus-serial", "jsmodbus"):
        modules = node_modules(tmp.getbasetemp() / "node")
        return running(["node", str(HERE / "node_server.js"), name], {"NODE_PATH": str(modules)})
    return running(python_server(name))


def field(port: int) -> FieldSpec:
    devices = tuple(DeviceSpec(profile, "L", 1, profile, 0.2) for profile in READ)
    return FieldSpec((LinkSpec("L", f"tcp://127.0.0.1:{port}", 2.0),), devices)


def test_every_value_is_read_right(port: int) -> None:
    wanted = {f"{profile}/{quantity}": value for profile, values in READ.items() for quantity, value in values.items()}

    async def read() -> dict[str, tuple[float, Reason]]:
        newest: dict[str, tuple[float, Reason]] = {}

        def keep(batch) -> None:
            for row, value, status in zip(batch.index, batch.value, batch.status, strict=True):
                newest[scanner.points[row].id] = (float(value), reason_of(status))
            if wanted.keys() <= newest.keys():
                scanner.stop()

        scanner = Scanner(field(port), keep, tick_s=0.1)
        await asyncio.wait_for(scanner.run(), WITHIN_S)
        return newest

    newest = asyncio.run(read())
    for point, value in wanted.items():
        assert newest[point][1] is Reason.GOOD, point
        assert newest[point][0] == pytest.approx(value, rel=1e-7), point


def test_a_set_point_arrives_as_the_words_it_must_be_and_reads_back(port: int) -> None:
    async def write() -> tuple[bool, str]:
        scanner = Scanner(field(port), lambda batch: None, tick_s=0.1)
        scanning = asyncio.create_task(scanner.run())
        commander = Commander(scanner)
        try:
            result = await asyncio.wait_for(commander.write("alfen_ng9/limit_a", 13.5), WITHIN_S)
        finally:
            await commander.close()
            scanner.stop()
            await scanning
        return result.ok, result.text

    ok, text = asyncio.run(write())
    assert ok, text
    client = ModbusTcpClient("127.0.0.1", port=port, timeout=3)
    assert client.connect()
    words = client.read_holding_registers(LIMIT_A, count=2, device_id=1).registers
    client.close()
    assert struct.unpack(">f", struct.pack(">2H", *words)) == (13.5,)
