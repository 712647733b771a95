"""A site folder becomes a `Site`, or all its faults at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from energy_console.site import fleets, layouts, points, rules
from energy_console.site.faults import FaultList, SiteFaults, suggest
from energy_console.site.fleets import Names
from energy_console.site.model import GridNode, Site
from energy_console.site.settings import FILE, Settings, read_settings
from energy_console.site.tables import Table, TableLayout, read_table
from hardware.profiles import profile_names

# table, column that names a device, what the profile of that device must have
_USES = (
    (layouts.ACCESS_POINTS, "device", "step"),
    (layouts.CHARGERS, "device", "limit_a"),
    (layouts.LIGHTING, "device", "level_command"),
    (layouts.LOADS, "device", "power_kw"),
    (layouts.PLANTS, "device", "generation_kw"),
    (layouts.HEAT, "meter", "heat_power_kw"),
    (layouts.HEAT, "controller", "flow_setpoint_c"),
    (layouts.WATER, "meter", "flow_m3h"),
)


def load_site(folder: str | os.PathLike[str]) -> Site:
    """Reads and checks a whole site folder. Raises SiteFaults with every fault in it."""
    path = Path(folder)
    faults = FaultList()
    if not path.is_dir():
        faults.add(str(folder), 0, "there is no such folder", "name the folder that holds site.toml")
        raise SiteFaults(str(folder), faults.found)
    settings = read_settings(path, faults)
    _check_files(path, faults)
    if settings is None:
        raise SiteFaults(str(folder), faults.found)
    tables = {layout.file: read_table(path, layout, faults) for layout in layouts.ALL}
    site = _assemble(str(folder), settings, tables, faults)
    if faults.found:
        raise SiteFaults(str(folder), faults.found)
    return site


def _check_files(folder: Path, faults: FaultList) -> None:
    """A table with a name that nobody reads would be missed in silence."""
    known = [layout.file for layout in layouts.ALL]
    for path in sorted(folder.glob("*.csv")):
        if path.name not in known:
            faults.add(path.name, 0, "is not a table of a site", suggest(path.name, known, f"use {', '.join(known)}"))


def _assemble(folder: str, settings: Settings, tables: dict[str, Table], faults: FaultList) -> Site:
    def table(layout: TableLayout) -> Table:
        return tables[layout.file]

    names = _names(settings, tables)
    links = fleets.links(table(layouts.LINKS))
    devices = fleets.devices(table(layouts.DEVICES), names)
    node_of = {device.id: device.node for device in devices if device.node is not None}
    stations, station_nodes = fleets.stations(table(layouts.STATIONS), names)
    access_points = fleets.access_points(table(layouts.ACCESS_POINTS), names)
    calls = fleets.calls(table(layouts.CALLS), names)
    lighting = fleets.lighting(table(layouts.LIGHTING), names, node_of)
    sessions = fleets.sessions(table(layouts.SESSIONS), names)
    nodes = (*settings.nodes, *station_nodes)

    have = points.device_points(devices, names.profiles)
    own = points.overridden(table(layouts.POINTS), have)
    made = (
        *points.calculated(table(layouts.POINTS), have, [station.id for station in stations]),
        *points.station_powers(stations, access_points, have),
    )
    places = _places(settings, station_nodes, table(layouts.STATIONS))
    points.check_meters(
        ((node, *places[node.id]) for node in settings.nodes), have, [m.point.id for m in made], table(layouts.POINTS)
    )
    _check_rules(tables, nodes, places, faults)
    rules.devices_fit_their_use(((tables[layout.file], column, needs) for layout, column, needs in _USES), have)
    rules.stations_and_devices_differ(table(layouts.STATIONS), stations, access_points, have)
    rules.limits_can_be_kept(nodes, lighting, places, faults)
    rules.points_belong_to_stations(table(layouts.CALLS), calls, access_points, stations)
    rules.berths_are_free(table(layouts.CALLS), calls)
    rules.chargers_are_free(table(layouts.SESSIONS), sessions)
    return Site(
        folder=folder,
        id=settings.id,
        name=settings.name,
        subtitle=settings.subtitle,
        place=settings.place,
        nodes=nodes,
        tariffs=settings.tariffs,
        carbon=settings.carbon,
        links=links,
        devices=devices,
        points=(*own, *(made_point.point for made_point in made)),
        calculated=made,
        quays=fleets.quays(table(layouts.QUAYS)),
        stations=stations,
        access_points=access_points,
        lighting=lighting,
        chargers=fleets.chargers(table(layouts.CHARGERS), names, node_of),
        heat=fleets.heat(table(layouts.HEAT), names),
        call_timetable=calls,
        session_timetable=sessions,
        loads=fleets.loads(table(layouts.LOADS), names, node_of),
        plants=fleets.plants(table(layouts.PLANTS), names, node_of),
        water=fleets.water(table(layouts.WATER), names),
    )


def _names(settings: Settings, tables: dict[str, Table]) -> Names:
    """What may be referred to, by table."""
    stations = tables[layouts.STATIONS.file].ids()
    return Names(
        links=tables[layouts.LINKS.file].ids(),
        devices=tables[layouts.DEVICES.file].ids(),
        nodes=None if stations is None else [node.id for node in settings.nodes] + list(stations),
        quays=tables[layouts.QUAYS.file].ids(),
        stations=stations,
        access_points=tables[layouts.ACCESS_POINTS.file].ids(),
        chargers=tables[layouts.CHARGERS.file].ids(),
        zones=tables[layouts.WATER.file].ids(),
        profiles=tuple(profile_names()),
    )


def _places(settings: Settings, station_nodes: Iterable[GridNode], stations: Table) -> dict[str, tuple[str, int]]:
    places = {row.id: (stations.layout.file, row.line) for row in stations}
    return places | {node: (FILE, line) for node, line in settings.node_lines.items()}


def _check_rules(
    tables: dict[str, Table], nodes: tuple[GridNode, ...], places: dict[str, tuple[str, int]], faults: FaultList
) -> None:
    rules.one_link_a_url(tables[layouts.LINKS.file])
    rules.one_device_an_address(tables[layouts.DEVICES.file])
    for row in tables[layouts.STATIONS.file]:
        if places[row.id][0] == FILE:
            row.fault(f"station {row.id} is also a node of site.toml (line {places[row.id][1]})", "rename one")
    rules.grid_is_a_tree(nodes, places, faults)
