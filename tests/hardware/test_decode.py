"""Decoding: what was encoded comes back, whatever type, word order, scale or face of "no value"."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.modbus import Decoder
from hardware.points import Reason, detail_of, reason_of
from hardware.profiles import NotEncodable, NoValue, Profile, encode_no_value, encode_value, profile, profile_names
from hardware.profiles.model import ProfilePoint, RegisterType, Sentinel, Table

INTEGERS = [RegisterType(name) for name in ("uint16", "int16", "uint32", "int32", "uint64", "int64")]


def one_point(**fields):
    kind = fields.get("type", RegisterType.UINT16)
    base = {
        "quantity": "x",
        "name": "X",
        "unit": "",
        "table": Table.HOLDING,
        "address": 7,
        "type": kind,
        "words": kind.words,
    }
    return ProfilePoint(**{**base, **fields})


def type_of(*points):
    return Profile("t", "T", "M", "meter", "s", "", tuple(points))


def image_of(decoder, words_of):
    """The image of one device whose register words are `words_of[(table, address)]`, zero elsewhere."""
    words = [
        words_of.get((request.table, address), 0)
        for request in decoder.requests
        for address in range(request.address, request.end)
    ]
    return np.array(words, ">u2").view(np.uint8).reshape(1, -1)


def place(point, words):
    return {(point.table, point.address + offset): word for offset, word in enumerate(words)}


def decode_one(point, words, more=()):
    decoder = Decoder(type_of(point, *more))
    value, status = decoder.decode(image_of(decoder, place(point, words)))
    return value[0, 0], int(status[0, 0])


@given(st.sampled_from(INTEGERS), st.booleans(), st.sampled_from([1.0, 0.1, 0.001, 1000.0]), st.data())
@settings(max_examples=300, deadline=None)
def test_an_integer_comes_back_within_half_a_step(kind, low_first, scale, data):
    bits = 16 * kind.words
    limits = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.kind == "i" else (0, (1 << bits) - 1)
    raw = data.draw(st.integers(max(limits[0], -(1 << 52)), min(limits[1], 1 << 52)))
    point = one_point(type=kind, low_word_first=low_first, scale=scale)
    value, status = decode_one(point, encode_value(point, raw * scale))
    assert value == pytest.approx(raw * scale, rel=1e-12)
    assert status == 0


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_double_comes_back_exactly(number, low_first):
    point = one_point(type=RegisterType.FLOAT64, low_word_first=low_first)
    assert decode_one(point, encode_value(point, number)) == (number, 0)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_float_comes_back_exactly(number, low_first):
    point = one_point(type=RegisterType.FLOAT32, low_word_first=low_first)
    assert decode_one(point, encode_value(point, number)) == (number, 0)


@given(st.integers(-3200, 3200), st.integers(-4, 4))
@settings(max_examples=100, deadline=None)
def test_a_scale_register_scales(raw, exponent):
    point = one_point(type=RegisterType.INT16, scale=0.001, scale_register=8)
    decoder = Decoder(type_of(point))
    wanted = raw * 0.001 * 10.0**exponent
    words = {**place(point, encode_value(point, wanted, exponent)), (Table.HOLDING, 8): exponent & 0xFFFF}
    value, status = decoder.decode(image_of(decoder, words))
    assert value[0, 0] == pytest.approx(wanted, rel=1e-9, abs=1e-15)
    assert status[0, 0] == 0


def test_a_scale_register_without_a_value_makes_the_value_bad():
    point = one_point(type=RegisterType.INT16, scale_register=8)
    decoder = Decoder(type_of(point))
    value, status = decoder.decode(image_of(decoder, {(Table.HOLDING, 7): 5, (Table.HOLDING, 8): 0x8000}))
    assert math.isnan(value[0, 0])
    assert reason_of(status[0, 0]) is Reason.NO_VALUE


@pytest.mark.parametrize("bit", [0, 7, 8, 15])
@pytest.mark.parametrize("inverted", [False, True])
def test_one_bit_is_taken_out_of_its_word(bit, inverted):
    point = one_point(bit=bit, inverted=inverted)
    for on in (0.0, 1.0):
        assert decode_one(point, encode_value(point, on)) == (on, 0)
    noise = 0xFFFF & ~(1 << bit)
    assert decode_one(point, (noise,)) == (float(inverted), 0)


def test_a_text_becomes_its_position_and_an_unknown_text_no_value():
    point = one_point(type=RegisterType.STRING, words=5, texts=("A", "B1", "C2"))
    assert decode_one(point, encode_value(point, 2)) == (2.0, 0)
    value, status = decode_one(point, (0x5A5A, 0, 0, 0, 0))
    assert math.isnan(value)
    assert reason_of(status) is Reason.NO_VALUE


@pytest.mark.parametrize("kind", [*INTEGERS, RegisterType.FLOAT32, RegisterType.FLOAT64])
@pytest.mark.parametrize("low_first", [False, True])
def test_every_face_of_no_value_is_bad_with_what_it_means(kind, low_first):
    faces = (
        Sentinel((1 << 16 * kind.words) - 2, NoValue.SENSOR_OPEN),
        Sentinel(1 << 16 * kind.words - 1, NoValue.OVERFLOW),
    )
    point = one_point(type=kind, sentinels=faces, low_word_first=low_first)
    for face in faces:
        value, status = decode_one(point, encode_no_value(point, face.means))
        assert math.isnan(value)
        assert (reason_of(status), detail_of(status)) == (Reason.NO_VALUE, face.means)


def test_a_shorted_sensor_of_a_heat_meter_is_no_zero_degrees():
    meter = profile("kamstrup_multical")
    decoder = Decoder(meter)
    supply = meter.point("supply_c")
    at = meter.points.index(supply)
    for reading, means in ((0.0, NoValue.SENSOR_SHORT), (185.0, NoValue.SENSOR_OPEN)):
        value, status = decoder.decode(image_of(decoder, place(supply, encode_value(supply, reading))))
        assert math.isnan(value[0, at])
        assert (reason_of(status[0, at]), detail_of(status[0, at])) == (Reason.NO_VALUE, means)


def test_not_a_number_and_infinity_are_bad():
    point = one_point(type=RegisterType.FLOAT32)
    for words in ((0x7FC0, 0), (0x7F80, 0), (0xFF80, 0)):
        value, status = decode_one(point, words)
        assert math.isnan(value)
        assert reason_of(status) is Reason.NO_VALUE


def test_a_value_outside_its_range_is_kept_and_marked():
    point = one_point(low=10.0, high=20.0)
    assert decode_one(point, (15,)) == (15.0, 0)
    value, status = decode_one(point, (21,))
    assert value == 21.0
    assert reason_of(status) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(("raw", "factor"), [(0.9, 0.9), (-0.9, -0.9), (1.2, 0.8), (-1.2, -0.8)])
def test_a_four_quadrant_power_factor_is_folded(raw, factor):
    meter = profile("schneider_pm5560")
    point = meter.point("power_factor")
    decoder = Decoder(meter)
    value, _ = decoder.decode(image_of(decoder, place(point, encode_value(point, raw))))
    assert value[0, meter.points.index(point)] == pytest.approx(factor, rel=1e-6)


@pytest.mark.parametrize("name", profile_names())
def test_a_whole_device_of_every_profile_comes_back(name):
    """Every point given a value of its own, many devices in one call."""
    loaded = profile(name)
    decoder = Decoder(loaded)
    images, wanted = [], []
    for device in range(3):
        words: dict[tuple[Table, int], int] = {}
        for point in loaded.points:
            if point.scale_register is not None:
                words[(point.table, point.scale_register)] = 1
        row = []
        for number, point in enumerate(loaded.points):
            value = _sample(point, number + device)
            row.append(value)
            encoded = encode_value(point, value, 1 if point.scale_register is not None else 0)
            for at, word in place(point, encoded).items():
                words[at] = words.get(at, 0) | word
        images.append(image_of(decoder, words))
        wanted.append(row)
    value, status = decoder.decode(np.concatenate(images))
    assert (status == 0).all(), [loaded.points[at].quantity for at in np.nonzero(status)[1]]
    np.testing.assert_allclose(value, wanted, rtol=1e-6)


def _sample(point, seed):
    if point.bit is not None:
        return float(seed % 2)
    if point.texts:
        return float(seed % len(point.texts))
    step = abs(point.scale) * (10.0 if point.scale_register is not None else 1.0)
    low, high = point.low if point.low is not None else 0.0, point.high if point.high is not None else math.inf
    if point.states:
        return float(point.states[seed % len(point.states)][0])
    top = high if math.isfinite(high) else low + 3000 * step
    steps = max(1, int((top - low) / step))
    if step > top:
        return 0.0  # the register is too coarse for anything else
    return low + (1 + seed * 7 % min(steps, 3000)) * step if steps > 1 else top


@pytest.mark.parametrize(
    ("kind", "value"), [(RegisterType.UINT16, -1), (RegisterType.INT16, 40000), (RegisterType.UINT16, 1e9)]
)
def test_a_value_that_does_not_fit_is_refused(kind, value):
    with pytest.raises(NotEncodable):
        encode_value(one_point(type=kind), value)
