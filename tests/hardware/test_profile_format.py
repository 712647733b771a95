"""What format 2 says beyond format 1, and every contradiction it refuses, with the line it stands on."""

from __future__ import annotations

import pytest

from hardware.profiles import Confidence, ProfileFaults, Table, load_profile, plan_reads, request_of

HEAD = """format = 2
name = "sample"
title = "Sample"
maker = "Nobody"
kind = "meter"
source = ["a list of registers", "a second one"]
confidence = "second_hand"
traps = ["Counts from 1 in the maker's paper."]
"""

FIELD = """
[read]
longest = 20
longest_by_table = { holding = 10 }

[defaults]
table = "holding"
type = "uint16"

[point.power_kw]
name = "Power"
address = 10
look_alikes = { 12 = "the power of the day before" }

[point.limit_a]
name = "Limit"
address = 16
confidence = "memory"
writable = true
fallback = "It stays as it was."
low = 0
high = 32

[point.life_sign]
name = "Life sign"
address = 17
writable = true
fallback = "It stays as it was."
"""


WRITING = 'writable = true\nfallback = "It stays as it was."\n'


def load(tmp_path, text):
    path = tmp_path / "sample.toml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


def faults_of(tmp_path, text):
    with pytest.raises(ProfileFaults) as caught:
        load(tmp_path, text)
    # Every fault says what is wrong and what to do.
    assert [str(fault) for fault in caught.value.faults if not all(fault.what_and_remedy())] == []
    return [str(fault) for fault in caught.value.faults]


def test_sources_confidence_traps_and_look_alikes_are_kept(tmp_path):
    loaded = load(tmp_path, HEAD + FIELD)
    assert loaded.sources == ("a list of registers", "a second one")
    assert loaded.source == "a list of registers; a second one"
    assert loaded.traps == ("Counts from 1 in the maker's paper.",)
    assert loaded.point("power_kw").confidence is Confidence.SECOND_HAND
    assert loaded.point("limit_a").confidence is Confidence.MEMORY
    assert [(alike.address, alike.is_really) for alike in loaded.point("power_kw").look_alikes] == [
        (12, "the power of the day before")
    ]


def test_a_file_of_format_1_is_read_and_nobody_vouches_for_it(tmp_path):
    text = (HEAD + FIELD).replace("format = 2", "format = 1").replace('confidence = "second_hand"\n', "")
    loaded = load(tmp_path, text.replace('fallback = "It stays as it was."\n', ""))
    assert loaded.point("power_kw").confidence is Confidence.MEMORY
    assert "not said" in loaded.fallback("limit_a")  # format 2 wants it said; an older file could not know


def test_no_request_touches_a_forbidden_register(tmp_path):
    barred = '[[forbidden]]\ntable = "holding"\naddress = 12\ncount = 3\nwhy = "The device restarts."\n'
    assert [(span.address, span.count) for span in plan_reads(load(tmp_path, HEAD + FIELD))] == [(10, 8)]
    loaded = load(tmp_path, HEAD + FIELD + barred)
    spans = plan_reads(loaded)
    assert [(span.address, span.count) for span in spans] == [(10, 1), (16, 2)]
    assert loaded.read.is_forbidden(Table.HOLDING, 14, 15)
    assert not loaded.read.is_forbidden(Table.INPUT, 14, 15)
    for point in loaded.points:
        request_of(spans, point.table, point.address, point.words)


def test_a_neighbour_is_not_taken_from_a_forbidden_span(tmp_path):
    alone = FIELD.replace('name = "Power"', 'name = "Power"\nalone = false').replace(
        "longest = 20", "longest = 20\ngap = 0"
    )
    barred = '[[forbidden]]\ntable = "holding"\naddress = 9\nwhy = "The device restarts."\n'
    assert (plan_reads(load(tmp_path, HEAD + alone))[0].address, plan_reads(load(tmp_path, HEAD + alone))[0].count) == (
        9,
        2,
    )
    first = plan_reads(load(tmp_path, HEAD + alone + barred))[0]
    assert (first.address, first.count) == (10, 2)


def test_a_table_may_bear_shorter_requests_than_the_others(tmp_path):
    apart = HEAD + FIELD.replace("address = 16", "address = 26").replace("address = 17", "address = 27")
    assert len(plan_reads(load(tmp_path, apart))) == 2
    assert (
        len(plan_reads(load(tmp_path, apart.replace('table = "holding"', 'table = "input"').replace(WRITING, "")))) == 1
    )


CIRCLE = (("limit_a", "life_sign"), ("life_sign", "limit_a"))
WATCHED = "every_s = 1|timeout_s = 5|fallback = 'It stops.'|"
HOLDING = "table = 'holding'|address ="
X = "[point.x_v]|name = 'X'|address = 30|"
Y = "[point.y_v]|name = 'Y'|address = 31|"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (f"[[forbidden]]|{HOLDING} 16|why = 'x'", "It lies in the forbidden span from 16"),
        (f"[[forbidden]]|{HOLDING} 65535|count = 9|why = 'x'", "behind register 65535"),
        (f"[[forbidden]]|{HOLDING} 3", "'why' is missing"),
        (f"[[block]]|{HOLDING} 10|count = 5|[[block]]|{HOLDING} 14|count = 4", "overlaps the block at 10"),
        (f"[[block]]|{HOLDING} 4|count = 10|[[forbidden]]|{HOLDING} 5|why = 'x'", "holds forbidden register 5"),
        (f"[[fixed]]|{HOLDING} 16|words = [1]", "lie under 'limit_a'"),
        (f"[[fixed]]|{HOLDING} 1|words = [1, 2]|[[fixed]]|{HOLDING} 2|words = [3]", "overlaps the fixed words at 1"),
        (
            "".join(f"[[watchdog]]|command = '{held}'|feed = '{feed}'|{WATCHED}" for held, feed in CIRCLE),
            "feeds itself in a circle: limit_a -> life_sign -> limit_a",
        ),
        (f"[[watchdog]]|command = 'limit_a'|{WATCHED}" * 2, "has 2 watchdogs"),
        (f"[[watchdog]]|command = 'limit_a'|feed_value = 40|{WATCHED}", "40 is outside the range"),
        (f"[[watchdog]]|command = 'life_sign'|feed_value = 70000|{WATCHED}", "does not fit life_sign"),
        ("[write]|keys = { limit_a = [[17, 1]], life_sign = [[20, 1]] }", "needs a key itself"),
        ("[write]|keys = { limit_a = [[16, 1]] }", "cannot be its own key"),
        ("[write]|keys = { limit_a = [[99999, 1]] }", "go from 0 to 65535"),
        (f"{X}scale_register = 30", "cannot scale itself"),
        (f"{X}scale_register = 31|{Y}scale_register = 32", "which another register scales"),
        (f"{X}scale_register = 31|{Y}scale = 0.1", "no plain exponent"),
        (f"{X}scale = inf", "finite number"),
        (f"{X}scale = 1{'0' * 400}", "finite number"),
        ("[point.'X v']|name = 'X'|address = 30", "no name of a quantity"),
        (f"{X}writable = true|high = 70000", "70000 V does not fit"),
        (f"{X}look_alikes = {{ 30 = 'itself' }}", "is the point itself"),
        (f"{X}no_value = {{ '0xFFFF' = 'overflow', '65535' = 'unspecified' }}", "twice"),
        (f"{X}confidence = 'sure'", "'sure' is not known"),
        (f"{X}counter = true|writable = true", "A counter only grows"),
        (f"{X}bit = 1|scale = 2", "no meaning"),
    ],
)
def test_a_contradiction_is_refused_in_a_sentence(tmp_path, more, says):
    told = faults_of(tmp_path, HEAD + FIELD + more.replace("|", "\n"))
    assert any(says in text for text in told), told


def test_a_value_over_several_others_is_told_for_each(tmp_path):
    more = '[point.mode]\nname = "Mode"\naddress = 10\ntype = "string"\nlength = 10\ntexts = ["A"]\n'
    told = faults_of(tmp_path, HEAD + FIELD.replace("longest = 20", "longest = 20") + more)
    assert sum("overlaps" in text for text in told) == 3


def test_a_wrong_default_is_told_once_where_it_stands(tmp_path):
    (told,) = faults_of(tmp_path, HEAD + FIELD.replace('type = "uint16"', 'type = "uint61"'))
    assert told.startswith("sample.toml:16: defaults.type:")
    (told,) = faults_of(tmp_path, HEAD.replace("second_hand", "third_hand") + FIELD)
    assert told.startswith("sample.toml:7: confidence:")


def test_a_file_that_is_no_utf8_is_refused_with_its_line(tmp_path):
    path = tmp_path / "sample.toml"
    path.write_bytes((HEAD + FIELD).replace("Limit", "Grenze für").encode("latin-1"))
    with pytest.raises(ProfileFaults, match=r"sample\.toml:24: This is not UTF-8"):
        load_profile(path)
