"""The heat substations at one moment and over a span: what they deliver, how they cool, what flow they waste. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from energy_console.live.table import LiveTable
from energy_console.site.model import HeatSubstation, Site
from hardware.points import FIRST_BAD_REASON, BoolArray, Float64Array, Int32Array

KWH_PER_M3_K = 1.163
"""Heat of one cubic metre of water a kelvin: density times 4.19 kJ/kgK over 3600, at about 50 degC."""

EXCESS_EUR_PER_M3 = 0.62
"""What a cubic metre of excess flow costs in pumping and return temperature [M]: commonly quoted, set your own."""

SWAPPED_K = -1.0  # return this far above supply: the sensors are not where they should be
POOR_SHARE, POOR_TIMES = 0.25, 1.4  # of the flow in excess, and so much more than the fleet's usual: worth a visit
LEAST_FLOW_M3H = 0.02  # below this a cooling says nothing

METER = ("heat_power_kw", "flow_m3h", "supply_c", "return_c", "info_code")
CONTROLLER = ("outside_c", "valve", "flow_setpoint_c")


@dataclass(frozen=True, slots=True)
class HeatRows:
    """Rows of every unit's values in a live table, in site order; -1 where a unit has none."""

    quantities: Mapping[str, Int32Array]


def heat_rows(site: Site, index: Mapping[str, int]) -> HeatRows:
    def rows(devices: Sequence[str | None], quantity: str) -> Int32Array:
        return np.array([index.get(f"{device}/{quantity}", -1) if device else -1 for device in devices], np.int32)

    meters = [unit.meter for unit in site.heat]
    controllers = [unit.controller for unit in site.heat]
    found = {quantity: rows(meters, quantity) for quantity in METER}
    return HeatRows(found | {quantity: rows(controllers, quantity) for quantity in CONTROLLER})


@dataclass(frozen=True, slots=True, eq=False)
class HeatNow:
    """All units at one moment; equally long columns in site order, NaN where not known."""

    power_kw: Float64Array
    flow_m3h: Float64Array
    supply_c: Float64Array
    return_c: Float64Array
    info: Float64Array
    outside_c: Float64Array
    valve: Float64Array

    @property
    def cooling_k(self) -> Float64Array:
        """Supply less return, where enough water flows for it to mean something."""
        return np.where(self.flow_m3h > LEAST_FLOW_M3H, self.supply_c - self.return_c, np.nan)

    @property
    def outside_mean_c(self) -> float:
        known = self.outside_c[np.isfinite(self.outside_c)]
        return float(np.median(known)) if len(known) else math.nan

    def by_flow_c(self, temperature_c: Float64Array) -> float:
        """Mean temperature weighted by flow: what the plant sees."""
        both = np.isfinite(temperature_c) & np.isfinite(self.flow_m3h)
        flow = self.flow_m3h[both]
        return float((temperature_c[both] * flow).sum() / flow.sum()) if flow.sum() > 0 else math.nan


def heat_now(rows: HeatRows, table: LiveTable) -> HeatNow:
    """The moment that the table holds: the newest values, or those of a moment in the past."""
    found = {quantity: _take(table, index) for quantity, index in rows.quantities.items()}
    return HeatNow(
        found["heat_power_kw"],
        found["flow_m3h"],
        found["supply_c"],
        found["return_c"],
        found["info_code"],
        found["outside_c"],
        found["valve"],
    )


def _take(table: LiveTable, rows: Int32Array) -> Float64Array:
    usable = (rows >= 0) & ((table.status[rows] >> 8) < FIRST_BAD_REASON)
    return np.where(usable, table.value[rows], np.nan)


def excess_flow_m3(volume_m3: Float64Array, heat_kwh: Float64Array, design_cooling_k: Float64Array) -> Float64Array:
    """Water that a substation drew beyond what its heat needed at the design cooling; never below zero.

    Equally long columns. Source: excess-flow method, Gadd and Werner (2014).
    """
    return np.maximum(0.0, volume_m3 - heat_kwh / (KWH_PER_M3_K * design_cooling_k))


@dataclass(frozen=True, slots=True, eq=False)
class HeatSpan:
    """What each unit used over a span of hours; columns in site order, NaN where its counters tell nothing."""

    hours: float
    volume_m3: Float64Array
    heat_kwh: Float64Array
    excess_m3: Float64Array

    @property
    def excess_share(self) -> Float64Array:
        """Of the unit's own flow, 0..1."""
        unknown = np.full(len(self.volume_m3), np.nan)
        return np.asarray(np.divide(self.excess_m3, self.volume_m3, out=unknown, where=self.volume_m3 > 0.1))

    @property
    def stands_out(self) -> BoolArray:
        """Units whose share of excess is high by itself and beside the rest of the fleet."""
        share = self.excess_share
        usual = float(np.nanmedian(share)) if np.isfinite(share).any() else 0.0
        return np.asarray(np.nan_to_num(share) > max(POOR_SHARE, POOR_TIMES * usual))

    @property
    def eur_per_week(self) -> Float64Array:
        return self.excess_m3 * EXCESS_EUR_PER_M3 * (168.0 / self.hours if self.hours > 0 else math.nan)


def heat_span(
    units: Sequence[HeatSubstation], hours: float, volume_m3: Float64Array, heat_kwh: Float64Array
) -> HeatSpan:
    cooling = np.array([unit.design_cooling_k for unit in units])
    return HeatSpan(hours, volume_m3, heat_kwh, excess_flow_m3(volume_m3, heat_kwh, cooling))


def rank(units: Sequence[HeatSubstation], now: HeatNow, span: HeatSpan | None) -> list[int]:
    """Swapped sensors first, then by excess flow in m3: where a minute of a technician is worth most."""
    excess = np.nan_to_num(span.excess_m3) if span else np.nan_to_num(now.return_c)
    swapped = np.nan_to_num(now.cooling_k) < SWAPPED_K
    return sorted(range(len(units)), key=lambda row: (not swapped[row], -excess[row], units[row].id))
