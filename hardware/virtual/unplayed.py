"""Values that a profile names and no physics plays: worked out from what is played, else held steady.

So that a virtual device answers every point of its type, with a number that could be one: a third of the energy for
one phase, half of something that has a low and a high end, the first state of an enumeration, and a setting that stays
as it was written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from hardware.points import Float64Array
from hardware.profiles import ProfilePoint

Columns = Mapping[str, Float64Array]
# A steady number of each unit for a device of some tens of kilowatts; what is not named is 1.
STEADY = {
    "kW": 3.2, "kVA": 3.4, "kvar": 0.6, "kWh": 4321.0, "kvarh": 210.0, "kVAh": 4400.0, "V": 230.0, "A": 5.1, "Hz": 50.0,
    "degC": 21.5, "K": 18.0, "m3/h": 1.6, "m3": 812.0, "lx": 320.0, "dB": 48.0, "s": 3600.0, "m/s": 2.4, "W/m2": 180.0,
    "ppm": 450.0, "ppb": 18.0, "ug/m3": 12.0, "kOhm": 900.0, "deg": 200.0, "hPa": 1013.0,
}  # fmt: skip


_TROUBLE = re.compile(r"error|fault|alarm|warning|event")  # what stands at 0 while all is well


@dataclass(frozen=True, slots=True)
class Rule:
    """A quantity worked out from others of the same device."""

    needs: tuple[str, ...]
    value: Callable[..., Float64Array]


def rule_for(quantity: str, played: Columns) -> Rule | None:
    """How to work `quantity` out from what is played, None where that cannot be done."""
    for rule in _rules(quantity):
        if all(need in played for need in rule.needs):
            return rule
    return None


def steady_value(point: ProfilePoint) -> float:
    """One number that the point can show, the same for ever."""
    if point.texts or point.bits or point.bit is not None:
        return 0.0
    if _TROUBLE.search(point.quantity):
        return 0.0
    if point.states:
        return float(point.states[0][0])
    usual = STEADY.get(point.unit, 1.0)
    low, high = point.low, point.high
    if (low is None or low <= usual) and (high is None or usual <= high):
        return usual
    return 0.5 * ((low if low is not None else high or 0.0) + (high if high is not None else low or 0.0))


def _rules(quantity: str) -> tuple[Rule, ...]:
    """Rules for one quantity, the best first."""
    stem, phase, unit = _parts(quantity)
    if phase:
        return _of_phase(stem, phase, unit)
    return {
        "apparent_power_kva": (
            Rule(("power_kw", "reactive_power_kvar"), np.hypot),
            Rule(("generation_kw", "reactive_power_kvar"), np.hypot),
            Rule(("power_kw",), lambda power: np.abs(power) * 1.02),
        ),
        "reactive_power_kvar": (Rule(("power_kw",), lambda power: power * 0.2),),
        "current_n_a": (Rule(("current_l1_a",), lambda current: current * 0.04),),
        "voltage_ln_v": (Rule(("voltage_l1_v",), np.copy),),
        "voltage_ll_v": (Rule(("voltage_l1_v",), lambda voltage: voltage * math.sqrt(3.0)),),
        "current_a": (Rule(("current_l1_a",), np.copy),),
        # A counter that somebody set back when it stood at three quarters of the total.
        "energy_partial_kwh": (Rule(("energy_import_kwh",), lambda energy: energy * 0.25),),
        "apparent_energy_kvah": (Rule(("energy_import_kwh",), lambda energy: energy * 1.03),),
        "reactive_energy_kvarh": (Rule(("energy_import_kwh",), lambda energy: energy * 0.21),),
        "reactive_energy_import_kvarh": (Rule(("energy_import_kwh",), lambda energy: energy * 0.2),),
        "reactive_energy_export_kvarh": (Rule(("energy_export_kwh",), lambda energy: energy * 0.2),),
        "heat_power_kw": (Rule(("power_kw",), np.copy),),
        "difference_k": (Rule(("supply_c", "return_c"), np.subtract),),
        "temperature_difference_k": (Rule(("supply_c", "return_c"), np.subtract),),
    }.get(quantity, ())


def _parts(quantity: str) -> tuple[str, str, str]:
    """`energy_import_l2_kwh` -> energy_import, l2, kwh; `voltage_l1_l2_v` -> voltage, l1_l2, v.

    A fraction has no unit in its name: `power_factor_l1` -> power_factor, l1, nothing.
    """
    words = quantity.split("_")
    phases = [word for word in words if word in ("l1", "l2", "l3")]
    unit = "" if words[-1] in phases else words[-1]
    stem = "_".join(word for word in (words[:-1] if unit else words) if word not in phases)
    return stem, "_".join(phases), unit


def _of_phase(stem: str, phase: str, unit: str) -> tuple[Rule, ...]:
    first = phase[:2]
    if stem == "voltage" and len(phase) > 2:
        return (Rule((f"voltage_{first}_v",), lambda voltage: voltage * math.sqrt(3.0)),)
    if stem == "power_factor" or unit == "factor":
        return (Rule(("power_factor",), np.copy),)
    whole = f"{stem}_{unit}" if unit else stem
    shared = [Rule(rule.needs, _third(rule.value)) for rule in _rules(whole)]
    by_phase = f"power_{first}_kw"
    if whole == "apparent_power_kva":
        shared.insert(0, Rule((by_phase,), lambda power: np.abs(power) * 1.02))
    if whole == "reactive_power_kvar":
        shared.insert(0, Rule((by_phase,), lambda power: power * 0.2))
    return (Rule((whole,), lambda total: total / 3.0), *shared)


def _third(value: Callable[..., Float64Array]) -> Callable[..., Float64Array]:
    def third(*parts: Float64Array) -> Float64Array:
        result: Float64Array = value(*parts) / 3.0
        return result

    return third
