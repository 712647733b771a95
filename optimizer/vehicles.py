"""Vehicles at chargers. A value only, checked where it is born."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from optimizer.errors import WrongOrder
from optimizer.profile import must_be_number


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
