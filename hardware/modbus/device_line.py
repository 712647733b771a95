"""One device at the end of a connection: reads and writes by the names of its profile."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hardware.modbus.connection import Connection
from hardware.modbus.decode import Decoder
from hardware.modbus.errors import FieldError, wrong_answer
from hardware.modbus.pace import pace_of
from hardware.modbus.placement import ANOTHER_CHAIN, Placement, as_written, find_placement
from hardware.points import Float64Array, Reason, UInt16Array, status_of
from hardware.profiles import NoValue, Profile, ProfilePoint, Span, Table, encode_value
from hardware.profiles.model import KeyWrite

_NOT_FITTED = status_of(Reason.NO_VALUE, NoValue.NOT_FITTED)
_FIRST_BAD = status_of(Reason.TIMEOUT)
_NO_MODEL = FieldError(Reason.NO_VALUE, "does not have this SunSpec model", NoValue.NOT_FITTED)


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

    def __init__(self, connection: Connection, decoder: Decoder, unit: int, placement: Placement | None = None) -> None:
        self.connection = connection
        self.decoder = decoder
        self.unit = unit
        self._placement = placement
        self._silence_s = decoder.profile.read.silence_ms / 1000.0
        self._writing = False
        connection.pace.agree(unit, pace_of(decoder.profile))

    @property
    def profile(self) -> Profile:
        return self.decoder.profile

    async def placement(self) -> Placement:
        """Where the device has its registers; a SunSpec device is looked through for it once. Raises FieldError."""
        if self._placement is None:
            self._placement = await find_placement(self.connection, self.unit, self.decoder, self._silence_s)
        return self._placement

    async def read_point(self, point: ProfilePoint) -> tuple[float, int]:
        """Value and status of one point, read within a request of the plan. Raises FieldError."""
        at = self.profile.points.index(point)
        placement = await self.placement()
        if placement.not_fitted[at]:
            return math.nan, _NOT_FITTED
        needed = set(self.decoder.requests_of(point))
        wanted = [number in needed for number in placement.numbers]
        spans = zip(placement.requests, wanted, strict=True)
        payloads = [await self._read(span) if asked else b"" for span, asked in spans]
        if not placement.is_as_found(payloads):
            raise wrong_answer(ANOTHER_CHAIN)
        whole, _ = placement.expand(payloads, [0] * len(payloads))
        value, status = self.decoder.decode(_image(self.decoder, whole))
        return float(value[0, at]), int(status[0, at])

    async def read_all(self) -> Readout:
        """Every request of the plan once; a request that fails marks its points and does not stop the others."""
        answers, payloads = await self._answers()
        return readout_of(self.decoder, self._placement or as_written(self.decoder), answers, payloads)

    async def _answers(self) -> tuple[list[ReadAnswer], list[bytes]]:
        """An answer and its registers for each request of the plan; a model that is not there is an answer too."""
        spans = self.decoder.requests
        try:
            placement = await self.placement()
        except FieldError as failure:
            return [without_answer(span, failure) for span in spans], [b""] * len(spans)
        asked = [await self._read_one(span) for span in placement.requests]
        if not placement.is_as_found([payload for _, payload in asked]):
            return [without_answer(span, wrong_answer(ANOTHER_CHAIN)) for span in spans], [b""] * len(spans)
        answers = [without_answer(span, _NO_MODEL) for span in spans]
        for number, (answer, _) in zip(placement.numbers, asked, strict=True):
            answers[number] = answer
        payloads, _ = placement.expand([payload for _, payload in asked], [0] * len(asked))
        return answers, payloads

    async def _read(self, span: Span) -> bytes:
        return await self.connection.read(self.unit, span.table, span.address, span.count, self._silence_s)

    async def _read_one(self, span: Span) -> tuple[ReadAnswer, bytes]:
        began = time.perf_counter()
        payload, error, status = b"", "", 0
        try:
            payload = await self._read(span)
        except FieldError as failure:
            error, status = failure.text, status_of(failure.reason, failure.detail)
        words = tuple(int.from_bytes(payload[at : at + 2], "big") for at in range(0, len(payload), 2))
        return ReadAnswer(span, words, error, status, 1000.0 * (time.perf_counter() - began)), payload

    async def write_key(self, key: KeyWrite) -> None:
        """Raises FieldError."""
        await self._begin_to_write()
        address = await self._sure_address(key.address, key.words)
        words = [key.value >> 16 * place & 0xFFFF for place in reversed(range(key.words))]
        await self.connection.write(self.unit, address, words, key.words == 1, self._silence_s)

    async def write_point(self, point: ProfilePoint, value: float) -> None:
        """Sends `value` in the point's unit. Raises FieldError, and NotEncodable where it does not fit."""
        exponent = await self._exponent(point)
        written = point.written
        words = encode_value(written, value, exponent)
        await self._begin_to_write()
        if point.table is Table.COIL:
            await self.connection.write_coil(self.unit, point.address, bool(words[0]), self._silence_s)
            return
        address = await self._sure_address(written.address, written.words)
        await self.connection.write(self.unit, address, words, self.profile.write.single, self._silence_s)

    async def _sure_address(self, address: int, words: int) -> int:
        """Where to write. What stands at the head of the SunSpec model is looked at first: a device that was
        exchanged since its chain was walked may have something else there.
        """
        placement = await self.placement()
        place, head = placement.address_of(address, words), placement.head_of(address)
        if head is not None and await self._read(head[0]) != head[1]:
            raise wrong_answer(ANOTHER_CHAIN)
        return place

    async def _begin_to_write(self) -> None:
        """Keys and set-points of one conversation follow each other at once; two conversations keep their distance."""
        if not self._writing:
            self._writing = True
            await self.connection.pace.wait_to_write(self.unit)

    async def _exponent(self, point: ProfilePoint) -> int:
        if point.scale_register is None:
            return 0
        address = (await self.placement()).address_of(point.scale_register, 1)
        payload = await self._read(Span(point.table, address, 1))
        exponent = int.from_bytes(payload, "big", signed=True)
        if not -10 <= exponent <= 10:
            raise FieldError(Reason.NO_VALUE, "has no scale factor for this value")
        return exponent


def readout_of(
    decoder: Decoder, placement: Placement, answers: Sequence[ReadAnswer], payloads: Sequence[bytes]
) -> Readout:
    """What the answers to the plan's requests say; points of a failed request, or of no model here, have no value."""
    value, status = decoder.decode(_image(decoder, payloads))
    failed = np.array([answer.status for answer in answers], np.uint16)
    of_request = np.maximum(failed[decoder.request_of_point], failed[decoder.request_of_scale])
    status[0] = np.where(of_request, of_request, status[0])
    status[0, placement.not_fitted] = _NOT_FITTED
    value[0, status[0] >= _FIRST_BAD] = np.nan
    return Readout(tuple(answers), value[0], status[0], time.time_ns())


def _image(decoder: Decoder, payloads: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    """(1, image_bytes) of the answers to the plan's requests; an empty one leaves zeros."""
    image = np.zeros((1, decoder.image_bytes), np.uint8)
    for first, payload in zip(decoder.starts, payloads, strict=True):
        image[0, first : first + len(payload)] = np.frombuffer(payload, np.uint8)
    return image


def without_answer(span: Span, failure: FieldError) -> ReadAnswer:
    """What stands for the answer to a request that was not sent."""
    return ReadAnswer(span, (), failure.text, status_of(failure.reason, failure.detail), 0.0)
