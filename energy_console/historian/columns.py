"""One batch as one compressed row: cheap to commit, exact to read back. Times are kept to the millisecond."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hardware.points import Float64Array, Int32Array, Int64Array, Reason, UInt16Array, is_usable, status_of

ENDLESS = 3  # detail of NO_VALUE, as a device says it of a value too large to show

FORMAT = 2
"""1 had no check sum; such batches are still read."""

HEADER = struct.Struct("<B3sIqI")  # format, check sum, readings, first time in ms, bytes before compression
CODEC = pa.Codec("zstd", 1)


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings as equally long columns. `key` is the store's own number of a point."""

    key: Int32Array
    time_ms: Int64Array
    value: Float64Array
    status: UInt16Array

    def __len__(self) -> int:
        return len(self.key)


def in_time_order(parts: Sequence[Columns]) -> Columns:
    """Readings of one point from several parts, in time order; of one time those of the earlier part first. Key 0."""
    time_ms = np.concatenate([part.time_ms for part in parts])
    order = np.argsort(time_ms, kind="stable")
    return Columns(
        np.zeros(len(order), np.int32),
        time_ms[order],
        np.concatenate([part.value for part in parts])[order],
        np.concatenate([part.status for part in parts])[order],
    )


def finite(columns: Columns) -> Columns:
    """What is no finite number is a bad reading, whoever handed it over as a good one: its reason says what it was."""
    strange = ~np.isfinite(columns.value)
    if not strange.any():
        return columns
    usable = strange & is_usable(columns.status)
    value, status = columns.value.copy(), columns.status.copy()
    status[usable & np.isnan(value)] = status_of(Reason.NO_VALUE)
    status[usable & np.isinf(value)] = status_of(Reason.NO_VALUE, ENDLESS)
    value[strange] = np.nan
    return Columns(columns.key, columns.time_ms, value, status)


def pack(columns: Columns) -> bytes:
    """Bytes of one batch (at least one reading): differences of keys and times, values, status."""
    base = int(columns.time_ms[0])
    body = b"".join(
        (
            np.diff(columns.key, prepend=np.int32(0)).astype("<i4").tobytes(),
            (columns.time_ms - base).astype("<i8").tobytes(),
            columns.value.astype("<f8", copy=False).tobytes(),
            columns.status.astype("<u2", copy=False).tobytes(),
        )
    )
    packed: bytes = CODEC.compress(body, asbytes=True)
    return HEADER.pack(FORMAT, _check_sum(packed), len(columns), base, len(body)) + packed


def is_whole(blob: bytes) -> bool:
    """Whether `unpack` would take it."""
    try:
        unpack(blob)
    except ValueError:
        return False
    return True


def _check_sum(packed: bytes) -> bytes:
    return zlib.crc32(packed).to_bytes(4, "little")[:3]


def unpack(blob: bytes) -> Columns:
    """The batch that `pack` made. Raises ValueError where the bytes are not one."""
    if len(blob) < HEADER.size:
        raise ValueError("too short for a batch")
    version, check_sum, size, base, length = HEADER.unpack_from(blob)
    if not 1 <= version <= FORMAT or length != size * 22:
        raise ValueError(f"not a batch of format {FORMAT}")
    if version > 1 and check_sum != _check_sum(blob[HEADER.size :]):
        raise ValueError("its check sum is wrong")
    try:
        body = CODEC.decompress(blob[HEADER.size :], decompressed_size=length, asbytes=True)
    except (OSError, pa.ArrowException) as cause:
        raise ValueError("a batch that does not unpack") from cause
    return Columns(
        key=np.cumsum(np.frombuffer(body, "<i4", size), dtype=np.int32),
        time_ms=np.frombuffer(body, "<i8", size, 4 * size) + base,
        value=np.frombuffer(body, "<f8", size, 12 * size).astype(np.float64),
        status=np.frombuffer(body, "<u2", size, 20 * size).astype(np.uint16),
    )
