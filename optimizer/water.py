"""Water: tanks whose level pumps keep, as storage. Values only, checked where they are born."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.errors import WrongOrder
from optimizer.profile import Profile, must_be_number, must_be_profile
from optimizer.switching import Switching


@dataclass(frozen=True, slots=True)
class Tank:
    """Water that flows out by a forecast and is pumped in; its volume stays between least and capacity.

    At the horizon's end `end_m3` must be there: what is missing has a price, or None: it is hard.
    """

    id: str
    node: str  # of the grid, where it is shown; its pumps draw, each at a node of its own
    capacity_m3: float
    start_m3: float
    outflow_m3h: Profile
    least_m3: float = 0.0
    end_m3: float = 0.0
    end_missing_eur_per_m3: float | None = None
    name: str = ""

    def __post_init__(self) -> None:
        title = f"tank {self.id}"
        must_be_number(f"capacity_m3 of {title}", self.capacity_m3, 0.0)
        for field in ("least_m3", "start_m3", "end_m3"):
            must_be_number(f"{field} of {title}", getattr(self, field), 0.0, self.capacity_m3)
        must_be_profile(f"outflow_m3h of {title}", self.outflow_m3h, 0.0)
        if self.end_missing_eur_per_m3 is not None:
            must_be_number(f"end_missing_eur_per_m3 of {title}", self.end_missing_eur_per_m3, 0.0)
        if self.start_m3 < self.least_m3:
            below = f"it starts with {self.start_m3:g} m3, below its least of {self.least_m3:g}"
            raise WrongOrder(title, below, "correct start_m3 or least_m3")

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Pump:
    """A pump that fills a tank: `m3_per_kwh` of water for each kWh of power."""

    id: str
    node: str
    tank: str
    max_kw: float
    m3_per_kwh: float
    switching: Switching | None = None
    name: str = ""

    def __post_init__(self) -> None:
        title = f"pump {self.id}"
        must_be_number(f"max_kw of {title}", self.max_kw, 0.0)
        must_be_number(f"m3_per_kwh of {title}", self.m3_per_kwh, 1e-3, 1e4)
        if self.switching is not None:
            self.switching.must_suit(title, self.max_kw)

    @property
    def title(self) -> str:
        return self.name or self.id
