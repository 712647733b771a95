"""Answers checked before anything believes them.

pymodbus 3.16 hands over an answer with another function code or with fewer registers as a good one, skips one of
another unit or transaction in silence, and loses the connection with a traceback on one it cannot decode. Here every
answer is looked at first, and the request that waits for it is told at once what was wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

from hardware.modbus.errors import FieldError, wrong_answer

_LONGEST_FRAME = 260  # bytes, MODBUS Messaging on TCP/IP 1.0b, section 3.1.3


class RawRead(ModbusPDU):
    """Answer to a read, its bytes as they came: decoding is done for many devices at once later."""

    rtu_byte_count_pos = 2

    payload: bytes = b""
    counted: int = -1  # bytes the answer says it holds

    def decode(self, data: bytes) -> None:
        self.counted = data[0]
        self.payload = data[1:]

    def __str__(self) -> str:
        # pymodbus formats every answer for a log line it mostly does not write.
        return "RawRead"


class RawCoils(RawRead):
    function_code = 1


class RawDiscretes(RawRead):
    function_code = 2


class RawHoldings(RawRead):
    function_code = 3


class RawInputs(RawRead):
    function_code = 4


def checking_decoder() -> DecodePDU:
    decoder = DecodePDU(False)
    for answer in (RawCoils, RawDiscretes, RawHoldings, RawInputs):
        decoder.register(answer)
    return decoder


class CheckedSocketFramer(FramerSocket):
    """MBAP framing (TCP and TLS) that tells a wrong answer from a late one.

    `given_up` holds the transactions whose wait has ended: their answers may still come and are let go.
    """

    def __init__(self, decoder: DecodePDU, fail: Callable[[FieldError], None]) -> None:
        super().__init__(decoder)
        self.fail = fail
        self.given_up: set[int] = set()
        self.out_of_step = False  # the stream can no longer be trusted; the connection has to go
        self.heard = 0  # bytes since the last request

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:
        self.heard = len(data)
        problem = self._problem(data, exp_devid, exp_tid)
        if problem:
            self.out_of_step = True
            self.fail(wrong_answer(problem))
            return len(data), None
        try:
            return super().handleFrame(data, exp_devid, exp_tid)
        except ModbusException as error:
            self.fail(wrong_answer(f"sent an answer that cannot be decoded ({error.string})"))
            return len(data), None

    def _problem(self, data: bytes, unit: int, transaction: int) -> str:
        """What is wrong with the frames in `data`, empty if nothing or not yet."""
        at = 0
        while len(data) - at >= self.MIN_SIZE:
            length = (data[at + 4] << 8) | data[at + 5]
            if data[at + 2] or data[at + 3] or not 2 < length <= _LONGEST_FRAME - 6:
                return "sent something that is no Modbus frame"
            found = (data[at] << 8) | data[at + 1]
            if found == transaction:
                return "" if data[at + 6] == unit else f"answered as unit {data[at + 6]} instead of {unit}"
            if found not in self.given_up:
                return f"answered transaction {found} instead of {transaction}"
            at += 6 + length
        return ""


class CheckedRtuFramer(FramerRTU):
    """RTU framing; there is no transaction number, so whoever uses it drops the connection after any loss."""

    def __init__(self, decoder: DecodePDU, fail: Callable[[FieldError], None]) -> None:
        super().__init__(decoder)
        self.fail = fail
        self.given_up: set[int] = set()
        self.out_of_step = False
        self.heard = 0

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:
        self.heard += len(data)
        try:
            return super().handleFrame(data, exp_devid, exp_tid)
        except (ModbusException, NotImplementedError) as error:
            self.out_of_step = True
            self.fail(wrong_answer(f"sent an answer that cannot be decoded ({error})"))
            return len(data), None


CheckedFramer = CheckedSocketFramer | CheckedRtuFramer
