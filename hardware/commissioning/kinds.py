"""What registers of the field usually hold: quantities with the values they usually have, as probability densities.

Figures are this project's own estimates of what stands in meters, chargers, heat controllers and sensors. Only their
proportions matter: they weigh one way to read registers against another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hardware.points import Float64Array

_ZERO_SHARE = 0.12  # of quantities that may rest: a load that is off, a counter that has not begun


@dataclass(frozen=True, slots=True)
class Bell:
    """Around a value everybody knows, such as the mains' 230 V."""

    middle: float
    deviation: float

    def density(self, value: Float64Array) -> Float64Array:
        """Per unit of the quantity; same shape as `value`."""
        z = np.clip((value - self.middle) / self.deviation, -40.0, 40.0)
        found: Float64Array = np.exp(-0.5 * z * z) / (self.deviation * math.sqrt(2.0 * math.pi))
        return found


@dataclass(frozen=True, slots=True)
class Even:
    """Anywhere between two limits alike."""

    low: float
    high: float

    def density(self, value: Float64Array) -> Float64Array:
        return np.where((value >= self.low) & (value <= self.high), 1.0 / (self.high - self.low), 0.0)


@dataclass(frozen=True, slots=True)
class Decades:
    """Every power of ten between two limits alike; `signed` gives a fifth of it to negative values."""

    low: float
    high: float
    signed: bool = False

    def density(self, value: Float64Array) -> Float64Array:
        size = np.abs(value)
        inside = (size >= self.low) & (size <= self.high)
        found = np.where(inside, 1.0 / (np.maximum(size, self.low) * math.log(self.high / self.low)), 0.0)
        share = np.where(value < 0, 0.2 if self.signed else 0.0, 0.8 if self.signed else 1.0)
        return found * share


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing a register may hold. `measure` groups kinds that a person would name alike.

    `widths` is the share of makers that give it 1, 2 or 4 registers; `rests` is true where 0 is an everyday value.
    """

    measure: str
    words: str  # "mains voltage"
    unit: str
    share: float  # of all registers
    usual: Bell | Even | Decades
    widths: Mapping[int, float] = field(default_factory=lambda: {1: 0.5, 2: 0.47, 4: 0.03})
    rests: bool = False
    counter: bool = False
    whole: bool = False  # a number of a list: never scaled, never a float

    def at_zero(self) -> float:
        return _ZERO_SHARE if self.rests else 0.0


_LONG = {1: 0.03, 2: 0.80, 4: 0.17}
_POWER = {1: 0.35, 2: 0.62, 4: 0.03}
_SHORT = {1: 0.9, 2: 0.1, 4: 0.0}

KINDS: tuple[Kind, ...] = (
    Kind("voltage", "mains voltage", "V", 0.10, Bell(230.0, 6.0)),
    Kind("voltage", "mains voltage between phases", "V", 0.06, Bell(400.0, 10.0)),
    Kind("voltage", "voltage of a 690 V grid", "V", 0.0015, Bell(690.0, 18.0)),
    Kind("voltage", "voltage of a 6.6 kV grid", "V", 0.0015, Bell(6600.0, 170.0)),
    Kind("voltage", "voltage of a 10 kV grid", "V", 0.0015, Bell(10_300.0, 350.0)),
    Kind("voltage", "voltage of a battery or vehicle", "V", 0.01, Even(36.0, 1000.0)),
    Kind("frequency", "mains frequency", "Hz", 0.035, Bell(50.0, 0.06)),
    Kind("frequency", "frequency of a 60 Hz grid", "Hz", 0.01, Bell(60.0, 0.06)),
    Kind("power factor", "power factor", "", 0.03, Even(0.7, 1.0)),
    Kind("power factor", "power factor", "", 0.015, Even(-1.0, 1.0)),
    Kind("current", "current", "A", 0.10, Decades(0.02, 3000.0), rests=True),
    Kind("power", "power", "kW", 0.19, Decades(0.005, 30_000.0, signed=True), _POWER, rests=True),
    Kind("energy", "energy counter", "kWh", 0.13, Decades(1.0, 1e9), _LONG, rests=True, counter=True),
    Kind("temperature", "temperature", "°C", 0.07, Even(-15.0, 95.0), _SHORT),
    Kind("temperature", "indoor temperature", "°C", 0.02, Bell(21.0, 3.0), _SHORT),
    Kind("share", "share in percent", "%", 0.03, Even(0.0, 100.0), _SHORT),
    Kind("flow", "flow", "m³/h", 0.02, Decades(0.005, 2000.0), rests=True),
    Kind("volume", "volume counter", "m³", 0.02, Decades(1.0, 1e7), _LONG, rests=True, counter=True),
    Kind("pressure", "air pressure", "hPa", 0.01, Bell(1013.0, 12.0)),
    Kind("wind", "wind speed", "m/s", 0.01, Even(0.0, 30.0), _SHORT),
    Kind("angle", "direction", "°", 0.005, Even(0.0, 360.0), _SHORT),
    Kind("sound", "sound level", "dB", 0.005, Even(28.0, 95.0), _SHORT),
    Kind("gas", "concentration in air", "ppm", 0.005, Even(380.0, 1500.0), _SHORT),
    Kind("state", "state or code", "", 0.06, Even(-0.5, 20.5), _SHORT, whole=True),
    Kind("other", "no quantity in particular", "", 0.04, Decades(1e-3, 1e6, signed=True)),
)
MEASURES: tuple[str, ...] = tuple(dict.fromkeys(kind.measure for kind in KINDS if kind.measure != "other"))

# How far makers move the decimal point: powers of ten that the raw number is multiplied by, and their share.
INTEGER_SCALES: Mapping[int, float] = {
    0: 0.30, -1: 0.26, -2: 0.16, -3: 0.16, -4: 0.03, -5: 0.02, 1: 0.03, 2: 0.02, 3: 0.02,
}  # fmt: skip
FLOAT_SCALES: Mapping[int, float] = {0: 0.72, -3: 0.25, 3: 0.03}


def kinds_of(measure: str) -> tuple[Kind, ...]:
    """Kinds that fit what a person says a register holds; all of them where nothing is said.

    Raises KeyError for a measure that is not in MEASURES.
    """
    if not measure:
        return KINDS
    if measure not in MEASURES:
        raise KeyError(measure)
    return tuple(kind for kind in KINDS if kind.measure == measure)
