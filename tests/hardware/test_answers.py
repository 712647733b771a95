"""Whatever bytes come, a framer gives out an answer to the question asked or none, and never breaks."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from hardware.modbus.answers import CheckedRtuFramer, CheckedSocketFramer, RawRead, checking_decoder
from tests.hardware.scripted import registers

UNIT, TRANSACTION = 5, 77

pdus = st.one_of(
    st.binary(min_size=1, max_size=20),
    st.builds(lambda words: registers(3, words), st.lists(st.integers(0, 65535), max_size=8)),
    st.builds(lambda code: bytes([0x83, code]), st.integers(0, 255)),
)
units = st.sampled_from([UNIT, UNIT, UNIT, 9])
transactions = st.sampled_from([TRANSACTION, TRANSACTION, 3, 999])


def mbap(transaction, unit, pdu):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def checksummed(unit, pdu):
    frame = bytes([unit]) + pdu
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")


@given(st.lists(st.one_of(st.builds(mbap, transactions, units, pdus), st.binary(max_size=30)), max_size=3))
@settings(max_examples=400, deadline=None)
def test_over_tcp_only_an_answer_of_the_unit_and_transaction_asked_comes_out(parts):
    told = []
    framer = CheckedSocketFramer(checking_decoder(), told.append)
    framer.given_up = {3}
    data = b"".join(parts)
    used, answer = framer.handleFrame(data, UNIT, TRANSACTION)
    assert 0 <= used <= len(data)
    if answer is not None:
        assert (answer.dev_id, answer.transaction_id) == (UNIT, TRANSACTION)
        assert not told
        if isinstance(answer, RawRead):
            assert answer.payload in data


@given(st.lists(st.one_of(st.builds(checksummed, units, pdus), st.binary(max_size=30)), max_size=3))
@settings(max_examples=400, deadline=None)
def test_over_rtu_only_a_checksummed_answer_of_the_unit_asked_comes_out(parts):
    framer = CheckedRtuFramer(checking_decoder(), lambda error: None)
    data = b"".join(parts)
    used, answer = framer.handleFrame(data, UNIT, 0)
    assert 0 <= used <= len(data)
    if isinstance(answer, RawRead):
        assert answer.dev_id == UNIT
        pdu = bytes([answer.function_code, answer.counted]) + answer.payload
        assert checksummed(UNIT, pdu) in data
