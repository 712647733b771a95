"""Heat follows weather, water follows people and leaks do not, sun and wind follow the sky."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.virtual.spec import Generator, House, Zone
from hardware.virtual.world import World
from tests.virtual.sites import at, pass_time, value, world, write


def house(start: str, **parts: object) -> World:
    built = House("H.m", "H.c", design_kw=200.0, design_cooling_k=40.0, **parts)  # type: ignore[arg-type]
    return world({"H.m": "kamstrup_multical", "H.c": "danfoss_ecl"}, start, houses=(built,))


def test_flow_carries_the_heat_that_the_meter_shows() -> None:
    played = house("2026-01-14T00:00")
    for _ in played.run_to(at("2026-01-15T00:00")):
        heat, flow = value(played, "H.m/heat_power_kw"), value(played, "H.m/flow_m3h")
        supply, back = value(played, "H.m/supply_c"), value(played, "H.m/return_c")
        assert supply > back
        assert heat == pytest.approx(1.163 * 0.98 * flow * (supply - back), rel=0.02)


def test_a_cold_day_takes_more_heat_than_a_warm_one() -> None:
    winter, summer = house("2026-01-14T00:00"), house("2026-07-14T00:00")
    used = []
    for played, end in ((winter, "2026-01-15T00:00"), (summer, "2026-07-15T00:00")):
        before = value(played, "H.m/heat_energy_kwh")
        list(played.run_to(at(end)))
        used.append(value(played, "H.m/heat_energy_kwh") - before)
    assert used[0] > 3 * used[1] > 0
    assert value(winter, "H.c/flow_setpoint_c") > value(summer, "H.c/flow_setpoint_c") + 5


def test_a_higher_comfort_set_point_takes_more_heat_and_flow_temperature() -> None:
    played = house("2026-01-14T10:00")
    heat, flow = value(played, "H.m/heat_power_kw"), value(played, "H.c/flow_setpoint_c")
    write(played, "H.c/comfort_setpoint_c", 24.0)
    pass_time(played, 1)
    assert value(played, "H.m/heat_power_kw") > heat * 1.05
    assert value(played, "H.c/flow_setpoint_c") == pytest.approx(flow + 8.0, abs=0.1)


def test_faulty_substations_show_what_their_fault_does() -> None:
    sound = house("2026-07-14T12:00")
    stuck = house("2026-07-14T12:00", fault="stuck valve")
    fouled = house("2026-07-14T12:00", fault="fouled exchanger")
    swapped = house("2026-01-14T12:00", fault="swapped sensors")
    assert value(stuck, "H.m/flow_m3h") > 3 * value(sound, "H.m/flow_m3h")
    assert value(stuck, "H.m/return_c") > value(sound, "H.m/return_c") + 8
    assert value(fouled, "H.m/return_c") > value(sound, "H.m/return_c") + 2
    assert value(swapped, "H.m/supply_c") < value(swapped, "H.m/return_c")
    assert value(swapped, "H.m/heat_power_kw") == 0
    assert int(value(swapped, "H.m/info_code")) & 128


ZONES = (Zone("W0", "works", None, 0), Zone("W1", "homes", "W0", 1500), Zone("W2", "homes", "W0", 1200))


def network(start: str, zones: tuple[Zone, ...] = ZONES) -> World:
    return world({"W0": "water_meter", "W1": "water_meter", "W2": "water_meter"}, start, zones=zones)


def test_the_works_delivers_what_its_zones_take() -> None:
    played = network("2026-01-14T08:00")
    for _ in range(20):
        pass_time(played, 60, 60)
        assert value(played, "W0/flow_m3h") == pytest.approx(
            value(played, "W1/flow_m3h") + value(played, "W2/flow_m3h")
        )


def test_people_sleep_and_a_leak_does_not() -> None:
    played = network("2026-01-14T03:00")
    quiet = value(played, "W1/flow_m3h")
    list(played.run_to(at("2026-01-14T08:00")))
    assert value(played, "W1/flow_m3h") > 4 * quiet
    leaking = network("2026-01-14T03:00")
    leaking.water.leak({leaking.water.rows["W1"]: 3.0})
    pass_time(leaking, 1)
    assert value(leaking, "W1/flow_m3h") == pytest.approx(quiet + 3.0, abs=0.5)
    assert value(leaking, "W0/flow_m3h") > value(leaking, "W2/flow_m3h") + 3.0


def park(start: str) -> World:
    plants = (Generator("PV", "solar", 100.0), Generator("WT", "wind", 900.0))
    return world({"PV": "sunspec_103", "WT": "sunspec_103", "AIR": "environment_sensor"}, start, generators=plants)


def test_the_sun_makes_power_by_day_only_and_within_its_rating() -> None:
    played = park("2026-06-20T00:00")
    made = []
    for _ in played.run_to(at("2026-06-21T00:00")):
        kw = value(played, "PV/generation_kw")
        assert 0 <= kw <= 100
        made.append(kw)
        if played.now.sun.elevation_deg < 0:
            assert kw == 0
            assert value(played, "PV/state") == 2
    assert max(made) > 15


def test_wind_stays_within_its_rating_and_changes() -> None:
    played = park("2026-02-01T00:00")
    made = [value(played, "WT/generation_kw") for _ in played.run_to(at("2026-02-08T00:00"), 1800.0)]
    assert min(made) >= 0
    assert max(made) <= 900
    assert 0.05 < np.mean(made) / 900 < 0.7
    assert np.std(made) > 50


def test_a_year_of_weather_is_that_of_a_temperate_coast() -> None:
    played = park("2026-01-01T00:00")
    temperatures, winds = [], []
    for day in range(0, 365, 3):
        for hour in (3, 9, 15, 21):
            played.time_s = at("2026-01-01T00:00") + day * 86_400 + hour * 3600
            played.step(0.0, 0.0)
            temperatures.append(value(played, "AIR/temperature_c"))
            winds.append(value(played, "AIR/wind_ms"))
    assert 8 < np.mean(temperatures) < 13
    assert -14 < min(temperatures) < 4
    assert 20 < max(temperatures) < 38
    assert 3.5 < np.mean(winds) < 7.5
