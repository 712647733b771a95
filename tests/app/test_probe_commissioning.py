"""`main.py probe` finding, identifying, reading in every way and saving, against real devices on loopback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from energy_console.app import main
from energy_console.site.loader import load_site
from tests.app.test_probe import device_of, served  # noqa: F401 - the fixture is used by name
from tests.hardware.scripted import tcp

ONE_METER = Path(__file__).parents[2] / "sites" / "one-meter"
VALUES = {
    "power_kw": (12.5, 0),
    "frequency_hz": (50.01, 0),
    "voltage_l1_v": (231.4, 0),
    "voltage_l2_v": (230.2, 0),
    "voltage_l3_v": (229.9, 0),
}


@pytest.fixture
def meter(served):  # noqa: F811
    """A meter at unit 3 and nobody else; returns the link."""
    answer = device_of("eastron_sdm630", VALUES)

    def script(request):
        if request.unit != 3:
            return [tcp(request, bytes([request.function | 0x80, 11]))]
        return [tcp(request, bytes([0xAB, 1]))] if request.function == 0x2B else answer(request)

    return served(script)


@pytest.fixture
def site(tmp_path):
    return Path(shutil.copytree(ONE_METER, tmp_path / "site"))


def told(capsys):
    return json.loads(capsys.readouterr().out)


def test_units_are_found(meter, capsys):
    assert main(["probe", meter, "--find", "--units", "1-5,3,9", "--timeout", "5s", "--json"]) == 0
    document = told(capsys)
    assert (document["asked"], [unit["unit"] for unit in document["found"]]) == (6, [3])
    assert main(["probe", meter, "--find", "--units", "1-5", "--timeout", "5s"]) == 0
    assert "1 of 5 units answer." in capsys.readouterr().out
    assert main(["probe", meter, "--find", "--units", "7"]) == 1


def test_a_unit_is_identified_by_its_registers(meter, capsys):
    assert main(["probe", meter, "--unit", "3", "--identify", "--json"]) == 0
    document = told(capsys)
    assert document["identity"] == {}
    assert "exception 1" in document["identity_missing"]
    assert document["profiles"][0]["profile"] == "eastron_sdm630"
    assert main(["probe", meter, "--unit", "3", "--identify"]) == 0
    assert "eastron_sdm630" in capsys.readouterr().out.split("Profiles that fit")[1].splitlines()[1]


def test_registers_are_read_in_every_way(meter, capsys):
    ask = ["probe", meter, "--unit", "3", "--raw", "input:2:2", "--candidates", "--over", "40ms"]
    assert main([*ask, "--json"]) == 0
    document = told(capsys)
    best = document["candidates"][0]
    assert (best["type"], best["order"], best["address"], best["unit"]) == ("float32", "ABCD", 2, "V")
    assert document["words"][0] == [0x4366, 0x3333]
    assert main(ask) == 0
    assert "reads 230.2 V: mains voltage" in capsys.readouterr().out


def test_what_was_read_is_saved_and_the_site_stays_sound(meter, site, capsys):
    ask = ["probe", meter, "--unit", "3", "--profile", "eastron_sdm630", "--save", str(site), "--id", "M7"]
    ask += ["--area", "buildings", "--link", "cellar", "--every", "5s"]
    before = (site / "devices.csv").read_bytes()
    assert main([*ask, "--dry-run"]) == 0
    assert "Nothing is written" in capsys.readouterr().out
    assert (site / "devices.csv").read_bytes() == before
    assert main([*ask, "--json"]) == 0
    saved = told(capsys)["saved"]
    assert [Path(path).name for path in saved["back_ups"]] == ["links.csv.bak", "devices.csv.bak"]
    device = load_site(site).device("M7")
    assert (device.spec.unit, device.spec.every_s, device.spec.link) == (3, 5.0, "cellar")
    assert main(ask) == 2
    assert "leave --link cellar out" not in capsys.readouterr().err  # it is the same link; the device is there twice
    assert main(["check", str(site)]) == 0


def test_a_device_that_does_not_answer_is_not_saved(meter, site, capsys):
    ask = ["probe", meter, "--unit", "4", "--profile", "eastron_sdm630", "--save", str(site), "--id", "M7"]
    before = (site / "devices.csv").read_bytes()
    assert main([*ask, "--area", "buildings", "--link", "cellar"]) == 1
    assert "nothing is saved" in capsys.readouterr().err
    assert (site / "devices.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--sunspec"], "--unit N is missing"),
        (["--find", "--units", "0-5"], "names no units from 1 to 255"),
        (["--find", "--units", "five"], "names no units"),
        (["--unit", "1", "--sunspec", "--candidates"], "--candidates goes with --raw"),
        (["--unit", "1", "--sunspec", "--save", "x"], "--save goes with --profile"),
        (["--unit", "1", "--raw", "holding:0:2", "--candidates", "--expect", "colour"], "write one of voltage"),
        (["--unit", "1", "--raw", "holding:0:101", "--candidates"], "up to 100 registers"),
        (["--unit", "1", "--raw", "coil:0:2", "--candidates"], "needs none"),
        (["--unit", "1", "--profile", "abb_b23", "--save", str(ONE_METER)], "--save needs --id"),
        (
            ["--unit", "1", "--profile", "abb_b23", "--save", str(ONE_METER), "--id", "M", "--area", "grid"],
            "name it with --link NAME",
        ),
        (
            ["--unit", "1", "--profile", "abb_b23", "--save", str(ONE_METER), "--id", "M", "--area", "cellar"],
            "--area cellar is not known",
        ),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(arguments, says, capsys):
    assert main(["probe", "tcp://127.0.0.1:1", *arguments]) == 2
    assert says in capsys.readouterr().err
