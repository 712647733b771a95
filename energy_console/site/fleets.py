"""From rows to typed values, one function a table. References are checked here; rules over several rows in `rules`."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from energy_console.site import model
from energy_console.site.faults import suggest
from energy_console.site.tables import Row, Table
from hardware.field import DeviceSpec, LinkSpec
from hardware.link_address import BadLink, parse_link
from hardware.profiles import Library

SCHEMES = ("tcp", "tls", "udp", "rtu+tcp", "serial")
ROAD_CLASSES = tuple(
    f"{letter}{n}" for letter, first in (("M", 1), ("C", 0), ("P", 1)) for n in range(first, first + 6)
)
# Share of the light that the lowest class two steps down still asks for: EN 13201-2 luminance or illuminance ratios.
LOWEST_LEVEL = {
    **dict(zip(("M1", "M2", "M3", "M4", "M5", "M6"), (0.5, 0.5, 0.5, 0.4, 0.6, 1.0), strict=True)),
    **dict(zip(("C0", "C1", "C2", "C3", "C4", "C5"), (0.4, 0.5, 0.5, 0.5, 0.75, 1.0), strict=True)),
    **dict(zip(("P1", "P2", "P3", "P4", "P5", "P6"), (0.5, 0.5, 0.4, 0.4, 0.67, 1.0), strict=True)),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What may be referred to. None: that table could not be read, so references to it are not blamed."""

    links: Collection[str] | None
    devices: Collection[str] | None
    nodes: Collection[str] | None
    quays: Collection[str] | None
    stations: Collection[str] | None
    access_points: Collection[str] | None
    chargers: Collection[str] | None
    zones: Collection[str] | None
    profiles: Library


def links(table: Table, folder: str) -> tuple[LinkSpec, ...]:
    """`folder`: of the site, where the certificates of tls links are looked for."""
    return tuple(
        LinkSpec(
            id=row.id,
            url=_url(row),
            timeout_s=row.number("timeout_s", 1.0, low=0.01, high=60),
            connections=row.whole("connections", 1, low=1, high=64),
            silence_ms=row.number("silence_ms", 0.0, low=0, high=10_000),
            folder=folder,
        )
        for row in table
    )


def _url(row: Row) -> str:
    url = row.text("url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        row.fault(f"url {url} has no port from 1 to 65535", "write it as tcp://10.20.4.11:502")
        return "tcp://0.0.0.0:0"
    if parts.scheme not in SCHEMES:
        remedy = suggest(
            parts.scheme, SCHEMES, "write tcp://HOST:PORT, tls://, udp://, rtu+tcp:// or serial:///dev/ttyS3"
        )
        row.fault(f"url {url} has no known kind of link", remedy)
        return "tcp://0.0.0.0:0"
    if not _place_is_told(row, parts, port):
        return "tcp://0.0.0.0:0"
    _check_options(row, url)
    return url


def _place_is_told(row: Row, parts: SplitResult, port: int | None) -> bool:
    url = row.text("url")
    if parts.scheme == "serial":
        if parts.path.strip("/") or parts.netloc:
            return True
        row.fault(f"url {url} names no serial port", "write serial:///dev/ttyS3?baud=9600&parity=E")
    elif not parts.hostname:
        row.fault(f"url {url} names no host", "write it as tcp://10.20.4.11:502")
    elif not port:
        row.fault(f"url {url} has no port from 1 to 65535", f"write {parts.scheme}://{parts.hostname}:502")
    else:
        return True
    return False


def _check_options(row: Row, url: str) -> None:
    try:
        address = parse_link(url)
    except BadLink as error:
        row.fault(str(error).rstrip("."), "docs/links.md shows each kind of link with its options")
        return
    if address.kind == "tls" and not (address.ca_file and address.cert_file):
        remedy = "write tls://HOST:802?ca=ca.pem&cert=operator.pem&key=operator.key, with files of this folder"
        row.fault(f"url {url} does not name both the device's authority and our certificate", remedy)


def devices(table: Table, names: Names) -> tuple[model.Device, ...]:
    areas = [area.value for area in model.Area]
    return tuple(_device(row, names, areas) for row in table)


def _device(row: Row, names: Names, areas: Collection[str]) -> model.Device:
    area = row.choice("area", areas)
    if "/" in row.id:
        row.fault(f"device {row.id} holds a /", "leave it out: a / parts device and quantity")
    return model.Device(
        id=row.id,
        name=row.text("name"),
        area=model.Area(area) if area in areas else model.Area.GRID,
        spec=DeviceSpec(
            id=row.id,
            link=row.reference("link", names.links, "link"),
            unit=row.whole("unit", low=0, high=255),
            profile=_profile(row, names.profiles),
            every_s=row.number("every_s", 5.0, low=0.1, high=86_400),
        ),
        node=row.reference("node", names.nodes, "node", "") or None,
        x_m=row.optional_number("x_m"),
        y_m=row.optional_number("y_m"),
        rated_kw=row.optional_number("rated_kw", low=0),
    )


def _profile(row: Row, library: Library) -> str:
    """A device type by name; `NAME:2` for the second of several behind one unit."""
    name = row.text("profile")
    if name and not library.knows(name):
        row.unknown("profile", name, library.names())
    return name


def quays(table: Table) -> tuple[model.Quay, ...]:
    return tuple(
        model.Quay(
            id=row.id,
            name=row.text("name"),
            kind=row.text("kind"),
            length_m=row.number("length_m", low=1),
            basin=row.text("basin"),
            water=row.choice("water", ("below", "above")),
            order=row.whole("order"),
        )
        for row in table
    )


def stations(table: Table, names: Names) -> tuple[tuple[model.Station, ...], tuple[model.GridNode, ...]]:
    """Stations, and the grid node each of them is."""
    found: list[model.Station] = []
    nodes: list[model.GridNode] = []
    for row in table:
        parent = row.reference("node", names.nodes, "node")
        limit_kw = row.number("limit_kw", low=0)
        quay = row.reference("quay", names.quays, "quay")
        found.append(model.Station(row.id, quay, row.number("position_m", low=0), row.id))
        nodes.append(
            model.GridNode(row.id, f"Station {row.id}", "station", parent, limit_kw, 0.0, f"{row.id}/power_kw")
        )
    return tuple(found), tuple(nodes)


def access_points(table: Table, names: Names) -> tuple[model.AccessPoint, ...]:
    return tuple(
        model.AccessPoint(
            id=row.id,
            station=row.reference("station", names.stations, "station"),
            device=row.reference("device", names.devices, "device"),
            rated_kw=row.number("rated_kw", low=0),
            voltage_v=row.number("voltage_v", low=1, high=36_000),
            frequency_hz=row.number("frequency_hz", low=16, high=60),
            plug=row.text("plug"),
            high_voltage=row.flag("high_voltage"),
        )
        for row in table
    )


def calls(table: Table, names: Names) -> tuple[model.CallSlot, ...]:
    return tuple(
        model.CallSlot(
            id=row.id,
            ship=row.text("ship"),
            kind=row.text("kind"),
            length_m=row.number("length_m", low=1, high=500),
            station=row.reference("station", names.stations, "station"),
            points=_access_points_of(row, names),
            days=row.days("days"),
            arrives_h=row.clock("arrives"),
            stays_h=row.number("stays_h", low=0.25, high=168),
            hotel_kw=row.number("hotel_kw", low=0),
            engine_tier=row.whole("engine_tier", 0, high=3),
            starts=row.moment("starts"),
            ends=row.moment("ends"),
        )
        for row in table
    )


def _access_points_of(row: Row, names: Names) -> tuple[str, ...]:
    points = tuple(row.text("access_points", "").split())
    for point in points:
        if names.access_points is not None and point not in names.access_points:
            row.unknown("access point", point, names.access_points)
    return points


def lighting(table: Table, names: Names, node_of: Mapping[str, str]) -> tuple[model.LightingGroup, ...]:
    """`node_of`: the grid node of every device that has one."""
    return tuple(_lighting_group(row, names, node_of) for row in table)


def _lighting_group(row: Row, names: Names, node_of: Mapping[str, str]) -> model.LightingGroup:
    road_class = row.text("road_class")
    if road_class and road_class not in ROAD_CLASSES:
        row.fault(f"road_class {road_class} is not known", "use M1 to M6, C0 to C5 or P1 to P6")
    ceiling = row.number("ceiling", 1.0, low=0, high=1)
    floor = row.number("floor", LOWEST_LEVEL.get(road_class, 0.5), low=0, high=1)
    if floor > ceiling:
        row.fault(f"floor {floor:g} is above ceiling {ceiling:g}", "lower the floor or raise the ceiling")
    return model.LightingGroup(
        id=row.id,
        name=row.text("name"),
        device=_powered_device(row, "device", names, node_of),
        node=node_of.get(row.cells.get("device", ""), ""),
        road_class=road_class,
        lamps=row.whole("lamps", low=1),
        lamp_w=row.number("lamp_w", low=1, high=5000),
        standby_share=row.number("standby_share", 0.05, low=0, high=0.5),
        gradient=row.number("gradient", 1.0, low=0.5, high=3),
        floor=floor,
        ceiling=ceiling,
        evening_level=row.number("evening_level", 1.0, low=0, high=1),
        night_level=row.number("night_level", 0.5, low=0, high=1),
        streets=_streets(row),
    )


def _streets(row: Row) -> tuple[tuple[tuple[float, float], ...], ...]:
    """`x y, x y | x y, x y`: metres, streets parted by a bar."""
    text = row.text("streets", "")
    streets: list[tuple[tuple[float, float], ...]] = []
    for street in text.split("|") if text else ():
        try:
            corners = [tuple(float(value) for value in corner.split()) for corner in street.split(",")]
        except ValueError:
            corners = []
        if len(corners) < 2 or any(len(c) != 2 or not all(map(math.isfinite, c)) for c in corners):
            row.fault(f"streets hold {street.strip()!r}, which is no line", "write corners in metres: 0 0, 120 40")
            continue
        streets.append(tuple((corner[0], corner[1]) for corner in corners))
    return tuple(streets)


def chargers(table: Table, names: Names, node_of: Mapping[str, str]) -> tuple[model.Charger, ...]:
    return tuple(_charger(row, names, node_of) for row in table)


def _charger(row: Row, names: Names, node_of: Mapping[str, str]) -> model.Charger:
    max_kw = row.number("max_kw", low=0)
    min_kw = row.number("min_kw", 0.0, low=0)
    if min_kw > max_kw:
        row.fault(f"min_kw {min_kw:g} is above max_kw {max_kw:g}", "lower min_kw")
    return model.Charger(
        id=row.id,
        name=row.text("name"),
        device=_powered_device(row, "device", names, node_of),
        node=node_of.get(row.cells.get("device", ""), ""),
        kind=row.choice("kind", ("car", "bus", "truck", "vessel")),
        max_kw=max_kw,
        min_kw=min_kw,
        phases=row.whole("phases", 3, low=1, high=3),
    )


def sessions(table: Table, names: Names) -> tuple[model.SessionSlot, ...]:
    return tuple(
        model.SessionSlot(
            id=row.id,
            charger=row.reference("charger", names.chargers, "charger"),
            vehicle=row.text("vehicle"),
            days=row.days("days"),
            arrives_h=row.clock("arrives"),
            stays_h=row.number("stays_h", low=0.25, high=168),
            energy_kwh=row.number("energy_kwh", low=0),
            required=row.flag("required", False),
            starts=row.moment("starts"),
            ends=row.moment("ends"),
        )
        for row in table
    )


def heat(table: Table, names: Names) -> tuple[model.HeatSubstation, ...]:
    return tuple(
        model.HeatSubstation(
            id=row.id,
            name=row.text("name"),
            kind=row.text("kind"),
            meter=row.reference("meter", names.devices, "device"),
            controller=row.reference("controller", names.devices, "device", "") or None,
            design_kw=row.number("design_kw", low=0),
            design_cooling_k=row.number("design_cooling_k", 45.0, low=1, high=120),
            flats=row.whole("flats", 0),
        )
        for row in table
    )


def loads(table: Table, names: Names, node_of: Mapping[str, str]) -> tuple[model.Load, ...]:
    return tuple(
        model.Load(
            id=row.id,
            name=row.text("name"),
            device=_powered_device(row, "device", names, node_of),
            node=node_of.get(row.cells.get("device", ""), ""),
            kind=row.text("kind"),
            yearly_kwh=row.number("yearly_kwh", low=0),
        )
        for row in table
    )


def plants(table: Table, names: Names, node_of: Mapping[str, str]) -> tuple[model.Plant, ...]:
    return tuple(
        model.Plant(
            id=row.id,
            name=row.text("name"),
            device=_powered_device(row, "device", names, node_of),
            node=node_of.get(row.cells.get("device", ""), ""),
            kind=row.choice("kind", ("solar", "wind")),
            rated_kw=row.number("rated_kw", low=0),
            tilt_deg=row.number("tilt_deg", 0.0, low=0, high=90),
            azimuth_deg=row.number("azimuth_deg", 180.0, low=0, high=360),
            hub_height_m=row.number("hub_height_m", 0.0, low=0, high=300),
        )
        for row in table
    )


def water(table: Table, names: Names) -> tuple[model.WaterZone, ...]:
    return tuple(
        model.WaterZone(
            id=row.id,
            name=row.text("name"),
            meter=row.reference("meter", names.devices, "device"),
            kind=row.text("kind"),
            feeds_from=row.reference("feeds_from", names.zones, "water zone", "") or None,
            users=row.whole("users", 0),
        )
        for row in table
    )


def _powered_device(row: Row, column: str, names: Names, node_of: Mapping[str, str]) -> str:
    """A device whose power counts somewhere: its row in devices.csv must name a grid node."""
    device = row.reference(column, names.devices, "device")
    if names.devices is not None and device in names.devices and device not in node_of:
        row.fault(f"device {device} has no grid node", f"fill in node for {device} in devices.csv")
    return device
