"""Registers read in every way: the right way comes first or nearly so, with a reason that is true."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from hardware.commissioning.candidates import Expectation, Reader, Window
from hardware.commissioning.codings import CODINGS
from hardware.profiles import profile_names
from tests.hardware.commissioning.real_maps import cases, ranked, shares

FIRST_FLOOR, THREE_FLOOR = 0.65, 0.90  # of the right ways; docs/commissioning.md has what is reached


def window(*readings, address=0, known=None, every_s=2.0):
    words = np.array(readings, np.uint16)
    answered = np.ones(words.shape[1], bool) if known is None else np.array(known)
    return Window(address, words, answered, tuple(every_s * at for at in range(len(readings))))


def floats(*values, order=">"):
    words = [struct.unpack(">HH", struct.pack(">f", value)) for value in values]
    return [word for pair in words for word in (pair if order == ">" else pair[::-1])]


def first(reader, address):
    return reader.candidates(address)[0]


def test_the_right_reading_ranks_first_on_most_real_maps_and_among_three_on_nearly_all():
    found = [ranked(case, told=False) for case in cases(profile_names()[::2], most=2)]
    count, ranked_first, ranked_three = shares(found)
    wrong = [f"{one.case.profile}/{one.case.point.quantity}" for one in found if not 1 <= one.rank <= 3]
    assert count >= 30
    assert ranked_first >= FIRST_FLOOR, wrong
    assert ranked_three >= THREE_FLOOR, wrong


@pytest.mark.parametrize(("order", "name"), [(">", "ABCD"), ("<", "CDAB")])
def test_mains_voltage_is_seen_in_either_word_order(order, name):
    reader = Reader(window(floats(231.4, 230.2, 229.8, order=order), floats(231.6, 230.1, 229.9, order=order)))
    best = first(reader, 2)
    assert (best.type, best.order, best.address, best.value) == ("float32", name, 2, 230.1)
    assert best.reason == "reads 230.1 V: mains voltage; its neighbours read alike"


def test_a_paper_that_counts_from_one_is_found_out():
    words = [7, *floats(231.4, 230.2, 229.8), 9]
    assert (first(Reader(window(words)), 2).shift, first(Reader(window(words)), 0).shift) == (-1, 1)


def test_a_counter_is_told_by_its_growth():
    readings = [[*struct.unpack(">HH", struct.pack(">I", 123_456_78 + 2 * at)), 0, 0] for at in range(5)]
    best = first(Reader(window(*readings), Expectation("energy")), 0)
    assert (best.type, best.order, best.words) == ("uint32 or int32", "ABCD", 2)
    assert best.reason.startswith("grew by ")
    assert best.reason.endswith("in 8 s: an energy counter")


def test_a_value_that_a_person_knows_settles_it():
    words = [[0x0000, 0x2328, 0x0000, 0x1F40]]  # 9000 and 8000: of what, nobody can tell
    best = first(Reader(window(*words), Expectation("power", near=9.0)), 0)
    assert (best.words, best.order, best.exponent, best.value) == (2, "ABCD", -3, 9.0)
    assert "near 9 as told" in best.reason


def test_the_wrong_word_order_jumps_between_readings_and_falls_behind():
    readings = [[0x0001, low] for low in (0x86A0, 0x87F0, 0x8512)]
    ways = Reader(window(*readings)).candidates(0)
    scores = {(way.type.split(" ")[0], way.order, way.shift): way.score for way in ways}
    assert scores[("uint32", "ABCD", 0)] > 20 * scores.get(("uint32", "CDAB", 0), 0.0)


def test_zeros_tell_nothing_and_say_so():
    ways = Reader(window([0] * 8)).candidates(2)
    assert max(way.score for way in ways) < 0.5
    assert {way.reason for way in ways} == {"reads 0, which tells nothing: look again when it is at work"}


def test_registers_that_did_not_answer_are_no_part_of_a_candidate():
    words = [0, 0, *floats(230.0), 0, 0]
    known = [False, False, True, True, False, False]
    ways = Reader(window(words, known=known)).candidates(2)
    assert all(way.address >= 2 and way.address + way.words <= 4 for way in ways)
    assert Reader(window(words, known=[False] * 6)).candidates(2) == []


def test_scores_are_shares_that_leave_room_for_none_of_these():
    ways = Reader(window(floats(231.4, 230.2, 229.8))).candidates(2, most=1000)
    assert sum(way.score for way in ways) < 1.0
    assert [way.score for way in ways] == sorted((way.score for way in ways), reverse=True)


def test_nonsense_gets_no_high_score():
    noise = np.random.default_rng(5).integers(0, 65536, (4, 24))
    scores = [first(Reader(window(*noise.tolist())), address).score for address in range(4, 20)]
    assert np.median(scores) < 0.8


def test_an_unknown_measure_is_refused():
    with pytest.raises(KeyError):
        Reader(window([1, 2]), Expectation("colour"))


@pytest.mark.parametrize("coding", CODINGS, ids=lambda coding: f"{coding.type}-{coding.order}")
def test_every_coding_reads_back_what_was_put_in_its_order(coding):
    number = 1.5 if coding.is_float else 300
    data = np.array([number], coding.dtype).tobytes()
    shuffled = bytes(data["ABCDEFGH".index(letter)] for letter in coding.order)
    words = np.array([struct.unpack(f">{coding.words}H", shuffled)], np.uint16)
    assert coding.read(words)[0, 0] == number
