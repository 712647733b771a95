"""Shore-power points and the ships at them: the steps of a connection, who decides what, load, warnings, trips.

The shore publishes and requests; the ship decides. A request for less load, or to transfer back to the ship's own
supply, is obeyed from one to two minutes after it was made. A trip opens the safety loop and both breakers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hardware.points import BoolArray, Float64Array, Int64Array
from hardware.virtual.fleet import Counted, Fleet, Refused
from hardware.virtual.schedule import Schedule, Stay
from hardware.virtual.spec import Call, ShorePoint, VirtualSpec
from hardware.virtual.weather import Conditions

IDLE, CABLE, CHECK, PERMISSIVE, SHORE_CLOSED, SYNCHRONISE, SHIP_CLOSED, TRANSFER = range(8)
SUPPLIED, UNLOAD, OPEN, EARTHED, RELEASED = range(8, 13)
# Seconds each step takes before the next; a ship lies moored for the first while, and stays supplied until it leaves.
DURATION_S = np.array([480.0, 540.0, 150.0, 90.0, 45.0, 100.0, 20.0, 240.0, np.inf, 240.0, 40.0, 150.0, np.inf])
RELEASE_S = DURATION_S[UNLOAD:RELEASED].sum() + 300.0  # before it leaves, a ship begins to take its load back
RETRY_S = 1200.0  # a released ship that may stay long enough connects again after this
SHED_SHARE = 0.4  # of its hotel load a ship can do without for a while
EMERGENCY_STOP, LOOP_OPENED = 1 << 0, 1 << 1
INSULATION_LOW, ABOVE_ANNOUNCED, NEAR_RATING, TRANSFORMER_WARM = 1 << 0, 1 << 1, 1 << 2, 1 << 3
POWER_FACTOR = 0.86
OPEN_KOHM = 60_000.0  # what an insulation monitor shows with nothing connected: the end of its scale
# Hotel load over the day, relative: kitchens, laundry and air by day; working boats and reefers hardly change.
DAY_SWING = {"cruise": 0.16, "river cruise": 0.25, "ro-pax": 0.18, "container": 0.05, "reefer": 0.04}


class Ships(Fleet):
    """All shore points. Columns as in profile ops_80005_2."""

    counted: ClassVar[Counted] = {"energy_import_kwh": ("power_kw", 1.0)}

    def __init__(self, points: Sequence[ShorePoint], spec: VirtualSpec) -> None:
        super().__init__([point.device for point in points], spec.seed)
        self._spec = spec
        self.rated_kw = np.array([point.rated_kw for point in points])
        self._nominal_v = np.array([point.voltage_v for point in points])
        self._nominal_hz = np.array([point.frequency_hz for point in points])
        self.calls = Schedule(self.rows, lambda start, end: _stays(spec.calls(start, end)))
        self.step_now: Int64Array = np.zeros(len(self), dtype=np.int64)
        self._in_step_s = self.full(0.0)
        self._tripped: Int64Array = np.zeros(len(self), dtype=np.int64)
        self._shed_request = self.full(0.0)
        self._back_request = self.full(0.0)
        self._asked_for_s = {"request_load_reduction_kw": self.full(0.0), "request_transfer_back": self.full(0.0)}
        self._shed_kw = self.full(0.0)
        self._delay_s = 60.0 + 60.0 * self.noise.uniform(1)
        self._dry_kohm = 900.0 * 10.0 ** (1.2 * self.noise.uniform(2))

    def mean_rates(self) -> dict[str, Float64Array]:
        return {"energy_import_kwh": self.rated_kw * 0.075}

    def write(self, row: int, quantity: str, value: float) -> None:
        if quantity == "request_load_reduction_kw":
            target = self._shed_request
        elif quantity == "request_transfer_back":
            target = self._back_request
        else:
            raise Refused(f"{self.devices[row]} does not take {quantity}.")
        if value != target[row]:
            target[row] = value
            self._asked_for_s[quantity][row] = 0.0
        self.columns[quantity] = target.copy()

    def trip(self, rows: set[int]) -> None:
        """Points whose emergency stop is pushed in; those not named are healthy (again)."""
        self._tripped[:] = 0
        self._tripped[sorted(rows)] = EMERGENCY_STOP | LOOP_OPENED

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        changed = self.calls.at(now.time_s)
        self._in_step_s += dt_s
        self._begin(changed, now.time_s)
        for asked in self._asked_for_s.values():
            asked += dt_s
        self._advance(now.time_s)
        self._publish(now, dt_s)

    def _begin(self, changed: BoolArray, time_s: float) -> None:
        """A new ship: as far as it has come by now. No ship: idle and earthed."""
        self.step_now[changed] = IDLE
        self._in_step_s[changed] = np.maximum(time_s - self.calls.start_s[changed], 0.0)
        for request in (self._shed_request, self._back_request):
            request[changed & ~self.calls.present] = 0.0

    def _advance(self, time_s: float) -> None:
        """Moves every point through as many steps as the time allows; a coarse step of the clock passes several."""
        tripped = self._tripped != 0
        live = (self.step_now >= CABLE) & (self.step_now < OPEN)
        self._enter(tripped & live, OPEN, 0.0)
        overdue_s = RELEASE_S - (self.calls.end_s - time_s)
        must_leave = overdue_s > 0
        back = (self._back_request > 0) & (self._asked_for_s["request_transfer_back"] >= self._delay_s)
        self._enter((self.step_now == SUPPLIED) & back, UNLOAD, 0.0)
        self._enter((self.step_now == SUPPLIED) & must_leave, UNLOAD, overdue_s)
        self._enter((self.step_now == RELEASED) & ~must_leave & ~back & (self._in_step_s > RETRY_S), CABLE, 0.0)
        for _ in range(RELEASED):
            rest_s = self._in_step_s - DURATION_S[self.step_now]
            wants = self.calls.present & ~tripped & ((self.step_now > IDLE) | ~must_leave & ~back)
            # Behind the breakers everything earths itself, whether a ship wants to go on or not.
            due = (rest_s >= 0) & (wants | (self.step_now >= OPEN) & ~tripped)
            if not due.any():
                return
            self._enter(due, -1, rest_s)

    def _enter(self, rows: BoolArray, step: int, in_step_s: Float64Array | float) -> None:
        """Puts `rows` into `step` (-1: the next one), `in_step_s` seconds ago."""
        self.step_now[rows] = self.step_now[rows] + 1 if step < 0 else step
        self._in_step_s[rows] = in_step_s[rows] if isinstance(in_step_s, np.ndarray) else in_step_s

    def _publish(self, now: Conditions, dt_s: float) -> None:
        step = self.step_now
        shore = (step >= SHORE_CLOSED) & (step <= UNLOAD)
        ship = (step >= SHIP_CLOSED) & (step <= UNLOAD)
        cable = (step >= CABLE) & (step < EARTHED)
        tripped = self._tripped != 0
        hotel_kw = self._hotel_kw(now)
        power_kw = np.where(ship, np.minimum(self._taken_kw(hotel_kw, now, dt_s), self.rated_kw * 1.05), 0.0)
        voltage = self._nominal_v * (
            1.0 + 0.006 * self.noise.smooth(now.time_s, 90.0, 11) - 0.012 * power_kw / self.rated_kw
        )
        hertz = self._nominal_hz + 0.012 * self.noise.smooth(now.time_s, 20.0, 12)
        current = power_kw / (np.sqrt(3.0) * self._nominal_v * POWER_FACTOR) * 1000.0
        insulation = self._insulation(now)
        announced = np.where(step >= CABLE, np.ceil(self.calls.amount * 1.1 / 10.0) * 10.0, 0.0) * self.calls.present
        self.columns |= {
            "step": step.astype(np.float64),
            "mode": np.where(tripped, 3.0, np.where(step == CHECK, 1.0, np.where(step == SYNCHRONISE, 2.0, 0.0))),
            "communication_fault": self.full(0.0),
            "safety_loop": (~tripped).astype(float),
            "permissive": ((step >= PERMISSIVE) & (step <= UNLOAD)).astype(float),
            "shore_breaker": shore.astype(float),
            "ship_breaker": ship.astype(float),
            "power_kw": power_kw,
            "voltage_v": np.where(shore, voltage, 0.0),
            "frequency_hz": np.where(shore, hertz, 0.0),
            "current_a": current,
            "insulation_kohm": np.where(cable, insulation, OPEN_KOHM),
            "alarms": self._tripped.astype(np.float64),
            "warnings": self._warnings(insulation, cable, power_kw, announced),
            "request_load_reduction_kw": self._shed_request.copy(),
            "request_transfer_back": self._back_request.copy(),
        }
        self._publish_ship(now, cable & self.calls.present, ship, current, announced)

    def _publish_ship(
        self, now: Conditions, cable: BoolArray, closed: BoolArray, current: Float64Array, announced: Float64Array
    ) -> None:
        """The ship's half of the registers: what its own switchboard says through the gateway."""
        step = self.step_now
        own = cable & ~closed  # on its own generators
        volt = self._nominal_v * (1.0 + 0.008 * self.noise.smooth(now.time_s, 40.0, 13))
        hertz = self._nominal_hz + np.where(own, 0.09, 0.012) * self.noise.smooth(now.time_s, 15.0, 14)
        self.columns |= {
            "ship_communication_fault": self.full(0.0),
            "ship_mode": np.where(step == SYNCHRONISE, 2.0, 0.0),
            "ship_voltage_v": np.where(cable, volt, 0.0),
            "ship_frequency_hz": np.where(cable, hertz, 0.0),
            "ship_current_a": np.where(closed, current * 0.997, 0.0),
            "ship_announced_kw": announced,
            "ship_alarms": np.where(cable, self._tripped, 0).astype(np.float64),
            "ship_warnings": self.full(0.0),
            "ship_permissive": (cable & (step >= PERMISSIVE) & (step <= UNLOAD)).astype(float),
        }

    def _hotel_kw(self, now: Conditions) -> Float64Array:
        swing = np.array([DAY_SWING.get(kind, 0.08) for kind in self.calls.kind])
        day = 1.0 - swing * (1.0 - np.cos(2 * np.pi * (now.hour - 15.5) / 24))
        slow, quick = self.noise.smooth(now.time_s, 1500.0, 15), self.noise.smooth(now.time_s, 25.0, 16)
        noisy = np.maximum(day + 0.04 * slow + 0.01 * quick, 0.1)
        hotel_kw: Float64Array = self.calls.amount * noisy * self.calls.present
        return hotel_kw

    def _taken_kw(self, hotel_kw: Float64Array, now: Conditions, dt_s: float) -> Float64Array:
        """The part of the hotel load that hangs on the shore: ramped at both ends, reduced where the ship agreed."""
        step, passed = self.step_now, self._in_step_s
        ramp_up = passed / DURATION_S[TRANSFER]
        ramp_down = 1.0 - passed / DURATION_S[UNLOAD]
        share = np.select([step == TRANSFER, step == SUPPLIED, step == UNLOAD], [ramp_up, 1.0, ramp_down], 0.0)
        heard = self._asked_for_s["request_load_reduction_kw"] >= self._delay_s
        wanted = np.where(heard, np.minimum(self._shed_request, SHED_SHARE * self.calls.amount), self._shed_kw)
        # Two minutes to switch reefers and air conditioning off, or on again.
        self._shed_kw += (wanted - self._shed_kw) * (1.0 - np.exp(-dt_s / 40.0))
        self._shed_kw *= self.calls.present
        taken: Float64Array = np.maximum(hotel_kw - self._shed_kw, 0.0) * np.clip(share, 0.0, 1.0)
        return taken

    def _insulation(self, now: Conditions) -> Float64Array:
        wet = 1.0 - 0.55 * max(0.0, (now.humidity - 0.75) / 0.25)
        # One ship in thirty comes with a cable that has seen better days.
        weak = self.calls.present & (self.calls.key % 997 < 997 // 30)
        dry = np.where(weak, 190.0, self._dry_kohm)
        return np.clip(dry * wet * (1.0 + 0.04 * self.noise.smooth(now.time_s, 600.0, 17)), 20.0, OPEN_KOHM)

    def _warnings(
        self, insulation: Float64Array, cable: BoolArray, power_kw: Float64Array, announced: Float64Array
    ) -> Float64Array:
        bits = np.where(cable & (insulation < 200.0), INSULATION_LOW, 0)
        bits |= np.where((announced > 0) & (power_kw > announced * 1.1), ABOVE_ANNOUNCED, 0)
        bits |= np.where(power_kw > 0.97 * self.rated_kw, NEAR_RATING, 0)
        return bits.astype(np.float64)


def _stays(calls: Sequence[Call]) -> list[Stay]:
    """One stay a point; a ship on several points shares its load evenly among them."""
    return [
        Stay(call.id, device, call.arrives_s, call.leaves_s, call.hotel_kw / len(call.devices), call.kind)
        for call in calls
        for device in call.devices
    ]
