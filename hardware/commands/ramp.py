"""A change faster than a point may change, as steps that it may take."""

from __future__ import annotations

import math

LEAST_PACE_S = 1.0


def stages(start: float, end: float, rate_per_s: float | None, pace_s: float) -> tuple[float, ...]:
    """Values to write `pace_s` apart, in the point's unit: equal steps of at most rate x pace, the last one `end`."""
    if rate_per_s is None:
        return (end,)
    count = max(1, math.ceil(abs(end - start) / (rate_per_s * pace_s) - 1e-9))
    return (*(start + (end - start) * step / count for step in range(1, count)), end)
