"""The pictures of one night of a group: level against its minimum and its plan, power against what the level needs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from energy_console.gui.format import clock
from energy_console.gui.pages.lighting.history import GroupNight
from energy_console.gui.pages.lighting.words import tr
from energy_console.gui.parts.day_plot import DayCurve, DayMark, DayPicture
from energy_console.live.lighting import group_power_w
from energy_console.planning.schedule import Schedule
from energy_console.site.model import LightingGroup
from energy_console.site.sun import is_quiet_hour
from hardware.points import Float64Array

AROUND_S = 1800.0
_STEP_S = 900.0


@dataclass(frozen=True, slots=True)
class Night:
    """The night shown and the moment it is looked at from; aware UTC. `zone` of the site."""

    dusk: dt.datetime
    dawn: dt.datetime
    moment: dt.datetime
    zone: dt.tzinfo

    @property
    def start_s(self) -> float:
        return self.dusk.timestamp() - AROUND_S

    @property
    def end_s(self) -> float:
        return self.dawn.timestamp() + AROUND_S

    @property
    def over(self) -> bool:
        return self.moment >= self.dawn


def own_clock(group: LightingGroup, night: Night) -> tuple[Float64Array, Float64Array]:
    """What the group's own astronomical clock would do: edges (s) and levels, off outside the night."""
    edges = np.arange(night.start_s, night.end_s + _STEP_S, _STEP_S)
    edges = np.unique(np.concatenate((edges, [night.dusk.timestamp(), night.dawn.timestamp()])))
    levels = []
    for time_s in edges[:-1].tolist():
        local = dt.datetime.fromtimestamp(time_s, night.zone)
        dark = night.dusk.timestamp() <= time_s < night.dawn.timestamp()
        wanted = group.night_level if is_quiet_hour(local.hour + local.minute / 60.0) else group.evening_level
        levels.append(wanted if dark else 0.0)
    return edges, np.array(levels)


def planned(group: LightingGroup, plan: Schedule | None, after_s: float) -> tuple[Float64Array, Float64Array] | None:
    """The group's set-points of the plan in force from a moment on: edges (s) and levels. None without one."""
    if plan is None:
        return None
    asset = next((asset for asset in plan.assets if asset.id == group.id and asset.kind == "lighting"), None)
    if asset is None:
        return None
    edges = plan.start.timestamp() + 3600.0 * np.concatenate(([0.0], np.cumsum(plan.steps_h)))
    keep = edges[1:] > after_s
    if not keep.any():
        return None
    first = int(np.argmax(keep))
    edges = edges[first:].copy()
    edges[0] = max(edges[0], after_s)
    return edges, np.array(asset.setpoint[first:])


def _minimum(group: LightingGroup, night: Night) -> DayCurve:
    edges = np.array([night.start_s, night.dusk.timestamp(), night.dawn.timestamp(), night.end_s])
    values = np.array([0.0, group.floor, 0.0])
    return DayCurve(edges, values, "muted", filled=True, width_px=1.0)


def level_picture(group: LightingGroup, night: Night, measured: GroupNight | None, plan: Schedule | None) -> DayPicture:
    """Actual level, class minimum, and ahead the plan in force or the group's own clock."""
    now_s = night.moment.timestamp()
    ahead = planned(group, plan, now_s)
    label, tone = (tr("plan"), "lighting") if ahead is not None else (tr("own clock"), "lighting")
    edges, levels = ahead if ahead is not None else own_clock(group, night)
    curves = [_minimum(group, night), DayCurve(edges, levels, tone, dashed=True, width_px=1.3, label=label)]
    if measured is not None:
        curves.append(DayCurve(measured.time_s, measured.level, "text", width_px=2.0, gaps=True))
    marks = () if night.over else (DayMark(now_s, clock(night.moment, night.zone)),)
    return DayPicture(
        night.start_s,
        night.end_s,
        0.0,
        1.08,
        tuple(curves),
        marks=marks,
        ticks=(0.0, 0.25, 0.5, 0.75, 1.0),
        percent=True,
    )


def power_picture(group: LightingGroup, night: Night, measured: GroupNight) -> DayPicture | None:
    """Metered power and what the level needed, W. None where nothing was read."""
    if np.isnan(measured.power_w).all():
        return None
    expected = group_power_w(group, measured.level)
    highest = max(float(np.nanmax(measured.power_w)), float(np.nanmax(np.nan_to_num(expected))), 1.0)
    marks = () if night.over else (DayMark(night.moment.timestamp(), clock(night.moment, night.zone)),)
    return DayPicture(
        night.start_s,
        night.end_s,
        0.0,
        highest * 1.12,
        (
            DayCurve(measured.time_s, expected, "lighting", dashed=True, width_px=1.3, label=tr("expected")),
            DayCurve(measured.time_s, measured.power_w, "text", width_px=1.6, gaps=True, label=""),
        ),
        marks=marks,
    )
