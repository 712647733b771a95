"""What a counter (kWh, m3) counted between its readings: resets, rollovers and swaps told apart, jumps flagged.

Pure array functions. A step that the rated power cannot explain is never billed: its amount is 0 and what the counter
claims stands under `unexplained`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hardware.points import FIRST_BAD_REASON, BoolArray, Float64Array, Int64Array, Reason, UInt16Array

HOUR_NS = 3_600_000_000_000
MARGIN = 1.2
"""Meters run above their rating for a while, and two clocks never agree: 20 % more is still believed."""

FLOAT32_STEP = 2.0**-22
"""A counter that travels as float32 may step back by so much of its value through rounding alone."""


class Step(enum.IntEnum):
    """What happened between one reading and the next."""

    NORMAL = 0
    RESET = 1  # started again from zero; counted from there on
    ROLLOVER = 2  # ran over its highest number; counted across it
    SWAP = 3  # another meter: nothing can be said of this step
    JUMP = 4  # more than the rated power can explain: not counted


@dataclass(frozen=True, slots=True)
class CounterRule:
    """What is known of a counter. `rated_per_h`: the most it can count in an hour, in its own unit (kW for kWh)."""

    rated_per_h: float | None = None
    modulus: float | None = None  # where it rolls over to zero, e.g. 1e6
    resolution: float = 0.0  # one step of its last digit

    def __post_init__(self) -> None:
        for name in ("rated_per_h", "modulus"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} of a counter is above zero, not {value}")


@dataclass(frozen=True, slots=True)
class Consumption:
    """One row a step between two believed readings: columns of equal length."""

    start_ns: Int64Array
    end_ns: Int64Array
    amount: Float64Array  # in the counter's unit; may be below zero by the counter's own rounding
    unexplained: (
        Float64Array  # what the counter claims beyond `amount` (its plain difference), NaN where nothing can be said
    )
    step: npt.NDArray[np.int8]  # Step

    @property
    def total(self) -> float:
        return float(self.amount.sum())

    @property
    def flagged(self) -> BoolArray:
        """Steps that a person should look at before they are billed."""
        return np.not_equal(self.step, Step.NORMAL)


def consumption(time_ns: Int64Array, value: Float64Array, status: UInt16Array, rule: CounterRule) -> Consumption:
    """Consumption between the usable readings of one counter; columns of equal length, in time order.

    A single reading far off between two that fit each other (a spike, a dip to zero) is passed over, and so is one that
    was flagged as not plausible when it was read: the reading that confirms it comes without the flag.
    """
    reason = status >> 8
    good = (reason < FIRST_BAD_REASON) & (reason != Reason.NOT_PLAUSIBLE) & ~np.isnan(value)
    time_ns, value = time_ns[good], value[good]
    believed = ~_lone_outliers(time_ns, value, rule)
    time_ns, value = time_ns[believed], value[believed]
    step, amount = _tell_apart(time_ns, value, rule)
    unexplained = np.where(step == Step.JUMP, np.diff(value), 0.0)
    unexplained[step == Step.SWAP] = np.nan
    return Consumption(time_ns[:-1], time_ns[1:], amount, unexplained, step)


def _most(hours: Float64Array, rule: CounterRule) -> Float64Array:
    """The most that can have been counted in so many hours; endless where no rating is known."""
    if rule.rated_per_h is None:
        return np.full(len(hours), np.inf)
    return hours * rule.rated_per_h * MARGIN + rule.resolution


def _slack(value: Float64Array, rule: CounterRule) -> Float64Array:
    return rule.resolution + np.abs(value) * FLOAT32_STEP


def _fits(from_value: Float64Array, to_value: Float64Array, hours: Float64Array, rule: CounterRule) -> BoolArray:
    rise = to_value - from_value
    slack = _slack(from_value, rule)
    return (rise >= -slack) & (rise <= _most(hours, rule) + slack)


def _lone_outliers(time_ns: Int64Array, value: Float64Array, rule: CounterRule) -> BoolArray:
    """True for a reading that fits neither neighbour while those fit each other."""
    outlier = np.zeros(len(value), np.bool_)
    if len(value) < 3:
        return outlier
    hours = np.diff(time_ns) / HOUR_NS
    fits_next = _fits(value[:-1], value[1:], hours, rule)
    skipped = _fits(value[:-2], value[2:], hours[:-1] + hours[1:], rule)
    outlier[1:-1] = skipped & ~(fits_next[:-1] & fits_next[1:])
    outlier[2:] &= ~outlier[1:-1]  # of two in a row the first goes, the second is judged anew as a step
    return outlier


def _tell_apart(
    time_ns: Int64Array, value: Float64Array, rule: CounterRule
) -> tuple[npt.NDArray[np.int8], Float64Array]:
    """Kind and amount of every step."""
    before, after = value[:-1], value[1:]
    hours = np.diff(time_ns) / HOUR_NS
    most = _most(hours, rule) + _slack(before, rule)
    rise = after - before
    normal = _fits(before, after, hours, rule)
    fell = rise < -_slack(before, rule)
    wrapped = _wrapped(before, after, rule)
    rollover = fell & (wrapped <= most)
    reset = fell & ~rollover & (after >= 0) & (after <= most) & (after < before / 2)
    step = np.select(
        [normal, rollover, reset, fell], [Step.NORMAL, Step.ROLLOVER, Step.RESET, Step.SWAP], Step.JUMP
    ).astype(np.int8)
    amount = np.select([normal, rollover, reset], [rise, wrapped, after], 0.0)
    return step, amount


def _wrapped(before: Float64Array, after: Float64Array, rule: CounterRule) -> Float64Array:
    """What was counted if the counter rolled over; endless where it cannot have.

    Without a known end, the next power of ten is tried, and only right below it (a display that ran full).
    """
    if rule.modulus is not None:
        wrapped = rule.modulus - before + after
        return np.where((before > 0.9 * rule.modulus) & (before <= rule.modulus), wrapped, np.inf)
    with np.errstate(divide="ignore"):
        modulus = 10.0 ** np.ceil(np.log10(np.maximum(before, 1e3)))
    return np.where(before > 0.999 * modulus, modulus - before + after, np.inf)


def per_span(steps: Consumption, borders_ns: Int64Array) -> Float64Array:
    """Amounts between consecutive borders (one fewer than borders); a step across a border is shared by time.

    Spans before the first and after the last reading get nothing.
    """
    if not len(steps.amount):
        return np.zeros(max(len(borders_ns) - 1, 0))
    known_ns = np.append(steps.start_ns[:1], steps.end_ns)
    counted = np.concatenate(([0.0], np.cumsum(steps.amount)))
    origin = known_ns[0]  # float64 holds nanoseconds since the first reading, not those since 1970
    return np.diff(np.interp(borders_ns - origin, known_ns - origin, counted))
