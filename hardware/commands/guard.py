"""What may be written to a point at all, before anything is sent; and whether a read-back is the value written."""

from __future__ import annotations

import math

from hardware.points import Point
from hardware.profiles import NotEncodable, Profile, ProfilePoint, RegisterType, encode_value
from hardware.profiles.switching import why_never

_FLOAT32_STEP = 2.0**-23  # relative


def why_not(profile: Profile, point: Point, coded: ProfilePoint, value: float) -> str:
    """Why `value` may not be written to `point`, as a sentence; empty if it may."""
    if not (point.writable and coded.writable):
        return f"{point.name} of {point.device} is only read; nothing can be written to it."
    if never := why_never(profile, coded):
        return f"{point.name} of {point.device} is never written: {never}"
    if not math.isfinite(value):
        return f"{point.name} of {point.device} needs a number."
    if point.states and value not in dict(point.states):
        known = ", ".join(f"{number} {name}" for number, name in point.states)
        return f"{point.name} of {point.device} has no state {value:g}; it has {known}."
    lows = [low for low in (point.low, coded.low) if low is not None]  # a site may narrow a range, never widen it
    highs = [high for high in (point.high, coded.high) if high is not None]
    name = f"{point.name} of {point.device}"
    if lows and value < max(lows):
        return f"{told(point, value)} is below the least allowed for {name}, {told(point, max(lows))}."
    if highs and value > min(highs):
        return f"{told(point, value)} is above the most allowed for {name}, {told(point, min(highs))}."
    if coded.never_between and coded.never_between[0] < value < coded.never_between[1]:
        low, high = coded.never_between
        return (
            f"{_said(point, value)} is between {low:g} and {_said(point, high)}, which {point.name} of {point.device} "
            f"never takes; write {low:g} or at least {high:g}."
        )
    if coded.scale_register is None:
        try:
            encode_value(coded.written, value)
        except NotEncodable as error:
            return str(error)
    return ""


def is_same(coded: ProfilePoint, written: float, read: float) -> bool:
    """True where `read` is `written` but for the resolution of the register and the tolerance of the profile."""
    if math.isnan(read):
        return False
    if coded.type.kind == "f":
        step = abs(written) * _FLOAT32_STEP if coded.type is RegisterType.FLOAT32 else 0.0
    else:
        step = 0.5 * abs(coded.scale)
    return abs(written - read) <= max(step, coded.tolerance) * (1.0 + 1e-9) + 1e-12


def _said(point: Point, value: float) -> str:
    return f"{value:g} {point.unit}".strip()


def told(point: Point, value: float) -> str:
    """A value as a person reads it: its state, percent for a fraction, or number and unit."""
    states = dict(point.states)
    if value in states:
        return states[int(value)]
    if point.unit == "1":
        return f"{100.0 * value:.4g} %"
    return _said(point, value)
