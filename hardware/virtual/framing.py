"""Modbus frames as a device sees them: requests cut out of a byte stream, answers put into it. MBAP and RTU."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MBAP_HEAD = 7  # transaction, protocol, length, unit
LONGEST_FRAME = 260
SHORTEST_RTU = 4  # unit, function, checksum
RTU_SIZES = {1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 4, 8: 8, 11: 4, 12: 4, 17: 4, 22: 10, 43: 7}
COUNTED_AT = {15: 6, 16: 6, 23: 10}  # where these functions say how many bytes of data follow
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `body` is the function code and what follows it."""

    unit: int
    body: bytes
    transaction: int = 0

    @property
    def function(self) -> int:
        return self.body[0]


class WireFault(Exception):
    """Answered with this Modbus exception code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"Modbus exception {code}")


class BrokenStream(Exception):
    """What came is no Modbus; the connection cannot be used any more."""


class MbapFraming:
    """Modbus TCP: each frame says how long it is and which request it belongs to."""

    def cut(self, buffer: bytearray) -> list[Request]:
        """Takes every whole request out of `buffer`. Raises BrokenStream."""
        requests: list[Request] = []
        while len(buffer) > MBAP_HEAD:
            transaction, protocol, length = struct.unpack_from(">HHH", buffer)
            if protocol != 0 or not 2 <= length <= LONGEST_FRAME - 6:
                raise BrokenStream
            if len(buffer) < 6 + length:
                break
            requests.append(Request(buffer[6], bytes(buffer[MBAP_HEAD : 6 + length]), transaction))
            del buffer[: 6 + length]
        return requests

    def frame(self, request: Request, unit: int, body: bytes) -> bytes:
        return struct.pack(">HHHB", request.transaction, 0, len(body) + 1, unit) + body


class RtuFraming:
    """RTU over TCP: frames end where their function says, and a checksum guards them.

    A bus has one conversation at a time. Whoever sends the next request before the answer to the last has talked into
    it: devices hear one frame whose checksum does not fit, and keep quiet.
    """

    def cut(self, buffer: bytearray) -> list[Request]:
        size = self._size(buffer)
        if size is None or len(buffer) < size:
            return []
        frame = bytes(buffer)
        # What a device hears as noise it does not answer; the bus master waits and asks anew.
        buffer.clear()
        if len(frame) > size or crc(frame[:-2]) != frame[-2:]:
            return []
        return [Request(frame[0], frame[1:-2])]

    def frame(self, request: Request, unit: int, body: bytes) -> bytes:
        frame = bytes([unit]) + body
        return frame + crc(frame)

    @staticmethod
    def _size(buffer: bytearray) -> int | None:
        """Length of the request that begins the buffer, None while that cannot be told."""
        if len(buffer) < SHORTEST_RTU:
            return None
        function = buffer[1]
        if function in COUNTED_AT:
            at = COUNTED_AT[function]
            return at + 3 + buffer[at] if len(buffer) > at else None
        # Of a function that nobody here knows, the whole packet is taken for the request.
        return RTU_SIZES.get(function, len(buffer))


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        table.append(value)
    return table


_CRC = _crc_table()


def crc(data: bytes) -> bytes:
    """CRC-16/MODBUS, low byte first as sent."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return value.to_bytes(2, "little")


def exception_body(function: int, code: int) -> bytes:
    return bytes([function | 0x80, code])
