"""Device identification (function 43, MEI type 14) as it comes over the wire, taken apart with nothing believed.

Source: MODBUS Application Protocol 1.1b3, section 6.21.
"""

from __future__ import annotations

from dataclasses import dataclass

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse

MEI_TYPE = 14
BASIC, REGULAR = 1, 2  # how much to tell: maker, product code and revision; or names and address too
_HEAD = 6  # bytes: MEI type, read code, conformity, more follows, next object, number of objects


class BadPage(ValueError):
    """The answer is no page of an identification; the text says what it did instead."""


class RawIdentity(ModbusPDU):
    """Answer to function 43 with its bytes as they came: pymodbus would take any that unpacks."""

    function_code = 0x2B

    payload: bytes = b""

    @classmethod
    def calculateRtuFrameSize(cls, data: bytes) -> int:
        size: int = ReadDeviceInformationResponse.calculateRtuFrameSize(data)
        return size

    def decode(self, data: bytes) -> None:
        self.payload = data

    def __str__(self) -> str:
        return "RawIdentity"


@dataclass(frozen=True, slots=True)
class IdentityPage:
    """Some objects of an identification, by number. `following` begins the next page, None where this is the last."""

    objects: tuple[tuple[int, bytes], ...]
    following: int | None


def page_of(payload: bytes, detail: int) -> IdentityPage:
    """Takes one answer apart. Raises BadPage where it does not fit its own lengths or the question."""
    if len(payload) < _HEAD or payload[0] != MEI_TYPE:
        raise BadPage("answered function 43 with something that is no device identification")
    if payload[1] != detail:
        raise BadPage(f"answered identification {payload[1]} instead of {detail}")
    objects: list[tuple[int, bytes]] = []
    at = _HEAD
    for _ in range(payload[5]):
        if at + 2 > len(payload) or at + 2 + payload[at + 1] > len(payload):
            raise BadPage("sent a device identification that is cut short")
        end = at + 2 + payload[at + 1]
        objects.append((payload[at], payload[at + 2 : end]))
        at = end
    if at != len(payload):
        raise BadPage("sent a device identification longer than it says")
    return IdentityPage(tuple(objects), payload[4] if payload[3] == 0xFF else None)
