"""Who answers on a link and what they say of themselves, asked of real servers on loopback; wrong answers are told."""

from __future__ import annotations

import asyncio
import struct

import pytest

from hardware.commissioning.identity import identify
from hardware.commissioning.search import find_units, takes_no_notice
from hardware.commissioning.visit import OwnVisit
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.modbus import Connection, FieldError, parse_link
from hardware.points import Reason
from hardware.profiles import Table
from hardware.scanner import Scanner
from tests.hardware.scripted import counting, registers, rtu, serving, tcp

QUICK_S = 0.5  # for who does not answer; who does has all the time a busy machine takes


def asking(script, conversation, framing="tcp", timeout_s=2.0):
    """Runs `conversation(visit, server)` over a connection of its own."""

    async def main():
        async with serving(script, framing) as server:
            kind = "tcp" if framing == "tcp" else "rtu+tcp"
            connection = Connection(parse_link(f"{kind}://127.0.0.1:{server.port}"), timeout_s)
            try:
                return await conversation(OwnVisit(connection), server)
            finally:
                connection.close()

    return asyncio.run(main())


def gateway(request):
    """Units 3 and 7 answer, 5 refuses the register, 9 is known to the gateway only; nobody else says a word."""
    if request.unit in (3, 7):
        return [tcp(request, registers(request.function, [1000 + request.unit]))]
    if request.unit == 5:
        return [tcp(request, bytes([request.function | 0x80, 2]))]
    if request.unit == 9:
        return [tcp(request, bytes([request.function | 0x80, 11]))]
    return []


def test_units_that_answer_are_found_and_an_exception_is_an_answer():
    told = []

    async def search(visit, server):
        return await find_units(visit, range(3, 11), told.append, QUICK_S, rest=0.0), server.requests

    found, requests = asking(gateway, search)
    assert [(unit.unit, unit.word) for unit in found] == [(3, 1003), (5, None), (7, 1007)]
    assert found[1].says == "answers, exception 2"
    assert [(news.asked, news.total) for news in told] == [(at, 8) for at in range(1, 9)]
    assert {request.function for request in requests} == {3}  # it only ever reads


def test_units_on_an_rtu_bus_are_found_behind_silent_ones():
    def bus(request):
        return [rtu(request.unit, registers(3, [request.unit]))] if request.unit in (2, 4) else []

    async def search(visit, _server):
        return await find_units(visit, range(2, 5), patience_s=QUICK_S, rest=0.0)

    assert [unit.unit for unit in asking(bus, search, "rtu")] == [2, 4]


def test_a_link_that_is_not_there_ends_the_search_with_its_reason():
    async def search(visit, server):
        server.open.clear()
        with pytest.raises(FieldError) as caught:
            await find_units(OwnVisit(Connection(parse_link("tcp://127.0.0.1:1"), 0.5)), range(1, 248))
        return caught.value.reason

    assert asking(gateway, search) is Reason.REFUSED


def test_a_search_that_is_cancelled_asks_nobody_else():
    async def search(visit, server):
        enough = asyncio.Event()
        task = asyncio.create_task(
            find_units(visit, range(1, 248), lambda news: enough.set() if news.asked == 3 else None, QUICK_S)
        )
        await enough.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        asked = len(server.requests)
        await asyncio.sleep(2 * QUICK_S)
        return asked, len(server.requests)

    before, after = asking(gateway, search)
    assert before == after


def test_one_device_that_answers_for_every_unit_is_seen_as_one_but_equal_devices_are_not():
    async def search(visit, _server):
        found = await find_units(visit, range(1, 6), patience_s=QUICK_S, rest=0.0)
        return await takes_no_notice(visit, found, range(1, 6), QUICK_S)

    def five_alike(request):
        return [tcp(request, registers(3, [77]))] if request.unit < 6 else []

    assert asking(lambda request: [tcp(request, registers(3, [77]))], search)
    assert not asking(five_alike, search)
    assert not asking(gateway, search)


# -- identification -------------------------------------------------------------------------------------------


def objects(detail, texts, following=None):
    """Body of an answer to function 43/14."""
    body = bytes([0x2B, 14, detail, 0x82, 0xFF if following is not None else 0, following or 0, len(texts)])
    return body + b"".join(bytes([number, len(text)]) + text for number, text in texts)


def telling(pages):
    """A device that tells `pages` (first object -> texts and the object that follows) and has no registers."""

    def script(request):
        if request.function == 0x2B:
            detail, first = request.body[1], request.body[2]
            texts, following = pages[first]
            return [tcp(request, objects(detail, texts, following))]
        return [tcp(request, bytes([request.function | 0x80, 2]))]

    return script


def named(script, framing="tcp"):
    return asking(script, lambda visit, _server: identify(visit, 1, QUICK_S), framing)


def test_identification_is_read_page_by_page():
    pages = {0: ([(0, b"Eastron"), (1, b"SDM630")], 4), 4: ([(4, b"SDM630 Modbus"), (0x81, b"x9")], None)}
    identity = named(telling(pages))
    assert identity.texts == (
        ("manufacturer", "Eastron"),
        ("product code", "SDM630"),
        ("product", "SDM630 Modbus"),
        ("object 129", "x9"),
    )
    assert (identity.title, identity.models) == ("Eastron SDM630 Modbus", ())


def test_a_device_that_tells_only_the_basics_is_asked_for_them():
    def script(request):
        if request.function == 0x2B and request.body[1] == 1:
            return [tcp(request, objects(1, [(0, b"ABB"), (1, b"B23")]))]
        return [tcp(request, bytes([request.function | 0x80, 3]))]

    assert named(script).title == "ABB B23"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (lambda detail: objects(detail, [(0, b"Eastron")])[:-2], "cut short"),
        (lambda detail: objects(detail, [(0, b"Eastron")]) + b"\0", "longer than it says"),
        (lambda detail: objects(4, [(0, b"Eastron")]), "answered identification 4 instead of"),
        (lambda detail: bytes([0x2B, 13, detail, 0, 0, 0, 0]), "no device identification"),
        (lambda detail: bytes([3, 2, 0, 1]), "answered function 3 instead of 43"),
    ],
    ids=["cut", "long", "other", "no", "read"],
)
def test_an_identification_that_does_not_fit_the_question_is_refused(body, says):
    def script(request):
        if request.function != 0x2B:
            return [tcp(request, bytes([request.function | 0x80, 2]))]
        return [tcp(request, body(request.body[1]))]

    identity = named(script)
    assert identity.texts == ()
    assert says in identity.why_not


def test_the_models_of_a_sunspec_device_are_told():
    words = {40000: 0x5375, 40001: 0x6E53, 40002: 1, 40003: 66, 40070: 103, 40071: 50, 40122: 0xFFFF, 40123: 0}

    def script(request):
        if request.function != 3 or request.address not in words:
            return [tcp(request, bytes([request.function | 0x80, 2]))]
        return [tcp(request, struct.pack(">BBHH", 3, 4, words[request.address], words[request.address + 1]))]

    assert [(model.model, model.start) for model in named(script).models] == [(1, 40002), (103, 40070)]


# -- a link that is being read --------------------------------------------------------------------------------


def test_a_search_on_a_link_that_is_read_goes_in_turn_and_loses_no_reading():
    """The device of the site is read on while silent units are looked for on the same link."""
    field = [DeviceSpec("M1", "bus", 1, "eastron_sdm630", every_s=0.2)]

    def script(request):
        return [tcp(request, counting(request))] if request.unit == 1 else []

    async def main():
        async with serving(script) as server:
            spec = FieldSpec((LinkSpec("bus", f"tcp://127.0.0.1:{server.port}", 1.0),), tuple(field))
            scanner = Scanner(spec, lambda batch: None)
            run = asyncio.create_task(scanner.run())
            while not scanner.stats().answering:
                await asyncio.sleep(0.01)
            before = scanner.stats()

            async def visit(work):
                return await scanner.on_link("bus", work)

            found = await find_units(visit, range(1, 4), patience_s=1.0, rest=0.0)
            with pytest.raises(KeyError):
                await scanner.on_link("nowhere", lambda connection: connection.read(1, Table.HOLDING, 0, 1))
            after = scanner.stats()
            scanner.stop()
            await run
            return found, before, after

    found, before, after = asyncio.run(main())
    assert [unit.unit for unit in found] == [1]
    assert after.requests >= before.requests + 2  # between the questions it had its turn
    assert (after.lost, after.wrong_answers) == (before.lost, before.wrong_answers)
