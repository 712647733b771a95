"""Whatever bytes come, a framer gives out an answer to the question asked or none, and never breaks."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from hardware.modbus.answers import Awaited, CheckedRtuFramer, CheckedSocketFramer, RawRead, checking_decoder
from hardware.modbus.errors import exception_answer
from tests.hardware.scripted import registers

UNIT, TRANSACTION = 5, 77
ASKED = Awaited(UNIT, 3, 4)  # two holding registers

pdus = st.one_of(
    st.binary(min_size=1, max_size=20),
    st.builds(lambda first, second: registers(3, [first, second]), st.integers(0, 65535), st.integers(0, 65535)),
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
    framer.awaited, framer.known = ASKED, {3}
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
def test_over_rtu_only_a_checksummed_answer_of_the_unit_function_and_count_asked_comes_out(parts):
    framer = CheckedRtuFramer(checking_decoder(), lambda error: None)
    framer.awaited = ASKED
    data = b"".join(parts)
    used, answer = framer.handleFrame(data, UNIT, 0)
    assert 0 <= used <= len(data)
    if isinstance(answer, RawRead):
        assert (answer.dev_id, answer.function_code, len(answer.payload)) == (UNIT, 3, 4)
        frame = checksummed(UNIT, bytes([answer.function_code, answer.counted]) + answer.payload)
        assert frame in data
        assert data.split(frame, 1)[1].strip(b"\0\xff") == b""


@given(st.builds(checksummed, units, pdus), st.integers(0, 30))
@settings(max_examples=200, deadline=None)
def test_over_rtu_it_does_not_matter_where_the_bytes_are_cut(frame, cut):
    def heard(pieces):
        told, buffer, found = [], b"", None
        framer = CheckedRtuFramer(checking_decoder(), told.append)
        framer.awaited = ASKED
        for piece in pieces:
            buffer += piece
            used, answer = framer.handleFrame(buffer, UNIT, 0)
            buffer, found = buffer[used:], found or answer
            if framer.out_of_step:
                return None
        return found and (found.dev_id, found.function_code)

    assert heard([frame]) == heard([frame[:cut], frame[cut:]] if cut < len(frame) else [frame])


@given(st.binary(min_size=1, max_size=30))
def test_bytes_that_nobody_asked_for_are_never_an_answer(data):
    for framer in (
        CheckedRtuFramer(checking_decoder(), lambda error: None),
        CheckedSocketFramer(checking_decoder(), lambda error: None),
    ):
        assert framer.handleFrame(data, UNIT, TRANSACTION)[1] is None
        assert framer.out_of_step or len(data) < 8 or not data.strip(b"\0\xff")


def test_every_exception_code_is_told_in_words():
    told = {exception_answer(code).text for code in range(1, 12)}
    assert len(told) == 11
    assert not any("unknown" in text for text in told)
    assert "unknown code" in exception_answer(77).text
