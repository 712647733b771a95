"""Faults as text: what they mean, when they hold, and what is wrong with those that mean nothing. And their physics."""

from __future__ import annotations

import asyncio

import pytest

from hardware.virtual.faults import BadFault, FaultBoard, Targets, parse_fault, parse_span
from tests.virtual.sites import spec, value
from tests.virtual.wire import serving

TARGETS = Targets({"gw-quay"}, {"OPS-E01.1", "L-01"}, {"leak": ()}, {"L-01": ("illuminance_lx",)})


@pytest.mark.parametrize(
    ("text", "start_s", "end_s"),
    [
        ("silent:OPS-E01.1", 100.0, float("inf")),
        ("silent:OPS-E01.1@90s", 190.0, float("inf")),
        ("silent:OPS-E01.1@90s+2min", 190.0, 310.0),
        ("silent:OPS-E01.1+2min", 100.0, 220.0),
        ("silent:OPS-E01.1@1970-01-01T01:03:00+01:00+60s", 180.0, 240.0),
        ("silent:OPS-E01.1@1970-01-01T00:03:00Z", 180.0, float("inf")),
    ],
)
def test_a_fault_holds_from_its_time_for_its_span(text: str, start_s: float, end_s: float) -> None:
    fault = parse_fault(text, TARGETS, 100.0)
    assert (fault.start_s, fault.end_s, fault.text) == (start_s, end_s, "silent:OPS-E01.1")
    assert not fault.active(start_s - 0.1)
    assert fault.active(start_s)
    assert not fault.active(end_s)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("silnet:L-01", "no fault 'silnet' (did you mean 'silent'?)"),
        ("silent:L-02", "no device 'L-02' on this site (did you mean 'L-01'?)"),
        ("refuse:L-01", "no link 'L-01'"),
        ("leak:L-01:3", "L-01 is not a device that 'leak' can be given to"),
        ("sensor:L-01:illuminance", "L-01 has no illuminance that could be missing (did you mean 'illuminance_lx'?)"),
        ("silent", "needs the form silent:DEVICE"),
        ("late:L-01", "needs the form late:DEVICE:SECONDS"),
        ("late:L-01:soon", "'soon' is not a number"),
        ("exception:L-01:999", "'999' is not a number that exception takes"),
        ("silent:L-01@noon", "'noon' is neither a time"),
        ("silent:L-01@2026-11-22T14:30", "has no zone"),
        ("silent:L-01@5s+long", "is neither a time"),
        ("", "no fault ''"),
    ],
)
def test_a_wrong_fault_is_told_with_what_would_be_right(text: str, sentence: str) -> None:
    with pytest.raises(BadFault) as told:
        parse_fault(text, TARGETS, 0.0)
    assert sentence in str(told.value)


def test_spans_are_read_with_their_unit() -> None:
    assert [parse_span(text) for text in ("90s", "15min", "24h", "1.5h", "250ms")] == [90, 900, 86_400, 5400, 0.25]
    with pytest.raises(BadFault):
        parse_span("90")


def test_healing_takes_one_fault_all_of_a_thing_or_everything() -> None:
    board = FaultBoard()
    for text in ("silent:L-01", "late:L-01:2", "refuse:gw-quay"):
        board.give(parse_fault(text, TARGETS, 0.0))
    assert board.heal("silent:L-01") == 1
    assert board.heal("L-01") == 1
    assert board.heal("all") == 1
    assert board.heal("all") == 0


def test_faults_of_the_physics_come_and_go() -> None:
    devices = {
        "P": "ops_80005_2", "C": "lighting_cabinet", "W": "water_meter", "H": "kamstrup_multical", "S": "alfen_ng9",
    }  # fmt: skip

    async def scenario() -> None:
        async with serving(spec(devices)) as served:
            played = served.site.world
            failed, flow = value(played, "C/lamps_failed"), value(played, "W/flow_m3h")
            for text in ("lamps:C:7", "leak:W:25", "trip:P/alarms", "trip:S", "sensor:H:supply_c"):
                assert (await served.tell(text)).startswith("ok"), text
            assert value(played, "C/lamps_failed") == failed + 7
            assert value(played, "W/flow_m3h") > flow + 20
            assert value(played, "P/alarms") == 3
            assert value(played, "P/safety_loop") == 0
            assert value(played, "S/available") == 0
            async with served.client() as client:
                answer = await client.read_input_registers(264, count=2, device_id=4)
                assert answer.registers == [0x4339, 0x0000]  # 185.0: the sensor is open
            assert await served.tell("heal all") == "ok healed 5"
            assert value(played, "C/lamps_failed") == failed
            assert value(played, "W/flow_m3h") < flow + 5
            assert value(played, "P/alarms") == 0

    asyncio.run(scenario())


def test_a_fault_with_a_span_heals_by_itself() -> None:
    async def scenario() -> None:
        async with serving(spec({"C": "lighting_cabinet"})) as served:
            failed = value(served.site.world, "C/lamps_failed")
            await served.tell("lamps:C:7@100ms+300ms")
            seen = []
            for _ in range(12):
                seen.append(value(served.site.world, "C/lamps_failed") - failed)
                await asyncio.sleep(0.08)
            assert seen[0] == 0
            assert 7 in seen
            assert seen[-1] == 0

    asyncio.run(scenario())


def test_the_control_port_answers_questions_and_tells_what_it_does_not_understand() -> None:
    async def scenario() -> None:
        async with serving(spec({"C": "lighting_cabinet", "H": "kamstrup_multical"})) as served:
            assert await served.tell("faults") == "ok none"
            await served.tell("fault late:C:2")
            assert await served.tell("faults") == "ok late:C:2"
            assert (await served.tell("time")).startswith("ok 2026-01-14T20:00:0")
            assert "level=1 " in await served.tell("values C")
            assert await served.tell("speed 60") == "ok speed 60"
            assert served.site.speed == 60
            for command in ("speed fast", "speed 0", "dance", "values nobody", "sensor:C:power_kw", "sensor:H:door"):
                assert (await served.tell(command)).startswith("error "), command

    asyncio.run(scenario())
