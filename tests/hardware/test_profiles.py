"""Profiles: each one that ships is sound; a wrong one is refused with file, line and a sentence."""

from __future__ import annotations

import pytest

from hardware.profiles import (
    ProfileFaults,
    Table,
    UnknownProfile,
    layout_of,
    load_profile,
    plan_reads,
    points_of,
    profile,
    profile_names,
    request_of,
)

GOOD = """format = 2
name = "sample"
title = "Sample"
maker = "Nobody"
kind = "meter"
source = "none"

[read]
longest = 50

[point.power_kw]
name = "Active power"
table = "input"
address = 40
type = "int32"
scale = 0.001
"""


def load(tmp_path, text):
    path = tmp_path / "sample.toml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


def faults_of(tmp_path, text):
    with pytest.raises(ProfileFaults) as caught:
        load(tmp_path, text)
    assert [str(fault) for fault in caught.value.faults if not all(fault.what_and_remedy())] == []
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_is_sound_and_plans_every_point(name):
    loaded = profile(name)
    requests = plan_reads(loaded)
    assert loaded.source
    assert loaded.points
    assert all(request.count <= loaded.read.longest for request in requests)
    for point in loaded.points:
        request_of(requests, point.table, point.address, point.words)
    assert [point.id for point in points_of(loaded, "D1")] == [f"D1/{point.quantity}" for point in loaded.points]
    assert layout_of(loaded)


def test_the_shore_side_of_a_shore_power_point_is_read_in_one_request_of_125():
    shore, ship = plan_reads(profile("ops_80005_2"))
    assert (shore.table, shore.address, shore.count) == (Table.HOLDING, 0, 125)
    assert (ship.address, ship.count) == (125, 125)


def test_an_em24_is_read_in_no_more_than_50_registers_a_request():
    requests = plan_reads(profile("carlo_gavazzi_em24"))
    assert [(request.address, request.count) for request in requests] == [(0, 48), (48, 48)]


def test_a_value_that_answers_something_else_alone_is_read_with_a_neighbour(tmp_path):
    text = GOOD.replace('type = "int32"', 'type = "uint16"\nalone = false')
    (request,) = plan_reads(load(tmp_path, text))
    assert (request.address, request.count) == (39, 2)


def test_a_gap_wider_than_the_device_bears_splits_the_request(tmp_path):
    more = '[point.voltage_l1_v]\nname = "Voltage"\ntable = "input"\naddress = 60\ntype = "uint16"\n'
    assert len(plan_reads(load(tmp_path, GOOD + more))) == 1
    assert len(plan_reads(load(tmp_path, GOOD.replace("longest = 50", "longest = 50\ngap = 10") + more))) == 2


def test_an_unknown_profile_names_the_nearest():
    with pytest.raises(UnknownProfile, match="did you mean 'eastron_sdm630'"):
        profile("eastron_sdm360")


@pytest.mark.parametrize(
    ("was", "now", "line", "says"),
    [
        ('type = "int32"', 'type = "int23"', 15, "did you mean 'int32'"),
        ("scale = 0.001", "scal = 0.001", 16, "did you mean 'scale'"),
        ("scale = 0.001", "scale = 0", 16, "makes every value 0"),
        ("address = 40", "address = 70000", 14, "outside 0..65535"),
        ("address = 40", "address = 65535", 14, "behind register 65535"),
        ("longest = 50", "longest = 1", 15, "takes 2 registers"),
        ("longest = 50", 'longest = "many"', 9, "whole number"),
        ('kind = "meter"', 'kind = "metre"', 5, "did you mean 'meter'"),
        ("format = 2", "format = 3", 1, "newer than this console"),
        ("scale = 0.001", "scale = 0.001\nwritable = true", 17, "cannot be written"),
        ("scale = 0.001", 'scale = 0.001\nunit = "W"', 17, "carries the unit kW"),
        ("scale = 0.001", "scale = 0.001\nlow = 5\nhigh = 1", 17, "not below"),
        ("scale = 0.001", 'scale = 0.001\nno_value = { "0x1FFFFFFFF" = "overflow" }', 17, "write a bit pattern"),
        ("longest = 50", "longest = 50 50", 9, "not TOML"),
        ('name = "sample"', 'name = "other"', 2, "make them equal"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path, was, now, line, says):
    assert was in GOOD
    told = faults_of(tmp_path, GOOD.replace(was, now, 1))
    assert any(text.startswith(f"sample.toml:{line}:") and says in text for text in told), told


def test_all_faults_are_told_at_once(tmp_path):
    text = (
        GOOD.replace("scale = 0.001", "scal = 1").replace("longest = 50", "longest = 500").replace('"int32"', '"int"')
    )
    assert len(faults_of(tmp_path, text)) == 3


def test_values_that_overlap_and_watchdogs_without_a_point_are_refused(tmp_path):
    more = '[point.x_v]\nname = "X"\ntable = "input"\naddress = 41\ntype = "uint16"\n'
    more += '[[watchdog]]\ncommand = "y"\nevery_s = 9\ntimeout_s = 5\nfallback = "stops"\n'
    told = faults_of(tmp_path, GOOD + more)
    assert any("overlaps 'power_kw'" in text for text in told)
    assert any("'y' is not a writable point" in text for text in told)
    assert any("too late; the timeout" in text for text in told)


def test_the_format_says_what_real_devices_ask_for(tmp_path):
    """Two words a request and a rest between, a key before every write, a life sign of its own, signed sentinels."""
    text = """format = 1
name = "sample"
title = "Sample"
maker = "Nobody"
kind = "charger"
source = "none"

[read]
longest = 2
silence_ms = 500
every_min_s = 0.5

[write]
single = true
every_min_s = 5
keys = { "*" = [[144, 1732]] }

[[watchdog]]
command = "limit_a"
feed = "life_sign"
feed_value = 0x55AA
every_s = 2
timeout_s = 5
fallback = "The charger goes to its safe current."

[defaults]
table = "holding"
type = "uint32"

[point.limit_a]
name = "Limit"
address = 10
scale = 0.001
writable = true

[point.life_sign]
name = "Life sign"
address = 12
type = "uint16"
writable = true

[point.valve]
name = "Valve"
address = 20
unit = "1"
type = "int16"
no_value = { "32767" = "sensor_open", "-32768" = "unspecified" }
"""
    loaded = load(tmp_path, text)
    assert [request.count for request in plan_reads(loaded)] == [2, 1, 1]
    assert (loaded.read.silence_ms, loaded.read.every_min_s, loaded.write.every_min_s) == (500, 0.5, 5)
    assert [(key.address, key.value) for key in loaded.write.keys_for("limit_a")] == [(144, 1732)]
    watchdog = loaded.watchdog("limit_a")
    assert (watchdog.feed, watchdog.feed_value, watchdog.every_s) == ("life_sign", 0x55AA, 2)
    assert [sentinel.raw for sentinel in loaded.point("valve").sentinels] == [0x7FFF, 0x8000]
