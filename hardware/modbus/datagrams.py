"""Modbus over UDP: each datagram is one whole frame; they may be lost, doubled, late or out of order."""

from __future__ import annotations

from pymodbus.pdu import ModbusPDU

from hardware.modbus.answers import CheckedSocketFramer
from hardware.modbus.errors import wrong_answer

_SHORTEST = 9  # bytes: the head with its unit, a function and one byte more


class CheckedDatagramFramer(CheckedSocketFramer):
    """Checks as over TCP; besides, no datagram is ever joined to the next one."""

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:
        transaction = int.from_bytes(data[:2], "big")
        if self.awaited is None or (transaction != exp_tid and transaction in self.known):
            return len(data), None  # late, or a second time
        if len(data) < _SHORTEST or 6 + int.from_bytes(data[4:6], "big") != len(data):
            self.fail(wrong_answer("sent a datagram that is no whole Modbus frame"))
            return len(data), None
        _, answer = super().handleFrame(data, exp_devid, exp_tid)
        return len(data), answer
