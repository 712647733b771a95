"""District-heat substations: demand from weather and use, a heating curve by points, flow from heat and cooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hardware.points import BoolArray, Float64Array
from hardware.virtual.fleet import Counted, Fleet, Refused
from hardware.virtual.spec import House, VirtualSpec
from hardware.virtual.weather import Conditions

DESIGN_OUTSIDE_C = -10.0
BASE_ROOM_C = 17.0  # sun and people give the rest of the warmth
COMFORT_C = 20.0
# Danfoss ECL: the curve is given by its flow temperature at six outside temperatures.
CURVE_OUTSIDE_C = (-30.0, -15.0, -5.0, 0.0, 5.0, 15.0)
CURVE_FLOW_C = (78.0, 68.0, 60.0, 55.0, 49.0, 35.0)
CP_KJ_PER_KG_K = 4.19
OUTSIDE_SMOOTHING_S = 12 * 3600.0  # a heavy building feels yesterday
SUPPLY_OPEN, RETURN_OPEN, WRONG_DIFFERENCE = 8, 16, 128
# Share of the design power that a kind of house takes for hot water on average, and its set-back at night.
HOT_WATER = {"flats": 0.10, "hospital": 0.12, "hotel": 0.14, "pool": 0.2}
NIGHT_SHARE = {"school": 0.45, "offices": 0.5, "shops": 0.5}
STUCK, FOULED, SWAPPED = "stuck valve", "fouled exchanger", "swapped sensors"


def water_density(temperature_c: Float64Array) -> Float64Array:
    """kg/m3 of water between 10 and 120 degC, within 0.1 % (parabola through 992.2 at 40 and 971.8 at 80 degC)."""
    return 1002.6 - 0.105 * temperature_c - 0.0035 * temperature_c**2


class Heating:
    """All substations; `meters` and `controllers` are the fleets of devices that speak for them."""

    def __init__(self, houses: Sequence[House], spec: VirtualSpec) -> None:
        self.houses = tuple(houses)
        self.meters = HeatMeters(self, spec)
        self.controllers = HeatControllers(self, spec)
        self.design_kw = np.array([house.design_kw for house in houses])
        self.cooling_k = np.array([house.design_cooling_k for house in houses])
        self._hot_water = np.array([HOT_WATER.get(house.kind, 0.02) for house in houses])
        self._night = np.array([NIGHT_SHARE.get(house.kind, 0.85) for house in houses])
        self._fault = np.array([house.fault for house in houses], dtype=object)
        self.comfort_c = np.full(len(houses), COMFORT_C)
        self.mode = np.zeros(len(houses))
        self.felt_c: float | None = None
        self.state: dict[str, Float64Array] = {}

    def update(self, now: Conditions, dt_s: float) -> None:
        """Heat balance of every substation at `now`; fills `state`."""
        if self.felt_c is None:
            self.felt_c = now.outside_c
        self.felt_c += (now.outside_c - self.felt_c) * (1.0 - np.exp(-dt_s / OUTSIDE_SMOOTHING_S))
        reduced = self._reduced(now)
        wanted_c = self.comfort_c - 3.0 * reduced
        room = np.clip((BASE_ROOM_C + wanted_c - COMFORT_C - self.felt_c) / (BASE_ROOM_C - DESIGN_OUTSIDE_C), 0.0, 1.1)
        noise = 1.0 + 0.05 * self.meters.noise.smooth(now.time_s, 1800.0, 1)
        heat_kw = self.design_kw * (room * np.where(reduced > 0, self._night, 1.0) + self._tap_water(now)) * noise
        flow_set = np.interp(self.felt_c, CURVE_OUTSIDE_C, CURVE_FLOW_C) + 2.0 * (wanted_c - COMFORT_C)
        self._hydraulics(now, np.maximum(heat_kw, 0.0), np.clip(flow_set, 20.0, 85.0))
        self.state["reduced"] = reduced

    def _reduced(self, now: Conditions) -> Float64Array:
        night = now.hour < 5.5 or now.hour >= 22.0
        automatic = np.full(len(self.houses), float(night))
        return np.select([self.mode == 1, self.mode >= 2], [0.0, 1.0], automatic)

    def _tap_water(self, now: Conditions) -> Float64Array:
        """Hot water, relative to design power: a peak in the morning, one in the evening, showers in between."""
        day = 0.25 + 1.9 * np.exp(-((now.hour - 7.2) ** 2) / 3.0) + 1.5 * np.exp(-((now.hour - 19.3) ** 2) / 6.0)
        showers = np.maximum(1.0 + 0.8 * self.meters.noise.smooth(now.time_s, 420.0, 2), 0.0)
        drawn: Float64Array = self._hot_water * day * showers
        return drawn

    def _hydraulics(self, now: Conditions, heat_kw: Float64Array, flow_set: Float64Array) -> None:
        """Temperatures on both sides, and the flow that carries the heat: P = V rho cp dT / 3600."""
        share = np.clip(heat_kw / np.maximum(self.design_kw, 1e-6), 0.02, 1.2)
        network = 68.0 + max(0.0, 6.0 - (self.felt_c or 0.0)) * 1.1
        supply = network + 1.2 * self.meters.noise.smooth(now.time_s, 5400.0, 3)
        secondary_supply = np.minimum(flow_set + 0.4 * self.meters.noise.smooth(now.time_s, 300.0, 4), supply - 2.0)
        secondary_return = secondary_supply - np.maximum(0.45 * self.cooling_k * share**0.8, 1.5)
        approach = np.where(self._fault == FOULED, 13.0, 2.5) * share**0.3
        primary_return = np.minimum(secondary_return + approach, supply - 4.0)
        # A stuck valve lets a third of the design flow pass whatever the house needs; the rest runs back hot.
        design_flow = self.design_kw / (1.163 * self.cooling_k)
        needed = _flow_m3h(heat_kw, supply, primary_return)
        flow = np.where(self._fault == STUCK, np.maximum(needed, 0.35 * design_flow), needed)
        spilled = flow > needed
        hot = supply - heat_kw * 3600.0 / (np.maximum(flow, 1e-9) * water_density(supply) * CP_KJ_PER_KG_K)
        primary_return = np.where(spilled, hot, primary_return)
        self.state |= {
            "heat_kw": heat_kw, "supply_c": supply, "return_c": primary_return, "flow_m3h": flow,
            "secondary_supply_c": secondary_supply, "secondary_return_c": secondary_return,
            "flow_setpoint_c": flow_set,
            "valve": np.clip((flow / np.maximum(1.3 * design_flow, 1e-9)) ** 0.8, 0.0, 1.0),
        }  # fmt: skip

    @property
    def swapped(self) -> BoolArray:
        return np.array([fault == SWAPPED for fault in self._fault], dtype=bool)


class HeatMeters(Fleet):
    """Heat meters on the primary side. Columns as in profile kamstrup_multical."""

    counted: ClassVar[Counted] = {
        "heat_energy_kwh": ("heat_power_kw", 1.0),
        "volume_m3": ("flow_m3h", 1.0),
    }

    def __init__(self, heating: Heating, spec: VirtualSpec) -> None:
        super().__init__([house.meter for house in heating.houses], spec.seed)
        self._heating = heating

    def mean_rates(self) -> dict[str, Float64Array]:
        mean_kw = self._heating.design_kw * 0.28
        return {"heat_energy_kwh": mean_kw, "volume_m3": mean_kw / (1.163 * self._heating.cooling_k)}

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        self._heating.update(now, dt_s)
        state, swapped = self._heating.state, self._heating.swapped
        self.columns |= {
            # With its sensors swapped a meter sees a negative difference and counts no heat at all.
            "heat_power_kw": np.where(swapped, 0.0, state["heat_kw"]),
            "flow_m3h": state["flow_m3h"],
            "supply_c": np.where(swapped, state["return_c"], state["supply_c"]),
            "return_c": np.where(swapped, state["supply_c"], state["return_c"]),
            "info_code": np.where(swapped, float(WRONG_DIFFERENCE), 0.0),
        }


class HeatControllers(Fleet):
    """Weather-compensated controllers. Columns as in profile danfoss_ecl."""

    def __init__(self, heating: Heating, spec: VirtualSpec) -> None:
        self._of = [row for row, house in enumerate(heating.houses) if house.controller]
        super().__init__([heating.houses[row].controller or "" for row in self._of], spec.seed)
        self._heating = heating
        self._outside_command = self.full(0.0)

    def write(self, row: int, quantity: str, value: float) -> None:
        house = self._of[row]
        if quantity == "comfort_setpoint_c" and 5.0 <= value <= 40.0:
            self._heating.comfort_c[house] = value
        elif quantity == "mode" and value in (0.0, 1.0, 2.0, 3.0):
            self._heating.mode[house] = value
        elif quantity == "outside_command_c" and -60.0 <= value <= 60.0:
            self._outside_command[row] = value
        else:
            raise Refused(f"{self.devices[row]} does not take {value:g} as {quantity}.")
        self._publish_settings()

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        state = {name: column[self._of] for name, column in self._heating.state.items()}
        reduced = state["reduced"]
        mode = self._heating.mode[self._of]
        self.columns |= {
            "outside_c": now.outside_c + 0.6 * self.noise.normal(1),
            "flow_setpoint_c": state["flow_setpoint_c"],
            "secondary_supply_c": state["secondary_supply_c"],
            "secondary_return_c": state["secondary_return_c"],
            "primary_supply_c": state["supply_c"] - 0.5,
            "valve": state["valve"],
            "pump_on": (state["heat_kw"] > 0.02 * self._heating.design_kw[self._of]).astype(np.float64),
            "mode_now": np.where(mode == 3, 2.0, np.where(reduced > 0, 1.0, 0.0)),
            "return_limit_c": self.full(50.0),
            "sensor_missing": self.full(0.0),
        }
        self._publish_settings()

    def _publish_settings(self) -> None:
        self.columns["comfort_setpoint_c"] = self._heating.comfort_c[self._of]
        self.columns["mode"] = self._heating.mode[self._of]
        self.columns["outside_command_c"] = self._outside_command.copy()


def _flow_m3h(heat_kw: Float64Array, supply_c: Float64Array, return_c: Float64Array) -> Float64Array:
    flow: Float64Array = heat_kw * 3600.0 / (water_density(supply_c) * CP_KJ_PER_KG_K * (supply_c - return_c))
    return flow
