"""What a virtual device answers to each function, as (request, reply) in bytes, and over real sockets."""

from __future__ import annotations

import asyncio
import struct
import time
from dataclasses import replace

import pytest
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import ScanBatch
from hardware.profiles import profile, profile_names
from hardware.scanner import Scanner
from hardware.virtual.device import VirtualDevice
from hardware.virtual.framing import RtuFraming, crc
from tests.virtual.sites import spec, value, world
from tests.virtual.wire import serving

START = "2026-01-14T12:00"
COMMAND = 20  # of a lighting cabinet, in thousandths; the seconds it holds come next


def device(name: str) -> VirtualDevice:
    return VirtualDevice("D", world({"D": name}, START).banks[0])


def answers(name: str, requests: list[str]) -> list[str]:
    played = device(name)
    return [played.answer(bytes.fromhex(request)).hex(" ") for request in requests]


def test_set_points_are_written_by_every_function_that_writes_registers() -> None:
    told = answers(
        "lighting_cabinet",
        [
            "10 0014 0002 04 012c 0258",  # 300 and 600 s
            "03 0014 0002",
            "06 0014 0190",
            "16 0014 ff00 0011",  # 400 = 0x0190 -> 0x0111
            "03 0014 0001",
            "17 0014 0002 0014 0001 02 00fa",  # read what was written in the same request
        ],
    )
    assert told == [
        "10 00 14 00 02",
        "03 04 01 2c 02 58",
        "06 00 14 01 90",
        "16 00 14 ff 00 00 11",
        "03 02 01 11",
        "17 04 00 fa 02 58",
    ]


@pytest.mark.parametrize(
    ("request_body", "code"),
    [
        ("01 0000 0001", 1),  # a cabinet has no coils
        ("04 0000 0001", 1),  # and no input registers
        ("05 0014 ff00", 1),
        ("08 0000 1234", 1),
        ("63", 1),
        ("2b 0d 00", 1),
        ("03 0fa0 0001", 2),
        ("03 ffff 0002", 2),
        ("06 0000 0001", 2),  # the level is what the lamps do
        ("10 0014 0003 06 0001 0001 0001", 2),
        ("17 0fa0 0001 0014 0001 02 00fa", 2),
        ("2b 0e 04 63", 2),
        ("03 0000 0000", 3),
        ("03 0000 007e", 3),
        ("03 0000", 3),
        ("06 0014 07d0", 3),  # 200 %
        ("10 0014 0002 03 0001", 3),
        ("2b 0e 05 00", 3),
    ],
)
def test_what_cannot_be_answered_gets_the_exception_that_says_why(request_body: str, code: int) -> None:
    body = bytes.fromhex(request_body)
    assert device("lighting_cabinet").answer(body) == bytes([body[0] | 0x80, code])


def test_a_read_with_a_write_that_cannot_be_read_writes_nothing() -> None:
    told = answers("lighting_cabinet", ["06 0014 0190", "17 0fa0 0001 0014 0001 02 00fa", "03 0014 0001"])
    assert told[-1] == "03 02 01 90"


@pytest.mark.parametrize("name", profile_names())
def test_every_type_that_ships_can_be_played_and_says_who_it_is(name: str) -> None:
    played = device(name)
    basic = played.answer(bytes.fromhex("2b 0e 01 00"))
    assert basic[:4] == bytes.fromhex("2b 0e 01 82")
    assert profile(name).maker.encode("ascii", "replace") in basic
    assert name.encode() in basic
    for span, words in played._bank.spans:
        assert words.shape == (1, span.count)


@pytest.mark.parametrize("scheme", ["tcp", "rtu+tcp"])
def test_a_device_says_maker_and_type_when_asked_for_its_identification(scheme: str) -> None:
    async def scenario() -> None:
        async with serving(spec({"M": "eastron_sdm630"}, scheme)) as served, served.client() as client:
            answer = await client.execute(False, ReadDeviceInformationRequest(read_code=2, object_id=0, dev_id=1))
            assert not answer.isError()
            assert answer.information[0] == b"Eastron"
            assert answer.information[1] == b"eastron_sdm630"

    asyncio.run(scenario())


def test_a_second_request_before_the_first_answer_is_noise_on_an_rtu_bus() -> None:
    framing = RtuFraming()
    frame = bytes.fromhex("01 03 0000 0002")
    frame += crc(frame)
    assert [request.unit for request in framing.cut(bytearray(frame))] == [1]
    buffer = bytearray(frame + frame)
    assert framing.cut(buffer) == []
    assert not buffer


def test_rtu_frames_of_every_function_are_told_apart_by_their_length() -> None:
    framing = RtuFraming()
    bodies = ["03 0000 0002", "06 0014 0190", "16 0014 ff00 0011", "2b 0e 01 00", "11", "0f 0000 0009 02 ff01",
              "10 0014 0002 04 012c 0258", "17 0000 0001 0014 0001 02 00fa", "63 01 02 03"]  # fmt: skip
    for body in map(bytes.fromhex, bodies):
        frame = b"\x07" + body
        frame += crc(frame)
        for cut in range(1, len(frame)) if body[0] != 0x63 else ():
            assert framing.cut(bytearray(frame[:cut])) == []
        (request,) = framing.cut(bytearray(frame))
        assert (request.unit, request.body) == (7, body)


def test_pipelined_requests_are_answered_in_order_over_tcp_and_not_at_all_over_rtu() -> None:
    async def scenario() -> None:
        async with serving(spec({"C": "lighting_cabinet"})) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.ports["link"])
            asked = [(number, 1 + number % 2) for number in range(40)]
            writer.write(b"".join(struct.pack(">HHHBBHH", n, 0, 6, 1, 3, 0, count) for n, count in asked))
            for number, count in asked:
                head = struct.unpack(">HHHBBB", await asyncio.wait_for(reader.readexactly(9), 30))
                assert (head[0], head[5]) == (number, 2 * count)
                await reader.readexactly(2 * count)
            writer.close()
        async with serving(spec({"C": "lighting_cabinet"}, "rtu+tcp")) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.ports["link"])
            frame = bytes.fromhex("01 03 0000 0002")
            frame += crc(frame)
            writer.write(frame + frame)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.3)
            writer.write(frame)
            assert len(await asyncio.wait_for(reader.readexactly(9), 30)) == 9
            writer.close()

    asyncio.run(scenario())


def test_connectors_behind_one_unit_each_answer_for_their_own_registers() -> None:
    name = "phoenix_charx_sec3xxx"
    both = FieldSpec(
        (LinkSpec("link", "tcp://127.0.0.1:0"),),
        (DeviceSpec("A", "link", 1, name), DeviceSpec("B", "link", 1, f"{name}:2")),
    )

    async def scenario() -> None:
        async with serving(spec({}, field=both)) as served, served.client() as client:
            played = served.site.world
            for address, amps in ((1301, 8), (2301, 13)):
                assert not (await client.write_register(address, amps, device_id=1)).isError()
            assert (value(played, "A/limit_a"), value(played, "B/limit_a")) == (8, 13)
            read = [(await client.read_holding_registers(at, count=1, device_id=1)).registers for at in (1301, 2301)]
            assert read == [[8], [13]]
            assert (await client.read_holding_registers(3301, count=1, device_id=1)).exception_code == 2
            assert (await served.tell("silent:B")).startswith("ok")
            assert not (await client.read_holding_registers(1301, count=1, device_id=1)).isError()
        async with serving(spec({}, field=both)) as served:
            links = (LinkSpec("link", f"tcp://127.0.0.1:{served.ports['link']}"),)
            batches: list[ScanBatch] = []
            scanner = Scanner(FieldSpec(links, tuple(replace(d, every_s=0.2) for d in both.devices)), batches.append)
            running = asyncio.create_task(scanner.run())
            limit = time.monotonic() + 20
            while {s.state for s in scanner.states().values()} != {"answering"}:
                assert time.monotonic() < limit
                await asyncio.sleep(0.05)
            scanner.stop()
            await running

    asyncio.run(scenario())


def test_coils_are_read_and_written_one_by_one_and_together() -> None:
    told = answers(
        "phoenix_em_cp_pp_eth",
        [
            "01 0190 0001",
            "05 0190 0000",
            "01 0190 0001",
            "0f 0190 0001 01 01",
            "01 0190 0001",
            "05 0190 1234",  # neither on nor off
            "05 0191 ff00",
            "0f 0190 0001 02 01",
            "10 012c 0001 02 0008",  # this type takes single registers only
            "06 012c 0008",
        ],
    )
    assert told == ["01 01 01", "05 01 90 00 00", "01 01 00", "0f 01 90 00 01", "01 01 01", "85 03", "85 02", "8f 03",
                    "90 01", "06 01 2c 00 08"]  # fmt: skip
