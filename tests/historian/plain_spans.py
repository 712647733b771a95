"""Spans worked out reading by reading, as the definition says and with nothing clever, to hold the store against."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

HOLD_MS = 20 * 60_000


@dataclass
class PlainSpan:
    values: list[float] = field(default_factory=list)
    count: int = 0
    worst: int = 0
    integral_h: float = 0.0
    covered_h: float = 0.0


def plain_spans(
    readings: list[tuple[int, float, int]], start_ms: int, end_ms: int, width_ms: int
) -> dict[int, PlainSpan]:
    """Spans by start from (time in ms, value, status) in time order; those without a reading are left out."""
    found: dict[int, PlainSpan] = {}
    for start in range(start_ms, end_ms, width_ms):
        inside = [r for r in readings if start <= r[0] < start + width_ms]
        if inside:
            span = PlainSpan(count=len(inside), worst=max(r[2] for r in inside))
            span.values = [r[1] for r in inside if not math.isnan(r[1])]
            found[start] = span
    for (time, value, _), following in pairwise(readings):
        if math.isnan(value):
            continue
        until = min(following[0], time + HOLD_MS)
        for start, span in found.items():
            hours = max(0, min(until, start + width_ms) - max(time, start)) / 3_600_000
            span.integral_h += value * hours
            span.covered_h += hours
    return found
