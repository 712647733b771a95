"""Whether the site's rules let a value be written now. Pure over the newest values."""

from __future__ import annotations

import math

from energy_console.live.table import LiveTable
from energy_console.site.model import Condition, Site
from hardware.commands import told
from hardware.points import Point, Quality, Reason, quality_of, reason_of


def why_not_here(site: Site, live: LiveTable, point_id: str, value: float) -> str:
    """Why the site does not let `value` be written to the point, as a sentence; empty where it does."""
    if not site.has_point(point_id):
        return f"The site has no point {point_id}."
    if not math.isfinite(value):
        return f"{value} cannot be written to {point_id}: give a number."
    point, rule = site.point(point_id), site.write_rule(point_id)
    if not point.writable:
        return f"{point.name} of {point.device} is only read; nothing can be written to it."
    if rule is None:
        return f"{point_id} may not be written at this site: no rule allows it; a row of writes.csv can."
    if not rule.may:
        because = f": {rule.why}" if rule.why else ""
        return f"{point_id} may not be written at this site (rule {rule.id}){because}."
    if not rule.low <= value <= rule.high:
        return f"{point_id} may be set to {rule.low:g} to {rule.high:g} only (rule {rule.id}), not to {value:g}."
    for condition in rule.conditions:
        if unmet := _why_unmet(site.point(condition.point), condition, live):
            return f"{point.name} of {point.device} was not written: {unmet} (rule {rule.id})."
    return ""


def _why_unmet(point: Point, condition: Condition, live: LiveTable) -> str:
    """What keeps a condition from holding. A value that is not plainly good holds nothing, simulated ones aside."""
    reading, allowed = live.reading(condition.point), condition.allowed
    reason = reason_of(reading.status)
    if quality_of(reading.status) is not Quality.GOOD and reason is not Reason.SIMULATED:
        return f"{condition.point} is not known for sure ({reason.name.lower().replace('_', ' ')})"
    if allowed.holds(reading.value):
        return ""
    if allowed.values:
        wanted = " or ".join(told(point, value) for value in allowed.values)
    else:
        wanted = f"{allowed.low:g} to {allowed.high:g} {point.unit}".strip()
    return f"{condition.point} is {told(point, reading.value)}, and has to be {wanted}"
