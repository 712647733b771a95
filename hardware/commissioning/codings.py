"""Every way to read a number out of registers: width, sign, float or whole, and the order of the bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hardware.points import Float64Array

WordsOverTime = npt.NDArray[np.uint16]  # [sample, register]

# Share of makers that send the bytes of a number in this order; A is the highest byte.
_ORDERS: Mapping[int, Mapping[str, float]] = {
    1: {"AB": 0.97, "BA": 0.03},
    2: {"ABCD": 0.62, "CDAB": 0.30, "DCBA": 0.05, "BADC": 0.03},
    4: {"ABCDEFGH": 0.76, "GHEFCDAB": 0.19, "HGFEDCBA": 0.03, "BADCFEHG": 0.02},
}


@dataclass(frozen=True, slots=True)
class NumberCoding:
    """One way. `dtype` is numpy's for the bytes brought into ABCD order; `share` how usual the order is."""

    type: str  # uint16, int16 ... float64
    order: str  # AB, ABCD, CDAB ...
    words: int
    dtype: str
    share: float

    @property
    def is_float(self) -> bool:
        return self.dtype[1] == "f"

    @property
    def low_word_first(self) -> bool:
        return self.order in ("CDAB", "GHEFCDAB")

    def read(self, words: WordsOverTime) -> Float64Array:
        """Numbers [sample, address] that begin at each address where one fits; NaN for no number."""
        places = words.shape[1] - self.words + 1
        if places < 1:
            return np.empty((len(words), 0))
        wide = np.lib.stride_tricks.sliding_window_view(words, self.words, axis=1)
        data = wide.astype(">u2").view(np.uint8).reshape(len(words), places, 2 * self.words)
        sorted_bytes = data[:, :, [self.order.index(letter) for letter in "ABCDEFGH"[: 2 * self.words]]]
        raw = np.ascontiguousarray(sorted_bytes).view(self.dtype)[:, :, 0]
        with np.errstate(invalid="ignore"):
            value: Float64Array = raw.astype(np.float64)
        value[~np.isfinite(value)] = math.nan
        return value

    def steps(self, raw: Float64Array) -> Float64Array:
        """Distance to the next number the registers can hold, same shape; 1 for whole numbers."""
        if not self.is_float:
            return np.ones_like(raw)
        filled = np.where(np.isfinite(raw), raw, 0.0)
        narrow = filled.astype(np.float32) if self.words == 2 else filled
        step: Float64Array = np.spacing(np.abs(narrow)).astype(np.float64)
        return step


def _all() -> tuple[NumberCoding, ...]:
    names = {"u": "uint", "i": "int", "f": "float"}
    return tuple(
        NumberCoding(f"{names[kind]}{16 * words}", order, words, f">{kind}{2 * words}", share)
        for words, orders in _ORDERS.items()
        for kind in ("u", "i", "f")
        if not (kind == "f" and words == 1)
        for order, share in orders.items()
    )


CODINGS: tuple[NumberCoding, ...] = _all()
