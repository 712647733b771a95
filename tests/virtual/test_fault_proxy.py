"""The bad line: each fault does to an answer what it says, and nothing happens without one."""

from __future__ import annotations

import asyncio
import contextlib
import struct

import pytest

from hardware.virtual.fault_proxy import FaultProxy
from hardware.virtual.framing import crc
from hardware.virtual.line_faults import BadOdds, Dice, LineFault, Odds, parse_odds, spoiled
from tests.hardware.scripted import counting, rtu, serving, tcp

ASKED = [struct.pack(">HHHBBHH", 7 + n, 0, 6, 5, 3, 10 + n, 2) for n in range(2)]
ANSWERS = [struct.pack(">HHHBBBHH", 7 + n, 0, 7, 5, 3, 4, 10 + n, 11 + n) for n in range(2)]
LATEST_S = 0.2


QUIET_S = 0.3  # after which nothing more is expected


def heard(fault, sizes=(1,)):
    """What comes back to each request in turn, waited for until so many bytes are there; the faults drawn."""

    async def main():
        chance = {} if fault is None else {fault: 1.0}
        async with serving(lambda request: [tcp(request, counting(request))]) as server:
            proxy = FaultProxy("tcp", ("127.0.0.1", server.port), Odds(chance, LATEST_S), seed=3)
            await proxy.open()
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            found = []
            for number, size in enumerate(sizes):
                writer.write(ASKED[number])
                async with asyncio.timeout(30):
                    got = await reader.readexactly(size)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(QUIET_S):
                        while chunk := await reader.read(300):
                            got += chunk
                found.append(got)
            writer.close()
            proxy.close()
            return found, proxy.dice.drawn

    return asyncio.run(main())


def test_without_faults_answers_come_as_they_are():
    assert heard(None)[0] == ANSWERS[:1]


@pytest.mark.parametrize(
    ("fault", "comes"),
    [
        (LineFault.DELAY, [ANSWERS[0]]),
        (LineFault.DROP, [b""]),
        (LineFault.SPLIT, [ANSWERS[0]]),
        (LineFault.DUPLICATE, [ANSWERS[0] * 2]),
        (LineFault.JOIN, [b"", b""]),
        (LineFault.HALF_OPEN, [b"", b""]),
        (LineFault.MUTE, [b"", b""]),
    ],
)
def test_late_lost_and_doubled_answers(fault, comes):
    found, drawn = heard(fault, [len(answer) for answer in comes])
    assert found == comes
    assert drawn[fault] >= 1


@pytest.mark.parametrize("fault", [LineFault.CUT, LineFault.HANG_UP])
def test_answers_that_stop_in_their_middle(fault):
    (first,), _ = heard(fault)
    assert 0 < len(first) < len(ANSWERS[0])
    assert ANSWERS[0].startswith(first)


@pytest.mark.parametrize(
    "fault",
    [
        LineFault.OTHER_FUNCTION, LineFault.OTHER_UNIT, LineFault.OTHER_TRANSACTION, LineFault.OTHER_COUNT,
        LineFault.EXCEPTION,
    ],
)  # fmt: skip
def test_another_content_is_framed_as_a_device_would(fault):
    for seed in range(200):
        frame = spoiled(ANSWERS[0], fault, Dice(Odds({}), rtu=False, udp=False, seed=seed))
        assert frame != ANSWERS[0]
        assert len(frame) == 6 + int.from_bytes(frame[4:6], "big")
        on_wire = rtu(5, ANSWERS[0][7:])
        if fault is not LineFault.OTHER_TRANSACTION:
            frame = spoiled(on_wire, fault, Dice(Odds({}), rtu=True, udp=False, seed=seed))
            assert frame != on_wire
            assert crc(frame[:-2]) == frame[-2:]


def test_turned_bits_never_pass_the_checksum():
    on_wire = rtu(5, ANSWERS[0][7:])
    for seed in range(3000):
        frame = spoiled(on_wire, LineFault.FLIP, Dice(Odds({}), rtu=True, udp=False, seed=seed))
        assert frame != on_wire
        assert crc(frame[:-2]) != frame[-2:]


def test_the_same_seed_draws_the_same_faults():
    def drawn(seed):
        dice = Dice(Odds(dict.fromkeys(LineFault, 0.05)), rtu=False, udp=False, seed=seed)
        return [dice.of_answer() for _ in range(200)]

    assert drawn(1) == drawn(1) != drawn(2)


def test_chances_are_read_and_wrong_ones_told():
    assert parse_odds(["drop=0.25"]).chance == {LineFault.DROP: 0.25}
    for texts, says in (
        (["dropp=0.1"], "'dropp=0.1' is not FAULT=CHANCE"),
        (["drop"], "not FAULT=CHANCE"),
        (["drop=2"], "from 0 to 1"),
        (["drop=0.6", "cut=0.6"], "more than 1"),
    ):
        with pytest.raises(BadOdds, match=says):
            parse_odds(texts)
