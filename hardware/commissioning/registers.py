"""Registers read over and over, and whole profiles read once: one request a visit, whoever else is on the link."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import numpy as np

from hardware.commissioning.candidates import Window
from hardware.commissioning.visit import Visit, within
from hardware.modbus import Decoder, FieldError, Placement, ReadAnswer, Readout
from hardware.modbus.device_line import readout_of, without_answer
from hardware.points import Reason, status_of
from hardware.profiles import Span, Table

AROUND = 8  # registers on either side, by which a coding is told from a chance hit
_NOT_ASKED = FieldError(Reason.NOT_READ_YET, "not asked")

Runs = list[tuple[int, int]]  # (first address, registers)


class UnitReader:
    """One unit, asked one request a visit. `pause_s` is kept after each; with `remembers`, nothing is asked twice."""

    def __init__(
        self, visit: Visit, unit: int, patience_s: float, pause_s: float = 0.0, *, remembers: bool = False
    ) -> None:
        self.unit = unit
        self._visit, self._patience_s, self._pause_s = visit, patience_s, pause_s
        self._answers: dict[Span, tuple[ReadAnswer, bytes]] | None = {} if remembers else None

    async def read(self, span: Span) -> bytes:
        """The registers of `span`. Raises FieldError."""
        unit, table, address, count = self.unit, span.table, span.address, span.count
        payload = await self._visit(within(self._patience_s, lambda line: line.read(unit, table, address, count)))
        await asyncio.sleep(self._pause_s)
        return payload

    async def answer(self, span: Span) -> tuple[ReadAnswer, bytes]:
        """The same with what went wrong as a part of the answer. Raises FieldError where the link is lost."""
        if self._answers is not None and span in self._answers:
            return self._answers[span]
        began = time.perf_counter()
        payload, error, status = b"", "", 0
        try:
            payload = await self.read(span)
        except FieldError as failure:
            if failure.reason is Reason.REFUSED:
                raise
            error, status = failure.text, status_of(failure.reason, failure.detail)
        words = tuple(int.from_bytes(payload[at : at + 2], "big") for at in range(0, len(payload), 2))
        took_ms = 1000.0 * (time.perf_counter() - began - (self._pause_s if payload else 0.0))
        found = ReadAnswer(span, words, error, status, took_ms), payload
        if self._answers is not None:
            self._answers[span] = found
        return found


async def read_window(
    reader: UnitReader,
    span: Span,
    samples: int,
    every_s: float,
    said: Callable[[int, int], None] = lambda _done, _of: None,
    around: int = AROUND,
) -> Window:
    """`span` and the registers around it, `samples` times. Registers that do not answer are marked, not filled in.

    `said` is told how many of how many readings are done. Raises FieldError where nothing of the span answers.
    """
    first, end = max(0, span.address - around), min(0x10000, span.end + around)
    runs = await _answering_runs(reader, Span(span.table, first, end - first), span)
    known = np.zeros(end - first, bool)
    for address, count in runs:
        known[address - first : address - first + count] = True
    words = np.zeros((samples, end - first), np.uint16)
    began, seconds = time.monotonic(), []
    for sample in range(samples):
        if sample:
            await asyncio.sleep(max(0.0, began + sample * every_s - time.monotonic()))
        seconds.append(time.monotonic() - began)
        for address, count in runs:
            payload = await reader.read(Span(span.table, address, count))
            words[sample, address - first : address - first + count] = np.frombuffer(payload, ">u2")
        said(sample + 1, samples)
    return Window(first, words, known, tuple(seconds))


async def _answering_runs(reader: UnitReader, whole: Span, wanted: Span) -> Runs:
    """The longest pieces that answer: all at once, else what is wanted and what stands around it apart."""
    pieces = [(whole.address, whole.count)]
    runs = await _those_that_answer(reader, whole.table, pieces)
    if not runs and whole != wanted:
        runs = await _those_that_answer(reader, whole.table, [(wanted.address, wanted.count)])
        if not runs:
            raise await _why_not(reader, wanted)
        sides = _outwards(whole, wanted)
        for side in sides:
            runs += await _those_that_answer(reader, whole.table, side, until_none=True)
    if not runs:
        raise await _why_not(reader, wanted)
    return sorted(runs)


def _outwards(whole: Span, wanted: Span) -> tuple[Runs, Runs]:
    """Pairs of registers before and behind what is wanted, the nearest first."""
    before = [
        (max(whole.address, at - 2), min(2, at - whole.address)) for at in range(wanted.address, whole.address, -2)
    ]
    behind = [(at, min(2, whole.end - at)) for at in range(wanted.end, whole.end, 2)]
    return before, behind


async def _those_that_answer(reader: UnitReader, table: Table, pieces: Runs, *, until_none: bool = False) -> Runs:
    answered: Runs = []
    for address, count in pieces:
        try:
            await reader.read(Span(table, address, count))
        except FieldError as error:
            if error.reason is Reason.REFUSED:
                raise
            if until_none:
                break
            continue
        answered.append((address, count))
    return answered


async def _why_not(reader: UnitReader, wanted: Span) -> FieldError:
    try:
        await reader.read(wanted)
    except FieldError as error:
        return error
    return FieldError(Reason.TIMEOUT, "answers now and then")


async def try_profile(
    reader: UnitReader, decoder: Decoder, placement: Placement, numbers: Sequence[int] | None = None
) -> Readout:
    """A profile's requests once each, or those of the plan in `numbers`; what was not asked is not read yet.

    Unlike with a device of the site, nothing is agreed about the unit's pace: it may be of quite another type. Raises
    FieldError where the link is lost.
    """
    answers = [without_answer(span, _NOT_ASKED) for span in decoder.requests]
    payloads: list[bytes] = []
    for number, span in zip(placement.numbers, placement.requests, strict=True):
        payload = b""
        if numbers is None or number in numbers:
            answers[number], payload = await reader.answer(span)
        payloads.append(payload)
    whole, _ = placement.expand(payloads, [0] * len(payloads))
    return readout_of(decoder, placement, answers, whole)


def fewest_requests(decoder: Decoder, most: int) -> tuple[int, ...]:
    """The `most` requests that bring the most points, in their order."""
    brings = np.bincount(decoder.request_of_point, minlength=len(decoder.requests))
    return tuple(sorted(np.argsort(-brings, kind="stable")[:most].tolist()))
