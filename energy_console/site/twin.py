"""The virtual twin of a site: what the loopback devices have to play, taken from the site's own tables."""

from __future__ import annotations

import datetime as dt

from energy_console.site.model import GridNode, Site
from energy_console.site.timetable import bookings, ship_calls
from hardware.virtual.noise import seed_of
from hardware.virtual.spec import (
    Cabinet,
    Call,
    Consumer,
    Generator,
    House,
    Node,
    Session,
    ShorePoint,
    Socket,
    VirtualSpec,
    Zone,
)

HOME_UP_TO_KW = 25.0  # a connection no larger than this feeds a home
HOME_HOURS, TRADE_HOURS = 200.0, 1500.0  # full-load hours of a connection about which nothing else is known
LEAK_SHARE = 0.35  # of the mean use of the zone that leaks where the site says nothing
LEAK_FROM_USERS = 1000


def virtual_spec(site: Site, port_base: int = 0) -> VirtualSpec:
    """What `hardware.virtual` has to play for this site. `port_base` 0 leaves the links' addresses as they are."""
    field = (site.on_loopback(port_base) if port_base else site).field
    lone = _lone_meters(site)
    return VirtualSpec(
        name=site.name,
        latitude_deg=site.place.latitude_deg,
        longitude_deg=site.place.longitude_deg,
        zone=site.place.zone,
        field=field,
        seed=seed_of(site.id) >> 32,
        nodes=tuple(_node(node, lone) for node in site.nodes),
        node_of={device.id: device.node for device in site.devices if device.node is not None},
        rated_kw=_ratings(site),
        shore_points=tuple(ShorePoint(p.device, p.rated_kw, p.voltage_v, p.frequency_hz) for p in site.access_points),
        sockets=tuple(Socket(c.device, c.kind, c.max_kw, c.phases) for c in site.chargers),
        cabinets=_cabinets(site),
        houses=tuple(House(h.meter, h.controller, h.kind, h.design_kw, h.design_cooling_k, h.flats) for h in site.heat),
        consumers=(*(Consumer(load.device, load.kind, load.yearly_kwh) for load in site.loads), *lone.values()),
        generators=tuple(
            Generator(p.device, p.kind, p.rated_kw, p.tilt_deg, p.azimuth_deg, p.hub_height_m) for p in site.plants
        ),
        zones=_zones(site),
        calls=_Calls(site),
        sessions=_Sessions(site),
    )


class _Calls:
    """Ship calls of the site's timetable, for the point of each call's ships."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._device = {point.id: point.device for point in site.access_points}

    def __call__(self, start_s: float, end_s: float) -> tuple[Call, ...]:
        calls = ship_calls(self._site, _utc(start_s), _utc(end_s))
        return tuple(
            Call(
                call.id, tuple(self._device[point] for point in call.points),
                call.arrives.timestamp(), call.leaves.timestamp(), call.hotel_kw, call.kind,
            )
            for call in calls
            if call.points
        )  # fmt: skip


class _Sessions:
    """Charging sessions of the site's timetable."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._device = {charger.id: charger.device for charger in site.chargers}

    def __call__(self, start_s: float, end_s: float) -> tuple[Session, ...]:
        booked = bookings(self._site, _utc(start_s), _utc(end_s))
        return tuple(
            Session(b.id, self._device[b.charger], b.arrives.timestamp(), b.departs.timestamp(), b.energy_kwh)
            for b in booked
        )


def _utc(time_s: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(time_s, dt.UTC)


def _node(node: GridNode, lone: dict[str, Consumer]) -> Node:
    meter = node.meter.partition("/")[0] if node.meter else None
    return Node(node.id, node.parent, node.limit_kw, None if meter in lone else meter)


def _lone_meters(site: Site) -> dict[str, Consumer]:
    """Node meters with nothing below that the site knows of: they measure a home or a workshop of their own."""
    busy = {node.parent for node in site.nodes}
    for node in site.nodes:
        own = {device.id for device in site.devices if device.node == node.id}
        if own - {(node.meter or "").partition("/")[0]}:
            busy.add(node.id)
    devices = {device.id for device in site.devices}
    lone: dict[str, Consumer] = {}
    for node in site.nodes:
        meter = (node.meter or "").partition("/")[0]
        if meter in devices and node.id not in busy:
            home = node.limit_kw <= HOME_UP_TO_KW
            hours = HOME_HOURS if home else TRADE_HOURS
            lone[meter] = Consumer(meter, "homes" if home else "workshop", node.limit_kw * hours)
    return lone


def _ratings(site: Site) -> dict[str, float]:
    """Rated power of devices; a node's meter is as large as the node."""
    ratings = {node.meter.partition("/")[0]: node.limit_kw for node in site.nodes if node.meter}
    return ratings | {device.id: device.rated_kw for device in site.devices if device.rated_kw is not None}


def _cabinets(site: Site) -> tuple[Cabinet, ...]:
    return tuple(
        Cabinet(g.device, g.lamps, g.lamp_w, g.standby_share, g.gradient, g.evening_level, g.night_level)
        for g in site.lighting
    )


def _zones(site: Site) -> tuple[Zone, ...]:
    """Water zones by meter. One of the larger homes zones leaks: the demo has something to find."""
    meter = {zone.id: zone.meter for zone in site.water}
    homes = [zone.id for zone in site.water if zone.kind == "homes" and zone.users >= LEAK_FROM_USERS]
    leaking = homes[len(homes) // 2] if homes else None
    return tuple(
        Zone(
            zone.meter, zone.kind, meter.get(zone.feeds_from or ""), zone.users,
            leak_m3h=LEAK_SHARE * zone.users * 0.125 / 24.0 if zone.id == leaking else 0.0,
        )
        for zone in site.water
    )  # fmt: skip
