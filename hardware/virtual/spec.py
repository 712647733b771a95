"""What a virtual site consists of, as frozen values: made from a site folder by the console, or by hand in a test.

Power is kW with consumption positive, times are seconds since 1970 (UTC), levels fractions 0..1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hardware.field import FieldSpec


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the grid tree. Parents stand before or after their children; the root has no parent.

    Losses on the way into the node: `idle_loss` of its limit always, and `full_loss` of its limit at full load,
    growing with the square of the power (a transformer's iron and copper).
    """

    id: str
    parent: str | None
    limit_kw: float
    meter: str | None = None  # the device that measures everything below
    idle_loss: float = 0.0005
    full_loss: float = 0.008


@dataclass(frozen=True, slots=True)
class ShorePoint:
    """One shore-power access point."""

    device: str
    rated_kw: float = 250.0
    voltage_v: float = 400.0
    frequency_hz: float = 50.0


@dataclass(frozen=True, slots=True)
class Call:
    """One ship at one or more shore points."""

    id: str
    devices: tuple[str, ...]
    arrives_s: float
    leaves_s: float
    hotel_kw: float
    kind: str = "inland"


@dataclass(frozen=True, slots=True)
class Socket:
    """One charging socket."""

    device: str
    kind: str = "car"
    max_kw: float = 11.0
    phases: int = 3


@dataclass(frozen=True, slots=True)
class Session:
    """One vehicle at one socket, with the energy it wants."""

    id: str
    device: str
    arrives_s: float
    departs_s: float
    energy_kwh: float


@dataclass(frozen=True, slots=True)
class Cabinet:
    """One street-lighting cabinet with its luminaires. `gradient` as in TALQ: P% = 100 - (100 - L%) / gradient."""

    device: str
    lamps: int = 40
    lamp_w: float = 60.0
    standby_share: float = 0.05
    gradient: float = 1.0
    evening_level: float = 1.0
    night_level: float = 0.5
    night_from_h: float = 23.5
    night_to_h: float = 5.5


@dataclass(frozen=True, slots=True)
class House:
    """One heat substation: a meter, and a weather-compensated controller where it has one."""

    meter: str
    controller: str | None = None
    kind: str = "flats"
    design_kw: float = 120.0
    design_cooling_k: float = 35.0
    flats: int = 20
    fault: str = ""  # "", stuck valve, fouled exchanger, swapped sensors


@dataclass(frozen=True, slots=True)
class Consumer:
    """One metered load that follows a known shape."""

    device: str
    kind: str = "offices"
    yearly_kwh: float = 100_000.0


@dataclass(frozen=True, slots=True)
class Generator:
    """Sun or wind behind one inverter, turbine or meter."""

    device: str
    kind: str = "solar"  # solar | wind
    rated_kw: float = 50.0
    tilt_deg: float = 15.0
    azimuth_deg: float = 180.0
    hub_height_m: float = 80.0


@dataclass(frozen=True, slots=True)
class Zone:
    """One metered zone of the water network. `feeds_from`: the meter its water has passed before."""

    meter: str
    kind: str = "homes"
    feeds_from: str | None = None
    users: int = 1000
    leak_m3h: float = 0.0


def no_calls(start_s: float, end_s: float) -> tuple[Call, ...]:
    """A site without a quay."""
    return ()


def no_sessions(start_s: float, end_s: float) -> tuple[Session, ...]:
    """A site without chargers."""
    return ()


@dataclass(frozen=True, slots=True)
class VirtualSpec:
    """A whole virtual site. Devices of `field` that no asset names get the asset's default figures."""

    name: str
    latitude_deg: float
    longitude_deg: float
    zone: ZoneInfo
    field: FieldSpec
    seed: int = 0
    nodes: tuple[Node, ...] = ()
    node_of: Mapping[str, str] = dataclasses.field(default_factory=dict)  # device -> the node its power counts to
    rated_kw: Mapping[str, float] = dataclasses.field(default_factory=dict)
    shore_points: tuple[ShorePoint, ...] = ()
    sockets: tuple[Socket, ...] = ()
    cabinets: tuple[Cabinet, ...] = ()
    houses: tuple[House, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    generators: tuple[Generator, ...] = ()
    zones: tuple[Zone, ...] = ()
    calls: Callable[[float, float], tuple[Call, ...]] = no_calls
    sessions: Callable[[float, float], tuple[Session, ...]] = no_sessions
