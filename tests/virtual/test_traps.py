"""Traps that device types set, each played by a virtual device of a type made for it, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.profiles import Library, encode_value, profile
from hardware.scanner import Scanner
from hardware.virtual.device import VirtualDevice
from hardware.virtual.world import World
from tests.virtual.sites import spec, value, world
from tests.virtual.wire import Served, serving

PLAIN = """format = 2
name = "touchy"
title = "A touchy meter"
maker = "Nobody"
kind = "meter"
source = "this test"
confidence = "own"

[read]
longest = 20
{read}

[defaults]
table = "input"
type = "int32"

[point.power_kw]
name = "Power"
address = 10
scale = 0.001
low_word_first = true

[point.energy_import_kwh]
name = "Energy"
address = 62
scale = 0.1
counter = true
low = 0
look_alikes = {{ 66 = "a counter that anybody can set back" }}

[point.frequency_hz]
name = "Frequency"
address = 30
type = "uint16"
scale = 0.01
alone = false

[point.voltage_l1_v]
name = "Voltage"
address = 31
type = "uint16"
scale = 0.1

[[fixed]]
table = "input"
address = 11
words = [1648]
alone = true
{more}
"""


@contextlib.asynccontextmanager
async def touchy(folder: Path, read: str = "", more: str = "") -> AsyncIterator[tuple[Served, AsyncModbusTcpClient]]:
    (folder / "touchy.toml").write_text(PLAIN.format(read=read, more=more), encoding="utf-8")
    links = (LinkSpec("link", "tcp://127.0.0.1:0"),)
    field = FieldSpec(links, (DeviceSpec("D", "link", 1, "touchy", 0.2),), Library(folder))
    async with serving(spec({}, field=field)) as served, served.client(timeout_s=0.5) as client:
        yield served, client


async def read(client: AsyncModbusTcpClient, address: int, count: int) -> list[int] | int | None:
    """Registers, the exception's number, or None where there was no answer."""
    try:
        answer = await client.read_input_registers(address, count=count, device_id=1)
    except (ModbusException, TimeoutError):
        return None
    return answer.exception_code if answer.isError() else answer.registers


def number(words: list[int] | int | None) -> int:
    assert isinstance(words, list)
    return words[0] << 16 | words[1]


def test_the_word_order_is_that_of_the_type(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with touchy(tmp_path) as (served, client):
            words = await read(client, 10, 2)
            assert isinstance(words, list)
            assert words[1] << 16 | words[0] == pytest.approx(1000 * value(served.site.world, "D/power_kw"), abs=2000)
            assert number(words) > 1e8  # the other order gives a number of another world

    asyncio.run(scenario())


def test_a_longer_read_than_the_type_takes_is_exception_3(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with touchy(tmp_path, "longest_by_table = { input = 2 }") as (_, client):
            assert isinstance(await read(client, 62, 2), list)
            assert await read(client, 62, 3) == 3

    asyncio.run(scenario())


def test_a_read_that_cuts_a_value_is_exception_2(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with touchy(tmp_path, "whole_values = true") as (_, client):
            assert isinstance(await read(client, 62, 2), list)
            assert await read(client, 63, 1) == 2
            assert await read(client, 62, 1) == 2

    asyncio.run(scenario())


def test_forbidden_registers_are_refused_within_a_longer_read_too(tmp_path: Path) -> None:
    more = '[[forbidden]]\ntable = "input"\naddress = 20\nwhy = "it restarts"\n'

    async def scenario() -> None:
        async with touchy(tmp_path, more=more) as (_, client):
            assert await read(client, 20, 1) == 2
            assert await read(client, 12, 10) == 2

    asyncio.run(scenario())


def test_registers_asked_for_alone_answer_something_else(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with touchy(tmp_path) as (served, client):
            assert await read(client, 11, 1) == [1648]
            whole = await read(client, 10, 2)
            assert isinstance(whole, list)
            assert whole[1] == 0
            assert await read(client, 30, 1) == [1648]
            frequency, volt = (await read(client, 30, 2)) or (0, 0)  # type: ignore[misc]
            assert frequency == pytest.approx(5000, abs=20)
            assert volt == pytest.approx(10 * value(served.site.world, "D/voltage_l1_v"), rel=0.05)

    asyncio.run(scenario())


def test_a_look_alike_counts_too_and_shows_another_number(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with touchy(tmp_path) as (_, client):
            total, partial = number(await read(client, 62, 2)), number(await read(client, 66, 2))
            assert 0 < partial < 0.5 * total

    asyncio.run(scenario())


def test_a_request_within_the_rest_after_an_answer_is_not_heard(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with touchy(tmp_path, "silence_ms = 2500") as (_, client):
            assert isinstance(await read(client, 62, 2), list)
            assert await read(client, 62, 2) is None
            async with asyncio.timeout(20):
                while await read(client, 62, 2) is None:
                    await asyncio.sleep(0.2)

    asyncio.run(scenario())


def test_the_scanner_keeps_the_rest_that_the_type_asks_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with touchy(tmp_path, "silence_ms = 120\ngap = 0") as (served, _):
            field = served.site.world.spec.field
            links = (LinkSpec("link", f"tcp://127.0.0.1:{served.ports['link']}"),)
            scanner = Scanner(FieldSpec(links, field.devices, field.library), lambda batch: None)
            running = asyncio.create_task(scanner.run())
            until = time.monotonic() + 60
            while scanner.states()["D"].requests < 8:
                assert time.monotonic() < until
                await asyncio.sleep(0.05)
            assert scanner.states()["D"].lost == 0
            scanner.stop()
            await running

    asyncio.run(scenario())


def test_values_asked_for_again_too_soon_and_writes_too_close_are_met_with_busy(tmp_path: Path) -> None:
    more = """[write]
every_min_s = 30
single = true

[point.limit_a]
name = "Limit"
table = "holding"
address = 5
type = "uint16"
writable = true
fallback = "It stays."
low = 0
high = 32
"""

    async def scenario() -> None:
        async with touchy(tmp_path, "every_min_s = 30", more) as (served, client):
            assert isinstance(await read(client, 62, 2), list)
            assert await read(client, 62, 2) == 6
            assert isinstance(await read(client, 30, 2), list)
            assert not (await client.write_register(5, 8, device_id=1)).isError()
            assert (await client.write_register(5, 9, device_id=1)).exception_code == 6
            assert value(served.site.world, "D/limit_a") == 8
            many = await client.write_registers(5, [9], device_id=1)
            assert many.exception_code in (1, 6)

    asyncio.run(scenario())


def device(name: str) -> tuple[VirtualDevice, World]:
    played = world({"D": name}, "2026-01-14T12:00")
    return VirtualDevice("D", played.banks[0]), played


def asked(played: VirtualDevice, request: str) -> str:
    return played.answer(bytes.fromhex(request)).hex()


def test_an_em24_serves_the_total_and_the_partial_counter_beside_it() -> None:
    played, site = device("carlo_gavazzi_em24")
    total, partial = asked(played, "04 003e 0002"), asked(played, "04 0042 0002")

    def low_word_first(answer: str) -> int:
        return int(answer[8:12] + answer[4:8], 16)

    assert low_word_first(total) == pytest.approx(10 * value(site, "D/energy_import_kwh"), abs=1)
    assert 0 < low_word_first(partial) < 0.5 * low_word_first(total)
    assert asked(played, "04 0000 0033") == "8403"  # 51 registers are one too many


def test_an_em340_says_what_it_is_when_register_11_is_read_alone() -> None:
    played, _ = device("carlo_gavazzi_em340")
    assert asked(played, "04 000b 0001") == "04020154"
    assert asked(played, "04 000a 0002")[4:] != "00000154"


def test_a_pac_refuses_a_read_that_cuts_a_value() -> None:
    played, _ = device("siemens_pac3200")
    assert asked(played, "03 0001 0002")[:2] == "03"
    assert asked(played, "03 0002 0002") == "8302"
    assert asked(played, "03 0001 0003") == "8302"


def test_an_sdm630_does_not_hear_what_comes_within_its_rest() -> None:
    played, _ = device("eastron_sdm630")
    assert asked(played, "04 0034 0002")[:2] == "04"
    # Asked at once, thousands of times faster than its 60 ms.
    assert "" in [asked(played, "04 0034 0002") for _ in range(3)]
    time.sleep(0.08)
    assert asked(played, "04 0034 0002")[:2] == "04"


def test_a_keba_takes_one_value_a_request_and_no_reading_where_it_is_only_written() -> None:
    for request, answer in (("03 03e8 0004", "8303"), ("03 03e9 0002", "8302"), ("03 138c 0001", "8302"),
                            ("10 138c 0001 02 1f40", "9001")):  # fmt: skip
        played, _ = device("keba_kecontact_p40")
        assert asked(played, request) == answer, request
    played, site = device("keba_kecontact_p40")
    assert asked(played, "06 138c 1f40") == "06138c1f40"
    assert value(site, "D/limit_a") == 8


def test_a_trovis_takes_nothing_before_its_key() -> None:
    name = "samson_trovis_557x"
    point = next(
        point for point in profile(name).points if point.writable and profile(name).write.keys_for(point.quantity)
    )
    played, site = device(name)
    key = profile(name).write.keys_for(point.quantity)[0]
    before, wanted = value(site, f"D/{point.quantity}"), encode_value(point, 21.0)
    write = bytes([6]) + struct.pack(">HH", point.address, wanted[0])
    played.answer(write)
    assert value(site, f"D/{point.quantity}") == before != 21.0
    played.answer(bytes([6]) + struct.pack(">HH", key.address, key.value))
    played.answer(write)
    assert (key.address, key.value) == (144, 1732)
    assert value(site, f"D/{point.quantity}") == 21.0
