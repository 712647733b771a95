"""What we and our virtual devices put on the wire, as a protocol analyser that is not ours takes it apart."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from hardware.commands import Commander
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.scanner import Scanner
from tests.hardware import scripted
from tests.virtual.sites import spec
from tests.virtual.wire import serving

DEVICES = {"M1": "eastron_sdm630", "M2": "carlo_gavazzi_em24", "C1": "lighting_cabinet", "P1": "alfen_ng9"}
DISSECTOR = {"tcp": "mbtcp", "rtu+tcp": "mbrtu"}


@pytest.fixture(scope="module")
def tshark() -> str:
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not on this machine")
    return program


@dataclass(frozen=True, slots=True)
class Frame:
    """One TCP segment that carries Modbus, as the analyser sees it; columns with one entry a message."""

    number: str
    functions: tuple[str, ...]
    byte_counts: tuple[str, ...]
    values: tuple[str, ...]
    is_answer: bool
    malformed: bool

    @property
    def ails(self) -> str:
        if self.malformed or not self.functions:
            return f"frame {self.number} is malformed"
        if sum(map(int, self.byte_counts)) != 2 * len(self.values):
            return f"frame {self.number} says {self.byte_counts} bytes and holds {len(self.values)} registers"
        if set(self.functions) <= {"3", "4"} and self.is_answer and not self.byte_counts:
            return f"frame {self.number} answers a read with nothing"
        return ""


@pytest.mark.parametrize("scheme", ["tcp", "rtu+tcp"])
def test_no_frame_of_a_scan_with_commands_is_malformed(tshark: str, scheme: str, tmp_path: Path) -> None:
    file = tmp_path / "wire.pcapng"
    port = asyncio.run(_talk(tshark, scheme, file))
    frames = _dissected(tshark, file, port, scheme)
    functions = Counter(function for frame in frames for function in frame.functions)
    assert sum(functions.values()) > 30
    assert {"3", "4"} <= set(functions)
    assert {"6", "16"} & set(functions)  # the command
    assert sum(frame.is_answer for frame in frames) > 15
    assert [frame.ails for frame in frames if frame.ails] == []


def test_a_lie_on_the_wire_would_be_found(tshark: str, tmp_path: Path) -> None:
    """The check above can fail: an answer that claims more bytes than it brings."""

    async def lied_to() -> int:
        async with scripted.serving(lambda request: [scripted.tcp(request, b"\x03\x28\0\1")]) as server:
            capture = _capture(tshark, server.port, tmp_path / "wire.pcapng")
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(bytes.fromhex("000100000006010300000014"))
            await reader.readexactly(11)
            writer.close()
            await asyncio.to_thread(_wait_for_growth, tmp_path / "wire.pcapng")
            capture.terminate()
            capture.communicate()
            return server.port

    port = asyncio.run(lied_to())
    frames = _dissected(tshark, tmp_path / "wire.pcapng", port, "tcp")
    assert [frame.ails for frame in frames if frame.ails]


async def _talk(tshark: str, scheme: str, file: Path) -> int:
    """Two seconds of scanning and one command, captured; the port it went over."""
    async with serving(spec(DEVICES, scheme)) as served:
        port = served.ports["link"]
        capture = _capture(tshark, port, file)
        try:
            devices = tuple(
                DeviceSpec(d, "L", unit, profile, 0.2) for unit, (d, profile) in enumerate(DEVICES.items(), 1)
            )
            link = LinkSpec("L", f"{scheme}://127.0.0.1:{port}", 2.0)
            scanner = Scanner(FieldSpec((link,), devices), lambda batch: None, tick_s=0.1)
            scanning = asyncio.create_task(scanner.run())
            commander = Commander(scanner)
            result = await asyncio.wait_for(commander.write("C1/level_command", 0.4), 20.0)
            await asyncio.sleep(2.0)
            await commander.close()
            scanner.stop()
            await scanning
            assert result.ok, result.text
            await asyncio.to_thread(_wait_for_growth, file)
        finally:
            capture.terminate()
            capture.communicate()
    return port


def _capture(tshark: str, port: int, file: Path) -> subprocess.Popen[str]:
    """Listens on loopback; skips where this user may not."""
    command = [tshark, "-i", "lo", "-f", f"tcp port {port}", "-w", str(file)]
    capture = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 15.0
    while not (file.exists() and file.stat().st_size):
        if capture.poll() is not None or time.monotonic() > until:
            capture.kill()
            said = capture.communicate()[1].strip().splitlines()
            pytest.skip(f"tshark may not listen on loopback here: {said[-1] if said else 'it says nothing'}")
        time.sleep(0.05)
    return capture


def _wait_for_growth(file: Path) -> None:
    """What was said last is in the file once it no longer grows."""
    size, until = -1, time.monotonic() + 10.0
    while file.stat().st_size != size and time.monotonic() < until:
        size = file.stat().st_size
        time.sleep(0.7)


def _dissected(tshark: str, file: Path, port: int, scheme: str) -> list[Frame]:
    """Every segment with content, checksums of RTU frames checked."""
    fields = ("frame.number", "modbus.func_code", "modbus.byte_cnt", "modbus.regval_uint16", "tcp.srcport")
    broken = ("_ws.malformed", "mbrtu.crc16.incorrect", "mbtcp.cannot_classify")
    # The analyser must know which side is the server, or it takes answers for questions.
    command = [
        tshark,
        "-r",
        str(file),
        "-o",
        f"{DISSECTOR[scheme]}.tcp.port:{port}",
        "-o",
        "mbrtu.crc_verification:TRUE",
    ]
    command += ["-Y", "tcp.len > 0", "-T", "fields"]
    for field in (*fields, *broken):
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [
        Frame(row[0], *(tuple(filter(None, cell.split(","))) for cell in row[1:4]), row[4] == str(port), any(row[5:]))
        for row in rows
    ]
