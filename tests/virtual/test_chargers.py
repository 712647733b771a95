"""Chargers obey their set-points while somebody feeds them, and fall back when nobody does."""

from __future__ import annotations

import pytest

from hardware.virtual.fleet import Refused
from hardware.virtual.spec import Session, Socket
from hardware.virtual.world import World
from tests.virtual.sites import at, pass_time, value, world, write

A, B1, B2, C2 = 0, 1, 2, 4
ARRIVES, DEPARTS = at("2026-01-14T18:00"), at("2026-01-15T06:00")


def sessions(start_s: float, end_s: float) -> tuple[Session, ...]:
    session = Session("bus", "S1", ARRIVES, DEPARTS, 60.0)
    return (session,) if session.departs_s > start_s and session.arrives_s < end_s else ()


def depot(start: str = "2026-01-14T17:59") -> World:
    sockets = (Socket("S1", "bus", 22.0), Socket("S2", "bus", 22.0))
    return world({"S1": "alfen_ng9", "S2": "alfen_ng9"}, start, sockets=sockets, sessions=sessions)


def charging() -> World:
    played = depot()
    pass_time(played, 300)
    assert value(played, "S1/mode3_state") == C2
    return played


def test_the_state_follows_the_vehicle() -> None:
    played = depot()
    assert value(played, "S1/mode3_state") == A
    pass_time(played, 120)
    assert value(played, "S1/mode3_state") == C2
    list(played.run_to(DEPARTS - 60))
    assert value(played, "S1/mode3_state") == B2
    assert value(played, "S1/power_kw") == 0
    list(played.run_to(DEPARTS + 60))
    assert value(played, "S1/mode3_state") == A


def test_a_vehicle_gets_what_it_wants_and_no_more() -> None:
    played = depot()
    before = value(played, "S1/energy_import_kwh")
    list(played.run_to(DEPARTS - 60, 60.0))
    assert value(played, "S1/energy_import_kwh") - before == pytest.approx(60.0, abs=0.3)


def test_a_set_point_is_obeyed_within_a_second_or_two() -> None:
    played = charging()
    write(played, "S1/limit_a", 10.0)
    pass_time(played, 2)
    assert value(played, "S1/limit_applied_a") == 10.0
    assert value(played, "S1/current_l1_a") == pytest.approx(10.0, rel=0.01)
    assert value(played, "S1/power_kw") == pytest.approx(10.0 * 3 * 0.23, rel=0.05)
    assert value(played, "S1/limit_accounted") == 1


def test_below_six_ampere_the_vehicle_pauses() -> None:
    played = charging()
    write(played, "S1/limit_a", 5.0)
    pass_time(played, 2)
    assert value(played, "S1/power_kw") == 0
    assert value(played, "S1/mode3_state") == B1


def test_without_feeding_the_socket_falls_back_to_its_safe_current() -> None:
    played = charging()
    safe_a = value(played, "S1/safe_current_a")
    write(played, "S1/limit_a", 8.0)
    pass_time(played, 55)
    assert value(played, "S1/limit_applied_a") == 8.0
    assert value(played, "S1/limit_valid_s") == 5
    pass_time(played, 10)
    assert value(played, "S1/limit_valid_s") == 0
    assert value(played, "S1/limit_applied_a") == safe_a
    assert value(played, "S1/current_l1_a") == pytest.approx(safe_a, rel=0.01)
    assert value(played, "S1/limit_accounted") == 0


def test_feeding_again_keeps_the_set_point() -> None:
    played = charging()
    for _ in range(6):
        write(played, "S1/limit_a", 8.0)
        pass_time(played, 40)
    assert value(played, "S1/limit_applied_a") == 8.0


def test_a_nearly_full_battery_takes_less() -> None:
    played = depot()
    write(played, "S1/limit_a", 32.0)
    powers = []
    while value(played, "S1/mode3_state") != B2:
        write(played, "S1/limit_a", 32.0)
        pass_time(played, 30, 30)
        powers.append(value(played, "S1/power_kw"))
    taking = [power for power in powers if power > 0]
    assert max(taking) > 20.0
    assert taking[-2] < 0.6 * max(taking)


def test_a_socket_refuses_what_it_cannot_do() -> None:
    played = charging()
    for quantity, setpoint in (("limit_a", -1.0), ("phases", 2.0), ("safe_current_a", 16.0)):
        with pytest.raises(Refused):
            write(played, f"S1/{quantity}", setpoint)
