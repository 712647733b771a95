"""A problem that makes no sense is refused where it is born, in a sentence that names the thing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from zoneinfo import ZoneInfo

import pytest

from optimizer.errors import (
    DuplicateId,
    GridCycle,
    NotANumber,
    NotOneRoot,
    OutOfRange,
    ProblemError,
    TariffArbitrage,
    UnknownAsset,
    UnknownNode,
    WrongLength,
    WrongOrder,
)
from optimizer.parts import Generation, Horizon, InForce, Neighbours, Node, PeakCharge, Tariff
from optimizer.tables import tabulate
from tests.optimizer.small import START, at, bus, lamps, load, problem

GRID = Node("grid", None, 1000.0)


def test_a_sound_problem_is_taken() -> None:
    case = problem(lighting=(lamps(),), charging=(bus(),), loads=(load(30.0),))
    assert [asset.id for asset in case.assets] == ["ring", "bus", "buildings"]


def test_not_a_number_is_refused_wherever_it_stands() -> None:
    for make in (
        lambda: Node("n", None, math.nan),
        lambda: Tariff((0.1, math.inf)),
        lambda: load((1.0, math.nan)),
        lambda: bus(max_kw=math.nan),
        lambda: lamps(wanted=(1.0, math.nan, 1.0, 1.0)),
        lambda: Generation("sun", "F3", math.nan),
        lambda: InForce("bus", (math.nan,)),
        lambda: PeakCharge("month", math.nan),
    ):
        with pytest.raises(NotANumber):
            make()


def test_figures_below_zero_or_above_their_bound_are_refused() -> None:
    for make in (
        lambda: bus(max_kw=-1.0),
        lambda: bus(min_kw=61.0),
        lambda: bus(required_kwh=121.0),
        lambda: bus(efficiency=1.2),
        lambda: lamps(floor=-0.1),
        lambda: lamps(ceiling=1.1),
        lambda: lamps(standby_kw=41.0),
        lambda: Generation("sun", "F3", -1.0),
        lambda: Tariff(0.1, carbon_kg_per_kwh=-0.1),
        lambda: Horizon(START, (0.0,)),
    ):
        with pytest.raises(OutOfRange):
            make()


def test_lengths_that_differ_from_the_horizon_are_refused() -> None:
    for parts in (
        {"loads": (load((1.0, 2.0)),)},
        {"tariff": Tariff((0.1, 0.2))},
        {"lighting": (lamps(steps=3),)},
        {"nodes": (dataclasses.replace(GRID, limit_kw=(1.0, 2.0)), Node("F3", "grid", 10.0))},
        {"in_force": (InForce("bus", (1.0,)),)},
    ):
        with pytest.raises(WrongLength, match="horizon has 4 steps"):
            problem(**parts)


def test_an_unknown_node_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNode, match="did you mean F3"):
        problem(charging=(bus(node="F33"),))


def test_an_unknown_neighbour_is_refused() -> None:
    with pytest.raises(UnknownAsset, match="ring"):
        problem(lighting=(lamps(),), neighbours=(Neighbours("ring", "rign", 0.1),))


def test_a_circle_in_the_grid_tree_is_named() -> None:
    with pytest.raises(GridCycle, match="a > b > a"):
        problem(nodes=(GRID, Node("a", "b", 10.0), Node("b", "a", 10.0), Node("F3", "grid", 10.0)))


def test_two_roots_and_no_root_are_refused() -> None:
    with pytest.raises(NotOneRoot, match="grid, other"):
        problem(nodes=(GRID, Node("other", None, 10.0)))


def test_an_id_used_twice_is_refused() -> None:
    with pytest.raises(DuplicateId, match="bus"):
        problem(charging=(bus(), bus()))


def test_export_that_pays_more_than_import_costs_is_refused() -> None:
    with pytest.raises(TariffArbitrage, match="In step 1"):
        problem(tariff=Tariff(0.2, (0.1, 0.3, 0.1, 0.1)))


def test_a_floor_above_its_ceiling_is_refused() -> None:
    with pytest.raises(WrongOrder, match="ring"):
        problem(lighting=(lamps(floor=0.8, ceiling=0.7),))


def test_a_dimming_curve_that_is_not_convex_is_refused() -> None:
    with pytest.raises(WrongOrder, match="convex"):
        lamps(curve=((0.0, 0.0), (0.5, 0.8), (1.0, 1.0)))


def test_a_limit_below_the_lowest_power_is_refused() -> None:
    with pytest.raises(WrongOrder, match="Node F3"):
        problem(nodes=(GRID, Node("F3", "grid", 10.0, 20.0)))


def test_times_without_a_zone_and_stays_outside_the_horizon_are_refused() -> None:
    with pytest.raises(WrongOrder, match="zone"):
        Horizon(dt.datetime(2026, 1, 1), (1.0,))  # noqa: DTZ001  the point of the test
    with pytest.raises(WrongOrder, match="zone"):
        bus(arrives=dt.datetime(2026, 1, 1))  # noqa: DTZ001  the point of the test
    with pytest.raises(WrongOrder, match="within the horizon"):
        problem(charging=(bus(departs_h=5.0),))
    with pytest.raises(WrongOrder, match="departs before"):
        bus(arrives_h=3.0, departs_h=3.0)


def test_every_error_is_a_sentence_that_says_what_to_do() -> None:
    with pytest.raises(ProblemError) as raised:
        problem(charging=(bus(node="F33"),))
    assert str(raised.value).endswith((".", "?"))


def test_part_of_a_step_is_used_in_part() -> None:
    charge = tabulate(problem(4, charging=(bus(arrives_h=0.25, departs_h=2.5),))).charge
    assert charge.share[0].tolist() == [0.75, 1.0, 0.5, 0.0]
    assert charge.highest_kw[0].tolist() == [45.0, 60.0, 30.0, 0.0]


def test_steps_of_unequal_length_have_their_own_edges() -> None:
    horizon = Horizon(START, (0.25, 0.5, 1.0))
    assert horizon.edges_h.tolist() == [0.0, 0.25, 0.75, 1.75]
    assert horizon.begin(2) == at(0.75)
    assert horizon.end == at(1.75)


def test_steps_run_through_a_change_of_the_clock_without_a_jump() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    horizon = Horizon(dt.datetime(2026, 10, 25, 0, 0, tzinfo=zone), (1.0,) * 24)
    assert [f"{horizon.begin(step):%H:%M %z}" for step in (2, 3, 24)] == ["02:00 +0200", "02:00 +0100", "23:00 +0100"]
    assert [horizon.offset_h(horizon.begin(step)) for step in range(25)] == list(range(25))
