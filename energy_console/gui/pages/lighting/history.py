"""What the Lighting page asks the store for. Every function blocks and runs on a worker thread through `Desk.query`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from energy_console.historian.interface import Buckets, Historian
from energy_console.live.port_call import energy_per_span_kwh
from energy_console.site.model import LightingGroup, Site
from hardware.points import Float64Array

SPAN_NS = 300_000_000_000
HOUR_NS = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class NightEnergy:
    """What all cabinets took from dusk to `until_ns`, and what they would have taken at full light."""

    from_ns: int
    until_ns: int
    energy_kwh: float
    full_kwh: float  # of those cabinets and hours whose energy was counted

    @property
    def saved_kwh(self) -> float:
        return self.full_kwh - self.energy_kwh


@dataclass(frozen=True, slots=True)
class GroupNight:
    """Level and power of one group as step curves: one time more than values, s UTC; NaN where nothing was read."""

    group: str
    time_s: Float64Array
    level: Float64Array
    power_w: Float64Array


def ask_energy(site: Site, start_ns: int, until_ns: int) -> Callable[[Historian], NightEnergy]:
    def question(historian: Historian) -> NightEnergy:
        energy = full = 0.0
        for group in site.lighting:
            spans = historian.spans(f"{group.device}/energy_import_kwh", start_ns, until_ns, HOUR_NS)
            rated_kw = group.lamps * group.lamp_w / 1000.0
            counted_kwh = energy_per_span_kwh(spans, rated_kw)
            energy += float(np.nansum(counted_kwh))
            full += rated_kw * _hours(spans, until_ns)[~np.isnan(counted_kwh)].sum()
        return NightEnergy(start_ns, until_ns, energy, full)

    return question


def _hours(spans: Buckets, until_ns: int) -> Float64Array:
    """Length of each span, the last one up to `until_ns`."""
    ends_ns = np.minimum(spans.time_ns + spans.every_ns, until_ns)
    hours: Float64Array = np.maximum(ends_ns - spans.time_ns, 0) / HOUR_NS
    return hours


def ask_group(group: LightingGroup, start_ns: int, until_ns: int) -> Callable[[Historian], GroupNight]:
    def question(historian: Historian) -> GroupNight:
        level = historian.spans(f"{group.device}/level", start_ns, until_ns, SPAN_NS)
        power = historian.spans(f"{group.device}/power_kw", start_ns, until_ns, SPAN_NS)
        count = max(1, -(-(until_ns - start_ns) // SPAN_NS))
        edges = (start_ns + SPAN_NS * np.arange(count + 1)) / 1e9
        edges[-1] = min(edges[-1], max(until_ns / 1e9, edges[-2]))
        return GroupNight(group.id, edges, _on_grid(level, start_ns, count), 1000.0 * _on_grid(power, start_ns, count))

    return question


def _on_grid(spans: Buckets, start_ns: int, count: int) -> Float64Array:
    value = np.full(count, np.nan)
    place = (spans.time_ns - start_ns) // SPAN_NS
    inside = (place >= 0) & (place < count)
    value[place[inside]] = spans.mean[inside]
    return value
