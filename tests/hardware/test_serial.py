"""A serial line, played on a pseudo terminal: RTU as it goes through a real port."""

from __future__ import annotations

import asyncio
import os
import struct
import threading

import pytest

from hardware.modbus import Connection, FieldError, parse_link
from hardware.points import Reason
from hardware.profiles import Table
from tests.hardware.scripted import registers, rtu

tty = pytest.importorskip("tty", reason="pseudo terminals are there on POSIX systems only")


class Line:
    """The far end of the line: answers reads of unit 5 by their addresses; unit 7 is not there."""

    def __init__(self):
        self.ours, self.theirs = os.openpty()
        self.port = os.ttyname(self.theirs)
        self.asked = []
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self):
        tty.setraw(self.ours)
        pending = b""
        while True:
            try:
                pending += os.read(self.ours, 256)
            except OSError:
                return
            while len(pending) >= 8:
                frame, pending = pending[:8], pending[8:]
                unit, function, address, count = struct.unpack(">BBHH", frame[:6])
                self.asked.append((unit, address))
                if unit == 5:
                    os.write(self.ours, rtu(unit, registers(function, list(range(address, address + count)))))

    def close(self):
        os.close(self.theirs)
        os.close(self.ours)


def test_a_serial_line_is_read_and_survives_a_unit_that_is_not_there():
    line = Line()

    async def main():
        connection = Connection(parse_link(f"serial://{line.port}?baud=19200"), 0.3)
        try:
            assert await connection.read(5, Table.HOLDING, 10, 2) == struct.pack(">2H", 10, 11)
            with pytest.raises(FieldError) as caught:
                await connection.read(7, Table.HOLDING, 10, 2)
            assert caught.value.reason is Reason.TIMEOUT
            assert await connection.read(5, Table.INPUT, 30, 1) == struct.pack(">H", 30)
        finally:
            connection.close()

    try:
        asyncio.run(main())
        assert line.asked == [(5, 10), (7, 10), (5, 30)]
    finally:
        line.close()


@pytest.mark.parametrize(
    ("port", "says"),
    [
        ("/dev/there-is-no-such-port", "serial port /dev/there-is-no-such-port is not there; is it plugged in?"),
        ("/dev/null", "/dev/null is no serial port"),
    ],
)
def test_a_serial_port_that_cannot_be_opened_is_told(port, says):
    async def main():
        connection = Connection(parse_link(f"serial://{port}"), 0.3)
        with pytest.raises(FieldError) as caught:
            await connection.read(5, Table.HOLDING, 10, 2)
        return caught.value

    error = asyncio.run(main())
    assert error.reason is Reason.REFUSED
    assert error.text == says
