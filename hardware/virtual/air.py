"""Weather and air-quality stations, noise sensors: what stands in the street."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.points import Float64Array
from hardware.virtual.fleet import Fleet
from hardware.virtual.spec import VirtualSpec
from hardware.virtual.weather import Conditions


class Air(Fleet):
    """All stations. Columns of profiles environment_sensor and noise_sensor."""

    def __init__(self, devices: Sequence[str], spec: VirtualSpec) -> None:
        super().__init__(devices, spec.seed)
        self._busy = 0.5 + self.noise.uniform(1)  # how busy its street is
        self._warm = 0.5 * self.noise.normal(2)

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        traffic = self._busy * _traffic(now)
        stuffy = 1.0 / (0.6 + 0.18 * now.wind_ms)  # wind carries dust and gases off
        pm25 = (5.0 + 5.0 * traffic + 3.0 * max(0.0, 6.0 - now.outside_c) * 0.3) * stuffy * self._gust(now, 3, 0.15)
        gust = np.maximum(1.0 + 0.25 * self.noise.smooth(now.time_s, 45.0, 4), 0.2)
        loud = 42.0 + 12.0 * np.log10(1.0 + 9.0 * traffic) + 2.5 * self.noise.smooth(now.time_s, 8.0, 10)
        self.columns |= {
            "temperature_c": now.outside_c + self._warm + 0.15 * self.noise.smooth(now.time_s, 900.0, 5),
            "humidity": np.clip(now.humidity + 0.02 * self.noise.smooth(now.time_s, 1800.0, 6), 0.1, 1.0),
            "pm25_ugm3": pm25,
            "pm10_ugm3": pm25 * 1.6 + 4.0,
            "no2_ugm3": (6.0 + 30.0 * traffic) * stuffy * self._gust(now, 7, 0.12),
            "illuminance_lx": np.minimum(now.illuminance_lx * (0.9 + 0.1 * self.noise.uniform(8)), 65_000.0),
            "wind_ms": now.wind_ms * gust,
            "wind_deg": (now.wind_deg + 14.0 * self.noise.smooth(now.time_s, 30.0, 9)) % 360.0,
            "solar_wm2": self.full(now.ghi_wm2),
            "noise_db": np.clip(loud, 30.0, 110.0),
            "co2_ppm": 420.0 + 25.0 * traffic * stuffy,
            "voc_ppb": (40.0 + 60.0 * traffic) * stuffy * self._gust(now, 11, 0.1),
        }

    def _gust(self, now: Conditions, channel: int, depth: float) -> Float64Array:
        gust: Float64Array = np.maximum(1.0 + depth * self.noise.smooth(now.time_s, 1200.0, channel), 0.1)
        return gust


def _traffic(now: Conditions) -> float:
    """Traffic 0..1: two rush hours on working days, one broad afternoon at the weekend, little at night."""
    h = now.hour
    if now.weekday < 5:
        peaks = np.exp(-((h - 8.0) ** 2) / 2.2) + 0.95 * np.exp(-((h - 17.3) ** 2) / 3.6)
        return float(min(1.0, 0.06 + peaks + 0.42 * np.exp(-((h - 12.8) ** 2) / 14.0)))
    return float(0.06 + 0.55 * np.exp(-((h - 14.5) ** 2) / 18.0))
