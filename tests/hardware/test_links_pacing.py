"""Pacing: what a profile or a link asks for is kept at the wire, whoever asks; measured by the device itself."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from dataclasses import replace

import pytest

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.modbus import Connection, Decoder, DeviceLine, FieldError, parse_link
from hardware.modbus.pace import Pace, UnitPace
from hardware.points import Reason
from hardware.profiles import Profile, Table
from hardware.profiles.model import KeyWrite, ProfilePoint, ReadRules, RegisterType, WriteRules
from hardware.scanner import Scanner
from tests.hardware.scripted import counting, rtu, serving, tcp

SLOW, QUICK = 7, 8  # units
TIMER_S = 0.02 if os.name == "nt" else 0.002  # what a sleep may come back early by
WAY_S = 0.1  # what a request may be under way on a busy machine; reads keep their distance where they are sent


def point(quantity, address, writable=False):
    return ProfilePoint(
        quantity, quantity, "", Table.HOLDING, address, RegisterType.UINT16, 1, writable=writable, high=100.0
    )


BARE = Profile("bare", "B", "M", "meter", "s", "", (point("near", 10), point("far", 500)), ReadRules(longest=10, gap=0))


class Stopwatch:
    """A device (or many behind a gateway) that answers at once and notes when each request came."""

    def __init__(self, framing="tcp"):
        self.seen = []  # (unit, function, address, monotonic)
        self._frame = tcp if framing == "tcp" else lambda request, pdu: rtu(request.unit, pdu)

    def __call__(self, request):
        self.seen.append((request.unit, request.function, request.address, time.monotonic()))
        if request.function in (3, 4):
            return [self._frame(request, counting(request))]
        return [self._frame(request, bytes([request.function]) + request.body[:4])]

    def times(self, unit=None, function=None, address=None):
        return [
            at
            for u, f, a, at in self.seen
            if unit in (None, u) and function in (None, f) and address in (None, a)
        ]  # fmt: skip

    def least_gap_s(self, **which):
        times = self.times(**which)
        assert len(times) >= 3
        return min(later - earlier for earlier, later in itertools.pairwise(times))


def at_connection(talk, pace, framing="tcp", connections=1):
    """Runs `talk(watch, *connections)` on connections that share `pace`."""

    async def main():
        watch = Stopwatch(framing)
        async with serving(watch, framing) as server:
            kind = "tcp" if framing == "tcp" else "rtu+tcp"
            address = parse_link(f"{kind}://127.0.0.1:{server.port}")
            opened = [Connection(address, 5.0, pace) for _ in range(connections)]
            try:
                return await talk(watch, *opened)
            finally:
                for connection in opened:
                    connection.close()

    return asyncio.run(main())


def scanned(profiles, devices, link_options=None, framing="tcp", until=lambda watch: True):
    """Scans `devices` (name, unit, profile, every_s) until the server has seen enough."""

    async def main():
        watch = Stopwatch(framing)
        async with serving(watch, framing) as server:
            kind = "tcp" if framing == "tcp" else "rtu+tcp"
            link = LinkSpec("L", f"{kind}://127.0.0.1:{server.port}", 5.0, **(link_options or {}))
            field = FieldSpec((link,), tuple(DeviceSpec(name, "L", unit, of, s) for name, unit, of, s in devices))
            scanner = Scanner(field, lambda batch: None, profiles=lambda name: profiles[name])
            running = asyncio.create_task(scanner.run())
            async with asyncio.timeout(30):
                while not until(watch):
                    await asyncio.sleep(0.01)
            scanner.stop()
            await running
        return watch

    return asyncio.run(main())


def test_a_units_silence_is_kept_whoever_asks_and_over_all_connections_of_the_link():
    pace = Pace()
    pace.agree(SLOW, UnitPace(silence_s=0.05))

    async def talk(watch, first, second):
        askers = [connection.read(SLOW, Table.HOLDING, 10 * n, 1) for n in range(4) for connection in (first, second)]
        await asyncio.gather(*askers)
        assert watch.least_gap_s(unit=SLOW) >= 0.05 - TIMER_S

    at_connection(talk, pace, connections=2)


def test_a_slow_units_silence_does_not_hold_up_its_neighbours_behind_a_gateway():
    pace = Pace()
    pace.agree(SLOW, UnitPace(silence_s=60.0))

    async def talk(watch, connection):
        await connection.read(SLOW, Table.HOLDING, 10, 1)
        waits = asyncio.create_task(connection.read(SLOW, Table.HOLDING, 10, 1))
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            for _ in range(20):
                await connection.read(QUICK, Table.HOLDING, 10, 1)
        assert not waits.done()
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        assert len(watch.times(unit=SLOW)) == 1
        assert connection.is_open  # a wait that is called off has sent nothing, so nothing has to be dropped

    at_connection(talk, pace)


def test_on_one_wire_the_silence_of_a_unit_is_kept_for_all():
    pace = Pace(one_wire=True)
    pace.agree(SLOW, UnitPace(silence_s=0.05))

    async def talk(watch, connection):
        for unit in (SLOW, QUICK, SLOW, QUICK):
            await connection.read(unit, Table.HOLDING, 10, 1)
        times = watch.times()
        assert times[1] - times[0] >= 0.05 - TIMER_S
        assert times[3] - times[2] >= 0.05 - TIMER_S

    at_connection(talk, pace, framing="rtu")


def test_the_same_registers_are_not_read_again_before_their_time_but_others_are():
    pace = Pace()
    pace.agree(SLOW, UnitPace(read_every_s=0.25))

    async def talk(watch, connection):
        for _ in range(3):
            await connection.read(SLOW, Table.HOLDING, 10, 1)
            await connection.read(SLOW, Table.HOLDING, 500, 1)
        assert watch.least_gap_s(address=10) >= 0.25 - WAY_S
        assert watch.least_gap_s(address=500) >= 0.25 - WAY_S
        assert watch.times(address=500)[0] < watch.times(address=10)[1]

    at_connection(talk, pace)


def test_a_read_longer_than_a_device_gives_is_never_sent():
    pace = Pace()
    pace.agree(SLOW, UnitPace(longest=20))

    async def talk(watch, connection):
        await connection.read(SLOW, Table.HOLDING, 0, 20)
        with pytest.raises(FieldError, match="at most 20 registers in one read, 21 were asked for") as caught:
            await connection.read(SLOW, Table.HOLDING, 0, 21)
        assert (caught.value.reason, caught.value.detail) == (Reason.EXCEPTION, 3)
        await connection.read(QUICK, Table.HOLDING, 0, 125)
        assert len(watch.seen) == 2

    at_connection(talk, pace)


def test_conversations_that_write_keep_their_distance_and_a_key_is_followed_at_once():
    write = WriteRules(every_min_s=0.15, keys=(("level", (KeyWrite(144, 1732),)),))
    profile = replace(BARE, points=(point("level", 20, writable=True),), write=write)
    decoder = Decoder(profile)

    async def set_level(connection, value):
        line = DeviceLine(connection, decoder, SLOW)
        await line.write_key(profile.write.keys_for("level")[0])
        await line.write_point(profile.point("level"), value)

    async def talk(watch, connection):
        for value in (1.0, 2.0, 3.0):
            await set_level(connection, value)
        keys, values = watch.times(address=144), watch.times(address=20)
        assert all(key - value >= 0.15 - TIMER_S for key, value in zip(keys[1:], values, strict=False))
        assert watch.seen[1][2] == 20

    at_connection(talk, Pace())


def test_a_scan_keeps_the_silence_of_its_slow_device_and_reads_the_quick_one_meanwhile():
    silent = replace(BARE, read=replace(BARE.read, silence_ms=200.0))
    devices = [("S", SLOW, "silent", 0.1), ("Q", QUICK, "bare", 0.1)]
    watch = scanned(
        {"silent": silent, "bare": BARE}, devices,
        until=lambda watch: len(watch.times(unit=SLOW)) >= 6 and len(watch.times(unit=QUICK)) >= 6,
    )  # fmt: skip
    assert watch.least_gap_s(unit=SLOW) >= 0.2 - TIMER_S
    between = [
        (begin, end) for begin, end in itertools.pairwise(watch.times(unit=SLOW))
        if any(begin < at < end for at in watch.times(unit=QUICK))
    ]  # fmt: skip
    assert len(between) >= 2


def test_a_shy_device_on_one_wire_does_not_hold_up_its_neighbours_while_it_is_left_alone():
    shy = replace(BARE, read=replace(BARE.read, every_min_s=60.0))

    async def main():
        watch = Stopwatch("rtu")
        async with serving(watch, "rtu") as server:
            link = LinkSpec("L", f"rtu+tcp://127.0.0.1:{server.port}", 5.0)
            devices = (DeviceSpec("S", "L", SLOW, "shy", 0.1), DeviceSpec("Q", "L", QUICK, "bare", 0.1))
            profiles = {"shy": shy, "bare": BARE}
            scanner = Scanner(FieldSpec((link,), devices), lambda batch: None, profiles=profiles.__getitem__)
            running = asyncio.create_task(scanner.run())
            async with asyncio.timeout(30):
                while len(watch.times(unit=SLOW)) < 2:
                    await asyncio.sleep(0.01)
                asked = asyncio.create_task(scanner.on_line("S", lambda line: line.read_point(BARE.point("near"))))
                scanner.read_soon("S")
                before = len(watch.times(unit=QUICK))
                while len(watch.times(unit=QUICK)) < before + 10:
                    await asyncio.sleep(0.01)
            assert len(watch.times(unit=SLOW)) == 2
            scanner.stop()
            await running
            assert asked.cancelled() or await asyncio.gather(asked, return_exceptions=True)

    asyncio.run(main())


def test_the_silence_of_a_link_is_kept_between_any_two_requests():
    devices = [(f"Q{unit}", unit, "bare", 0.1) for unit in (1, 2, 3)]
    watch = scanned({"bare": BARE}, devices, {"silence_ms": 40.0}, until=lambda watch: len(watch.seen) >= 10)
    assert watch.least_gap_s() >= 0.04 - TIMER_S


def test_a_device_is_not_read_more_often_than_it_likes_even_when_somebody_is_in_a_hurry():
    shy = replace(BARE, read=replace(BARE.read, every_min_s=0.3))

    async def main():
        watch = Stopwatch()
        async with serving(watch) as server:
            link = LinkSpec("L", f"tcp://127.0.0.1:{server.port}", 5.0)
            scanner = Scanner(
                FieldSpec((link,), (DeviceSpec("S", "L", SLOW, "shy", 0.3),)), lambda batch: None,
                profiles=lambda name: shy,
            )  # fmt: skip
            running = asyncio.create_task(scanner.run())
            async with asyncio.timeout(30):
                while len(watch.times(address=10)) < 5:
                    scanner.read_soon("S")
                    await asyncio.sleep(0.02)
            scanner.stop()
            await running
        return watch

    watch = asyncio.run(main())
    assert watch.least_gap_s(address=10) >= 0.3 - WAY_S
