"""The parts of a problem: horizon, grid, prices, assets, wishes. Values only, each checked where it is born.

Power is kW with consumption positive, energy kWh, money EUR, levels 0..1, times aware. A `Profile` is one number for
all steps or one for each. What a family of assets is stands in a file of its own (`luminaires`, `vehicles`, `storage`,
`shore`, `heating`, `water`, `tariff`); here is what they share, and all of them by name.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np

from optimizer.band import Band, must_be_band
from optimizer.errors import WrongLength, WrongOrder
from optimizer.heating import Chp, ElectricBoiler, GasBoiler, HeatNode, HeatPump, HeatStore
from optimizer.luminaires import LightingGroup, Neighbours
from optimizer.profile import MOST_KW, FloatArray, Profile, must_be_number, must_be_profile
from optimizer.shore import AccessPoint, ShipCall
from optimizer.storage import Battery
from optimizer.tariff import PeakCharge, Tariff
from optimizer.vehicles import ChargeSession
from optimizer.water import Pump, Tank

__all__ = [
    "USUAL_WISHES",
    "AccessPoint",
    "Asset",
    "Band",
    "Battery",
    "ChargeSession",
    "Chp",
    "ElectricBoiler",
    "FixedLoad",
    "GasBoiler",
    "Generation",
    "HeatNode",
    "HeatPump",
    "HeatStore",
    "Horizon",
    "InForce",
    "LightingGroup",
    "Neighbours",
    "Node",
    "PeakCharge",
    "Pump",
    "ShipCall",
    "Tank",
    "Tariff",
    "Wishes",
]


@dataclass(frozen=True, slots=True)
class Horizon:
    """The steps to plan: where the first begins and how long each is, in hours. Lengths may differ."""

    start: dt.datetime
    steps_h: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise WrongOrder("The horizon", "its start has no time zone", "add one, such as Z or +01:00")
        if not self.steps_h:
            raise WrongLength("The horizon", 0, 1)
        must_be_profile("The horizon's step length in hours", self.steps_h, 1 / 3600, 24.0)

    @property
    def steps(self) -> int:
        return len(self.steps_h)

    @property
    def hours(self) -> FloatArray:
        """Length of each step in hours, shape (steps,)."""
        return np.asarray(self.steps_h, dtype=float)

    @property
    def edges_h(self) -> FloatArray:
        """Hours from the start to each border between steps, shape (steps + 1,)."""
        return np.concatenate(([0.0], np.cumsum(self.hours)))

    @property
    def end(self) -> dt.datetime:
        return self.begin(self.steps)

    def begin(self, step: int) -> dt.datetime:
        """When a step begins, in the zone the start was given in; right through a change of its clock."""
        # two times of one zone are added and taken apart by the wall clock, so this goes by UTC
        moment = self.start.astimezone(dt.UTC) + dt.timedelta(hours=math.fsum(self.steps_h[:step]))
        return moment.astimezone(self.start.tzinfo)

    def offset_h(self, moment: dt.datetime) -> float:
        """Hours from the start of the horizon to a moment; negative before it."""
        return (moment - self.start.astimezone(dt.UTC)).total_seconds() / 3600.0


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the grid tree. Its power is its assets' plus its children's, and its limits are physics: hard."""

    id: str
    parent: str | None
    limit_kw: Profile
    import_min_kw: Profile = 0.0  # lowest power: minus what may be fed back
    name: str = ""

    def __post_init__(self) -> None:
        must_be_profile(f"limit_kw of node {self.id}", self.limit_kw)
        must_be_profile(f"import_min_kw of node {self.id}", self.import_min_kw)

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class FixedLoad:
    """A forecast load that is not planned, such as buildings, with its band. `kind` is for whoever shows it."""

    id: str
    node: str
    power_kw: Profile
    kind: str = "load"
    name: str = ""
    power_low_kw: Profile | None = None
    power_high_kw: Profile | None = None

    def __post_init__(self) -> None:
        must_be_band(f"load {self.id}", "power_kw", self.power_low_kw, self.power_kw, self.power_high_kw, -MOST_KW)

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Generation:
    """Sun or wind: a forecast with its band, that may be curtailed at a price, or not at all (None)."""

    id: str
    node: str
    forecast_kw: Profile
    curtail_eur_per_kwh: float | None = 0.0
    kind: str = "sun"
    name: str = ""
    forecast_low_kw: Profile | None = None
    forecast_high_kw: Profile | None = None

    def __post_init__(self) -> None:
        band = (self.forecast_low_kw, self.forecast_kw, self.forecast_high_kw)
        must_be_band(f"{self.kind} {self.id}", "forecast_kw", *band, 0.0)
        if self.curtail_eur_per_kwh is not None:
            must_be_number(f"curtail_eur_per_kwh of {self.kind} {self.id}", self.curtail_eur_per_kwh, 0.0)

    @property
    def title(self) -> str:
        return self.name or self.id


Asset = (
    LightingGroup
    | ChargeSession
    | FixedLoad
    | Generation
    | Battery
    | ShipCall
    | HeatNode
    | HeatPump
    | ElectricBoiler
    | GasBoiler
    | Chp
    | HeatStore
    | Tank
    | Pump
)


@dataclass(frozen=True, slots=True)
class InForce:
    """What the plan in force gives one asset in each step of this horizon: a level for light, kW for all else.

    What makes heat has its kW of heat, and a CHP its `power_kw` besides. Only what gives to the grid may be below 0.
    """

    asset: str
    setpoint: tuple[float, ...]
    power_kw: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        must_be_profile(f"plan in force of {self.asset}", self.setpoint)
        must_be_profile(f"power_kw of the plan in force of {self.asset}", self.power_kw)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to choose among plans within `hair_eur + hair_share * |cost|` of the best cost. All weights 0: any."""

    hair_eur: float = 0.01
    hair_share: float = 1e-4
    charge_early: float = 1.0
    few_changes: float = 1.0
    stay_near: float = 1.0

    def __post_init__(self) -> None:
        for field in ("hair_eur", "hair_share", "charge_early", "few_changes", "stay_near"):
            must_be_number(f"wish {field}", getattr(self, field), 0.0)


USUAL_WISHES = Wishes()
