"""The site's points as a tree: area, group (a quay), device, point; and finding in it by words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from PySide6.QtCore import QCoreApplication

from energy_console.site.model import Area, Device, Site
from hardware.points import Point

translate = QCoreApplication.translate

_ORDER = (
    Area.PORT, Area.CHARGING, Area.LIGHTING, Area.HEAT, Area.BUILDINGS, Area.WATER, Area.AIR, Area.SOLAR, Area.WIND,
    Area.GRID,
)  # fmt: skip


@dataclass(eq=False, slots=True)
class Node:
    """One row. `point` is set on points, `device` on devices; `words` is what finding looks through, lower case."""

    text: str
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    point: Point | None = None
    device: str = ""
    words: str = ""
    row: int = 0
    size: int = 0  # points at or under it

    def add(self, child: Node) -> Node:
        child.parent, child.row = self, len(self.children)
        self.children.append(child)
        if child.point is not None:
            child.size = 1
            owner: Node | None = self
            while owner is not None:
                owner.size += 1
                owner = owner.parent
        return child

    def points(self) -> Iterator[Point]:
        """Every point at or under this row."""
        if self.point is not None:
            yield self.point
        for child in self.children:
            yield from child.points()


def site_tree(site: Site) -> Node:
    """The whole tree. Calculated points stand under the device they name, or in a group of their own."""
    root = Node("")
    by_device: dict[str, list[Point]] = defaultdict(list)
    for point in site.points:
        by_device[point.device].append(point)
    quay_of = _quays(site)
    for area in _ORDER:
        devices = [device for device in site.devices if device.area is area]
        if not devices:
            continue
        top = root.add(Node(area_name(area)))
        groups: dict[str, Node] = {}
        for device in devices:
            group = quay_of.get(device.id, "")
            if group and group not in groups:
                groups[group] = top.add(Node(group))
            _add_device(groups.get(group, top), device, by_device.pop(device.id, []))
    rest = [point for points in by_device.values() for point in points]
    if rest:
        top = root.add(Node(translate("site_tree", "Calculated")))
        for point in rest:
            name = point.name if point.name and point.name != point.id else point.id
            top.add(Node(name, point=point, words=_words(point.id, name)))
    return root


def _quays(site: Site) -> dict[str, str]:
    """Name of the quay that each shore-power device stands on."""
    names = {quay.id: f"{quay.id}  {quay.name}" if quay.name != quay.id else quay.name for quay in site.quays}
    stations = {station.id: names.get(station.quay, "") for station in site.stations}
    return {access.device: stations.get(access.station, "") for access in site.access_points}


def _add_device(parent: Node, device: Device, points: Iterable[Point]) -> None:
    text = device.id if device.name in ("", device.id) else f"{device.id}  {device.name}"
    made = parent.add(Node(text, device=device.id, words=_words(device.id, device.name)))
    for point in points:
        made.add(Node(point.name, point=point, words=_words(point.id, point.name, device.name, parent.text)))


def _words(*parts: str) -> str:
    return " ".join(parts).lower()


def found(root: Node, text: str, only: frozenset[str] | None = None) -> Node:
    """A tree of the points that have every word of `text`, and are among `only` where that is given.

    A word with * or ? in it is a pattern of the whole id: "q1-*/power_kw"; one like "unit:kW" names the unit.
    """
    words = text.lower().split()
    kept = {
        point.id
        for node in _leaves(root)
        if (point := node.point) is not None
        and (only is None or point.id in only)
        and all(_has(node.words, point, word) for word in words)
    }
    copied = Node("")
    for child in root.children:
        _copy_found(child, copied, kept)
    return copied


def _leaves(node: Node) -> Iterator[Node]:
    if node.point is not None:
        yield node
    for child in node.children:
        yield from _leaves(child)


def _has(words: str, point: Point, word: str) -> bool:
    if word.startswith("unit:"):
        return point.unit.lower() == word.removeprefix("unit:")
    if "*" in word or "?" in word:
        return fnmatchcase(point.id.lower(), word)
    return word in words


def _copy_found(node: Node, into: Node, kept: set[str]) -> None:
    if not any(point.id in kept for point in node.points()):
        return
    if node.point is not None:
        into.add(Node(node.text, point=node.point, words=node.words))
        return
    made = into.add(Node(node.text, device=node.device, words=node.words))
    for child in node.children:
        _copy_found(child, made, kept)


def area_name(area: Area) -> str:
    names = {
        Area.GRID: translate("site_tree", "Grid"),
        Area.PORT: translate("site_tree", "Port"),
        Area.CHARGING: translate("site_tree", "Charging"),
        Area.LIGHTING: translate("site_tree", "Lighting"),
        Area.HEAT: translate("site_tree", "Heat"),
        Area.WATER: translate("site_tree", "Water"),
        Area.AIR: translate("site_tree", "Air and noise"),
        Area.BUILDINGS: translate("site_tree", "Buildings"),
        Area.SOLAR: translate("site_tree", "Solar"),
        Area.WIND: translate("site_tree", "Wind"),
    }
    return names[area]
