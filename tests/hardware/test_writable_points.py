"""What a profile has to declare of a point that can be written, and what no profile can make writable."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hardware.commands import why_not
from hardware.points import Allowed
from hardware.profiles import ProfileFaults, load_profile, points_of, profile, profile_names
from hardware.profiles.library import FOLDER
from hardware.profiles.model import Need, Purpose

STATION = (FOLDER / "ops_80005_2.toml").read_text(encoding="utf-8")
SHED = '[point.request_load_reduction_kw]\nname = "Requested load reduction"\naddress = 40\nwritable = true\n'


def load(tmp_path, text):
    path = tmp_path / "ops_80005_2.toml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


def faults_of(tmp_path, text):
    with pytest.raises(ProfileFaults) as caught:
        load(tmp_path, text)
    return [fault.text for fault in caught.value.faults]


@pytest.mark.parametrize("name", profile_names())
def test_every_writable_point_says_what_holds_when_nobody_commands_it(name):
    loaded = profile(name)
    for point in loaded.points:
        if point.writable:
            assert loaded.fallback(point.quantity).endswith(".")


def test_shore_power_takes_two_requests_and_nothing_else():
    station = profile("ops_80005_2")
    writable = {point.quantity: point for point in station.points if point.writable}
    assert set(writable) == {"request_load_reduction_kw", "request_transfer_back"}
    for point in writable.values():
        assert point.purpose is Purpose.REQUEST
        assert point.fallback_value == 0.0
        assert point.needs == (Need("step", Allowed((8.0,))), Need("communication_fault", Allowed((0.0,))))


def breaker(table, lines):
    return STATION + f'\n[point.ship_breaker_close]\nname = "Ship"\naddress = 60\n{table}writable = true\n{lines}'


@pytest.mark.parametrize(
    "text",
    [
        breaker("", 'fallback = "None."\n'),
        breaker("", 'purpose = "request"\nfallback = "None."\n'),
        breaker('table = "coil"\ntype = "bit"\n', 'purpose = "request"\nfallback = "None."\n'),
        breaker("", 'fallback = "None."\n').replace('kind = "ops"', 'kind = "meter"'),
        breaker("", 'purpose = "request"\nfallback = "None."\n').replace("ship_breaker_close", "request_supply"),
        STATION.replace(SHED, SHED.replace("address = 40", 'address = 3\ntable = "coil"\ntype = "bit"')),
        STATION.replace(SHED, SHED.replace("Requested load reduction", "Shore breaker")),
        STATION.replace(SHED, SHED + 'write_at = { address = 5, type = "uint16" }\n'),
        STATION.replace("settle_ms = 100", 'settle_ms = 100\nkeys = { "*" = [[5, 12]] }'),
        STATION.replace('purpose = "request"', 'purpose = "set-point"'),
    ],
    ids=[
        "set-point",
        "request",
        "coil",
        "meter",
        "other request",
        "request as coil",
        "named so",
        "elsewhere",
        "by a key",
        "held",
    ],
)
def test_a_breaker_planted_in_a_profile_is_refused(tmp_path, text):
    assert text != STATION
    told = faults_of(tmp_path, text)
    assert any(
        "requests only" in t or "Switchgear" in t or "coil" in t or "no key" in t or "read back where" in t
        for t in told
    ), told


@pytest.mark.parametrize("quantity", ["ship_breaker", "shore_breaker", "safety_loop", "permissive", "step"])
def test_a_profile_made_in_code_cannot_command_a_shore_power_point_either(quantity):
    station = profile("ops_80005_2")
    coded = replace(station.point(quantity), writable=True, bit=None, purpose=Purpose.REQUEST, fallback="None.")
    made = replace(station, points=tuple(coded if p.quantity == quantity else p for p in station.points))
    point = replace(next(p for p in points_of(made, "S") if p.quantity == quantity), states=())
    assert point.writable
    assert why_not(made, point, coded, 1.0)


WRONG = (
    ('step = "supplied", communication', 'step = "suplied", communication', "did you mean 'supplied'?"),
    ('step = "supplied", communication', 'stepp = "supplied", communication', "did you mean 'step'?"),
    ('step = "supplied", communication', "step = [], communication", "Name the states"),
    ('step = "supplied", communication', "power_kw = [5, 1], communication", "[lowest, highest]"),
    ('step = "supplied", communication', 'power_kw = "much", communication', "[lowest, highest]"),
    ('step = "supplied", communication', "request_load_reduction_kw = [0, 1], communication", "its own interlock"),
    ('needs = { step = "supplied", communication_fault = "no" }', 'needs = "supplied"', "This is no table"),
    ("fallback_value = 0\n", "fallback_value = -3\n", "outside what may be written"),
    ("fallback_value = 0\n", "rate_per_s = 5\n", "no steps between"),
    ('\npurpose = "request"', '\npurpose = "wish"', "'wish' is not known"),
    ("[point.step]\nname", '[point.step]\nfallback = "x"\nname', "for a point that can be written"),
    (
        'fallback = "The request stands until it is withdrawn; the crew decides what to make of it."\n',
        "",
        "say it with fallback",
    ),
)


@pytest.mark.parametrize(("old", "new", "says"), WRONG)
def test_a_wrong_declaration_is_told_in_a_sentence(tmp_path, old, new, says):
    assert old in STATION
    assert any(says in text for text in faults_of(tmp_path, STATION.replace(old, new, 1)))


def test_an_interlock_that_is_not_known_is_not_met():
    assert not Allowed((8.0,)).holds(math.nan)
    assert not Allowed(low=0.0, high=10.0).holds(math.nan)
    assert Allowed(low=0.0).holds(1e9)
