"""What a plan writes to the field in the step that runs, class by class, and how well each class follows."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from energy_console.gui.desk import Desk
from energy_console.gui.pages.plan.approve_bar import ClassLine
from energy_console.gui.pages.plan.frame import tr
from energy_console.planning.schedule import Schedule
from energy_console.planning.setpoints import SetPoint, followed_share, plugged_in, setpoints_at
from energy_console.site.model import Site
from energy_console.site.timetable import ship_calls
from hardware.points import is_usable


@dataclass(frozen=True, slots=True)
class Commanded:
    """Set-points of one step."""

    lights: int
    chargers: int

    @property
    def total(self) -> int:
        return self.lights + self.chargers


def setpoints_now(site: Site, schedule: Schedule, now: dt.datetime) -> list[SetPoint]:
    return setpoints_at(site, schedule, now, plugged_in(site, now))


def commanded(site: Site, schedule: Schedule, now: dt.datetime) -> Commanded:
    """How many set-points the schedule writes at a time."""
    kinds = [setpoint.kind for setpoint in setpoints_now(site, schedule, now)]
    return Commanded(kinds.count("lighting"), kinds.count("charging"))


def class_lines(desk: Desk, in_force: Schedule | None, counts: Commanded | None) -> tuple[ClassLine, ...]:
    """Lighting, charging and ships; `counts` of the plan shown, followed of the one in force."""
    running = setpoints_now(desk.site, in_force, desk.time.now()) if in_force else []
    followed = {
        kind: followed_share([one for one in running if one.kind == kind], lambda point: measured_kw(desk, point))
        for kind in ("lighting", "charging")
    }
    light = (
        tr("{0} levels written each quarter hour").format(counts.lights) if counts else tr("cabinets go by their clock")
    )
    charge = tr("{0} limits written now").format(counts.chargers) if counts else tr("vehicles charge at once")
    now = desk.time.now()
    calls = len(ship_calls(desk.site, now, now + dt.timedelta(hours=24)))
    ships = tr("{0} calls, never commanded: the crew decides").format(calls)
    return (
        ClassLine("lighting", light, followed["lighting"]),
        ClassLine("charging", charge, followed["charging"]),
        ClassLine("ships", ships, None),
    )


def measured_kw(desk: Desk, point: str) -> float:
    """The newest usable power of a point, NaN where there is none."""
    table = desk.table
    row = table.index.get(point)
    if row is None or not is_usable(table.status[row : row + 1])[0]:
        return math.nan
    return float(table.value[row])
