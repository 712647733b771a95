"""Read Device Identification (function 43, MEI type 14) for virtual devices.

Source: Modbus Application Protocol 1.1b3, section 6.21: objects 0-2 are the basic ones, 3-6 the regular ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from hardware.profiles import Profile
from hardware.virtual.framing import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, WireFault

MEI_TYPE = 14
BASIC, REGULAR, EXTENDED, ONE = 1, 2, 3, 4
LAST_OF = {BASIC: 2, REGULAR: 6, EXTENDED: 255}
CONFORMITY = 0x82  # regular objects, as a stream and one by one
ROOM = 253 - 7  # bytes of objects in one answer
VENDOR, PRODUCT, REVISION, PRODUCT_NAME = 0, 1, 2, 4
VIRTUAL_REVISION = "virtual"

Objects = Mapping[int, bytes]


def objects_of(profile: Profile) -> Objects:
    """What a virtual device of this type says it is: maker, name of the type, that it is virtual, and the title."""
    texts = {VENDOR: profile.maker, PRODUCT: profile.name, REVISION: VIRTUAL_REVISION, PRODUCT_NAME: profile.title}
    return {number: text.encode("ascii", "replace")[: ROOM - 2] for number, text in texts.items()}


def identify(objects: Objects, body: bytes) -> bytes:
    """The answer to `43, 14, code, first object`. Raises WireFault."""
    if len(body) < 2 or body[1] != MEI_TYPE:
        raise WireFault(ILLEGAL_FUNCTION)
    if len(body) != 4 or body[2] not in (*LAST_OF, ONE):
        raise WireFault(ILLEGAL_VALUE)
    code, first = body[2], body[3]
    if code == ONE:
        if first not in objects:
            raise WireFault(ILLEGAL_ADDRESS)
        wanted = [first]
    else:
        # An object that is not there begins the stream anew, as the standard asks.
        begin = first if first in objects and first <= LAST_OF[code] else 0
        wanted = [number for number in sorted(objects) if begin <= number <= LAST_OF[code]]
    return _packed(objects, code, wanted)


def _packed(objects: Objects, code: int, wanted: list[int]) -> bytes:
    packed, given, following = b"", 0, 0
    for number in wanted:
        entry = bytes([number, len(objects[number])]) + objects[number]
        if len(packed) + len(entry) > ROOM:
            following = number
            break
        packed, given = packed + entry, given + 1
    more = 0xFF if following else 0x00
    return bytes([43, MEI_TYPE, code, CONFORMITY, more, following, given]) + packed
