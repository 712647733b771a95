"""What the Plan page asks the store for: net import as it was measured. Blocks, so only through `Desk.query`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from energy_console.gui.pages.plan.power_strip import Measured
from energy_console.historian.interface import Historian

SPAN_NS = 300_000_000_000


def ask_net_import(meter: str, start_ns: int, until_ns: int) -> Callable[[Historian], Measured]:
    """Means of five minutes from the start of the plan to now; NaN where nothing was read."""

    def question(historian: Historian) -> Measured:
        count = max(1, -(-(until_ns - start_ns) // SPAN_NS))
        spans = historian.spans(meter, start_ns, until_ns, SPAN_NS)
        value = np.full(count, np.nan)
        place = (spans.time_ns - start_ns) // SPAN_NS
        inside = (place >= 0) & (place < count)
        value[place[inside]] = spans.mean[inside]
        edges = (start_ns + SPAN_NS * np.arange(count + 1)) / 1e9
        edges[-1] = max(min(edges[-1], until_ns / 1e9), edges[-2])
        return Measured(edges, value)

    return question
