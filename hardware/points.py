"""What the field hands over: points, readings with their quality, and one batch of readings a scan cycle."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
UInt16Array = npt.NDArray[np.uint16]
Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Quality(enum.IntEnum):
    """How far a value may be trusted."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Reason(enum.IntEnum):
    """Why a value is not plainly good. 0 is good, 1..63 uncertain, 64..255 bad; stored, so numbers are never reused."""

    GOOD = 0
    SIMULATED = 1  # made by a model, not measured
    SUBSTITUTED = 2  # typed in by a person or taken from another meter; detail is a Substituted
    NOT_PLAUSIBLE = 3  # a jump, or more than the rated power can explain; detail is an Implausible
    OUT_OF_RANGE = 4  # outside the range the point states
    ESTIMATED = 5  # calculated while one of its inputs was missing
    TIMEOUT = 64  # asked, no answer in time
    REFUSED = 65  # connection refused or unreachable
    DROPPED = 66  # the connection broke in mid-request
    EXCEPTION = 67  # the device answered with a Modbus exception; detail is its code
    WRONG_ANSWER = 68  # unit, function, count or transaction did not match the request
    NO_VALUE = 69  # the device itself says "no value" (sentinel, NaN, sensor open or short)
    STALE = 70  # nothing new for longer than the point allows
    NOT_READ_YET = 71  # the console has just started
    OUT_OF_SERVICE = 72  # taken out by a person
    WITHDRAWN = 73  # a person says that what was read is wrong (a correction); the reading itself is kept beneath
    NO_RESULT = 80  # calculated, and the formula has no result for these inputs (a division by zero)


class Implausible(enum.IntEnum):
    """Why a value is not plausible: the detail of Reason.NOT_PLAUSIBLE. Stored, so numbers are never reused."""

    UNSPECIFIED = 0
    STEP = 1  # further from the value before than the point can go in that time
    BEYOND_RATING = 2  # more power than the device is rated for, by half
    COUNTED_TOO_FAST = 3  # a counter grew more than the rated power can explain
    COUNTER_FELL = 4  # a counter went back: a reset, a rollover, another meter, or a wrong reading


class Substituted(enum.IntEnum):
    """Where a value comes from that no device gave: the detail of Reason.SUBSTITUTED. Stored, never reused."""

    UNSPECIFIED = 0  # imported, or taken from another meter
    CORRECTED = 1  # a person put it in place of what was read; the reading itself is kept beneath
    INTERPOLATED = 2  # the same, on a line between the readings before and after


FIRST_BAD_REASON = 64


def status_of(reason: Reason, detail: int = 0) -> int:
    """One 16-bit status: the reason in the high byte, its detail (a Modbus exception code, else 0) in the low byte."""
    return (int(reason) << 8) | (detail & 0xFF)


GOOD_STATUS = status_of(Reason.GOOD)


def reason_of(status: int) -> Reason:
    return Reason(int(status) >> 8)


def detail_of(status: int) -> int:
    return int(status) & 0xFF


def quality_of(status: int) -> Quality:
    reason = int(status) >> 8
    if reason == 0:
        return Quality.GOOD
    return Quality.BAD if reason >= FIRST_BAD_REASON else Quality.UNCERTAIN


def is_usable(status: UInt16Array) -> BoolArray:
    """True where a value may be drawn and summed: good or uncertain. Same shape as `status`."""
    return (status >> 8) < FIRST_BAD_REASON


@dataclass(frozen=True, slots=True)
class Point:
    """One named value of one device. `id` is `device/quantity`, for example `E01.1/power_kw`."""

    id: str
    device: str
    quantity: str
    unit: str  # kW, kWh, degC, m3/h, 1 (fraction), "" for words and bits
    name: str  # what a person reads: "Active power"
    counter: bool = False  # grows only; resets, rollovers and swaps are told apart downstream
    writable: bool = False
    low: float | None = None  # outside [low, high] a value is flagged OUT_OF_RANGE
    high: float | None = None
    step_per_s: float | None = None  # largest plausible change in a second; a larger one is flagged NOT_PLAUSIBLE
    rated_kw: float | None = None  # of its device: power far beyond, or energy counted faster, is NOT_PLAUSIBLE
    bits: tuple[str, ...] = ()  # names of the bits, lowest first, where the value is a bit field
    states: tuple[tuple[int, str], ...] = ()  # names of the values where the value is an enumeration
    every_s: float = 0.0  # read this seldom where its device is read more often; 0: as often as its device
    was: tuple[str, ...] = ()  # what it was called before: what is kept under these ids belongs to it


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a value has to be before something is written: one of `values`, or within [low, high]."""

    values: tuple[float, ...] = ()
    low: float = -math.inf
    high: float = math.inf

    def holds(self, value: float) -> bool:
        """False also for NaN: what is not known does not hold."""
        return value in self.values if self.values else self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Reading:
    """One value at one time. `value` is NaN exactly when the quality is bad."""

    point: str
    time_ns: int  # UTC, nanoseconds since 1970
    value: float
    status: int


@dataclass(frozen=True, slots=True)
class ScanBatch:
    """Readings of one scan cycle as equally long, read-only columns; safe to hand to another thread.

    `index` counts into the point table of whoever made the batch (scanner or site: the same order for a whole run).
    """

    sequence: int
    index: Int32Array
    time_ns: Int64Array  # UTC, when the answer came (or was given up)
    value: Float64Array  # NaN exactly where the quality is bad
    status: UInt16Array

    def __post_init__(self) -> None:
        size = len(self.index)
        if not len(self.time_ns) == len(self.value) == len(self.status) == size:
            raise ValueError("a ScanBatch needs columns of equal length")
        for column in (self.index, self.time_ns, self.value, self.status):
            column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.index)
