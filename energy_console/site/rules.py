"""Rules over several rows: one address one device, a grid tree that is a tree, limits that can be kept, free berths."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from energy_console.site.faults import FaultList, suggest
from energy_console.site.model import (
    AccessPoint,
    CallSlot,
    GridNode,
    LightingGroup,
    SessionSlot,
    Station,
)
from energy_console.site.points import DevicePoints
from energy_console.site.tables import DAY_NAMES, Row, Table
from hardware.link_address import BadLink, parse_link
from hardware.profiles import Library, ProfileFaults, UnknownProfile, can_share_a_unit

Places = Mapping[str, tuple[str, int]]  # node id -> file and line
LEAST_GAP_H = (
    0.5  # between two ships at one access point, or two vehicles at one charger: the timetable's jitter fits in
)
_WEEK_H = 168.0


def one_device_an_address(devices: Table, library: Library) -> None:
    """No two devices may answer to one unit of one link, unless each has registers of its own (connectors)."""
    seen: dict[tuple[str, str], list[Row]] = {}
    for row in devices:
        address = (row.cells.get("link", ""), row.cells.get("unit", ""))
        if not all(address):
            continue
        others = seen.setdefault(address, [])
        if other := next((other for other in others if not _have_own_registers(row, other, library)), None):
            told = f"where {other.id} answers (line {other.line})"
            row.fault(f"device {row.id} has unit {address[1]} on link {address[0]}, {told}", "give it another unit")
        else:
            others.append(row)


def _have_own_registers(row: Row, other: Row, library: Library) -> bool:
    try:
        first, second = (library.profile(one.cells.get("profile", "")) for one in (row, other))
    except (UnknownProfile, ProfileFaults):
        return False
    return can_share_a_unit(first, second)


def one_link_a_url(links: Table) -> None:
    """Two links to one gateway or serial port would fight over it, whatever options they are written with."""
    seen: dict[str, tuple[str, int]] = {}
    for row in links:
        url = row.cells.get("url", "")
        place = _place(url)
        if place and place in seen:
            other, line = seen[place]
            row.fault(f"link {row.id} has the url of {other} (line {line})", "put their devices on one link")
        seen.setdefault(place, (row.id, row.line))


def _place(url: str) -> str:
    """What a link leads to: one serial port, or one port of one host over TCP or over UDP."""
    try:
        address = parse_link(url)
    except BadLink:
        return url
    way = "tcp" if address.kind in ("tls", "rtu+tcp") else address.kind
    return f"{way} {address.host.lower() if address.kind != 'serial' else address.host} {address.port}"


def devices_fit_their_use(uses: Iterable[tuple[Table, str, str]], have: DevicePoints) -> None:
    """Each device speaks for one thing only, and its profile has what that thing is known by.

    `uses`: a table, its column that names a device, and the quantity that this device must have, or one of several
    (`A or B`).
    """
    taken: dict[str, str] = {}
    for table, column, quantity in uses:
        for row in table:
            device = row.cells.get(column, "")
            if device not in have.of_device:
                continue
            use = f"{table.layout.thing} {row.id}"
            if device in taken:
                row.fault(f"device {device} already speaks for {taken[device]}", f"give {use} a device of its own")
            elif not any(have.has(f"{device}/{one}") for one in quantity.split(" or ")):
                profile = have.devices[device].spec.profile
                row.fault(f"device {device} of profile {profile} has no {quantity}", f"name another {column}")
            taken.setdefault(device, use)


def stations_and_devices_differ(
    table: Table, stations: Sequence[Station], access_points: Sequence[AccessPoint], have: DevicePoints
) -> None:
    """A station may have the name of a device only if that device speaks for its one access point."""
    for row, station in zip(table, stations, strict=True):
        own = [access.device for access in access_points if access.station == station.id]
        if station.id in have.devices and own != [station.id]:
            row.fault(f"station {station.id} has the name of a device", "rename one")


def grid_is_a_tree(nodes: Sequence[GridNode], places: Places, faults: FaultList) -> None:
    """One root, every parent known, no circle."""
    parents = {node.id: node.parent for node in nodes}
    roots = [node for node in nodes if node.parent is None]
    if not roots and nodes:
        file, line = places[nodes[0].id]
        faults.add(file, line, "the grid tree has no connection: every node has a parent", "leave out one parent")
    for extra in roots[1:]:
        file, line = places[extra.id]
        what = f"node {extra.id} has no parent, and {roots[0].id} is already the connection"
        faults.add(file, line, what, f"give {extra.id} a parent")
    for node in nodes:
        if node.parent is not None and node.parent not in parents:
            file, line = places[node.id]
            remedy = suggest(node.parent, parents, "add it, or name a node of this site")
            faults.add(file, line, f"node {node.parent} is not known", remedy)
    for circle in _circles(parents):
        file, line = places[circle[0]]
        way = " -> ".join((*circle, circle[0]))
        faults.add(file, line, f"the grid tree runs in a circle: {way}", "give one of them another parent")


def _circles(parents: Mapping[str, str | None]) -> list[list[str]]:
    """Each circle once, starting at the node that is written first."""
    circles: list[list[str]] = []
    done: set[str] = set()
    for start in parents:
        trail: list[str] = []
        here: str | None = start
        while here is not None and here in parents and here not in done and here not in trail:
            trail.append(here)
            here = parents[here]
        if here in trail:
            circles.append(trail[trail.index(here) :])
        done.update(trail)
    return circles


def limits_can_be_kept(
    nodes: Sequence[GridNode], groups: Sequence[LightingGroup], places: Places, faults: FaultList
) -> None:
    """No limit below what its children cannot do without, nor a least import above what they can take."""
    children: defaultdict[str, list[GridNode]] = defaultdict(list)
    for node in nodes:
        if node.parent is not None:
            children[node.parent].append(node)
    lighting = _lighting_minimum_kw(groups)
    for node in nodes:
        file, line = places[node.id]
        if node.import_min_kw > node.limit_kw:
            what = f"node {node.id} must import {node.import_min_kw:g} kW but may only import {node.limit_kw:g} kW"
            faults.add(file, line, what, "raise limit_kw or lower import_min_kw")
            continue
        least = _least_kw(node, children, lighting, frozenset())
        if least > node.limit_kw:
            what = (
                f"limit of node {node.id} is {node.limit_kw:g} kW, below the {least:.6g} kW its children need at least"
            )
            faults.add(file, line, what, f"raise limit_kw to {math.ceil(least)} or more, or lower theirs")


def _least_kw(
    node: GridNode,
    children: Mapping[str, Sequence[GridNode]],
    lighting: Mapping[str, float],
    above: frozenset[str],
) -> float:
    """What everything under a node needs at the same time at least; a circle counts once."""
    if node.id in above:
        return 0.0
    need = lighting.get(node.id, 0.0)
    for child in children.get(node.id, ()):
        need += max(child.import_min_kw, _least_kw(child, children, lighting, above | {node.id}), 0.0)
    return 0.0 if math.isnan(need) else need


def _lighting_minimum_kw(groups: Sequence[LightingGroup]) -> dict[str, float]:
    """Power of all lamps of a node at their class minimum: P = 1 - (1 - level) / gradient, never below standby."""
    least: defaultdict[str, float] = defaultdict(float)
    for group in groups:
        share = max(group.standby_share, 1 - (1 - group.floor) / group.gradient)
        least[group.node] += group.lamps * group.lamp_w / 1000 * share
    return least


def points_belong_to_stations(
    table: Table, slots: Sequence[CallSlot], access_points: Sequence[AccessPoint], stations: Sequence[Station]
) -> None:
    """A call takes access points of the station it lies at."""
    station_of = {access.id: access.station for access in access_points}
    known = {station.id for station in stations}
    for row, slot in zip(table, slots, strict=True):
        for point in slot.points:
            if slot.station in known and station_of.get(point, slot.station) != slot.station:
                row.fault(
                    f"access point {point} belongs to station {station_of[point]}, not {slot.station}", "mend one"
                )


def berths_are_free(table: Table, slots: Sequence[CallSlot]) -> None:
    """No two ships at one access point at one time of the week, nor closer than half an hour."""
    uses = ((point, slot, row.line) for row, slot in zip(table, slots, strict=True) for point in slot.points)
    _no_overlap(table, "access point", uses)


def chargers_are_free(table: Table, slots: Sequence[SessionSlot]) -> None:
    """No two vehicles at one charger at one time of the week, nor closer than half an hour."""
    _no_overlap(table, "charger", ((slot.charger, slot, row.line) for row, slot in zip(table, slots, strict=True)))


def _no_overlap(table: Table, thing: str, uses: Iterable[tuple[str, CallSlot | SessionSlot, int]]) -> None:
    stays: defaultdict[str, list[tuple[float, float, CallSlot | SessionSlot, int]]] = defaultdict(list)
    for place, slot, line in uses:
        for day in slot.days:
            start = day * 24 + slot.arrives_h
            stays[place].append((start, start + slot.stays_h, slot, line))
    for place, taken in stays.items():
        taken.sort(key=lambda stay: stay[:2])
        first = taken[0]
        told: set[tuple[int, int]] = set()
        around = [*taken, (first[0] + _WEEK_H, first[1] + _WEEK_H, first[2], first[3])]
        for (_, end, slot, line), (start, _, other, other_line) in itertools.pairwise(around):
            close = start - end < LEAST_GAP_H - 1e-9 and _at_one_time(slot, other)
            if close and (line, other_line) not in told:
                told.add((line, other_line))
                when = f"{DAY_NAMES[int(start // 24) % 7]} {int(start % 24):02d}:{round(start * 60) % 60:02d}"
                what = (
                    f"{other.id} takes {thing} {place} on {when}, where {slot.id} (line {line}) still is or just left"
                )
                table.faults.add(table.layout.file, other_line, what, "leave half an hour between them")


def _at_one_time(first: CallSlot | SessionSlot, second: CallSlot | SessionSlot) -> bool:
    """Whether both lines are ever in force together."""
    if first.ends is not None and second.starts is not None and first.ends <= second.starts:
        return False
    return not (second.ends is not None and first.starts is not None and second.ends <= first.starts)
