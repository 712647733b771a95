"""What keeps energy for later: the battery. A value only, checked where it is born."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.errors import WrongOrder
from optimizer.profile import must_be_number


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery on a node. Powers are at the node, energies inside; it never charges and discharges at once.

    `loss_share_per_h` is what of the stored energy one hour takes by itself; `wear_eur_per_kwh` is paid for each kWh
    given to the node. At the horizon's end `end_kwh` must be there: what is missing has a price, or None: it is hard.
    """

    id: str
    node: str
    capacity_kwh: float
    charge_max_kw: float
    discharge_max_kw: float
    start_kwh: float
    least_kwh: float = 0.0
    end_kwh: float = 0.0
    end_missing_eur_per_kwh: float | None = None
    charge_efficiency: float = 1.0
    discharge_efficiency: float = 1.0
    loss_share_per_h: float = 0.0
    wear_eur_per_kwh: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        title = f"battery {self.id}"
        must_be_number(f"capacity_kwh of {title}", self.capacity_kwh, 0.0)
        for field in ("least_kwh", "start_kwh", "end_kwh"):
            must_be_number(f"{field} of {title}", getattr(self, field), 0.0, self.capacity_kwh)
        for field in ("charge_max_kw", "discharge_max_kw", "wear_eur_per_kwh"):
            must_be_number(f"{field} of {title}", getattr(self, field), 0.0)
        for field in ("charge_efficiency", "discharge_efficiency"):
            must_be_number(f"{field} of {title}", getattr(self, field), 0.01, 1.0)
        must_be_number(f"loss_share_per_h of {title}", self.loss_share_per_h, 0.0, 0.99)
        if self.end_missing_eur_per_kwh is not None:
            must_be_number(f"end_missing_eur_per_kwh of {title}", self.end_missing_eur_per_kwh, 0.0)
        if self.start_kwh < self.least_kwh:
            raise WrongOrder(
                title,
                f"it starts with {self.start_kwh:g} kWh, below its least of {self.least_kwh:g}",
                "correct start_kwh or least_kwh",
            )

    @property
    def title(self) -> str:
        return self.name or self.id
