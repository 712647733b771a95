"""Noise that is a function of seed and time: the same whoever asks, whatever the step, however far back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hardware.points import Float64Array

UInt64Array = npt.NDArray[np.uint64]
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_STEP = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def seed_of(text: str, seed: int = 0) -> int:
    """A 64-bit number that belongs to a name; the same in every run and on every machine."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{text}".encode(), digest_size=8).digest(), "little")


def mix(ids: UInt64Array, salt: int) -> UInt64Array:
    """Scrambled 64-bit numbers (splitmix64 finaliser, Steele et al. 2014); same shape."""
    x = ids + np.uint64((salt * _STEP) & _MASK)
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


class Noise:
    """Independent noise for each of a row of names."""

    def __init__(self, names: Sequence[str], seed: int = 0) -> None:
        self._ids = np.array([seed_of(name, seed) for name in names], dtype=np.uint64)
        self._lattice: dict[tuple[int, float], tuple[int, Float64Array, Float64Array]] = {}

    def uniform(self, channel: int) -> Float64Array:
        """One fixed draw from [0, 1) for each name; another channel is another draw."""
        return (mix(self._ids, channel) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normal(self, salt: int) -> Float64Array:
        """One fixed draw of mean 0 and deviation 1 for each name, within +-3.5."""
        # Four 16-bit parts of one number, summed: close to normal and ten times cheaper than Box-Muller.
        parts = mix(self._ids, salt).view(np.uint16).reshape(-1, 4)
        drawn: Float64Array = (parts.sum(axis=1, dtype=np.float64) / 65536.0 - 2.0) * 3.0**0.5
        return drawn

    def smooth(self, t_s: float, period_s: float, channel: int) -> Float64Array:
        """Noise of mean 0 and deviation 1 that takes about `period_s` to become something else."""
        k = int(t_s // period_s)
        w = t_s / period_s - k
        w = w * w * (3.0 - 2.0 * w)
        a, b = self._neighbours(k, period_s, channel)
        mixed: Float64Array = (a * (1.0 - w) + b * w) / np.sqrt((1.0 - w) ** 2 + w * w)
        return mixed

    def _neighbours(self, k: int, period_s: float, channel: int) -> tuple[Float64Array, Float64Array]:
        found = self._lattice.get((channel, period_s))
        if found is not None and found[0] == k:
            return found[1], found[2]
        salt = (channel << 40) ^ (k << 1) ^ 1
        # A step onto the next lattice cell can keep one of its two ends.
        a = found[2] if found is not None and found[0] == k - 1 else self.normal(salt)
        b = self.normal((channel << 40) ^ ((k + 1) << 1) ^ 1)
        self._lattice[channel, period_s] = (k, a, b)
        return a, b
