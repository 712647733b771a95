"""Vehicles at chargers. A value only, checked where it is born."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from optimizer.errors import WrongOrder
from optimizer.profile import MOST_KW, must_be_number


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
    phases: tuple[int, ...] = ()  # asked for: how many it may charge on, such as (3,) or (1, 3); needs integers
    least_a: float = 6.0  # least current of each phase while on
    most_a: float | None = None  # None: as far as max_kw reaches
    voltage_v: float = 230.0  # of a phase
    discharge_max_kw: float = 0.0  # what it may give back, at the charger
    discharge_efficiency: float = 1.0
    wear_eur_per_kwh: float = 0.0  # of each kWh given back
    start_kwh: float = 0.0  # what is in it on arrival
    least_kwh: float = 0.0  # it gives nothing once it holds only this
    capacity_kwh: float | None = None

    def __post_init__(self) -> None:
        title = f"charge session {self.id}"
        for moment in (self.arrives, self.departs, self.ready_by or self.departs):
            if moment.tzinfo is None:
                raise WrongOrder(title, "a time has no zone", "add one, such as Z or +01:00")
        if self.departs <= self.arrives:
            raise WrongOrder(title, "it departs before it arrives", "correct one of the two times")
        must_be_number(f"max_kw of {title}", self.max_kw, 0.0, MOST_KW / 100.0)
        must_be_number(f"min_kw of {title}", self.min_kw, 0.0, self.max_kw)
        must_be_number(f"least_on_h of {title}", self.least_on_h, 0.0)
        if self.least_on_h > 0.0 and self.min_kw <= 0.0 and not self.phases:
            raise WrongOrder(title, "it has a least time on but no least power", "give a min_kw above 0")
        must_be_number(f"energy_kwh of {title}", self.energy_kwh, 0.0, MOST_KW)
        must_be_number(f"required_kwh of {title}", self.required_kwh, 0.0, self.energy_kwh)
        must_be_number(f"ready_kwh of {title}", self.ready_kwh, 0.0, self.energy_kwh)
        must_be_number(f"missing_eur_per_kwh of {title}", self.missing_eur_per_kwh, 0.0)
        must_be_number(f"efficiency of {title}", self.efficiency, 0.01, 1.0)
        _must_have_phases(title, self)
        _must_hold(title, self)

    @property
    def bands(self) -> tuple[tuple[float, float], ...]:
        """Least and most power while on, rising and apart from each other; empty where any power will do."""
        if not self.phases:
            return ((self.min_kw, self.max_kw),) if self.min_kw > 0.0 else ()
        found: list[tuple[float, float]] = []
        for count in sorted(set(self.phases)):
            kva = count * self.voltage_v / 1000.0
            most = self.max_kw if self.most_a is None else min(self.most_a * kva, self.max_kw)
            least = max(self.least_a * kva, self.min_kw)
            if least > most + 1e-9:
                continue
            if found and least <= found[-1][1] + 1e-9:
                found[-1] = (found[-1][0], max(most, found[-1][1]))
            else:
                found.append((least, most))
        return tuple(found)

    @property
    def most_kw(self) -> float:
        """The most it can draw, by its charger and its phases."""
        return self.bands[-1][1] if self.bands else self.max_kw

    @property
    def title(self) -> str:
        return self.name or self.id


def _must_have_phases(title: str, session: ChargeSession) -> None:
    for count in session.phases:
        must_be_number(f"phases of {title}", count, 1, 3)
    must_be_number(f"least_a of {title}", session.least_a, 0.1)
    must_be_number(f"voltage_v of {title}", session.voltage_v, 50.0, 1000.0)
    if session.most_a is not None:
        must_be_number(f"most_a of {title}", session.most_a, session.least_a)
    if session.phases and not session.bands:
        least = f"{session.least_a:g} A on {min(session.phases)} phases is more than its max_kw of {session.max_kw:g}"
        raise WrongOrder(title, least, "raise max_kw, or leave phases out")


def _must_hold(title: str, session: ChargeSession) -> None:
    for field in ("discharge_max_kw", "wear_eur_per_kwh", "start_kwh", "least_kwh"):
        must_be_number(f"{field} of {title}", getattr(session, field), 0.0)
    must_be_number(f"discharge_efficiency of {title}", session.discharge_efficiency, 0.01, 1.0)
    if session.capacity_kwh is None:
        if session.discharge_max_kw > 0.0:
            raise WrongOrder(title, "it may give back but nobody says what it can hold", "give its capacity_kwh")
        return
    must_be_number(f"capacity_kwh of {title}", session.capacity_kwh, 0.0)
    must_be_number(f"least_kwh of {title}", session.least_kwh, 0.0, session.capacity_kwh)
    if session.start_kwh + session.energy_kwh > session.capacity_kwh * (1.0 + 1e-9):
        wanted = f"{session.start_kwh:g} kWh on arrival and {session.energy_kwh:g} wanted"
        raise WrongOrder(title, f"{wanted} are more than it can hold ({session.capacity_kwh:g})", "correct one of them")
