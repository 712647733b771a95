"""How well one way to read numbers fits registers, as a likelihood ratio against registers that mean nothing.

For each coding and address: how probable are these words if a usual quantity is written there in this coding, over
how probable they are anyway. A coding that explains two words which fit it is worth more than one that explains one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hardware.commissioning.codings import NumberCoding, WordsOverTime
from hardware.commissioning.kinds import FLOAT_SCALES, INTEGER_SCALES, Even, Kind
from hardware.points import BoolArray, Float64Array

NEVER = -30.0  # log of a likelihood that may be taken for none
_SORT_SHARES: Mapping[int, Mapping[str, float]] = {
    1: {"u": 0.55, "i": 0.45},
    2: {"u": 0.30, "i": 0.30, "f": 0.40},
    4: {"u": 0.40, "i": 0.40, "f": 0.20},
}
_ROUND_SHARE = 0.4  # of floats that end in zero bits, since they were rounded or are a whole number
_STEADY, _MOVING, _JUMPING = 0.05, 0.3, 1.0  # largest change between readings, of the largest value
_COARSEST = 0.05  # share of a quantity's usual range that one step of a device may be
_FEW_COUNTS = 3  # whole numbers this near each other are a flickering last digit


@dataclass(frozen=True, slots=True)
class Fit:
    """One coding over all addresses. Arrays have one entry an address; `kind` and `exponent` say the best reading."""

    coding: NumberCoding
    raw: Float64Array  # [sample, address]
    log_ratio: Float64Array
    kind: tuple[int, ...]
    exponent: tuple[int, ...]


def fit_of(coding: NumberCoding, words: WordsOverTime, known: BoolArray, kinds: Sequence[Kind]) -> Fit:
    """`words` [sample, register], `known` [register] false where a register was not answered."""
    raw = coding.read(words)
    places = raw.shape[1]
    usable = np.array([known[at : at + coding.words].all() for at in range(places)], bool)
    usable &= np.isfinite(raw).all(axis=0)
    raw = np.where(usable, raw, 0.0)
    parts, labels = _parts(coding, raw, kinds)
    share = coding.share * _SORT_SHARES[coding.words][coding.dtype[1]]
    total = parts.sum(axis=0) * share if len(parts) else np.zeros(places)
    background = _background(words[-1], coding.words)
    ratio = np.log(np.maximum(total, 1e-300)) - background
    best = parts.argmax(axis=0) if len(parts) else np.zeros(places, np.intp)
    return Fit(
        coding,
        raw,
        np.where(usable, np.maximum(ratio, NEVER), NEVER),
        tuple(labels[at][0] for at in best) if labels else (0,) * places,
        tuple(labels[at][1] for at in best) if labels else (0,) * places,
    )


def _parts(
    coding: NumberCoding, raw: Float64Array, kinds: Sequence[Kind]
) -> tuple[Float64Array, list[tuple[int, int]]]:
    """Probability of the newest numbers for each kind and power of ten [part, address], and which part is which."""
    newest = raw[-1]
    step = _rounded_step(coding, newest)
    growing, moving, listed = _over_time(coding, raw)
    parts: list[Float64Array] = []
    labels: list[tuple[int, int]] = []
    for number, kind in enumerate(kinds):
        width = kind.widths.get(coding.words, 0.0)
        if not width or (kind.whole and coding.is_float):
            continue
        over_time = growing if kind.counter else listed if kind.whole else moving
        scales = {0: 1.0} if kind.whole else FLOAT_SCALES if coding.is_float else INTEGER_SCALES
        factors = 10.0 ** np.array(list(scales), np.float64)[:, None]
        share = np.array(list(scales.values()))[:, None]
        with np.errstate(over="ignore"):  # a number of 1e300 is improbable, not an error
            found = np.minimum(_COARSEST, kind.usual.density(newest * factors) * step * factors)
        found = np.where(newest == 0, np.maximum(kind.at_zero(), found * isinstance(kind.usual, Even)), found)
        parts.append(kind.share * width * share * found * over_time)
        labels.extend((number, exponent) for exponent in scales)
    return np.concatenate(parts) if parts else np.empty((0, len(newest))), labels


def _rounded_step(coding: NumberCoding, raw: Float64Array) -> Float64Array:
    """What one number stands for: the step to the next, more where the number is a round one."""
    step = coding.steps(raw)
    if not coding.is_float:
        return step
    bits, kind = (23, np.float32) if coding.words == 2 else (52, np.float64)
    mantissa = raw.astype(kind).view(np.uint32 if coding.words == 2 else np.uint64)
    trailing = np.array([min(bits, _zeros_at_end(int(word))) for word in mantissa], np.float64)
    rounded: Float64Array = step * (1.0 - _ROUND_SHARE + _ROUND_SHARE / bits * (2.0 ** (trailing + 1.0) - 2.0))
    return rounded


def _zeros_at_end(word: int) -> int:
    return (word & -word).bit_length() - 1 if word else 64


def _over_time(coding: NumberCoding, raw: Float64Array) -> tuple[Float64Array, Float64Array, Float64Array]:
    """How the numbers moved, as factors for counters, for measured values and for states; 1 where they stood still."""
    ones = np.ones(raw.shape[1])
    if len(raw) < 2:
        return ones, ones, ones
    change = np.diff(raw, axis=0)
    largest = np.abs(change).max(axis=0)
    relative = largest / np.maximum(np.abs(raw).max(axis=0), 1e-12)
    changed, grew = largest > 0, (change >= 0).all(axis=0)
    growing = np.where(grew, np.where(relative < 1e-3, 30.0, np.where(relative < _STEADY, 3.0, 0.1)), 0.02)
    moving = np.select([relative < _STEADY, relative < _MOVING, relative < _JUMPING], [4.0, 2.0, 0.6], 0.03)
    if not coding.is_float:
        moving = np.where(largest <= _FEW_COUNTS, np.maximum(moving, 2.0), moving)
    return (
        np.where(changed, growing, ones),
        np.where(changed, moving, ones),
        np.where(changed, 0.3, ones),
    )


def _background(words: np.ndarray[tuple[int], np.dtype[np.uint16]], width: int) -> Float64Array:
    """Log of how probable `width` words are wherever registers stand, for each address.

    Zeros are frequent and come in rows, small numbers and all ones less so; the rest is anyone's guess.
    """
    numbers = words.astype(np.int64)
    after_zero = np.concatenate([[False], numbers[:-1] == 0])
    plain = _word_shares(numbers, 0.35, 0.12)
    log = np.log(np.where(after_zero, _word_shares(numbers, 0.75, 0.08), plain))
    first = np.log(plain)
    places = len(words) - width + 1
    if places < 1:
        return np.empty(0)
    rest = sum((log[at : at + places] for at in range(1, width)), np.zeros(places))
    found: Float64Array = first[:places] + rest
    return found


def _word_shares(words: np.ndarray[tuple[int], np.dtype[np.int64]], zero: float, small: float) -> Float64Array:
    ones, small_words = 0.03, 255
    rest = (1.0 - zero - small - ones) / (65536 - small_words - 2)
    return np.select([words == 0, words == 0xFFFF, words <= small_words], [zero, ones, small / small_words], rest)


def odds(log_ratios: Sequence[float], nothing: float) -> list[float]:
    """Share of each among all and among "none of these" (log ratio `nothing`); they add up to less than 1."""
    highest = max([*log_ratios, nothing])
    weights = [math.exp(ratio - highest) for ratio in log_ratios]
    total = sum(weights) + math.exp(nothing - highest)
    return [weight / total for weight in weights]
