"""What the Heat page asks of the store; each question blocks and runs on a worker thread."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np

from energy_console.historian.counters import CounterRule, consumption
from energy_console.historian.interface import Buckets, Historian
from energy_console.live.heat import KWH_PER_M3_K, HeatSpan, heat_span
from energy_console.site.model import HeatSubstation, Site
from hardware.points import Float64Array

SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS
SPAN_H = 7 * 24
DAY_BUCKETS = 144


@dataclass(frozen=True, slots=True, eq=False)
class UnitDay:
    """One unit over the past: columns of equal length, NaN where nothing is known. Times in seconds."""

    unit: str
    edges_s: Float64Array
    supply_c: Float64Array
    return_c: Float64Array
    flow_m3h: Float64Array
    needed_m3h: Float64Array  # what its heat would need at the design cooling
    outside_c: Float64Array
    valve: Float64Array


def ask_span(site: Site, historian: Historian, moment: dt.datetime) -> HeatSpan:
    """The last week, or as much of it as the store has."""
    end = int(moment.timestamp()) * SECOND_NS
    start = end - SPAN_H * HOUR_NS
    volume, heat, hours = [], [], 0.0
    for unit in site.heat:
        used, since = _counted(historian, f"{unit.meter}/volume_m3", start, end, None)
        volume.append(used)
        heat.append(_counted(historian, f"{unit.meter}/heat_energy_kwh", start, end, unit.design_kw)[0])
        hours = max(hours, since)
    return heat_span(site.heat, hours, np.array(volume), np.array(heat))


def _counted(historian: Historian, point: str, start: int, end: int, rated: float | None) -> tuple[float, float]:
    """What a counter counted, and the hours between its first and last reading; NaN where it has fewer than two."""
    spans = historian.spans(point, start, end, HOUR_NS)
    if not len(spans.time_ns):
        return math.nan, 0.0
    times = np.append(spans.time_ns, spans.time_ns[-1] + spans.every_ns)
    values = np.append(spans.first, spans.last[-1])
    usable = np.isfinite(values)
    if usable.sum() < 2:
        return math.nan, 0.0
    used = consumption(times[usable], values[usable], np.zeros(int(usable.sum()), np.uint16), CounterRule(rated))
    return used.total, float(times[usable][-1] - times[usable][0]) / HOUR_NS


def ask_unit(unit: HeatSubstation, historian: Historian, moment: dt.datetime) -> UnitDay:
    """The last 24 hours in spans of ten minutes."""
    every = 24 * HOUR_NS // DAY_BUCKETS
    end = int(moment.timestamp()) * SECOND_NS // every * every + every
    start = end - DAY_BUCKETS * every

    def column(device: str | None, quantity: str) -> Float64Array:
        if device is None:
            return np.full(DAY_BUCKETS, np.nan)
        return _placed(historian.spans(f"{device}/{quantity}", start, end, every), start)

    power = column(unit.meter, "heat_power_kw")
    return UnitDay(
        unit.id,
        (start + every * np.arange(DAY_BUCKETS + 1)) / SECOND_NS,
        column(unit.meter, "supply_c"),
        column(unit.meter, "return_c"),
        column(unit.meter, "flow_m3h"),
        power / (KWH_PER_M3_K * unit.design_cooling_k),
        column(unit.controller, "outside_c"),
        column(unit.controller, "valve"),
    )


def _placed(spans: Buckets, start: int) -> Float64Array:
    values = np.full(DAY_BUCKETS, np.nan)
    place = (spans.time_ns - start) // spans.every_ns
    inside = (place >= 0) & (place < DAY_BUCKETS)
    values[place[inside]] = spans.mean[inside]
    return values
