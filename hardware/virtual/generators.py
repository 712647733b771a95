"""Sun and wind: clear sky through clouds onto a tilted plane, and wind through a power curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hardware.points import Float64Array
from hardware.virtual.fleet import Counted, Fleet
from hardware.virtual.spec import Generator, VirtualSpec
from hardware.virtual.weather import Conditions

GROUND_ALBEDO = 0.2
PER_KELVIN = -0.0037  # of crystalline silicon
SYSTEM_SHARE = 0.86  # inverter, cables, dirt
CUT_IN_MS, RATED_MS, CUT_OUT_MS = 3.0, 12.0, 25.0
SHEAR = 0.16  # wind over the height, power law
SLEEPING, PRODUCING, FAULT = 2.0, 4.0, 7.0
MANUAL_SHUTDOWN = 1 << 6


class Generators(Fleet):
    """All plants. Columns as in profile sunspec_103; power is what they make, so positive."""

    counted: ClassVar[Counted] = {"energy_generated_kwh": ("generation_kw", 1.0)}

    def __init__(self, plants: Sequence[Generator], spec: VirtualSpec) -> None:
        super().__init__([plant.device for plant in plants], spec.seed)
        self.rated_kw = np.array([plant.rated_kw for plant in plants])
        self._wind = np.array([plant.kind == "wind" for plant in plants], dtype=bool)
        self._tilt = np.radians([plant.tilt_deg for plant in plants])
        self._azimuth = np.radians([plant.azimuth_deg for plant in plants])
        self._height = np.array([(max(plant.hub_height_m, 10.0) / 10.0) ** SHEAR for plant in plants])
        self._tripped = self.full(0.0)

    def mean_rates(self) -> dict[str, Float64Array]:
        return {"energy_generated_kwh": self.rated_kw * np.where(self._wind, 0.3, 0.105)}

    def trip(self, rows: set[int]) -> None:
        self._tripped[:] = 0.0
        self._tripped[sorted(rows)] = 1.0

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        made = np.where(self._wind, self._from_wind(now), self._from_sun(now)) * self.rated_kw
        made = np.where(self._tripped > 0, 0.0, made)
        share = made / np.maximum(self.rated_kw, 1e-6)
        volt = 230.0 * (1.0 + 0.008 * self.noise.smooth(now.time_s, 60.0, 1) + 0.01 * share)
        amps = made * 1000.0 / (3.0 * volt)
        self.columns |= {
            "generation_kw": made,
            "state": np.where(self._tripped > 0, FAULT, np.where(made > 0, PRODUCING, SLEEPING)),
            "voltage_l1_v": volt, "voltage_l2_v": volt * 1.003, "voltage_l3_v": volt * 0.998,
            "current_l1_a": amps, "current_l2_a": amps * 0.997, "current_l3_a": amps * 1.002,
            "frequency_hz": 50.0 + 0.012 * self.noise.smooth(now.time_s, 20.0, 2),
            "power_factor": np.where(made > 0, 0.99, 1.0),
            "reactive_power_kvar": made * 0.1425,
            "dc_power_kw": made / 0.975,
            "cabinet_c": now.outside_c + 6.0 + 22.0 * share,
            "events": np.where(self._tripped > 0, float(MANUAL_SHUTDOWN), 0.0),
        }  # fmt: skip

    def _from_sun(self, now: Conditions) -> Float64Array:
        """Share of rated power: irradiance on each plane, cell temperature, clipped at the inverter."""
        sun = now.sun
        if sun.elevation_deg <= 0.0:
            return self.full(0.0)
        high, around = np.radians(sun.elevation_deg), np.radians(sun.azimuth_deg)
        incidence = np.sin(high) * np.cos(self._tilt) + np.cos(high) * np.sin(self._tilt) * np.cos(
            around - self._azimuth
        )
        # Every roof has its own cloud: passing edges on top of the cover of the whole sky.
        passing = np.clip(
            1.0 + 0.9 * now.cloud * (1.0 - now.cloud) * self.noise.smooth(now.time_s, 150.0, 3), 0.1, 1.25
        )
        beam = sun.dni_wm2 * now.beam_share
        diffuse = max(now.ghi_wm2 - beam * np.sin(high), 0.0)
        plane = beam * np.maximum(incidence, 0.0) + diffuse * (1 + np.cos(self._tilt)) / 2
        plane = (plane + now.ghi_wm2 * GROUND_ALBEDO * (1 - np.cos(self._tilt)) / 2) * passing
        cell_c = now.outside_c + plane * 0.03 / (1.0 + 0.1 * now.wind_ms)
        share = plane / 1000.0 * SYSTEM_SHARE * (1.0 + PER_KELVIN * (cell_c - 25.0))
        return np.clip(np.where(share < 0.004, 0.0, share), 0.0, 1.0)

    def _from_wind(self, now: Conditions) -> Float64Array:
        """Share of rated power by a cubic power curve, at hub height, with each turbine's own gusts."""
        gust = 1.0 + 0.1 * self.noise.smooth(now.time_s, 120.0, 4) + 0.05 * self.noise.smooth(now.time_s, 10.0, 5)
        speed = now.wind_ms * self._height * np.maximum(gust, 0.0)
        cubic = (speed**3 - CUT_IN_MS**3) / (RATED_MS**3 - CUT_IN_MS**3)
        return np.where(speed > CUT_OUT_MS, 0.0, np.clip(cubic, 0.0, 1.0))
