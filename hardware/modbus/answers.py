"""Answers checked before anything believes them.

pymodbus 3.16 hands over an answer with another function code or with fewer registers as a good one, skips one of
another unit or transaction in silence, and loses the connection with a traceback on one it cannot decode. Here every
answer is looked at first, and the request that waits for it is told at once what was wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

from hardware.modbus.errors import FieldError, wrong_answer
from hardware.modbus.identification import RawIdentity

_LONGEST_FRAME = 260  # bytes, MODBUS Messaging on TCP/IP 1.0b, section 3.1.3
_HEAD = 7  # bytes of an MBAP header: transaction, protocol, length, unit
_EXCEPTION = 0x80
_READ_BITS, _READ_WORDS = (1, 2), (3, 4)
_ECHOES = (5, 6, 15, 16)
_NOISE = b"\x00\xff"  # what a line driver gives out while it turns round; neither is a unit of a device
_MOST_KNOWN = 1000  # transactions remembered


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
    for answer in (RawCoils, RawDiscretes, RawHoldings, RawInputs, RawIdentity):
        decoder.register(answer)
    return decoder


@dataclass(frozen=True, slots=True)
class Awaited:
    """How the answer to a request has to look. `held`: bytes of values in the answer to a read, else 0."""

    unit: int
    function: int
    held: int

    @property
    def rtu_size(self) -> int:
        """Bytes of the whole answer on an RTU line; 0 where only the answer itself can tell."""
        if self.function in _READ_BITS + _READ_WORDS:
            return 5 + self.held
        return 8 if self.function in _ECHOES else 0


def awaited_answer(request: ModbusPDU) -> Awaited:
    function = request.function_code
    if function in _READ_BITS:
        return Awaited(request.dev_id, function, (request.count + 7) // 8)
    return Awaited(request.dev_id, function, 2 * request.count if function in _READ_WORDS else 0)


def wrong_size(awaited: Awaited, held: float) -> FieldError:
    """A read that was answered with `held` bytes of values instead of those awaited."""
    if awaited.function in _READ_BITS:
        return wrong_answer(f"answered {held:g} bytes instead of {awaited.held}")
    return wrong_answer(f"answered {held / 2:g} registers instead of {awaited.held // 2}")


class CheckedSocketFramer(FramerSocket):
    """MBAP framing (TCP, TLS) that tells a wrong answer from a late one.

    `known` holds the transactions that are over, answered or given up: what still comes of them is let go.
    """

    def __init__(self, decoder: DecodePDU, fail: Callable[[FieldError], None]) -> None:
        super().__init__(decoder)
        self.fail = fail
        self.awaited: Awaited | None = None  # None: nobody has asked
        self.known: set[int] = set()
        self.out_of_step = False  # the stream can no longer be trusted; the connection has to go
        self.heard = 0  # bytes since the last request

    def forget(self, transaction: int) -> None:
        """Its wait is over."""
        if len(self.known) > _MOST_KNOWN:
            self.known.clear()
        self.known.add(transaction)

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:
        self.heard = len(data)
        at, answer = 0, None
        while len(data) - at > _HEAD:
            transaction, protocol = int.from_bytes(data[at : at + 2], "big"), data[at + 2] | data[at + 3]
            end = at + 6 + int.from_bytes(data[at + 4 : at + 6], "big")
            if protocol or not _HEAD + 1 < end - at <= _LONGEST_FRAME:
                return self._broken(data, "sent something that is no Modbus frame")
            wanted = self.awaited is not None and transaction == exp_tid
            if not wanted and transaction not in self.known:
                return self._broken(data, f"answered transaction {transaction} instead of {exp_tid}")
            if wanted and data[at + 6] != exp_devid:
                return self._broken(data, f"answered as unit {data[at + 6]} instead of {exp_devid}")
            if len(data) < end:
                break
            if wanted:
                answer = decoded(self.decoder, data[at + _HEAD : end], exp_devid, transaction)
                if answer is None:
                    return self._broken(data, "sent an answer that cannot be decoded")
                self.awaited = None
                self.forget(transaction)
            at = end
        if answer is not None and not self._follows(data[at:]):
            return self._broken(data, "sent an answer with something behind it that is no Modbus frame")
        return at, answer

    def _follows(self, rest: bytes) -> bool:
        """True where a few bytes behind an answer may be the head of one that comes late or twice.

        MBAP has no checksum: bytes left over may be all that shows that an answer was put together of two.
        """
        number, protocol = rest[:2], rest[2:4]
        known = len(number) < 2 or int.from_bytes(number, "big") in self.known
        return known and not any(protocol)

    def _broken(self, data: bytes, text: str) -> tuple[int, None]:
        self.out_of_step = True
        self.fail(wrong_answer(text))
        return len(data), None


class CheckedRtuFramer(FramerRTU):
    """RTU framing: exactly the one answer that was asked for, nothing in front of it and nothing behind.

    There is no transaction number, so a byte too many means that some answer will be taken for another one's.
    """

    def __init__(self, decoder: DecodePDU, fail: Callable[[FieldError], None]) -> None:
        super().__init__(decoder)
        self.fail = fail
        self.awaited: Awaited | None = None
        self.out_of_step = False
        self.heard = 0

    def forget(self, transaction: int) -> None:
        """There is no number to remember."""

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:
        awaited = self.awaited
        if awaited is None:
            # Nobody asked: a second answer, or one that was given up. Only noise between two frames is harmless.
            self.out_of_step |= bool(data.strip(_NOISE))
            return len(data), None
        self.heard += len(data)
        begin = _behind_other_units(data, awaited.unit)
        frame = data[begin:]
        problem = _problem(frame, awaited)
        if problem is not None:
            return self._broken(data, problem)
        size = self._size(frame, awaited)
        if not size or len(frame) < size:
            return begin, None
        if not _sound(frame[:size]):
            return self._broken(data, wrong_answer("sent an answer whose checksum is wrong"))
        if frame[size:].strip(_NOISE):
            return self._broken(data, wrong_answer("sent more than one answer"))
        answer = decoded(self.decoder, frame[1 : size - 2], awaited.unit, 0)
        if answer is None:
            return self._broken(data, wrong_answer("sent an answer that cannot be decoded"))
        self.awaited = None
        return len(data), answer

    def _size(self, frame: bytes, awaited: Awaited) -> int:
        """Bytes of the answer that `frame` begins with; 0 while that cannot be told."""
        if len(frame) < 4 or frame[0] != awaited.unit:
            return 0
        if frame[1] & _EXCEPTION:
            return 5
        if awaited.rtu_size:
            return awaited.rtu_size
        kind = self.decoder.lookupPduClass(frame)
        return kind.calculateRtuFrameSize(frame) if kind else 0

    def _broken(self, data: bytes, error: FieldError) -> tuple[int, None]:
        self.out_of_step = True
        self.fail(error)
        return len(data), None


CheckedFramer = CheckedSocketFramer | CheckedRtuFramer


def decoded(decoder: DecodePDU, pdu: bytes, unit: int, transaction: int) -> ModbusPDU | None:
    """The answer in `pdu`, None where it is none."""
    try:
        answer: ModbusPDU | None = decoder.decode(pdu)
    except (ModbusException, NotImplementedError):
        return None
    if answer is not None:
        answer.dev_id, answer.transaction_id = unit, transaction
    return answer


def _problem(frame: bytes, awaited: Awaited) -> FieldError | None:
    """What is wrong with the head of an RTU frame, as far as it has come."""
    if frame and frame[0] != awaited.unit:
        # Either a late answer of another unit that has not come whole yet, or nothing that makes sense.
        size = _frame_size(frame)
        whole = not size or len(frame) >= size
        return wrong_answer(f"answered as unit {frame[0]} instead of {awaited.unit}") if whole else None
    if len(frame) > 1 and frame[1] & ~_EXCEPTION != awaited.function:
        return wrong_answer(f"answered function {frame[1]} instead of {awaited.function}")
    if len(frame) > 2 and awaited.held and not frame[1] & _EXCEPTION and frame[2] != awaited.held:
        return wrong_size(awaited, frame[2])
    return None


def _behind_other_units(data: bytes, unit: int) -> int:
    """Where the answer begins: behind noise, and behind whole answers of other units that came late.

    Those are told by their number and a right checksum; they cost their own unit a value, not this one.
    """
    at = 0
    while at < len(data) and data[at] != unit:
        if data[at] in _NOISE:
            at += 1
            continue
        size = _frame_size(data[at:])
        if not size or len(data) < at + size or not _sound(data[at : at + size]):
            break
        at += size
    return at


def _frame_size(data: bytes) -> int:
    """Bytes of the answer that `data` seems to begin with; 5, the least, while that cannot be told; 0: it is none."""
    if len(data) < 3 or data[1] & _EXCEPTION:
        return 5
    if data[1] in _ECHOES:
        return 8
    return 5 + data[2] if data[1] in _READ_BITS + _READ_WORDS else 0


def _sound(frame: bytes) -> bool:
    return FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big"))
