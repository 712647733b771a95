"""The chain of SunSpec models: found by the mark "SunS", walked from model to model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from hardware.modbus.connection import Connection
from hardware.modbus.errors import FieldError
from hardware.points import Reason
from hardware.profiles import Table

BASES = (40000, 0, 50000)  # SunSpec Device Information Model Specification: the mark stands at one of these
# Where makers have it who count registers from 1, or take a paper's numbers for addresses.
NEAR_BASES = (40001, 1, 50001, 39999, 49999)
MARK = b"SunS"
END_OF_CHAIN = 0xFFFF
_NO_SUCH_REGISTER = 2  # Modbus exception
_MOST_MODELS = 200  # a chain that is longer is a device that answers nonsense


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One model of a device: its number, the address of its model-ID register, registers behind the length."""

    model: int
    start: int
    length: int


async def find_mark(connection: Connection, unit: int, silence_s: float = 0.0) -> int:
    """The base whose registers hold the mark. Raises FieldError where none does."""
    for base in (*BASES, *NEAR_BASES):
        try:
            if await connection.read(unit, Table.HOLDING, base, 2, silence_s) == MARK:
                return base
        except FieldError as error:
            if error.reason is not Reason.EXCEPTION:
                raise
    places = ", ".join(str(base) for base in (*BASES, *NEAR_BASES))
    raise FieldError(Reason.WRONG_ANSWER, f"has no SunSpec mark at any of {places}")


async def walk_chain(connection: Connection, unit: int, silence_s: float = 0.0) -> AsyncIterator[ChainLink]:
    """Every model of a device in turn. Raises FieldError.

    The chain ends with a mark of its own, or, where a maker has left that out, where the registers end.
    """
    start = await find_mark(connection, unit, silence_s) + 2
    for number in range(_MOST_MODELS):
        try:
            head = await connection.read(unit, Table.HOLDING, start, 2, silence_s)
        except FieldError as error:
            if number and (error.reason, error.detail) == (Reason.EXCEPTION, _NO_SUCH_REGISTER):
                return
            raise
        model, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
        if model == END_OF_CHAIN:
            return
        if model == 0 or start + 2 + length > 0xFFFF:
            break
        yield ChainLink(model, start, length)
        start += 2 + length
    raise FieldError(Reason.WRONG_ANSWER, "has a chain of SunSpec models without an end")
