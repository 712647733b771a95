"""Shore power: access points along the quay and the ship calls that may use them. Values only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from optimizer.band import must_be_band
from optimizer.errors import OutOfRange, WrongOrder
from optimizer.profile import Profile, must_be_number, must_be_profile


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """Where one ship at a time plugs in. It gives up to `max_kw` to the ship; `efficiency` is its converter's.

    Empty voltages, frequencies or plugs: any. What a converter or station limits together is a `Node`.
    """

    id: str
    node: str
    max_kw: float
    voltages_kv: tuple[float, ...] = ()
    frequencies_hz: tuple[float, ...] = ()
    plugs: tuple[str, ...] = ()
    efficiency: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        must_be_number(f"max_kw of access point {self.id}", self.max_kw, 0.0)
        must_be_number(f"efficiency of access point {self.id}", self.efficiency, 0.01, 1.0)
        for field in ("voltages_kv", "frequencies_hz"):
            must_be_profile(f"{field} of access point {self.id}", getattr(self, field), 0.0)

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class ShipCall:
    """One ship at a berth. It plugs in at one access point on or below `node` that fits, or runs its engines.

    `hotel_kw` is what the ship needs, with its band; a point must bear the most of it. It is on shore power from
    `connect_h` after arrival to `release_h` before it leaves. `not_connected_eur` is the price of an obligation to
    connect. `at_point`: where it is plugged in already.
    """

    id: str
    node: str
    arrives: dt.datetime
    leaves: dt.datetime
    hotel_kw: Profile
    engine_eur_per_kwh: float
    voltage_kv: float = 6.6
    frequency_hz: float = 60.0
    plug: str = ""
    engine_kg_per_kwh: float = 0.0  # carbon
    connect_h: float = 0.0
    release_h: float = 0.0
    not_connected_eur: float = 0.0
    at_point: str | None = None
    name: str = ""
    hotel_low_kw: Profile | None = None
    hotel_high_kw: Profile | None = None

    def __post_init__(self) -> None:
        title = f"ship call {self.id}"
        for moment in (self.arrives, self.leaves):
            if moment.tzinfo is None:
                raise WrongOrder(title, "a time has no zone", "add one, such as Z or +01:00")
        if self.leaves <= self.arrives:
            raise WrongOrder(title, "it leaves before it arrives", "correct one of the two times")
        must_be_band(title, "hotel_kw", self.hotel_low_kw, self.hotel_kw, self.hotel_high_kw, 0.0)
        for field in ("engine_eur_per_kwh", "engine_kg_per_kwh", "connect_h", "release_h", "not_connected_eur"):
            must_be_number(f"{field} of {title}", getattr(self, field), 0.0)
        for field in ("voltage_kv", "frequency_hz"):
            if getattr(self, field) <= 0.0:
                raise OutOfRange(f"{field} of {title}", getattr(self, field), 0.01, float("inf"))

    @property
    def title(self) -> str:
        return self.name or self.id

    def fits(self, point: AccessPoint) -> bool:
        """Whether voltage, frequency, plug and power of a point suit the ship."""
        sides = [side for side in (self.hotel_kw, self.hotel_high_kw) if side is not None]
        highest_kw = max(max(side) if isinstance(side, tuple) else side for side in sides)
        return (
            highest_kw <= point.max_kw
            and (not point.voltages_kv or self.voltage_kv in point.voltages_kv)
            and (not point.frequencies_hz or self.frequency_hz in point.frequencies_hz)
            and (not point.plugs or self.plug in point.plugs)
        )
