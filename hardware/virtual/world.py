"""A virtual site as one thing that time passes over: fleets stepped in order, grid summed, counters counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np

from hardware.virtual.air import Air
from hardware.virtual.chargers import Chargers
from hardware.virtual.electricity import Electricity
from hardware.virtual.fleet import Fleet, Still
from hardware.virtual.generators import Generators
from hardware.virtual.heating import FOULED, STUCK, SWAPPED, Heating
from hardware.virtual.images import Bank
from hardware.virtual.lamps import Lamps
from hardware.virtual.replay import Recording
from hardware.virtual.ships import Ships
from hardware.virtual.spec import Cabinet, Generator, House, ShorePoint, Socket, VirtualSpec, Zone
from hardware.virtual.water import Water
from hardware.virtual.weather import Weather

PLAYED_KINDS = {
    "meter", "ops", "charger", "cabinet", "heat_meter", "heat_controller", "inverter", "water_meter", "environment",
}  # fmt: skip
COARSE_S = 300.0  # step through the past
DAY_S = 86_400.0
HOUSES_WITH_FAULTS = 12  # a site of fewer houses is shown whole


def story_start(now_s: float, hours: float = 24.0) -> float:
    """When the story of a virtual site begins: the UTC midnight before the hours asked for.

    Every process that plays the site on the same day begins there, so they agree on everything that follows.
    """
    return (now_s - hours * 3600.0) // DAY_S * DAY_S


class World:
    """The whole site at one moment, `time_s`. Not thread-safe: one owner."""

    def __init__(self, spec: VirtualSpec, start_s: float, recording: Recording | None = None) -> None:
        self.spec = spec
        self.time_s = start_s
        self._recording = recording
        self._weather = Weather(spec.latitude_deg, spec.longitude_deg, spec.zone, spec.seed)
        kinds = {device.id: spec.field.library.profile(device.profile).kind for device in spec.field.devices}
        self._of_kind = {kind: [d for d in kinds if kinds[d] == kind] for kind in sorted(set(kinds.values()))}
        self._build()
        self.fleet_of: dict[str, Fleet] = {device: fleet for fleet in self.fleets for device in fleet.devices}
        # A plant behind a plain meter is read as a meter, whatever plays it.
        self.fleet_of |= dict.fromkeys(self.meters.devices, self.meters)
        self.now = self._weather.at(start_s)
        self._settle()
        self.banks = self._make_banks()

    def _build(self) -> None:
        spec, of_kind = self.spec, self._of_kind
        points = {point.device: point for point in spec.shore_points}
        sockets = {socket.device: socket for socket in spec.sockets}
        cabinets = {cabinet.device: cabinet for cabinet in spec.cabinets}
        zones = {zone.meter: zone for zone in spec.zones}
        self.ships = Ships([points.get(d, ShorePoint(d)) for d in of_kind.get("ops", ())], spec)
        self.chargers = Chargers([sockets.get(d, Socket(d)) for d in of_kind.get("charger", ())], spec)
        self.lamps = Lamps([cabinets.get(d, Cabinet(d)) for d in of_kind.get("cabinet", ())], spec)
        self.heating = Heating(self._houses(), spec)
        self.water = Water([zones.get(d, Zone(d)) for d in of_kind.get("water_meter", ())], spec)
        self.air = Air(of_kind.get("environment", ()), spec)
        self.generators = Generators(self._plants(), spec)
        takers = (self.ships, self.chargers, self.lamps)
        self.electricity = Electricity(spec, of_kind.get("meter", ()), self.generators, takers)
        self.meters = self.electricity.meters
        heat = (self.heating.meters, self.heating.controllers)
        self._self_moving: tuple[Fleet, ...] = (*takers, *heat, self.water, self.air, self.generators)
        still = [device for kind, devices in of_kind.items() if kind not in PLAYED_KINDS for device in devices]
        self._self_moving += (Still(still, spec.seed),)
        self.fleets: tuple[Fleet, ...] = (*self._self_moving, self.meters)
        self.tripping = (self.ships, self.chargers, self.lamps, self.generators)

    def _plants(self) -> list[Generator]:
        named = {plant.device: plant for plant in self.spec.generators}
        inverters, meters = self._of_kind.get("inverter", []), self._of_kind.get("meter", [])
        rated = self.spec.rated_kw
        plants = [named.get(d, Generator(d, rated_kw=rated.get(d, 50.0))) for d in inverters]
        return plants + [named[d] for d in meters if d in named]

    def _houses(self) -> list[House]:
        named = {house.meter: house for house in self.spec.houses}
        houses = [named.get(device, House(device)) for device in self._of_kind.get("heat_meter", ())]
        known = {house.controller for house in houses}
        # A controller that no metered house names heats a house that nobody meters.
        alone = [device for device in self._of_kind.get("heat_controller", ()) if device not in known]
        return _with_faults(houses) + [House(f"{device} (no meter)", controller=device) for device in alone]

    def _make_banks(self) -> tuple[Bank, ...]:
        by_profile: dict[str, list[str]] = {}
        for device in self.spec.field.devices:
            if device.id in self.fleet_of:
                by_profile.setdefault(device.profile, []).append(device.id)
        rated, library = self._rated(), self.spec.field.library
        return tuple(
            Bank(
                library.profile(name),
                self.fleet_of[devices[0]],
                devices,
                np.array([rated.get(d, 100.0) for d in devices]),
            )
            for name, devices in by_profile.items()
        )

    def _rated(self) -> Mapping[str, float]:
        plants = zip(self.generators.devices, self.generators.rated_kw.tolist(), strict=True)
        return dict(plants) | dict(self.spec.rated_kw)

    def _settle(self) -> None:
        """The first moment: everything in place, counters where a long life has left them."""
        self._pass(0.0, 0.0)
        self.electricity.set_means()
        for fleet in self.fleets:
            fleet.start_counters(self.time_s)
            fleet.count(0.0)

    def step(self, dt_s: float, wall_s: float) -> None:
        """Lets `dt_s` seconds pass in one go."""
        self.time_s += dt_s
        self.now = self._weather.at(self.time_s)
        self._pass(dt_s, wall_s)
        for fleet in self.fleets:
            fleet.count(dt_s)
            self._replay(fleet)
        self.touch()

    def run_to(self, end_s: float, step_s: float = COARSE_S) -> Iterator[float]:
        """Plays the past up to `end_s` in steps that end on whole multiples of `step_s`; yields the time after each."""
        while self.time_s < end_s:
            following = min((self.time_s // step_s + 1) * step_s, end_s)
            dt_s = following - self.time_s
            self.step(dt_s, dt_s)
            yield self.time_s

    def touch(self) -> None:
        """Registers are written anew when next read."""
        for bank in self.banks:
            bank.stale = True

    def _pass(self, dt_s: float, wall_s: float) -> None:
        for fleet in self._self_moving:
            if len(fleet):
                fleet.step(self.now, dt_s, wall_s)
                self._replay(fleet)
        if len(self.meters):
            self.electricity.measure(self.now, dt_s, wall_s, self._replay)

    def _replay(self, fleet: Fleet) -> None:
        if self._recording is not None:
            self._recording.apply(fleet, self.time_s)


def _with_faults(houses: list[House]) -> list[House]:
    """Where the site names no fault and has houses enough, three of them get the faults met most often."""
    if len(houses) < HOUSES_WITH_FAULTS or any(house.fault for house in houses):
        return houses
    third = len(houses) // 3
    for row, fault in zip((third - 1, 2 * third - 1, 3 * third - 1), (STUCK, FOULED, SWAPPED), strict=True):
        houses[row] = dataclasses.replace(houses[row], fault=fault)
    return houses
