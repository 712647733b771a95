"""A ship's call goes through the steps of a connection; the ship decides, the safety loop does not ask."""

from __future__ import annotations

import itertools

import pytest

from hardware.virtual.fleet import Refused
from hardware.virtual.ships import EARTHED, IDLE, OPEN, RELEASED, SUPPLIED, TRANSFER
from hardware.virtual.spec import Call, ShorePoint
from hardware.virtual.world import World
from tests.virtual.sites import at, pass_time, value, world, write

ARRIVES, LEAVES = at("2026-01-14T08:00"), at("2026-01-14T18:00")


def calls(start_s: float, end_s: float) -> tuple[Call, ...]:
    call = Call("c1", ("P1",), ARRIVES, LEAVES, 300.0, "container")
    return (call,) if call.leaves_s > start_s and call.arrives_s < end_s else ()


def quay(start: str) -> World:
    points = (ShorePoint("P1", 400.0, 690.0, 60.0), ShorePoint("P2"))
    return world({"P1": "ops_80005_2", "P2": "ops_80005_2"}, start, shore_points=points, calls=calls)


def supplied() -> World:
    played = quay("2026-01-14T07:50")
    for _ in played.run_to(at("2026-01-14T10:00")):
        pass
    assert value(played, "P1/step") == SUPPLIED
    return played


def test_a_call_goes_through_every_step_in_order() -> None:
    played = quay("2026-01-14T07:58")
    steps = [value(played, "P1/step")]
    while played.time_s < LEAVES + 300:
        played.step(10.0, 10.0)
        steps.append(value(played, "P1/step"))
    seen = [int(step) for step, _ in itertools.groupby(steps)]
    assert seen == [*range(RELEASED + 1), IDLE]
    assert value(played, "P1/power_kw") == 0.0


def test_a_coarse_clock_reaches_the_same_step_as_a_fine_one() -> None:
    fine, coarse = quay("2026-01-14T07:50"), quay("2026-01-14T07:50")
    for end in ("2026-01-14T08:20", "2026-01-14T09:00", "2026-01-14T18:05"):
        list(fine.run_to(at(end), 5.0))
        list(coarse.run_to(at(end), 600.0))
        assert value(fine, "P1/step") == value(coarse, "P1/step"), end


def test_power_flows_only_behind_both_breakers() -> None:
    played = quay("2026-01-14T07:58")
    while played.time_s < LEAVES:
        played.step(20.0, 20.0)
        closed = value(played, "P1/shore_breaker") == value(played, "P1/ship_breaker") == 1
        if value(played, "P1/power_kw") > 0:
            assert closed
            assert value(played, "P1/permissive") == value(played, "P1/ship_permissive") == 1
        if value(played, "P1/step") == TRANSFER:
            assert value(played, "P1/power_kw") < 330.0


def test_a_point_without_a_ship_is_idle_and_dead() -> None:
    played = supplied()
    assert value(played, "P2/step") == IDLE
    for quantity in ("power_kw", "voltage_v", "ship_voltage_v", "ship_announced_kw", "alarms"):
        assert value(played, f"P2/{quantity}") == 0.0


def test_the_ship_obeys_a_load_reduction_after_its_own_time() -> None:
    played = supplied()
    before = value(played, "P1/power_kw")
    write(played, "P1/request_load_reduction_kw", 80.0)
    pass_time(played, 30)
    assert value(played, "P1/power_kw") > before - 40.0
    pass_time(played, 300)
    assert value(played, "P1/power_kw") < before - 50.0
    write(played, "P1/request_load_reduction_kw", 0.0)
    pass_time(played, 400)
    assert value(played, "P1/power_kw") > before - 45.0


def test_a_ship_does_not_shed_more_than_it_can_do_without() -> None:
    played = supplied()
    write(played, "P1/request_load_reduction_kw", 5000.0)
    pass_time(played, 600)
    assert value(played, "P1/power_kw") > 0.4 * 300.0


def test_the_ship_transfers_back_when_asked_and_connects_again_later() -> None:
    played = supplied()
    write(played, "P1/request_transfer_back", 1.0)
    pass_time(played, 20)
    assert value(played, "P1/step") == SUPPLIED
    pass_time(played, 900)
    assert value(played, "P1/step") in (EARTHED, RELEASED)
    assert value(played, "P1/power_kw") == 0.0
    write(played, "P1/request_transfer_back", 0.0)
    pass_time(played, 3600, 10)
    assert value(played, "P1/step") == SUPPLIED


def test_an_emergency_stop_opens_both_breakers_at_once_and_stays() -> None:
    played = supplied()
    played.ships.trip({0})
    played.step(0.1, 0.1)
    assert value(played, "P1/step") == OPEN
    assert value(played, "P1/safety_loop") == 0
    assert value(played, "P1/shore_breaker") == value(played, "P1/ship_breaker") == 0
    assert value(played, "P1/power_kw") == 0
    assert value(played, "P1/alarms") != 0
    assert value(played, "P1/mode") == 3
    pass_time(played, 600, 10)
    assert value(played, "P1/step") == OPEN
    played.ships.trip(set())
    pass_time(played, 4000, 10)
    assert value(played, "P1/step") == SUPPLIED


def test_nobody_can_write_a_breaker() -> None:
    played = supplied()
    for quantity in ("shore_breaker", "ship_breaker", "step", "permissive"):
        with pytest.raises(Refused):
            write(played, f"P1/{quantity}", 1.0)
