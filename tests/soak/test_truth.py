"""The short form of the soak (`make soak` runs a million): no value is given to the wrong point, nor an old one."""

from __future__ import annotations

import asyncio
import logging

import pytest

from hardware.virtual.line_faults import NOT_UDP, OF_A_CONNECTION, ONLY_MBAP, ONLY_RTU, LineFault, Odds
from tests.soak.__main__ import told
from tests.soak.bare import bare_reader
from tests.soak.line import HARSH, LATEST_S, soak
from tests.soak.roads import KINDS, NO_LINE_HAS, missing, wire_of
from tests.soak.scan import soak_scan

TRANSACTIONS = 3000
SCAN_S = 1.5
SEED = 20261122


def needs(kind):
    if why := missing(kind):
        pytest.skip(why)


def never_drawn(kind, drawn):
    """Faults of this framing that the dice never drew."""
    left_out = (ONLY_MBAP if wire_of(kind) == "rtu+tcp" else ONLY_RTU) + (NOT_UDP if kind == "udp" else ())
    left_out += NO_LINE_HAS if kind == "serial" else ()
    return [fault for fault in HARSH.chance if fault not in (*left_out, *OF_A_CONNECTION) and not drawn.get(fault)]


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_is_given_to_the_wrong_point_nor_an_old_one(kind):
    needs(kind)
    tally = asyncio.run(soak(kind, TRANSACTIONS, SEED, connections=60))
    assert not tally.violations, told(tally)
    assert tally.believed > 0.5 * TRANSACTIONS
    assert not [fault for fault in never_drawn(kind, tally.drawn) if HARSH.chance[fault] > 0.005], told(tally)


@pytest.mark.parametrize("kind", KINDS)
def test_the_scanner_gives_every_value_to_its_own_point(kind):
    needs(kind)
    tally = asyncio.run(soak_scan(kind, SCAN_S, SEED))
    assert not tally.violations, told(tally)
    assert tally.believed > 0


@pytest.mark.parametrize(
    ("kind", "fault"), [("tcp", LineFault.OTHER_COUNT), ("rtu+tcp", LineFault.DUPLICATE), ("rtu+tcp", LineFault.DELAY)]
)
def test_the_soak_catches_a_client_that_believes_what_it_should_not(kind, fault, caplog):
    """pymodbus' own client believes a short answer, and over RTU one that comes twice or late."""
    caplog.set_level(logging.CRITICAL)  # it says much of what it cannot decode
    rounds = (asyncio.run(soak(kind, 600, seed, 12, Odds({fault: 0.2}, LATEST_S), bare_reader)) for seed in range(20))
    assert any(tally.wrong for tally in rounds)


@pytest.mark.parametrize("kind", KINDS)
def test_without_faults_every_value_arrives(kind):
    needs(kind)
    tally = asyncio.run(soak(kind, 300, SEED, 12, Odds({})))
    assert not tally.violations
    late = tally.refused["timeout"] + tally.refused["wrong answer"]  # of a machine that stands still
    assert tally.believed + late == tally.transactions
    assert tally.believed > 0
