"""The demo site is of the size that was asked for, and its figures fit together."""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
from collections import Counter

import pytest

from energy_console.site.model import Area, Site
from energy_console.site.timetable import bookings, ship_calls

NOW = dt.datetime(2026, 11, 22, 13, 32, tzinfo=dt.UTC)


def test_the_port_has_73_stations_with_154_access_points_on_six_quays(demo):
    assert (len(demo.quays), len(demo.stations), len(demo.access_points)) == (6, 73, 154)
    assert Counter(station.quay for station in demo.stations) == {"A": 9, "B": 12, "C": 14, "D": 14, "E": 12, "F": 12}
    assert all(access.high_voltage for access in demo.access_points if access.id.startswith("A"))
    river = Counter(access.station for access in demo.access_points if access.id.startswith("E"))
    assert set(river.values()) == {2, 3}


def test_the_city_around_it_is_metered(demo):
    profiles = Counter(device.spec.profile for device in demo.devices)
    meters = sum(profiles[name] for name in ("eastron_sdm630", "abb_b23", "schneider_pm5560", "carlo_gavazzi_em24"))
    assert (len(demo.chargers), len(demo.lighting), len(demo.heat), len(demo.water)) == (48, 61, 42, 30)
    assert (meters, profiles["sunspec_103"], profiles["environment_sensor"] + profiles["noise_sensor"]) == (60, 10, 12)
    assert min(profiles.values()) >= 4


def test_every_node_of_the_grid_tree_is_metered(demo):
    assert all(node.meter is not None and demo.has_point(node.meter) for node in demo.nodes)


def test_about_34_ships_lie_at_berth_at_any_time(demo):
    hours = [NOW + dt.timedelta(hours=k) for k in range(0, 168, 3)]
    counts = [len(ship_calls(demo, hour, hour + dt.timedelta(seconds=1))) for hour in hours]
    assert 30 <= statistics.mean(counts) <= 38
    assert min(counts) >= 20
    assert max(counts) <= 54


def test_a_ship_is_in_one_place_at_a_time(demo):
    calls = ship_calls(demo, NOW, NOW + dt.timedelta(days=10))
    by_ship: dict[str, list[tuple[dt.datetime, dt.datetime]]] = {}
    for call in calls:
        by_ship.setdefault(call.ship, []).append((call.arrives, call.leaves))
    for stays in by_ship.values():
        stays.sort()
        assert all(leaves < arrives for (_, leaves), (arrives, _) in itertools.pairwise(stays))


def test_access_points_can_carry_the_ships_that_take_them(demo):
    rated = {access.id: access.rated_kw for access in demo.access_points}
    for slot in demo.call_timetable:
        if slot.points:
            assert slot.hotel_kw * 1.1 <= sum(rated[point] for point in slot.points), slot


def test_no_two_names_are_alike(demo):
    for named in (demo.lighting, demo.heat, demo.chargers, demo.loads, demo.plants, demo.water, demo.devices):
        names = [thing.name for thing in named]
        assert len(set(names)) == len(names)


def test_fixed_loads_fit_every_limit_and_charging_at_once_does_not(demo):
    """Ships alone fit their converters at any time; charging at once overloads what the plan is there for."""
    parents = {node.id: node.parent for node in demo.nodes}
    worst_ships: Counter[str] = Counter()
    worst_charging: Counter[str] = Counter()
    for hour in (NOW + dt.timedelta(minutes=30 * k) for k in range(336)):
        ships: Counter[str] = Counter()
        for call in ship_calls(demo, hour, hour + dt.timedelta(seconds=1)):
            if call.points:
                _add_up(ships, call.station, call.hotel_kw, parents)
        worst_ships |= ships
    for hour in (NOW + dt.timedelta(minutes=30 * k) for k in range(48)):
        charging: Counter[str] = Counter()
        for booking in bookings(demo, hour, hour + dt.timedelta(seconds=1)):
            charger = next(c for c in demo.chargers if c.id == booking.charger)
            if hour - booking.arrives < dt.timedelta(hours=booking.energy_kwh / charger.max_kw):
                _add_up(charging, charger.node, charger.max_kw, parents)
        worst_charging |= charging
    for node in demo.nodes:
        assert worst_ships[node.id] <= node.limit_kw * 0.95, node.id
    assert worst_charging["HUB-B"] > demo.node("HUB-B").limit_kw


def _add_up(powers: Counter[str], node: str | None, power_kw: float, parents: dict[str, str | None]) -> None:
    while node is not None:
        powers[node] += power_kw
        node = parents[node]


def test_the_field_is_asked_often_enough_and_not_too_often(demo):
    devices = Counter(device.spec.link for device in demo.devices)
    assert all(9 <= count <= 60 for count in devices.values())
    assert {link.url.split(":")[0] for link in demo.links} == {"tcp", "rtu+tcp"}
    rate = sum(1 / device.spec.every_s for device in demo.devices)
    assert 100 <= rate <= 150  # devices a second; one to three requests each


def test_areas_add_up_to_all_that_is_measured(demo):
    terms = {made.point.id: [member for _, member in made.terms] for made in demo.calculated}
    assert len(terms["area.port/power_kw"]) == 154
    assert len(terms["area.lighting/power_kw"]) == 61
    assert len(terms["area.charging/power_kw"]) == 48
    for area in (Area.BUILDINGS, Area.WATER, Area.HEAT):
        metered = [d.id for d in demo.devices if d.area == area and demo.has_point(f"{d.id}/power_kw")]
        assert terms[f"area.{area}/power_kw"] == [f"{device}/power_kw" for device in metered]


@pytest.mark.parametrize(("scheme", "port_base"), [("tcp", 15000), ("rtu+tcp", 15000)])
def test_on_loopback_keeps_framing_and_numbers_links_in_order(demo: Site, scheme, port_base):
    moved = demo.on_loopback(port_base)
    for k, (link, before) in enumerate(zip(moved.links, demo.links, strict=True)):
        assert link.url.endswith(f"://127.0.0.1:{port_base + k}")
        if before.url.startswith(f"{scheme}:"):
            assert link.url.startswith(f"{scheme}:")
    assert moved.devices is demo.devices
    assert moved.device("E01.1").name == demo.device("E01.1").name
