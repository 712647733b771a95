"""The answer line and the figures of the Port page, in words, from what the fleet does. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_console.gui.format import clock, number
from energy_console.gui.pages.port.attention import Scene, late_ships
from energy_console.gui.pages.port.words import tr
from energy_console.live.port import CHANGING, PointState, ShipState, Supply, headroom_kw

_FEW = 3


@dataclass(frozen=True, slots=True)
class Answer:
    first: str
    rest: str
    priority: int  # shape in front of the line, 0 for none
    state: str


def answer(scene: Scene) -> Answer:
    """How many ships take shore power; then what is wrong; then what comes next and where it gets tight."""
    ships = scene.ships
    if scene.fleet.count(PointState.NOT_READ_YET) == len(scene.fleet.state):
        return Answer(tr("No access point has been read yet."), "", 0, "new")
    supplied = sum(ship.state is ShipState.SUPPLIED for ship in ships)
    changing = sum(ship.state in (ShipState.CONNECTING, ShipState.RELEASING) for ship in ships)
    if ships:
        first = tr("{0} of {1} ships at berth take shore power").format(supplied, len(ships))
        first += (", " + tr("{0} changing").format(changing) if changing else "") + "."
    else:
        first = tr("No ship is at berth.")
    parts = [_wrong(scene), _next(scene), _tight(scene)]
    worst = _worst_trip(scene)
    return Answer(first, " ".join(part for part in parts if part), *worst)


def _worst_trip(scene: Scene) -> tuple[int, str]:
    """Priority and state of the worst trip."""
    tripped = _named(scene, PointState.TRIPPED)
    found = [scene.alarms[point] for point in tripped if point in scene.alarms]
    if found:
        worst = min(found, key=lambda alarm: alarm.priority)
        return worst.priority, worst.state
    return (2, "new") if tripped else (0, "new")


def _named(scene: Scene, state: PointState) -> list[str]:
    rows = np.flatnonzero(scene.fleet.state == state)
    return [scene.site.access_points[int(row)].device for row in rows]


def _some(points: Sequence[str]) -> str:
    """Names of a few, the number of many."""
    names = ", ".join(points[:_FEW])
    return names + (tr(" and {0} more").format(len(points) - _FEW) if len(points) > _FEW else "")


def _wrong(scene: Scene) -> str:
    tripped, silent = _named(scene, PointState.TRIPPED), _named(scene, PointState.NO_ANSWER)
    words = []
    if tripped:
        one = tr("One trip ({0})").format(tripped[0])
        words.append(one if len(tripped) == 1 else tr("{0} trips ({1})").format(len(tripped), _some(tripped)))
    if silent:
        words.append(tr("{0} silent ({1})").format(len(silent), _some(silent)))
    if late := [ship.call.ship for ship in late_ships(scene)]:
        words.append(tr("{0} still on own engines").format(_some(late)))
    return ", ".join(words) + "." if words else tr("Nothing tripped, every point answers.")


def _next(scene: Scene) -> str:
    zone = scene.site.place.zone
    arriving = [(call.arrives, tr("arrives"), call.ship) for call in scene.calls if call.arrives > scene.now]
    leaving = [(ship.call.leaves, tr("leaves"), ship.call.ship) for ship in scene.ships]
    coming = sorted([*arriving, *leaving])
    if not coming:
        return ""
    time, verb, ship = coming[0]
    return tr("Next: {0} {1} {2}.").format(ship, verb, clock(time, zone))


def _tight(scene: Scene) -> str:
    tight = scene.tight
    if tight is None:
        return ""
    zone, name = scene.site.place.zone, tight.supply.node.id
    if tight.left_kw < 0:
        text = tr("{0} short of {2} kW at {1} by announced loads.")
        return text.format(name, clock(tight.time, zone), number(-tight.left_kw))
    text = tr("{0} tightest {1}, {2} kW left.")
    return text.format(name, clock(tight.time, zone), number(tight.left_kw))


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the strip, ready to read."""

    key: str
    value: str
    unit: str
    note: str


def figures(scene: Scene, supplies: Sequence[Supply]) -> tuple[Figure, ...]:
    """Points in use, power and head-room. Energy and CO2 come from the store and are shown when they are there."""
    fleet = scene.fleet
    on, changing = fleet.count(PointState.SUPPLYING), fleet.count(*CHANGING)
    left = {supply.node.id: headroom_kw(supply, fleet) for supply in supplies}
    limit_kw = sum(supply.node.limit_kw for supply in supplies)
    least = min(supplies, key=lambda supply: left[supply.node.id] / supply.node.limit_kw) if supplies else None
    note = tr("least {0}: {1}").format(least.node.id, number(left[least.node.id])) if least else ""
    return (
        Figure(
            "in_use",
            number(fleet.in_use),
            f"/ {number(len(fleet.state))}",
            tr("{0} on · {1} changing").format(on, changing),
        ),
        Figure("power", number(fleet.total_kw), "kW", tr("of {0}").format(number(limit_kw))),
        Figure("headroom", number(sum(left.values())), "kW", note),
    )
