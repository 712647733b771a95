"""What energy costs at the connection: prices by the kWh, by the highest kW, and of carbon. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.profile import (
    MOST_EUR_PER_KWH,
    MOST_KG_PER_KWH,
    FloatArray,
    Profile,
    must_be_number,
    must_be_profile,
    over_steps,
)


@dataclass(frozen=True, slots=True)
class PeakCharge:
    """A price on the highest mean import of one billing period, beyond what the period has already seen.

    A window or a second period in the horizon is a charge of its own. `interval` gives for each step the settlement
    interval it counts to, -1 for none; empty means each step is one.
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
    contract_interval: tuple[int, ...] = ()  # settlement intervals of the contracted power, as of a peak charge

    def __post_init__(self) -> None:
        for field in ("import_eur_per_kwh", "export_eur_per_kwh"):
            must_be_profile(f"{field} of the tariff", getattr(self, field), -MOST_EUR_PER_KWH, MOST_EUR_PER_KWH)
        must_be_profile("carbon_kg_per_kwh of the tariff", self.carbon_kg_per_kwh, 0.0, MOST_KG_PER_KWH)
        must_be_number("carbon_eur_per_t of the tariff", self.carbon_eur_per_t, 0.0)
        if self.contracted_kw is not None:
            must_be_number("contracted_kw of the tariff", self.contracted_kw, 0.0)
        must_be_number("over_contract_eur_per_kw of the tariff", self.over_contract_eur_per_kw, 0.0)

    @property
    def charges(self) -> tuple[PeakCharge, ...]:
        """The peak charges, and the fee for going over the contracted power as one more of them."""
        if self.contracted_kw is None or self.over_contract_eur_per_kw == 0.0:
            return self.peaks
        fee = PeakCharge("over contract", self.over_contract_eur_per_kw, self.contracted_kw, self.contract_interval)
        return (*self.peaks, fee)

    def import_cost_eur_per_kwh(self, steps: int) -> FloatArray:
        """Energy price plus carbon price of one imported kWh, shape (steps,)."""
        carbon = over_steps(self.carbon_kg_per_kwh, steps) * self.carbon_eur_per_t / 1000.0
        return over_steps(self.import_eur_per_kwh, steps) + carbon
