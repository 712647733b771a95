"""Units as what they measure, so that a formula may only add what is alike: kW x h is kWh, V x A is W, m3 / h is m3/h.

Own rather than a library of units: a site has some forty units, checked once while it is loaded, and a library that
knows thousands would cost every start more than all of that loading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Powers = Mapping[str, int]

# Unit -> (factor, powers of the base units). Bases: kWh, h, m, A, K, kg, EUR, and what only compares with itself.
_KNOWN: dict[str, tuple[float, dict[str, int]]] = {
    "1": (1.0, {}),
    "%": (0.01, {}),
    "kW": (1.0, {"kWh": 1, "h": -1}),
    "W": (1e-3, {"kWh": 1, "h": -1}),
    "MW": (1e3, {"kWh": 1, "h": -1}),
    "kWh": (1.0, {"kWh": 1}),
    "Wh": (1e-3, {"kWh": 1}),
    "MWh": (1e3, {"kWh": 1}),
    "GJ": (1e3 / 3.6, {"kWh": 1}),
    "kvar": (1.0, {"kvar": 1}),
    "kVA": (1.0, {"kVA": 1}),
    "A": (1.0, {"A": 1}),
    "mA": (1e-3, {"A": 1}),
    "V": (1e-3, {"kWh": 1, "h": -1, "A": -1}),
    "kV": (1.0, {"kWh": 1, "h": -1, "A": -1}),
    "kOhm": (1.0, {"kWh": 1, "h": -1, "A": -2}),
    "Hz": (3600.0, {"h": -1}),
    "s": (1.0 / 3600.0, {"h": 1}),
    "min": (1.0 / 60.0, {"h": 1}),
    "h": (1.0, {"h": 1}),
    "m": (1.0, {"m": 1}),
    "mm": (1e-3, {"m": 1}),
    "m/s": (3600.0, {"m": 1, "h": -1}),
    "m2": (1.0, {"m": 2}),
    "m3": (1.0, {"m": 3}),
    "l": (1e-3, {"m": 3}),
    "m3/h": (1.0, {"m": 3, "h": -1}),
    "l/h": (1e-3, {"m": 3, "h": -1}),
    "l/s": (3.6, {"m": 3, "h": -1}),
    "W/m2": (1e-3, {"kWh": 1, "h": -1, "m": -2}),
    "K": (1.0, {"K": 1}),
    "degC": (1.0, {"K": 1}),
    "kg": (1.0, {"kg": 1}),
    "t": (1e3, {"kg": 1}),
    "ug/m3": (1e-9, {"kg": 1, "m": -3}),
    "EUR": (1.0, {"EUR": 1}),
    "EUR/kWh": (1.0, {"EUR": 1, "kWh": -1}),
    "kg/kWh": (1.0, {"kg": 1, "kWh": -1}),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """`factor` times these powers of the base units. `is_point`: a place on a scale without a natural zero, as degC."""

    factor: float
    powers: Powers
    is_point: bool = False

    def is_like(self, other: Unit) -> bool:
        return self.powers == other.powers and self.is_point == other.is_point

    def times(self, other: Unit, sign: int = 1) -> Unit:
        """The unit of a product, or with `sign` -1 of a quotient. Base units only: the factor is 1."""
        powers = dict(self.powers)
        for base, power in other.powers.items():
            powers[base] = powers.get(base, 0) + sign * power
        return Unit(1.0, MappingProxyType({base: power for base, power in powers.items() if power}))


PURE = Unit(1.0, MappingProxyType({}))
PER_HOUR = Unit(1.0, MappingProxyType({"h": -1}))


def is_known_unit(text: str) -> bool:
    return text in _KNOWN


def unit_named(text: str) -> Unit:
    """The unit written `text`; one that is not known here compares only with itself."""
    factor, powers = _KNOWN.get(text, (1.0, {text: 1}))
    return Unit(factor, MappingProxyType(powers), text == "degC")


def told(unit: Unit) -> str:
    """A unit as a person reads it: its own name where it has one, else its base units."""
    for name, (_, powers) in _KNOWN.items():
        if powers == dict(unit.powers) and (name == "degC") == unit.is_point and name not in ("%", "W", "Wh"):
            return "a plain number" if name == "1" else name
    over = [_power(base, power) for base, power in unit.powers.items() if power > 0]
    under = [_power(base, -power) for base, power in unit.powers.items() if power < 0]
    return " ".join(over or ["1"]) + ("/" + " ".join(under) if under else "")


def _power(base: str, power: int) -> str:
    return base if power == 1 else f"{base}^{power}"
