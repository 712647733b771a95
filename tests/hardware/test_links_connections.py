"""Several connections to one gateway: all used where it takes them, fewer where it does not, and told once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct

import numpy as np
import pytest

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import Reason, reason_of
from hardware.profiles import Profile, Table
from hardware.profiles.model import ProfilePoint, ReadRules, RegisterType
from hardware.scanner import Scanner

VALUE = ProfilePoint("value", "Value", "", Table.HOLDING, 10, RegisterType.UINT16, 1)
TYPE = Profile("t", "T", "M", "meter", "s", "", (VALUE,), ReadRules())
DEVICES = 12


class Gateway:
    """Takes `most` connections at once; with one more it does what `refuses` says. Register = unit."""

    def __init__(self, most, refuses):
        self.most, self.refuses = most, refuses
        self.attempts = 0
        self.open = {}  # number -> writer
        self.used = set()  # connections that have carried an answer

    async def serve(self, reader, writer):
        self.attempts += 1
        if len(self.open) >= self.most and self.refuses == "ends the oldest":
            self.open.pop(min(self.open)).transport.abort()
        elif len(self.open) >= self.most:
            if self.refuses == "hangs up":
                writer.close()
                return
            await reader.read()  # "says nothing"
            writer.close()
            return
        number = self.attempts
        self.open[number] = writer
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(12)
                self.used.add(number)
                await asyncio.sleep(0.01)  # so that one connection alone cannot do it all
                writer.write(head[:4] + struct.pack(">HBBBH", 5, head[6], head[7], 2, head[6]))
        self.open.pop(number, None)
        writer.close()


def scan(gateway, connections, until, timeout_s=5.0):
    """Scans the devices until `until(readings)`; returns device -> [(value, reason)]."""

    async def main():
        readings = {f"D{unit}": [] for unit in range(1, DEVICES + 1)}
        server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        link = LinkSpec("gw", f"tcp://127.0.0.1:{port}", timeout_s, connections)
        devices = tuple(DeviceSpec(f"D{unit}", "gw", unit, "t", 0.1) for unit in range(1, DEVICES + 1))

        def take(batch):
            for row in range(len(batch)):
                readings[f"D{batch.index[row] + 1}"].append((batch.value[row], reason_of(batch.status[row])))

        scanner = Scanner(FieldSpec((link,), devices), take, tick_s=0.05, profiles=lambda name: TYPE)
        running = asyncio.create_task(scanner.run())
        try:
            async with asyncio.timeout(90):
                while not until(readings):
                    await asyncio.sleep(0.02)
        finally:
            scanner.stop()
            await running
            server.close()
        return readings, scanner.stats()

    return asyncio.run(main())


def each_read(times):
    return lambda readings: all(
        sum(reason is Reason.GOOD for _, reason in of_device) >= times for of_device in readings.values()
    )


def test_all_connections_that_a_gateway_takes_are_used():
    gateway = Gateway(4, "hangs up")
    scan(gateway, 4, lambda readings: each_read(5)(readings) and len(gateway.used) == 4)
    assert gateway.attempts == 4


def test_a_gateway_that_ends_the_oldest_connection_for_a_new_one_is_not_driven_in_circles(caplog):
    gateway = Gateway(1, "ends the oldest")
    attempts_when_told = []

    def settled(readings):
        if not attempts_when_told and any("at once, not" in record.message for record in caplog.records):
            attempts_when_told.append(gateway.attempts)
            for of_device in readings.values():
                of_device.clear()
        return bool(attempts_when_told) and each_read(8)(readings)

    scan(gateway, 2, settled)
    assert gateway.attempts <= attempts_when_told[0] + 1  # the one that was pushed out last comes back, once


@pytest.mark.parametrize("refuses", ["hangs up", "says nothing"])
def test_a_gateway_that_refuses_the_third_connection_is_read_over_two(refuses, caplog):
    caplog.set_level(logging.INFO)
    gateway = Gateway(2, refuses)
    given_up = lambda: sum("at once, not" in record.message for record in caplog.records) == 2  # noqa: E731
    timeout_s = 0.8 if refuses == "says nothing" else 5.0
    readings, stats = scan(gateway, 4, lambda readings: each_read(8)(readings) and given_up(), timeout_s)
    attempts = gateway.attempts
    assert attempts <= 4  # two that are taken, two that are not, and never another try
    for device, of_device in readings.items():
        good = [value for value, reason in of_device if reason is Reason.GOOD]
        assert set(np.array(good)) == {float(device[1:])}
    assert stats.answering == DEVICES
    told = [r.message for r in caplog.records if r.name.startswith("hardware") and r.levelno >= logging.WARNING]
    assert told == [
        "Link gw takes 3 connections at once, not 4; the rest is not tried again before the link has been lost",
        "Link gw takes 2 connections at once, not 4; the rest is not tried again before the link has been lost",
    ]
