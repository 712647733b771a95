"""Areas: the parts of a site that engines of their own serve. A link is in one, and with it all that it leads to."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from energy_console.site.faults import suggest
from energy_console.site.model import CalculatedPoint, Site
from energy_console.site.tables import Row, Table
from hardware.points import Int32Array

WHOLE_SITE = "site"
"""How the share of an engine that serves everything is called; no area may be."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_NUMBERS = 4_000_000


class UnknownArea(ValueError):
    """The site has no area of that name."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some areas of a site. `site` has their links, devices and points and the nodes these measure, nothing else less.

    `rows`: where each of its points stands among those of the whole site.
    """

    areas: tuple[str, ...]
    site: Site
    rows: Int32Array

    @property
    def points(self) -> frozenset[str]:
        return frozenset(point.id for point in self.site.points)


def areas_of(site: Site) -> tuple[str, ...]:
    """The areas in the order of links.csv; none where the site is served as one."""
    return tuple(dict.fromkeys(site.link_areas.values()))


def area_of_points(site: Site) -> dict[str, str]:
    """Whose each point is, by point id; empty where the site has no areas.

    A calculated point is worked out where most of its inputs are read; of equals, in the area that comes first.
    """
    if not site.link_areas:
        return {}
    device_area = {device.id: site.link_areas[device.spec.link] for device in site.devices}
    made = {calculated.point.id: calculated for calculated in site.calculated}
    found = {point.id: device_area[point.device] for point in site.points if point.id not in made}
    for name in made:
        _settle(name, made, found, areas_of(site))
    return found


def _settle(name: str, made: dict[str, CalculatedPoint], found: dict[str, str], order: Sequence[str]) -> str:
    """The area of a calculated point, after those of the points it is made from."""
    if name not in found:
        found[name] = order[0]  # for points made from nothing
        votes = Counter(_settle(one, made, found, order) for one in made[name].inputs)
        if votes:
            found[name] = min(votes, key=lambda area: (-votes[area], order.index(area)))
    return found[name]


def part_of(site: Site, areas: Sequence[str]) -> Part:
    """What of the site is in these areas. Raises UnknownArea."""
    known = areas_of(site)
    for area in areas:
        if area not in known:
            has = f"it has {', '.join(known)}" if known else "no link of links.csv names one"
            raise UnknownArea(f"{site.name} has no area {area}: {suggest(area, known, has)}")
    whose = area_of_points(site)
    links = tuple(link for link in site.links if site.link_areas[link.id] in areas)
    names = {link.id for link in links}
    rows = [row for row, point in enumerate(site.points) if whose[point.id] in areas]
    own = {site.points[row].id for row in rows}
    part = replace(
        site,
        links=links,
        devices=tuple(device for device in site.devices if device.spec.link in names),
        points=tuple(site.points[row] for row in rows),
        calculated=tuple(made for made in site.calculated if made.point.id in own),
        nodes=tuple(node for node in site.nodes if node.meter in own),
    )
    return Part(tuple(area for area in known if area in areas), part, np.array(rows, np.int32))


def number_of(area: str) -> int:
    """A number that stays an area's own whatever the others are called: what it counts up begins there."""
    return zlib.crc32(area.encode()) % _NUMBERS + 1


def link_areas(links: Table) -> dict[str, str]:
    """The area of each link; empty where the site is served as one. What makes no sense is noted."""
    found: dict[str, str] = {}
    seen: dict[str, Row] = {}
    for row in links:
        area = row.text("area", "")
        if area:
            found[row.id] = area
            _check_name(row, area, seen)
            seen.setdefault(area, row)
    if found:
        for row in links:
            if row.id not in found:
                found[row.id] = next(iter(seen))
                row.fault(
                    f"link {row.id} has no area, and others have one: no engine would read it",
                    f"name its area, such as {next(iter(seen))}",
                )
    return found


def _check_name(row: Row, area: str, seen: dict[str, Row]) -> None:
    parts = re.split(r"[\s,;+/]+", area)
    if len(parts) > 1:
        row.fault(f"link {row.id} is in areas {' and '.join(parts)}", "name one: a link is read by one engine")
    elif not _NAME.fullmatch(area):
        row.fault(f"area {area} is no name", "use letters, digits, - and _, such as port or city-north")
    elif area.lower() == WHOLE_SITE:
        row.fault(f"area {area} has the name of the whole", "call it otherwise, such as port")
    for other, first in seen.items():
        if other != area and (other.lower() == area.lower() or number_of(other) == number_of(area)):
            row.fault(f"area {area} cannot be told from area {other} (line {first.line})", "write one name for both")
