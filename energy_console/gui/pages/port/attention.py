"""What needs a person at the port, worst first: trips, silence, warnings, ships that should be on shore power."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from energy_console.engine.link import AlarmView
from energy_console.gui.format import clock, duration, number
from energy_console.gui.pages.port.rows import Finding
from energy_console.gui.pages.port.words import tr
from energy_console.live.port import FleetNow, PointState, ShipNow, ShipState, Tight
from energy_console.site.model import ShipCall, Site

# A ship with a berth that has shore power ought to be connecting by then; our assumption.
LATE_AFTER = dt.timedelta(minutes=45)
SOON = dt.timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Scene:
    """What findings are made from."""

    site: Site
    fleet: FleetNow
    ships: Sequence[ShipNow]
    calls: Sequence[ShipCall]
    alarms: Mapping[str, AlarmView]  # worst open alarm by device
    tight: Tight | None
    now: dt.datetime


def findings(scene: Scene) -> tuple[Finding, ...]:
    """All findings; the key is a point id, or the id of a call."""
    found = [*_trips(scene), *_silent(scene), *_late(scene), *_warned(scene), *_overload(scene), *_coming(scene)]
    return tuple(sorted(found, key=lambda finding: finding.priority or 9))


def _ship_at(scene: Scene, point: str) -> str:
    return next((ship.call.ship for ship in scene.ships if point in ship.call.points), "")


def _points_in(scene: Scene, state: PointState) -> list[int]:
    found: list[int] = np.flatnonzero(scene.fleet.state == int(state)).tolist()
    return found


def _finding(scene: Scene, row: int, priority: int, text: str) -> Finding:
    point = scene.site.access_points[row]
    alarm = scene.alarms.get(point.device)
    detail = _ship_at(scene, point.id)
    if alarm is None:
        return Finding(point.id, priority, "new", text, detail)
    since = duration(max(0.0, scene.now.timestamp() - alarm.since_ns / 1e9))
    detail = " · ".join(part for part in (detail, tr("for {0}").format(since)) if part)
    return Finding(point.id, alarm.priority, alarm.state, alarm.text or text, detail)


def _trips(scene: Scene) -> list[Finding]:
    return [
        _finding(scene, row, 2, tr("{0} tripped").format(scene.site.access_points[row].id))
        for row in _points_in(scene, PointState.TRIPPED)
    ]


def _silent(scene: Scene) -> list[Finding]:
    return [
        _finding(scene, row, 3, tr("{0} does not answer").format(scene.site.access_points[row].id))
        for row in _points_in(scene, PointState.NO_ANSWER)
    ]


def _warned(scene: Scene) -> list[Finding]:
    told = {*_points_in(scene, PointState.TRIPPED), *_points_in(scene, PointState.NO_ANSWER)}
    return [
        _finding(scene, row, 4, tr("{0} has a warning").format(scene.site.access_points[row].id))
        for row in np.flatnonzero(scene.fleet.warned).tolist()
        if row not in told
    ]


def late_ships(scene: Scene) -> list[ShipNow]:
    """Ships that have a socket, have been here for some time, will stay for some, and still run their engines."""
    return [
        ship
        for ship in scene.ships
        if ship.state is ShipState.OWN_ENGINES
        and ship.call.points
        and scene.now - ship.call.arrives > LATE_AFTER
        and ship.call.leaves - scene.now > LATE_AFTER
        and not any(_tripped(scene, point) for point in ship.call.points)
    ]


def _late(scene: Scene) -> list[Finding]:
    return [
        Finding(
            ship.call.points[0],
            3,
            "new",
            tr("{0} still on own engines").format(ship.call.ship),
            tr("at {0} since {1}").format(ship.call.station, clock(ship.call.arrives, scene.site.place.zone)),
        )
        for ship in late_ships(scene)
    ]


def _tripped(scene: Scene, point: str) -> bool:
    rows = {p.id: row for row, p in enumerate(scene.site.access_points)}
    return bool(scene.fleet.state[rows[point]] == PointState.TRIPPED)


def _overload(scene: Scene) -> list[Finding]:
    tight = scene.tight
    if tight is None or tight.left_kw >= 0:
        return []
    text = tr("{0} short of {1} kW at {2}")
    time = clock(tight.time, scene.site.place.zone)
    first = scene.site.access_points[tight.supply.points[0]].id
    return [
        Finding(
            first, 3, "new", text.format(tight.supply.node.id, number(-tight.left_kw), time), tr("by announced loads")
        )
    ]


def _coming(scene: Scene) -> list[Finding]:
    """The next arrivals that will take power: nothing wrong, but someone has to be at the quay."""
    coming = sorted(
        (call for call in scene.calls if call.points and scene.now < call.arrives <= scene.now + SOON),
        key=lambda call: call.arrives,
    )
    return [
        Finding(
            call.points[0],
            0,
            "",
            tr("{0} arrives {1}").format(call.ship, clock(call.arrives, scene.site.place.zone)),
            tr("{0} · {1} kW announced").format(call.station, number(call.hotel_kw)),
        )
        for call in coming[:8]
    ]
