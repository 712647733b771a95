"""A change faster than a point may change, as steps that it may take."""

from __future__ import annotations

import math

LEAST_PACE_S = 1.0


def stages(
    start: float,
    end: float,
    rate_per_s: float | None,
    pace_s: float,
    never_between: tuple[float, float] | None = None,
) -> tuple[float, ...]:
    """Values to write `pace_s` apart, in the point's unit: equal steps of at most rate x pace, the last one `end`.

    What lies strictly between `never_between` is left out: there the point has nothing but a jump.
    """
    if rate_per_s is None:
        return (end,)
    count = max(1, math.ceil(abs(end - start) / (rate_per_s * pace_s) - 1e-9))
    low, high = never_between or (math.inf, -math.inf)
    way = (start + (end - start) * step / count for step in range(1, count))
    return (*(value for value in way if not low < value < high), end)
