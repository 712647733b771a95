"""One device read over several models of its chain: gaps, foreign models, other lengths, an exchanged device."""

from __future__ import annotations

import asyncio
import math

import pytest

from hardware.modbus import Connection, Decoder, DeviceLine, FieldError, find_placement, parse_link
from hardware.points import Reason, detail_of, reason_of
from hardware.profiles import NoValue, ProfileFaults, layout_of, load_profile, plan_reads
from tests.hardware.chains import answering, chain
from tests.hardware.scripted import serving
from tests.hardware.test_scanner import scan

TYPE = """format = 1
name = "sample"
title = "Sample"
maker = "Nobody"
kind = "inverter"
source = "none"

[[sunspec]]
model = 103
also = [101, 102]
length = 50
played = [0, 0, 0, 0, 0xFFFF]

[[sunspec]]
model = 123
length = 24

[[sunspec]]
model = 160
length = 48

[defaults]
table = "holding"

[point.generation_kw]
name = "Power generated"
model = 103
address = 14
type = "int16"
scale = 0.001
scale_register = 15

[point.events]
name = "Events"
model = 103
address = 40
type = "bitfield32"

[point.generation_limit]
name = "Limit"
model = 123
address = 5
type = "uint16"
unit = "1"
scale = 0.01
scale_register = 23
writable = true
tolerance = 0.001
fallback = "The inverter makes what it can."

[point."dc{n}_power_kw"]
name = "Power of DC input {n}"
model = 160
address = 21
repeat = 2
step = 20
type = "uint16"
scale = 0.001
scale_register = 4
"""
INVERTER = (103, 50, {14: 1234, 15: 1, 40: 0, 41: 5})
CONTROLS = (123, 24, {5: 100, 23: 0})
INPUTS = (160, 48, {4: 0, 21: 700, 41: 800})
FOREIGN = (64001, 30, dict.fromkeys(range(2, 32), 0x5AA5))


def write(tmp_path, text=TYPE):
    path = tmp_path / "sample.toml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


@pytest.fixture
def loaded(tmp_path):
    return write(tmp_path)


def read(loaded, words):
    """Values and (reason, detail) by quantity of one device read once."""

    async def main():
        async with serving(answering(words)) as server:
            connection = Connection(parse_link(f"tcp://127.0.0.1:{server.port}"), 2.0)
            readout = await DeviceLine(connection, Decoder(loaded), 1).read_all()
            connection.close()
            return readout

    readout = asyncio.run(main())
    names = [point.quantity for point in loaded.points]
    value = dict(zip(names, map(float, readout.value), strict=True))
    status = {
        name: (reason_of(int(code)), detail_of(int(code))) for name, code in zip(names, readout.status, strict=True)
    }
    return value, status


GOOD = (Reason.GOOD, 0)
NOT_FITTED = (Reason.NO_VALUE, NoValue.NOT_FITTED)


def test_a_profile_has_its_models_one_behind_the_other_and_asks_for_each_alone(loaded):
    assert [(model.start, model.end) for model in loaded.sunspec] == [(40002, 40054), (40054, 40080), (40080, 40130)]
    assert [(span.address, span.count) for span in plan_reads(loaded)] == [(40002, 42), (40054, 24), (40080, 42)]
    (layout,) = layout_of(loaded)
    assert (layout.address, layout.end) == (40000, 40132)
    assert loaded.fixed[0].words[:8] == (0x5375, 0x6E53, 103, 50, 0, 0, 0, 0)
    assert loaded.point("dc2_power_kw").address == 40080 + 41
    assert loaded.point("dc2_power_kw").name == "Power of DC input 2"


@pytest.mark.parametrize("base", [40000, 0, 50000, 40001, 1])
def test_every_model_is_found_wherever_the_chain_has_it(loaded, base):
    value, status = read(loaded, chain([INPUTS, FOREIGN, CONTROLS, FOREIGN, INVERTER], base))
    assert value["generation_kw"] == pytest.approx(12.34)
    assert (value["generation_limit"], value["dc1_power_kw"], value["dc2_power_kw"]) == pytest.approx((1.0, 0.7, 0.8))
    assert value["events"] == 5
    assert set(status.values()) == {GOOD}


def test_another_model_of_the_same_layout_will_do(loaded):
    value, status = read(loaded, chain([(101, 50, INVERTER[2])]))
    assert value["generation_kw"] == pytest.approx(12.34)
    assert status["generation_limit"] == NOT_FITTED


def test_a_model_that_is_not_there_is_not_fitted_and_harms_no_other(loaded):
    value, status = read(loaded, chain([FOREIGN, INVERTER]))
    assert value["generation_kw"] == pytest.approx(12.34)
    missing = {name for name, code in status.items() if code == NOT_FITTED}
    assert missing == {"generation_limit", "dc1_power_kw", "dc2_power_kw"}
    assert all(math.isnan(value[name]) for name in missing)


def test_a_longer_model_is_read_and_a_shorter_one_as_far_as_it_goes(loaded):
    longer, shorter = (103, 60, INVERTER[2]), (160, 28, INPUTS[2] | {41: 0})
    value, status = read(loaded, chain([longer, shorter, CONTROLS]))
    assert (value["events"], value["dc1_power_kw"], value["generation_limit"]) == pytest.approx((5, 0.7, 1.0))
    assert status["dc2_power_kw"] == NOT_FITTED
    _, status = read(loaded, chain([(103, 38, {14: 1, 15: 0}), (123, 10, {5: 100})]))
    assert status["generation_kw"] == GOOD
    assert status["events"] == NOT_FITTED
    assert status["generation_limit"] == NOT_FITTED  # the point is there, its scale factor is not


def test_a_chain_whose_end_mark_was_left_out_ends_with_its_registers(loaded):
    words = chain([INVERTER])
    del words[40122], words[40123]
    value, status = read(loaded, words)
    assert value["generation_kw"] == pytest.approx(12.34)
    assert status["generation_limit"] == NOT_FITTED


def test_of_several_models_of_one_number_the_one_meant_is_read(tmp_path):
    second = """
[[sunspec]]
model = 103
nth = 2
length = 50

[point.second_kw]
name = "Power of the second"
model = 103
nth = 2
address = 14
type = "int16"
scale = 0.001
scale_register = 15
"""
    loaded = write(tmp_path, TYPE + second)
    value, _ = read(loaded, chain([INVERTER, FOREIGN, (103, 50, {14: 77, 15: 0})]))
    assert (value["generation_kw"], value["second_kw"]) == (pytest.approx(12.34), pytest.approx(0.077))
    _, status = read(loaded, chain([INVERTER]))
    assert status["second_kw"] == NOT_FITTED


def test_what_is_not_implemented_is_not_fitted(loaded):
    empty = (103, 50, {14: 0x8000, 15: 1, 40: 0xFFFF, 41: 0xFFFF})
    _, status = read(loaded, chain([empty, (123, 24, {5: 0xFFFF, 23: 0}), (160, 48, {4: 0x8000, 21: 700})]))
    assert {status[name] for name in ("generation_kw", "events", "generation_limit")} == {NOT_FITTED}
    assert status["dc1_power_kw"][0] is Reason.NO_VALUE  # no scale factor, no value


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (chain([FOREIGN]), "no SunSpec model 103, 101, 102, 123 or 160"),
        (chain([]), "no SunSpec model 103"),
        (dict.fromkeys(range(50010), 0), "no SunSpec mark"),
        (chain([(0, 0, {})]), "without an end"),
        (chain([(7, 3, {1: 0xFFF0})]), "without an end"),
    ],
)
def test_a_device_that_is_no_such_thing_says_why(loaded, words, says):
    async def main():
        async with serving(answering(words)) as server:
            connection = Connection(parse_link(f"tcp://127.0.0.1:{server.port}"), 2.0)
            try:
                await find_placement(connection, 1, Decoder(loaded))
            finally:
                connection.close()

    with pytest.raises(FieldError, match=says):
        asyncio.run(main())


def test_the_scan_walks_the_chain_once_and_remembers_it(loaded):
    log = scan([answering(chain([INVERTER, CONTROLS]))], [("PV", 0, 1)], 0.6, loaded=loaded)
    asked = [(request.address, request.count) for request in log.servers[0].requests]
    assert asked.count((40000, 2)) == 1
    assert asked.count((40070, 42)) >= 3
    assert set(log.reasons("PV/generation_kw")) == {Reason.GOOD}
    assert set(log.reasons("PV/dc1_power_kw")) == {Reason.NO_VALUE}
    assert log.scanner.states()["PV"].state == "answering"


def test_another_device_in_its_place_is_noticed_and_walked_anew(loaded):
    """Not one reading is taken from a register that has become something else."""
    here = [chain([INVERTER, CONTROLS])]

    async def swap(scanner, servers):
        while not len(servers[0].requests) > 12:
            await asyncio.sleep(0.02)
        here[0] = chain([FOREIGN, (103, 50, {14: 77, 15: 0})])
        while not [request for request in servers[0].requests if request.address == 40102 and request.count == 42]:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.15)

    log = scan([answering(lambda: here[0])], [("PV", 0, 1)], 0.1, loaded=loaded, during=swap)
    read_values = [value for value, reason, _ in log.of("PV/generation_kw") if reason is Reason.GOOD]
    assert {round(value, 6) for value in read_values} == {12.34, 0.077}
    assert Reason.WRONG_ANSWER in log.reasons("PV/generation_kw")
    assert log.reasons("PV/generation_limit")[-1] is Reason.NO_VALUE


def test_a_device_exchanged_while_it_was_lost_is_walked_anew(loaded):
    here = [chain([INVERTER, CONTROLS])]

    async def swap(scanner, servers):
        while scanner.states()["PV"].state != "answering":
            await asyncio.sleep(0.02)
        here[0] = {}  # says nothing at all
        while scanner.states()["PV"].state != "silent":
            await asyncio.sleep(0.02)
        here[0] = chain([CONTROLS, FOREIGN, (102, 50, {14: 55, 15: 0})], 0)
        while scanner.states()["PV"].state != "answering":
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.15)

    def script(request):
        return answering(here[0])(request) if here[0] else []

    log = scan([script], [("PV", 0, 1)], 0.1, loaded=loaded, during=swap)
    read_values = [value for value, reason, _ in log.of("PV/generation_kw") if reason is Reason.GOOD]
    assert {round(value, 6) for value in read_values} == {12.34, 0.055}
    assert Reason.TIMEOUT in log.reasons("PV/generation_kw")


def test_nothing_is_written_where_another_model_stands_by_now(loaded):
    words = chain([INVERTER, CONTROLS])

    async def main():
        async with serving(answering(words)) as server:
            connection = Connection(parse_link(f"tcp://127.0.0.1:{server.port}"), 2.0)
            line = DeviceLine(connection, Decoder(loaded), 1)
            limit = loaded.point("generation_limit")
            await line.write_point(limit, 0.6)
            assert await line.read_point(limit) == (pytest.approx(0.6), 0)
            was = words[40070 + 52 + 5]
            words[40070 + 52] = 64001
            with pytest.raises(FieldError, match="another chain"):
                await line.write_point(limit, 0.3)
            connection.close()
            return was

    assert asyncio.run(main()) == 60
    assert words[40070 + 52 + 5] == 60


@pytest.mark.parametrize(
    ("was", "now", "line", "says"),
    [
        (
            "model = 103\naddress = 14",
            "address = 14",
            25,
            "which model of the chain the point is in; write model = one of 103, 101",
        ),
        ("model = 103\naddress = 14", "model = 120\naddress = 14", 27, "Nobody knows which model of the chain"),
        ("model = 123\naddress = 5", "model = 123\naddress = 26", 42, "outside model 123; that has 26 registers"),
        ("step = 20", "", 55, "whole numbers above 0"),
        ("length = 24", "length = 70000", 16, "outside 1"),
        ("played = [0,", "played = [" + "0," * 60, 12, "do not fit a model of 50"),
    ],
)
def test_a_chain_that_cannot_be_is_told_with_its_line(tmp_path, was, now, line, says):
    assert was in TYPE
    with pytest.raises(ProfileFaults) as caught:
        write(tmp_path, TYPE.replace(was, now, 1))
    told = [str(fault) for fault in caught.value.faults]
    assert any(text.startswith("sample.toml:") and says in text for text in told), told
    assert any(text.startswith(f"sample.toml:{line}:") for text in told), told
