"""All devices of one profile side by side: their newest answers as rows of one array, decoded together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hardware.modbus import Decoder
from hardware.modbus.decode import Limits, limits_of
from hardware.points import BoolArray, Float64Array, Int32Array, Int64Array, Point, Reason, UInt16Array, status_of
from hardware.profiles import NoValue

Columns = tuple[Int32Array, Int64Array, Float64Array, UInt16Array]  # index, time_ns, value, status

_NOT_FITTED = status_of(Reason.NO_VALUE, NoValue.NOT_FITTED)


@dataclass(frozen=True, slots=True)
class Member:
    """One device of a group: where its points stand in the scanner's point table."""

    device: str
    first_point: int


class Group:
    """Rows are filled by the tasks that read, collected by the one that publishes; all in one event loop."""

    def __init__(self, decoder: Decoder, members: Sequence[Member], points: Mapping[str, Point]) -> None:
        self.decoder = decoder
        self._profile = decoder.profile
        size = len(members)
        width = len(self._profile.points)
        self._bytes = bytearray(size * decoder.image_bytes)
        self._image = np.frombuffer(self._bytes, np.uint8).reshape(size, decoder.image_bytes)
        self._failed = np.zeros((size, len(decoder.requests)), np.uint16)
        self._time_ns = np.zeros(size, np.int64)
        first = np.array([member.first_point for member in members], np.int32)
        self._index: Int32Array = np.add.outer(first, np.arange(width, dtype=np.int32))
        self._limits = self._limits_of(members, points)
        self._any_failed = False
        self._not_fitted: BoolArray | None = None  # (devices, points), from the first device that lacks a point on
        self._fresh: dict[int, None] = {}  # rows with answers not yet collected, in order
        self._overtaken: list[Columns] = []

    def put(self, row: int, payloads: Sequence[bytes], failed: Sequence[int] | None, time_ns: int) -> None:
        """Takes the answers of one device: one payload a request, `failed` the status of each (0: good)."""
        if row in self._fresh:
            # Read twice between two batches: the first reading is kept too, it just is decoded now.
            self._overtaken.append(self._decode())
        size = self.decoder.image_bytes
        if failed is None:
            self._bytes[row * size : (row + 1) * size] = b"".join(payloads)
            if self._any_failed:
                self._failed[row] = 0
        else:
            for start, payload in zip(self.decoder.starts, payloads, strict=True):
                at = row * size + start
                self._bytes[at : at + len(payload)] = payload
            self._failed[row] = failed
            self._any_failed = True
        self._time_ns[row] = time_ns
        self._fresh[row] = None

    def fit(self, row: int, not_fitted: BoolArray) -> None:
        """Says which points of the profile a device does not have, until it is said anew."""
        if row in self._fresh:
            # What was read before belongs to the points as they were then.
            self._overtaken.append(self._decode())
        if self._not_fitted is None:
            if not not_fitted.any():
                return
            self._not_fitted = np.zeros(self._index.shape, np.bool_)
        self._not_fitted[row] = not_fitted

    def collect(self) -> list[Columns]:
        """Everything put since the last time, decoded."""
        found = self._overtaken
        self._overtaken = []
        if self._fresh:
            found.append(self._decode())
        return found

    def _decode(self) -> Columns:
        rows = np.fromiter(self._fresh, np.intp, len(self._fresh))
        self._fresh.clear()
        low, high = self._limits
        value, status = self.decoder.decode(self._image[rows], (low[rows], high[rows]))
        if self._any_failed:
            failed = self._failed[rows]
            failed = np.maximum(failed[:, self.decoder.request_of_point], failed[:, self.decoder.request_of_scale])
            bad = failed != 0
            status[bad] = failed[bad]
            value[bad] = np.nan
            self._any_failed = bool(self._failed.any())
        if self._not_fitted is not None:
            absent = self._not_fitted[rows]
            status[absent] = _NOT_FITTED
            value[absent] = np.nan
        time_ns = np.repeat(self._time_ns[rows], value.shape[1])
        return self._index[rows].ravel(), time_ns, value.ravel(), status.ravel()

    def _limits_of(self, members: Sequence[Member], points: Mapping[str, Point]) -> Limits:
        """A site may give a point another range than its profile: (devices, points) lowest and highest values."""
        low = np.empty((len(members), len(self._profile.points)))
        high = np.empty_like(low)
        for row, member in enumerate(members):
            own = [points[f"{member.device}/{point.quantity}"] for point in self._profile.points]
            low[row] = limits_of([point.low for point in own], -np.inf)
            high[row] = limits_of([point.high for point in own], np.inf)
        return low, high
