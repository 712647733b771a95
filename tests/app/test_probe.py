"""`main.py probe` against devices served on loopback, byte by byte."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from energy_console.app import main
from hardware.profiles import encode_value, layout_of, plan_reads, profile
from tests.hardware.chains import answering, chain
from tests.hardware.scripted import counting, registers, serving, tcp


@pytest.fixture
def served():
    """Starts a script in a loop of its own thread; returns its link."""
    stops = []

    def start(script):
        ready, loop = threading.Event(), asyncio.new_event_loop()
        port, done = [], asyncio.Event()

        async def serve():
            async with serving(script) as server:
                port.append(server.port)
                ready.set()
                await done.wait()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()
        stops.append((loop, done, thread))
        assert ready.wait(5)
        return f"tcp://127.0.0.1:{port[0]}"

    yield start
    for loop, done, thread in stops:
        loop.call_soon_threadsafe(done.set)
        thread.join(5)
        loop.close()


def device_of(name, values):
    """A script that answers as a device of profile `name` with `values`."""
    loaded = profile(name)
    words = {}
    for spread in layout_of(loaded):
        words.update({(spread.table.value, address): 0 for address in range(spread.address, spread.end)})
    for fixed in loaded.fixed:
        words.update({(fixed.table.value, fixed.address + at): word for at, word in enumerate(fixed.words)})
    for quantity, (value, exponent) in values.items():
        point = loaded.point(quantity)
        for at, word in enumerate(encode_value(point, value, exponent)):
            words[(point.table.value, point.address + at)] = word

    def script(request):
        table = "input" if request.function == 4 else "holding"
        wanted = [(table, request.address + at) for at in range(request.count)]
        if any(key not in words for key in wanted):
            return [tcp(request, bytes([request.function | 0x80, 2]))]
        return [tcp(request, registers(request.function, [words[key] for key in wanted]))]

    return script


def test_a_profile_is_read_whole(served, capsys):
    link = served(device_of("eastron_sdm630", {"power_kw": (12.5, 0), "frequency_hz": (50.0, 0)}))
    assert main(["probe", link, "--unit", "3", "--profile", "eastron_sdm630", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["unit"], document["profile"]) == (3, "eastron_sdm630")
    asked = [(request["address"], request["count"]) for request in document["requests"]]
    assert asked == [(span.address, span.count) for span in plan_reads(profile("eastron_sdm630"))]
    assert not any(request["error"] for request in document["requests"])
    power = next(point for point in document["points"] if point["quantity"] == "power_kw")
    assert (power["value"], power["unit"], power["quality"], power["words"]) == (12.5, "kW", "good", [0x4643, 0x5000])
    assert main(["probe", link, "--unit", "3", "--profile", "eastron_sdm630"]) == 0
    shown = capsys.readouterr().out
    assert "12.5 kW" in shown
    assert "4643 5000" in shown


def test_states_and_missing_sensors_are_told_in_words(served, capsys):
    link = served(device_of("ops_80005_2", {"step": (8, 0), "alarms": (5, 0), "insulation_kohm": (float("nan"), 0)}))
    assert main(["probe", link, "--unit", "1", "--profile", "ops_80005_2", "--json"]) == 0
    points = {point["quantity"]: point for point in json.loads(capsys.readouterr().out)["points"]}
    assert points["step"]["text"] == "supplied"
    assert points["alarms"]["text"] == "emergency stop, overcurrent trip"
    assert (points["insulation_kohm"]["value"], points["insulation_kohm"]["reason"]) == (None, "no value")


def test_the_sunspec_chain_is_walked(served, capsys):
    link = served(device_of("sunspec_103", {"generation_kw": (8.4, 1), "state": (4, 0)}))
    assert main(["probe", link, "--unit", "1", "--sunspec", "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert [(model["model"], model["address"]) for model in models] == [(1, 40002), (103, 40070)]
    assert models[0]["identity"]["manufacturer"] == "energy-console"
    points = {point["quantity"]: point for point in models[1]["points"]}
    assert points["generation_kw"]["value"] == pytest.approx(8.4)
    assert points["state"]["text"] == "producing"
    assert main(["probe", link, "--unit", "1", "--sunspec"]) == 0
    assert "model   103 at 40070,  50 registers: inverter, three phases" in capsys.readouterr().out


def test_models_that_nobody_knows_are_named_by_their_family(served, capsys):
    link = served(answering(chain([(103, 50, {14: 1234, 15: 0}), (64777, 5, {}), (190, 3, {}), (804, 46, {})], 50000)))
    assert main(["probe", link, "--unit", "1", "--sunspec"]) == 0
    shown = capsys.readouterr().out
    assert "model   103 at 50070,  50 registers: inverter, three phases" in shown
    assert "1.234 kW" in shown
    assert "model 64777 at 50122,   5 registers: not known here; its number is from the family: a maker's own" in shown
    assert "model   190 at 50129,   3 registers: not known here; its number is from the family: inverter" in shown
    assert "model   804 at 50134,  46 registers: lithium-ion string" in shown


def test_raw_registers_are_shown_as_they_are(served, capsys):
    link = served(lambda request: [tcp(request, counting(request))])
    assert main(["probe", link, "--unit", "1", "--raw", "holding:65:130", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["words"] == list(range(65, 195))
    assert main(["probe", link, "--unit", "1", "--raw", "holding:65:1"]) == 0
    assert capsys.readouterr().out.split() == ["holding", "65", "0041", "65", "65", ".A"]


def test_a_device_that_does_not_answer_is_a_sentence_and_exit_1(served, capsys):
    link = served(lambda request: [])
    assert main(["probe", link, "--unit", "9", "--raw", "holding:0:1", "--timeout", "100ms"]) == 1
    assert capsys.readouterr().err == f"Unit 9 at {link}: no answer in 0.1 s.\n"
    assert main(["probe", link, "--unit", "9", "--profile", "abb_b23", "--timeout", "100ms"]) == 1
    assert "no answer in 0.1 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["http://x", "--unit", "1", "--sunspec"], "has to start with tcp://"),
        (["tcp://x", "--unit", "999", "--sunspec"], "outside 0 to 255"),
        (["tcp://x", "--unit", "1", "--profile", "abb_b32"], "did you mean 'abb_b23'"),
        (["tcp://x", "--unit", "1", "--raw", "holding:1"], "write TABLE:ADDRESS:COUNT"),
        (["tcp://x", "--unit", "1", "--raw", "holding:65530:10"], "leaves the 65536 addresses"),
        (["tcp://x", "--unit", "1", "--sunspec", "--timeout", "soon"], "is not a span"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(arguments, says, capsys):
    assert main(["probe", *arguments]) == 2
    assert says in capsys.readouterr().err
