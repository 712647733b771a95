"""The parts of a problem: horizon, grid, prices, assets, wishes. Values only, each checked where it is born.

Power is kW with consumption positive, energy kWh, money EUR, levels 0..1, times aware. A `Profile` is one number for
all steps or one for each. A new kind of asset is a new value class here, a new tuple in `Problem` and a builder of its
own.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from dataclasses import dataclass

import numpy as np

from optimizer.errors import WrongLength, WrongOrder
from optimizer.profile import FloatArray, Profile, must_be_number, must_be_profile, over_steps
from optimizer.shore import ShipCall
from optimizer.storage import Battery


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
        must_be_profile("The horizon's step length in hours", self.steps_h, 1 / 3600, 168.0)

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
class PeakCharge:
    """A price on the highest mean import of one billing period, beyond what the period has already seen.

    `interval` gives for each step the settlement interval it counts to, -1 for none; empty means each step is one.
    """

    name: str
    eur_per_kw: float
    so_far_kw: float = 0.0
    interval: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        must_be_number(f"eur_per_kw of peak charge {self.name}", self.eur_per_kw, 0.0)
        must_be_number(f"so_far_kw of peak charge {self.name}", self.so_far_kw, 0.0)


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices at the root of the grid tree. Carbon intensity is of imported energy; export earns no carbon."""

    import_eur_per_kwh: Profile
    export_eur_per_kwh: Profile = 0.0
    peaks: tuple[PeakCharge, ...] = ()
    carbon_kg_per_kwh: Profile = 0.0
    carbon_eur_per_t: float = 0.0
    contracted_kw: float | None = None
    over_contract_eur_per_kw: float = 0.0
    name: str = "tariff"

    def __post_init__(self) -> None:
        must_be_profile("import_eur_per_kwh of the tariff", self.import_eur_per_kwh)
        must_be_profile("export_eur_per_kwh of the tariff", self.export_eur_per_kwh)
        must_be_profile("carbon_kg_per_kwh of the tariff", self.carbon_kg_per_kwh, 0.0)
        must_be_number("carbon_eur_per_t of the tariff", self.carbon_eur_per_t, 0.0)
        if self.contracted_kw is not None:
            must_be_number("contracted_kw of the tariff", self.contracted_kw, 0.0)
        must_be_number("over_contract_eur_per_kw of the tariff", self.over_contract_eur_per_kw, 0.0)

    @property
    def charges(self) -> tuple[PeakCharge, ...]:
        """The peak charges, and the fee for going over the contracted power as one more of them."""
        if self.contracted_kw is None or self.over_contract_eur_per_kw == 0.0:
            return self.peaks
        return (*self.peaks, PeakCharge("over contract", self.over_contract_eur_per_kw, self.contracted_kw))

    def import_cost_eur_per_kwh(self, steps: int) -> FloatArray:
        """Energy price plus carbon price of one imported kWh, shape (steps,)."""
        carbon = over_steps(self.carbon_kg_per_kwh, steps) * self.carbon_eur_per_t / 1000.0
        return over_steps(self.import_eur_per_kwh, steps) + carbon


@dataclass(frozen=True, slots=True)
class LightingGroup:
    """Luminaires alike on one node. Level is light output, 0..1; power follows it by `gradient` or by `curve`.

    `gradient` is the TALQ one: power share = 1 - (1 - level) / gradient. `curve` gives (level, power share) points
    instead, convex and rising. While `lit` the level stays in [floor, ceiling]; otherwise the group draws `off_kw`.
    `missing_light_eur_per_h` is the price of one hour of the whole wanted light missing (level short by 1).
    """

    id: str
    node: str
    rated_kw: float
    lit: tuple[bool, ...]
    wanted: Profile
    floor: Profile
    missing_light_eur_per_h: float
    ceiling: Profile = 1.0
    standby_kw: float = 0.0
    off_kw: float = 0.0
    gradient: float = 1.0
    curve: tuple[tuple[float, float], ...] = ()
    ramp: float | None = None  # most change of level between neighbouring lit steps
    fixed: Profile | None = None  # level of today's fixed dimming profile: a baseline, no rule
    level_before: float | None = None  # level just before the horizon, for the ramp into its first step
    name: str = ""

    def __post_init__(self) -> None:
        title = f"lighting group {self.id}"
        must_be_number(f"rated_kw of {title}", self.rated_kw, 0.0)
        must_be_number(f"standby_kw of {title}", self.standby_kw, 0.0, self.rated_kw)
        must_be_number(f"off_kw of {title}", self.off_kw, 0.0, self.rated_kw)
        must_be_number(f"gradient of {title}", self.gradient, 0.01)
        must_be_number(f"missing_light_eur_per_h of {title}", self.missing_light_eur_per_h, 0.0)
        for field in ("wanted", "floor", "ceiling"):
            must_be_profile(f"{field} of {title}", getattr(self, field), 0.0, 1.0)
        if self.fixed is not None:
            must_be_profile(f"fixed of {title}", self.fixed, 0.0, 1.0)
        for field in ("ramp", "level_before"):
            if getattr(self, field) is not None:
                must_be_number(f"{field} of {title}", getattr(self, field), 0.0, 1.0)
        _must_rise_convexly(title, self.points)

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """The dimming curve as (level, power share) points from level 0 to 1."""
        return self.curve or ((0.0, 1.0 - 1.0 / self.gradient), (1.0, 1.0))

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Two lighting groups whose levels may differ by at most `difference` while both are lit."""

    a: str
    b: str
    difference: float

    def __post_init__(self) -> None:
        must_be_number(f"difference between {self.a} and {self.b}", self.difference, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class ChargeSession:
    """One vehicle at one charger from arrival to departure. Energies are in the vehicle, power is at the charger.

    Of `energy_kwh` wanted, `required_kwh` must be there (hard); the rest may be missing at a price a kWh. A limit of a
    charger or station is a `Node`. A step the vehicle is there for in part is used in part.
    """

    id: str
    node: str
    arrives: dt.datetime
    departs: dt.datetime
    max_kw: float
    energy_kwh: float
    missing_eur_per_kwh: float
    required_kwh: float = 0.0
    min_kw: float = 0.0  # least power while on; above 0 the plan needs integers
    least_on_h: float = 0.0  # once on, it stays on for so long or until it leaves; needs a least power
    efficiency: float = 1.0
    ready_kwh: float = 0.0  # part of the energy that must be there by `ready_by`
    ready_by: dt.datetime | None = None
    kind: str = "car"
    name: str = ""

    def __post_init__(self) -> None:
        title = f"charge session {self.id}"
        for moment in (self.arrives, self.departs, self.ready_by or self.departs):
            if moment.tzinfo is None:
                raise WrongOrder(title, "a time has no zone", "add one, such as Z or +01:00")
        if self.departs <= self.arrives:
            raise WrongOrder(title, "it departs before it arrives", "correct one of the two times")
        must_be_number(f"max_kw of {title}", self.max_kw, 0.0)
        must_be_number(f"min_kw of {title}", self.min_kw, 0.0, self.max_kw)
        must_be_number(f"least_on_h of {title}", self.least_on_h, 0.0)
        if self.least_on_h > 0.0 and self.min_kw <= 0.0:
            raise WrongOrder(title, "it has a least time on but no least power", "give a min_kw above 0")
        must_be_number(f"energy_kwh of {title}", self.energy_kwh, 0.0)
        must_be_number(f"required_kwh of {title}", self.required_kwh, 0.0, self.energy_kwh)
        must_be_number(f"ready_kwh of {title}", self.ready_kwh, 0.0, self.energy_kwh)
        must_be_number(f"missing_eur_per_kwh of {title}", self.missing_eur_per_kwh, 0.0)
        must_be_number(f"efficiency of {title}", self.efficiency, 0.01, 1.0)

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class FixedLoad:
    """A forecast load that is not planned: buildings, pumps, a ship's hotel load. `kind` is for whoever shows it."""

    id: str
    node: str
    power_kw: Profile
    kind: str = "load"
    name: str = ""

    def __post_init__(self) -> None:
        must_be_profile(f"power_kw of load {self.id}", self.power_kw)

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Generation:
    """Sun or wind: a forecast that may be curtailed at a price, or not at all (None)."""

    id: str
    node: str
    forecast_kw: Profile
    curtail_eur_per_kwh: float | None = 0.0
    kind: str = "sun"
    name: str = ""

    def __post_init__(self) -> None:
        must_be_profile(f"forecast_kw of {self.kind} {self.id}", self.forecast_kw, 0.0)
        if self.curtail_eur_per_kwh is not None:
            must_be_number(f"curtail_eur_per_kwh of {self.kind} {self.id}", self.curtail_eur_per_kwh, 0.0)

    @property
    def title(self) -> str:
        return self.name or self.id


Asset = LightingGroup | ChargeSession | FixedLoad | Generation | Battery | ShipCall


@dataclass(frozen=True, slots=True)
class InForce:
    """What the plan in force gives one asset in each step of this horizon: a level for light, kW for all else.

    Only a battery's may be below 0: that is what it gives.
    """

    asset: str
    setpoint: tuple[float, ...]

    def __post_init__(self) -> None:
        must_be_profile(f"plan in force of {self.asset}", self.setpoint)


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


def _must_rise_convexly(title: str, points: tuple[tuple[float, float], ...]) -> None:
    levels, shares = zip(*points, strict=True)
    must_be_profile(f"curve levels of {title}", levels, 0.0, 1.0)
    must_be_profile(f"curve power shares of {title}", shares, -99.0, 1.0)
    if (
        len(points) < 2
        or levels[0] != 0.0
        or levels[-1] != 1.0
        or not all(a < b for a, b in itertools.pairwise(levels))
    ):
        raise WrongOrder(title, "its dimming curve does not run from level 0 to 1", "give rising levels from 0 to 1")
    slopes = [(d - c) / (b - a) for (a, c), (b, d) in itertools.pairwise(points)]
    if slopes[0] < 0.0 or not all(a <= b + 1e-9 for a, b in itertools.pairwise(slopes)):
        raise WrongOrder(title, "its dimming curve is not rising and convex", "give points with slopes that only grow")
