"""Ships at shore power: plans by hand, the optimum of an independent model, and why a ship stays on engines."""

from __future__ import annotations

import dataclasses

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.check import broken_rules, check_plan, dispatch_of
from optimizer.document import read_problem, write_problem
from optimizer.errors import NotANumber, OutOfRange, ProblemError, UnknownAsset, WrongLength, WrongOrder
from optimizer.parts import Horizon, Node, PeakCharge, Tariff, Wishes
from optimizer.plan import Cause, Infeasible, Plan
from optimizer.problem import Problem
from optimizer.shore import AccessPoint, ShipCall
from optimizer.solve import Modelling, solve
from optimizer.tables import tabulate
from tests.optimizer.independent import least_cost_eur
from tests.optimizer.small import START, at, load, planned, problem, ship

A1 = AccessPoint("A1", "F3", 60.0, name="Point A1")
A2 = AccessPoint("A2", "F3", 60.0, name="Point A2")


def test_a_ship_plugs_in_between_its_times_and_engines_do_the_rest() -> None:
    call = ship(connect_h=1.0, release_h=0.5, engine_kg_per_kwh=0.7)
    plan = planned(problem(access_points=(dataclasses.replace(A1, efficiency=0.8),), ships=(call,)))
    assert plan.node("F3").power_kw.tolist() == pytest.approx([0.0, 50.0, 50.0, 25.0])
    assert plan.cost_eur == pytest.approx(125.0 * 0.20 + 60.0 * 0.50)
    assert plan.outcome.cost.by_cause_eur[Cause.FUEL] == pytest.approx(30.0)
    assert plan.outcome.carbon_kg == pytest.approx(60.0 * 0.7)
    assert plan.ships[0].sentence == "Ferry is on shore power at Point A1 from 18:00 to 20:30."
    assert (plan.ships[0].shore_kwh, plan.ships[0].engine_kwh) == (pytest.approx(100.0), pytest.approx(60.0))


def test_a_point_serves_one_ship_at_a_time_and_the_dearer_obligation_wins() -> None:
    calls = (ship("ferry"), ship("liner", arrives_h=2.0, leaves_h=4.0, not_connected_eur=500.0))
    plan = planned(problem(access_points=(A1,), ships=calls))
    assert [one.point for one in plan.ships] == [None, "A1"]
    assert plan.ships[0].sentence == "Ferry stays on its engines: Liner has the access point it could use."


def test_one_after_the_other_uses_one_point() -> None:
    calls = (ship("ferry", leaves_h=2.0), ship("liner", arrives_h=2.0))
    assert [one.point for one in planned(problem(access_points=(A1,), ships=calls)).ships] == ["A1", "A1"]


def test_an_obligation_that_cannot_be_kept_is_reported_with_its_price() -> None:
    call = ship(frequency_hz=50.0, not_connected_eur=900.0)
    plan = planned(problem(access_points=(dataclasses.replace(A1, frequencies_hz=(60.0,)),), ships=(call,)))
    (missed,) = plan.outcome.shortfalls
    assert (missed.asset, missed.cause, missed.amount, missed.eur) == ("ferry", Cause.NOT_CONNECTED, 1.0, 900.0)
    assert plan.ships[0].sentence == "Ferry stays on its engines: no access point at its berth fits it."


def test_a_station_limit_keeps_the_second_ship_on_its_engines() -> None:
    case = problem(access_points=(A1, A2), ships=(ship("ferry"), ship("liner")), loads=(load(30.0),))
    plan = planned(case)  # 100 kW on F3: 30 + 40 + 40 is too much
    assert sum(one.point is not None for one in plan.ships) == 1
    assert any("a limit has no room" in one.sentence for one in plan.ships)


def test_a_berth_reaches_only_points_on_or_below_its_node() -> None:
    case = problem(access_points=(dataclasses.replace(A1, node="grid"),), ships=(ship(node="F3"),))
    assert planned(case).ships[0].point is None


def test_cheap_fuel_keeps_a_ship_on_its_engines() -> None:
    plan = planned(problem(access_points=(A1,), ships=(ship(engine_eur_per_kwh=0.10),)))
    assert plan.ships[0].point is None
    assert "shore power would cost more" in plan.ships[0].sentence


def test_a_ship_that_is_plugged_in_stays_there_and_needs_no_time_to_connect() -> None:
    plan = planned(problem(access_points=(A1, A2), ships=(ship(at_point="A2", connect_h=2.0),)))
    assert plan.ships[0].point == "A2"
    assert plan.ships[0].engine_kwh == pytest.approx(0.0)


def test_the_naive_case_plugs_in_whoever_comes_first() -> None:
    calls = (ship("ferry"), ship("liner", arrives_h=1.0, not_connected_eur=500.0))
    plan = planned(problem(access_points=(A1,), ships=calls))
    assert plan.asset("ferry").at_once_kw.tolist() == pytest.approx([40.0] * 4)
    assert plan.asset("liner").at_once_kw.tolist() == pytest.approx([0.0] * 4)
    assert plan.naive.feasible


def test_two_ships_at_one_point_would_be_found() -> None:
    case = problem(access_points=(A1, A2), ships=(ship("ferry"), ship("liner")))
    plan = planned(case)
    tables = tabulate(case)
    dispatch = dispatch_of(case, tables, plan)
    both = np.array([tables.berths.option_of(0, 0), tables.berths.option_of(1, 0)])
    broken = list(broken_rules(case, tables, dataclasses.replace(dispatch, berth=both)))
    assert broken == ["Access point A1 serves ferry and liner at once."]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: ship(leaves_h=-1.0), WrongOrder, "leaves before it arrives"),
        (lambda: ship(hotel_kw=-1.0), OutOfRange, "hotel_kw of ship call ferry"),
        (lambda: ship(engine_eur_per_kwh=float("nan")), NotANumber, "engine_eur_per_kwh of ship call ferry"),
        (lambda: ship(frequency_hz=0.0), OutOfRange, "frequency_hz of ship call ferry"),
        (lambda: AccessPoint("A1", "F3", -1.0), OutOfRange, "max_kw of access point A1"),
        (lambda: problem(ships=(ship(hotel_kw=(1.0, 2.0)),)), WrongLength, "hotel_kw of ship call ferry"),
        (lambda: problem(access_points=(A1,), ships=(ship(at_point="A11"),)), UnknownAsset, "did you mean A1"),
        (lambda: problem(access_points=(A1,), ships=(ship(at_point="A1", hotel_kw=70.0),)), WrongOrder, "not fit"),
        (
            lambda: problem(access_points=(A1,), ships=(ship("a", at_point="A1"), ship("b", at_point="A1"))),
            WrongOrder,
            "a is plugged in at A1 too",
        ),
    ],
)
def test_a_ship_call_that_cannot_be_is_refused(make: object, error: type[ProblemError], words: str) -> None:
    with pytest.raises(error, match=words):
        make()  # type: ignore[operator]


def test_documents_carry_ships_and_points() -> None:
    case = problem(access_points=(A1,), ships=(ship(at_point="A1"),))
    assert read_problem(write_problem(case)) == case


@st.composite
def cases(draw: st.DrawFn) -> Problem:
    """Two to four calls at one to three points of two kinds, on feeders that may be too small for all."""
    steps = draw(st.integers(2, 5))
    whole = st.integers(0, 2 * steps)
    points = tuple(
        AccessPoint(
            f"A{n}",
            draw(st.sampled_from(["F3", "F4"])),
            draw(st.sampled_from([30.0, 80.0])),
            frequencies_hz=draw(st.sampled_from([(), (50.0,), (50.0, 60.0)])),
            efficiency=draw(st.sampled_from([1.0, 0.9])),
        )
        for n in range(draw(st.integers(1, 3)))
    )
    calls: list[ShipCall] = []
    for n in range(draw(st.integers(2, 4))):
        begins, stays = draw(whole) / 2.0 - 1.0, draw(st.integers(1, 8)) / 2.0
        calls.append(
            ShipCall(
                f"ship{n}",
                draw(st.sampled_from(["grid", "grid", "F3"])),
                at(begins),
                at(begins + stays),
                tuple(draw(st.lists(st.integers(0, 60).map(float), min_size=steps, max_size=steps))),
                draw(st.sampled_from([0.1, 0.3, 0.6])),
                frequency_hz=draw(st.sampled_from([50.0, 60.0])),
                engine_kg_per_kwh=0.7,
                connect_h=draw(st.sampled_from([0.0, 0.5])),
                release_h=draw(st.sampled_from([0.0, 0.25])),
                not_connected_eur=draw(st.sampled_from([0.0, 7.0, 200.0])),
            )
        )
    prices = tuple(draw(st.lists(st.integers(5, 50).map(lambda cent: cent / 100.0), min_size=steps, max_size=steps)))
    return Problem(
        Horizon(START, (1.0,) * steps),
        (Node("grid", None, 120.0), Node("F3", "grid", draw(st.sampled_from([40.0, 200.0]))), Node("F4", "grid", 90.0)),
        Tariff(prices, peaks=(PeakCharge("month", 0.5, 30.0),), carbon_kg_per_kwh=0.3, carbon_eur_per_t=80.0),
        access_points=points,
        ships=tuple(calls),
        wishes=Wishes(0.0, 0.0, 0.0, 0.0, 0.0),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.sampled_from([Modelling.PULP, Modelling.ARRAYS]))
def test_the_optimum_is_that_of_an_independent_model(case: Problem, modelling: Modelling) -> None:
    expected = least_cost_eur(case)
    answer = solve(case, gap=0.0, modelling=modelling)
    assert isinstance(answer, Plan | Infeasible)
    assert isinstance(answer, Plan) == (expected is not None)
    if isinstance(answer, Plan):
        assert answer.cost_eur == pytest.approx(expected, abs=1e-4, rel=1e-6)
        assert check_plan(case, answer) == ()
