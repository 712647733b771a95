"""Modbus over UDP: datagrams are lost, doubled, late and out of order, and no value ever lands on another request."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time

import pytest
from pymodbus.client import AsyncModbusUdpClient

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.modbus import Connection, FieldError, parse_link
from hardware.points import Reason, reason_of
from hardware.profiles import Table
from hardware.scanner import Scanner
from tests.hardware.scripted import Request, counting, registers, tcp
from tests.virtual.sites import spec
from tests.virtual.wire import serving

TIMEOUT_S = 0.6  # long against the moments in which a busy machine stands still


class Server(asyncio.DatagramProtocol):
    """A device that is a script: what it gives back for a request is sent, each part as one datagram."""

    def __init__(self, script):
        self.script = script
        self.requests = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        transaction, _, _, unit = struct.unpack(">HHHB", data[:7])
        request = Request(len(self.requests), transaction, unit, data[7], data[8:])
        self.requests.append(request)
        for part in self.script(request):
            if isinstance(part, tuple):  # (seconds, datagram): sent later
                asyncio.get_running_loop().call_later(part[0], self.transport.sendto, part[1], addr)
            else:
                self.transport.sendto(part, addr)


def talk(script, conversation, timeout_s=TIMEOUT_S):
    async def main():
        transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Server(script), local_addr=("127.0.0.1", 0)
        )
        connection = Connection(parse_link(f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}"), timeout_s)
        try:
            return await conversation(connection, server)
        finally:
            connection.close()
            transport.close()

    return asyncio.run(main())


def good(request):
    return [tcp(request, counting(request))]


def words(payload):
    return list(struct.unpack(f">{len(payload) // 2}H", payload))


def test_registers_come_back_as_they_were_sent():
    async def conversation(connection, server):
        assert words(await connection.read(5, Table.HOLDING, 10, 3)) == [10, 11, 12]
        assert words(await connection.read(6, Table.INPUT, 1, 125)) == list(range(1, 126))

    talk(good, conversation)


def test_a_late_answer_is_let_go_and_the_next_one_is_right():
    def script(request):
        answer = tcp(request, counting(request))
        return [(1.5 * TIMEOUT_S, answer)] if request.number == 0 else [(0.6 * TIMEOUT_S, answer)]

    async def conversation(connection, server):
        with pytest.raises(FieldError) as caught:
            await connection.read(5, Table.HOLDING, 10, 3)
        assert caught.value.reason is Reason.TIMEOUT
        assert words(await connection.read(5, Table.HOLDING, 40, 3)) == [40, 41, 42]
        assert words(await connection.read(5, Table.HOLDING, 50, 3)) == [50, 51, 52]

    talk(script, conversation)


def test_doubled_and_reordered_datagrams_never_land_on_the_wrong_request():
    earlier = []

    def script(request):
        answer = tcp(request, counting(request))
        earlier.append(answer)
        return [*reversed(earlier[-4:-1]), answer, answer, *earlier[-3:]]

    async def conversation(connection, server):
        for address in range(0, 300, 3):
            assert words(await connection.read(5, Table.HOLDING, address, 3)) == [address, address + 1, address + 2]
        assert len(server.requests) == 100

    talk(script, conversation, timeout_s=5.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_over_a_bad_way_every_value_that_comes_is_the_one_asked_for(seed):
    dice = random.Random(seed)
    earlier = []

    def script(request):
        answer = tcp(request, counting(request))
        earlier.append(answer)
        sent = [answer] if dice.random() < 0.7 else []
        sent += [(dice.uniform(0.0, 0.05), answer)] if dice.random() < 0.4 else []
        sent += [dice.choice(earlier)] if dice.random() < 0.4 else []
        dice.shuffle(sent)
        return sent

    async def conversation(connection, server):
        right = 0
        for _ in range(150):
            address = dice.randrange(60_000)
            try:
                assert words(await connection.read(5, Table.HOLDING, address, 2)) == [address, address + 1]
            except FieldError as error:
                # A datagram from before the last new socket is told as what it is.
                assert error.reason in (Reason.TIMEOUT, Reason.WRONG_ANSWER), error.text  # noqa: PT017
            else:
                right += 1
        assert right > 75

    talk(script, conversation, timeout_s=0.02)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda request: tcp(request, counting(request), unit=9), "answered as unit 9 instead of 5"),
        (lambda request: tcp(request, counting(request), transaction=(request.transaction + 777) % 65536), "answered"),
        (lambda request: tcp(request, registers(3, [1])), "1 registers instead of 3"),
        (lambda request: tcp(request, registers(4, [1, 2, 3])), "function 4 instead of 3"),
        (lambda request: tcp(request, counting(request))[:-2], "no whole Modbus frame"),
        (lambda request: tcp(request, counting(request)) + b"\0", "no whole Modbus frame"),
        (lambda request: b"\x13\x37", "no whole Modbus frame"),
    ],
)
def test_a_wrong_datagram_is_refused_and_does_not_poison_the_next(spoil, says):
    async def conversation(connection, server):
        with pytest.raises(FieldError, match=says) as caught:
            await connection.read(5, Table.HOLDING, 10, 3)
        assert caught.value.reason is Reason.WRONG_ANSWER
        assert words(await connection.read(5, Table.HOLDING, 40, 2)) == [40, 41]

    talk(lambda request: [spoil(request)] if request.number == 0 else good(request), conversation, timeout_s=5.0)


def test_half_a_datagram_is_never_joined_to_the_next():
    def script(request):
        frame = tcp(request, counting(request))
        return [frame[:8], frame[8:]]

    async def conversation(connection, server):
        with pytest.raises(FieldError, match="no whole Modbus frame"):
            await connection.read(5, Table.HOLDING, 10, 3)

    talk(script, conversation)


def test_a_port_where_nobody_listens_is_refused_at_once_and_not_asked_for_ever():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def main():
        connection = Connection(parse_link(f"udp://127.0.0.1:{port}"), 20.0)
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(FieldError, match="the connection is refused") as caught:
                await connection.read(5, Table.HOLDING, 10, 1)
            assert caught.value.reason is Reason.REFUSED
            assert connection.resting_s > 0
        assert time.monotonic() - began < 10.0
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Server(good), local_addr=("127.0.0.1", port)
        )
        await asyncio.sleep(connection.resting_s + 0.01)
        assert words(await connection.read(5, Table.HOLDING, 10, 1)) == [10]
        connection.close()
        transport.close()

    asyncio.run(main())


def test_virtual_devices_answer_over_udp_and_the_scan_reads_them():
    async def main():
        async with serving(spec({"M": "abb_b23"}, "udp")) as served:
            port = served.ports["link"]
            assert served.site.lines[0].url == f"udp://127.0.0.1:{port}"
            client = AsyncModbusUdpClient("127.0.0.1", port=port, timeout=5, retries=0, reconnect_delay=0)
            await client.connect()
            first = await client.read_holding_registers(0x5B00, count=2, device_id=1)
            assert 2000 < client.convert_from_registers(first.registers, client.DATATYPE.UINT32) < 2600  # 0.1 V
            client.close()
            batches = []
            field = FieldSpec(
                (LinkSpec("link", f"udp://127.0.0.1:{port}", 5.0),), (DeviceSpec("M", "link", 1, "abb_b23", 0.2),)
            )
            scanner = Scanner(field, batches.append, tick_s=0.05)
            running = asyncio.create_task(scanner.run())
            async with asyncio.timeout(90):
                while not batches:
                    await asyncio.sleep(0.02)
            scanner.stop()
            await running
            assert Reason.GOOD in {reason_of(status) for status in batches[0].status}

    asyncio.run(main())
