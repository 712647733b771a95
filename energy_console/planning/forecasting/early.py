"""What the next day will bring while there is too little past to learn from. Pure; times are int64 ns UTC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from energy_console.planning.forecasting.calendar import slots_of
from hardware.points import Float64Array, Int64Array

SETTLES_H = 2.0  # after this long the difference to the usual day has faded to 1/e


@dataclass(frozen=True, slots=True)
class Past:
    """Mean power of one thing over equal spans of the past, newest last."""

    time_ns: Int64Array  # start of each span
    mean_kw: Float64Array  # NaN where there is nothing usable


def forecast_kw(past: Past, steps_ns: Int64Array, zone: ZoneInfo, latest_kw: float, fallback_kw: float) -> Float64Array:
    """Expected power at each step of shape (steps,): the usual value of that quarter hour, led over from the latest.

    The usual value is the mean of the same local quarter hour over the days kept, the same kind of day (working day or
    weekend) where there is one. The difference of `latest_kw` to it fades with SETTLES_H. Without a past the latest
    value persists; without that `fallback_kw` does.
    """
    usual = _usual_kw(past, steps_ns, zone)
    known = latest_kw if math.isfinite(latest_kw) else fallback_kw
    if not len(steps_ns):
        return usual
    flat = np.where(np.isfinite(usual), usual, known)
    if not math.isfinite(latest_kw):
        return flat
    hours = (steps_ns - steps_ns[0]) / 3.6e12
    return np.asarray(flat + (latest_kw - flat[0]) * np.exp(-hours / SETTLES_H))


def _usual_kw(past: Past, steps_ns: Int64Array, zone: ZoneInfo) -> Float64Array:
    """Mean by local quarter hour and kind of day, then by quarter hour alone; NaN where the past has neither."""
    usable = np.isfinite(past.mean_kw)
    seen, wanted = slots_of(past.time_ns[usable], zone), slots_of(steps_ns, zone)
    value = past.mean_kw[usable]
    same_kind = _means(seen.quarter + 96 * (seen.kind > 0), value, 192)[wanted.quarter + 96 * (wanted.kind > 0)]
    any_kind = _means(seen.quarter, value, 96)[wanted.quarter]
    return np.where(np.isfinite(same_kind), same_kind, any_kind)


def _means(key: Int64Array, value: Float64Array, size: int) -> Float64Array:
    total = np.bincount(key, weights=value, minlength=size)
    count = np.bincount(key, minlength=size)
    return np.asarray(np.divide(total, count, out=np.full(size, np.nan), where=count > 0))


def clear_sky_share(elevation_deg: Float64Array) -> Float64Array:
    """Share of its rated power that a flat solar field gives under a clear sky, by the sun's elevation.

    Global horizontal irradiance after Haurwitz (1945), 1098 cos z exp(-0.057 / cos z) W/m2, over 1000 W/m2.
    """
    cos_z = np.sin(np.radians(np.maximum(elevation_deg, 0.0)))
    safe = np.maximum(cos_z, 1e-3)
    return np.where(cos_z > 1e-3, 1.098 * safe * np.exp(-0.057 / safe), 0.0)


def solar_forecast_kw(
    elevation_deg: Float64Array, rated_kw: float, latest_kw: float, latest_elevation_deg: float
) -> Float64Array:
    """Clear sky times the clearness seen now (0..1; 0.5 where the sun is too low to tell), shape (steps,)."""
    now_share = float(clear_sky_share(np.array([latest_elevation_deg]))[0])
    seen = latest_kw / (rated_kw * now_share) if now_share > 0.05 and rated_kw > 0 else math.nan
    clearness = min(max(seen, 0.0), 1.0) if math.isfinite(seen) else 0.5
    return np.asarray(rated_kw * clearness * clear_sky_share(elevation_deg))
