"""Street lighting at one moment: what every group gives and draws, what it should draw, and what needs a person.

Pure functions over a site and a live table (the table may hold the newest values or those of a moment in the past).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from energy_console.live.table import LiveTable
from energy_console.site.model import LightingGroup, Site
from hardware.points import FIRST_BAD_REASON, BoolArray, Float64Array, Int32Array, Reason

CIRCUITS = 4
OVERRIDE_MODE = 2
# Nominal watts are 2 to 18 % off real ones until each type is fitted, so less than this tells nothing.
TELLING_DIFFERENCE = 0.15
# Share of lamps out from which a cabinet itself reports lamp failure.
MANY_OUT = 0.04
DARK_DEG, DAY_DEG = -6.0, 6.0  # sun surely down (civil twilight), sun surely up
_LEVEL_SLACK = 0.01
_DEAD_A = 0.02


class Finding(enum.StrEnum):
    """What is not as it should be at one group, the worst first."""

    BREAKER = "breaker"
    DARK = "dark"  # off while the sun is down
    CIRCUIT = "circuit"  # one circuit carries nothing while others do
    LEAKAGE = "leakage"
    SILENT = "silent"
    BELOW_MINIMUM = "below minimum"
    MANY_LAMPS = "many lamps"
    BY_DAY = "by day"
    DOOR = "door"
    LAMPS = "lamps"
    DIFFERENCE = "difference"
    NONE = "none"


PRIORITY: Mapping[Finding, int] = {
    Finding.BREAKER: 2,
    Finding.DARK: 2,
    Finding.CIRCUIT: 2,
    Finding.LEAKAGE: 2,
    Finding.SILENT: 3,
    Finding.BELOW_MINIMUM: 3,
    Finding.MANY_LAMPS: 3,
    Finding.BY_DAY: 3,
    Finding.DOOR: 4,
    Finding.LAMPS: 4,
    Finding.DIFFERENCE: 4,
    Finding.NONE: 0,
}


def power_share(level: Float64Array, gradient: Float64Array, standby_share: Float64Array) -> Float64Array:
    """Power as a fraction of rated at a light level 0..1: standby, and what the light takes above it.

    Source: TALQ 2.x, P% = 100 - (100 - L%) / gradient. Off, the drivers still take their standby. NaN stays NaN.
    """
    light = np.clip(1.0 - (1.0 - level) / gradient, 0.0, 1.0)
    share: Float64Array = standby_share + (1.0 - standby_share) * np.where(level > 0, light, 0.0)
    return np.where(np.isnan(level), np.nan, share)


def group_power_w(group: LightingGroup, level: Float64Array) -> Float64Array:
    """What the whole group should draw at the levels given, W."""
    share = power_share(level, np.asarray(group.gradient), np.asarray(group.standby_share))
    return group.lamps * group.lamp_w * share


@dataclass(frozen=True, slots=True)
class LightingRows:
    """Rows of the groups' values in a live table, one entry a group in site order, and what is known of each."""

    quantities: Mapping[str, Int32Array]
    circuits: Int32Array  # shape (groups, CIRCUITS)
    lamps: Float64Array
    rated_w: Float64Array
    gradient: Float64Array
    standby_share: Float64Array
    floor: Float64Array


_QUANTITIES = (
    "level",
    "mode",
    "power_kw",
    "energy_import_kwh",
    "lamps_lit",
    "lamps_failed",
    "door_open",
    "breaker_tripped",
    "leakage",
)


def lighting_rows(site: Site, index: Mapping[str, int]) -> LightingRows:
    """Finds the rows once."""
    groups = site.lighting

    def rows(quantity: str) -> Int32Array:
        return np.array([index.get(f"{group.device}/{quantity}", -1) for group in groups], np.int32)

    return LightingRows(
        quantities={quantity: rows(quantity) for quantity in _QUANTITIES},
        circuits=np.stack([rows(f"circuit_{k + 1}_a") for k in range(CIRCUITS)], axis=-1),
        lamps=np.array([float(group.lamps) for group in groups]),
        rated_w=np.array([group.lamps * group.lamp_w for group in groups]),
        gradient=np.array([group.gradient for group in groups]),
        standby_share=np.array([group.standby_share for group in groups]),
        floor=np.array([group.floor for group in groups]),
    )


@dataclass(frozen=True, slots=True)
class LightingNow:
    """All groups at one moment; equally long columns in site order, NaN where not known."""

    level: Float64Array
    power_w: Float64Array
    expected_w: Float64Array
    energy_kwh: Float64Array  # meter stand
    lit: Float64Array
    out: Float64Array
    commanded: BoolArray  # a level commanded decides, not the cabinet's own clock
    silent: BoolArray
    unread: BoolArray
    dead_circuit: Int32Array  # 1..4, 0 for none
    circuits_a: Float64Array  # shape (groups, CIRCUITS)
    findings: tuple[Finding, ...]

    @property
    def difference_w(self) -> Float64Array:
        """Metered less expected."""
        return self.power_w - self.expected_w

    @property
    def burning(self) -> BoolArray:
        return self.level > 0


def lighting_now(rows: LightingRows, table: LiveTable, sun_deg: float) -> LightingNow:
    """`sun_deg` is the elevation of the sun at that moment."""
    found = {name: _take(table, index) for name, index in rows.quantities.items()}
    reason = np.where(
        rows.quantities["level"] >= 0, table.status[rows.quantities["level"]] >> 8, int(Reason.NOT_READ_YET)
    )
    unread = reason == int(Reason.NOT_READ_YET)
    silent = (reason >= FIRST_BAD_REASON) & ~unread
    amps = _take(table, rows.circuits)
    level = found["level"]
    dead = _dead_circuit(amps, level)
    flags = _Flags(rows, found, silent, unread, dead, sun_deg)
    return LightingNow(
        level=level,
        power_w=found["power_kw"] * 1000.0,
        expected_w=rows.rated_w * power_share(level, rows.gradient, rows.standby_share),
        energy_kwh=found["energy_import_kwh"],
        lit=found["lamps_lit"],
        out=found["lamps_failed"],
        commanded=found["mode"] == OVERRIDE_MODE,
        silent=silent,
        unread=unread,
        dead_circuit=dead,
        circuits_a=amps,
        findings=tuple(flags.worst(row) for row in range(len(rows.lamps))),
    )


def _take(table: LiveTable, rows: Int32Array) -> Float64Array:
    """Values of the rows; NaN where a row is missing or its value is bad."""
    value = np.where(rows >= 0, table.value[rows], np.nan)
    return np.where((table.status[rows] >> 8) < FIRST_BAD_REASON, value, np.nan)


def _dead_circuit(amps: Float64Array, level: Float64Array) -> Int32Array:
    """The first circuit that carries nothing while the group burns and another circuit does; 0 for none."""
    dead = (amps <= _DEAD_A) & (np.nan_to_num(amps).max(axis=1, initial=0.0) > 5 * _DEAD_A)[:, None]
    dead &= (np.nan_to_num(level) > 0)[:, None]
    return np.where(dead.any(axis=1), dead.argmax(axis=1) + 1, 0).astype(np.int32)


class _Flags:
    """Whether each finding holds, by row."""

    def __init__(
        self,
        rows: LightingRows,
        found: Mapping[str, Float64Array],
        silent: BoolArray,
        unread: BoolArray,
        dead: Int32Array,
        sun_deg: float,
    ) -> None:
        level, out = found["level"], np.nan_to_num(found["lamps_failed"])
        expected = rows.rated_w * power_share(level, rows.gradient, rows.standby_share)
        difference = np.abs(found["power_kw"] * 1000.0 - expected)
        burning = level > 0
        self._unread = unread
        self._holds: dict[Finding, BoolArray] = {
            Finding.BREAKER: found["breaker_tripped"] > 0,
            Finding.DARK: (level == 0) & (sun_deg < DARK_DEG),
            Finding.CIRCUIT: dead > 0,
            Finding.LEAKAGE: found["leakage"] > 0,
            Finding.SILENT: silent,
            Finding.BELOW_MINIMUM: burning & (level < rows.floor - _LEVEL_SLACK) & (sun_deg < DARK_DEG),
            Finding.MANY_LAMPS: out > MANY_OUT * rows.lamps,
            Finding.BY_DAY: burning & (sun_deg > DAY_DEG) & (found["mode"] != OVERRIDE_MODE),
            Finding.DOOR: found["door_open"] > 0,
            Finding.LAMPS: out > 0,
            Finding.DIFFERENCE: burning & (difference > TELLING_DIFFERENCE * expected),
        }

    def worst(self, row: int) -> Finding:
        if self._unread[row]:
            return Finding.NONE
        return next((finding for finding, holds in self._holds.items() if holds[row]), Finding.NONE)


def rank(now: LightingNow) -> list[int]:
    """Rows of all groups, what needs a person first: by priority, then lamps out, then watts missing."""
    missing = np.nan_to_num(now.expected_w - now.power_w)
    out = np.nan_to_num(now.out)
    order = list(Finding)

    def key(row: int) -> tuple[float, ...]:
        finding = now.findings[row]
        return (PRIORITY[finding] or 9, order.index(finding), -out[row], -missing[row])

    return sorted(range(len(now.findings)), key=key)


def mean_level(now: LightingNow, rows: LightingRows) -> float:
    """Mean light level by rated power over the groups that are known; NaN if none is."""
    known = ~np.isnan(now.level)
    weight = rows.rated_w[known]
    return float(np.average(now.level[known], weights=weight)) if weight.sum() > 0 else float("nan")
