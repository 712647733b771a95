"""Charging sockets: vehicles come and go, take what they may and can, and fall back when nobody feeds a set-point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hardware.points import BoolArray, Float64Array
from hardware.profiles import profile
from hardware.virtual.fleet import Counted, Fleet, Refused
from hardware.virtual.schedule import Schedule, Stay
from hardware.virtual.spec import Session, Socket, VirtualSpec
from hardware.virtual.weather import Conditions

VOLTAGE_V = 230.0
LEAST_A = 6.0  # IEC 61851-1: below it a vehicle pauses
SAFE_SHARE = 0.5  # of the highest current: what a socket gives when nobody talks to it
TAPER_FROM = 0.1  # a battery takes less over the last tenth of what it wants
STATE_A, STATE_B1, STATE_B2, STATE_C2 = 0.0, 1.0, 2.0, 4.0
CAR_STEPS_KW = np.array([3.7, 7.4, 11.0, 22.0])  # what on-board chargers are built for


class Chargers(Fleet):
    """All sockets. Columns as in profile alfen_ng9."""

    counted: ClassVar[Counted] = {"energy_import_kwh": ("power_kw", 1.0)}

    def __init__(self, sockets: Sequence[Socket], spec: VirtualSpec) -> None:
        super().__init__([socket.device for socket in sockets], spec.seed)
        watchdog = profile("alfen_ng9").watchdog("limit_a")
        self._hold_s = watchdog.timeout_s if watchdog else 60.0
        self._phases = np.array([float(socket.phases) for socket in sockets])
        self._max_kw = np.array([socket.max_kw for socket in sockets])
        self._car = np.array([socket.kind == "car" for socket in sockets], dtype=bool)
        self._max_a = self._max_kw * 1000.0 / (VOLTAGE_V * self._phases)
        self.safe_a = np.maximum(np.round(SAFE_SHARE * self._max_a), LEAST_A)
        self.sessions = Schedule(self.rows, lambda start, end: _stays(spec.sessions(start, end)))
        self.done_kwh = self.full(0.0)
        self._limit_a = self.full(0.0)
        self.valid_s = self.full(0.0)
        self._tripped = self.full(0.0)
        self._vehicle_kw = self._max_kw.copy()

    def mean_rates(self) -> dict[str, Float64Array]:
        return {"energy_import_kwh": self._max_kw * 0.1}

    def write(self, row: int, quantity: str, value: float) -> None:
        if quantity == "limit_a" and value >= 0.0:
            self._limit_a[row] = value
            self.valid_s[row] = self._hold_s
        elif quantity == "phases" and value in (1.0, 3.0):
            self._phases[row] = value
        else:
            raise Refused(f"{self.devices[row]} does not take {value:g} as {quantity}.")
        self._publish_limit()

    def trip(self, rows: set[int]) -> None:
        self._tripped[:] = 0.0
        self._tripped[sorted(rows)] = 1.0

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        self.valid_s = np.maximum(self.valid_s - wall_s, 0.0)
        changed = self.sessions.at(now.time_s)
        self.done_kwh[changed] = 0.0
        if changed.any():
            self._vehicle_kw[changed] = self._fit_vehicles()[changed]
        self._publish_limit()
        self._charge(now, dt_s)

    def _fit_vehicles(self) -> Float64Array:
        """Power each vehicle can take: enough for what it wants in its stay, in the usual sizes for cars."""
        stay_h = np.maximum((self.sessions.end_s - self.sessions.start_s) / 3600.0, 0.1)
        needed = self.sessions.amount / stay_h * 1.3
        key = self.sessions.key
        pick = np.array([0.15, 0.45, 0.85, 1.0]).searchsorted((key % 1009) / 1009.0)
        usual = np.where(self._car, CAR_STEPS_KW[np.minimum(pick, 3)], self._max_kw)
        fitting: Float64Array = np.minimum(np.maximum(usual, needed), self._max_kw)
        return fitting

    def _charge(self, now: Conditions, dt_s: float) -> None:
        present = self.sessions.present & (self._tripped == 0)
        left_kwh = self.sessions.amount - self.done_kwh
        hungry = present & (left_kwh > 1e-3)
        limit_a = self.columns["limit_applied_a"]
        draws = hungry & (limit_a >= LEAST_A)
        volt = VOLTAGE_V * (1.0 + 0.008 * self.noise.smooth(now.time_s, 60.0, 1))
        car_a = self._vehicle_kw * 1000.0 / (VOLTAGE_V * self._phases)
        taper = np.clip(left_kwh / (TAPER_FROM * np.maximum(self.sessions.amount, 1e-6)), 0.15, 1.0)
        amps = np.where(draws, np.minimum(np.minimum(limit_a, self._max_a), np.maximum(car_a * taper, LEAST_A)), 0.0)
        power_kw = amps * volt * self._phases / 1000.0
        # A long step must not put more into a battery than it wants.
        power_kw = np.minimum(power_kw, np.where(hungry, left_kwh, 0.0) * 3600.0 / dt_s) if dt_s > 0 else power_kw
        self.done_kwh += power_kw * dt_s / 3600.0
        self._publish(now, present, hungry, power_kw, volt)

    def _publish_limit(self) -> None:
        held = self.valid_s > 0
        self.columns["limit_a"] = self._limit_a.copy()
        self.columns["limit_valid_s"] = np.ceil(self.valid_s)
        self.columns["limit_applied_a"] = np.where(held, np.minimum(self._limit_a, self._max_a), self.safe_a)
        self.columns["limit_accounted"] = held.astype(np.float64)
        self.columns["safe_current_a"] = self.safe_a.copy()
        self.columns["phases"] = self._phases.copy()

    def _publish(
        self, now: Conditions, present: BoolArray, hungry: BoolArray, power_kw: Float64Array, volt: Float64Array
    ) -> None:
        offered = self.columns["limit_applied_a"] >= LEAST_A
        state = np.where(power_kw > 0, STATE_C2, np.where(offered & ~hungry, STATE_B2, STATE_B1))
        amps = power_kw * 1000.0 / (volt * self._phases)
        three = self._phases == 3
        self.columns |= {
            "power_kw": power_kw,
            "mode3_state": np.where(present, state, STATE_A),
            "available": 1.0 - self._tripped,
            "voltage_l1_v": volt,
            "voltage_l2_v": volt * 1.002,
            "voltage_l3_v": volt * 0.997,
            "current_l1_a": amps,
            "current_l2_a": np.where(three, amps * 0.998, 0.0),
            "current_l3_a": np.where(three, amps * 1.003, 0.0),
            "frequency_hz": 50.0 + 0.012 * self.noise.smooth(now.time_s, 20.0, 2),
        }


def _stays(sessions: Sequence[Session]) -> list[Stay]:
    return [Stay(s.id, s.device, s.arrives_s, s.departs_s, s.energy_kwh, "") for s in sessions]
