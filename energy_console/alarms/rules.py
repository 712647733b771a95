"""The rules of a site: what of the newest values and of the devices' answers is wrong now, as conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from energy_console.alarms.machine import Condition
from energy_console.live.table import LiveTable
from energy_console.site.model import Area, Device, Site
from hardware.points import Point, is_usable

NEAR_LIMIT = 0.97  # of a node's limit
LINK_LOST_SHARE = 0.8  # of its devices silent: the link itself is the first cause
SILENT_AFTER_S = 3.0
BACK_AFTER_S = 5.0

# priority of a bit field or count that is not zero, by area and quantity; a bit names itself, a count names its unit
NOT_ZERO: dict[tuple[Area, str], int] = {
    (Area.PORT, "alarms"): 2,
    (Area.PORT, "warnings"): 4,
    (Area.LIGHTING, "lamps_failed"): 3,
    (Area.LIGHTING, "door_open"): 3,
    (Area.HEAT, "info_code"): 3,
}


@dataclass(frozen=True, slots=True)
class _Watched:
    row: int
    priority: int
    device: Device
    point: Point


class RuleBook:
    """Built once a site, or part of one; `conditions` is pure in the table and the silent devices it is given.

    `live` has at least the points of `site`.
    """

    def __init__(self, site: Site, live: LiveTable) -> None:
        self._site = site
        self._live = live
        self._devices = {device.id: device for device in site.devices}
        self._watched = list(_watched(site, live))
        self._watched_rows = np.array([watched.row for watched in self._watched], np.int64)
        metered = [node for node in site.nodes if node.meter in live.index]
        self._nodes = metered
        self._node_rows = np.array([live.index[node.meter or ""] for node in metered], np.int64)

    def conditions(self, silent: Mapping[str, str]) -> dict[str, Condition]:
        """What is wrong now. `silent`: device id -> why it does not answer, in words."""
        found = [*self._silent(silent), *self._limits(), *self._not_zero()]
        return {condition.key: condition for condition in found}

    def _silent(self, silent: Mapping[str, str]) -> Iterator[Condition]:
        for link in self._site.links:
            members = [device for device in self._site.devices if device.spec.link == link.id]
            lost = [device for device in members if device.id in silent]
            if len(lost) > 1 and len(lost) >= LINK_LOST_SHARE * len(members):
                yield _lost_link(link.id, lost, silent)
            else:
                yield from (_lost_device(device, silent[device.id]) for device in lost)

    def _limits(self) -> Iterator[Condition]:
        usable = is_usable(self._live.status[self._node_rows])
        power_kw = self._live.value[self._node_rows]
        for node, ok, power in zip(self._nodes, usable, power_kw, strict=True):
            if not ok or node.limit_kw <= 0 or power < NEAR_LIMIT * node.limit_kw:
                continue
            over = power > node.limit_kw
            yield Condition(
                key=f"limit:{node.id}",
                priority=1 if over else 2,
                source=node.id,
                text=f"{node.name}: {'over its limit' if over else 'close to its limit'}",
                detail=f"{power:,.0f} of {node.limit_kw:,.0f} kW".replace(",", "\u202f"),
                on_delay_s=10.0,
                off_delay_s=60.0,
            )

    def _not_zero(self) -> Iterator[Condition]:
        status, value = self._live.status[self._watched_rows], self._live.value[self._watched_rows]
        for position in np.flatnonzero(is_usable(status) & (value != 0)):
            watched = self._watched[position]
            yield Condition(
                key=f"{watched.point.quantity}:{watched.device.id}",
                priority=watched.priority,
                source=watched.device.id,
                text=f"{watched.device.name}: {in_words(watched.point, int(value[position]))}",
                detail="",
                on_delay_s=2.0,
                off_delay_s=10.0,
            )


def in_words(point: Point, value: int) -> str:
    """A bit field by the names of its set bits, an enumeration by its state, a count with the point's name."""
    if point.bits:
        named = [name or f"bit {bit}" for bit, name in enumerate(point.bits) if value >> bit & 1]
        unnamed = value >> len(point.bits)
        return ", ".join([*named, *([f"code {unnamed << len(point.bits)}"] if unnamed else [])])
    states: Mapping[int, str] = dict(point.states)
    if value in states:
        return states[value]
    return point.name.lower() if value == 1 else f"{value} {point.name.lower()}"


def _watched(site: Site, live: LiveTable) -> Iterable[_Watched]:
    devices = {device.id: device for device in site.devices}
    for point in site.points:
        device = devices.get(point.device)
        priority = NOT_ZERO.get((device.area, point.quantity)) if device else None
        if device and priority:
            yield _Watched(live.index[point.id], priority, device, point)


def _lost_device(device: Device, reason: str) -> Condition:
    return Condition(
        key=f"silent:{device.id}",
        priority=2 if device.area in (Area.PORT, Area.GRID) else 3,
        source=device.id,
        text=f"{device.name}: {reason}",
        detail="its values are bad until it answers",
        on_delay_s=SILENT_AFTER_S,
        off_delay_s=BACK_AFTER_S,
    )


def _lost_link(link: str, lost: list[Device], silent: Mapping[str, str]) -> Condition:
    return Condition(
        key=f"link:{link}",
        priority=2,
        source=link,
        text=f"Gateway {link}: {silent[lost[0].id]}",
        detail=f"{len(lost)} devices behind it are silent",
        on_delay_s=SILENT_AFTER_S,
        off_delay_s=BACK_AFTER_S,
    )
