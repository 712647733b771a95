"""District heat: a node with a demand, what makes heat for it, and what keeps it for later. Values only.

Heat is kW and kWh of heat, power kW at the grid node, fuel kWh of its lower heating value. `heat` names the heat node.
Sources: extraction CHP after H = (P + beta Q) / eta and P >= Cb Q, the usual linear form of its operating field.
"""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.band import must_be_band
from optimizer.errors import WrongOrder
from optimizer.profile import MOST_EUR_PER_KWH, MOST_KG_PER_KWH, MOST_KW, Profile, must_be_number, must_be_profile
from optimizer.switching import Switching


@dataclass(frozen=True, slots=True)
class HeatNode:
    """Where heat is needed: in every step what is made and taken from stores meets the demand.

    Heat that is missing or made beyond the demand has a price a kWh each, or None: it must not be.
    """

    id: str
    node: str  # of the grid, where it is shown; it draws nothing by itself
    demand_kw: Profile
    missing_eur_per_kwh: float | None = None
    surplus_eur_per_kwh: float | None = None
    demand_low_kw: Profile | None = None
    demand_high_kw: Profile | None = None
    name: str = ""

    def __post_init__(self) -> None:
        title = f"heat node {self.id}"
        must_be_band(title, "demand_kw", self.demand_low_kw, self.demand_kw, self.demand_high_kw, 0.0)
        for field in ("missing_eur_per_kwh", "surplus_eur_per_kwh"):
            if getattr(self, field) is not None:
                must_be_number(f"{field} of {title}", getattr(self, field), 0.0)

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class HeatPump:
    """Heat from power, `cop` kWh for each kWh of power; both its most heat and its COP may change by the step."""

    id: str
    node: str
    heat: str
    most_kw: Profile
    cop: Profile
    switching: Switching | None = None
    name: str = ""

    def __post_init__(self) -> None:
        title = f"heat pump {self.id}"
        must_be_profile(f"most_kw of {title}", self.most_kw, 0.0, MOST_KW)
        must_be_profile(f"cop of {title}", self.cop, 0.5, 20.0)
        if self.switching is not None:
            self.switching.must_suit(title, _highest(self.most_kw))

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class ElectricBoiler:
    """Heat from power, straight."""

    id: str
    node: str
    heat: str
    most_kw: Profile
    efficiency: float = 0.99
    switching: Switching | None = None
    name: str = ""

    def __post_init__(self) -> None:
        title = f"electric boiler {self.id}"
        must_be_profile(f"most_kw of {title}", self.most_kw, 0.0, MOST_KW)
        must_be_number(f"efficiency of {title}", self.efficiency, 0.01, 1.0)
        if self.switching is not None:
            self.switching.must_suit(title, _highest(self.most_kw))

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class GasBoiler:
    """Heat from fuel. Its fans and pumps draw `power_share` of the heat as power. A condensing one may be above 1."""

    id: str
    node: str
    heat: str
    most_kw: Profile
    efficiency: float
    fuel_eur_per_kwh: Profile
    fuel_kg_per_kwh: float = 0.0  # carbon
    power_share: float = 0.0
    switching: Switching | None = None
    name: str = ""

    def __post_init__(self) -> None:
        title = f"gas boiler {self.id}"
        must_be_profile(f"most_kw of {title}", self.most_kw, 0.0, MOST_KW)
        must_be_number(f"efficiency of {title}", self.efficiency, 0.01, 1.11)
        must_be_profile(f"fuel_eur_per_kwh of {title}", self.fuel_eur_per_kwh, 0.0, MOST_EUR_PER_KWH)
        must_be_number(f"fuel_kg_per_kwh of {title}", self.fuel_kg_per_kwh, 0.0, MOST_KG_PER_KWH)
        must_be_number(f"power_share of {title}", self.power_share, 0.0, 1.0)
        if self.switching is not None:
            self.switching.must_suit(title, _highest(self.most_kw))

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Chp:
    """Power and heat from fuel, with extraction: fuel = (power + power_lost_per_heat * heat) / electric_efficiency.

    Power is at least `power_to_heat` * heat; of a `back_pressure` machine, such as a gas engine, it is exactly that.
    """

    id: str
    node: str
    heat: str
    fuel_max_kw: float
    heat_max_kw: float
    electric_efficiency: float
    power_lost_per_heat: float
    power_to_heat: float
    fuel_eur_per_kwh: Profile
    fuel_kg_per_kwh: float = 0.0  # carbon
    back_pressure: bool = False
    switching: Switching | None = None
    name: str = ""

    def __post_init__(self) -> None:
        title = f"CHP {self.id}"
        for field in ("fuel_max_kw", "heat_max_kw", "fuel_kg_per_kwh"):
            must_be_number(f"{field} of {title}", getattr(self, field), 0.0)
        must_be_number(f"electric_efficiency of {title}", self.electric_efficiency, 0.01, 1.0)
        must_be_number(f"power_lost_per_heat of {title}", self.power_lost_per_heat, 0.0, 1.0)
        must_be_number(f"power_to_heat of {title}", self.power_to_heat, 0.0, 10.0)
        must_be_profile(f"fuel_eur_per_kwh of {title}", self.fuel_eur_per_kwh, 0.0, MOST_EUR_PER_KWH)
        used = (self.power_to_heat + self.power_lost_per_heat) / self.electric_efficiency
        # condensing flue gas gives up to 11 % more than the lower heating value
        if 1.11 * used < self.power_to_heat + 1.0:
            raise WrongOrder(
                title,
                f"a kWh of heat and {self.power_to_heat:g} of power would come from only {used:.2f} kWh of fuel",
                "raise power_lost_per_heat, or lower electric_efficiency",
            )
        if self.switching is not None:
            self.switching.must_suit(title, self.fuel_max_kw)

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class HeatStore:
    """A heat store at a heat node; it loses `loss_share_per_h` of what is in it by itself.

    At the horizon's end `end_kwh` must be there: what is missing has a price, or None: it is hard.
    """

    id: str
    node: str  # of the grid, where it is shown; it draws nothing
    heat: str
    capacity_kwh: float
    charge_max_kw: float
    discharge_max_kw: float
    start_kwh: float
    least_kwh: float = 0.0
    end_kwh: float = 0.0
    end_missing_eur_per_kwh: float | None = None
    loss_share_per_h: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        title = f"heat store {self.id}"
        must_be_number(f"capacity_kwh of {title}", self.capacity_kwh, 0.0)
        for field in ("least_kwh", "start_kwh", "end_kwh"):
            must_be_number(f"{field} of {title}", getattr(self, field), 0.0, self.capacity_kwh)
        for field in ("charge_max_kw", "discharge_max_kw"):
            must_be_number(f"{field} of {title}", getattr(self, field), 0.0)
        must_be_number(f"loss_share_per_h of {title}", self.loss_share_per_h, 0.0, 0.99)
        if self.end_missing_eur_per_kwh is not None:
            must_be_number(f"end_missing_eur_per_kwh of {title}", self.end_missing_eur_per_kwh, 0.0)
        if self.start_kwh < self.least_kwh:
            below = f"it starts with {self.start_kwh:g} kWh, below its least of {self.least_kwh:g}"
            raise WrongOrder(title, below, "correct start_kwh or least_kwh")

    @property
    def title(self) -> str:
        return self.name or self.id


HeatMaker = HeatPump | ElectricBoiler | GasBoiler | Chp


def _highest(value: Profile) -> float:
    return max(value) if isinstance(value, tuple) else value
