"""The course that the plan in force expects of measured points, to be drawn dashed."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict

import numpy as np

from energy_console.planning.schedule import Schedule, ScheduledAsset
from energy_console.site.model import Site
from energy_console.site.timetable import bookings
from hardware.points import Float64Array

Course = tuple[Float64Array, Float64Array]
"""Times (UTC seconds, one more than there are steps) and the value from each on, the last one repeated."""


def planned_courses(site: Site, schedule: Schedule) -> dict[str, Course]:
    """By point id: level and power of lighting cabinets, power of chargers, and the power of the connection."""
    by_group = {group.id: group for group in site.lighting}
    chargers = {charger.id: charger.device for charger in site.chargers}
    charger_of = {booking.id: chargers[booking.charger] for booking in bookings(site, schedule.start, schedule.end)}
    values: dict[str, list[Float64Array]] = defaultdict(list)
    for asset in schedule.assets:
        if asset.kind == "lighting" and asset.id in by_group:
            device = by_group[asset.id].device
            values[f"{device}/power_kw"].append(np.array(asset.power_kw))
            values.setdefault(f"{device}/level", [_level(asset)])
        elif asset.id in charger_of:
            values[f"{charger_of[asset.id]}/power_kw"].append(np.array(asset.power_kw))
    root = next((node for node in site.nodes if node.parent is None), None)
    if root is not None and root.meter is not None:
        values[root.meter] = [np.array(schedule.net_kw)]
    time_s = _edges(schedule)
    return {point: (time_s, _held(np.sum(parts, axis=0))) for point, parts in values.items()}


def _level(asset: ScheduledAsset) -> Float64Array:
    """A cabinet has one level: that of its first group."""
    return np.array(asset.setpoint)


def _edges(schedule: Schedule) -> Float64Array:
    hours = itertools.accumulate(schedule.steps_h, initial=0.0)
    return np.array([(schedule.start + dt.timedelta(hours=hour)).timestamp() for hour in hours])


def _held(values: Float64Array) -> Float64Array:
    """With the last step's value once more, so that it is drawn to its end."""
    return np.append(values, values[-1:])
