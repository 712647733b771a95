"""A site folder becomes a `Site`, or all its faults at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from energy_console.site import areas, fleets, keeping, layouts, points, rules, told_prices, weather, write_rules
from energy_console.site.faults import FaultList, SiteFaults, suggest
from energy_console.site.fleets import Names
from energy_console.site.model import Site
from energy_console.site.points import DevicePoints
from energy_console.site.section import FILE
from energy_console.site.settings import Settings, read_settings
from energy_console.site.tables import Table, TableLayout, read_table
from energy_console.site.told import TableUnreadable
from hardware.profiles import Library

PROFILES = "profiles"  # a site's own device types, one TOML file each

# table, column that names a device, what the profile of that device must have
_USES = (
    (layouts.ACCESS_POINTS, "device", "step"),
    (layouts.CHARGERS, "device", "limit_a or limit_kw"),
    (layouts.LIGHTING, "device", "level_command"),
    (layouts.LOADS, "device", "power_kw"),
    (layouts.PLANTS, "device", "generation_kw"),
    (layouts.HEAT, "meter", "heat_power_kw"),
    (layouts.HEAT, "controller", "flow_setpoint_c"),
    (layouts.WATER, "meter", "flow_m3h"),
)


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of a folder, read; those that are not there are empty."""

    by_file: Mapping[str, Table]

    def of(self, layout: TableLayout) -> Table:
        return self.by_file[layout.file]


def load_site(folder: str | os.PathLike[str]) -> Site:
    """Reads and checks a whole site folder. Raises SiteFaults with every fault in it."""
    path = Path(folder)
    faults = FaultList()
    if not path.is_dir():
        faults.add(str(folder), 0, "there is no such folder", "name the folder that holds site.toml")
        raise SiteFaults(str(folder), faults.found)
    settings = read_settings(path, faults)
    _check_files(path, faults)
    _check_told(path, faults)
    if settings is None:
        raise SiteFaults(str(folder), faults.found)
    tables = Tables({layout.file: read_table(path, layout, faults) for layout in layouts.ALL})
    site = _assemble(str(folder), settings, tables, faults)
    if faults.found:
        raise SiteFaults(str(folder), faults.found)
    return site


def _check_files(folder: Path, faults: FaultList) -> None:
    """A table with a name that nobody reads would be missed in silence."""
    known = [*(layout.file for layout in layouts.ALL), weather.FILE, told_prices.FILE]
    for path in sorted(folder.glob("*.csv")):
        if path.name not in known:
            faults.add(path.name, 0, "is not a table of a site", suggest(path.name, known, f"use {', '.join(known)}"))


def _check_told(folder: Path, faults: FaultList) -> None:
    """Weather and prices are read anew with every plan; here it is only made sure that they can be."""
    for read in (weather.read_weather, told_prices.read_prices):
        try:
            read(folder)
        except TableUnreadable as error:
            faults.add(error.file, error.line, error.what, error.remedy)


def _assemble(folder: str, settings: Settings, tables: Tables, faults: FaultList) -> Site:
    """The site as its rows say; rows that make no sense are noted and stand in for themselves harmlessly."""
    library = _library(Path(folder), faults)
    names = _names(settings, tables, library)
    devices = fleets.devices(tables.of(layouts.DEVICES), names)
    node_of = {device.id: device.node for device in devices if device.node is not None}
    stations, station_nodes = fleets.stations(tables.of(layouts.STATIONS), names)
    access_points = fleets.access_points(tables.of(layouts.ACCESS_POINTS), names)
    have = points.device_points(devices, library)
    own = points.overridden(tables.of(layouts.POINTS), have)
    made = (
        *points.calculated(tables.of(layouts.POINTS), have, [station.id for station in stations]),
        *points.station_powers(stations, access_points, have),
    )
    all_points = keeping.with_former_names(
        (*own, *(calculated.point for calculated in made)), tables.of(layouts.POINTS), tables.of(layouts.DEVICES)
    )
    site = Site(
        folder=folder,
        id=settings.id,
        name=settings.name,
        subtitle=settings.subtitle,
        place=settings.place,
        nodes=(*settings.nodes, *station_nodes),
        tariffs=settings.tariffs,
        carbon=settings.carbon,
        plan_times=settings.plan_times,
        links=fleets.links(tables.of(layouts.LINKS), folder),
        link_areas=areas.link_areas(tables.of(layouts.LINKS)),
        devices=devices,
        points=all_points,
        calculated=made,
        quays=fleets.quays(tables.of(layouts.QUAYS)),
        stations=stations,
        access_points=access_points,
        lighting=fleets.lighting(tables.of(layouts.LIGHTING), names, node_of),
        chargers=fleets.chargers(tables.of(layouts.CHARGERS), names, node_of),
        heat=fleets.heat(tables.of(layouts.HEAT), names),
        call_timetable=fleets.calls(tables.of(layouts.CALLS), names),
        session_timetable=fleets.sessions(tables.of(layouts.SESSIONS), names),
        loads=fleets.loads(tables.of(layouts.LOADS), names, node_of),
        plants=fleets.plants(tables.of(layouts.PLANTS), names, node_of),
        water=fleets.water(tables.of(layouts.WATER), names),
        write_rules=write_rules.write_rules(tables.of(layouts.WRITES), have, [calculated.point for calculated in made]),
        store=settings.store,
        keep_days=settings.keep_days,
        stale_after_s=points.patience(tables.of(layouts.POINTS), have),
        keep=keeping.keep_rules(tables.of(layouts.POINTS), all_points),
        library=library,
    )
    _check_devices(site, tables, have)
    _check_grid(site, settings, tables, have, faults)
    _check_timetables(site, tables)
    return site


def _library(folder: Path, faults: FaultList) -> Library:
    """The profiles that come with the console and the site's own; what is wrong with one of these is noted."""
    own = folder / PROFILES
    library = Library(own if own.is_dir() else None)
    for fault in library.faults():
        what, remedy = fault.what_and_remedy()
        faults.add(f"{PROFILES}/{fault.file}", fault.line, what, remedy)
    return library


def _check_devices(site: Site, tables: Tables, have: DevicePoints) -> None:
    rules.one_link_a_url(tables.of(layouts.LINKS))
    rules.one_device_an_address(tables.of(layouts.DEVICES), site.library)
    rules.devices_fit_their_use(((tables.of(layout), column, needs) for layout, column, needs in _USES), have)
    rules.stations_and_devices_differ(tables.of(layouts.STATIONS), site.stations, site.access_points, have)


def _check_grid(site: Site, settings: Settings, tables: Tables, have: DevicePoints, faults: FaultList) -> None:
    stations = tables.of(layouts.STATIONS)
    places = {row.id: (stations.layout.file, row.line) for row in stations}
    places |= {node: (FILE, line) for node, line in settings.node_lines.items()}
    for row in stations:
        if row.id in settings.node_lines:
            row.fault(f"station {row.id} is also a node of site.toml (line {places[row.id][1]})", "rename one")
    made = [calculated.point.id for calculated in site.calculated]
    points.check_meters(((node, *places[node.id]) for node in settings.nodes), have, made, faults)
    rules.grid_is_a_tree(site.nodes, places, faults)
    rules.limits_can_be_kept(site.nodes, site.lighting, places, faults)


def _check_timetables(site: Site, tables: Tables) -> None:
    calls = tables.of(layouts.CALLS)
    rules.points_belong_to_stations(calls, site.call_timetable, site.access_points, site.stations)
    rules.berths_are_free(calls, site.call_timetable)
    rules.chargers_are_free(tables.of(layouts.SESSIONS), site.session_timetable)


def _names(settings: Settings, tables: Tables, library: Library) -> Names:
    """What may be referred to, by table."""
    stations = tables.of(layouts.STATIONS).ids()
    return Names(
        links=tables.of(layouts.LINKS).ids(),
        devices=tables.of(layouts.DEVICES).ids(),
        nodes=None if stations is None else [node.id for node in settings.nodes] + list(stations),
        quays=tables.of(layouts.QUAYS).ids(),
        stations=stations,
        access_points=tables.of(layouts.ACCESS_POINTS).ids(),
        chargers=tables.of(layouts.CHARGERS).ids(),
        zones=tables.of(layouts.WATER).ids(),
        profiles=library,
    )
