"""The wire: every wrong answer is seen as one, and a late one is never taken for the next."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import ssl
import struct
import subprocess
import time

import pytest

from hardware.modbus import BadLink, Connection, FieldError, parse_link
from hardware.points import Reason
from hardware.profiles import Table
from tests.hardware.scripted import CLOSE, counting, registers, rtu, serving, tcp

TIMEOUT_S = 0.4  # long against the moments in which a busy machine stands still


def good(request):
    return [tcp(request, counting(request))]


def good_rtu(request):
    return [rtu(request.unit, counting(request))]


def words(payload):
    return list(struct.unpack(f">{len(payload) // 2}H", payload))


def talk(script, conversation, framing="tcp", timeout_s=TIMEOUT_S):
    """Runs `conversation(connection, server)` against `script`."""

    async def main():
        async with serving(script, framing) as server:
            kind = "tcp" if framing == "tcp" else "rtu+tcp"
            connection = Connection(parse_link(f"{kind}://127.0.0.1:{server.port}"), timeout_s)
            try:
                return await conversation(connection, server)
            finally:
                connection.close()

    return asyncio.run(main())


def first_then_good(first, ok=good):
    return lambda request: first(request) if request.number == 0 else ok(request)


async def failure(connection, count=3, address=10, unit=5, table=Table.HOLDING):
    with pytest.raises(FieldError) as caught:
        await connection.read(unit, table, address, count)
    return caught.value


def refused_then_well(script, reason, says, framing="tcp"):
    """The first request fails with `reason`; the next one, for other registers, gets its own values."""

    async def conversation(connection, server):
        error = await failure(connection)
        assert error.reason is reason, error.text
        assert says in error.text
        assert words(await connection.read(5, Table.HOLDING, 40, 2)) == [40, 41]

    talk(script, conversation, framing)


def test_registers_come_back_as_they_were_sent():
    async def conversation(connection, server):
        assert words(await connection.read(5, Table.HOLDING, 10, 3)) == [10, 11, 12]
        assert words(await connection.read(6, Table.INPUT, 1, 125)) == list(range(1, 126))
        assert [(request.unit, request.function) for request in server.requests] == [(5, 3), (6, 4)]
        assert server.connections == 1

    talk(good, conversation)


def test_an_answer_of_another_unit_is_refused_at_once():
    async def conversation(connection, server):
        started = time.monotonic()
        error = await failure(connection)
        assert (error.reason, error.text) == (Reason.WRONG_ANSWER, "answered as unit 9 instead of 5")
        assert time.monotonic() - started < 5.0
        assert words(await connection.read(5, Table.HOLDING, 40, 1)) == [40]

    script = first_then_good(lambda request: [tcp(request, counting(request), unit=9)])
    talk(script, conversation, timeout_s=10.0)


def test_an_answer_of_another_transaction_is_refused():
    script = first_then_good(lambda request: [tcp(request, counting(request), transaction=777)])
    refused_then_well(script, Reason.WRONG_ANSWER, "transaction 777")


def test_an_answer_with_another_function_is_refused():
    script = first_then_good(lambda request: [tcp(request, registers(4, [1, 2, 3]))])
    refused_then_well(script, Reason.WRONG_ANSWER, "function 4 instead of 3")


def test_an_answer_with_a_function_nobody_knows_is_refused():
    script = first_then_good(lambda request: [tcp(request, bytes([99, 2, 0, 0]))])
    refused_then_well(script, Reason.WRONG_ANSWER, "cannot be decoded")


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_an_answer_with_another_number_of_registers_is_refused(count):
    script = first_then_good(lambda request: [tcp(request, registers(3, [7] * count))])
    refused_then_well(script, Reason.WRONG_ANSWER, f"{count} registers instead of 3")


def test_an_answer_that_counts_more_bytes_than_it_holds_is_refused():
    script = first_then_good(lambda request: [tcp(request, bytes([3, 6, 0, 1, 0, 2]))])
    refused_then_well(script, Reason.WRONG_ANSWER, "2 registers instead of 3")


def test_an_exception_answer_carries_its_code():
    async def conversation(connection, server):
        error = await failure(connection)
        assert (error.reason, error.detail) == (Reason.EXCEPTION, 2)
        assert "no such register" in error.text
        assert words(await connection.read(5, Table.HOLDING, 40, 1)) == [40]
        assert server.connections == 1  # an exception is an answer: the connection stays

    talk(first_then_good(lambda request: [tcp(request, bytes([0x83, 2]))]), conversation)


def test_an_exception_to_another_function_is_no_answer_to_this_one():
    script = first_then_good(lambda request: [tcp(request, bytes([0x84, 2]))])
    refused_then_well(script, Reason.WRONG_ANSWER, "function")


def test_garbage_is_refused_and_does_not_poison_the_next_answer():
    script = first_then_good(lambda request: [b"\x13\x37" * 20])
    refused_then_well(script, Reason.WRONG_ANSWER, "no Modbus frame")


def test_half_a_frame_is_refused_and_does_not_poison_the_next_answer():
    script = first_then_good(lambda request: [tcp(request, counting(request))[:9]])
    refused_then_well(script, Reason.WRONG_ANSWER, "half an answer")


def test_a_frame_that_comes_in_single_bytes_is_put_together():
    def script(request):
        frame = tcp(request, counting(request))
        return [part for byte in frame for part in (bytes([byte]), 0.001)]

    async def conversation(connection, server):
        assert words(await connection.read(5, Table.HOLDING, 10, 3)) == [10, 11, 12]

    talk(script, conversation)


def test_silence_is_a_timeout_after_the_time_given():
    async def conversation(connection, server):
        started = time.monotonic()
        error = await failure(connection)
        assert error.reason is Reason.TIMEOUT
        assert time.monotonic() - started >= TIMEOUT_S * 0.9
        assert len(server.requests) == 1  # never sent twice by itself

    talk(lambda request: [], conversation)


def test_a_late_answer_over_tcp_is_let_go_and_the_next_one_is_right():
    def script(request):
        late = [2 * TIMEOUT_S] if request.number == 0 else []
        return [*late, tcp(request, counting(request))]

    async def conversation(connection, server):
        assert (await failure(connection)).reason is Reason.TIMEOUT
        await asyncio.sleep(TIMEOUT_S * 0.5)
        assert words(await connection.read(5, Table.HOLDING, 40, 3)) == [40, 41, 42]

    talk(script, conversation)


def test_a_late_answer_over_rtu_never_becomes_the_answer_to_the_next_request():
    """What pymodbus alone gets wrong for ever after one timeout: every value is the one asked for before."""

    def script(request):
        late = [1.5 * TIMEOUT_S] if request.number == 0 else []
        return [*late, rtu(request.unit, counting(request))]

    async def conversation(connection, server):
        assert (await failure(connection)).reason is Reason.TIMEOUT
        for address in (40, 50, 60):
            assert words(await connection.read(5, Table.HOLDING, address, 3))[0] == address
        assert server.connections == 2  # the line was dropped once

    talk(script, conversation, "rtu")


def test_after_a_loss_over_rtu_another_unit_is_asked_without_a_rest():
    def script(request):
        return [] if request.unit == 7 else good_rtu(request)

    async def conversation(connection, server):
        assert (await failure(connection, unit=7)).reason is Reason.TIMEOUT
        began = time.monotonic()
        assert words(await connection.read(5, Table.HOLDING, 40, 1)) == [40]
        assert time.monotonic() - began < 0.5

    talk(script, conversation, "rtu", timeout_s=1.0)


def test_over_rtu_another_units_answer_another_count_and_a_broken_checksum_are_refused():
    broken = bytearray(rtu(5, registers(3, [1, 2, 3])))
    broken[4] ^= 0xFF
    for first, says in (
        (rtu(9, registers(3, [1, 2, 3])), "no answer to the request"),
        (rtu(5, registers(3, [1])), "1 registers instead of 3"),
        (rtu(5, registers(4, [1, 2, 3])), "function 4 instead of 3"),
        (bytes(broken), "checksum is wrong"),
    ):
        script = first_then_good(lambda request, first=first: [first], good_rtu)
        refused_then_well(script, Reason.WRONG_ANSWER, says, "rtu")


def test_over_rtu_an_answer_with_more_behind_it_is_refused():
    def script(request):
        return [rtu(5, counting(request)) + rtu(5, registers(3, [1, 2, 3]))]

    refused_then_well(first_then_good(script, good_rtu), Reason.WRONG_ANSWER, "more than one answer", "rtu")


def test_over_rtu_noise_between_frames_and_late_answers_of_other_units_are_passed_over():
    def script(request):
        return [b"\x00" + rtu(9, registers(3, [7, 7])) + b"\xff\x00", rtu(request.unit, counting(request)) + b"\x00"]

    async def conversation(connection, server):
        for address in (10, 40):
            assert words(await connection.read(5, Table.HOLDING, address, 3))[0] == address
        assert server.connections == 1

    talk(script, conversation, "rtu")


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
def test_bytes_that_nobody_asked_for_cost_the_connection_and_not_a_value(framing):
    ok = good if framing == "tcp" else good_rtu

    def script(request):
        return [*ok(request), 0.02, b"\x05\x03\x06\x12\x34\x12\x34"] if request.number == 0 else ok(request)

    async def conversation(connection, server):
        assert words(await connection.read(5, Table.HOLDING, 10, 3)) == [10, 11, 12]
        await asyncio.sleep(0.1)
        assert words(await connection.read(5, Table.HOLDING, 40, 3)) == [40, 41, 42]
        assert server.connections == 2

    talk(script, conversation, framing)


def test_over_rtu_an_answer_that_comes_twice_is_never_the_answer_to_the_next_request():
    """The gateway gives the first answer again just when its look-alike is awaited, then the true one."""

    def script(request):
        if request.number == 1:
            return [0.02, rtu(5, registers(3, [10, 11, 12])), 0.01, rtu(5, counting(request))]
        return good_rtu(request)

    async def conversation(connection, server):
        assert words(await connection.read(5, Table.HOLDING, 10, 3)) == [10, 11, 12]
        assert (await failure(connection, address=40)).reason is Reason.WRONG_ANSWER
        assert words(await connection.read(5, Table.HOLDING, 40, 3)) == [40, 41, 42]

    talk(script, conversation, "rtu")


def test_over_rtu_an_answer_that_comes_twice_instead_of_the_true_one_is_asked_for_anew():
    def script(request):
        return [rtu(5, registers(3, [10, 11, 12]))] if request.number == 1 else good_rtu(request)

    async def conversation(connection, server):
        assert words(await connection.read(5, Table.HOLDING, 10, 3)) == [10, 11, 12]
        assert words(await connection.read(5, Table.HOLDING, 40, 3)) == [40, 41, 42]
        assert [request.address for request in server.requests] == [10, 40, 40]

    talk(script, conversation, "rtu")


def test_over_rtu_an_answer_kept_for_the_next_connection_is_heard_before_anything_is_asked_there():
    async def main():
        asked, connections, kept = [], [], rtu(5, registers(3, [10, 11, 12]))

        async def serve(reader, writer):
            connections.append(writer)
            if len(connections) == 2:
                await asyncio.sleep(0.3 * TIMEOUT_S)
                writer.write(kept)
            while request := await reader.read(8):
                asked.append(address := int.from_bytes(request[2:4], "big"))
                if len(asked) > 1:
                    writer.write(rtu(5, registers(3, [address, address + 1, address + 2])))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connection = Connection(parse_link(f"rtu+tcp://127.0.0.1:{port}"), TIMEOUT_S)
        try:
            assert (await failure(connection)).reason is Reason.TIMEOUT
            await asyncio.sleep(2 * TIMEOUT_S)  # nobody else asks on this line meanwhile
            assert words(await connection.read(5, Table.HOLDING, 40, 3)) == [40, 41, 42]
        finally:
            connection.close()
            server.close()
        assert asked == [10, 40]

    asyncio.run(main())


def test_over_rtu_look_alikes_keep_their_distance_once_a_gateway_has_said_too_much():
    def script(request):
        surplus = [0.01, b"\x05\x03\x06\x12\x34"] if request.number == 1 else []
        return [0.05, rtu(5, counting(request)), *surplus]

    async def conversation(connection, server):
        async def took_s(address):
            began = time.monotonic()
            await connection.read(5, Table.HOLDING, address, 3)
            return time.monotonic() - began

        await took_s(10)
        with contextlib.suppress(FieldError):  # where the surplus comes in the same piece as the answer
            await took_s(20)
        await asyncio.sleep(0.1)
        await took_s(30)
        assert await took_s(40) > 0.05 + 0.05
        assert len(server.requests) == 4

    talk(script, conversation, "rtu", timeout_s=2.0)


def test_over_rtu_registers_that_are_alike_everywhere_are_believed_when_asked_again():
    async def conversation(connection, server):
        for address in (10, 40):
            assert words(await connection.read(5, Table.HOLDING, address, 3)) == [0, 0, 0]
        assert [request.address for request in server.requests] == [10, 40, 40]

    talk(lambda request: [rtu(5, registers(3, [0, 0, 0]))], conversation, "rtu")


def test_transactions_go_on_over_a_new_connection_and_are_never_neighbours():
    script = first_then_good(lambda request: [tcp(request, counting(request)), CLOSE])

    async def conversation(connection, server):
        for address in range(10, 40):
            await connection.read(5, Table.HOLDING, address, 3)
            await asyncio.sleep(0.05 if address == 10 else 0)
        numbers = [request.transaction for request in server.requests]
        assert server.connections == 2
        assert len(set(numbers)) == len(numbers)
        assert min(abs(one - other) for one, other in itertools.combinations(numbers, 2)) > 10

    talk(script, conversation, timeout_s=5.0)


def test_a_late_answer_that_bears_a_number_off_by_one_is_not_the_answer_to_the_next_request():
    def script(request):
        if request.number == 0:
            return [1.3 * TIMEOUT_S, tcp(request, counting(request), transaction=request.transaction + 1)]
        return [TIMEOUT_S * 0.5, *good(request)]

    async def conversation(connection, server):
        assert (await failure(connection)).reason is Reason.TIMEOUT
        error = await failure(connection, address=40)
        assert error.reason is Reason.WRONG_ANSWER
        assert words(await connection.read(5, Table.HOLDING, 40, 3)) == [40, 41, 42]

    talk(script, conversation)


def test_a_connection_closed_in_mid_request_is_seen_at_once():
    async def conversation(connection, server):
        started = time.monotonic()
        error = await failure(connection)
        assert error.reason is Reason.DROPPED
        assert time.monotonic() - started < 5.0
        assert words(await connection.read(5, Table.HOLDING, 40, 1)) == [40]

    talk(first_then_good(lambda request: [CLOSE]), conversation, timeout_s=10.0)


def test_a_connection_closed_in_mid_answer_is_seen_at_once():
    script = first_then_good(lambda request: [tcp(request, counting(request))[:6], CLOSE])
    refused_then_well(script, Reason.DROPPED, "broke during a request")


def test_a_refused_connection_is_told_and_not_tried_again_before_its_rest():
    async def main():
        async with serving(good) as server:
            port = server.port
        connection = Connection(parse_link(f"tcp://127.0.0.1:{port}"), TIMEOUT_S)
        error = await failure(connection)
        assert error.reason is Reason.REFUSED
        assert "refused" in error.text
        assert connection.resting_s > 0
        async with serving(good, port=port) as server:
            assert (await failure(connection)).reason is Reason.REFUSED
            await asyncio.sleep(connection.resting_s + 0.01)
            assert words(await connection.read(5, Table.HOLDING, 40, 1)) == [40]
        connection.close()

    asyncio.run(main())


def test_silence_between_requests_is_kept():
    async def conversation(connection, server):
        started = time.monotonic()
        for _ in range(3):
            await connection.read(5, Table.HOLDING, 1, 1, silence_s=0.06)
        assert time.monotonic() - started >= 0.12

    talk(good, conversation)


def test_coils_come_as_words_of_nought_and_one():
    async def conversation(connection, server):
        assert words(await connection.read(5, Table.COIL, 0, 10)) == [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]

    talk(lambda request: [tcp(request, bytes([1, 2, 0b00000101, 0b10]))], conversation)


def test_a_write_is_confirmed_by_address_and_count_or_refused():
    def script(request):
        wrong = request.number == 1
        return [tcp(request, bytes([16]) + struct.pack(">HH", request.address + wrong, 2))]

    async def conversation(connection, server):
        await connection.write(5, 20, [7, 8])
        assert server.requests[0].body == struct.pack(">HHBHH", 20, 2, 4, 7, 8)
        with pytest.raises(FieldError, match="another write"):
            await connection.write(5, 20, [7, 8])

    talk(script, conversation)


def test_a_device_that_takes_single_registers_only_is_written_one_by_one():
    async def conversation(connection, server):
        await connection.write(5, 20, [7, 8], single=True)
        assert [(request.function, request.body) for request in server.requests] == [
            (6, struct.pack(">HH", 20, 7)),
            (6, struct.pack(">HH", 21, 8)),
        ]

    talk(lambda request: [tcp(request, bytes([6]) + request.body)], conversation)


def test_a_cancelled_request_leaves_no_answer_behind_for_the_next():
    async def conversation(connection, server):
        task = asyncio.create_task(connection.read(5, Table.HOLDING, 10, 1))
        await asyncio.sleep(0.03)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert words(await connection.read(5, Table.HOLDING, 40, 1)) == [40]

    talk(lambda request: [0.08, rtu(request.unit, counting(request))], conversation, "rtu")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("needs the openssl program to make a certificate for 127.0.0.1")
    folder = tmp_path_factory.mktemp("tls")
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name, *files],
        check=True,
        capture_output=True,
    )
    return folder


def talk_tls(certificate, script, options):
    async def main():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        async with serving(script, ssl=context) as server:
            connection = Connection(parse_link(f"tls://127.0.0.1:{server.port}{options}"), 2.0)
            try:
                return words(await connection.read(5, Table.HOLDING, 10, 3))
            finally:
                connection.close()

    return asyncio.run(main())


def test_over_tls_an_answer_split_over_two_records_is_put_together(certificate):
    def script(request):
        frame = tcp(request, counting(request))
        return [frame[:8], 0.02, frame[8:]]

    assert talk_tls(certificate, script, f"?ca={certificate / 'cert.pem'}") == [10, 11, 12]


def test_over_tls_a_certificate_nobody_vouches_for_is_refused(certificate):
    with pytest.raises(FieldError, match="not signed by an authority that this system trusts"):
        talk_tls(certificate, good, "")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://x", "has to start with tcp://"),
        ("tcp://:502", "names no host"),
        ("tcp://h:99999", "the port has to be a number"),
        ("tcp://h?baud=1", "option baud is not known"),
        ("serial://", "names no serial port"),
        ("serial:///dev/ttyS0?parity=X", "parity N, E or O"),
    ],
)
def test_a_link_that_cannot_be_used_is_told_in_a_sentence(url, says):
    with pytest.raises(BadLink, match=says):
        parse_link(url)


def test_links_are_read_with_their_defaults():
    assert parse_link("tcp://10.0.0.1").port == 502
    assert parse_link("tls://meter.example").port == 802
    serial = parse_link("serial:///dev/ttyS3?baud=9600&parity=E")
    assert (serial.host, serial.baud, serial.parity) == ("/dev/ttyS3", 9600, "E")
    assert parse_link("serial://COM3").host == "COM3"
