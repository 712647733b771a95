"""Values of a whole fleet to register words and back: rounded to what a register holds, cut off at its range."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import numpy as np

from hardware.points import Float64Array, UInt16Array
from hardware.profiles import ProfilePoint, RegisterType
from hardware.profiles.encode import low_bit
from hardware.virtual.framing import ILLEGAL_VALUE, WireFault


def encode_column(point: ProfilePoint, values: Float64Array, exponent: Float64Array | float = 0.0) -> UInt16Array:
    """Words [device, point.words] in wire order; the same as `encode_value` for each, but beyond a register's range
    a device shows the end of the range, and where it has no face for "no value" it shows 0.
    """
    missing = np.isnan(values)
    filled = np.where(missing, 0.0, values) if missing.any() else values
    if point.mask is not None:
        number = np.rint((filled - point.offset) / point.scale).astype(np.uint16)
        fields: UInt16Array = (number << low_bit(point.mask) & point.mask).astype(np.uint16).reshape(-1, 1)
        return fields
    if point.bit is not None:
        flags: UInt16Array = (((filled != 0) != point.inverted).astype(np.uint16) << point.bit).reshape(-1, 1)
        return flags
    if point.type is RegisterType.STRING:
        return _texts(point)[np.clip(filled, 0, len(point.texts) - 1).astype(np.int64)]
    if point.type is RegisterType.BIT:
        coils: UInt16Array = ((filled != 0) != point.inverted).astype(np.uint16).reshape(-1, 1)
        return coils
    words = _numbers(point, _raw(point, filled, exponent))
    if missing.any():
        words[missing] = _no_value(point)
    return words[:, ::-1] if point.low_word_first else words


def shown(point: ProfilePoint, values: Float64Array, exponent: Float64Array | float = 0.0) -> Float64Array:
    """The values as a reader gets them back from the registers: rounded and clipped to what these can hold."""
    if point.bit is not None or point.mask is not None or point.type in (RegisterType.STRING, RegisterType.BIT):
        return values
    factor = point.scale * np.power(10.0, exponent)
    raw = _raw(point, values, exponent)
    if point.type.kind == "f":
        raw = raw.astype(np.float32).astype(np.float64) if point.words == 2 else raw
    else:
        low, high = _limits(point)
        raw = np.clip(np.rint(raw), low, high)
    result: Float64Array = raw * factor + point.offset
    return result


def decode_words(point: ProfilePoint, words: Sequence[int], exponent: float = 0.0) -> float:
    """The value that was written into a point's registers. Raises WireFault for what is no number of its type."""
    ordered = list(words)[::-1] if point.low_word_first else list(words)
    data = struct.pack(f">{len(ordered)}H", *ordered)
    if point.type.kind == "f":
        raw = float(struct.unpack(">f" if point.words == 2 else ">d", data)[0])
    else:
        raw = float(int.from_bytes(data, "big", signed=point.type.kind == "i"))
    if not math.isfinite(raw):
        raise WireFault(ILLEGAL_VALUE)
    return raw * point.scale * math.pow(10.0, exponent) + point.offset


def _raw(point: ProfilePoint, values: Float64Array, exponent: Float64Array | float) -> Float64Array:
    raw: Float64Array = (values - point.offset) / (point.scale * np.power(10.0, exponent))
    return raw


def _limits(point: ProfilePoint) -> tuple[float, float]:
    bits = 16 * point.words
    if point.type.kind == "i":
        # Rounded down to what a float holds exactly, else the highest 64-bit number would run over.
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - (1 if bits < 64 else 1024)
    return 0.0, 2.0**bits - (1 if bits < 64 else 2048)


def _numbers(point: ProfilePoint, raw: Float64Array) -> UInt16Array:
    """Raw numbers as words [device, point.words], high word first."""
    if point.type.kind == "f":
        typed = raw.astype(">f4" if point.words == 2 else ">f8")
    else:
        low, high = _limits(point)
        typed = np.clip(np.rint(raw), low, high).astype(f">{point.type.kind}{2 * point.words}")
    words: UInt16Array = typed.view(">u2").reshape(len(raw), point.words)
    return words


def _no_value(point: ProfilePoint) -> list[int]:
    if point.sentinels:
        # An open sensor is the likeliest way to lose a value, where the device tells ways apart.
        sentinel = next((s for s in point.sentinels if s.means.name == "SENSOR_OPEN"), point.sentinels[0])
        return list(struct.unpack(f">{point.words}H", sentinel.raw.to_bytes(2 * point.words, "big")))
    if point.type.kind == "f":
        return list(struct.unpack(f">{point.words}H", struct.pack(">f" if point.words == 2 else ">d", math.nan)))
    return [0] * point.words


def has_no_value(point: ProfilePoint) -> bool:
    """Whether the device type can say "no value" for this point at all."""
    return bool(point.sentinels) or point.type.kind == "f"


def _texts(point: ProfilePoint) -> UInt16Array:
    rows = [
        struct.unpack(f">{point.words}H", text.encode("ascii").ljust(2 * point.words, b"\0")) for text in point.texts
    ]
    return np.array(rows, dtype=np.uint16)
