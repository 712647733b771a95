"""Water zones: use by the hour, legitimate night flow, leaks that never rest, meters along the way the water takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hardware.points import Float64Array
from hardware.virtual.fleet import Counted, Fleet
from hardware.virtual.spec import VirtualSpec, Zone
from hardware.virtual.weather import Conditions

USE_M3_PER_DAY = {"homes": 0.125, "district": 0.13, "harbour": 0.2, "industry": 0.35, "works": 0.0}
NIGHT_LITRES_H = {"homes": 1.9, "district": 1.9}  # a user, 02:00-04:00; others 5.0
SITE_M3_PER_DAY = {"industry": 45.0, "harbour": 30.0}  # of a zone that is one customer, not people
LOSS_SHARE = 0.02  # background seepage that no zone can help
PIPE_MS = 0.9  # velocity at the zone's usual daily peak

# Use over the day by hour, relative to the mean: homes rise early and cook at night, trade works by day.
HOMES = (
    0.0, 0.0, 0.0, 0.0, 0.05, 0.5, 1.5, 2.4, 2.0, 1.5, 1.2, 1.1,
    1.2, 1.1, 1.0, 1.0, 1.2, 1.6, 2.0, 2.1, 1.7, 1.2, 0.7, 0.2,
)  # fmt: skip
TRADE = (
    0.1, 0.1, 0.1, 0.1, 0.2, 0.5, 1.2, 1.9, 2.1, 2.1, 2.0, 2.0,
    1.6, 1.9, 2.0, 1.9, 1.6, 1.2, 0.6, 0.4, 0.3, 0.2, 0.1, 0.1,
)  # fmt: skip


class Water(Fleet):
    """All zone meters. Columns as in profile water_meter."""

    counted: ClassVar[Counted] = {
        "volume_m3": ("flow_m3h", 1.0),
        "volume_forward_m3": ("flow_m3h", 1.0),
        "volume_backward_m3": ("flow_m3h", -1.0),
    }

    def __init__(self, zones: Sequence[Zone], spec: VirtualSpec) -> None:
        super().__init__([zone.meter for zone in zones], spec.seed)
        self._kinds = [zone.kind for zone in zones]
        self._daily_m3 = np.array([_daily_m3(zone) for zone in zones])
        self._night_m3h = np.array([zone.users * NIGHT_LITRES_H.get(zone.kind, 5.0) / 1000.0 for zone in zones])
        self._night_m3h[[kind == "works" for kind in self._kinds]] = 0.0
        self._home = np.array([kind in ("homes", "district") for kind in self._kinds], dtype=bool)
        self._leak_m3h = np.array([zone.leak_m3h for zone in zones])
        self._burst_m3h = self.full(0.0)
        self._order = self._downstream_first(zones)
        self._peak_m3h = np.maximum(self._through(self._daily_m3 / 24.0 * 2.0), 0.1)

    def mean_rates(self) -> dict[str, Float64Array]:
        mean = self._through(self._daily_m3 / 24.0 + self._night_m3h * 0.3 + self._leak_m3h)
        return {"volume_m3": mean, "volume_forward_m3": mean}

    def leak(self, flows_m3h: dict[int, float]) -> None:
        """Leaks beyond those of the site, by row; those not named are mended."""
        self._burst_m3h[:] = 0.0
        for row, flow in flows_m3h.items():
            self._burst_m3h[row] = flow

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        flow = self._through(self._own_use(now) + self._leak_m3h + self._burst_m3h)
        self.columns |= {
            "flow_m3h": flow,
            "velocity_ms": PIPE_MS * flow / self._peak_m3h,
            "signal_quality": np.clip(0.86 + 0.03 * self.noise.smooth(now.time_s, 900.0, 1), 0.0, 1.0),
            "errors": self.full(0.0),
        }

    def _own_use(self, now: Conditions) -> Float64Array:
        weekend = now.weekday >= 5
        hour = now.hour - (0.9 if weekend else 0.0)
        homes, trade = _by_hour(HOMES, hour), _by_hour(TRADE, now.hour) * (0.35 if weekend else 1.15)
        shape = np.where(self._home, homes, trade)
        garden = 1.0 + 0.012 * max(0.0, now.outside_c - 18.0)
        noise = 1.0 + 0.07 * self.noise.smooth(now.time_s, 600.0, 2) + 0.04 * self.noise.smooth(now.time_s, 30.0, 3)
        return (self._daily_m3 / 24.0 * shape * garden + self._night_m3h * 0.5) * np.maximum(noise, 0.2)

    def _through(self, own: Float64Array) -> Float64Array:
        """What passes each meter: its own use and that of every zone behind it, with a little seepage."""
        flow = own * (1.0 + LOSS_SHARE)
        for row, feeder in self._order:
            flow[feeder] += flow[row]
        return flow

    def _downstream_first(self, zones: Sequence[Zone]) -> list[tuple[int, int]]:
        feeds = {row: self.rows[zone.feeds_from] for row, zone in enumerate(zones) if zone.feeds_from in self.rows}
        return sorted(feeds.items(), key=lambda pair: -_depth(pair[0], feeds))


def _daily_m3(zone: Zone) -> float:
    return zone.users * USE_M3_PER_DAY.get(zone.kind, 0.15) if zone.users else SITE_M3_PER_DAY.get(zone.kind, 0.0)


def _depth(row: int, feeds: dict[int, int]) -> int:
    depth, seen = 0, {row}
    while row in feeds and feeds[row] not in seen:
        row = feeds[row]
        seen.add(row)
        depth += 1
    return depth


def _by_hour(shape: Sequence[float], hour: float) -> float:
    mean = sum(shape) / len(shape)
    return float(np.interp((hour - 0.5) % 24.0, np.arange(25), [*shape, shape[0]])) / mean
