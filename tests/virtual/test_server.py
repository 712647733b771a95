"""Real sockets, pymodbus's client on the other end: reading, writing, and every fault of the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
import time

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.profiles import encode_value, profile
from hardware.virtual.listeners import PortInUse
from tests.virtual.sites import spec, value
from tests.virtual.wire import Served, serving

STREET = {"C1": "lighting_cabinet", "C2": "lighting_cabinet"}
LEVEL, COMMAND, VALID = 0, 20, 21


async def level(client: AsyncModbusTcpClient, unit: int = 1) -> float:
    answer = await client.read_holding_registers(LEVEL, count=1, device_id=unit)
    assert not answer.isError(), answer
    return answer.registers[0] / 1000


async def asked(client: AsyncModbusTcpClient, unit: int) -> ModbusPDU | None:
    """The answer, or None where there was none in time or the connection broke."""
    try:
        return await client.read_holding_registers(LEVEL, count=2, device_id=unit)
    except (ModbusException, TimeoutError, OSError):
        return None


@pytest.mark.parametrize("scheme", ["tcp", "rtu+tcp"])
def test_values_are_read_and_set_points_written_over_either_framing(scheme: str) -> None:
    async def scenario() -> None:
        async with serving(spec(STREET, scheme)) as served, served.client() as client:
            assert await level(client, 1) == pytest.approx(1.0)
            written = await client.write_registers(COMMAND, [300, 600], device_id=2)
            assert not written.isError()
            back = await client.read_holding_registers(COMMAND, count=2, device_id=2)
            assert back.registers == [300, 600]
            single = await client.write_register(COMMAND, 450, device_id=2)
            assert not single.isError()
            back = await client.read_holding_registers(COMMAND, count=2, device_id=2)
            assert back.registers[0] == 450
            assert value(served.site.world, "C1/level_command") == 0

    asyncio.run(scenario())


def test_a_written_level_reaches_the_lamps() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET), speed=30.0) as served, served.client() as client:
            await client.write_registers(COMMAND, [400, 900], device_id=1)
            deadline = time.monotonic() + 30
            while await level(client) != pytest.approx(0.4):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.2)
            assert await level(client, 2) == pytest.approx(1.0)

    asyncio.run(scenario())


def test_a_current_limit_is_written_as_two_words() -> None:
    async def scenario() -> None:
        async with serving(spec({"S1": "alfen_ng9"})) as served, served.client() as client:
            words = encode_value(profile("alfen_ng9").point("limit_a"), 13.5)
            assert not (await client.write_registers(1210, list(words), device_id=1)).isError()
            assert value(served.site.world, "S1/limit_a") == 13.5
            half = await client.write_register(1211, words[1], device_id=1)
            assert half.isError()
            assert half.exception_code == 2

    asyncio.run(scenario())


def test_a_controller_takes_an_outside_temperature_only_after_its_keys() -> None:
    async def scenario() -> None:
        async with serving(spec({"H": "danfoss_ecl"})) as served, served.client() as client:
            await client.write_register(4399, 500, device_id=1)
            assert value(served.site.world, "H/outside_command_c") == 0.0
            for address, word in ((4397, 1), (4398, 2), (4399, 500)):
                assert not (await client.write_register(address, word, device_id=1)).isError()
            assert value(served.site.world, "H/outside_command_c") == 5.0

    asyncio.run(scenario())


def test_wrong_requests_are_answered_with_the_right_exception() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET)) as served, served.client() as client:
            outside = await client.read_holding_registers(4000, count=1, device_id=1)
            too_many = await client.read_holding_registers(0, count=100, device_id=1)
            no_such_table = await client.read_coils(0, count=1, device_id=1)
            not_writable = await client.write_register(LEVEL, 1, device_id=1)
            out_of_range = await client.write_register(COMMAND, 2000, device_id=1)
            nobody = await client.read_holding_registers(0, count=1, device_id=99)
            codes = [a.exception_code for a in (outside, too_many, no_such_table, not_writable, out_of_range, nobody)]
            assert codes == [2, 3, 1, 2, 3, 11]

    asyncio.run(scenario())


def test_requests_in_one_packet_and_in_pieces_are_all_answered() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET)) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.ports["link"])
            requests = [struct.pack(">HHHBBHH", number, 0, 6, 1, 3, 0, 2) for number in range(50)]
            stream = b"".join(requests)
            writer.write(stream[:7])
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.write(stream[7:])
            answers = await asyncio.wait_for(reader.readexactly(50 * 13), 30)
            assert [struct.unpack_from(">H", answers, 13 * k)[0] for k in range(50)] == list(range(50))
            writer.close()

    asyncio.run(scenario())


def test_noise_on_an_rtu_line_is_met_with_silence_and_does_not_break_it() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET, "rtu+tcp")) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.ports["link"])
            writer.write(b"\x01\x03\x00\x00\x00\x01\xff\xff")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.3)
            writer.close()
            async with served.client() as client:
                assert await level(client) == pytest.approx(1.0)

    asyncio.run(scenario())


async def neighbour_is_well(served: Served) -> None:
    async with served.client() as client:
        assert await level(client, 2) == pytest.approx(1.0)


def test_a_silent_device_leaves_its_neighbour_alone_and_comes_back() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET)) as served:
            assert await served.tell("silent:C1") == "ok given silent:C1"
            async with served.client(timeout_s=0.3) as client:
                assert await asked(client, 1) is None
            await neighbour_is_well(served)
            assert await served.tell("heal C1") == "ok healed 1"
            async with served.client() as client:
                assert await level(client, 1) == pytest.approx(1.0)

    asyncio.run(scenario())


def test_a_refusing_link_refuses_and_opens_again_on_its_port() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET)) as served:
            async with served.client(timeout_s=0.5) as open_before:
                await served.tell("refuse:link")
                assert await asked(open_before, 2) is None
            with pytest.raises(OSError, match=r"."):
                socket.create_connection(("127.0.0.1", served.ports["link"]), 0.5)
            await served.tell("heal link")
            await neighbour_is_well(served)

    asyncio.run(scenario())


def test_a_link_whose_port_was_taken_meanwhile_comes_back_when_it_is_free() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET)) as served:
            await served.tell("refuse:link")
            with socket.create_server(("127.0.0.1", served.ports["link"])):
                assert await served.tell("heal link") == "ok healed 1"
            deadline = time.monotonic() + 30
            while not served.site.lines[0].listening:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
            await neighbour_is_well(served)

    asyncio.run(scenario())


def test_a_dropping_link_hangs_up_in_mid_answer() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET)) as served:
            await served.tell("drop:link")
            reader, writer = await asyncio.open_connection("127.0.0.1", served.ports["link"])
            writer.write(struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, 0, 2))
            got = await asyncio.wait_for(reader.read(), 30)
            assert 0 < len(got) < 13
            writer.close()

    asyncio.run(scenario())


def test_an_exception_is_played_with_its_code() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET)) as served:
            await served.tell("exception:C1:4")
            async with served.client() as client:
                answer = await client.read_holding_registers(0, count=1, device_id=1)
                assert answer.isError()
                assert answer.exception_code == 4
            await neighbour_is_well(served)

    asyncio.run(scenario())


def test_a_late_device_answers_late_and_does_not_hold_its_neighbour_up() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET)) as served:
            await served.tell("late:C1:1.5")
            async with served.client() as late, served.client() as other:
                started = time.monotonic()
                waiting = asyncio.create_task(level(late, 1))
                await level(other, 2)
                assert not waiting.done()
                assert await waiting == pytest.approx(1.0)
                assert time.monotonic() - started >= 1.5 - 0.02

    asyncio.run(scenario())


def test_a_lying_device_never_answers_what_was_asked() -> None:
    async def scenario() -> None:
        async with serving(spec(STREET)) as served:
            await served.tell("wrong:C1")
            reader, writer = await asyncio.open_connection("127.0.0.1", served.ports["link"])
            for number in range(8):
                writer.write(struct.pack(">HHHBBHH", number, 0, 6, 1, 3, 0, 2))
                head = await asyncio.wait_for(reader.readexactly(8), 30)
                transaction, _, length, unit, function = struct.unpack(">HHHBB", head)
                body = await reader.readexactly(length - 2)
                asked_for = (number, 1, 3, 5)
                assert (transaction, unit, function, len(body)) != asked_for
            writer.close()
            await neighbour_is_well(served)

    asyncio.run(scenario())


def test_time_sped_up_passes_for_the_site_and_counts_in_its_own_time() -> None:
    async def scenario() -> None:
        async with serving(spec({"M": "eastron_sdm630"}), speed=1200.0) as served:
            played = served.site.world
            start_s, counted = played.time_s, value(played, "M/energy_import_kwh")
            deadline = time.monotonic() + 30
            while played.time_s < start_s + 2400:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
            hours = (played.time_s - start_s) / 3600
            mean_kw = (value(played, "M/energy_import_kwh") - counted) / hours
            assert mean_kw == pytest.approx(value(played, "M/power_kw"), rel=0.5)

    asyncio.run(scenario())


def test_a_port_in_use_is_one_clear_sentence_and_serves_nothing() -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            links = (LinkSpec("free", "tcp://127.0.0.1:0"), LinkSpec("quay", f"tcp://127.0.0.1:{port}"))
            field = FieldSpec(links, (DeviceSpec("C1", "quay", 1, "lighting_cabinet"),))
            with pytest.raises(PortInUse, match=f"Port {port} on 127.0.0.1 is in use, so link quay"):
                async with serving(spec({}, field=field)):
                    pass

    asyncio.run(scenario())
