"""Street-lighting cabinets: own astronomical clock, commanded level with its expiry, lamp power, failed lamps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hardware.points import BoolArray, Float64Array
from hardware.virtual.fleet import Counted, Fleet, Refused
from hardware.virtual.spec import Cabinet, VirtualSpec
from hardware.virtual.weather import Conditions

SWITCH_ON_DEG = -3.2  # sun at about 35 lx from the sky
RAMP_PER_S = 0.05  # full to off in 20 s, so that nobody sees a step
VOLTAGE_V = 230.0
POWER_FACTOR = 0.95
CLOCK, OVERRIDE = 0.0, 2.0
LAMP_FAILURE, UNEXPECTEDLY_ON = 1, 32
CIRCUITS = 4


class Lamps(Fleet):
    """All cabinets. Columns as in profile lighting_cabinet."""

    counted: ClassVar[Counted] = {"energy_import_kwh": ("power_kw", 1.0)}

    def __init__(self, cabinets: Sequence[Cabinet], spec: VirtualSpec) -> None:
        super().__init__([cabinet.device for cabinet in cabinets], spec.seed)
        self._lamps = np.array([float(cabinet.lamps) for cabinet in cabinets])
        self._lamp_kw = np.array([cabinet.lamp_w / 1000.0 for cabinet in cabinets])
        self._standby = np.array([cabinet.standby_share for cabinet in cabinets])
        self._gradient = np.array([cabinet.gradient for cabinet in cabinets])
        self._evening = np.array([cabinet.evening_level for cabinet in cabinets])
        self._night = np.array([cabinet.night_level for cabinet in cabinets])
        self._night_from_h = np.array([cabinet.night_from_h for cabinet in cabinets])
        self._night_to_h = np.array([cabinet.night_to_h for cabinet in cabinets])
        # Clocks drift apart, nominal watts are not real watts: what a fleet in service looks like.
        self._dusk_deg = SWITCH_ON_DEG + 0.5 * self.noise.normal(1)
        self._watt_factor = 1.0 + 0.03 * self.noise.normal(2)
        self._aged = self._aged_failures()
        self._broken = self.full(0.0)  # by a fault given
        self._tripped = self.full(0.0)
        self._circuit_share = self._split_circuits()
        self.level = self.full(0.0)
        self._command = self.full(0.0)
        self._valid_s = self.full(0.0)
        self._started = False

    def mean_rates(self) -> dict[str, Float64Array]:
        return {"energy_import_kwh": self._lamps * self._lamp_kw * 0.32}

    def write(self, row: int, quantity: str, value: float) -> None:
        if quantity == "level_command" and 0.0 <= value <= 1.0:
            self._command[row] = value
        elif quantity == "level_command_valid_s" and value >= 0.0:
            self._valid_s[row] = value
        else:
            raise Refused(f"{self.devices[row]} does not take {value:g} as {quantity}.")
        self._publish_command()

    def fail_lamps(self, counts: dict[int, float]) -> None:
        """Lamps out of order beyond those worn out, by row; those not named are whole (again)."""
        self._broken[:] = 0.0
        for row, count in counts.items():
            self._broken[row] = count

    def restart(self, row: int) -> None:
        self._valid_s[row] = 0.0

    def trip(self, rows: set[int]) -> None:
        self._tripped[:] = 0.0
        self._tripped[sorted(rows)] = 1.0

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        self._valid_s = np.maximum(self._valid_s - wall_s, 0.0)
        wanted = np.where(self._valid_s > 0, self._command, self._own_level(now))
        reach = RAMP_PER_S * dt_s if self._started else 1.0
        self._started = True
        self.level = self.level + np.clip(wanted - self.level, -reach, reach)
        self._publish(now)
        self._publish_command()

    def _own_level(self, now: Conditions) -> Float64Array:
        """Evening level from dusk, night level in the quiet hours, off by day."""
        start, end = self._night_from_h, self._night_to_h
        quiet = np.where(start > end, (now.hour >= start) | (now.hour < end), (now.hour >= start) & (now.hour < end))
        dark = now.sun.elevation_deg < self._dusk_deg
        return np.where(dark, np.where(quiet, self._night, self._evening), 0.0)

    def _publish(self, now: Conditions) -> None:
        failed = np.minimum(self._aged + self._broken, self._lamps)
        working = self._lamps - failed
        live = self._tripped == 0
        on = live & (self.level > 0)
        power_kw = working * self._lamp_kw * self._watt_factor * self._power_share() * live
        voltage = VOLTAGE_V * (1.0 + 0.01 * self.noise.smooth(now.time_s, 120.0, 3))
        amps = power_kw * 1000.0 / (voltage * POWER_FACTOR)
        self.columns |= {
            "level": np.where(live, self.level, 0.0),
            "mode": np.where(self._valid_s > 0, OVERRIDE, CLOCK),
            "power_kw": power_kw,
            "lamps_lit": np.where(on, working, 0.0),
            "lamps_failed": failed,
            "door_open": self.full(0.0),
            "breaker_tripped": self._tripped.copy(),
            "leakage": self.full(0.0),
            "lamp_events": self._events(failed, on, now),
            "voltage_l1_v": np.where(live, voltage, 0.0),
            "illuminance_lx": self._eye_lx(now),
        } | {f"circuit_{k + 1}_a": amps * self._circuit_share[k] for k in range(CIRCUITS)}

    def _publish_command(self) -> None:
        self.columns["level_command"] = self._command.copy()
        self.columns["level_command_valid_s"] = np.ceil(self._valid_s)

    def _power_share(self) -> Float64Array:
        """Of rated power: standby, and what the light takes above it (TALQ gradient)."""
        light = np.clip(1.0 - (1.0 - self.level) / self._gradient, 0.0, 1.0)
        share: Float64Array = self._standby + (1.0 - self._standby) * np.where(self.level > 0, light, 0.0)
        return share

    def _events(self, failed: Float64Array, on: BoolArray, now: Conditions) -> Float64Array:
        bits = np.where(failed > 0.04 * self._lamps, LAMP_FAILURE, 0)
        by_day = on & (now.sun.elevation_deg > 6.0) & (self._valid_s == 0)
        events: Float64Array = (bits | np.where(by_day, UNEXPECTEDLY_ON, 0)).astype(np.float64)
        return events

    def _eye_lx(self, now: Conditions) -> Float64Array:
        shade = 0.75 + 0.2 * self.noise.uniform(6)
        seen: Float64Array = np.minimum(now.illuminance_lx * shade, 65_000.0) + 2.0
        return seen

    def _aged_failures(self) -> Float64Array:
        """Every eighth cabinet has lamps out, up to 3 % of them."""
        share = np.where(self.noise.uniform(4) < 0.125, 0.03 * self.noise.uniform(7), 0.0)
        failed: Float64Array = np.ceil(share * self._lamps)
        return failed

    def _split_circuits(self) -> list[Float64Array]:
        weights = [1.0 + 0.4 * (self.noise.uniform(20 + k) - 0.5) for k in range(CIRCUITS)]
        total = np.sum(weights, axis=0)
        return [weight / total for weight in weights]
