"""How far a rule may be missed by rounding, and where it is missed by more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.profile import BoolArray, FloatArray

TOLERANCE = 1e-4  # kW, kWh, m3; levels are checked to a hundredth of it
RELATIVE = 1e-6


def breaches(
    excess: FloatArray, scale: FloatArray | float = 0.0, tolerance: float = TOLERANCE
) -> Iterator[tuple[int, int, float]]:
    """(row, first step, worst excess) of every row whose excess is above tolerance; NaN counts as above."""
    bad: BoolArray = ~(excess <= tolerance + RELATIVE * np.abs(scale))
    for row in np.flatnonzero(bad.any(axis=1)):
        yield int(row), int(np.argmax(bad[row])), float(np.max(excess[row]))
