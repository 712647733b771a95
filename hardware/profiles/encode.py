"""From a value to the words on the wire: for writes, and for devices that are played."""

from __future__ import annotations

import math
import struct

from hardware.profiles.model import NoValue, Profile, ProfilePoint, RegisterType, Span, Table
from hardware.profiles.read_plan import may_be_read


class NotEncodable(Exception):
    """The value does not fit the registers of the point."""


def encode_value(point: ProfilePoint, value: float, exponent: int = 0) -> tuple[int, ...]:
    """Words of `value` (in the point's unit) in wire order, `point.words` of them.

    `exponent` is what the scale register holds, for points that have one. A point that is one bit of a word gives
    the word with only that bit; combine words of one address with `|`. Raises NotEncodable.
    """
    if math.isnan(value):
        return encode_no_value(point)
    if point.mask is not None:
        return (round((value - point.offset) / point.scale) << low_bit(point.mask) & point.mask,)
    if point.bit is not None:
        return _words(point, int(bool(value) != point.inverted) << point.bit)
    if point.type is RegisterType.STRING:
        return _text_words(point, value)
    if point.type is RegisterType.BIT:
        return (int(bool(value) != point.inverted),)
    raw = (value - point.offset) / (point.scale * 10.0**exponent)
    if point.type.kind == "f":
        return _words(point, int.from_bytes(_float_bytes(point, raw), "big"))
    return _words(point, _integer(point, raw, value))


def encode_no_value(point: ProfilePoint, meaning: NoValue | None = None) -> tuple[int, ...]:
    """Words by which a device says "no value". Raises NotEncodable where the type has no such face."""
    for sentinel in point.sentinels:
        if meaning is None or sentinel.means is meaning:
            return _words(point, sentinel.raw)
    if point.type.kind == "f" and meaning is None:
        return _words(point, int.from_bytes(_float_bytes(point, math.nan), "big"))
    raise NotEncodable(f"{point.quantity} has no register words that say 'no value'.")


def layout_of(profile: Profile) -> tuple[Span, ...]:
    """Every register a device of this type answers: what a read plan may ask for (with the gaps it spans), fixed
    words, write keys and the whole of each SunSpec model, as joined spans.
    """
    spans = list(may_be_read(profile))
    spans += [Span(point.table, alike.address, point.words) for point in profile.points for alike in point.look_alikes]
    spans += [Span(fixed.table, fixed.address, len(fixed.words)) for fixed in profile.fixed]
    spans += [Span(Table.HOLDING, key.address, key.words) for _, keys in profile.write.keys for key in keys]
    spans += [Span(Table.HOLDING, model.start, 2 + model.length) for model in profile.sunspec]
    return tuple(_joined(spans))


def low_bit(mask: int) -> int:
    """Position of the lowest bit that is set."""
    return (mask & -mask).bit_length() - 1


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (list(Table).index(span.table), span.address)):
        last = joined[-1] if joined else None
        if last and last.table is span.table and span.address <= last.end:
            joined[-1] = Span(span.table, last.address, max(last.end, span.end) - last.address)
        else:
            joined.append(span)
    return joined


def _integer(point: ProfilePoint, raw: float, value: float) -> int:
    bits = 16 * point.words
    if not math.isfinite(raw):
        raise NotEncodable(f"{value:g} is not a number that {point.quantity} can hold.")
    number = round(raw)
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if point.type.kind == "i" else (0, (1 << bits) - 1)
    if not low <= number <= high:
        raise NotEncodable(f"{value:g} {point.unit} does not fit {point.quantity} ({point.type.value}).")
    return number % (1 << bits)


def _float_bytes(point: ProfilePoint, raw: float) -> bytes:
    try:
        return struct.pack(">f" if point.words == 2 else ">d", raw)
    except OverflowError as error:
        raise NotEncodable(f"{raw:g} does not fit {point.quantity} ({point.type.value}).") from error


def _text_words(point: ProfilePoint, value: float) -> tuple[int, ...]:
    if not 0 <= value < len(point.texts):
        raise NotEncodable(f"{value:g} is none of the {len(point.texts)} texts of {point.quantity}.")
    raw = point.texts[int(value)].encode("ascii").ljust(2 * point.words, b"\0")
    return struct.unpack(f">{point.words}H", raw)


def _words(point: ProfilePoint, raw: int) -> tuple[int, ...]:
    words = struct.unpack(f">{point.words}H", raw.to_bytes(2 * point.words, "big"))
    return words[::-1] if point.low_word_first else words
