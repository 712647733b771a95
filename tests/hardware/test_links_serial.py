"""A serial bus from end to end: the console on one port of a socat pair, virtual devices on the other."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from energy_console.app import main
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.modbus import Connection, Decoder, DeviceLine, FieldError, parse_link
from hardware.points import Reason, reason_of
from hardware.profiles import Table, profile
from hardware.scanner import Scanner
from hardware.virtual.listeners import CannotServe
from tests.virtual.sites import spec
from tests.virtual.wire import serving

SOCAT = shutil.which("socat")
pytestmark = pytest.mark.skipif(SOCAT is None, reason="needs socat for a pair of serial ports (apt-get install socat)")
ROOT = Path(__file__).parents[2]
OPTIONS = "?baud=38400&stop=2"  # a pseudo terminal has no parity
LINES = """format = 1
id = "bench"
name = "Bench"

[place]
name = "Delft"
latitude_deg = 52.0
longitude_deg = 4.36
zone = "Europe/Amsterdam"

[grid]
house = { kind = "connection", limit_kw = 17.3, meter = "meter/power_kw" }

[[tariff]]
name = "Fixed"
valid_from = 2026-01-01
peak_eur_per_kw = 0
contracted_kw = 17.3

[[tariff.period]]
from = "00:00"
to = "24:00"
import_eur_per_kwh = 0.27
export_eur_per_kwh = 0.06

[carbon]
grid_kg_per_kwh = [%s]
"""


class Cable:
    """Two pseudo terminals wired to each other; `pull` is what happens when an adapter is unplugged."""

    def __init__(self, folder):
        self.ours, self.theirs = str(folder / "tty-console"), str(folder / "tty-device")
        self._process = None

    def plug(self):
        ends = [f"pty,raw,echo=0,link={port}" for port in (self.ours, self.theirs)]
        self._process = subprocess.Popen([SOCAT, *ends])
        deadline = time.monotonic() + 60
        while not (os.path.exists(self.ours) and os.path.exists(self.theirs)):
            assert time.monotonic() < deadline, "socat made no ports"
            time.sleep(0.01)

    def pull(self):
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def cable(tmp_path):
    cable = Cable(tmp_path)
    cable.plug()
    yield cable
    cable.pull()


def bus(cable, end="ours"):
    return LinkSpec("bus", f"serial://{getattr(cable, end)}{OPTIONS}", 1.0)


def devices():
    return (DeviceSpec("M", "bus", 1, "abb_b23", 0.3), DeviceSpec("C", "bus", 2, "lighting_cabinet", 0.3))


def virtual(cable):
    played = spec({}, field=FieldSpec((bus(cable, "theirs"),), devices()))
    return serving(played)


@contextlib.asynccontextmanager
async def scanning(cable):
    """A scanner on our end, and the newest reason of every point by device."""
    newest = {}

    def take(batch):
        for at in range(len(batch)):
            newest[scanner.points[batch.index[at]].id] = reason_of(batch.status[at])

    scanner = Scanner(FieldSpec((bus(cable),), devices()), take, tick_s=0.05)
    running = asyncio.create_task(scanner.run())
    try:
        yield scanner, newest
    finally:
        scanner.stop()
        await running


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


def test_two_devices_on_one_serial_line_are_read_and_one_is_written(cable):
    async def scenario():
        async with virtual(cable) as served:
            assert served.site.lines[0].url == f"serial://{cable.theirs}"
            async with scanning(cable) as (scanner, newest):
                await until(lambda: newest.get("M/power_kw") is newest.get("C/level") is Reason.GOOD)
                level = profile("lighting_cabinet").point("level_command")
                await scanner.on_line("C", lambda line: line.write_point(level, 0.4))
                value, _ = await scanner.on_line("C", lambda line: line.read_point(level))
                assert value == pytest.approx(0.4, abs=0.01)

    asyncio.run(scenario())


def test_a_unit_that_is_not_there_is_silent_and_costs_its_neighbour_nothing(cable):
    async def scenario():
        async with virtual(cable):
            connection = Connection(parse_link(f"serial://{cable.ours}{OPTIONS}"), 1.0)
            meter = DeviceLine(connection, Decoder(profile("abb_b23")), 1)
            with pytest.raises(FieldError) as caught:
                await connection.read(9, Table.HOLDING, 0, 2)
            assert caught.value.reason is Reason.TIMEOUT
            assert not any(answer.error for answer in (await meter.read_all()).answers)
            connection.close()

    asyncio.run(scenario())


def test_a_port_that_another_program_has_is_told_and_taken_once_it_is_free(cable):
    async def scenario():
        async with virtual(cable):
            first = Connection(parse_link(f"serial://{cable.ours}{OPTIONS}"), 5.0)
            await first.read(1, Table.HOLDING, 0x5B00, 2)
            second = Connection(parse_link(f"serial://{cable.ours}{OPTIONS}"), 5.0)
            with pytest.raises(FieldError) as caught:
                await second.read(1, Table.HOLDING, 0x5B00, 2)
            assert caught.value.reason is Reason.REFUSED
            assert caught.value.text == f"serial port {cable.ours} is in use by another program"
            first.close()
            await asyncio.sleep(second.resting_s + 0.01)
            assert len(await second.read(1, Table.HOLDING, 0x5B00, 2)) == 4
            second.close()

    asyncio.run(scenario())


def test_a_port_that_is_pulled_and_plugged_in_again_is_opened_again_on_both_ends(cable):
    async def scenario():
        async with virtual(cable), scanning(cable) as (scanner, newest):
            await until(lambda: newest.get("M/power_kw") is Reason.GOOD)
            await asyncio.to_thread(cable.pull)
            await until(lambda: newest.get("M/power_kw") in (Reason.DROPPED, Reason.REFUSED))
            await until(lambda: "is not there; is it plugged in?" in scanner.lost_because("M"))
            await asyncio.to_thread(cable.plug)
            await until(lambda: newest.get("M/power_kw") is newest.get("C/level") is Reason.GOOD)

    asyncio.run(scenario())


def test_a_setting_that_a_port_does_not_take_is_told(cable):
    async def scenario():
        connection = Connection(parse_link(f"serial://{cable.ours}?parity=E"), 1.0)
        with pytest.raises(FieldError, match="does not take this speed, parity or number of stop bits"):
            await connection.read(1, Table.HOLDING, 0, 1)

    asyncio.run(scenario())


def test_the_pause_between_two_frames_on_a_line_follows_its_speed():
    gaps = {baud: parse_link(f"serial:///dev/ttyS0?baud={baud}").frame_gap_s for baud in (1200, 9600, 19200, 115200)}
    assert gaps == {1200: pytest.approx(0.03208, rel=1e-3), 9600: pytest.approx(0.00401, rel=1e-3),
                    19200: pytest.approx(0.002005, rel=1e-3), 115200: 0.00175}  # fmt: skip
    assert parse_link("rtu+tcp://gateway:502").frame_gap_s == 0.0


def test_a_port_that_is_not_there_serves_nothing_and_says_so(tmp_path):
    gone = Cable(tmp_path)

    async def scenario():
        with pytest.raises(CannotServe, match=r"Link bus cannot be served: serial port .*tty-device is not there"):
            async with virtual(gone):
                pass

    asyncio.run(scenario())


def site_folder(folder, cable):
    folder.mkdir()
    (folder / "site.toml").write_text(LINES % ", ".join(["0.27"] * 24))
    (folder / "links.csv").write_text(f"link,url\nbus,serial://{cable.ours}{OPTIONS}\n")
    (folder / "devices.csv").write_text(
        "device,name,area,link,unit,profile,node\nmeter,Meter,grid,bus,1,eastron_sdm630,house\n"
    )
    return folder


def test_simulate_plays_a_serial_link_on_a_real_port_and_probe_reads_it_from_the_other(cable, tmp_path, capsys):
    site = site_folder(tmp_path / "bench", cable)
    command = [sys.executable, str(ROOT / "main.py"), "simulate", "--site", str(site), "--json", "--history", "1h"]
    process = subprocess.Popen(
        [*command, "--serial", f"bus={cable.theirs}"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        ready = json.loads(process.stdout.readline())
        assert [link["url"] for link in ready["links"]] == [f"serial://{cable.theirs}"]
        link = f"serial://{cable.ours}{OPTIONS}"
        assert main(["probe", link, "--unit", "1", "--raw", "input:0:2", "--timeout", "10s", "--json"]) == 0
        high, low = json.loads(capsys.readouterr().out)["words"]
        assert 200 < struct.unpack(">f", struct.pack(">HH", high, low))[0] < 260
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.parametrize("wanted", ["bus", "bus=", "bos=/dev/ttyS1"])
def test_a_wrong_serial_option_names_the_serial_links_there_are(cable, tmp_path, capsys, wanted):
    site = site_folder(tmp_path / "bench", cable)
    assert main(["simulate", "--site", str(site), "--serial", wanted]) == 2
    assert "serial links of this site: bus" in capsys.readouterr().err
