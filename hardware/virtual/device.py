"""One virtual device on the wire: a request's body in, the answer's body out, with the exception that fits.

Functions 1-6, 15, 16, 22 and 23 where the device type has the table they speak of, and 43/14, the identification.
Source of functions and exception codes: Modbus Application Protocol 1.1b3, sections 6 and 7.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from hardware.profiles import Table
from hardware.virtual.fleet import Refused
from hardware.virtual.framing import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, WireFault, exception_body
from hardware.virtual.identity import identify, objects_of
from hardware.virtual.images import Bank
from hardware.virtual.manners import NOT_HEARD, manners_of

READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT = 1, 2, 3, 4
WRITE_COIL, WRITE_ONE, WRITE_COILS, WRITE_MANY = 5, 6, 15, 16
MASK_WRITE, READ_AND_WRITE, IDENTIFY = 22, 23, 43
REGISTER_READS = {READ_HOLDING: Table.HOLDING, READ_INPUT: Table.INPUT}
BIT_READS = {READ_COILS: Table.COIL, READ_DISCRETE: Table.DISCRETE}
TABLES = REGISTER_READS | BIT_READS | {
    WRITE_COIL: Table.COIL, WRITE_COILS: Table.COIL, WRITE_ONE: Table.HOLDING, WRITE_MANY: Table.HOLDING,
    MASK_WRITE: Table.HOLDING, READ_AND_WRITE: Table.HOLDING,
}  # fmt: skip
MOST_BITS_READ, MOST_BITS_WRITTEN, MOST_WRITTEN, MOST_WRITTEN_WITH_READ = 2000, 1968, 123, 121
ON, OFF = 0xFF00, 0x0000

Answering = Callable[[bytes], bytes]


class VirtualDevice:
    """One device at one unit of one link."""

    def __init__(self, device: str, bank: Bank) -> None:
        self.id = device
        self.profile = bank.profile
        self._bank = bank
        self._row = bank.devices.index(device)
        read = bank.profile.read
        self._longest = {table: read.longest_in(table) for table in REGISTER_READS.values()}
        self._longest |= {t: dict(read.longest_by_table).get(t, MOST_BITS_READ) for t in BIT_READS.values()}
        self._manners = manners_of(bank.profile)
        self._objects = objects_of(bank.profile)
        self._answering = self._known_functions()
        # Most types do not mind being asked; the fleets of those that do want to hear of it.
        self._hear = bank.fleet.hear if bank.hears else None
        self._fleet_row = int(bank.fleet_rows[self._row])
        self.neighbours: list[VirtualDevice] = []  # others at the same unit, each with registers of its own
        self.requests = 0

    def answer(self, body: bytes) -> bytes:
        """The answer to one request, function code first; a Modbus exception where the request asks for one; empty
        where the device does not hear a request that comes too early.
        """
        self.requests += 1
        if self._hear is not None:
            self._hear(self._fleet_row)
        if self._manners is None:
            return self._answer(body)
        minded = self._manners.minds(body)
        if minded == NOT_HEARD:
            return b""
        answer = self._answer(body) if minded is None else exception_body(body[0], minded)
        self._manners.answered()
        return answer

    def _answer(self, body: bytes) -> bytes:
        answering = self._answering.get(body[0])
        if answering is None:
            return exception_body(body[0], ILLEGAL_FUNCTION)
        try:
            return answering(body)
        except WireFault as fault:
            return exception_body(body[0], fault.code)
        except (Refused, struct.error):
            return exception_body(body[0], ILLEGAL_VALUE)

    def meant(self, body: bytes) -> VirtualDevice:
        """Whom a request to this unit is for: who has the register it begins at; this one where nobody has."""
        if len(body) < 3 or body[0] not in TABLES:
            return self
        table, address = TABLES[body[0]], struct.unpack_from(">H", body, 1)[0]
        writes = body[0] not in (*REGISTER_READS, *BIT_READS)
        return next((d for d in (self, *self.neighbours) if d._bank.has(table, address, writes)), self)

    def _known_functions(self) -> dict[int, Answering]:
        """By function code; what the device type has no table for, or does not take, is an illegal function."""
        tables = {span.table for span, _ in self._bank.spans}
        known: dict[int, Answering] = {IDENTIFY: lambda body: identify(self._objects, body)}
        known |= {code: self._read for code, table in REGISTER_READS.items() if table in tables}
        known |= {code: self._read_bits for code, table in BIT_READS.items() if table in tables}
        if Table.COIL in tables:
            known |= {WRITE_COIL: self._write_coil, WRITE_COILS: self._write_coils}
        if Table.HOLDING in tables:
            known[WRITE_ONE] = self._write_one
        if Table.HOLDING in tables and not self.profile.write.single:
            known |= {WRITE_MANY: self._write_many, MASK_WRITE: self._mask, READ_AND_WRITE: self._read_and_write}
        return known

    def _read(self, body: bytes) -> bytes:
        address, count = struct.unpack(">HH", body[1:])
        return bytes([body[0], 2 * count]) + self._registers(REGISTER_READS[body[0]], address, count)

    def _registers(self, table: Table, address: int, count: int) -> bytes:
        if not 1 <= count <= self._longest[table]:
            raise WireFault(ILLEGAL_VALUE)
        if address + count > 0x10000:
            raise WireFault(ILLEGAL_ADDRESS)
        return self._bank.read(self._row, table, address, count)

    def _read_bits(self, body: bytes) -> bytes:
        address, count = struct.unpack(">HH", body[1:])
        table = BIT_READS[body[0]]
        if not 1 <= count <= self._longest[table]:
            raise WireFault(ILLEGAL_VALUE)
        words = self._bank.read(self._row, table, address, count)
        number = sum(1 << bit for bit in range(count) if words[2 * bit + 1])
        size = (count + 7) // 8
        return bytes([body[0], size]) + number.to_bytes(size, "little")

    def _write_one(self, body: bytes) -> bytes:
        address, word = struct.unpack(">HH", body[1:])
        self._bank.write(self._row, address, (word,))
        return body

    def _write_many(self, body: bytes) -> bytes:
        address, count, size = struct.unpack(">HHB", body[1:6])
        if not 1 <= count <= MOST_WRITTEN or size != 2 * count or len(body) != 6 + size:
            raise WireFault(ILLEGAL_VALUE)
        self._bank.write(self._row, address, struct.unpack(f">{count}H", body[6:]))
        return body[:5]

    def _write_coil(self, body: bytes) -> bytes:
        address, word = struct.unpack(">HH", body[1:])
        if word not in (ON, OFF):
            raise WireFault(ILLEGAL_VALUE)
        self._bank.write(self._row, address, (int(word == ON),), Table.COIL)
        return body

    def _write_coils(self, body: bytes) -> bytes:
        address, count, size = struct.unpack(">HHB", body[1:6])
        if not 1 <= count <= MOST_BITS_WRITTEN or size != (count + 7) // 8 or len(body) != 6 + size:
            raise WireFault(ILLEGAL_VALUE)
        number = int.from_bytes(body[6:], "little")
        self._bank.write(self._row, address, [number >> bit & 1 for bit in range(count)], Table.COIL)
        return body[:5]

    def _mask(self, body: bytes) -> bytes:
        address, keep, put = struct.unpack(">HHH", body[1:])
        (word,) = struct.unpack(">H", self._bank.read(self._row, Table.HOLDING, address, 1))
        self._bank.write(self._row, address, (word & keep | put & ~keep & 0xFFFF,))
        return body

    def _read_and_write(self, body: bytes) -> bytes:
        read_at, read_count, write_at, write_count, size = struct.unpack(">HHHHB", body[1:10])
        if not 1 <= write_count <= MOST_WRITTEN_WITH_READ or size != 2 * write_count or len(body) != 10 + size:
            raise WireFault(ILLEGAL_VALUE)
        # What cannot be read is refused before anything is written.
        self._registers(Table.HOLDING, read_at, read_count)
        self._bank.write(self._row, write_at, struct.unpack(f">{write_count}H", body[10:]))
        return bytes([body[0], 2 * read_count]) + self._registers(Table.HOLDING, read_at, read_count)
