"""What a plan tells the field to do now: set-points in the words of the devices. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from energy_console.site.model import Charger, LightingGroup, Site
from optimizer.plan import AssetPlan, Kind, Plan

PHASE_V = 230.0
LEAST_A = 6.0  # IEC 61851-1: below this a charging point offers nothing


@dataclass(frozen=True, slots=True)
class SetPoint:
    """One value to hold at one point until the next step. `asset` says whose plan it is."""

    asset: str
    point: str
    value: float


def step_at(plan: Plan, moment: dt.datetime) -> int | None:
    """The step of the plan that a moment lies in; None before its start and after its end."""
    offset_h = plan.horizon.offset_h(moment)
    edges = plan.horizon.edges_h
    if not 0.0 <= offset_h < edges[-1]:
        return None
    return int((edges <= offset_h).sum()) - 1


def setpoints_at(site: Site, plan: Plan, moment: dt.datetime, bookings: dict[str, str]) -> list[SetPoint]:
    """Set-points of lighting and charging at a moment. `bookings`: session id -> charger id of those that are there.

    A group that is not lit and a charger without a session are left to themselves: nothing is written to them.
    """
    step = step_at(plan, moment)
    if step is None:
        return []
    groups = {group.id: group for group in site.lighting}
    chargers = {charger.id: charger for charger in site.chargers}
    found: list[SetPoint] = []
    for asset in plan.assets:
        if asset.kind is Kind.LIGHTING:
            found.extend(_light(groups[asset.id], asset, step))
        elif asset.kind is Kind.CHARGING and asset.id in bookings:
            found.append(_charge(chargers[bookings[asset.id]], asset, step))
    return found


def _light(group: LightingGroup, asset: AssetPlan, step: int) -> Iterator[SetPoint]:
    level = float(asset.setpoint[step])
    if level > 0.0:
        yield SetPoint(asset.id, f"{group.device}/level_command", round(level, 3))


def _charge(charger: Charger, asset: AssetPlan, step: int) -> SetPoint:
    return SetPoint(asset.id, f"{charger.device}/limit_a", amps(charger, float(asset.setpoint[step])))


def amps(charger: Charger, power_kw: float) -> float:
    """Current limit per phase for a power; 0 (wait) where it is under half the least a point can offer.

    Between half and whole the least current is given: a little early is better than a vehicle that never starts.
    """
    current = power_kw * 1000.0 / (PHASE_V * charger.phases)
    if current < LEAST_A / 2:
        return 0.0
    return round(min(max(current, LEAST_A), charger.max_kw * 1000.0 / (PHASE_V * charger.phases)), 2)
