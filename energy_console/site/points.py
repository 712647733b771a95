"""Every point of a site: those its devices' profiles have, as points.csv renames them, and the calculated ones."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from energy_console.site.faults import FaultList, nearest
from energy_console.site.formula import (
    Formula,
    FormulaFault,
    linear_terms,
    points_in,
    read_formula,
    unit_of_formula,
)
from energy_console.site.model import AccessPoint, CalculatedPoint, Device, GridNode, Station
from energy_console.site.tables import Row, Table
from energy_console.site.units import told, unit_named
from hardware.points import Point
from hardware.profiles import Library, Profile, ProfileFaults, UnknownProfile, points_of

_RATED_UNITS = ("kW", "kVA", "kvar", "kWh")  # what a rated power says something about


@dataclass(frozen=True, slots=True)
class DevicePoints:
    """Points of the devices, in device order, and who has which."""

    points: tuple[Point, ...]
    of_device: Mapping[str, tuple[Point, ...]]
    devices: Mapping[str, Device]
    kind_of: Mapping[str, str]  # device -> kind of its profile: meter, ops, charger ...

    def has(self, point_id: str) -> bool:
        device, _, quantity = point_id.partition("/")
        return any(point.quantity == quantity for point in self.of_device.get(device, ()))


def device_points(devices: Iterable[Device], library: Library) -> DevicePoints:
    """Points of every device whose profile is sound; a device of an unknown or faulty one has none."""
    first: dict[str, Device] = {}
    for device in devices:
        first.setdefault(device.id, device)  # one that is there twice is a fault of its own
    known = {name: _profile_or_none(library, name) for name in {device.spec.profile for device in first.values()}}
    of_device = {d.id: _rated(points_of(found, d.id), d) for d in first.values() if (found := known[d.spec.profile])}
    kind_of = {d.id: found.kind for d in first.values() if (found := known[d.spec.profile])}
    flat = tuple(point for points in of_device.values() for point in points)
    return DevicePoints(flat, of_device, first, kind_of)


def _rated(points: tuple[Point, ...], device: Device) -> tuple[Point, ...]:
    """The points of a device that know its rating, where the site gives one."""
    if device.rated_kw is None or not device.rated_kw > 0:
        return points
    return tuple(replace(point, rated_kw=device.rated_kw) if point.unit in _RATED_UNITS else point for point in points)


def _profile_or_none(library: Library, name: str) -> Profile | None:
    """None where the library has no sound profile of that name; why is a fault of its own."""
    try:
        return library.profile(name)
    except (UnknownProfile, ProfileFaults):
        return None


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
    """Device points in order, renamed and given other ranges by the rows of points.csv that have no formula."""
    changed: dict[str, Point] = {}
    position = {point.id: point for point in have.points}
    for row in table:
        if formula_text(row):
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


def patience(table: Table, have: DevicePoints) -> dict[str, float]:
    """How long points may go without a new reading before they are stale, where points.csv says it, by point."""
    found: dict[str, float] = {}
    for row in table:
        limit_s = row.optional_number("stale_after_s", low=1.0)
        device = have.devices.get(row.id.partition("/")[0])
        if limit_s is None or math.isnan(limit_s):
            continue
        if formula_text(row):
            row.fault(f"{row.id} is calculated and as old as what it is made from", "leave stale_after_s empty")
        elif device is not None and limit_s < device.spec.every_s:
            what = f"stale_after_s {limit_s:g} is shorter than {device.id} is read (every {device.spec.every_s:g} s)"
            row.fault(what, "give it two or three readings' time")
        else:
            found[row.id] = limit_s
    return found


def calculated(table: Table, have: DevicePoints, stations: Collection[str]) -> tuple[CalculatedPoint, ...]:
    """The rows of points.csv that have a formula (or `sum`, its older name): `+ M1/power_kw - 0.5 * port:A*/power_kw`.

    A formula may take calculated points further up.
    """
    found: list[CalculatedPoint] = []
    units = {point.id: point.unit for point in have.points}
    for row in table:
        if text := formula_text(row):
            if row.id.partition("/")[0] in stations:
                row.fault(f"{row.id} is made for every station already", "remove this line")
            point = _calculated(row, text, have, units)
            units[row.id] = point.point.unit
            found.append(point)
    return tuple(found)


def formula_text(row: Row) -> str:
    """The formula of a row, empty for a row that changes a device's point."""
    return row.text("formula", "") or row.text("sum", "")


def _calculated(row: Row, text: str, have: DevicePoints, units: Mapping[str, str]) -> CalculatedPoint:
    device, slash, quantity = row.id.partition("/")
    if not slash or device in have.devices:
        row.fault(f"calculated point {row.id} needs a name of its own", "write something like area.port/power_kw")
    unit = row.text("unit")
    terms, formula = _worked_out(row, text, unit, have, units) if unit else ((), None)
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
    return CalculatedPoint(point, terms, formula)


def _worked_out(
    row: Row, text: str, unit: str, have: DevicePoints, units: Mapping[str, str]
) -> tuple[tuple[tuple[float, str], ...], Formula | None]:
    """A formula that is a sum as its terms, another as itself; nothing, and a fault told, where it is wrong."""
    try:
        formula = read_formula(text, lambda name: _members(row, name, have, units))
        if not points_in(formula):
            raise FormulaFault("formula takes no point", "name at least one, as in M1/power_kw")
        made = unit_of_formula(formula, units)
        if not made.is_like(unit_named(unit)):
            raise FormulaFault(f"{row.id} is in {unit} but its formula gives {told(made)}", "bring both to one unit")
    except FormulaFault as fault:
        row.fault(fault.what, fault.remedy)
    except _Unknown:
        pass  # told where it was found
    else:
        terms = linear_terms(formula, units, unit)
        return ((), formula) if terms is None else (terms, None)
    return (), None


class _Unknown(Exception):
    """A formula names a point that is not there, which is a fault already told."""


def _members(row: Row, name: str, have: DevicePoints, units: Mapping[str, str]) -> tuple[str, ...]:
    """The points a name in a formula stands for. Raises _Unknown where there is none."""
    area, colon, rest = name.partition(":")
    if not colon:
        if name in units:
            return (name,)
        if fault := why_nobody_reads(name, have, (known for known in units if not have.has(known))):
            row.fault(*fault)
        raise _Unknown
    pattern, _, quantity = rest.rpartition("/")
    devices = [d for d in have.devices.values() if d.area == area and fnmatch.fnmatchcase(d.id, pattern)]
    members = tuple(f"{device.id}/{quantity}" for device in devices if f"{device.id}/{quantity}" in units)
    if members:
        return members
    if all(device.id in have.of_device for device in devices):
        what = f"formula takes {name}, which is a point nobody reads"
        row.fault(what, "name an area, a pattern and a quantity that fit")
    raise _Unknown


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
