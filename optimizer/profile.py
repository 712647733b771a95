"""A figure over the horizon: one number for all steps, or one for each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.errors import NotANumber, OutOfRange, WrongLength

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

Profile = float | tuple[float, ...]

# What no site has: a figure above is in another unit.
MOST_KW = 1e7
MOST_EUR_PER_KWH = 20.0
MOST_KG_PER_KWH = 5.0


def must_be_number(where: str, value: float, low: float = -math.inf, high: float = math.inf) -> None:
    """Raises NotANumber or OutOfRange unless `value` is finite and within [low, high]."""
    if not math.isfinite(value):
        raise NotANumber(where, value)
    if not low <= value <= high:
        raise OutOfRange(where, value, low, high)


def must_be_profile(where: str, value: Profile, low: float = -math.inf, high: float = math.inf) -> None:
    """Raises NotANumber or OutOfRange for the first value that is not finite or not within [low, high]."""
    if not isinstance(value, tuple):
        must_be_number(where, value, low, high)
        return
    # The quick look covers the usual case; a NaN hides from min and max, so it is asked for by itself.
    if value and all(map(math.isfinite, value)) and low <= min(value) and max(value) <= high:
        return
    for step, item in enumerate(value):
        must_be_number(f"{where} in step {step}", item, low, high)


def must_fit(where: str, value: Profile | tuple[bool, ...], steps: int) -> None:
    """Raises WrongLength unless `value` is one figure or one for each step."""
    if isinstance(value, tuple) and len(value) != steps:
        raise WrongLength(where, len(value), steps)


def over_steps(value: Profile, steps: int) -> FloatArray:
    """The profile as an array of shape (steps,)."""
    return np.full(steps, value, dtype=float) if not isinstance(value, tuple) else np.asarray(value, dtype=float)


def table(values: Iterable[Profile], steps: int) -> FloatArray:
    """Many profiles as one array of shape (number of profiles, steps)."""
    rows = [value if isinstance(value, tuple) else (value,) * steps for value in values]
    return np.array(rows, dtype=float).reshape(len(rows), steps)


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, closed for writing: plans cross threads."""
    array.flags.writeable = False
    return array


def column(items: Iterable[object], field: str) -> FloatArray:
    """One figure of many things as an array of shape (things,)."""
    return np.array([getattr(item, field) for item in items], dtype=float)
