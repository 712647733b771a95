"""Which profile a unit is of, guessed from its registers alone, over a real connection."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

from hardware.commissioning.fit import profile_fits
from hardware.commissioning.identity import Identity, identify
from hardware.commissioning.registers import UnitReader, read_window
from hardware.commissioning.visit import OwnVisit
from hardware.modbus import Connection, FieldError, parse_link
from hardware.profiles import Span, Table, profile, profile_names
from tests.hardware.commissioning.real_maps import registers_of
from tests.hardware.scripted import registers, serving, tcp

PATIENCE_S = 2.0
FIRST_FLOOR, THREE_FLOOR = 0.6, 0.9
THREE_FLOOR_AMONG_ZEROS = 0.75  # sisters of one maker share most registers, and zeros elsewhere tell them not apart


def device(words, *, everywhere=False):
    """A device with these registers; others are refused, or zero where it answers `everywhere`."""
    tables = {3: Table.HOLDING, 4: Table.INPUT}

    def script(request):
        table = tables.get(request.function)
        wanted = [(table, request.address + at) for at in range(request.count)] if table else []
        if not wanted or not (everywhere or all(key in words for key in wanted)):
            return [tcp(request, bytes([request.function | 0x80, 2]))]
        return [tcp(request, registers(request.function, [words.get(key, 0) for key in wanted]))]

    return script


def asking(script, conversation):
    async def main():
        async with serving(script) as server:
            connection = Connection(parse_link(f"tcp://127.0.0.1:{server.port}"), PATIENCE_S)
            try:
                return await conversation(OwnVisit(connection), server)
            finally:
                connection.close()

    return asyncio.run(main())


def guessed(name, *, everywhere):
    words = next(registers_of(profile(name), random.Random(name)))

    async def conversation(visit, server):
        identity = await identify(visit, 1, PATIENCE_S)
        every = [profile(known) for known in profile_names()]
        fits = await profile_fits(visit, 1, every, identity, PATIENCE_S, pause_s=0.0)
        assert {request.function for request in server.requests} <= {1, 2, 3, 4, 0x2B}  # it asks, it never writes
        return fits

    return asking(device(words, everywhere=everywhere), conversation)


@pytest.mark.parametrize("everywhere", [False, True], ids=["its-own-registers", "every-register"])
def test_the_right_profile_is_mostly_first_and_nearly_always_among_three(everywhere):
    ranks = {}
    for name in profile_names():
        order = [fit.profile for fit in guessed(name, everywhere=everywhere)]
        ranks[name] = order.index(name) + 1
    count = len(ranks)
    assert sum(rank == 1 for rank in ranks.values()) >= FIRST_FLOOR * count, ranks
    floor = THREE_FLOOR_AMONG_ZEROS if everywhere else THREE_FLOOR
    assert sum(rank <= 3 for rank in ranks.values()) >= floor * count, ranks


def test_a_fit_says_why():
    fits = guessed("eastron_sdm630", everywhere=False)
    assert fits[0].profile == "eastron_sdm630"
    assert fits[0].reason.startswith("reads ")
    assert fits[-1].score == 0.0
    assert fits[-1].reason


def test_a_device_that_names_itself_is_believed_before_one_that_only_looks_alike():
    words = next(registers_of(profile("eastron_sdm630"), random.Random(3)))
    named = Identity((("manufacturer", "Eastron"), ("product", "SDM630 three-phase meter")))

    async def both(visit, _server):
        every = [profile("eastron_sdm630")]
        plain = await profile_fits(visit, 1, every, Identity(), PATIENCE_S, pause_s=0.0)
        told = await profile_fits(visit, 1, every, named, PATIENCE_S, pause_s=0.0)
        return plain[0], told[0]

    plain, told = asking(device(words), both)
    assert told.score > plain.score
    assert told.reason.startswith("it calls itself Eastron SDM630")


def windowed(words, span, **options):
    async def conversation(visit, _server):
        return await read_window(UnitReader(visit, 1, PATIENCE_S), span, **options)

    return asking(device(words), conversation)


def test_a_window_holds_what_answers_around_the_registers_asked_for():
    words = {(Table.HOLDING, at): at for at in range(100, 112)}
    window = windowed(words, Span(Table.HOLDING, 104, 2), samples=3, every_s=0.0)
    answered = window.words[-1][window.known]
    assert window.words.shape == (3, 2 + 2 * 8)
    assert answered.tolist() == list(range(100, 112))
    assert np.flatnonzero(window.known)[0] + window.address == 100
    assert len(window.seconds) == 3


def test_a_window_of_nothing_is_the_reason_why():
    with pytest.raises(FieldError, match="exception 2"):
        windowed({}, Span(Table.HOLDING, 104, 2), samples=1, every_s=0.0)
