"""From register bytes to values: many devices of one type at once, one numpy call a kind of value."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hardware.points import GOOD_STATUS, BoolArray, Float64Array, Reason, UInt16Array, status_of
from hardware.profiles import (
    NETWORK,
    NoValue,
    Profile,
    ProfilePoint,
    RegisterType,
    Span,
    WireCost,
    plan_requests,
    request_of,
)
from hardware.profiles.encode import low_bit
from hardware.profiles.model import Coding

UInt8Array = npt.NDArray[np.uint8]
Limits = tuple[Float64Array, Float64Array]
_OUT_OF_RANGE = status_of(Reason.OUT_OF_RANGE)
_NO_VALUE = status_of(Reason.NO_VALUE)
_FIRST_BAD = status_of(Reason.TIMEOUT)
_NO_SCALE_FACTOR = -32768  # SunSpec: 0x8000 in a scale-factor register


@dataclass(frozen=True, slots=True)
class _Sentinel:
    column: int  # within the group
    raw: int
    status: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Points of one dtype, decoded together. All arrays have one entry a point of the group."""

    dtype: np.dtype[np.generic]
    take: npt.NDArray[np.intp]  # byte positions, so that taken bytes read as little-endian numbers
    columns: npt.NDArray[np.intp]  # where the values go
    scale: Float64Array
    offset: Float64Array
    sentinels: tuple[_Sentinel, ...]


class Decoder:
    """Turns the answers of a profile's read plan, made for one kind of wire, into values and statuses.

    The image of a device is the answers to `requests` one after the other, `image_bytes` long; each is asked no oftener
    than every `every_s` seconds, 0 being in each cycle.
    """

    def __init__(self, profile: Profile, wire: WireCost = NETWORK) -> None:
        self.profile = profile
        planned = plan_requests(profile, wire)
        self.requests: tuple[Span, ...] = tuple(read.span for read in planned)
        self.every_s: tuple[float, ...] = tuple(read.every_s for read in planned)
        counts = [2 * request.count for request in self.requests]
        self.starts: tuple[int, ...] = tuple(itertools.accumulate(counts, initial=0))[:-1]
        self.image_bytes = sum(counts)
        self.request_of_point = np.array([self._request(point) for point in profile.points], np.intp)
        self.request_of_scale = np.array([self._request_of_scale(point) for point in profile.points], np.intp)
        numbered = list(enumerate(profile.points))
        plain = [(at, point) for at, point in numbered if point.bit is None and not point.texts]
        self._groups = tuple(self._group(points) for points in _by_kind(plain))
        self._bits = [(at, point) for at, point in numbered if point.bit is not None]
        self._masked = [(at, point) for at, point in numbered if point.mask is not None]
        self._texts = [(at, point) for at, point in numbered if point.texts]
        self._scaled = [(at, point) for at, point in numbered if point.scale_register is not None]
        self._folded = [at for at, point in numbered if point.coding is Coding.FOUR_QUADRANT]
        self.limits: Limits = (
            limits_of([point.low for point in profile.points], -np.inf),
            limits_of([point.high for point in profile.points], np.inf),
        )

    def requests_of(self, point: ProfilePoint) -> tuple[int, ...]:
        """Numbers of the requests that bring the point, and its scale register if it has one."""
        return tuple(sorted({self._request(point), self._request_of_scale(point)}))

    def decode(self, image: UInt8Array, limits: Limits | None = None) -> tuple[Float64Array, UInt16Array]:
        """Values and statuses, both (devices, points), of images (devices, image_bytes) uint8.

        A value is NaN exactly where its status is bad; outside its range it is kept and marked uncertain. `limits`
        are the lowest and highest values allowed, (devices, points) each, where they differ from the profile's.
        """
        shape = (len(image), len(self.profile.points))
        value: Float64Array = np.empty(shape, np.float64)
        status: UInt16Array = np.full(shape, GOOD_STATUS, np.uint16)
        with np.errstate(all="ignore"):
            for group in self._groups:
                _decode_group(group, image, value, status)
            self._decode_bits(image, value)
            self._decode_masked(image, value)
            self._decode_texts(image, value)
            self._apply_scale_registers(image, value)
            for at in self._folded:
                column = value[:, at]
                value[:, at] = np.where(np.abs(column) > 1.0, np.copysign(2.0, column) - column, column)
            _judge(value, status, *(limits or self.limits))
        return value, status

    def _decode_bits(self, image: UInt8Array, value: Float64Array) -> None:
        for at, point in self._bits:
            start, bit = self._byte(point), int(point.bit or 0)
            word = bit // 16 if point.low_word_first else point.words - 1 - bit // 16
            byte = start + 2 * word + (1 if bit % 16 < 8 else 0)
            value[:, at] = ((image[:, byte] >> (bit % 8)) & 1) ^ point.inverted

    def _decode_masked(self, image: UInt8Array, value: Float64Array) -> None:
        for at, point in self._masked:
            start, mask = self._byte(point), point.mask or 0
            word = image[:, start].astype(np.uint16) << 8 | image[:, start + 1]
            value[:, at] = ((word & mask) >> low_bit(mask)) * point.scale + point.offset

    def _decode_texts(self, image: UInt8Array, value: Float64Array) -> None:
        for at, point in self._texts:
            start = self._byte(point)
            known = {text.encode("ascii"): float(number) for number, text in enumerate(point.texts)}
            raw = image[:, start : start + 2 * point.words].tobytes()
            size = 2 * point.words
            value[:, at] = [known.get(raw[row : row + size].rstrip(b"\0 "), np.nan) for row in range(0, len(raw), size)]

    def _apply_scale_registers(self, image: UInt8Array, value: Float64Array) -> None:
        for at, point in self._scaled:
            register = point.scale_register
            start = self._byte_of(point.table, register or 0, 1)
            exponent = image[:, start : start + 2].copy().view(">i2")[:, 0].astype(np.float64)
            exponent[exponent == _NO_SCALE_FACTOR] = np.nan
            # The offset is not scaled: value = raw * scale * 10**exponent + offset.
            value[:, at] = (value[:, at] - point.offset) * np.power(10.0, exponent) + point.offset

    def _group(self, points: Sequence[tuple[int, ProfilePoint]]) -> _Group:
        first = points[0][1]
        return _Group(
            dtype=np.dtype(f"<{first.type.kind}{2 * first.words}"),
            take=np.array([byte for _, point in points for byte in self._little_endian(point)], np.intp),
            columns=np.array([at for at, _ in points], np.intp),
            scale=np.array([point.scale for _, point in points]),
            offset=np.array([point.offset for _, point in points]),
            sentinels=tuple(
                _Sentinel(column, sentinel.raw, status_of(Reason.NO_VALUE, sentinel.means))
                for column, (_, point) in enumerate(points)
                for sentinel in point.sentinels
            ),
        )

    def _little_endian(self, point: ProfilePoint) -> list[int]:
        start = self._byte(point)
        words = range(point.words) if point.low_word_first else reversed(range(point.words))
        return [byte for word in words for byte in (start + 2 * word + 1, start + 2 * word)]

    def _request(self, point: ProfilePoint) -> int:
        return request_of(self.requests, point.table, point.address, point.words)

    def _request_of_scale(self, point: ProfilePoint) -> int:
        if point.scale_register is None:
            return self._request(point)
        return request_of(self.requests, point.table, point.scale_register, 1)

    def _byte(self, point: ProfilePoint) -> int:
        return self._byte_of(point.table, point.address, point.words)

    def _byte_of(self, table: object, address: int, words: int) -> int:
        number = request_of(self.requests, table, address, words)  # type: ignore[arg-type]
        return self.starts[number] + 2 * (address - self.requests[number].address)


def _by_kind(points: Iterable[tuple[int, ProfilePoint]]) -> list[list[tuple[int, ProfilePoint]]]:
    groups: dict[tuple[str, int], list[tuple[int, ProfilePoint]]] = {}
    for at, point in points:
        words = 1 if point.type is RegisterType.BIT else point.words
        groups.setdefault((point.type.kind, words), []).append((at, point))
    return list(groups.values())


def limits_of(values: Sequence[float | None], unlimited: float) -> Float64Array:
    return np.array([unlimited if value is None else value for value in values], np.float64)


def _decode_group(group: _Group, image: UInt8Array, value: Float64Array, status: UInt16Array) -> None:
    taken = np.take(image, group.take, axis=1)
    raw = taken.view(group.dtype)
    value[:, group.columns] = raw.astype(np.float64) * group.scale + group.offset
    if group.sentinels:
        words = taken.view(f"<u{group.dtype.itemsize}")
        for sentinel in group.sentinels:
            found: BoolArray = words[:, sentinel.column] == sentinel.raw
            if found.any():
                status[found, group.columns[sentinel.column]] = sentinel.status


def _judge(value: Float64Array, status: UInt16Array, low: Float64Array, high: Float64Array) -> None:
    outside = (value < low) | (value > high)
    outside &= status == GOOD_STATUS
    if outside.any():
        status[outside] = _OUT_OF_RANGE
    missing = ~np.isfinite(value)
    if missing.any():
        infinite = np.isinf(value)
        status[missing & (status < _FIRST_BAD)] = _NO_VALUE
        status[infinite] = _NO_VALUE | NoValue.OVERFLOW
    value[status >= _FIRST_BAD] = np.nan
