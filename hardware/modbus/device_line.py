"""One device at the end of a connection: reads and writes by the names of its profile."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from hardware.modbus.connection import Connection
from hardware.modbus.decode import Decoder
from hardware.modbus.errors import FieldError
from hardware.modbus.pace import pace_of
from hardware.modbus.sunspec import find_model
from hardware.points import Float64Array, Reason, UInt16Array, status_of
from hardware.profiles import Profile, ProfilePoint, Span, Table, encode_value
from hardware.profiles.model import KeyWrite


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """One request of a read plan and what came back. `words` is empty where `error` says why."""

    span: Span  # absolute addresses
    words: tuple[int, ...]
    error: str
    status: int
    round_trip_ms: float


@dataclass(frozen=True, slots=True)
class Readout:
    """A whole device read once: the answers, and a value and status for each point of the profile."""

    answers: tuple[ReadAnswer, ...]
    value: Float64Array
    status: UInt16Array
    time_ns: int


class DeviceLine:
    """Not kept: made for one conversation, by whoever owns the connection at that time."""

    def __init__(self, connection: Connection, decoder: Decoder, unit: int, start: int | None = None) -> None:
        self.connection = connection
        self.decoder = decoder
        self.unit = unit
        self._start = start
        self._silence_s = decoder.profile.read.silence_ms / 1000.0
        self._writing = False
        connection.pace.agree(unit, pace_of(decoder.profile))

    @property
    def profile(self) -> Profile:
        return self.decoder.profile

    async def start(self) -> int:
        """What is added to a profile's addresses: 0, or where the device has its SunSpec model. Raises FieldError."""
        if self._start is None:
            model = self.profile.sunspec
            self._start = await find_model(self.connection, self.unit, model, self._silence_s) if model else 0
        return self._start

    async def read_span(self, span: Span) -> bytes:
        """The registers of `span`, whose address counts as in the profile. Raises FieldError."""
        start = await self.start()
        return await self.connection.read(self.unit, span.table, start + span.address, span.count, self._silence_s)

    async def read_point(self, point: ProfilePoint) -> tuple[float, int]:
        """Value and status of one point, read within a request of the plan. Raises FieldError."""
        at = self.profile.points.index(point)
        needed = self.decoder.requests_of(point)
        image = np.zeros((1, self.decoder.image_bytes), np.uint8)
        for number in needed:
            payload = await self.read_span(self.decoder.requests[number])
            start = self.decoder.starts[number]
            image[0, start : start + len(payload)] = np.frombuffer(payload, np.uint8)
        value, status = self.decoder.decode(image)
        return float(value[0, at]), int(status[0, at])

    async def read_all(self) -> Readout:
        """Every request of the plan once; a request that fails marks its points and does not stop the others."""
        image = np.zeros((1, self.decoder.image_bytes), np.uint8)
        failed = np.zeros(len(self.decoder.requests), np.uint16)
        answers = []
        for number, span in enumerate(self.decoder.requests):
            answer, payload = await self._read_one(span)
            answers.append(answer)
            failed[number] = answer.status
            first = self.decoder.starts[number]
            image[0, first : first + len(payload)] = np.frombuffer(payload, np.uint8)
        value, status = self.decoder.decode(image)
        of_request = np.maximum(failed[self.decoder.request_of_point], failed[self.decoder.request_of_scale])
        status[0] = np.where(of_request, of_request, status[0])
        value[0, of_request != 0] = np.nan
        return Readout(tuple(answers), value[0], status[0], time.time_ns())

    async def _read_one(self, span: Span) -> tuple[ReadAnswer, bytes]:
        began = time.perf_counter()
        payload, error, status = b"", "", 0
        try:
            payload = await self.read_span(span)
        except FieldError as failure:
            error, status = failure.text, status_of(failure.reason, failure.detail)
        placed = Span(span.table, (self._start or 0) + span.address, span.count)
        words = tuple(int.from_bytes(payload[at : at + 2], "big") for at in range(0, len(payload), 2))
        return ReadAnswer(placed, words, error, status, 1000.0 * (time.perf_counter() - began)), payload

    async def write_key(self, key: KeyWrite) -> None:
        """Raises FieldError."""
        await self._begin_to_write()
        await self.connection.write(self.unit, key.address, [key.value], True, self._silence_s)

    async def write_point(self, point: ProfilePoint, value: float) -> None:
        """Sends `value` in the point's unit. Raises FieldError, and NotEncodable where it does not fit."""
        start = await self.start()
        exponent = await self._exponent(point)
        words = encode_value(point, value, exponent)
        await self._begin_to_write()
        if point.table is Table.COIL:
            await self.connection.write_coil(self.unit, point.address, bool(words[0]), self._silence_s)
            return
        single = self.profile.write.single
        await self.connection.write(self.unit, start + point.address, words, single, self._silence_s)

    async def _begin_to_write(self) -> None:
        """Keys and set-points of one conversation follow each other at once; two conversations keep their distance."""
        if not self._writing:
            self._writing = True
            await self.connection.pace.wait_to_write(self.unit)

    async def _exponent(self, point: ProfilePoint) -> int:
        if point.scale_register is None:
            return 0
        payload = await self.read_span(Span(point.table, point.scale_register, 1))
        exponent = int.from_bytes(payload, "big", signed=True)
        if not -10 <= exponent <= 10:
            raise FieldError(Reason.NO_VALUE, "has no scale factor for this value")
        return exponent
