"""All devices of one profile side by side: their newest answers as rows of one array, decoded together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hardware.modbus import Decoder
from hardware.modbus.decode import Limits, limits_of
from hardware.points import BoolArray, Float64Array, Int32Array, Int64Array, Point, Reason, UInt16Array, status_of
from hardware.profiles import NoValue
from hardware.scanner.plausible import PlausibilityWatch

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
        self._left_out = np.zeros((size, len(decoder.requests)), np.bool_)  # requests not asked in the newest reading
        self._time_ns = np.zeros(size, np.int64)
        first = np.array([member.first_point for member in members], np.int32)
        self._index: Int32Array = np.add.outer(first, np.arange(width, dtype=np.int32))
        self._limits = self._limits_of(members, points)
        own = [[points[f"{member.device}/{kind.quantity}"] for kind in self._profile.points] for member in members]
        self._plausible = PlausibilityWatch(self._profile.points, own)
        self._any_failed = False
        self._not_fitted: BoolArray | None = None  # (devices, points), from the first device that lacks a point on
        self._any_left_out = False
        self._fresh: dict[int, None] = {}  # rows with answers not yet collected, in order
        self._overtaken: list[Columns] = []

    def put(
        self,
        row: int,
        numbers: Sequence[int] | None,
        payloads: Sequence[bytes],
        failed: Sequence[int] | None,
        time_ns: int,
    ) -> None:
        """Takes the answers of one device to the requests `numbers` (None: all of them, in order).

        One payload a request; `failed` is the status of each (0: good), None where all are good.
        """
        if row in self._fresh:
            # Read twice between two batches: the first reading is kept too, it just is decoded now.
            self._overtaken.append(self._decode())
        size = self.decoder.image_bytes
        if failed is None and numbers is None:
            self._bytes[row * size : (row + 1) * size] = b"".join(payloads)
            if self._any_failed:
                self._failed[row] = 0
        else:
            self._put_each(row, numbers, payloads, failed)
        if numbers is not None:
            self._left_out[row] = True
            self._left_out[row, numbers] = False
            self._any_left_out = True
        elif self._any_left_out:
            self._left_out[row] = False
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

    def _put_each(
        self, row: int, numbers: Sequence[int] | None, payloads: Sequence[bytes], failed: Sequence[int] | None
    ) -> None:
        asked = range(len(payloads)) if numbers is None else numbers
        for number, payload in zip(asked, payloads, strict=True):
            at = row * self.decoder.image_bytes + self.decoder.starts[number]
            self._bytes[at : at + len(payload)] = payload
        self._failed[row, list(asked)] = 0 if failed is None else failed
        self._any_failed |= failed is not None

    def tell_again(self, row: int, time_ns: int) -> None:
        """A device that is still lost: its points are still bad, at a later time. Nothing where it has just told."""
        if row not in self._fresh:
            self._time_ns[row] = time_ns
            self._fresh[row] = None

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
        told = None if not self._any_left_out else ~self._left_out[rows][:, self.decoder.request_of_point]
        self._plausible.judge(rows, self._time_ns[rows], value, status, told)
        time_ns = np.repeat(self._time_ns[rows], value.shape[1])
        columns = self._index[rows].ravel(), time_ns, value.ravel(), status.ravel()
        if told is None:
            return columns
        self._any_left_out = bool(self._left_out.any())
        kept = told.ravel()
        return columns[0][kept], columns[1][kept], columns[2][kept], columns[3][kept]

    def _limits_of(self, members: Sequence[Member], points: Mapping[str, Point]) -> Limits:
        """A site may give a point another range than its profile: (devices, points) lowest and highest values."""
        low = np.empty((len(members), len(self._profile.points)))
        high = np.empty_like(low)
        for row, member in enumerate(members):
            own = [points[f"{member.device}/{point.quantity}"] for point in self._profile.points]
            low[row] = limits_of([point.low for point in own], -np.inf)
            high[row] = limits_of([point.high for point in own], np.inf)
        return low, high
