"""Every point of a site: those its devices' profiles have, as points.csv renames them, and the calculated ones."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from energy_console.site.faults import FaultList, nearest
from energy_console.site.model import AccessPoint, CalculatedPoint, Device, GridNode, Station
from energy_console.site.tables import Row, Table
from hardware.points import Point
from hardware.profiles import points_of, profile

_TERM = re.compile(r"\s*(?P<sign>[-+])?\s*(?:(?P<factor>\d+(?:\.\d+)?)\s*\*\s*)?(?P<name>[^\s*][^\s]*)")


@dataclass(frozen=True, slots=True)
class DevicePoints:
    """Points of the devices, in device order, and who has which."""

    points: tuple[Point, ...]
    of_device: Mapping[str, tuple[Point, ...]]
    devices: Mapping[str, Device]

    def has(self, point_id: str) -> bool:
        device, _, quantity = point_id.partition("/")
        return any(point.quantity == quantity for point in self.of_device.get(device, ()))


def device_points(devices: Iterable[Device], profiles: Iterable[str]) -> DevicePoints:
    """Points of every device whose profile is known; a device of an unknown one has none."""
    known = set(profiles)
    first: dict[str, Device] = {}
    for device in devices:
        first.setdefault(device.id, device)  # one that is there twice is a fault of its own
    of_device = {d.id: points_of(profile(d.spec.profile), d.id) for d in first.values() if d.spec.profile in known}
    flat = tuple(point for points in of_device.values() for point in points)
    return DevicePoints(flat, of_device, first)


def why_nobody_reads(point_id: str, have: DevicePoints, made: Iterable[str] = ()) -> tuple[str, str] | None:
    """What is wrong with a reference to a point, and what to do; None if someone reads or calculates it."""
    made = tuple(made)
    if have.has(point_id) or point_id in made:
        return None
    device, slash, quantity = point_id.partition("/")
    if not slash:
        return f"{point_id} is no point", "write device/quantity, as in M1/power_kw"
    if device not in have.devices:
        known = nearest(device, [*have.devices, *(name.partition("/")[0] for name in made)])
        near = f"{known}/{quantity}" if known else None
        return (
            f"{point_id} is a point nobody reads: there is no device {device}",
            f"did you mean {near}?" if near else "name a device of this site",
        )
    if device not in have.of_device:
        return None  # its profile is unknown, which is a fault of its own
    quantities = [point.quantity for point in have.of_device[device]]
    near = nearest(quantity, quantities)
    profile = have.devices[device].spec.profile
    return (
        f"{point_id} is a point nobody reads: profile {profile} has no {quantity}",
        f"did you mean {device}/{near}?" if near else f"use one of {', '.join(quantities[:12])}",
    )


def overridden(table: Table, have: DevicePoints) -> tuple[Point, ...]:
    """Device points in order, renamed and given other ranges by the rows of points.csv that have no sum."""
    changed: dict[str, Point] = {}
    position = {point.id: point for point in have.points}
    for row in table:
        if row.text("sum", ""):
            continue
        if fault := why_nobody_reads(row.id, have):
            row.fault(*fault)
        elif row.id in position:
            changed[row.id] = _override(row, position[row.id])
    return tuple(changed.get(point.id, point) for point in have.points)


def _override(row: Row, point: Point) -> Point:
    unit = row.text("unit", point.unit)
    if unit != point.unit:
        row.fault(f"{row.id} is in {point.unit or 'words'}, not in {unit}", f"write {point.unit} or leave it empty")
    low, high = row.optional_number("low"), row.optional_number("high")
    return replace(
        point,
        name=row.text("name", point.name),
        low=point.low if low is None else low,
        high=point.high if high is None else high,
    )


def calculated(table: Table, have: DevicePoints, stations: Collection[str]) -> tuple[CalculatedPoint, ...]:
    """The rows of points.csv that have a sum: `+ M1/power_kw - 0.5 * port:A*/power_kw`.

    A term is a point, or `area:pattern/quantity` for every device of that area whose id fits the pattern and that has
    the quantity. A term may name a calculated point further up.
    """
    found: list[CalculatedPoint] = []
    units = {point.id: point.unit for point in have.points}
    for row in table:
        if text := row.text("sum", ""):
            if row.id.partition("/")[0] in stations:
                row.fault(f"{row.id} is made for every station already", "remove this line")
            point = _calculated(row, text, have, units)
            units[row.id] = point.point.unit
            found.append(point)
    return tuple(found)


def _calculated(row: Row, text: str, have: DevicePoints, units: Mapping[str, str]) -> CalculatedPoint:
    device, slash, quantity = row.id.partition("/")
    if not slash or device in have.devices:
        row.fault(f"calculated point {row.id} needs a name of its own", "write something like area.port/power_kw")
    terms: list[tuple[float, str]] = []
    for factor, name in _split(row, text):
        members = _members(row, name, have, units)
        terms += [(factor, member) for member in members]
    unit = row.text("unit")
    foreign = next((name for _, name in terms if units[name] != unit), None)
    if unit and foreign is not None:
        row.fault(f"{row.id} is in {unit} but {foreign} is in {units[foreign] or 'words'}", "sum points of one unit")
    point = Point(
        id=row.id,
        device=device,
        quantity=quantity,
        unit=unit,
        name=row.text("name"),
        counter=unit in ("kWh", "m3"),
        low=row.optional_number("low"),
        high=row.optional_number("high"),
    )
    return CalculatedPoint(point, tuple(terms))


def _split(row: Row, text: str) -> list[tuple[float, str]]:
    terms: list[tuple[float, str]] = []
    position = 0
    while position < len(text.rstrip()):
        match = _TERM.match(text, position)
        if match is None or (terms and match["sign"] is None):
            row.fault(f"sum cannot be read at {text[position:].strip()!r}", "write + M1/power_kw - 0.5 * M2/power_kw")
            return terms
        factor = float(match["factor"] or 1) * (-1 if match["sign"] == "-" else 1)
        terms.append((factor, match["name"]))
        position = match.end()
    return terms


def _members(row: Row, name: str, have: DevicePoints, units: Mapping[str, str]) -> list[str]:
    area, colon, rest = name.partition(":")
    if not colon:
        if name in units:
            return [name]
        if fault := why_nobody_reads(name, have, (known for known in units if not have.has(known))):
            row.fault(*fault)
        return []
    pattern, _, quantity = rest.rpartition("/")
    devices = [d for d in have.devices.values() if d.area == area and fnmatch.fnmatchcase(d.id, pattern)]
    members = [f"{device.id}/{quantity}" for device in devices if f"{device.id}/{quantity}" in units]
    if not members and all(device.id in have.of_device for device in devices):
        row.fault(f"sum takes {name}, which is a point nobody reads", "name an area, a pattern and a quantity that fit")
    return members


def station_powers(
    stations: Sequence[Station], access_points: Sequence[AccessPoint], have: DevicePoints
) -> tuple[CalculatedPoint, ...]:
    """One calculated point a shore-power station: the sum of its access points. Its node is metered by it.

    A station of one access point may have the name of its device; then the device's own point serves.
    """
    found: list[CalculatedPoint] = []
    for station in stations:
        members = [f"{access.device}/power_kw" for access in access_points if access.station == station.id]
        point = Point(f"{station.id}/power_kw", station.id, "power_kw", "kW", f"Station {station.id} power")
        if not have.has(point.id):
            found.append(CalculatedPoint(point, tuple((1.0, member) for member in members if have.has(member))))
    return tuple(found)


def check_meters(
    nodes: Iterable[tuple[GridNode, str, int]], have: DevicePoints, made: Sequence[str], faults: FaultList
) -> None:
    """Every meter of a node must be a power that someone reads. `nodes`: each with the file and line it stands on."""
    for node, file, line in nodes:
        if node.meter is None:
            continue
        if fault := why_nobody_reads(node.meter, have, made):
            faults.add(file, line, *fault)
        elif not node.meter.endswith("_kw"):
            faults.add(file, line, f"meter {node.meter} of node {node.id} is no power in kW", "name its power_kw")
