"""Lamps follow dusk and dimming, and their own clock when nobody commands them."""

from __future__ import annotations

import pytest

from hardware.virtual.spec import Cabinet
from hardware.virtual.world import World
from tests.virtual.sites import at, pass_time, value, world, write


def street(start: str, cabinet: Cabinet | None = None) -> World:
    cabinet = cabinet or Cabinet("C1", lamps=40, lamp_w=100.0, standby_share=0.05, evening_level=0.9, night_level=0.5)
    return world({"C1": "lighting_cabinet"}, start, cabinets=(cabinet,))


@pytest.mark.parametrize(("day", "dusk", "dawn"), [("2026-01-14", 17.0, 8.7), ("2026-06-20", 22.1, 5.3)])
def test_lamps_are_lit_from_dusk_to_dawn(day: str, dusk: float, dawn: float) -> None:
    played = street(f"{day}T00:30")
    lit = []
    while played.time_s < at(f"{day}T23:30"):
        played.step(300.0, 300.0)
        lit.append((played.now.hour, value(played, "C1/level") > 0))
    off = [hour for hour, on in lit if not on]
    assert min(off) == pytest.approx(dawn, abs=0.5)
    assert max(off) == pytest.approx(dusk, abs=0.5)


def test_the_profile_dims_in_the_quiet_hours() -> None:
    played = street("2026-01-14T21:00")
    assert value(played, "C1/level") == pytest.approx(0.9)
    evening_kw = value(played, "C1/power_kw")
    list(played.run_to(at("2026-01-15T02:00")))
    assert value(played, "C1/level") == pytest.approx(0.5)
    assert value(played, "C1/power_kw") < 0.65 * evening_kw


def test_power_is_standby_plus_light() -> None:
    played = street("2026-01-14T21:00")
    for level, share in ((1.0, 1.0), (0.4, 0.05 + 0.95 * 0.4), (0.0, 0.05)):
        write(played, "C1/level_command", level)
        write(played, "C1/level_command_valid_s", 900.0)
        pass_time(played, 30)
        failed = value(played, "C1/lamps_failed")
        rated_kw = (40 - failed) * 0.1
        assert value(played, "C1/power_kw") == pytest.approx(rated_kw * share, rel=0.12)
    assert value(played, "C1/lamps_lit") == 0


def test_a_command_holds_for_its_time_and_not_longer() -> None:
    played = street("2026-01-14T21:00")
    write(played, "C1/level_command", 0.3)
    write(played, "C1/level_command_valid_s", 60.0)
    pass_time(played, 50)
    assert value(played, "C1/level") == pytest.approx(0.3)
    assert value(played, "C1/mode") == 2
    assert 5 <= value(played, "C1/level_command_valid_s") <= 15
    pass_time(played, 40)
    assert value(played, "C1/level") == pytest.approx(0.9)
    assert value(played, "C1/mode") == 0


def test_a_command_fed_again_holds_on() -> None:
    played = street("2026-01-14T21:00")
    write(played, "C1/level_command", 0.3)
    for _ in range(5):
        write(played, "C1/level_command_valid_s", 60.0)
        pass_time(played, 45)
    assert value(played, "C1/level") == pytest.approx(0.3)


def test_a_command_holds_by_the_wall_clock_where_time_is_sped_up() -> None:
    played = street("2026-01-14T21:00")
    write(played, "C1/level_command", 0.3)
    write(played, "C1/level_command_valid_s", 60.0)
    played.step(600.0, 10.0)
    assert value(played, "C1/level") == pytest.approx(0.3)
    assert value(played, "C1/level_command_valid_s") == 50


def test_broken_lamps_take_no_power_and_are_counted() -> None:
    played = street("2026-01-14T21:00")
    failed, kw = value(played, "C1/lamps_failed"), value(played, "C1/power_kw")
    played.lamps.fail_lamps({0: 10.0})
    pass_time(played, 1)
    assert value(played, "C1/lamps_failed") == failed + 10
    assert value(played, "C1/power_kw") == pytest.approx(kw * (30 - failed) / (40 - failed), rel=0.01)
    assert int(value(played, "C1/lamp_events")) & 1


def test_currents_of_the_circuits_carry_the_power() -> None:
    played = street("2026-01-14T21:00")
    amps = sum(value(played, f"C1/circuit_{k}_a") for k in (1, 2, 3, 4))
    kw = amps * value(played, "C1/voltage_l1_v") * 0.95 / 1000.0
    assert kw == pytest.approx(value(played, "C1/power_kw"), rel=1e-6)
