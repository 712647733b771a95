"""Charging sockets: vehicles come and go, take what they may and can, and fall back when nobody feeds a set-point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hardware.points import BoolArray, Float64Array
from hardware.virtual.charger_types import LEAST_A, Situation, charger_type
from hardware.virtual.fleet import Counted, Fleet, Refused
from hardware.virtual.schedule import Schedule, Stay
from hardware.virtual.spec import Session, Socket, VirtualSpec
from hardware.virtual.weather import Conditions

VOLTAGE_V = 230.0
SAFE_SHARE = 0.5  # of the highest current: what a socket gives when nobody talks to it, where its type says nothing
RELEASES = ("enabled", "remote_lock")  # 1: may charge
TAPER_FROM = 0.1  # a battery takes less over the last tenth of what it wants
CAR_STEPS_KW = np.array([3.7, 7.4, 11.0, 22.0])  # what on-board chargers are built for


class Chargers(Fleet):
    """All sockets, of whatever type. Columns as in the profiles of charging points."""

    counted: ClassVar[Counted] = {"energy_import_kwh": ("power_kw", 1.0)}

    def __init__(self, sockets: Sequence[Socket], spec: VirtualSpec) -> None:
        super().__init__([socket.device for socket in sockets], spec.seed)
        named = {device.id: device.profile for device in spec.field.devices}
        library = spec.field.library
        kinds = {name: charger_type(library.profile(name)) for name in sorted({named[d] for d in self.devices})}
        self._types = [kinds[named[device]] for device in self.devices]
        self._state_codes = self._codes()
        self._phases = np.array([float(socket.phases) for socket in sockets])
        self._max_kw = np.array([socket.max_kw for socket in sockets])
        self._car = np.array([socket.kind == "car" for socket in sockets], dtype=bool)
        self._max_a = self._max_kw * 1000.0 / (VOLTAGE_V * self._phases)
        half = np.maximum(np.round(SAFE_SHARE * self._max_a), LEAST_A)
        known = [kind.safe_a for kind in self._types]
        self.safe_a = np.array([own if own is not None else half[row] for row, own in enumerate(known)])
        self.hold_s = np.array([kind.hold_s for kind in self._types])
        self.sessions = Schedule(self.rows, lambda start, end: _stays(spec.sessions(start, end)))
        self.done_kwh = self.full(0.0)
        self._charging_s = self.full(0.0)
        self._connected_s = self.full(0.0)
        # Where the set-point itself is the feed, nobody has written one yet; the others give what they can.
        self._by_limit = np.array(
            [kind.feed == kind.limit and not kind.fed_by_any_request for kind in self._types], bool
        )
        self._limit_a = np.where(self._by_limit, 0.0, self._max_a)
        self._enabled = self.full(1.0)
        self.valid_s = self.full(0.0)
        self._tripped = self.full(0.0)
        self._vehicle_kw = self._max_kw.copy()
        self._forgets = np.array([kind.forgets for kind in self._types], dtype=bool)
        self._shows_in_force = np.array([kind.shows_in_force for kind in self._types], dtype=bool)
        self._signs_of_life = sorted({kind.feed for kind in self._types} - {"", "limit_a", "limit_kw"})
        self._talked = {row for row, kind in enumerate(self._types) if kind.fed_by_any_request}

    def mean_rates(self) -> dict[str, Float64Array]:
        return {"energy_import_kwh": self._max_kw * 0.1}

    def hear(self, row: int) -> None:
        """A request came in, whatever it asked; to some types that is a sign of life."""
        if row in self._talked:
            self._feed(row)

    def write(self, row: int, quantity: str, value: float) -> None:
        kind = self._types[row]
        # First of all the feed, since a set-point that comes with it is meant to hold.
        if quantity == kind.feed and (kind.feed_value is None or value == kind.feed_value):
            self._feed(row)
        if quantity == kind.limit and value >= 0.0:
            self._limit_a[row] = value if quantity == "limit_a" else self._amps(row, value)
        elif quantity == "phases" and value in (1.0, 3.0):
            self._phases[row] = value
        elif quantity in RELEASES and value in (0.0, 1.0):
            self._enabled[row] = value
        elif quantity == kind.safe_register and value >= 0.0:
            self.safe_a[row] = value
        elif quantity == kind.hold_register and value >= 0.0:
            self.hold_s[row] = value
            self._feed(row)
        elif quantity != kind.feed or value < 0.0:
            raise Refused(f"{self.devices[row]} does not take {value:g} as {quantity}.")
        self._publish_limit()

    def restart(self, row: int) -> None:
        self._limit_a[row] = 0.0 if self._by_limit[row] else self._max_a[row]
        self._enabled[row] = 1.0
        self.valid_s[row] = 0.0
        self.hold_s[row] = self._types[row].hold_s

    def trip(self, rows: set[int]) -> None:
        self._tripped[:] = 0.0
        self._tripped[sorted(rows)] = 1.0

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        self._let_go(wall_s)
        changed = self.sessions.at(now.time_s)
        self.done_kwh[changed] = 0.0
        self._charging_s[changed] = 0.0
        self._connected_s[changed] = 0.0
        if changed.any():
            self._vehicle_kw[changed] = self._fit_vehicles()[changed]
        self._publish_limit()
        self._charge(now, dt_s)

    def _amps(self, row: int, power_kw: float) -> float:
        return float(power_kw * 1000.0 / (VOLTAGE_V * self._phases[row]))

    def _feed(self, row: int) -> None:
        self.valid_s[row] = self.hold_s[row]

    def _let_go(self, wall_s: float) -> None:
        """Counts down what holds the set-points; those who forget theirs take the safe current for one."""
        was_held = self._is_held()
        self.valid_s = np.maximum(self.valid_s - wall_s, 0.0)
        dropped = was_held & ~self._is_held() & self._forgets
        self._limit_a = np.where(dropped, self.safe_a, self._limit_a)
        for feed in self._signs_of_life:
            # Taken off the register as soon as it has been seen.
            self.columns[feed] = self.full(0.0)

    def _is_held(self) -> BoolArray:
        held: BoolArray = (self.valid_s > 0) | (self.hold_s == 0)
        return held

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
        self._charging_s += np.where(power_kw > 0, dt_s, 0.0)
        self._connected_s += np.where(present, dt_s, 0.0)
        self._publish(now, present, hungry, power_kw, volt)

    def _publish_limit(self) -> None:
        held = self._is_held()
        offered = np.where(held, self._limit_a, self.safe_a)
        self.columns |= {
            "limit_a": np.where(self._shows_in_force, offered, self._limit_a),
            "limit_kw": self._limit_a * VOLTAGE_V * self._phases / 1000.0,
            "limit_valid_s": np.ceil(self.valid_s),
            "limit_applied_a": np.where(self._enabled > 0, np.minimum(offered, self._max_a), 0.0),
            "limit_accounted": held.astype(np.float64),
            "safe_current_a": self.safe_a.copy(),
            "safe_after_s": self.hold_s.copy(),
            **{name: self._enabled.copy() for name in RELEASES},
            "contact_lock": self.full(1.0),
            "phases": self._phases.copy(),
            "highest_a": self._max_a.copy(),
            "rated_a": self._max_a.copy(),
            "least_a": self.full(LEAST_A),
        }

    def _publish(
        self, now: Conditions, present: BoolArray, hungry: BoolArray, power_kw: Float64Array, volt: Float64Array
    ) -> None:
        offered = self.columns["limit_applied_a"] >= LEAST_A
        waiting = np.where(offered & ~hungry, Situation.OFFERED, Situation.HELD)
        situation = np.where(present, np.where(power_kw > 0, Situation.CHARGING, waiting), Situation.FREE)
        situation = np.where(self._tripped > 0, Situation.TRIPPED, situation).astype(np.int64)
        amps = power_kw * 1000.0 / (volt * self._phases)
        three = self._phases == 3
        everyone = np.arange(len(self))
        self.columns |= {quantity: codes[everyone, situation] for quantity, codes in self._state_codes.items()}
        self.columns |= {
            "power_kw": power_kw,
            "session_energy_kwh": self.done_kwh.copy(),
            "session_s": self._charging_s.copy(),
            "connected_s": self._connected_s.copy(),
            "vehicle_charge": np.clip(0.3 + 0.6 * self.done_kwh / np.maximum(self.sessions.amount, 1e-6), 0.0, 1.0),
            "available": 1.0 - self._tripped,
            "voltage_l1_v": volt,
            "voltage_l2_v": volt * 1.002,
            "voltage_l3_v": volt * 0.997,
            "current_l1_a": amps,
            "current_l2_a": np.where(three, amps * 0.998, 0.0),
            "current_l3_a": np.where(three, amps * 1.003, 0.0),
            "frequency_hz": 50.0 + 0.012 * self.noise.smooth(now.time_s, 20.0, 2),
        }

    def _codes(self) -> dict[str, Float64Array]:
        """For each state quantity of any type: the number each socket shows in each situation."""
        quantities = sorted({quantity for kind in self._types for quantity in kind.states})
        nothing = (0.0,) * len(Situation)
        return {
            quantity: np.array([kind.states.get(quantity, nothing) for kind in self._types], dtype=np.float64)
            for quantity in quantities
        }


def _stays(sessions: Sequence[Session]) -> list[Stay]:
    return [Stay(s.id, s.device, s.arrives_s, s.departs_s, s.energy_kwh, "") for s in sessions]
